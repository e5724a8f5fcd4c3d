#include "io/pause.h"

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace lineshaft::io {

Task<void> let_others_run() {
    co_await boost::asio::post(use_task);
}

Task<bool> Pause::wait(Steady length) {
    if (is_ended_) co_return false;
    CHECK(!waiter_);
    const bool whole = co_await suspend<bool>([this, length](Answer<bool> waiter) {
        waiter_.emplace(std::move(waiter));
        Shard::here().wheel().arm(timer_, length, [this] { answer(true); });
    });
    co_return whole && !is_ended_;
}

void Pause::end() {
    is_ended_ = true;
    answer(false);
}

void Pause::wake() {
    answer(false);
}

void Pause::answer(bool whole) {
    timer_.disarm();
    if (auto waiter = std::exchange(waiter_, std::nullopt)) (*waiter)(whole);
}

}  // namespace lineshaft::io
