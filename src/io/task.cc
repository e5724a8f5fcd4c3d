#include "io/task.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

namespace lineshaft::io {

Task<void> parked(std::move_only_function<void(Wake)> start) {
    auto begin = [](auto resume, std::move_only_function<void(Wake)> then) {
        then([resume = std::move(resume)]() mutable {
            const auto shard = boost::asio::get_associated_executor(resume);
            boost::asio::post(shard,
                              [resume = std::move(resume)]() mutable { std::move(resume)(); });
        });
    };
    return boost::asio::async_initiate<decltype(use_task), void()>(std::move(begin), use_task,
                                                                   std::move(start));
}

}  // namespace lineshaft::io
