#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/stream.h"
#include "io/task.h"
#include "io/wheel.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::broker {

class Hub;
class Session;

/// One connection: the stream, the protocol, and what the socket has not taken yet. Owner: its hub,
/// until serve_link has seen its end. While it has a session, that session names it; `end` parts
/// them. Idle on a plain socket it has no coroutine: the stream tells it when something arrives,
/// and serve_link runs only while it opens a session, waits for room, or ends.
class Link final : private io::ReadWaiter {
public:
    Link(Hub& hub, std::unique_ptr<io::Stream> stream, bool is_websocket);
    ~Link();
    Link(const Link&) = delete;

    /// Writes what the socket takes; the rest waits for it in a coroutine of its own.
    void flush();
    /// Whether the next bytes may be read now.
    bool wants_input() const;
    /// Resumes reading if it waits and may go on. True: it does.
    bool wake();
    /// It waits for its turn to connect: now.
    void let_connect();
    /// It waits for its turn to be read for the first time: now.
    void attend();
    /// Its output fell below the mark, if it did: its senders go on.
    void ease();
    /// The session, if any, sleeps; the client is told `reason` if its version can; reading ends.
    /// The socket stays open for a moment so that this reaches a client that is still sending.
    void end(mqtt::Reason reason, std::string_view why, bool with_will);
    /// After end: no moment longer.
    void hang_up();
    /// Output not taken by the socket yet.
    std::size_t backlog_bytes() const {
        return connection.output_bytes() + (busy_ ? busy_->unsent.size() - busy_->unsent_at : 0);
    }
    bool is_over() const { return is_over_; }
    /// It came within the last second.
    bool is_young() const;

    Hub& hub;
    std::unique_ptr<io::Stream> stream;
    mqtt::Connection connection;
    Session* session = nullptr;
    std::uint32_t place = 0;  ///< in Hub::links
    bool is_flush_due = false;
    bool is_accepted = false;
    bool is_websocket = false;
    bool is_throttled = false;  ///< under load: not read until the next tick
    bool is_held = false;       ///< not read: a reader of its QoS 0 does not keep up
    bool is_bulk = false;         ///< its last read brought as much as one may: it has a line
    bool is_subscribing = false;  ///< not read: it subscribes faster than the pace
    bool is_slow : 1 = false;     ///< its output is above the mark; its senders know
    bool was_slow : 1 = false;    ///< much was waiting for its socket at the last tick
    bool is_leaving : 1 = false;  ///< its connection broke; it waits for its turn to end, or had it
    std::uint8_t lines = 0;     ///< the LinkLines it stands in, a bit each

private:
    friend class Hub;
    friend io::Task<void> serve_link(Link* link);
    friend io::Task<void> step_aside(Link* link);
    friend io::Task<void> write_rest(Link* link);
    /// What only a busy or ending link has.
    struct Busy {
        std::string unsent;
        std::size_t unsent_at = 0;
        std::optional<io::Answer<bool>> waiting_input;
        std::optional<io::Answer<bool>> waiting_end;
        std::optional<io::Answer<bool>> waiting_turn;
        io::Wheel::Timer linger;
        bool is_writing = false;
        io::Steady held_until{0};
        std::uint64_t held_for = 0;  // Hub::hold
        /// Nobody waits for anything in it.
        bool is_idle() const {
            return !is_writing && !waiting_input && !waiting_end && !waiting_turn &&
                   !linger.is_armed();
        }
    };
    Busy& busy();
    /// Before it waits for input, which may be for hours: a link that was busy once is small again.
    void shrink();
    bool is_writing() const { return busy_ && busy_->is_writing; }
    /// What was read, handled; a CONNECT waits for step_aside.
    void take(const Result<Bytes>& input);
    void handle_all(std::vector<mqtt::Event> events);
    io::Task<void> input_allowed();
    io::Task<void> turn_to_connect();
    void on_readable() override;
    /// Reads and handles what is there; then waits for more without a coroutine.
    void read_on();
    bool is_busy() const { return is_over_ || connect_ || !wants_input(); }
    io::Steady patience() const;

    bool is_over_ = false;
    bool is_parked_ = false;  // on_readable will be called
    std::unique_ptr<Busy> busy_;
    std::unique_ptr<mqtt::Connect> connect_;  // to be answered
    std::int64_t opened_ms_;                  // on the steady clock
};

/// Everything of a link that takes time; ends with the link, or when it only waits for input.
io::Task<void> serve_link(Link* link);

/// Answers ConnectReceived: admits the client, finds or makes its session, accepts. Gives the
/// events of bytes that came behind CONNECT. (connect.cc)
io::Task<std::vector<mqtt::Event>> open_session(Link* link, std::unique_ptr<mqtt::Connect> connect);

/// Handles every event but ConnectReceived. (link_events.cc)
void handle(Link& link, mqtt::Event&& event);

}  // namespace lineshaft::broker
