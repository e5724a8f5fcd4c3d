#include "gate/mqtt/link.h"

#include <algorithm>

#include "gate/mqtt/hub.h"

namespace lineshaft::broker {
namespace {

constexpr std::size_t busy_bytes = 4 << 10;
constexpr io::Steady linger_max{1'000};
constexpr io::Steady youth{1'000};
/// A read of so much: the sender may have more, and can wait for those who have little to say.
constexpr std::size_t bulk_bytes = 16 << 10;

}  // namespace

Link::Link(Hub& its_hub, std::unique_ptr<io::Stream> its_stream, bool its_is_websocket)
    : hub(its_hub),
      stream(std::move(its_stream)),
      connection(its_hub.limits().wire),
      place(static_cast<std::uint32_t>(its_hub.links.size())),
      is_websocket(its_is_websocket),
      opened_ms_(its_hub.shard.clock().steady().count()) {
    ++hub.unaccepted;
}

Link::~Link() {
    if (!is_accepted) --hub.unaccepted;
}

bool Link::is_young() const {
    return hub.shard.clock().steady() - io::Steady(opened_ms_) < youth;
}

Link::Busy& Link::busy() {
    if (!busy_) busy_ = std::make_unique<Busy>();
    return *busy_;
}

void Link::shrink() {
    if (busy_ && busy_->is_idle() && !is_held) busy_.reset();
}

// ---- Writing ---------------------------------------------------------------------------------

void Link::flush() {
    is_flush_due = false;
    while (!is_writing() && connection.output_bytes() != 0) {
        // A spare buffer only for a busy connection: it stays there while nothing is written.
        std::string spare;
        if (connection.output_bytes() > busy_bytes) spare = std::exchange(hub.spare_output, {});
        std::string bytes = connection.take_output(std::move(spare));
        const auto written = stream->try_write(as_bytes(bytes));
        if (!written) break;  // the reader finds out and ends the link
        if (*written == bytes.size()) {
            hub.keep_spare(std::move(bytes));
            continue;
        }
        if (is_over_) break;  // what the socket does not take at the end is lost
        Busy& rest = busy();
        rest.unsent = std::move(bytes);
        rest.unsent_at = *written;
        rest.is_writing = true;
        hub.nursery.spawn(write_rest(this));
    }
    ease();
    wake();
}

void Link::ease() {
    if (!is_slow || backlog_bytes() > hub.limits().qos0_mark_bytes / 4) return;
    is_slow = false;
    if (session != nullptr) hub.set_slow(*session, false);
}

io::Task<void> write_rest(Link* link) {
    Link::Busy& rest = link->busy();
    while (!link->is_over_ && rest.unsent_at < rest.unsent.size()) {
        auto writable = co_await link->stream->wait_writable(link->hub.limits().write_stall_max);
        if (!writable) {
            if (writable.error().code == Code::timeout && !link->is_over_) {
                ++link->hub.stats.write_stalls;
                link->end(mqtt::Reason::unspecified_error, "it did not read", true);
            }
            break;
        }
        if (link->is_over_) break;
        const auto written = link->stream->try_write(as_bytes(rest.unsent).subspan(rest.unsent_at));
        if (!written) break;
        rest.unsent_at += *written;
        link->ease();
    }
    rest.is_writing = false;
    rest.unsent = {};
    rest.unsent_at = 0;
    if (!link->is_over_) {
        link->flush();
        if (link->session != nullptr) link->session->pump();
    }
    if (rest.is_writing) co_return;
    if (!rest.waiting_end) co_return link->shrink();
    auto answer = std::move(*rest.waiting_end);
    rest.waiting_end.reset();
    answer(true);
}

// ---- Reading ---------------------------------------------------------------------------------

bool Link::wants_input() const {
    return connection.wants_input() && backlog_bytes() <= hub.limits().output_bytes_max &&
           (session == nullptr || !session->is_paused()) && !is_throttled && !is_held &&
           !is_subscribing && !hub.lane.is_full();
}

io::Task<void> Link::input_allowed() {
    hub.wait_for_room(*this);
    auto woken = co_await io::suspend<bool>(
        [this](io::Answer<bool> answer) { busy().waiting_input.emplace(std::move(answer)); });
    (void)woken;
}

bool Link::wake() {
    if (!busy_ || !busy_->waiting_input) return false;
    if (!is_over_ && !wants_input()) {
        hub.wait_for_room(*this);
        return false;
    }
    auto answer = std::move(*busy_->waiting_input);
    busy_->waiting_input.reset();
    answer(true);
    return true;
}

io::Task<void> Link::turn_to_connect() {
    auto turn = co_await io::suspend<bool>([this](io::Answer<bool> answer) {
        busy().waiting_turn.emplace(std::move(answer));
        hub.wait_to_connect(*this);
    });
    (void)turn;
}

void Link::let_connect() {
    if (!busy_ || !busy_->waiting_turn) return;
    auto answer = std::move(*busy_->waiting_turn);
    busy_->waiting_turn.reset();
    answer(true);
}

io::Steady Link::patience() const {
    const auto silence = connection.silence_max();
    if (!silence) return io::for_ever;
    if (is_accepted) return *silence;
    const io::Steady spent = hub.shard.clock().steady() - io::Steady(opened_ms_);
    return std::max(*silence - spent, io::Steady{1});
}

void Link::take(const Result<Bytes>& input) {
    if (is_over_) return;
    if (!input) {
        if (input.error().code != Code::timeout) {
            return end(mqtt::Reason::unspecified_error, "the connection broke", true);
        }
        ++(is_accepted ? hub.stats.keep_alive_timeouts : hub.stats.connects_refused_silent);
        return end(mqtt::Reason::keep_alive_timeout, "keep alive timeout", true);
    }
    handle_all(connection.receive(*input));
    if (!is_over_) flush();
}

// A CONNECT is always the last event of its bytes, because what comes behind it is held back.
void Link::handle_all(std::vector<mqtt::Event> events) {
    for (mqtt::Event& event : events) {
        if (is_over_) return;
        if (auto* received = std::get_if<mqtt::ConnectReceived>(&event)) {
            connect_ = std::move(received->connect);
            return;
        }
        handle(*this, std::move(event));
    }
}

// ---- The end ---------------------------------------------------------------------------------

void Link::end(mqtt::Reason reason, std::string_view why, bool with_will) {
    if (is_over_) return;
    is_over_ = true;
    if (!connection.closed())
        connection.disconnect(reason, {.reason_string = std::string(why), .user = {}});
    if (session != nullptr) hub.detach(*session, reason, why, with_will);
    flush();
    stream->end_writing();
    if (is_parked_) stream->stop_waiting();
    hub.shard.wheel().arm(busy().linger, linger_max, [this] { hang_up(); });
    wake();
    let_connect();
}

void Link::hang_up() {
    if (busy_) busy_->linger.disarm();
    stream->close();
}

// Everything but reading: a frame of its own, so that one that reads is small.
io::Task<void> step_aside(Link* link) {
    if (link->connect_) {
        if (!link->hub.may_connect()) {
            co_await link->turn_to_connect();
            if (link->is_over_) link->connect_.reset();
            if (!link->connect_) co_return;
        }
        auto behind = co_await open_session(link, std::exchange(link->connect_, nullptr));
        link->handle_all(std::move(behind));
        if (!link->is_over_) link->flush();
        co_return;
    }
    if (!link->is_over_) {
        co_await link->input_allowed();
        co_return;
    }
    // A socket closed with bytes unread is reset, and the client would lose our last words.
    while (link->stream->is_open()) {
        auto ignored = co_await link->stream->read_some(linger_max);
        if (!ignored) break;
    }
    link->hang_up();
    while (link->is_writing()) {
        auto ended = co_await io::suspend<bool>([link](io::Answer<bool> answer) {
            link->busy().waiting_end.emplace(std::move(answer));
        });
        (void)ended;
    }
}

io::Task<void> serve_link(Link* link) {
    for (;;) {
        const bool is_last = link->is_over_;
        if (link->is_busy()) {
            co_await step_aside(link);
            if (is_last) break;
            continue;
        }
        if (link->stream->can_wait_readable()) {
            link->read_on();
            co_return;
        }
        link->shrink();
        auto input = co_await link->stream->read_some(link->patience());
        link->take(input);
    }
    link->hub.forget(*link);
}

void Link::on_readable() {
    if ((!is_accepted || is_bulk) && !is_over_ && !hub.is_closing) return hub.attend_later(*this);
    attend();
}

void Link::attend() {
    is_parked_ = false;
    --hub.parked_links;
    read_on();
}

void Link::read_on() {
    if (is_busy()) return hub.nursery.spawn(serve_link(this));
    const auto input = stream->read_now();
    if (!input && !is_leaving && !hub.is_closing) {
        is_leaving = is_parked_ = true;
        ++hub.parked_links;
        return hub.leave_later(*this);
    }
    is_bulk = input && input->size() >= bulk_bytes;
    if (!input || !input->empty()) take(input);
    if (is_busy()) return hub.nursery.spawn(serve_link(this));
    shrink();
    is_parked_ = true;
    ++hub.parked_links;
    stream->wait_readable(patience(), *this);
}

}  // namespace lineshaft::broker
