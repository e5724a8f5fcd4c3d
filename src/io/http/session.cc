#include "io/http/session.h"

#include <algorithm>

#include "base/log.h"
#include "io/http/parser.h"
#include "io/http/response.h"
#include "io/http/target.h"
#include "io/http/upload.h"

namespace lineshaft::io::http {
namespace {

/// What follows an answer: the next request; the end, as soon as the client has read it; the end.
enum class Next { go_on, linger, end };

/// Bodies up to this size leave in one write with their head.
constexpr std::size_t joined_body_max = 64 * 1024;
constexpr Steady steady_millisecond{1};
constexpr std::size_t upload_bytes_max = std::size_t{1} << 40;

Steady now() {
    return Shard::here().clock().steady();
}

/// Gives the parser what is pending and then `input`; keeps what it cannot use yet.
Result<void> feed(Session& session, RequestParser& parser, Bytes input) {
    if (!session.pending.empty()) {
        session.pending.append(as_text(input));
        TRY(const std::size_t used, parser.put(as_bytes(session.pending)));
        session.pending.erase(0, used);
        return {};
    }
    TRY(const std::size_t used, parser.put(input));
    session.pending.assign(as_text(input.subspan(used)));
    return {};
}

/// What ended a request before it could be handled: a status to answer, or 0 for silence.
struct Refusal {
    unsigned status = 0;
    std::string detail;
    std::string allow;
};
using Step = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(unsigned status, std::string detail, std::string allow = {}) {
    return std::unexpected(Refusal{status, std::move(detail), std::move(allow)});
}

/// Reads on until the head is whole, which it seldom is not.
Task<Step> read_rest_of_head(Session& session, RequestParser& parser) {
    const Steady deadline = now() + session.service.limits.header_wait_max;
    while (parser.state() == RequestParser::State::head) {
        auto more =
            co_await session.stream->read_some(std::max(deadline - now(), steady_millisecond));
        if (!more && more.error().code == Code::timeout) {
            co_return refuse(408, "the request's headers took too long");
        }
        if (!more) co_return refuse(0, {});
        auto fed = feed(session, parser, *more);
        if (!fed) co_return refuse(parser.refusal(), fed.error().context);
    }
    co_return Step{};
}

/// Counts a body against its shard's budget as long as it lives.
class BodyShare {
public:
    BodyShare(Hall& hall, std::size_t bytes_max) : hall_(hall), bytes_max_(bytes_max) {}
    BodyShare(const BodyShare&) = delete;
    ~BodyShare() { hall_.bodies_bytes -= held_; }
    bool hold(std::size_t bytes) {
        hall_.bodies_bytes += bytes - held_;
        held_ = bytes;
        return hall_.bodies_bytes <= bytes_max_;
    }

private:
    Hall& hall_;
    const std::size_t bytes_max_;
    std::size_t held_ = 0;
};

Task<Step> read_body(Session& session, RequestParser& parser, BodyShare& share,
                     bool expects_continue) {
    const Limits& limits = session.service.limits;
    const Steady begun = now();
    auto fed = feed(session, parser, {});
    if (fed && expects_continue && parser.state() != RequestParser::State::done) {
        auto told = co_await write_all(*session.stream, as_bytes("HTTP/1.1 100 Continue\r\n\r\n"),
                                       limits.write_wait_max);
        if (!told) co_return refuse(0, {});
    }
    for (;;) {
        if (!fed) co_return refuse(parser.refusal(), fed.error().context);
        if (!share.hold(parser.body_size())) co_return refuse(503, "too many uploads at once");
        if (parser.state() == RequestParser::State::done) co_return Step{};
        const Steady owed{
            std::int64_t(parser.body_size() * 1000 / limits.body_bytes_per_second_min)};
        const Steady left = begun + 2 * limits.body_wait_max + owed - now();
        auto more = co_await session.stream->read_some(
            std::max(std::min(limits.body_wait_max, left), steady_millisecond));
        if (!more && more.error().code == Code::timeout) {
            co_return refuse(408, "the request's body took too long");
        }
        if (!more) co_return refuse(0, {});
        fed = feed(session, parser, *more);
    }
}

/// A response as it goes out: the head, with a small body behind it; a large body stays where it is.
struct Outgoing {
    std::string text;
    std::size_t written = 0;
    std::string_view body;

