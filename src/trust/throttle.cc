#include "trust/throttle.h"

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace lineshaft::trust {
namespace {

std::uint64_t account_key(std::string_view account) {
    std::string lower(account.substr(0, 256));
    for (char& letter : lower) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return hash64(lower);
}

// One household or attacker usually holds a whole /64, so its first four groups count.
std::uint64_t address_key(std::string_view address) {
    if (!address.contains(':') || address.contains('.')) return hash64(address);
    std::string_view head = address;
    std::size_t groups = 0;
    for (std::size_t at = 0; at < address.size(); ++at) {
        if (address.substr(at).starts_with("::") || (address[at] == ':' && ++groups == 4)) {
            head = address.substr(0, at);
            break;
        }
    }
    // A short address like ::1 or 2001:db8::7 is told apart from its neighbours only by its /64.
    return hash64(head, 64);
}

}  // namespace

LoginThrottle::Steady LoginThrottle::wait_of(const Table& table, std::uint64_t key, Steady wait_max,
                                             Steady now) const {
    const auto found = table.find(key);
    if (found == table.end()) return Steady(0);
    const Entry& entry = found->second;
    if (now - entry.last >= limits_.forget_after) return Steady(0);
    if (entry.failures < limits_.free_failures) return Steady(0);
    const unsigned doublings = std::min(entry.failures - limits_.free_failures, 30U);
    const Steady wait = std::min(limits_.wait_first * (std::int64_t{1} << doublings), wait_max);
    return std::max(entry.last + wait - now, Steady(0));
}

void LoginThrottle::count(Table& table, std::uint64_t key, Steady now) {
    if (!table.contains(key) && table.size() >= limits_.entries_max) {
        std::erase_if(table, [&](const auto& item) {
            return now - item.second.last >= limits_.forget_after;
        });
        if (table.size() >= limits_.entries_max) {
            table.erase(std::ranges::min_element(
                table, {}, [](const auto& item) { return item.second.last; }));
        }
    }
    Entry& entry = table[key];
    if (now - entry.last >= limits_.forget_after) entry.failures = 0;
    ++entry.failures;
    entry.last = now;
}

LoginThrottle::Steady LoginThrottle::wait(std::string_view account, std::string_view address,
                                          Steady now) const {
    return std::max(wait_of(accounts_, account_key(account), limits_.account_wait_max, now),
                    wait_of(addresses_, address_key(address), limits_.address_wait_max, now));
}

LoginThrottle::Steady LoginThrottle::admit(std::string_view account, std::string_view address,
                                           Steady now) {
    const Steady patience = wait(account, address, now);
    if (patience == Steady(0)) {
        count(accounts_, account_key(account), now);
        count(addresses_, address_key(address), now);
    }
    return patience;
}

void LoginThrottle::succeeded(std::string_view account, std::string_view address) {
    accounts_.erase(account_key(account));
    const auto at = addresses_.find(address_key(address));
    if (at != addresses_.end() && --at->second.failures == 0) addresses_.erase(at);
}

void LoginThrottle::taken_back(std::string_view account, std::string_view address) {
    const auto account_at = accounts_.find(account_key(account));
    if (account_at != accounts_.end() && --account_at->second.failures == 0) {
        accounts_.erase(account_at);
    }
    const auto at = addresses_.find(address_key(address));
    if (at != addresses_.end() && --at->second.failures == 0) addresses_.erase(at);
}

}  // namespace lineshaft::trust
