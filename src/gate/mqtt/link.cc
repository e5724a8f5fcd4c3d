#include "gate/mqtt/link.h"

#include <algorithm>

#include "gate/mqtt/hub.h"

namespace lineshaft::broker {
namespace {

constexpr std::size_t busy_bytes = 4 << 10;

}  // namespace

Link::Link(Hub& its_hub, std::unique_ptr<io::Stream> its_stream)
    : hub(its_hub), stream(std::move(its_stream)), connection(its_hub.limits().wire),
      since(its_hub.now()), place(static_cast<std::uint32_t>(its_hub.links.size())),
      opened_(its_hub.shard.clock().steady()) {
    hub.links.push_back(this);
    ++hub.unaccepted;
}

Link::~Link() {
    if (!is_accepted) --hub.unaccepted;
    hub.forget(*this);
}

// ---- Writing ---------------------------------------------------------------------------------

void Link::flush() {
    is_flush_due = false;
    while (!is_writing_ && connection.output_bytes() != 0) {
        // A spare buffer only for a busy connection: it stays there while nothing is written.
        std::string spare;
        if (connection.output_bytes() > busy_bytes) spare = std::exchange(hub.spare_output, {});
        unsent_ = connection.take_output(std::move(spare));
        unsent_at_ = 0;
        const auto written = stream->try_write(as_bytes(unsent_));
        if (!written) {
            unsent_ = {};
            break;  // the reader finds out and ends the link
        }
        if (*written < unsent_.size()) {
            unsent_at_ = *written;
            if (is_over_) {  // what the socket does not take at the end is lost
                unsent_ = {};
                break;
            }
            is_writing_ = true;
            hub.nursery.spawn(write_rest(this));
            break;
        }
        hub.keep_spare(std::exchange(unsent_, {}));
        unsent_at_ = 0;
    }
    wake();
}

io::Task<void> write_rest(Link* link) {
    while (!link->is_over_ && link->unsent_at_ < link->unsent_.size()) {
        auto writable = co_await link->stream->wait_writable(link->hub.limits().write_stall_max);
        if (!writable) {
            if (writable.error().code == Code::timeout && !link->is_over_) {
                ++link->hub.stats.write_stalls;
                link->end(mqtt::Reason::unspecified_error, "it did not read", true);
            }
            break;
        }
        if (link->is_over_) break;
        const auto rest = as_bytes(link->unsent_).subspan(link->unsent_at_);
        const auto written = link->stream->try_write(rest);
        if (!written) break;
        link->unsent_at_ += *written;
    }
    link->is_writing_ = false;
    link->unsent_ = {};
    link->unsent_at_ = 0;
    if (!link->is_over_) {
        link->flush();
        if (link->session != nullptr) link->session->pump();
        if (!link->is_writing_ && link->connection.output_bytes() != 0) link->flush();
    }
    if (!link->is_writing_ && link->waiting_end_) {
        auto answer = std::move(*link->waiting_end_);
        link->waiting_end_.reset();
        answer(true);
    }
}

io::Task<void> Link::writer_ended() {
    while (is_writing_) {
        auto ended = co_await io::suspend<bool>(
            [this](io::Answer<bool> answer) { waiting_end_.emplace(std::move(answer)); });
        (void)ended;
    }
}

// ---- Reading ---------------------------------------------------------------------------------

bool Link::wants_input() const {
    return connection.wants_input() && backlog_bytes() <= hub.limits().output_bytes_max &&
           (session == nullptr || !session->is_paused()) && !hub.lane.is_full();
}

io::Task<bool> Link::input_allowed() {
    hub.wait_for_room(*this);
    auto go_on = co_await io::suspend<bool>(
        [this](io::Answer<bool> answer) { waiting_input_.emplace(std::move(answer)); });
    std::erase(hub.paused_links(), this);
    co_return go_on;
}

void Link::wake() {
    if (!waiting_input_) return;
    if (!is_over_ && !wants_input()) {
        if (std::ranges::find(hub.paused_links(), this) == hub.paused_links().end()) hub.wait_for_room(*this);
        return;
    }
    auto answer = std::move(*waiting_input_);
    waiting_input_.reset();
    answer(!is_over_);
}

io::Steady Link::patience() const {
    const auto silence = connection.silence_max();
    if (!silence) return io::for_ever;
    if (is_accepted) return *silence;
    const auto spent = hub.shard.clock().steady() - opened_;
    return std::max(*silence - spent, io::Steady{1});
}

void Link::end(mqtt::Reason reason, std::string_view why, bool with_will) {
    if (is_over_) return;
    is_over_ = true;
    if (!connection.closed()) connection.disconnect(reason, {.reason_string = std::string(why), .user = {}});
    if (session != nullptr) hub.detach(*session, reason, why, with_will);
    flush();
    stream->close();
    wake();
}

void Link::lost(const Error& why) {
    if (why.code == Code::timeout) {
        if (is_accepted) ++hub.stats.keep_alive_timeouts;
        return end(mqtt::Reason::keep_alive_timeout, "keep alive timeout", true);
    }
    end(mqtt::Reason::unspecified_error, "the connection broke", true);
}

io::Task<void> serve_link(Hub* hub, std::unique_ptr<io::Stream> stream) {
    Link link(*hub, std::move(stream));
    while (!link.is_over_) {
        if (!link.wants_input()) {
            auto go_on = co_await link.input_allowed();
            if (!go_on) break;
            continue;
        }
        auto input = co_await link.stream->read_some(link.patience());
        if (link.is_over_) break;
        if (!input) {
            link.lost(input.error());
            break;
        }
        auto events = link.connection.receive(*input);
        for (std::size_t at = 0; at < events.size() && !link.is_over_; ++at) {
            if (auto* connect = std::get_if<mqtt::ConnectReceived>(&events[at])) {
                auto behind = co_await open_session(&link, std::move(connect->connect));
                events = std::move(behind);
                at = static_cast<std::size_t>(-1);
                continue;
            }
            handle(link, std::move(events[at]));
        }
        if (!link.is_over_) link.flush();
    }
    co_await link.writer_ended();
}

}  // namespace lineshaft::broker
