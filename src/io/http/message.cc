#include "io/http/message.h"

#include "io/http/server.h"

namespace lineshaft::io::http {
namespace {

/// `text` as a JSON string. What is no UTF-8 loses its high bytes rather than its reader.
std::string json_text(std::string_view text) {
    const bool is_text = is_utf8(text);
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code < 0x20) {
            constexpr char digits[] = "0123456789abcdef";
            out += "\\u00";
            out += digits[code >> 4];
            out += digits[code & 15];
        } else {
            out += code >= 0x80 && !is_text ? '?' : c;
        }
    }
    return out += '"';
}

std::string_view title_of(Code code) {
    switch (code) {
        case Code::invalid: return "Invalid request";
        case Code::not_found: return "Not found";
        case Code::conflict: return "Conflict";
        case Code::denied: return "Not allowed";
        case Code::corrupt: return "Damaged data";
        case Code::unavailable: return "Unavailable";
        case Code::exhausted: return "Too much at once";
        case Code::timeout: return "Took too long";
        case Code::cancelled: return "Cancelled";
        case Code::unsupported: return "Not supported";
    }
    return "Failed";
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
    for (const Field& field : headers) {
        if (field.name == name) return field.value;
    }
    return {};
}

std::optional<std::string_view> Request::asked(std::string_view query_name) const {
    for (const Field& field : query) {
        if (field.name == query_name) return field.value;
    }
    return std::nullopt;
}

std::string_view Request::cookie(std::string_view name) const {
    for (const Field& field : headers) {
        if (field.name != "cookie") continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(';'), rest.size());
            std::string_view pair = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            while (pair.starts_with(' ')) pair.remove_prefix(1);
            if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
                return pair.substr(name.size() + 1);
            }
        }
    }
    return {};
}

Response& Response::set(std::string name, std::string value) {
    for (Field& field : headers) {
        if (field.name == name) {
            field.value = std::move(value);
            return *this;
        }
    }
    headers.push_back({std::move(name), std::move(value)});
    return *this;
}

Response problem(unsigned status, std::string_view title, std::string_view detail) {
    Response out;
    out.status = status;
    out.set("content-type", "application/problem+json");
    out.body = "{\"type\":\"about:blank\",\"title\":" + json_text(title) +
               ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_text(detail) + "}";
    return out;
}

unsigned status_of(Code code) {
    switch (code) {
        case Code::invalid: return 400;
        case Code::not_found: return 404;
        case Code::conflict: return 409;
        case Code::denied: return 403;
        case Code::corrupt: return 500;
        case Code::unavailable: return 503;
        case Code::exhausted: return 429;
        case Code::timeout: return 504;
        case Code::cancelled: return 503;
        case Code::unsupported: return 501;
    }
    return 500;
}

Response problem(const Error& error) {
    return problem(status_of(error.code), title_of(error.code), error.context);
}

}  // namespace lineshaft::io::http
