#include "io/shard.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <latch>

#include "base/check.h"

namespace lineshaft::io {
namespace {

thread_local Shard* running = nullptr;
constexpr std::size_t shared_buffer_bytes = 64 * 1024;

}  // namespace

Shard::Shard(ShardIndex index, const Clock& clock)
    : index_(index), clock_(clock), wheel_(clock), shared_buffer_(shared_buffer_bytes), loop_(1) {}

Shard::~Shard() = default;

Shard& Shard::here() {
    CHECK(running != nullptr);
    return *running;
}

Shard* Shard::here_or_null() {
    return running;
}

void Shard::post(std::move_only_function<void()> work) {
    boost::asio::post(loop_, std::move(work));
}

Task<void> Shard::run_here(Task<void> work) {
    return boost::asio::co_spawn(loop_, std::move(work), use_task);
}

Task<void> Shard::turn_wheel() {
    boost::asio::steady_timer timer(loop_);
    for (;;) {
        timer.expires_after(Wheel::slot_width);
        co_await timer.async_wait(use_task);
        wheel_.turn();
    }
}

void Shard::run(bool until_idle) {
    running = this;
    if (until_idle) {
        loop_.restart();
        loop_.poll();
    } else {
        const auto keep = boost::asio::make_work_guard(loop_);
        // Ends with the loop itself, so it needs no nursery.
        boost::asio::co_spawn(loop_, turn_wheel(), boost::asio::detached);
        loop_.run();
    }
    running = nullptr;
}

void Shard::stop() {
    loop_.stop();
}

Shards::Shards(unsigned count, const Clock& clock) : clock_(clock) {
    CHECK(count >= 1);
    for (unsigned index = 0; index < count; ++index) {
        shards_.push_back(std::make_unique<Shard>(ShardIndex(index), clock));
    }
    for (auto& shard : shards_) {
        threads_.emplace_back([&shard = *shard] { shard.run(); });
    }
}

Shards::~Shards() {
    stop();
}

void Shards::run_blocking(ShardIndex where, Task<void> task) {
    boost::asio::co_spawn((*this)[where].loop(), std::move(task), boost::asio::use_future).get();
}

void Shards::run_everywhere(const std::function<void(Shard&)>& work) {
    CHECK(Shard::here_or_null() == nullptr);
    std::latch done(static_cast<std::ptrdiff_t>(shards_.size()));
    for (auto& shard : shards_) {
        shard->post([&shard = *shard, &work, &done] {
            work(shard);
            done.count_down();
        });
    }
    done.wait();
}

void Shards::stop() {
    for (auto& shard : shards_) shard->stop();
    threads_.clear();
}

}  // namespace lineshaft::io
