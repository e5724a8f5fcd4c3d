#include "app/fleet_aemp.h"

#include <algorithm>

namespace lineshaft::app {
namespace {

constexpr std::size_t series_samples_max = 200'000;

std::string fault_text(std::string_view code) {
    const auto numbers = dispatch::j1939_of(code);
    return numbers ? std::string("SAE J1939") : std::string();
}

aemp::Fault fault_of(Instant at, const std::string& code) {
    aemp::Fault fault;
    fault.at = at;
    fault.code = code;
    fault.source = fault_text(code);
    if (const auto numbers = dispatch::j1939_of(code)) {
        fault.spn = numbers->first;
        fault.fmi = numbers->second;
    }
    return fault;
}

aemp::Equipment equipment_of(const dispatch::Fleet& fleet, const std::string& id) {
    using enum aemp::Element;
    aemp::Equipment one;
    const dispatch::MachineFacts& facts = fleet.facts(id);
    one.oem = facts.maker;
    one.model = facts.model;
    one.equipment_id = id;
    one.serial = facts.serial;
    one.pin = facts.pin;
    const dispatch::FieldMachine* heard = fleet.field().find(id);
    if (heard == nullptr) return one;
    const auto set = [&](aemp::Element element, const std::optional<double>& value) {
        if (value) one[element] = aemp::Reading{heard->last_seen, *value};
    };
    if (heard->fix)
        one.location = aemp::Location{
            heard->fix->at, heard->fix->where.latitude, heard->fix->where.longitude, {}};
    set(operating_hours, heard->hours);
    set(idle_hours, heard->idle_hours);
    set(fuel_remaining, heard->fuel_percent);
    set(fuel_used, heard->fuel_used_l);
    if (heard->state != insight::Use::silent)
        one[engine_running] = aemp::Reading{
            heard->last_seen,
            heard->state == insight::Use::working || heard->state == insight::Use::idle ? 1.0
                                                                                        : 0.0};
    if (heard->fault) one.faults.push_back(fault_of(heard->fault->since, heard->fault->code));
    return one;
}

}  // namespace

std::vector<std::string> tags_of_element(aemp::Element element) {
    switch (element) {
        case aemp::Element::operating_hours: return {"engine_hours", "operating_hours"};
        case aemp::Element::idle_hours: return {"idle_hours"};
        case aemp::Element::idle_non_operating_hours: return {"idle_non_operating_hours"};
        case aemp::Element::power_take_off_hours: return {"pto_hours"};
        case aemp::Element::regeneration_hours: return {"regeneration_hours"};
        case aemp::Element::fuel_used: return {"fuel_used_l"};
        case aemp::Element::fuel_remaining: return {"fuel_percent", "fuel_level"};
        case aemp::Element::def_remaining: return {"def_percent"};
        case aemp::Element::distance: return {"distance_km"};
        case aemp::Element::load_count: return {"load_count"};
        case aemp::Element::payload: return {"payload_kg"};
        case aemp::Element::engine_running: return {"engine_running", "ignition"};
        case aemp::Element::fuel_used_last_24:
        case aemp::Element::fuel_tank_capacity:
        case aemp::Element::load_factor_last_24:
        case aemp::Element::peak_speed_last_24: break;
    }
    return {};
}

io::Task<std::vector<aemp::Equipment>> FleetAsFeed::machines(OrganisationId organisation) {
    std::vector<aemp::Equipment> all;
    api::FleetRoom::Look look = [&all](const dispatch::Fleet& fleet, Instant) {
        for (const std::string& id : fleet.machine_ids()) all.push_back(equipment_of(fleet, id));
    };
    co_await room_.look(organisation, std::move(look));
    co_return all;
}

io::Task<Result<std::vector<history::Sample>>> FleetAsFeed::read(OrganisationId organisation,
                                                                 std::string machine,
                                                                 std::vector<std::string> tags,
                                                                 Window window,
                                                                 std::size_t count_max) {
    // What is shared with us is told from the history of whose it is.
    api::FleetRoom::Look look = [&](const dispatch::Fleet& fleet, Instant) {
        const auto* guest = fleet.guest(machine);
        if (guest == nullptr) return;
        organisation = OrganisationId(guest->owner);
        machine = std::string(guest->machine);
    };
    co_await room_.look(organisation, std::move(look));
    for (const std::string& tag : tags) {
        auto found = co_await history_.find(organisation, machine, tag);
        if (!found) continue;
        auto samples = co_await history_.read(*found, window, count_max);
        co_return samples;
    }
    co_return std::vector<history::Sample>();
}

io::Task<Result<aemp::FeedSource::SeriesPage>> FleetAsFeed::series(OrganisationId organisation,
                                                                   SeriesQuery query) {
    if (query.skip + query.count_max >= series_samples_max)
        co_return fail(Code::invalid, "too many pages: ask for a shorter time");
    const std::size_t wanted = query.skip + query.count_max + 1;
    SeriesPage page;
    std::vector<std::string> tags{"lat", "latitude"};
    if (query.is_faults) tags = {"fault_code", "fault"};
    if (query.element) tags = tags_of_element(*query.element);
    auto samples = co_await read(organisation, query.machine, tags, query.window,
                                 query.is_faults ? series_samples_max : wanted);
    if (!samples) co_return std::unexpected(samples.error());
    std::vector<history::Sample> others;
    if (!query.element && !query.is_faults) {
        std::vector<std::string> longitudes{"lon", "lng", "longitude"};
        auto more =
            co_await read(organisation, query.machine, std::move(longitudes), query.window, wanted);
        if (!more) co_return std::unexpected(more.error());
        others = std::move(*more);
    }
    std::size_t index = 0, other = 0;
    std::string code;
    for (const auto& sample : *samples) {
        if (query.is_faults) {  // a fault is told when it comes
            const auto* said = std::get_if<std::string>(&sample.value);
            if (said == nullptr || *said == code) continue;
            code = *said;
            if (code.empty()) continue;
        }
        if (!query.element && !query.is_faults) {
            while (other < others.size() && others[other].at < sample.at) ++other;
            if (other == others.size() || others[other].at != sample.at) continue;
        }
        if (index++ < query.skip) continue;
        if (index > query.skip + query.count_max) {
            page.is_more = true;
            break;
        }
        if (query.element)
            page.series.readings.push_back({sample.at, history::number_of(sample.value)});
        else if (query.is_faults)
            page.series.faults.push_back(fault_of(sample.at, code));
        else
            page.series.locations.push_back({sample.at,
                                             history::number_of(sample.value),
                                             history::number_of(others[other].value),
                                             {}});
    }
    co_return page;
}

}  // namespace lineshaft::app
