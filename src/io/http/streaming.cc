// Streaming answers, reading ahead of one, the linger after a last answer, and streams handed over to an Upgrade.
#include <array>
#include <charconv>

#include "base/log.h"
#include "io/http/session.h"

namespace lineshaft::io::http {
namespace {

/// Reads beside a streaming answer for no other reason than to learn that the client left.
struct Watch {
    std::function<void()> gone;
    bool is_gone = false;
    bool is_streaming = true;
    bool has_ended = false;
    Pause ended;

    void announce() {
        is_gone = true;
        if (is_streaming && gone) std::exchange(gone, nullptr)();
    }
};

Task<void> watch_reader(std::shared_ptr<Watch> watch, Stream* stream, std::size_t bytes_max) {
    std::size_t unexpected = 0;
    while (unexpected <= bytes_max) {
        auto bytes = co_await stream->read_some(for_ever);
        if (!bytes) break;
        unexpected += bytes->size();
    }
    watch->has_ended = true;
    watch->ended.end();
    watch->announce();
}

void announce_later(const std::shared_ptr<Watch>& watch) {
    Shard::here().post([watch] { watch->announce(); });
}

class ChunkWriter final : public BodyWriter {
public:
    ChunkWriter(Stream& stream, std::shared_ptr<Watch> watch, bool is_chunked, Steady patience)
        : stream_(stream), watch_(std::move(watch)), is_chunked_(is_chunked), patience_(patience) {}

    Task<Result<void>> write(std::string_view piece) override {
        if (piece.empty()) co_return Result<void>{};
        if (!is_open()) co_return fail(Code::unavailable, "the client is gone");
        std::string framed;
        if (is_chunked_) {
            std::array<char, 18> size;
            const auto end =
                std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
            framed.reserve(piece.size() + 20);
            framed.append(size.data(), end.ptr).append("\r\n").append(piece).append("\r\n");
            piece = framed;
        }
        auto written = co_await write_all(stream_, as_bytes(piece), patience_);
        if (!written) has_failed_ = true;
        co_return written;
    }
    bool is_open() const override { return !watch_->is_gone && !has_failed_ && stream_.is_open(); }
    void on_gone(std::function<void()> gone) override {
        watch_->gone = std::move(gone);
        if (watch_->is_gone) announce_later(watch_);
    }

private:
    Stream& stream_;
    std::shared_ptr<Watch> watch_;
    const bool is_chunked_;
    const Steady patience_;
    bool has_failed_ = false;
};

Task<bool> run_streamer(Streamer& streamer, ChunkWriter& writer) {
    try {
        co_await streamer(writer);
        co_return true;
    } catch (const std::exception& thrown) {
        log::error("a streaming answer failed: {}", thrown.what());
    } catch (...) {
        log::error("a streaming answer failed");
    }
    co_return false;
}

class HandedStream final : public Stream {
public:
    HandedStream(std::unique_ptr<Stream> stream, std::string first, std::shared_ptr<Leash> leash)
        : stream_(std::move(stream)), first_(std::move(first)), leash_(std::move(leash)) {}
    ~HandedStream() override { leash_->stream = nullptr; }

    Task<Result<Bytes>> read_some(Steady patience) override {
        if (first_.empty()) return stream_->read_some(patience);
        return take_first();
    }
    Result<std::size_t> try_write(Bytes bytes) override { return stream_->try_write(bytes); }
    Task<Result<void>> wait_writable(Steady patience) override {
        return stream_->wait_writable(patience);
    }
    void end_writing() override { stream_->end_writing(); }
    void close() override { stream_->close(); }
    bool is_open() const override { return stream_->is_open(); }
    const Peer& peer() const override { return stream_->peer(); }

private:
    Task<Result<Bytes>> take_first() {
        if (!stream_->is_open()) co_return fail(Code::unavailable, "closed");
        const auto buffer = Shard::here().shared_buffer();
        const std::size_t count = std::min(buffer.size(), first_.size());
        std::memcpy(buffer.data(), first_.data(), count);
        first_.erase(0, count);
        if (first_.empty()) first_.shrink_to_fit();
        co_return Bytes(buffer.data(), count);
    }

