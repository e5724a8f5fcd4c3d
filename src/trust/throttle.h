// Slows password guessing, per account and per address.
#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace lineshaft::trust {

/// After `free_failures` each further failure doubles the wait, from wait_first. An account's wait
/// stays short, because strangers can cause it; an address's may grow long.
struct ThrottleLimits {
    unsigned free_failures = 5;
    std::chrono::milliseconds wait_first = std::chrono::seconds(1);
    std::chrono::milliseconds account_wait_max = std::chrono::seconds(30);
    std::chrono::milliseconds address_wait_max = std::chrono::minutes(15);
    std::chrono::milliseconds forget_after = std::chrono::minutes(30);  ///< since the last failure
    std::size_t entries_max = 10'000;  ///< of each kind; then the one quiet longest is dropped
};

/// Pure: time (io::Clock::steady) is a parameter. One per node, used on one shard. Unknown accounts
/// are throttled like real ones, so nothing is told about who exists.
class LoginThrottle {
public:
    using Steady = std::chrono::milliseconds;
    explicit LoginThrottle(ThrottleLimits limits = {}) : limits_(limits) {}

    /// How long this attempt has to wait; zero: go on. Counts nothing. `address` is a numeric
    /// address without port; an IPv6 one counts as its /64.
    Steady wait(std::string_view account, std::string_view address, Steady now) const;

    /// As `wait`; when the answer is zero the attempt counts as failed until `succeeded` takes it
    /// back, so a hundred attempts sent at once are a hundred failures, not one. Ask it before the
    /// password is checked.
    Steady admit(std::string_view account, std::string_view address, Steady now);

    /// Forgives the account. The address gets back this one attempt only: one good account must
    /// not buy guesses at others.
    void succeeded(std::string_view account, std::string_view address);

    /// As if the attempt had not been: the password was right and the code is still to come. Does
    /// not forgive, so guessing codes is slowed like guessing passwords.
    void taken_back(std::string_view account, std::string_view address);

    std::size_t size() const { return accounts_.size() + addresses_.size(); }

private:
    struct Entry {
        unsigned failures = 0;
        Steady last{0};
    };
    using Table = std::unordered_map<std::uint64_t, Entry>;
    Steady wait_of(const Table& table, std::uint64_t key, Steady wait_max, Steady now) const;
    void count(Table& table, std::uint64_t key, Steady now);

    ThrottleLimits limits_;
    Table accounts_, addresses_;
};

}  // namespace lineshaft::trust
