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

EventStream::~EventStream() {
    if (listener) services->porter.keys().forget(*listener);
}

void end_with_rights(const std::shared_ptr<EventStream>& stream) {
    stream->listener = stream->services->porter.keys().on_change(
        [weak = std::weak_ptr<EventStream>(stream)](const trust::Keyring&) {
            const auto alive = weak.lock();
            if (alive && !alive->services->porter.still_holds(*alive->principal))
                alive->queue.end();
        });
}

http::Response event_stream_head() {
    http::Response response;
    response.set("content-type", "text/event-stream");
    response.set("x-accel-buffering", "no");
    return response;
}

namespace {

constexpr io::Steady sign_of_life{15'000};

void arm_sign_of_life(const std::shared_ptr<EventStream>& stream) {
    io::Shard::here().wheel().arm(stream->timer, sign_of_life,
                                  [weak = std::weak_ptr<EventStream>(stream)] {
                                      const auto alive = weak.lock();
                                      if (!alive) return;
                                      alive->queue.push_comment();
                                      arm_sign_of_life(alive);
                                  });
}

io::Task<void> write_events(std::shared_ptr<EventStream> stream, http::BodyWriter& writer) {
    writer.on_gone([weak = std::weak_ptr<EventStream>(stream)] {
        if (const auto alive = weak.lock()) alive->queue.end();
    });
    arm_sign_of_life(stream);
    while (!stream->queue.is_ended()) {
        co_await stream->queue.wait();
        const std::string pieces = stream->queue.take();
        if (pieces.empty()) continue;
        auto written = co_await writer.write(pieces);
        if (!written) break;
    }
}

}  // namespace

http::Response event_stream(std::shared_ptr<EventStream> stream) {
    http::Response response = event_stream_head();
    response.stream = [stream = std::move(stream)](http::BodyWriter& writer) {
        return write_events(stream, writer);
    };
    return response;
}

}  // namespace lineshaft::api
