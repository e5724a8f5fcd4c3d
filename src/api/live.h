#pragma once
#include <deque>
#include <memory>
#include <string>

#include "api/call.h"

namespace lineshaft::api {

/// What waits to be written to one live stream. Bounded: a client that does not read misses
/// something and is told so by `gap`. Owner: the stream's coroutine, on one shard.
class LiveQueue {
public:
    static constexpr std::size_t bytes_max = 1 << 20;

    /// One server-sent event. Dropped, and a gap noted, when the queue is full.
    void push(std::string_view event, const json::value& data) { push_text(event, json_text(data)); }
    void push_text(std::string_view event, std::string_view json);
    void push_comment();
    /// Everything waiting, in order; the marker of a gap stands where something is missing: last.
    std::string take();
    bool is_empty() const { return waiting_.empty() && !gap_; }

    /// Resumes at the next push, or when `end` was called.
    io::Task<void> wait();
    void end();
    bool is_ended() const { return ended_; }

private:
    void wake();

    std::string waiting_;
    bool gap_ = false;
    bool ended_ = false;
    std::function<void()> waiter_;
};

}  // namespace lineshaft::api
