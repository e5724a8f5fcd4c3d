#include "gate/mqtt/meter.h"

namespace lineshaft::broker {
namespace {

constexpr std::array<std::string_view, loss_count> names = {"refused_rights",
                                                            "refused_queue",
                                                            "refused_quota",
                                                            "refused_store",
                                                            "refused_retained",
                                                            "refused_payload",
                                                            "refused_subscriptions",
                                                            "slow",
                                                            "rights",
                                                            "expired",
                                                            "too_large",
                                                            "damaged"};

Traffic difference(const Traffic& later, const Traffic& earlier) {
    return {later.messages_in - earlier.messages_in, later.bytes_in - earlier.bytes_in,
            later.messages_out - earlier.messages_out, later.bytes_out - earlier.bytes_out};
}

TrafficRates per_second(const Traffic& traffic) {
    constexpr double seconds = Meter::window_s;
    return {static_cast<double>(traffic.messages_in) / seconds,
            static_cast<double>(traffic.bytes_in) / seconds,
            static_cast<double>(traffic.messages_out) / seconds,
            static_cast<double>(traffic.bytes_out) / seconds};
}

}  // namespace

std::string_view name_of(Loss loss) {
    return names[static_cast<std::size_t>(loss)];
}

void Meter::roll(std::uint32_t window) {
    in_last_ = window == window_ + 1 ? difference(total_, at_start_) : Traffic{};
    at_start_ = total_;
    window_ = window;
}

TrafficRates Meter::rates(std::uint32_t window) const {
    if (window == window_) return per_second(in_last_);
    if (window == window_ + 1) return per_second(difference(total_, at_start_));
    return {};
}

}  // namespace lineshaft::broker
