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
    void push(std::string_view event, const json::value& data) {
        push_text(event, json_text(data));
    }
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

/// What one live stream needs while it lives; who has more to keep derives from it. Made by
/// make_shared.
struct EventStream {
    explicit EventStream(const Call& call) : services(call.services), principal(call.principal) {}
    EventStream(const EventStream&) = delete;
    ~EventStream();

    Services* services;
    trust::PrincipalPtr principal;
    LiveQueue queue;
    io::Wheel::Timer timer;
    std::optional<trust::Keys::ListenerId> listener{};
};

/// From now on it ends when the rights of who asked end.
void end_with_rights(const std::shared_ptr<EventStream>& stream);
/// Writes what its queue holds until either side ends it, with a sign of life every 15 s.
http::Response event_stream(std::shared_ptr<EventStream> stream);
/// The head alone, for who writes the body.
http::Response event_stream_head();

}  // namespace lineshaft::api
