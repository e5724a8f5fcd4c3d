#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/ids.h"
#include "io/clock.h"
#include "io/task.h"
#include "io/wheel.h"

namespace lineshaft::io {

/// One thread, one event loop, and everything the two of them own. No object of one shard is
/// touched from another, so modules hold no mutexes. Tests run one shard, production one per core.
class Shard {
public:
    Shard(ShardIndex index, const Clock& clock);
    ~Shard();
    Shard(const Shard&) = delete;

    ShardIndex index() const { return index_; }
    const Clock& clock() const { return clock_; }
    Instant now() const { return clock_.now(); }
    Wheel& wheel() { return wheel_; }

    /// The shard this thread runs. A bug to ask from a thread that runs none.
    static Shard& here();
    static Shard* here_or_null();

    /// Runs `work` on this shard, after what was posted before by the same thread. Thread-safe.
    void post(std::move_only_function<void()> work);

    /// Runs the free coroutine `work(args...)` here, then resumes the caller on its own shard.
    /// Arguments and result cross by value. A function pointer on purpose: a capturing lambda does
    /// not convert, and would die before its coroutine does.
    template <class T, class... Args>
    Task<T> call(Task<T> (*work)(Args...), std::type_identity_t<Args>... args) {
        return run_here(work(std::move(args)...));
    }
    /// Runs `work`, which has not begun, here, then resumes the caller on its own shard.
    Task<void> run_here(Task<void> work);
    template <class T>
    Task<T> run_here(Task<T> work) {
        std::optional<T> value;
        co_await run_here(keep_result(std::move(work), &value));
        co_return std::move(*value);
    }

    /// Scratch for reading sockets into: 64 KiB, valid until the next suspension.
    std::span<std::byte> shared_buffer() { return shared_buffer_; }
    boost::asio::io_context& loop() { return loop_; }

    /// Runs the loop on this thread until stop() or, with `until_idle`, until nothing is ready to
    /// run: what is still suspended then waits for the clock, the kernel or another thread.
    void run(bool until_idle = false);
    void stop();

private:
    Task<void> turn_wheel();

    ShardIndex index_;
    const Clock& clock_;
    // Before the loop, because frames the loop destroys at its end hold timers of the wheel.
    Wheel wheel_;
    std::vector<std::byte> shared_buffer_;
    boost::asio::io_context loop_;
};

/// All shards of a node. Starts the threads on construction; stop() and join end them.
class Shards {
public:
    /// count >= 1.
    explicit Shards(unsigned count, const Clock& clock = Clock::system());
    ~Shards();

    std::size_t size() const { return shards_.size(); }
    Shard& operator[](ShardIndex index) { return *shards_[index.number()]; }
    Shard& at(std::size_t index) { return *shards_[index]; }
    /// The shard that owns what `hash` stands for.
    ShardIndex owner(std::uint64_t hash) const {
        return ShardIndex(static_cast<std::uint32_t>(hash % shards_.size()));
    }
    const Clock& clock() const { return clock_; }

    /// Runs `work` once on every shard and waits for all, from a thread that is no shard.
    void run_everywhere(const std::function<void(Shard&)>& work);

    /// Runs a coroutine on one shard and waits for it, from a thread that is no shard.
    template <class T>
    T run_blocking(ShardIndex where, Task<T> task) {
        std::optional<T> value;
        run_blocking(where, keep_result(std::move(task), &value));
        return std::move(*value);
    }
    void run_blocking(ShardIndex where, Task<void> task);

    void stop();

private:
    const Clock& clock_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<std::jthread> threads_;
};

}  // namespace lineshaft::io