    std::unique_ptr<Stream> stream_;
    std::string first_;
    std::shared_ptr<Leash> leash_;
};

Task<void> ahead_reader(std::shared_ptr<Ahead> ahead, Stream* stream) {
    constexpr Steady step{1'000};
    for (;;) {
        auto bytes = co_await stream->read_some(step);
        if (bytes) {
            ahead->bytes.assign(as_text(*bytes));
            break;
        }
        const bool is_silent = bytes.error().code == Code::timeout;
        if (is_silent && Shard::here().clock().steady() < ahead->until) continue;
        ahead->is_gone = true;
        ahead->gone->raise();
        break;
    }
    ahead->has_ended = true;
    ahead->ended.end();
}

}  // namespace

void begin_ahead(Session& session) {
    if (session.hall.nursery.is_closing() || session.ahead) return;
    session.ahead = std::make_shared<Ahead>();
    session.hall.nursery.spawn(ahead_reader(session.ahead, session.stream.get()));
}

Task<bool> end_ahead(Session& session, Steady patience) {
    const auto ahead = session.ahead;
    ahead->until = Shard::here().clock().steady() + patience;
    while (!ahead->has_ended) (void)co_await ahead->ended.wait(Steady{1'000});
    session.ahead.reset();
    session.pending = std::move(ahead->bytes);
    co_return !ahead->is_gone;
}

Task<void> stream_body(Session& session, Streamer streamer, bool is_chunked, bool is_upload) {
    const Limits& limits = session.service.limits;
    // A stream ends when told, so the server's close() need not wait for it.
    session.leash->is_answering = false;
    if (session.leash->is_stopping || session.hall.nursery.is_closing()) co_return;
    auto watch = std::make_shared<Watch>();
    watch->has_ended = is_upload;
    if (!is_upload) {
        session.hall.nursery.spawn(
            watch_reader(watch, session.stream.get(), limits.header_bytes_max));
    }
    ChunkWriter writer(*session.stream, watch, is_chunked, limits.write_wait_max);
    const bool is_whole = co_await run_streamer(streamer, writer);
    watch->is_streaming = false;
    watch->gone = nullptr;
    if (is_whole && writer.is_open()) {
        if (is_chunked) {
            auto ended =
                co_await write_all(*session.stream, as_bytes("0\r\n\r\n"), limits.write_wait_max);
            if (!ended) session.stream->close();
        }
        session.stream->end_writing();
        if (is_upload) co_await linger(*session.stream, limits, limits.linger_max);
        if (!watch->has_ended) (void)co_await watch->ended.wait(limits.linger_silence_max);
    }
    // A chunked answer that failed half-way ends without its last chunk, so the client can tell.
    session.stream->close();
    // The watcher holds a pointer to the stream: it must end first.
    while (!watch->has_ended) (void)co_await watch->ended.wait(limits.linger_silence_max);
}

Task<void> linger(Stream& stream, const Limits& limits, Steady patience) {
    stream.end_writing();
    const Steady deadline = Shard::here().clock().steady() + patience;
    std::size_t dropped = 0;
    while (dropped < limits.linger_bytes_max) {
        const Steady left = deadline - Shard::here().clock().steady();
        if (left <= Steady{0}) co_return;
        auto bytes = co_await stream.read_some(std::min(left, limits.linger_silence_max));
        if (!bytes) co_return;
        dropped += bytes->size();
    }
}

std::unique_ptr<Stream> hand_over(Session& session) {
    return std::make_unique<HandedStream>(std::move(session.stream), std::move(session.pending),
                                          session.leash);
}

}  // namespace lineshaft::io::http
