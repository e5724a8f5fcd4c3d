#include "gate/handle/connection.h"

namespace lineshaft::handle {

/// Answers of one question into the connection's queue.
class ConnectionOut final : public AnswerOut {
public:
    explicit ConnectionOut(Connection& connection) : connection_(connection) {}
    io::Task<bool> send(std::string message) override {
        connection_.out_ += message;
        auto is_open = co_await connection_.flush();
        co_return is_open;
    }
    io::Task<bool> send_bytes(std::string bytes) override { return send(std::move(bytes)); }
    void end() override {
        connection_.ends_when_sent_ = true;
        if (!connection_.is_writing_ && connection_.out_.empty()) connection_.stream_->close();
    }
    bool is_stream() const override { return true; }
    std::optional<Reference> who() const override { return connection_.who(); }
    bool is_pool() const override { return connection_.is_pool_; }
    bool is_open() const override {
        return !connection_.is_broken_ && connection_.stream_->is_open() && !connection_.has_ended_;
    }
    bool was_logged_in() const override { return connection_.login_.has_value(); }
    void logged_in(Reference who) override {
        connection_.login_ = std::move(who);
        connection_.login_until_ =
            io::Shard::here().clock().steady() + connection_.limits_.login_life;
    }

private:
    Connection& connection_;
};

Connection::Connection(Responder& responder, std::unique_ptr<io::Stream> stream,
                       const DoorLimits& limits, bool is_pool)
    : responder_(responder), stream_(std::move(stream)), limits_(limits), is_pool_(is_pool) {}

std::optional<Reference> Connection::who() const {
    if (!login_ || login_until_ <= io::Shard::here().clock().steady()) return std::nullopt;
    return login_;
}

void Connection::stop() {
    stream_->close();
    room_.end();
}

io::Task<void> Connection::serve() {
    auto ended = co_await read();
    has_ended_ = true;
    if (!ended && ended.error().code == Code::invalid) ++responder_.stats().malformed;
    // What is in work becomes durable or not whoever listens; its answers still go out.
    co_await answers_.close();
    auto flushed = co_await flush();
    (void)flushed;
    stream_->close();
}

io::Task<Result<void>> Connection::read() {
    for (;;) {
        auto bytes = co_await stream_->read_some(limits_.idle_max);
        if (!bytes) co_return std::unexpected(bytes.error());
        in_.erase(0, std::exchange(read_, 0));
        in_.append(as_text(*bytes));
        auto taken = co_await take_messages();
        if (!taken) co_return taken;
        auto is_open = co_await flush();
        if (!is_open) co_return fail(Code::unavailable, "the peer does not read");
    }
}

io::Task<Result<void>> Connection::take_messages() {
    for (;;) {
        while (in_work_ >= limits_.pipelined_max || out_.size() >= limits_.out_bytes_max) {
            if (in_work_ == 0 && !is_writing_) {
                auto is_open = co_await flush();
                if (is_open) continue;
            }
            if (is_broken_ || !stream_->is_open()) co_return fail(Code::unavailable, "closed");
            auto waited = co_await room_.wait(limits_.write_wait_max);
            (void)waited;
        }
        auto more = take_message();
        if (!more) co_return std::unexpected(more.error());
        if (!*more) co_return Result<void>{};
    }
}

// False: there is no whole message.
Result<bool> Connection::take_message() {
    while (read_ < in_.size() && (in_[read_] == '\r' || in_[read_] == '\n')) ++read_;
    const Bytes rest = as_bytes(in_).subspan(read_);
    if (rest.size() < envelope_bytes) return false;
    const auto envelope = decode_envelope(rest, limits_.wire);
    if (!envelope) return fail(Code::invalid, envelope.error().context);
    const std::size_t whole = envelope_bytes + envelope->length;
    if (rest.size() < whole) return false;
    const Bytes message = rest.first(whole);
    read_ += whole;
    ++responder_.stats().tcp;
    if (Responder::is_in_session(*envelope)) {
        ++in_work_;
        answers_.spawn(answer_later(std::string(as_text(message))));
        return true;
    }
    const auto packet = decode_packet(*envelope, message.subspan(envelope_bytes));
    if (!packet) {
        ++responder_.stats().malformed;
        out_ += Responder::refusal_of(*envelope, packet.error());
        return true;
    }
    if (auto now = responder_.answer_now(*packet, who())) {
        out_ += *now;
        return true;
    }
    ++in_work_;
    answers_.spawn(answer_later(std::string(as_text(message))));
    return true;
}

io::Task<void> Connection::answer_later(std::string message) {
    ConnectionOut out(*this);
    co_await responder_.answer(std::move(message), &out);
    --in_work_;
    room_.wake();
}

// Writes what is queued, unless somebody does already. False: the peer is gone.
io::Task<bool> Connection::flush() {
    if (is_writing_ || is_broken_) co_return !is_broken_;
    is_writing_ = true;
    while (!out_.empty() && !is_broken_) {
        const std::string piece = std::exchange(out_, {});
        auto written = co_await io::write_all(*stream_, as_bytes(piece), limits_.write_wait_max);
        if (!written) is_broken_ = true;
        room_.wake();
    }
    is_writing_ = false;
    if (is_broken_ || ends_when_sent_) stream_->close();
    co_return !is_broken_;
}

}  // namespace lineshaft::handle
