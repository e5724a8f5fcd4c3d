#include "io/http/response.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace lineshaft::io::http {
namespace {

bool is_control(char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code < 0x20 && c != '\t') || code == 0x7f;
}

constexpr std::size_t head_bytes_usual = 256;

void append_number(std::string& out, std::size_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number);
    out.append(digits, end.ptr);
}

void append_clean(std::string& out, std::string_view text) {
    if (std::ranges::none_of(text, is_control)) {
        out += text;
        return;
    }
    for (const char c : text) {
        out += is_control(c) ? ' ' : c;
    }
}

bool is_ours(std::string_view name) {
    constexpr std::string_view ours[] = {"connection", "content-length", "date",
                                         "transfer-encoding"};
    return std::ranges::any_of(ours, [&](std::string_view own) {
        return std::ranges::equal(own, name, [](char a, char b) {
            return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
        });
    });
}

}  // namespace

std::string http_date(Instant at) {
    using namespace std::chrono;
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds when{floor<seconds>(microseconds(at.micros))};
    const auto day = floor<std::chrono::days>(when);
    const year_month_day date{day};
    const hh_mm_ss clock{when - day};
    char text[64];
    std::snprintf(text, sizeof(text), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days[weekday{day}.c_encoding()], unsigned(date.day()),
                  months[unsigned(date.month()) - 1], int(date.year()), int(clock.hours().count()),
                  int(clock.minutes().count()), int(clock.seconds().count()));
    return text;
}

std::string_view reason_of(unsigned status) {
    switch (status) {
        case 100: return "Continue";
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 426: return "Upgrade Required";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Status";
    }
}

bool may_have_body(unsigned status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string serialise_head(const Response& response, Framing framing, std::size_t length,
                           std::string_view date, bool keeps_alive, std::size_t behind) {
    std::string out;
    out.reserve(head_bytes_usual + response.static_fields.size() + behind);
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out += ' ';
    out += reason_of(response.status);
    out += "\r\nDate: ";
    out += date;
    out += "\r\n";
    if (may_have_body(response.status)) {
        if (framing == Framing::length) {
            out += "Content-Length: ";
            append_number(out, length);
            out += "\r\n";
        }
        if (framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
    }
    out += keeps_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    for (const Field& field : response.headers) {
        if (is_ours(field.name)) continue;
        append_clean(out, field.name);
        out += ": ";
        append_clean(out, field.value);
        out += "\r\n";
    }
    out += response.static_fields;
    out += "\r\n";
    return out;
}

}  // namespace lineshaft::io::http
