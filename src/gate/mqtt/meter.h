#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace lineshaft::broker {

/// Why something of one client was refused, or not delivered to it. Each is also counted in Stats.
enum class Loss : std::uint8_t {
    // What it sent.
    refused_rights,         ///< PUBLISH without right
    refused_queue,          ///< a session that it matches is full
    refused_quota,          ///< over its organisation's rate
    refused_store,          ///< the disk is full or failed
    refused_retained,       ///< the retained messages are at their limit
    refused_payload,        ///< a consumer of the node could not use it
    refused_subscriptions,  ///< a filter without right or past the limit
    // What it was to get.
    slow,       ///< QoS 0 while its socket takes nothing
    rights,     ///< its right was withdrawn
    expired,    ///< message expiry
    too_large,  ///< over its maximum packet size
    damaged,    ///< could not be read from the log any more
};
inline constexpr std::size_t loss_count = 12;
/// "refused_rights", "slow", ...
std::string_view name_of(Loss loss);
using Losses = std::array<std::uint32_t, loss_count>;

/// Bytes are topics and payloads.
struct Traffic {
    std::uint64_t messages_in = 0, bytes_in = 0, messages_out = 0, bytes_out = 0;
};

/// Messages and bytes a second over the last whole window.
struct TrafficRates {
    double messages_in = 0, bytes_in = 0, messages_out = 0, bytes_out = 0;
};

/// What one client sent and got. Made with its first message, so that an idle client has none; one
/// comparison per message. Windows are numbered by the hub; rates are those of the last whole one.
class Meter {
public:
    static constexpr std::uint32_t window_s = 2;

    void came(std::uint32_t window, std::size_t bytes) {
        if (window != window_) roll(window);
        ++total_.messages_in;
        total_.bytes_in += bytes;
    }
    void went(std::uint32_t window, std::size_t bytes) {
        if (window != window_) roll(window);
        ++total_.messages_out;
        total_.bytes_out += bytes;
    }
    void lost(Loss loss) { ++losses_[static_cast<std::size_t>(loss)]; }

    const Traffic& total() const { return total_; }
    const Losses& losses() const { return losses_; }
    TrafficRates rates(std::uint32_t window) const;

    std::uint32_t retained = 0;  ///< retained messages it published

private:
    void roll(std::uint32_t window);

    Traffic total_;
    Traffic at_start_;  // of window_
    Traffic in_last_;   // during the one before
    Losses losses_{};
    std::uint32_t window_ = 0;
};

}  // namespace lineshaft::broker
