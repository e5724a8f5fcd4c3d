#include "base/machine_id.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace lineshaft {
namespace {

bool may_stand_in_level(char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte >= 0x20 && byte != 0x7F && letter != '+' && letter != '#' && letter != '/';
}

void append_part(std::string& id, std::string_view part) {
    for (const char letter : part) {
        if (letter == ':') {
            id += "%3A";
        } else if (letter == '%') {
            id += "%25";
        } else {
            id += letter;
        }
    }
}

std::optional<std::string> decode_part(std::string_view part) {
    std::string plain;
    while (!part.empty()) {
        if (part.front() != '%') {
            plain += part.front();
            part.remove_prefix(1);
            continue;
        }
        if (part.starts_with("%3A")) {
            plain += ':';
        } else if (part.starts_with("%25")) {
            plain += '%';
        } else {
            return std::nullopt;
        }
        part.remove_prefix(3);
    }
    if (!is_plain_level(plain)) return std::nullopt;
    return plain;
}

}  // namespace

bool is_plain_level(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, may_stand_in_level) && is_utf8(text);
}

std::string machine_id_of(std::string_view name) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string id;
    for (const char letter : name) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool is_plain = byte >= 0x20 && byte != 0x7f && letter != '+' && letter != '#' &&
                              letter != '/' && letter != '%';
        if (is_plain) {
            id += letter;
            continue;
        }
        id += '%';
        id += digits[byte >> 4];
        id += digits[byte & 15];
    }
    return id;
}

Result<void> check_machine_id(std::string_view id) {
    if (id.empty()) return fail(Code::invalid, "a machine's id may not be empty");
    if (id.size() > machine_id_bytes_max) {
        return fail(Code::invalid, "a machine's id has at most 256 bytes");
    }
    if (!is_plain_level(id)) {
        return fail(Code::invalid,
                    "a machine's id is UTF-8 without '+', '#', '/' and control characters");
    }
    return {};
}

std::string format_machine_id(const SparkplugName& name) {
    std::string id;
    append_part(id, name.group);
    id += ':';
    append_part(id, name.node);
    if (!name.device.empty()) {
        id += ':';
        append_part(id, name.device);
    }
    return id;
}

std::optional<SparkplugName> parse_machine_id(std::string_view id) {
    std::vector<std::string> parts;
    for (std::string_view rest = id;;) {
        const auto colon = rest.find(':');
        auto part = decode_part(rest.substr(0, colon));
        if (!part || parts.size() == 3) return std::nullopt;
        parts.push_back(*std::move(part));
        if (colon == rest.npos) break;
        rest.remove_prefix(colon + 1);
    }
    if (parts.size() < 2) return std::nullopt;
    return SparkplugName{parts[0], parts[1], parts.size() == 3 ? parts[2] : std::string()};
}

}  // namespace lineshaft
