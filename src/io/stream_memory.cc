// Two joined ends for tests: the same waits, pushback and errors as a socket, no kernel.
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "io/shard.h"
#include "io/stream.h"

namespace lineshaft::io {
namespace {

enum class Woken { ready, late };

/// The one coroutine or ReadWaiter that waits at one end of a pipe, and its deadline.
class Waiter {
public:
    void tell(Steady patience, ReadWaiter& reader) {
        CHECK(!answer_ && told_ == nullptr);
        told_ = &reader;
        shard_ = &Shard::here();
        if (patience == for_ever) return;
        Shard::here().wheel().arm(deadline_, patience, [this] { wake(Woken::late); });
    }
    bool was_late() const { return was_late_; }
    Task<Woken> wait(Steady patience) {
        CHECK(!answer_);
        co_return co_await suspend<Woken>([this, patience](Answer<Woken> answer) {
            answer_.emplace(std::move(answer));
            if (patience == for_ever) return;
            Shard::here().wheel().arm(deadline_, patience, [this] { wake(Woken::late); });
        });
    }
    void wake(Woken why) {
        deadline_.disarm();
        was_late_ = why == Woken::late;
        if (auto* reader = std::exchange(told_, nullptr))
            shard_->post([reader] { reader->on_readable(); });  // tests write from outside
        if (auto answer = std::exchange(answer_, std::nullopt)) (*answer)(why);
    }

private:
    std::optional<Answer<Woken>> answer_;
    ReadWaiter* told_ = nullptr;
    Shard* shard_ = nullptr;
    bool was_late_ = false;
    Wheel::Timer deadline_;
};

/// One direction. Shared by the two ends, which may be destroyed in either order.
struct Pipe {
    std::string held;
    std::size_t capacity;
    bool writer_ended = false;
    bool reader_gone = false;
    Waiter reader;
    Waiter writer;
};

class MemoryStream final : public Stream {
public:
    MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, Peer peer)
        : in_(std::move(in)), out_(std::move(out)), peer_(std::move(peer)) {}
    ~MemoryStream() override { close(); }

    Task<Result<Bytes>> read_some(Steady patience) override {
        const auto pipe = in_;
        while (is_open_ && pipe->held.empty()) {
            if (pipe->writer_ended) co_return fail(Code::unavailable, "closed by the peer");
            const Woken why = co_await pipe->reader.wait(patience);
            if (why == Woken::late) co_return fail(Code::timeout, "nothing arrived in time");
        }
        if (!is_open_) co_return fail(Code::unavailable, "closed");
        co_return take();
    }

    bool can_wait_readable() const override { return true; }
    void wait_readable(Steady patience, ReadWaiter& waiter) override {
        in_->reader.tell(patience, waiter);
        if (!is_open_ || !in_->held.empty() || in_->writer_ended) in_->reader.wake(Woken::ready);
    }
    void stop_waiting() override { in_->reader.wake(Woken::ready); }
    Result<Bytes> read_now() override {
        if (!is_open_) return fail(Code::unavailable, "closed");
        if (in_->held.empty()) {
            if (in_->writer_ended) return fail(Code::unavailable, "closed by the peer");
            if (in_->reader.was_late()) return fail(Code::timeout, "nothing arrived in time");
            return Bytes{};
        }
        return take();
    }

    Result<std::size_t> try_write(Bytes bytes) override {
        if (!is_open_ || out_->writer_ended) return fail(Code::unavailable, "closed");
        if (out_->reader_gone) return fail(Code::unavailable, "closed by the peer");
        const std::size_t count = std::min(bytes.size(), out_->capacity - out_->held.size());
        out_->held.append(as_text(bytes.first(count)));
        if (count > 0) out_->reader.wake(Woken::ready);
        return count;
    }

    Task<Result<void>> wait_writable(Steady patience) override {
        const auto pipe = out_;
        while (is_open_ && !pipe->reader_gone && pipe->held.size() == pipe->capacity) {
            const Woken why = co_await pipe->writer.wait(patience);
            if (why == Woken::late) co_return fail(Code::timeout, "the peer does not read");
        }
        if (!is_open_) co_return fail(Code::unavailable, "closed");
        if (pipe->reader_gone) co_return fail(Code::unavailable, "closed by the peer");
        co_return Result<void>{};
    }

    void end_writing() override {
        out_->writer_ended = true;
        out_->reader.wake(Woken::ready);
    }

    void close() override {
        if (!is_open_) return;
        is_open_ = false;
        end_writing();
        in_->reader_gone = true;
        for (auto* waiter : {&in_->reader, &in_->writer, &out_->writer}) waiter->wake(Woken::ready);
    }

    bool is_open() const override { return is_open_; }
    const Peer& peer() const override { return peer_; }

private:
    Bytes take() {
        const auto buffer = Shard::here().shared_buffer();
        const std::size_t count = std::min(buffer.size(), in_->held.size());
        std::memcpy(buffer.data(), in_->held.data(), count);
        in_->held.erase(0, count);
        in_->writer.wake(Woken::ready);
        return Bytes(buffer.data(), count);
    }

    std::shared_ptr<Pipe> in_;
    std::shared_ptr<Pipe> out_;
    Peer peer_;
    bool is_open_ = true;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> memory_streams(std::size_t capacity,
                                                                           Peer peer) {
    auto there = std::make_shared<Pipe>();
    auto back = std::make_shared<Pipe>();
    there->capacity = back->capacity = capacity;
    return {std::make_unique<MemoryStream>(back, there, peer),
            std::make_unique<MemoryStream>(there, back, peer)};
}

}  // namespace lineshaft::io
