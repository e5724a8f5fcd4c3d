// What the fleet is asked for, and what becomes of it.
#include <fmt/format.h>

#include <algorithm>

#include "dispatch/fleet/fleet.h"
#include "dispatch/fleet/lookup.h"

namespace lineshaft::dispatch {
namespace {

constexpr std::int64_t year_micros = 366LL * 86'400'000'000;

}  // namespace

Result<std::string> Fleet::add_request(NewRequest wanted, Instant now) {
    FleetRequest& request = wanted.request;
    request.id = std::to_string(next_request_);
    request.created_at = now;
    const bool is_past = !request.windows.empty() && request.windows.back().until <= now;
    if (is_past) return fail(Code::invalid, "all its windows have closed already");
    for (const Window& window : request.windows)
        if (window.until.micros - now.micros > year_micros)
            return fail(Code::invalid, "a window closes more than a year from now");
    bool is_type_known = false;
    for (const auto& [id, machine] : desk_now(now).machines()) {
        if (machine.type != request.type) continue;
        is_type_known = true;
        break;
    }
    if (!is_type_known) {
        std::set<std::string> types;
        for (const auto& [id, machine] : desk_.machines()) types.insert(machine.type);
        std::string all;
        for (const std::string& type : types) all += (all.empty() ? "" : ", ") + type;
        return fail(Code::invalid, fmt::format("there is no machine of type \"{}\"; there are: {}",
                                               request.type, all.empty() ? "none" : all));
    }
    make_room_for_requests();
    const std::string id = request.id;
    auto added = desk_.add_request(request);
    if (!added) {
        // A request for too much will be too much again: not a matter of trying later.
        if (added.error().code == Code::exhausted)
            return fail(Code::invalid, added.error().context);
        return std::unexpected(added.error());
    }
    ++next_request_;
    record("request", id, "");
    return id;
}

void Fleet::make_room_for_requests() {
    while (desk_.requests().size() >= limits_.requests_kept) {
        const FleetRequest* oldest = nullptr;
        for (const auto& [id, request] : desk_.requests()) {
            bool is_over = true;
            for (std::uint32_t i = 0; i < request.count; ++i)
                is_over &= desk_.allocations().at({id, i}).stage >= Stage::done;
            if (is_over && (oldest == nullptr || request.created_at < oldest->created_at))
                oldest = &request;
        }
        if (oldest == nullptr) return;  // all are open: FleetLimits::places_max refuses
        const std::string id = oldest->id;
        (void)desk_.forget_request(id);
        record("request", id, std::nullopt);
    }
}

Result<void> Fleet::change_request(FleetRequest changed) {
    const std::string id = changed.id;
    TRY_VOID(desk_.change_request(std::move(changed)));
    record("request", id, "");
    effects_.requests.push_back(id);
    return {};
}

Result<void> Fleet::withdraw(const std::string& request, Instant now) {
    const FleetRequest* found = found_in(desk_.requests(), request);
    if (found == nullptr)
        return fail(Code::not_found, fmt::format("there is no request {}", request));
    std::size_t withdrawn = 0;
    for (std::uint32_t i = 0; i < found->count; ++i)
        if (desk_.act({request, i}, Action::withdraw, now)) ++withdrawn;
    if (withdrawn == 0) return fail(Code::conflict, "all of it has begun or is over");
    return {};
}

Result<void> Fleet::act(const PlaceOf& place, Action action, Instant now) {
    const Allocation* was = found_in(desk_.allocations(), place);
    const std::string machine = was ? was->machine : std::string();
    TRY_VOID(desk_.act(place, action, now));
    const FieldMachine* heard = field_.find(machine);
    PlaceNote& note = notes_of_[place];
    if (action == Action::accept) {
        note = {};
        if (heard && heard->fix) note.accepted_at = heard->fix->where;
    }
    if (action == Action::begin && heard) note.hours_at_begin = heard->hours;
    return {};
}

Result<std::size_t> Fleet::accept_until(Instant until, Instant now) {
    std::vector<PlaceOf> places;
    for (const auto& [place, allocation] : desk_.allocations())
        if (allocation.stage == Stage::planned && allocation.begin <= until)
            places.push_back(place);
    for (const PlaceOf& place : places) {
        TRY_VOID(act(place, Action::accept, now));
    }
    return places.size();
}

Result<void> Fleet::pin(const PlaceOf& place, const std::string& machine) {
    return desk_.pin(place, machine);
}
Result<void> Fleet::unpin(const PlaceOf& place) {
    return desk_.unpin(place);
}

}  // namespace lineshaft::dispatch
