// Two joined ends for tests: the same waits, pushback and errors as a socket, no kernel.
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "io/shard.h"
#include "io/stream.h"

namespace lineshaft::io {
namespace {

enum class Wake { ready, late };

/// The one coroutine that waits at one end of a pipe, and its deadline.
class Waiter {
public:
    Task<Wake> wait(Steady patience) {
        CHECK(!answer_);
        co_return co_await suspend<Wake>([this, patience](Answer<Wake> answer) {
            answer_.emplace(std::move(answer));
            if (patience == for_ever) return;
            Shard::here().wheel().arm(deadline_, patience, [this] { wake(Wake::late); });
        });
    }
    void wake(Wake why) {
        deadline_.disarm();
        if (auto answer = std::exchange(answer_, std::nullopt)) (*answer)(why);
    }

private:
    std::optional<Answer<Wake>> answer_;
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
            const Wake why = co_await pipe->reader.wait(patience);
            if (why == Wake::late) co_return fail(Code::timeout, "nothing arrived in time");
        }
        if (!is_open_) co_return fail(Code::unavailable, "closed");
        const auto buffer = Shard::here().shared_buffer();
        const std::size_t count = std::min(buffer.size(), pipe->held.size());
        std::memcpy(buffer.data(), pipe->held.data(), count);
        pipe->held.erase(0, count);
        pipe->writer.wake(Wake::ready);
        co_return Bytes(buffer.data(), count);
    }

    Result<std::size_t> try_write(Bytes bytes) override {
        if (!is_open_ || out_->writer_ended) return fail(Code::unavailable, "closed");
        if (out_->reader_gone) return fail(Code::unavailable, "closed by the peer");
        const std::size_t count = std::min(bytes.size(), out_->capacity - out_->held.size());
        out_->held.append(as_text(bytes.first(count)));
        if (count > 0) out_->reader.wake(Wake::ready);
        return count;
    }

    Task<Result<void>> wait_writable(Steady patience) override {
        const auto pipe = out_;
        while (is_open_ && !pipe->reader_gone && pipe->held.size() == pipe->capacity) {
            const Wake why = co_await pipe->writer.wait(patience);
            if (why == Wake::late) co_return fail(Code::timeout, "the peer does not read");
        }
        if (!is_open_) co_return fail(Code::unavailable, "closed");
        if (pipe->reader_gone) co_return fail(Code::unavailable, "closed by the peer");
        co_return Result<void>{};
    }

    void end_writing() override {
        out_->writer_ended = true;
        out_->reader.wake(Wake::ready);
    }

    void close() override {
        if (!is_open_) return;
        is_open_ = false;
        end_writing();
        in_->reader_gone = true;
        for (auto* waiter : {&in_->reader, &in_->writer, &out_->writer}) waiter->wake(Wake::ready);
    }

    bool is_open() const override { return is_open_; }
    const Peer& peer() const override { return peer_; }

private:
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
