// Questions that came in several datagrams.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gate/handle/limits.h"

namespace lineshaft::handle {

/// Owner: one shard. What is not complete after fragment_wait_max is forgotten, and the oldest when
/// there are too many.
class Fragments {
public:
    explicit Fragments(const DoorLimits& limits) : limits_(limits) {}

    /// The whole message with an envelope whose sequence is 0, once its last piece has come.
    /// `sender`: a number for address and port.
    std::optional<std::string> add(std::uint64_t sender, const Envelope& envelope, Bytes payload,
                                   io::Steady now);
    std::size_t size() const { return waiting_.size(); }

private:
    struct Key {
        std::uint64_t sender;
        std::uint32_t request;
        auto operator<=>(const Key&) const = default;
    };
    struct Waiting {
        std::map<std::uint32_t, std::string> pieces;
        std::size_t bytes = 0;
        io::Steady until{0};
    };
    void make_room(io::Steady now);

    const DoorLimits limits_;
    std::map<Key, Waiting> waiting_;
};

/// Questions of each address in the current second; addresses that share a slot share their pace.
class AddressPace {
public:
    explicit AddressPace(unsigned per_second) : per_second_(per_second) {}
    bool take(std::uint64_t address, io::Steady now);

private:
    struct Slot {
        std::int64_t second = -1;
        unsigned count = 0;
    };
    static constexpr std::size_t slots = 4'096;
    unsigned per_second_;
    std::vector<Slot> slots_ = std::vector<Slot>(slots);
};

}  // namespace lineshaft::handle
