#include "io/nursery.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/check.h"
#include "base/log.h"
#include "io/shard.h"

namespace lineshaft::io {

Nursery::~Nursery() {
    CHECK(children_.empty());
}

void Nursery::spawn(Task<void> child, std::function<void()> stop) {
    if (closing_) return;
    const auto place = children_.insert(children_.end(), Child{std::move(stop)});
    boost::asio::co_spawn(
        Shard::here().loop(), std::move(child), [this, place](const std::exception_ptr& thrown) {
            if (thrown) {
                try {
                    std::rethrow_exception(thrown);
                } catch (const std::exception& why) {
                    log::error("{}: a task ended with an exception: {}", name_, why.what());
                }
            }
            ended(place);
        });
}

void Nursery::ended(std::list<Child>::iterator child) {
    children_.erase(child);
    if (children_.empty() && all_ended_) std::exchange(all_ended_, nullptr)();
}

Task<void> Nursery::close() {
    closing_ = true;
    for (auto& child : children_) {
        if (child.stop) std::exchange(child.stop, nullptr)();
    }
    if (children_.empty()) co_return;
    co_await suspend<bool>([this](Answer<bool> answer) {
        auto kept = std::make_shared<Answer<bool>>(std::move(answer));
        all_ended_ = [kept] { (*kept)(true); };
    });
}

}  // namespace lineshaft::io
