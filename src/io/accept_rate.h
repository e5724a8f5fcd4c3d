#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "io/clock.h"

namespace lineshaft::io {

/// Counts connections per address within one second; shared by a listener's shards. An IPv6
/// address counts as its /64, since one host owns all of it. Bounded: it forgets every second, and
/// past `addresses_max` new addresses are refused until then.
class AcceptRate {
public:
    static constexpr std::size_t addresses_max = 65'536;

    explicit AcceptRate(unsigned per_second) : per_second_(per_second) {}

    /// Thread-safe. `now` must not go back by seconds.
    bool allow(std::string_view address, Steady now);

private:
    const unsigned per_second_;
    std::mutex guard_;
    std::int64_t second_ = 0;
    std::unordered_map<std::string, unsigned, StringHash, std::equal_to<>> counts_;
};

}  // namespace lineshaft::io
