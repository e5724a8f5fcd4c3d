// What the fleet's machines can be planned for, and whom they are shared with.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dispatch/fleet/fleet.h"
#include "dispatch/fleet/lookup.h"

namespace lineshaft::dispatch {
namespace {

constexpr double day_hours_usual = 8;  // a machine whose days are not known works so long
constexpr std::int64_t service_day_micros = 86'400'000'000, sync_all_micros = 30'000'000;

/// All but where it stands.
bool is_same(const FleetMachine& a, const FleetMachine& b) {
    return a.type == b.type && a.attachments == b.attachments &&
           a.available_from == b.available_from && a.available_until == b.available_until &&
           a.is_broken == b.is_broken && a.fixed_cost == b.fixed_cost &&
           a.cost_per_km == b.cost_per_km && a.cost_per_hour == b.cost_per_hour &&
           a.time_factor == b.time_factor && a.until_why == b.until_why &&
           a.drives_itself == b.drives_itself && a.weight_kg == b.weight_kg &&
           a.capacity_kg == b.capacity_kg;
}

}  // namespace

std::optional<Fleet::Service> Fleet::service_of(const std::string& machine, Instant now) const {
    const MachineFacts& said = facts(machine);
    const FieldMachine* heard = field_.find(machine);
    if (!said.service_every_h || !heard || !heard->hours) {
        if (!said.service_at) return std::nullopt;
        return Service{0, std::chrono::duration<double>(*said.service_at - now).count() / 3600,
                       said.service_at};
    }
    Service service;
    service.due_at_h = said.service_last_h.value_or(0) + *said.service_every_h;
    service.due_in_h = service.due_at_h - *heard->hours;
    const double days =
        std::max(0.0, service.due_in_h) / heard->hours_per_day.value_or(day_hours_usual);
    // To a whole day: a forecast that moves with every report would make plans of a minute ago old.
    const std::int64_t at = now.micros + std::int64_t(days * double(service_day_micros));
    service.expected_at =
        Instant{service.due_in_h <= 0 ? now.micros : (at / service_day_micros + 1) * service_day_micros};
    if (said.service_at) service.expected_at = std::min(*service.expected_at, *said.service_at);
    return service;
}

Reason Fleet::why_not_planned(const std::string& machine, Instant now) const {
    if (const Guest* one = guest(machine))
        return {.code = "shared", .text = machine.substr(0, machine.size() - one->machine.size() - 1)};
    const FieldMachine* heard = field_.find(machine);
    if (facts(machine).is_out_of_service) return {.code = "out_of_service"};
    if (const std::string* why = found_in(broken_, machine))
        return why->empty() ? Reason{.code = "broken"} : Reason{.code = "broken_by", .text = *why};
    if (heard == nullptr) return {.code = "never_heard"};
    if (!heard->fix) return {.code = "no_place"};
    if (type_of(machine).empty()) return {.code = "no_type"};
    if (const auto service = service_of(machine, now); service && service->due_in_h <= 0)
        return {.code = "service_overdue", .now = service->due_in_h};
    if (const auto& until = facts(machine).rent_until; until && *until <= now)
        return {.code = "rent_over"};
    if (!desk_.machines().contains(machine) && desk_.machines().size() >= limits_.desk.machines_max)
        return {.code = "too_many", .limit = double(limits_.desk.machines_max)};
    return {};
}

std::optional<FleetMachine> Fleet::as_planned(const FieldMachine& heard, Instant now) const {
    const MachineFacts& said = facts(heard.id);
    FleetMachine one;
    one.id = heard.id;
    one.type = type_of(heard.id);
    if (!heard.fix || one.type.empty()) return std::nullopt;
    one.attachments = said.attachments;
    one.position = {heard.fix->where.latitude, heard.fix->where.longitude};
    if (heard.sites.size() == 1)  // inside a site it starts from where the site's ways begin
        if (const FleetSite* site = found_in(sites_, heard.sites.front());
            site != nullptr && site->goal())
            one.position = *site->goal();
    one.is_broken = broken_.contains(heard.id) || said.is_out_of_service;
    one.fixed_cost = said.fixed_cost.value_or(0);
    one.cost_per_km = said.cost_per_km.value_or(2);
    one.cost_per_hour = said.cost_per_hour.value_or(30);
    one.time_factor = said.time_factor.value_or(1);
    one.drives_itself = said.drives_itself.value_or(true);
    one.weight_kg = said.weight_kg.value_or(0);
    one.capacity_kg = said.capacity_kg.value_or(0);
    if (const auto service = service_of(heard.id, now); service && service->due_in_h <= 0) {
        // Overdue: it does nothing more before that. No instant, for "now" is another one at every
        // report, and each would make the plan that is being made an old one.
        one.is_broken = true;
    } else if (service && service->expected_at) {
        one.available_until = service->expected_at;
        one.until_why = "service";
    }
    if (said.rent_until && (!one.available_until || *said.rent_until < *one.available_until)) {
        one.available_until = said.rent_until;
        one.until_why = "rent";
        if (*said.rent_until <= now) one.is_broken = true;
    }
    if (const Instant* late = found_in(late_, heard.id); late != nullptr && *late > now)
        one.available_from = *late;
    return one;
}

void Fleet::stale(std::string_view machine) {
    if (!is_all_stale_ && !stale_.contains(machine)) stale_.emplace(machine);
}

void Fleet::sync(const FieldMachine& heard, Instant now) {
    if (guests_.contains(heard.id)) return;
    auto wanted = as_planned(heard, now);
    if (!wanted) return;
    const FleetMachine* has = found_in(desk_.machines(), heard.id);
    if (has == nullptr && wanted->is_broken) return;
    if (has != nullptr) {
        desk_.move_machine(heard.id, wanted->position);
        if (is_same(*has, *wanted)) return;
    }
    (void)desk_.put_machine(std::move(*wanted));  // what does not fit is told by why_not_planned
}

/// Those that said or were said something since; all of them when time alone may have changed what
/// they can do.
void Fleet::sync(Instant now) {
    const bool is_long_ago = now.micros - synced_at_.micros > sync_all_micros || now < synced_at_;
    if (is_all_stale_ || is_long_ago) {
        synced_at_ = now;
        is_all_stale_ = false;
        field_.each([&](const FieldMachine& heard) { sync(heard, now); });
    } else {
        for (const std::string& id : stale_)
            if (const FieldMachine* heard = field_.find(id)) sync(*heard, now);
    }
    stale_.clear();
}

const FleetDesk& Fleet::desk_now(Instant now) {
    sync(now);
    return desk_;
}

// Customers.

Result<void> Fleet::share(const std::string& machine, std::set<std::uint32_t> customers) {
    if (guests_.contains(machine))
        return fail(Code::conflict, "it belongs to somebody else, who shares it with you");
    if (!has_machine(machine))
        return fail(Code::not_found, fmt::format("there is no machine {}", machine));
    if (customers.size() > limits_.customers_max)
        return fail(Code::invalid,
                    fmt::format("a machine has at most {} customers", limits_.customers_max));
    const bool is_shared = !customers.empty();
    if (is_shared)
        shares_[machine] = std::move(customers);
    else
        shares_.erase(machine);
    ++told_version_;
    record("share", machine, is_shared ? std::optional<std::string>("") : std::nullopt);
    return {};
}

const std::set<std::uint32_t>* Fleet::customers_of(std::string_view machine) const {
    const auto found = shares_.find(machine);
    return found == shares_.end() ? nullptr : &found->second;
}

std::string Fleet::guest_id_of(std::string_view owner_name, std::string_view machine) {
    return fmt::format("{}+{}", owner_name, machine);  // an id of one's own has no plus
}

void Fleet::put_guest(const std::string& id, Guest guest) {
    guest.known.id = id;
    guests_[id] = std::move(guest);
}

void Fleet::remove_guest(const std::string& id) {
    if (guests_.erase(id) == 0) return;
    forget_machine(id);
}

const Fleet::Guest* Fleet::guest(const std::string& id) const {
    return found_in(guests_, id);
}

MachineFacts Fleet::facts_for_customers(const std::string& machine) const {
    const MachineFacts& ours = facts(machine);
    MachineFacts shown;
    shown.type = type_of(machine);
    shown.maker = ours.maker, shown.model = ours.model;
    shown.serial = ours.serial, shown.pin = ours.pin;
    shown.attachments = ours.attachments;
    shown.weight_kg = ours.weight_kg;
    shown.service_every_h = ours.service_every_h;
    shown.service_last_h = ours.service_last_h;
    shown.service_at = ours.service_at;
    return shown;
}

}  // namespace lineshaft::dispatch