    Bytes rest() const { return as_bytes(std::string_view(text).substr(written)); }
    bool is_done() const { return written == text.size() && body.empty(); }
};

/// The views are of `response`.
Outgoing outgoing(Session& session, const Response& response, bool is_head, bool keeps_alive) {
    const std::string_view body =
        response.static_body.empty() ? response.body : response.static_body;
    const bool sends_body = may_have_body(response.status) && !is_head && !body.empty();
    const bool is_joined = sends_body && body.size() <= joined_body_max;
    Outgoing out;
    out.text = serialise_head(response, Framing::length, body.size(), session.date(), keeps_alive,
                              is_joined ? body.size() : 0);
    if (is_joined) out.text += body;
    if (sends_body && !is_joined) out.body = body;
    return out;
}

/// What the socket takes at once, which is nearly always everything. False: the connection is over.
bool write_now(Session& session, Outgoing& out) {
    const auto written = session.stream->try_write(as_bytes(out.text));
    if (written) out.written = *written;
    return written.has_value();
}

Task<bool> write_rest(Session& session, Outgoing& out) {
    const Steady patience = session.service.limits.write_wait_max;
    if (out.written < out.text.size()) {
        auto written = co_await write_all(*session.stream, out.rest(), patience);
        if (!written) co_return false;
    }
    if (out.body.empty()) co_return true;
    auto written = co_await write_all(*session.stream, as_bytes(out.body), patience);
    co_return written.has_value();
}

Task<Next> answer_refused(Session& session, Refusal refusal, bool is_head) {
    session.hall.refused.fetch_add(1, std::memory_order_relaxed);
    if (refusal.status == 0) co_return Next::end;
    Response response = problem(refusal.status, reason_of(refusal.status), refusal.detail);
    if (!refusal.allow.empty()) response.set("allow", refusal.allow);
    Outgoing out = outgoing(session, response, is_head, false);
    bool written = write_now(session, out);
    if (written && !out.is_done()) written = co_await write_rest(session, out);
    session.was_slow = refusal.status == 408;
    co_return written ? Next::linger : Next::end;
}

/// Runs a handler; what it throws becomes a 500 and a line in the log.
Task<Response> run_handler(const Handler& handler, Request request) {
    std::string where = request.method + " " + request.path;
    try {
        Response response = co_await handler(std::move(request));
        co_return response;
    } catch (const std::exception& thrown) {
        log::error("{}: the handler failed: {}", where, thrown.what());
    } catch (...) {
        log::error("{}: the handler failed", where);
    }
    co_return problem(500, "Internal error", "The node's log says what happened.");
}

Task<void> run_upgrade(const Upgrade& upgrade, Request request, std::unique_ptr<Stream> stream) {
    std::string where = request.path;
    try {
        co_await upgrade(std::move(request), std::move(stream));
    } catch (const std::exception& thrown) {
        log::error("upgrade {}: {}", where, thrown.what());
    } catch (...) {
        log::error("upgrade {}: failed", where);
    }
}

Task<Next> answer(Session& session, Response response, bool is_head, bool is_http_1_0,
                  bool keeps_alive, bool is_upload = false) {
    if (!response.stream) {
        Outgoing out = outgoing(session, response, is_head, keeps_alive);
        if (!write_now(session, out)) co_return Next::end;
        if (!out.is_done()) {
            const bool is_written = co_await write_rest(session, out);
            if (!is_written) co_return Next::end;
        }
        co_return keeps_alive ? Next::go_on : Next::linger;
    }
    const Framing framing = is_http_1_0 ? Framing::until_close : Framing::chunked;
    const std::string head = serialise_head(response, framing, 0, session.date(), false);
    auto written =
        co_await write_all(*session.stream, as_bytes(head), session.service.limits.write_wait_max);
    if (written && !is_head && may_have_body(response.status)) {
        co_await stream_body(session, std::move(response.stream), framing == Framing::chunked,
                             is_upload);
    }
    co_return Next::end;
}

std::string protocol_asked(const Head& head) {
    if (!head.wants_upgrade) return {};
    for (const Field& field : head.headers) {
        if (field.name == "upgrade") return lower(field.value);
    }
    return {};
}

Response options_response(const std::string& allow) {
    Response out;
    out.status = 204;
    out.set("allow", allow);
    return out;
}

/// The server's own answer where no handler is found.
Response answer_without_handler(const std::string& method, const std::string& path,
                                const std::string& allow) {
    if (path == "*" && method == "OPTIONS") return options_response("GET, HEAD, OPTIONS");
    if (allow.empty()) return problem(404, "Not found", "nothing is at " + path);
    if (method == "OPTIONS") return options_response(allow);
    Response out = problem(405, "Method not allowed", method + " is not for this address");
    out.set("allow", allow);
    return out;
}

bool is_upgrade_ready(const Head& head, const RequestParser& parser, const UpgradeRoute& route) {
    return head.method == "GET" && parser.state() == RequestParser::State::done &&
           protocol_asked(head) == route.protocol;
}

Task<Next> upgrade_request(Session& session, const UpgradeRoute& route, Request request) {
    co_await run_upgrade(route.upgrade, std::move(request), hand_over(session));
    co_return Next::end;
}

/// Reads the body and lets the handler answer.
Task<Next> handle_request(Session& session, RequestParser& parser, const Handler& handler,
                          const Route* route, std::size_t body_bytes_max, Request request,
                          Head head) {
    BodyShare share(session.hall, session.service.limits.bodies_bytes_max);
    auto allowed = parser.allow_body(body_bytes_max);
    if (!allowed) {
        Refusal refusal{413, allowed.error().context, {}};
        auto refused = co_await answer_refused(session, std::move(refusal), request.is_head);
        co_return refused;
    }
    if (parser.state() != RequestParser::State::done) {
        auto read = co_await read_body(session, parser, share, head.expects_continue);
        if (!read) {
            auto refused =
                co_await answer_refused(session, std::move(read.error()), request.is_head);
            co_return refused;
        }
    }
    request.body = parser.take_body();
    const bool is_head = request.is_head;
    // A client that has sent more already is there, and its next request is not read before.
    if (route != nullptr && route->watches_client && session.pending.empty()) begin_ahead(session);
    if (session.ahead) request.gone = session.ahead->gone;
    Response response = co_await run_handler(handler, std::move(request));
    const bool keeps_alive = head.keeps_alive && !session.leash->is_stopping;
    auto next =
        co_await answer(session, std::move(response), is_head, head.is_http_1_0, keeps_alive);
    co_return next;
}

class ArrivingBody final : public BodyReader {
public:
    ArrivingBody(Session& session, RequestParser& parser) : session_(session), parser_(parser) {}

