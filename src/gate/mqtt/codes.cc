#include "gate/mqtt/codes.h"

#include <utility>

namespace lineshaft::broker {

mqtt::Reason publish_reason(Code code) {
    switch (code) {
        case Code::invalid:
        case Code::corrupt: return mqtt::Reason::payload_format_invalid;
        case Code::denied: return mqtt::Reason::not_authorized;
        case Code::exhausted: return mqtt::Reason::quota_exceeded;
        case Code::unavailable:
        case Code::unsupported: return mqtt::Reason::implementation_error;
        case Code::not_found:
        case Code::conflict:
        case Code::timeout:
        case Code::cancelled: return mqtt::Reason::unspecified_error;
    }
    std::unreachable();
}

bool may_succeed_later(mqtt::Reason reason) {
    return reason == mqtt::Reason::quota_exceeded || reason == mqtt::Reason::implementation_error ||
           reason == mqtt::Reason::unspecified_error;
}

}  // namespace lineshaft::broker
