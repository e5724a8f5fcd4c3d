#include "io/soon.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <utility>

#include "io/shard.h"

namespace lineshaft::io {

// Shared with the handler that waits, which may come after the owner is gone.
struct Soon::Waiting {
    explicit Waiting(boost::asio::io_context& loop) : timer(loop) {}
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>
        timer;
    std::move_only_function<void()> fire;
    std::uint64_t round = 0;  // a handler of an earlier one was already on its way
};

Soon::Soon(Shard& shard) : waiting_(std::make_shared<Waiting>(shard.loop())) {}

Soon::~Soon() {
    disarm();
}

void Soon::arm(std::chrono::microseconds after, std::move_only_function<void()> fire) {
    waiting_->fire = std::move(fire);
    waiting_->timer.expires_after(after);
    waiting_->timer.async_wait([waiting = waiting_, round = ++waiting_->round](
                                   const boost::system::error_code& cancelled) {
        if (cancelled || round != waiting->round || !waiting->fire) return;
        auto call = std::exchange(waiting->fire, nullptr);
        call();
    });
}

void Soon::disarm() {
    if (!waiting_->fire) return;
    waiting_->fire = nullptr;
    waiting_->timer.cancel();
}

Task<void> Soon::wait(std::chrono::microseconds after) {
    auto start = [this, after](Wake wake) { arm(after, std::move(wake)); };
    co_await parked(std::move(start));
}

bool Soon::is_armed() const {
    return waiting_->fire != nullptr;
}

}  // namespace lineshaft::io
