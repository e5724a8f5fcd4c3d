#include "gate/influx/answers.h"

#include <fmt/format.h>

#include "base/json_quoted.h"

namespace lineshaft::influx {
namespace {

std::string_view code_of(unsigned status) {
    switch (status) {
        case 400: return "invalid";
        case 401: return "unauthorized";
        case 403: return "forbidden";
        case 413: return "request too large";
        case 415: return "unsupported media type";
        case 422: return "unprocessable entity";
        case 429: return "too many requests";
        case 503: return "unavailable";
        default: return "internal error";
    }
}

io::http::Response json(unsigned status, std::string body) {
    io::http::Response response;
    response.status = status;
    response.set("content-type", "application/json; charset=utf-8");
    response.body = std::move(body);
    return response;
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace

io::http::Response& branded(io::http::Response& response, std::string_view version) {
    response.set("x-influxdb-version", std::string(version));
    response.set("x-influxdb-build", "Lineshaft");
    response.set("cache-control", "no-store");
    response.set("x-content-type-options", "nosniff");
    return response;
}

io::http::Response failure(Dialect dialect, unsigned status, std::string_view message) {
    if (dialect == Dialect::version_1) {
        auto response = json(status, fmt::format(R"({{"error":{}}})", json_quoted(message)));
        response.set("x-influxdb-error", std::string(message));
        return response;
    }
    auto response = json(status, fmt::format(R"({{"code":{},"message":{}}})",
                                             json_quoted(code_of(status)), json_quoted(message)));
    response.set("x-platform-error-code", std::string(code_of(status)));
    return response;
}

io::http::Response partial(Dialect dialect, std::size_t count, const std::vector<Refused>& first,
                           std::string_view values) {
    std::string message =
        fmt::format("partial write: {} (line {}); {} line{} not stored", first.front().why,
                    first.front().line, count, count == 1 ? " was" : "s were");
    message += values.empty() ? ", all others are" : fmt::format("; of the others, {}", values);
    if (dialect == Dialect::version_1)
        return failure(dialect, 400, message + fmt::format(" dropped={}", count));
    std::string lines;
    for (const Refused& each : first) {
        lines += fmt::format(R"({}{{"line":{},"message":{}}})", lines.empty() ? "" : ",", each.line,
                             json_quoted(each.why));
    }
    auto response = json(
        400, fmt::format(R"({{"code":"invalid","message":{},"line":{},"refused":{},"lines":[{}]}})",
                         json_quoted(message), first.front().line, count, lines));
    response.set("x-platform-error-code", "invalid");
    return response;
}

Result<std::string> answer_query(std::string_view statements) {
    std::string results;
    std::size_t count = 0;
    while (!statements.empty()) {
        const auto end = std::min(statements.find(';'), statements.size());
        const std::string_view one = trimmed(statements.substr(0, end));
        statements.remove_prefix(std::min(end + 1, statements.size()));
        if (one.empty()) continue;
        const std::string word = upper(one);
        if (!results.empty()) results += ',';
        if (word.starts_with("CREATE DATABASE ") || word.starts_with("CREATE RETENTION POLICY ")) {
            results += fmt::format(R"({{"statement_id":{}}})", count);
        } else if (word == "SHOW DATABASES") {
            results += fmt::format(
                R"({{"statement_id":{},"series":[{{"name":"databases","columns":["name"],)"
                R"("values":[["lineshaft"]]}}]}})",
                count);
        } else {
            return fail(
                Code::unsupported,
                "this node takes InfluxDB writes; of queries it answers CREATE DATABASE and "
                "SHOW DATABASES. Values are read through /api/v1");
        }
        ++count;
    }
    if (count == 0) return fail(Code::unsupported, "missing required parameter \"q\"");
    return fmt::format(R"({{"results":[{}]}})", results);
}

}  // namespace lineshaft::influx
