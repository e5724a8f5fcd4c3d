#include "api/live.h"

#include <fmt/format.h>

namespace lineshaft::api {

void LiveQueue::push_text(std::string_view event, std::string_view json) {
    if (waiting_.size() >= bytes_max) {
        gap_ = true;
    } else {
        waiting_ += fmt::format("event: {}\ndata: {}\n\n", event, json);
    }
    wake();
}

void LiveQueue::push_comment() {
    if (waiting_.empty()) waiting_ = ": still here\n\n";
    wake();
}

std::string LiveQueue::take() {
    std::string out = std::exchange(waiting_, {});
    if (std::exchange(gap_, false)) out += "event: gap\ndata: {}\n\n";
    return out;
}

io::Task<void> LiveQueue::wait() {
    if (!is_empty() || ended_) co_return;
    co_await io::suspend<bool>([this](io::Answer<bool> answer) {
        auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
        waiter_ = [kept] { (*kept)(true); };
    });
}

void LiveQueue::end() {
    ended_ = true;
    wake();
}

void LiveQueue::wake() {
    if (waiter_) std::exchange(waiter_, nullptr)();
}

}  // namespace lineshaft::api
