#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"

namespace lineshaft::io {

/// A coroutine that runs on one shard and ends with a T. Laws: docs/decisions/0003-coroutines.md.
template <class T>
using Task = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

/// The completion token for Asio operations awaited inside a Task, where `deferred` does not do.
inline constexpr boost::asio::use_awaitable_t<boost::asio::io_context::executor_type> use_task;

/// The one-shot answer a callback owes to a suspended coroutine. May be called once, from any
/// thread; the coroutine resumes on the shard it was suspended on. Dropping it unanswered would
/// leave the coroutine suspended for ever, so whoever holds one must answer.
template <class T>
class Answer {
public:
    using Fire = std::move_only_function<void(T)>;
    explicit Answer(Fire fire) : fire_(std::move(fire)) {}
    void operator()(T value) { std::exchange(fire_, nullptr)(std::move(value)); }

private:
    Fire fire_;
};

/// Resumes one suspended coroutine on the shard it was suspended on. Called once, from any thread.
using Wake = std::move_only_function<void()>;
/// Suspends the caller, hands `start` what resumes it. The one place, beside Shard, that knows how
/// Asio suspends: its templates cost a compiler more than what a module says with them.
Task<void> parked(std::move_only_function<void(Wake)> start);

/// Turns a callback interface into a Task: `start` receives the Answer and hands it on.
///     auto done = co_await suspend<Result<void>>([&](Answer<Result<void>> a) { f(std::move(a));
///     });
/// `start` runs at once on the caller's shard and is not a coroutine.
template <class T, class Start>
Task<T> suspend(Start start) {
    std::optional<T> value;  // Here while the answer is owed: who can wake a frame owns it.
    std::move_only_function<void(Wake)> begin = [&value, &start](Wake wake) {
        start(Answer<T>([&value, wake = std::move(wake)](T given) mutable {
            value.emplace(std::move(given));
            wake();
        }));
    };
    co_await parked(std::move(begin));
    co_return std::move(*value);
}

/// Runs `work` to its end and puts what it returned where its waiter, who outlives it, looks.
template <class T>
Task<void> keep_result(Task<T> work, std::optional<T>* place) {
    auto value = co_await std::move(work);
    place->emplace(std::move(value));
}

}  // namespace lineshaft::io
