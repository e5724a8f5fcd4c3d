// What happens to a fleet, the plans it takes on, and what of it is to be stored and told.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dispatch/fleet/fleet.h"
#include "dispatch/fleet/lookup.h"

namespace lineshaft::dispatch {
namespace {

constexpr std::int64_t stored_micros = 60'000'000;

}  // namespace

Result<void> Fleet::happen(const FleetEvent& event, Instant now) {
    using Kind = FleetEvent::Kind;
    const bool is_of_machine =
        event.kind == Kind::breakdown || event.kind == Kind::repaired || event.kind == Kind::late;
    if (is_of_machine && !has_machine(event.machine))
        return fail(Code::not_found, fmt::format("there is no machine {}", event.machine));
    switch (event.kind) {
        case Kind::breakdown:
            broken_[event.machine] = event.text;
            broken_by_telemetry_.erase(event.machine);
            record("broken", event.machine, event.text);
            break;
        case Kind::repaired:
            if (broken_.erase(event.machine) == 0)
                return fail(Code::conflict, event.machine + " is not broken");
            broken_by_telemetry_.erase(event.machine);
            faulty_since_.erase(event.machine);
            record("broken", event.machine, std::nullopt);
            break;
        case Kind::late:
            if (!(event.minutes > 0 && event.minutes <= 7 * 1440))
                return fail(Code::invalid, "minutes must be up to a week");
            late_[event.machine] = {now.micros + std::int64_t(event.minutes * 60e6)};
            break;
        case Kind::takes_longer: {
            if (!(std::abs(event.minutes) <= 7 * 1440))
                return fail(Code::invalid, "minutes must be up to a week");
            TRY_VOID(desk_.prolong(event.place, std::int64_t(event.minutes * 60)));
            break;
        }
        case Kind::road_closed:
        case Kind::road_open: {
            if (!sites_.contains(event.from) || !sites_.contains(event.to) ||
                event.from == event.to)
                return fail(Code::invalid, "from and to must be two sites");
            const std::pair road(std::min(event.from, event.to), std::max(event.from, event.to));
            if (event.kind == Kind::road_closed)
                closed_.insert(road);
            else if (closed_.erase(road) == 0)
                return fail(Code::conflict, "that road is not closed");
            record(
                "road", road.first + "/" + road.second,
                event.kind == Kind::road_closed ? std::optional<std::string>("{}") : std::nullopt);
            refresh_ways();
            break;
        }
        case Kind::rush_job:
        case Kind::telemetry:
        case Kind::by_hand: break;
    }
    if (is_of_machine) stale(event.machine);
    sync(now);
    return {};
}

Result<void> Fleet::imagine(FleetDesk& desk, const FleetEvent& event, Instant now) const {
    using Kind = FleetEvent::Kind;
    if (event.kind == Kind::breakdown || event.kind == Kind::repaired || event.kind == Kind::late) {
        const FleetMachine* found = found_in(desk.machines(), event.machine);
        if (found == nullptr)
            return fail(Code::not_found, fmt::format("no machine {} is planned", event.machine));
        FleetMachine changed = *found;
        if (event.kind != Kind::late)
            changed.is_broken = event.kind == Kind::breakdown;
        else
            changed.available_from =
                Instant{now.micros + std::int64_t(std::clamp(event.minutes, 0.0, 10'080.0) * 60e6)};
        return desk.put_machine(std::move(changed));
    }
    if (event.kind == Kind::takes_longer)
        return desk.prolong(event.place,
                            std::int64_t(std::clamp(event.minutes, -10'080.0, 10'080.0) * 60));
    if (event.kind == Kind::road_closed || event.kind == Kind::road_open) {
        Fleet copy(limits_);
        copy.sites_ = sites_, copy.closed_ = closed_, copy.travel_ = travel_, copy.desk_ = desk;
        TRY_VOID(copy.happen(event, now));
        desk = std::move(copy.desk_);
    }
    return {};
}

std::optional<FleetEvent> Fleet::take_cause() {
    return std::exchange(cause_, std::nullopt);
}

Result<void> Fleet::adopt(FleetPlan plan) {
    TRY_VOID(desk_.adopt(plan));
    plan_ = std::move(plan);
    return {};
}

bool Fleet::has_stored_plan() const {
    if (plan_.made_at != Instant{}) return false;
    return std::ranges::any_of(desk_.allocations(), [](const auto& one) {
        return one.second.stage < Stage::done;
    });
}

std::uint64_t Fleet::keep_decision(Decision decision) {
    decision.id = next_decision_++;
    decisions_.push_back(std::move(decision));
    while (decisions_.size() > limits_.decisions_kept) {
        record("decision", fmt::format("{:012}", decisions_.front().id), std::nullopt);
        decisions_.pop_front();
    }
    record("decision", fmt::format("{:012}", decisions_.back().id), "");
    return decisions_.back().id;
}

const Proposal& Fleet::keep_proposal(FleetPlan plan, bool is_what_if) {
    proposals_.push_back({std::to_string(next_proposal_++), std::move(plan), is_what_if});
    if (proposals_.size() > limits_.proposals_kept) proposals_.pop_front();
    return proposals_.back();
}

const Proposal* Fleet::proposal(std::string_view id) const {
    const auto found = std::ranges::find(proposals_, id, &Proposal::id);
    return found == proposals_.end() ? nullptr : &*found;
}

void Fleet::set_settings(FleetSettings settings) {
    settings_ = settings;
    field_.set_rules(settings.field);
    is_all_stale_ = true;
    desk_.set_speeds(settings.speeds);
    record("settings", "settings", "");
}

Result<void> Fleet::set_travel(std::vector<SiteLeg> legs) {
    if (legs.size() > limits_.legs_max)
        return fail(Code::invalid,
                    fmt::format("{} legs, at most {}", legs.size(), limits_.legs_max));
    for (const SiteLeg& leg : legs) {
        if (!sites_.contains(leg.from) || !sites_.contains(leg.to))
            return fail(
                Code::invalid,
                fmt::format("a leg from \"{}\" to \"{}\": both must be sites", leg.from, leg.to));
        if (!(leg.leg.metres >= 0 && leg.leg.metres < 1e8 && leg.leg.seconds >= 0 &&
              leg.leg.seconds < 1e7))
            return fail(Code::invalid,
                        "metres and seconds of a leg must be numbers that can be driven");
    }
    travel_ = std::move(legs);
    record("travel", "travel", "");
    refresh_ways();
    return {};
}

std::string Fleet::order_text(const Allocation& allocation) const {
    const FleetRequest& request = desk_.requests().at(allocation.place.request);
    const auto quoted = [](const std::string& text) {
        std::string out = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') out += '\\';
            if (static_cast<unsigned char>(c) >= 0x20) out += c;
        }
        return out + "\"";
    };
    return fmt::format(
        R"({{"request":{},"place":{},"title":{},"latitude":{:.6f},"longitude":{:.6f},"begin":"{}","duration_s":{}}})",
        quoted(request.id), allocation.place.index, quoted(request.title), request.site.latitude,
        request.site.longitude, to_rfc3339(allocation.begin), request.duration_s);
}

/// What of the desk is to be stored, told to machines and shown, since the last time.
void Fleet::settle() {
    if (settled_version_ == desk_.version()) return;
    settled_version_ = desk_.version();
    std::set<std::string> touched;
    const auto is_ordered = [](const Allocation& one) {
        return one.stage >= Stage::accepted && one.stage < Stage::done;
    };
    // What is only planned begins a little later with every plan: that is worked out again after a
    // start, so a minute of it is not worth a thousand rows for each event.
    const auto is_as_stored = [](const Allocation& was, const Allocation& now) {
        if (was.stage != Stage::planned || now.stage != Stage::planned) return was == now;
        const auto is_near = [](Instant a, Instant b) {
            return std::abs(a.micros - b.micros) <= stored_micros;
        };
        return was.machine == now.machine && is_near(was.begin, now.begin) &&
               is_near(was.arrival, now.arrival) && is_near(was.end, now.end);
    };
    for (const auto& [place, allocation] : desk_.allocations()) {
        const std::string* pin = desk_.pinned_to(place);
        const PlaceNote* note = found_in(notes_of_, place);
        StoredPlace now{allocation, pin ? *pin : std::string(), note ? *note : PlaceNote{}};
        auto [was, is_new] = stored_.try_emplace(place);
        if (!is_new && is_as_stored(was->second.allocation, allocation) &&
            was->second.pin == now.pin && was->second.note == now.note)
            continue;
        const Allocation& before = was->second.allocation;
        const bool was_ordered = !is_new && is_ordered(before), is_now = is_ordered(allocation);
        if (was_ordered && (!is_now || before.machine != allocation.machine) &&
            allocation.stage != Stage::done)
            effects_.commands.push_back(
                {before.machine,
                 fmt::format(R"({{"request":"{}","place":{},"is_taken_back":true}})", place.request,
                             place.index)});
        if (is_now && (!was_ordered || before.machine != allocation.machine))
            effects_.commands.push_back({allocation.machine, order_text(allocation)});
        was->second = std::move(now);
        record("place", fmt::format("{}/{}", place.request, place.index), "");
        touched.insert(place.request);
    }
    for (auto at = stored_.begin(); at != stored_.end();) {
        if (desk_.allocations().contains(at->first)) {
            ++at;
            continue;
        }
        record("place", fmt::format("{}/{}", at->first.request, at->first.index), std::nullopt);
        notes_of_.erase(at->first);
        at = stored_.erase(at);
    }
    for (const std::string& request : touched) effects_.requests.push_back(request);
}

}  // namespace lineshaft::dispatch
