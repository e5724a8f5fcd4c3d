#include "gate/mqtt/routes.h"

#include <algorithm>

namespace lineshaft::broker {

// Tickets come one after the other: spread over all bits.
std::uint32_t Routes::hash_of(SessionNumber session) {
    return static_cast<std::uint32_t>((session * 0x9e37'79b9'7f4a'7c15) >> 32);
}

Routes::Slot Routes::slot_of(SessionNumber session) const {
    return by_session_.find(hash_of(session),
                            [&](Slot slot) { return targets_[slot].session == session; });
}

Routes::Slot Routes::make_slot(SessionNumber session) {
    Slot slot = static_cast<Slot>(targets_.size());
    if (free_slots_.empty()) {
        targets_.grow_to(targets_.size() + 1);
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    targets_[slot] = Target{.session = session};
    by_session_.insert(hash_of(session), slot,
                       [this](Slot each) { return hash_of(targets_[each].session); });
    return slot;
}

void Routes::release(Slot slot) {
    by_session_.erase(hash_of(targets_[slot].session), slot,
                      [this](Slot each) { return hash_of(targets_[each].session); });
    targets_[slot] = Target{};
    free_slots_.push_back(slot);
}

Routes::Target* Routes::find(SessionNumber session) {
    const Slot slot = slot_of(session);
    return slot == NumberTable::none ? nullptr : &targets_[slot];
}

int Routes::apply(const RouteChange& change) {
    Slot slot = slot_of(change.session);
    if (slot == NumberTable::none) {
        if (change.kind != RouteChange::Kind::add) return 0;
        slot = make_slot(change.session);
    }
    Target& target = targets_[slot];
    int more = 0;
    switch (change.kind) {
        case RouteChange::Kind::add:
        case RouteChange::Kind::place:
            for (const auto& filter : change.filters) more += add(slot, filter) ? 1 : 0;
            target.home = change.home;
            target.logged = change.logged;
            target.connected = change.connected;
            target.slow = target.slow && change.connected;
            break;
        case RouteChange::Kind::remove:
        case RouteChange::Kind::forget:
            for (const auto& filter : change.filters) more -= remove(slot, filter) ? 1 : 0;
            break;
        case RouteChange::Kind::full: target.full = change.flag; break;
        case RouteChange::Kind::slow: target.slow = change.flag; break;
    }
    target.filters = static_cast<std::uint32_t>(static_cast<int>(target.filters) + more);
    if (target.filters == 0) release(slot);
    return more;
}

bool Routes::add(Slot slot, const RouteChange::Filter& filter) {
    if (filter.group.empty()) return tree_.insert(filter.filter, slot, filter.route);
    const auto [named, is_new_name] = group_names_.try_emplace(filter.group);
    if (is_new_name) named->second.number = next_group_name_++;
    const auto name = named->second.number;
    const std::uint32_t* number = shared_.find(filter.filter, name);
    if (number == nullptr) {
        std::uint32_t fresh = static_cast<std::uint32_t>(groups_.size());
        if (free_groups_.empty()) {
            groups_.emplace_back();
        } else {
            fresh = free_groups_.back();
            free_groups_.pop_back();
        }
        shared_.insert(filter.filter, name, fresh);
        ++named->second.filters;
        number = shared_.find(filter.filter, name);
    }
    auto& members = groups_[*number].members;
    for (Member& member : members) {
        if (member.slot != slot) continue;
        member.route = filter.route;
        return false;
    }
    members.push_back({slot, filter.route});
    ++shared_size_;
    return true;
}

bool Routes::remove(Slot slot, const RouteChange::Filter& filter) {
    if (filter.group.empty()) return tree_.erase(filter.filter, slot);
    const auto name = group_names_.find(filter.group);
    if (name == group_names_.end()) return false;
    const std::uint32_t* number = shared_.find(filter.filter, name->second.number);
    if (number == nullptr) return false;
    auto& members = groups_[*number].members;
    if (std::erase_if(members, [slot](const Member& each) { return each.slot == slot; }) == 0)
        return false;
    --shared_size_;
    if (members.empty()) {
        groups_[*number] = Group{};
        free_groups_.push_back(*number);
        shared_.erase(filter.filter, name->second.number);
        if (--name->second.filters == 0) group_names_.erase(name);
    }
    return true;
}

void Routes::add_match(Slot slot, const Route& route, SessionNumber publisher, bool merge) {
    Target& target = targets_[slot];
    if (route.no_local && target.session == publisher) return;
    if (!merge || target.mark != mark_) {
        matches_.push_back({slot, route.qos_max, route.retain_as_published, {}});
        if (merge) {
            target.mark = mark_;
            target.mark_index = static_cast<std::uint32_t>(matches_.size() - 1);
        }
        if (route.subscription_id != 0)
            matches_.back().subscription_ids.push_back(route.subscription_id);
        return;
    }
    Match& match = matches_[target.mark_index];
    match.qos_max = std::max(match.qos_max, route.qos_max);
    match.retain_as_published = match.retain_as_published || route.retain_as_published;
    if (route.subscription_id != 0) match.subscription_ids.push_back(route.subscription_id);
}

// In turn, the best there is: connected with room, then asleep with room, then whoever.
void Routes::choose(Group& group) {
    const std::size_t count = group.members.size();
    const Member* best = nullptr;
    int best_rank = -1;
    std::size_t best_at = 0;
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t at = (group.turn + step) % count;
        const Target& target = targets_[group.members[at].slot];
        const int rank = target.full ? 0 : target.connected ? 2 : 1;
        if (rank <= best_rank) continue;
        best_rank = rank;
        best = &group.members[at];
        best_at = at;
        if (rank == 2) break;
    }
    if (best == nullptr) return;
    group.turn = (best_at + 1) % count;
    add_match(best->slot, best->route, 0, false);
}

std::vector<Routes::Match>& Routes::match(std::string_view topic, SessionNumber publisher) {
    matches_.clear();
    if (++mark_ == 0) {  // wrapped: no old mark may look new
        for (Slot slot = 0; slot < targets_.size(); ++slot) targets_[slot].mark = 0;
        mark_ = 1;
    }
    tree_.match(topic,
                [&](const auto& entry) { add_match(entry.key, entry.value, publisher, true); });
    if (shared_size_ != 0) {
        shared_.match(topic, [&](const auto& entry) { choose(groups_[entry.value]); });
    }
    return matches_;
}

}  // namespace lineshaft::broker
