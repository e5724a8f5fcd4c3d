#include "io/http/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "io/http/server.h"

namespace lineshaft::io::http {
namespace {

namespace beast = boost::beast;
using Failed = boost::beast::error_code;
using View = boost::beast::string_view;

std::string_view plain(View text) {
    return {text.data(), text.size()};
}

Failed refuse() {
    return beast::http::make_error_code(beast::http::error::bad_value);
}

constexpr std::size_t body_reserve_max = 64 * 1024;
constexpr std::size_t leading_blank_max = 4;
constexpr std::size_t headers_usual = 8;

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

struct RequestParser::Sink final : beast::http::basic_parser<true> {
    explicit Sink(const Limits& given) : limits(given) {
        header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
        body_limit(boost::none);
        eager(false);
    }

    void on_request_impl(beast::http::verb, View method, View target, int version,
                         Failed& failed) override {
        head.method = plain(method);
        head.target = plain(target);
        head.is_http_1_0 = version < 11;
        if (target.size() > limits.target_bytes_max) {
            status = 414;
            failed = refuse();
        }
    }
    void on_response_impl(int, View, int, Failed&) override {}

    void on_field_impl(beast::http::field known, View name, View value, Failed& failed) override {
        if (++fields > limits.headers_max) {
            status = 431;
            failed = refuse();
            return;
        }
        if (is_head_done) return;  // a trailer may not pose as a header
        using beast::http::field;
        if (known == field::host) ++hosts;
        if (known == field::transfer_encoding && lower(plain(value)) != "chunked") {
            status = 501;
            failed = refuse();
        }
        if (known == field::expect) {
            if (lower(plain(value)) == "100-continue") {
                head.expects_continue = !head.is_http_1_0;
            } else {
                status = 417;
                failed = refuse();
            }
        }
        if (head.headers.empty()) head.headers.reserve(headers_usual);
        head.headers.push_back({lower(plain(name)), std::string(plain(value))});
    }

    void on_header_impl(Failed& failed) override {
        is_head_done = true;
        // RFC 9112 3.2: one Host; 6.1: a transfer coding in 1.0 is a sign of smuggling.
        if (hosts > 1 || (hosts == 0 && !head.is_http_1_0) || (head.is_http_1_0 && chunked())) {
            failed = refuse();
        }
        head.keeps_alive = keep_alive();
        head.wants_upgrade = upgrade() && !head.is_http_1_0;
        head.content_length = content_length().value_or(0);
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, Failed&) override {
        body_length = length.value_or(0);
        body.reserve(std::min<std::uint64_t>(body_length, body_reserve_max));
    }
    // Who has sent much is believed about the rest: room for it at once, instead of copying it over
    // and over and holding twice as much.
    std::size_t on_body_impl(View piece, Failed&) override {
        constexpr std::size_t believed = 64;
        const std::size_t wanted = body.size() + piece.size();
        if (wanted > body.capacity() && !body.empty()) {
            const std::size_t most = std::max(wanted, believed * body.size());
            body.reserve(std::min<std::uint64_t>(most, std::max<std::uint64_t>(body_length, wanted)));
        }
        body.append(plain(piece));
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, Failed&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View piece, Failed&) override {
        body.append(plain(piece));
        return piece.size();
    }
    void on_finish_impl(Failed&) override {}

    /// Spends the allowance for blank lines before a request line (RFC 9112 2.2).
    std::size_t skip_blank(Bytes bytes) {
        std::size_t count = 0;
        while (!got_some() && count < bytes.size() && blanks < leading_blank_max) {
            const char want = blanks % 2 == 0 ? '\r' : '\n';
            if (static_cast<char>(bytes[count]) != want) break;
            ++count;
            ++blanks;
        }
        return count;
    }

