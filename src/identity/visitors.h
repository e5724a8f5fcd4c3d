// Who is a stranger may only ask so often; and how machines are called.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "io/listener.h"

namespace lineshaft::identity {

/// So many an hour of each address, after a first burst, and of all together. Owner: one shard.
class VisitorRate {
public:
    struct Limits {
        unsigned burst = 5, per_hour = 10;  ///< of one address
        unsigned all_per_hour = 200;
        std::size_t addresses_max = 10'000;  ///< remembered; those that owe least give way
    };
    explicit VisitorRate(Limits limits) : limits_(limits) {}

    /// 0: go on. Else the seconds to wait.
    long take(std::string_view address, io::Steady now);

private:
    Limits limits_;
    // Until when what was taken is paid for (a leaky bucket as one instant).
    std::map<std::string, io::Steady, std::less<>> paid_until_;
    io::Steady all_paid_until_{0};
};

/// The identifier of a machine under `prefix`: "88.101/MACHINE.EXC-01" for "exc-01". Machines whose
/// ids differ only in their case have different ones.
std::string machine_handle(std::string_view prefix, std::string_view machine);
/// What such names begin with: "88.101/MACHINE.".
std::string machine_handles(std::string_view prefix);

}  // namespace lineshaft::identity
