#include "base/result.h"

namespace lineshaft {

std::string_view name_of(Code code) {
    switch (code) {
        case Code::invalid: return "invalid";
        case Code::not_found: return "not_found";
        case Code::conflict: return "conflict";
        case Code::denied: return "denied";
        case Code::corrupt: return "corrupt";
        case Code::unavailable: return "unavailable";
        case Code::exhausted: return "exhausted";
        case Code::timeout: return "timeout";
        case Code::cancelled: return "cancelled";
        case Code::unsupported: return "unsupported";
    }
    std::unreachable();
}

Error Error::in(std::string_view where) const {
    return Error{code, std::string(where) + ": " + context};
}

}  // namespace lineshaft