    const Limits limits;
    Head head;
    std::string body;
    std::uint64_t body_length = 0;  // as announced; 0: nobody said
    std::size_t fields = 0;
    std::size_t hosts = 0;
    std::size_t blanks = 0;
    std::size_t head_bytes = 0;
    unsigned status = 400;
    bool is_head_done = false;
};

RequestParser::RequestParser(const Limits& limits) : sink_(std::make_unique<Sink>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::state() const {
    if (sink_->is_done()) return State::done;
    return sink_->is_head_done ? State::body : State::head;
}

Result<std::size_t> RequestParser::put(Bytes bytes) {
    const std::size_t skipped = sink_->skip_blank(bytes);
    const Bytes rest = bytes.subspan(skipped);
    const bool was_head = state() == State::head;
    Failed failed;
    std::size_t used = 0;
    if (!rest.empty() && state() != State::done) {
        used = sink_->put(boost::asio::buffer(rest.data(), rest.size()), failed);
    }
    using beast::http::error;
    if (failed == error::need_more) failed = {};
    const std::size_t left = rest.size() - used;
    if (was_head) {
        sink_->head_bytes += used;
        const bool is_too_large =
            sink_->head_bytes + (sink_->is_head_done ? 0 : left) > sink_->limits.header_bytes_max;
        if (failed == error::header_limit || (!failed && is_too_large)) {
            sink_->status = sink_->head.target.empty() ? 414 : 431;
            failed = error::header_limit;
        }
    } else if (!failed && left > sink_->limits.header_bytes_max && state() != State::done) {
        failed = error::bad_chunk_extension;  // framing that never ends
    }
    if (failed == error::body_limit) sink_->status = 413;
    if (failed == error::bad_version) sink_->status = 505;
    if (failed) return fail(Code::invalid, failed.message());
    return skipped + used;
}

unsigned RequestParser::refusal() const {
    return sink_->status;
}
const Head& RequestParser::head() const {
    return sink_->head;
}
Head RequestParser::take_head() {
    return std::move(sink_->head);
}

Result<void> RequestParser::allow_body(std::size_t bytes_max) {
    sink_->eager(true);
    if (sink_->head.content_length > bytes_max) {
        sink_->status = 413;
        return fail(Code::exhausted,
                    "the body is larger than " + std::to_string(bytes_max) + " bytes");
    }
    if (state() == State::body) sink_->body_limit(bytes_max);
    return {};
}

std::size_t RequestParser::body_size() const {
    return sink_->body.size();
}
std::string RequestParser::take_body() {
    return std::exchange(sink_->body, {});
}

struct ResponseParser::Sink final : beast::http::basic_parser<false> {
    void on_request_impl(beast::http::verb, View, View, int, Failed&) override {}
    void on_response_impl(int code, View, int, Failed&) override { status = unsigned(code); }
    void on_field_impl(beast::http::field, View name, View value, Failed&) override {
        headers.push_back({lower(plain(name)), std::string(plain(value))});
    }
    void on_header_impl(Failed&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Failed&) override {}
    std::size_t on_body_impl(View piece, Failed&) override {
        body.append(plain(piece));
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, Failed&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View piece, Failed&) override {
        body.append(plain(piece));
        return piece.size();
    }
    void on_finish_impl(Failed&) override {}

    unsigned status = 0;
    std::vector<Field> headers;
    std::string body;
};

ResponseParser::ResponseParser(std::string_view method, std::size_t body_bytes_max)
    : sink_(std::make_unique<Sink>()) {
    sink_->eager(true);
    sink_->header_limit(64 * 1024);
    sink_->body_limit(body_bytes_max);
    if (method == "HEAD") sink_->skip(true);
}
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::put(Bytes bytes) {
    Failed failed;
    std::size_t used = 0;
    if (!bytes.empty() && !is_done()) {
        used = sink_->put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
    }
    if (failed && failed != beast::http::error::need_more) {
        return fail(Code::invalid, "the answer is no HTTP: " + failed.message());
    }
    return used;
}

Result<void> ResponseParser::put_end() {
    if (is_done()) return {};
    if (!sink_->got_some()) return fail(Code::unavailable, "the connection ended before an answer");
    Failed failed;
    sink_->put_eof(failed);
    if (failed) return fail(Code::unavailable, "the answer was cut short");
    return {};
}

bool ResponseParser::is_done() const {
    return sink_->is_done();
}
unsigned ResponseParser::status() const {
    return sink_->status;
}
std::vector<Field> ResponseParser::take_headers() {
    return std::move(sink_->headers);
}
std::string ResponseParser::take_body() {
    return std::move(sink_->body);
}

}  // namespace lineshaft::io::http
