#include "io/http/websocket.h"

#include <algorithm>

#include "io/http/server.h"
#include "io/http/websocket_frames.h"
#include "io/out_queue.h"
#include "io/shard.h"

namespace lineshaft::io::http {
namespace {

constexpr std::size_t frame_bytes_max = 16 * 1024;
/// A client that sends pings without reading the pongs is cut off here.
constexpr std::size_t owed_bytes_max = 64 * 1024;
constexpr unsigned char binary_opcode = 2;
constexpr unsigned char close_opcode = 8;
constexpr Steady answer_patience{10'000};

class WebSocketStream final : public Stream {
public:
    explicit WebSocketStream(std::unique_ptr<Stream> below) : below_(std::move(below)) {}
    ~WebSocketStream() override { close(); }

    Task<Result<Bytes>> read_some(Steady patience) override {
        for (;;) {
            if (is_closed_by_peer_) co_return fail(Code::unavailable, "closed by the peer");
            CO_TRY(const Bytes bytes, co_await below_->read_some(patience));
            WebSocketReader::Got got = reader_.receive(bytes);
            out_.tail() += got.owed;
            is_closed_by_peer_ = got.is_closed;
            has_said_goodbye_ = has_said_goodbye_ || got.is_closed;
            CO_TRY_VOID(out_.flush(*below_));
            if (out_.size() > owed_bytes_max) {
                co_return fail(Code::unavailable, "the peer does not read");
            }
            if (got.payload.empty()) continue;
            // Never longer than what was read, so it fits where that was.
            const auto buffer = Shard::here().shared_buffer();
            std::memcpy(buffer.data(), got.payload.data(), got.payload.size());
            co_return Bytes(buffer.data(), got.payload.size());
        }
    }

    Result<std::size_t> try_write(Bytes bytes) override {
        if (!below_->is_open() || has_said_goodbye_) return fail(Code::unavailable, "closed");
        TRY_VOID(out_.flush(*below_));
        if (!out_.is_empty()) return std::size_t{0};
        std::size_t total = out_.take_ahead(bytes.size());
        while (total < bytes.size()) {
            const Bytes piece =
                bytes.subspan(total, std::min(bytes.size() - total, frame_bytes_max));
            out_.tail() += websocket_header(binary_opcode, piece.size());
            out_.tail() += as_text(piece);
            TRY_VOID(out_.flush(*below_));
            if (!out_.is_empty()) {
                out_.set_ahead(piece.size());
                break;
            }
            total += piece.size();
        }
        return total;
    }

    Task<Result<void>> wait_writable(Steady patience) override {
        return out_.drain(*below_, patience);
    }
    void end_writing() override { say_goodbye(); }
    void close() override {
        if (!below_->is_open()) return;
        say_goodbye();
        below_->close();
    }
    bool is_open() const override { return below_->is_open(); }
    const Peer& peer() const override { return below_->peer(); }

private:
    void say_goodbye() {
        if (std::exchange(has_said_goodbye_, true) || !below_->is_open()) return;
        out_.tail() += websocket_header(close_opcode, 2) + "\x03\xe8";  // 1000: normal
        auto ignored = out_.flush(*below_);  // the peer may be gone already
        (void)ignored;
    }

    std::unique_ptr<Stream> below_;
    WebSocketReader reader_;
    OutQueue out_;
    bool is_closed_by_peer_ = false;
    bool has_said_goodbye_ = false;
};

/// Whether a comma-separated list names `wanted`.
bool lists(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
        while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
        if (item == wanted) return true;
    }
    return false;
}

bool offers(const Request& request, std::string_view subprotocol) {
    return subprotocol.empty() || std::ranges::any_of(request.headers, [&](const Field& field) {
               return field.name == "sec-websocket-protocol" && lists(field.value, subprotocol);
           });
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> accept_websocket(Request request,
                                                       std::unique_ptr<Stream> stream,
                                                       std::string subprotocol) {
    std::string why;
    auto accept = websocket_accept(request.header("sec-websocket-key"));
    Response refusal = problem(400, "Not a WebSocket request", "");
    if (request.header("sec-websocket-version") != "13") {
        why = "only WebSocket version 13 is spoken here";
        refusal = problem(426, "Upgrade required", why);
        refusal.set("sec-websocket-version", "13");
    } else if (!accept) {
        why = accept.error().context;
        refusal = problem(400, "Not a WebSocket request", why);
    } else if (!offers(request, subprotocol)) {
        why = "the client must offer the subprotocol " + subprotocol;
        refusal = problem(400, "Not the right subprotocol", why);
    }
    if (!why.empty()) {
        co_await answer_refusal(std::move(stream), std::move(refusal));
        co_return fail(Code::invalid, why);
    }
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        *accept + "\r\n";
    if (!subprotocol.empty()) answer += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    answer += "\r\n";
    auto written = co_await write_all(*stream, as_bytes(answer), answer_patience);
    if (!written) co_return std::unexpected(std::move(written).error());
    std::unique_ptr<Stream> out = std::make_unique<WebSocketStream>(std::move(stream));
    co_return out;
}

}  // namespace lineshaft::io::http