    Task<Result<std::string>> read(Steady patience) override {
        auto fed = feed(session_, parser_, {});
        for (;;) {
            if (!fed) co_return fail(Code::invalid, fed.error().context);
            std::string piece = parser_.take_body();
            if (!piece.empty() || parser_.state() == RequestParser::State::done) co_return piece;
            auto more = co_await session_.stream->read_some(patience);
            if (!more && more.error().code == Code::timeout)
                co_return fail(Code::timeout, "the body has paused");
            if (!more) co_return fail(Code::unavailable, "the client is gone");
            fed = feed(session_, parser_, *more);
        }
    }

private:
    Session& session_;
    RequestParser& parser_;
};

Task<Next> handle_upload(Session& session, RequestParser& parser, const Upload& upload,
                         Request request, Head head) {
    auto allowed = parser.allow_body(upload_bytes_max);
    if (!allowed) {
        Refusal refusal{413, allowed.error().context, {}};
        auto refused = co_await answer_refused(session, std::move(refusal), request.is_head);
        co_return refused;
    }
    if (head.expects_continue && parser.state() != RequestParser::State::done) {
        auto told = co_await write_all(*session.stream, as_bytes("HTTP/1.1 100 Continue\r\n\r\n"),
                                       session.service.limits.write_wait_max);
        if (!told) co_return Next::end;
    }
    ArrivingBody body(session, parser);
    const bool is_head = request.is_head;
    const Handler bound = [&upload, &body](Request whole) {
        return upload.take(std::move(whole), body);
    };
    Response response = co_await run_handler(bound, std::move(request));
    auto next = co_await answer(session, std::move(response), is_head, head.is_http_1_0, false, true);
    co_return next;
}

/// A request whose head is read and whose target is known: finds who answers it.
Task<Next> route_request(Session& session, RequestParser& parser, Target target) {
    const Limits& limits = session.service.limits;
    const Router::Table& table = *session.service.table;
    Head head = parser.take_head();
    auto match = table.find(head.method, target.segments, protocol_asked(head));
    const bool is_upgrade =
        match.upgrade != nullptr && is_upgrade_ready(head, parser, *match.upgrade);
    const bool is_unknown = match.route == nullptr && match.allow.empty() && target.path != "*";
    const Handler* handler = match.route != nullptr ? &match.route->handler : nullptr;
    if (is_unknown && !is_upgrade && table.fallback) handler = &table.fallback;

    if (handler == nullptr && !is_upgrade) {
        Response response = answer_without_handler(head.method, target.path, match.allow);
        if (match.upgrade != nullptr && head.method == "GET") {
            response =
                problem(426, "Upgrade required", "this address speaks " + match.upgrade->protocol);
            response.set("upgrade", match.upgrade->protocol);
        }
        // A body nobody asked for is not understood: the connection ends instead.
        const bool has_body = parser.state() != RequestParser::State::done;
        const bool keeps_alive = head.keeps_alive && !has_body && !session.leash->is_stopping;
        auto next = co_await answer(session, std::move(response), head.method == "HEAD",
                                    head.is_http_1_0, keeps_alive);
        co_return next;
    }

    // A route may take less than the server, never more.
    const std::size_t body_max = match.route != nullptr
                                     ? std::min(match.route->body_bytes_max, limits.body_bytes_max)
                                     : limits.body_bytes_max;
    Request request;
    request.is_head = head.method == "HEAD";
    request.method = std::move(head.method);
    request.path = std::move(target.path);
    request.query = std::move(target.query);
    request.headers = std::move(head.headers);
    request.captured = std::move(match.captured);
    request.peer = session.stream->peer();
    if (is_upgrade) {
        auto next = co_await upgrade_request(session, *match.upgrade, std::move(request));
        co_return next;
    }
    if (const Upload* upload = handler->target<Upload>()) {
        auto uploaded = co_await handle_upload(session, parser, *upload, std::move(request),
                                               std::move(head));
        co_return uploaded;
    }
    auto next = co_await handle_request(session, parser, *handler, match.route, body_max,
                                        std::move(request), std::move(head));
    co_return next;
}

Task<Next> serve_request(Session& session, Bytes input) {
    RequestParser parser(session.service.limits);
    auto fed = feed(session, parser, input);
    Step read;
    if (!fed) read = refuse(parser.refusal(), fed.error().context);
    if (fed && parser.state() == RequestParser::State::head)
        read = co_await read_rest_of_head(session, parser);
    if (!read) {
        auto refused = co_await answer_refused(session, std::move(read.error()), false);
        co_return refused;
    }
    session.hall.requests.fetch_add(1, std::memory_order_relaxed);
    auto target = parse_target(parser.head().target, session.service.limits.query_fields_max);
    if (!target) {
        Refusal refusal{400, target.error().context, {}};
        const bool is_head = parser.head().method == "HEAD";
        auto refused = co_await answer_refused(session, std::move(refusal), is_head);
        co_return refused;
    }
    auto next = co_await route_request(session, parser, std::move(*target));
    co_return next;
}

}  // namespace

Task<Response> Upload::operator()(Request) const {
    co_return problem(500, "Internal error", "an upload was handled as a whole request");
}

std::string_view Session::date() {
    const Instant at = Shard::here().now();
    const std::int64_t second = at.micros / 1'000'000;
    if (second != hall.date_second) {
        hall.date_second = second;
        hall.date = http_date(at);
    }
    return hall.date;
}

void Leash::stop(Steady patience) {
    is_stopping = true;
    if (stream == nullptr) return;
    if (!is_answering) {
        stream->close();
        return;
    }
    Shard::here().wheel().arm(force, patience, [this] {
        if (stream != nullptr) stream->close();
    });
}

Task<void> serve_connection(Service* service, Hall* hall, std::unique_ptr<Stream> stream,
                            std::shared_ptr<Leash> leash) {
    hall->connections.fetch_add(1, std::memory_order_relaxed);
    Session session{*service, *hall, std::move(stream), std::move(leash), {}};
    Steady patience = service->limits.header_wait_max;
    auto next = Next::go_on;
    while (next == Next::go_on && !session.leash->is_stopping) {
        Bytes input;
        if (session.ahead) {
            const bool is_there = co_await end_ahead(session, patience);
            if (!is_there) break;
        } else if (session.pending.empty()) {
            // Here an idle connection waits: no parser, no buffer.
            auto first = co_await session.stream->read_some(patience);
            if (!first) break;
            input = *first;
        }
        session.leash->is_answering = true;
        next = co_await serve_request(session, input);
        if (next == Next::linger) {
            const Limits& limits = service->limits;
            const Steady time = session.was_slow ? limits.linger_silence_max : limits.linger_max;
            bool is_there = true;
            if (session.ahead) {
                session.stream->end_writing();
                is_there = co_await end_ahead(session, limits.linger_silence_max);
            }
            if (is_there) co_await linger(*session.stream, limits, time);
        }
        session.leash->is_answering = false;
        patience = service->limits.idle_max;
    }
    if (session.stream) {
        session.leash->stream = nullptr;
        session.stream->close();
        // The reader holds a pointer to the stream: it must end first.
        if (session.ahead) (void)co_await end_ahead(session, Steady{0});
    }
    session.leash->force.disarm();
    hall->connections.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace lineshaft::io::http
