#include "gate/handle/sessions.h"

#include <algorithm>

#include "trust/secrets.h"

namespace lineshaft::handle {

bool Session::take_counter(std::uint32_t counter) {
    if (counter > newest) {
        const std::uint32_t step = std::min(counter - newest, counters_kept);
        if (step == counters_kept) seen.reset();
        for (std::uint32_t at = 1; at < step; ++at) seen.reset((newest + at) % counters_kept);
        seen.set(counter % counters_kept);
        newest = counter;
        return true;
    }
    if (counter == 0 || newest - counter >= counters_kept) return false;
    if (seen.test(counter % counters_kept)) return false;
    seen.set(counter % counters_kept);
    return true;
}

std::optional<std::uint32_t> Sessions::add(Session session, std::uint32_t wish_s, io::Steady now) {
    if (all_.size() >= limits_.sessions_max && !make_room(now)) return std::nullopt;
    const io::Steady wish{std::int64_t{wish_s} * 1'000};
    session.idle_max = wish_s == 0 ? limits_.session_idle_max
                                   : std::min(wish, limits_.session_idle_max);
    session.until = now + session.idle_max;
    const std::uint32_t id = free_id();
    all_.emplace(id, std::move(session));
    return id;
}

Session* Sessions::find(std::uint32_t id, io::Steady now) {
    const auto found = all_.find(id);
    if (found == all_.end()) return nullptr;
    if (found->second.until <= now) {
        all_.erase(found);
        return nullptr;
    }
    found->second.until = now + found->second.idle_max;
    return &found->second;
}

bool Sessions::make_room(io::Steady now) {
    std::erase_if(all_, [now](const auto& one) { return one.second.until <= now; });
    if (all_.size() < limits_.sessions_max) return true;
    auto idlest = all_.end();
    for (auto at = all_.begin(); at != all_.end(); ++at) {
        if (at->second.who) continue;
        if (idlest == all_.end() || at->second.until < idlest->second.until) idlest = at;
    }
    if (idlest == all_.end()) return false;
    all_.erase(idlest);
    return true;
}

// Random, so that nobody hits another's by counting.
std::uint32_t Sessions::free_id() const {
    for (;;) {
        const std::string bytes = trust::random_bytes(4);
        Reader in(as_bytes(bytes));
        std::uint32_t number = in.take_be<std::uint32_t>().value_or(0) & 0x3fff'ffff;
        number -= number % shards_;
        number += shard_;
        const std::uint32_t id = 0x4000'0000 | number;
        if (number <= 0x3fff'ffff && !all_.contains(id)) return id;
    }
}

}  // namespace lineshaft::handle
