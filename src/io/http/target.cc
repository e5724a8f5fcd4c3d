#include "io/http/target.h"

#include <algorithm>

namespace lineshaft::io::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::vector<Field>> parse_query(std::string_view text, std::size_t fields_max) {
    std::vector<Field> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        if (out.size() == fields_max) return fail(Code::invalid, "too many query fields");
        const auto equals = std::min(pair.find('='), pair.size());
        TRY(auto name, percent_decode(pair.substr(0, equals), true));
        TRY(auto value, percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
        out.push_back({std::move(name), std::move(value)});
    }
    return out;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    bool is_ascii = true;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '+' && plus_is_space) c = ' ';
        if (c == '%') {
            if (at + 2 >= text.size()) return fail(Code::invalid, "bad escape in the address");
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high < 0 || low < 0) return fail(Code::invalid, "bad escape in the address");
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        if (c == '\0') return fail(Code::invalid, "NUL in the address");
        is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
        out += c;
    }
    if (!is_ascii && !is_utf8(out)) return fail(Code::invalid, "the address is not UTF-8");
    return out;
}

Result<Target> parse_target(std::string_view text, std::size_t query_fields_max) {
    Target out;
    if (text == "*") {
        out.path = "*";
        return out;
    }
    if (!text.starts_with('/')) {
        const auto scheme = text.find("://");
        if (scheme == std::string_view::npos) return fail(Code::invalid, "the address has no path");
        text.remove_prefix(scheme + 3);
        text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
    }
    text = text.substr(0, text.find('#'));
    const auto question = std::min(text.find('?'), text.size());
    std::string_view path = text.substr(0, question);
    const std::string_view query = text.substr(std::min(question + 1, text.size()));
    if (path.empty()) path = "/";
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash before each part
        const auto end = std::min(path.find('/'), path.size());
        TRY(auto segment, percent_decode(path.substr(0, end), false));
        if (segment == "." || segment == "..")
            return fail(Code::invalid, "relative part in the path");
        out.path += '/';
        out.path += segment;
        out.segments.push_back(std::move(segment));
        path.remove_prefix(end);
    }
    TRY(out.query, parse_query(query, query_fields_max));
    return out;
}

}  // namespace lineshaft::io::http
