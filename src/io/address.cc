#include "base/number.h"
#include "io/listener.h"

namespace lineshaft::io {
namespace {

std::unexpected<Error> bad_address(std::string_view text) {
    return fail(Code::invalid, "'" + std::string(text) +
                                   "' is no address: allowed are HOST:PORT such as 127.0.0.1:1883, "
                                   "[::1]:1883, *:1883 (all addresses), or unix:/PATH");
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:%").contains(c);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
    Address out;
    if (text.starts_with("unix:")) {
        out.path = text.substr(5);
        if (!out.path.starts_with('/') || out.path.contains('\0')) return bad_address(text);
        return out;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return bad_address(text);
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty() || host.size() > 255 || bracketed != host.contains(':')) {
        return bad_address(text);
    }
    for (const char c : host) {
        if (host != "*" && !is_host_character(c)) return bad_address(text);
    }
    const auto number = number_from<std::uint16_t>(port);
    if (!number) return bad_address(text);
    out.port = *number;
    out.host = host;
    return out;
}

bool Address::is_loopback() const {
    if (!path.empty()) return true;
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string Address::text() const {
    if (!path.empty()) return "unix:" + path;
    const bool bracketed = host.contains(':');
    return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace lineshaft::io
