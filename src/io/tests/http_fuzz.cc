// Property: how the network cuts a request, or a WebSocket's frames, never changes what is
// understood, and no input reaches past a limit.
#include <cstdint>

#include "base/check.h"
#include "io/http/parser.h"
#include "io/http/server.h"
#include "io/http/target.h"
#include "io/http/websocket_frames.h"

namespace lineshaft::io::http {
namespace {

Limits small_limits() {
    Limits limits;
    limits.header_bytes_max = 512;
    limits.target_bytes_max = 128;
    limits.headers_max = 8;
    return limits;
}
constexpr std::size_t body_max = 64;

struct Understood {
    bool is_done = false;
    bool is_refused = false;
    std::string method, target, body;
    std::size_t used = 0;
    bool operator==(const Understood&) const = default;
};

Understood understand(Bytes input, std::size_t piece) {
    const Limits limits = small_limits();
    RequestParser parser(limits);
    Understood out;
    std::string pending;
    bool is_allowed = false;
    for (std::size_t at = 0; at <= input.size() && parser.state() != RequestParser::State::done;) {
        const Bytes part = input.subspan(at, std::min(piece, input.size() - at));
        at += std::max<std::size_t>(part.size(), 1);
        pending.append(as_text(part));
        for (bool goes_on = true; goes_on && parser.state() != RequestParser::State::done;) {
            const auto used = parser.put(as_bytes(pending));
            if (!used) {
                out.is_refused = true;
                CHECK(parser.refusal() >= 400);
                return out;
            }
            pending.erase(0, *used);
            out.used += *used;
            goes_on = false;
            if (!is_allowed && parser.state() != RequestParser::State::head) {
                is_allowed = goes_on = true;
                out.method = parser.head().method;
                out.target = parser.head().target;
                CHECK(out.target.size() <= limits.target_bytes_max);
                CHECK(parser.head().headers.size() <= limits.headers_max);
                if (!parser.allow_body(body_max)) {
                    out.is_refused = true;
                    return out;
                }
            }
        }
        CHECK(pending.size() <= limits.header_bytes_max + piece);
        CHECK(parser.body_size() <= body_max);
    }
    out.is_done = parser.state() == RequestParser::State::done;
    if (out.is_done) out.body = parser.take_body();
    return out;
}

void check_frames(Bytes input, std::size_t piece) {
    WebSocketReader whole, cut;
    const auto want = whole.receive(input);
    WebSocketReader::Got got;
    for (std::size_t at = 0; at < input.size(); at += piece) {
        const auto part = cut.receive(input.subspan(at, std::min(piece, input.size() - at)));
        got.payload += part.payload;
        got.owed += part.owed;
        got.is_closed = part.is_closed;
    }
    CHECK(got.payload == want.payload && got.owed == want.owed);
    CHECK(input.empty() || got.is_closed == want.is_closed);
}

}  // namespace
}  // namespace lineshaft::io::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::io::http;
    if (size < 1 || size > 4096) return 0;
    const std::size_t piece = 1 + data[0] % 64;
    const Bytes input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
    const Understood whole = understand(input, input.size() + 1);
    const Understood cut = understand(input, piece);
    // A bad head may be refused before its end or only there, so refused and undecided may meet.
    if (whole.is_done || cut.is_done) CHECK(whole == cut);
    if (const auto target = parse_target(as_text(input), 8)) {
        CHECK(target->query.size() <= 8);
        CHECK(target->path == "*" || target->path.starts_with('/'));
        CHECK(is_utf8(target->path));
    }
    check_frames(input, piece);
    return 0;
}
