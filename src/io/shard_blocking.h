#pragma once
// Part of io/shard.h: the bridge from ordinary threads (start, tests, tools) into a shard.
#include <boost/asio/use_future.hpp>
#include <future>

namespace lineshaft::io {

template <class T>
T Shards::run_blocking(ShardIndex where, Task<T> task) {
    auto done =
        boost::asio::co_spawn((*this)[where].loop(), std::move(task), boost::asio::use_future);
    return done.get();
}

}  // namespace lineshaft::io
