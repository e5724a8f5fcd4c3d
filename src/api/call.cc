#include "api/call.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t text_bytes_max = 1024;

const json::value* member(const json::object& body, std::string_view name) {
    return body.if_contains(json::string_view(name.data(), name.size()));
}

}  // namespace

Result<MqttView*> mqtt_of(const Call& call) {
    if (call.services->mqtt != nullptr) return call.services->mqtt;
    return fail(Code::unavailable, "this node serves no MQTT");
}

std::string origin_of(const http::Request& request) {
    return fmt::format("{} {}", request.peer.address, request.header("user-agent").substr(0, 200));
}

http::Response reply(const json::value& body, unsigned status) {
    auto response = reply_text(json_text(body));
    response.status = status;
    return response;
}

http::Response reply_text(std::string json) {
    http::Response response;
    response.body = std::move(json);
    response.set("content-type", "application/json");
    return response;
}

http::Response no_content() {
    http::Response response;
    response.status = 204;
    return response;
}

Result<json::object> any_body(const http::Request& request) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 16;
    json::value body = json::parse(request.body, problem, {}, options);
    if (problem) return fail(Code::invalid, "the body is not JSON: " + problem.message());
    if (!body.is_object()) return fail(Code::invalid, "the body is not a JSON object");
    return std::move(body.as_object());
}

Result<json::object> body_object(const http::Request& request,
                                 std::initializer_list<std::string_view> allowed) {
    TRY(auto body, any_body(request));
    for (const auto& one : body) {
        const std::string_view name(one.key().data(), one.key().size());
        if (std::ranges::find(allowed, name) == allowed.end()) {
            return fail(Code::invalid, fmt::format("the body has a member \"{}\"; allowed are: {}",
                                                   name, fmt::join(allowed, ", ")));
        }
    }
    return body;
}

Result<std::string> text_member(const json::object& body, std::string_view name) {
    const json::value* found = member(body, name);
    if (found == nullptr || !found->is_string()) {
        return fail(Code::invalid, fmt::format("\"{}\" must be a text", name));
    }
    const auto& text = found->as_string();
    if (text.empty() || text.size() > text_bytes_max) {
        return fail(Code::invalid,
                    fmt::format("\"{}\" must have 1 to {} bytes", name, text_bytes_max));
    }
    return std::string(text);
}

Result<std::optional<std::optional<std::string>>> optional_text(const json::object& body,
                                                                std::string_view name) {
    using Found = std::optional<std::optional<std::string>>;
    const json::value* found = member(body, name);
    if (found == nullptr) return Found{};
    if (found->is_null()) return Found{std::optional<std::string>{}};
    TRY(auto text, text_member(body, name));
    return Found{std::optional<std::string>{std::move(text)}};
}

Result<std::optional<std::optional<double>>> optional_number(const json::object& body,
                                                             std::string_view name) {
    using Found = std::optional<std::optional<double>>;
    const json::value* found = member(body, name);
    if (found == nullptr) return Found{};
    if (found->is_null()) return Found{std::optional<double>{}};
    if (!found->is_number())
        return fail(Code::invalid, fmt::format("\"{}\" must be a number or null", name));
    return Found{std::optional<double>{found->to_number<double>()}};
}

Result<std::optional<bool>> optional_flag(const json::object& body, std::string_view name) {
    const json::value* found = member(body, name);
    if (found == nullptr) return std::optional<bool>{};
    if (!found->is_bool())
        return fail(Code::invalid, fmt::format("\"{}\" must be true or false", name));
    return std::optional<bool>{found->as_bool()};
}

Result<std::size_t> limit_of(const http::Request& request, std::size_t usual, std::size_t most) {
    const auto asked = request.asked("limit");
    if (!asked) return usual;
    const auto limit = number_from<std::size_t>(*asked);
    if (!limit || *limit < 1 || *limit > most)
        return fail(Code::invalid, fmt::format("limit must be 1 to {}", most));
    return *limit;
}

Result<std::optional<Instant>> time_of(const http::Request& request, std::string_view name) {
    const auto asked = request.asked(name);
    if (!asked) return std::optional<Instant>{};
    auto at = parse_rfc3339(*asked);
    if (!at) return std::unexpected(at.error().in(name));
    return std::optional<Instant>{*at};
}

Result<std::uint64_t> row_number(std::string_view text) {
    const auto number = number_from<std::uint64_t>(text);
    if (!number) return fail(Code::not_found, fmt::format("nothing has the id \"{}\"", text));
    return *number;
}

std::optional<catalog::OnceKey> once_key(const Call& call) {
    const std::string_view key = call.request.header("idempotency-key");
    if (key.empty()) return std::nullopt;
    const trust::Principal& by = *call.principal;
    return catalog::OnceKey{by.organisation,
                            fmt::format("{}/{}", static_cast<int>(by.kind), by.credential),
                            call.request.method + " " + call.request.path, std::string(key),
                            std::string(trust::text_of(trust::sha256(call.request.body)))};
}

io::Task<Answer> write_once(Call& call,
                            std::function<Result<catalog::Answer>(catalog::Catalog&)> work) {
    auto once = once_key(call);
    Result<catalog::Answer> done;
    if (!once) {
        done = co_await call.services->desk.run(std::move(work));
    } else {
        const Instant now = io::Shard::here().now();
        auto at_most_once = [once = *std::move(once), now,
                             work = std::move(work)](catalog::Catalog& catalog) {
            return catalog.once(once, now, [&] { return work(catalog); });
        };
        done = co_await call.services->desk.run(std::move(at_most_once));
    }
    if (!done) co_return std::unexpected(done.error());
    http::Response response;
    response.status = static_cast<unsigned>(done->status);
    response.body = std::move(done->body);
    if (response.status != 204) response.set("content-type", "application/json");
    co_return response;
}

}  // namespace lineshaft::api
