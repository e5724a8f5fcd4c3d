#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
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

/// Turns a callback interface into a Task: `start` receives the Answer and hands it on.
///     auto done = co_await suspend<Result<void>>([&](Answer<Result<void>> a) { f(std::move(a));
///     });
/// `start` runs at once on the caller's shard and is not a coroutine.
template <class T, class Start>
Task<T> suspend(Start start) {
    auto executor = co_await boost::asio::this_coro::executor;
    co_return co_await boost::asio::async_initiate<decltype(use_task), void(T)>(
        [executor](auto handler, Start begin) {
            auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            begin(Answer<T>([executor, kept](T value) mutable {
                boost::asio::post(executor,
                                  [kept = std::move(kept), value = std::move(value)]() mutable {
                                      (*kept)(std::move(value));
                                  });
            }));
        },
        use_task, std::move(start));
}

}  // namespace lineshaft::io
