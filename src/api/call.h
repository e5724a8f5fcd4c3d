#pragma once
#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

#include "api/json_text.h"
#include "api/services.h"
#include "io/http/upload.h"

namespace lineshaft::api {

namespace json = boost::json;
namespace http = io::http;

/// One request after its caller was let in.
struct Call {
    Services* services;
    http::Request request;
    trust::PrincipalPtr principal;  ///< never null; nobody() on open routes without credentials
    bool is_secure = false;         ///< came over TLS
    io::http::BodyReader* body = nullptr;  ///< of an upload: what is still to come

    OrganisationId organisation() const { return principal->organisation; }
    const std::string& captured(std::size_t index) const { return request.captured[index]; }
};

/// What a route gives back: an answer, or a failure that becomes problem details.
using Answer = Result<http::Response>;
/// A free coroutine, so that nothing it needs can die before it.
using Work = io::Task<Answer> (*)(Call);

/// The broker as the API sees it. Errors: unavailable, on a node without MQTT.
Result<MqttView*> mqtt_of(const Call& call);
/// Where a session begins, for the person who looks at the list of theirs: address and browser.
std::string origin_of(const http::Request& request);

http::Response reply(const json::value& body, unsigned status = 200);
/// Text that is JSON already.
http::Response reply_text(std::string json);
http::Response no_content();

/// The body as an object, whatever its members. Errors: invalid.
Result<json::object> any_body(const http::Request& request);
/// The body as an object with no other members than `allowed`. Errors: invalid, naming the member.
Result<json::object> body_object(const http::Request& request,
                                 std::initializer_list<std::string_view> allowed);
/// A member that must be a text of 1..1024 bytes. Errors: invalid.
Result<std::string> text_member(const json::object& body, std::string_view name);
/// nothing: not there. A null inside: there, and null.
Result<std::optional<std::optional<std::string>>> optional_text(const json::object& body,
                                                                std::string_view name);
Result<std::optional<std::optional<double>>> optional_number(const json::object& body,
                                                             std::string_view name);
Result<std::optional<bool>> optional_flag(const json::object& body, std::string_view name);

/// ?limit=, 1..most. Errors: invalid.
Result<std::size_t> limit_of(const http::Request& request, std::size_t usual = 100,
                             std::size_t most = 1000);
/// ?name= as an RFC 3339 time. nothing: not asked. Errors: invalid.
Result<std::optional<Instant>> time_of(const http::Request& request, std::string_view name);
/// A row's number in a path. Errors: not_found.
Result<std::uint64_t> row_number(std::string_view text);

/// Whose POST it is, which, and its body's digest. Nothing: it carries no Idempotency-Key.
std::optional<catalog::OnceKey> once_key(const Call& call);
/// Runs `work(Catalog&)`, which gives an answer's status and body, on the catalog's worker, once
/// per Idempotency-Key where the request carries one.
io::Task<Answer> write_once(Call& call,
                            std::function<Result<catalog::Answer>(catalog::Catalog&)> work);

}  // namespace lineshaft::api
