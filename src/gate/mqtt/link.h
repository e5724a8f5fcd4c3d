#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/stream.h"
#include "io/task.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::broker {

class Hub;
class Session;

/// One connection: the stream, the protocol, and what the socket has not taken yet. Owner: the
/// coroutine that reads it (Hub::serve), so it ends with that. While it has a session, that session
/// names it; `end` parts them.
class Link {
public:
    Link(Hub& hub, std::unique_ptr<io::Stream> stream);
    ~Link();
    Link(const Link&) = delete;

    /// Writes what the socket takes; the rest waits for it in a coroutine of its own.
    void flush();
    /// Whether the next bytes may be read now.
    bool wants_input() const;
    /// Resumes reading if it waits and may go on.
    void wake();
    /// The session, if any, sleeps; the client is told `reason` if its version can; reading ends.
    void end(mqtt::Reason reason, std::string_view why, bool with_will);
    /// Reading failed.
    void lost(const Error& why);
    /// Output not taken by the socket yet.
    std::size_t backlog_bytes() const { return unsent_.size() - unsent_at_ + connection.output_bytes(); }
    bool is_over() const { return is_over_; }

    Hub& hub;
    std::unique_ptr<io::Stream> stream;
    mqtt::Connection connection;
    Session* session = nullptr;
    Instant since;
    std::uint32_t place = 0;        ///< in Hub::links
    bool is_flush_due = false;
    bool is_accepted = false;

private:
    friend io::Task<void> serve_link(Hub* hub, std::unique_ptr<io::Stream> stream);
    friend io::Task<void> write_rest(Link* link);
    io::Task<bool> input_allowed();
    io::Task<void> writer_ended();
    io::Steady patience() const;

    io::Steady opened_;
    std::string unsent_;
    std::size_t unsent_at_ = 0;
    std::optional<io::Answer<bool>> waiting_input_;
    std::optional<io::Answer<bool>> waiting_end_;
    bool is_writing_ = false;
    bool is_over_ = false;
};

io::Task<void> serve_link(Hub* hub, std::unique_ptr<io::Stream> stream);

/// Answers ConnectReceived: admits the client, finds or makes its session, accepts. Gives the
/// events of bytes that came behind CONNECT. (connect.cc)
io::Task<std::vector<mqtt::Event>> open_session(Link* link, std::unique_ptr<mqtt::Connect> connect);

/// Handles every event but ConnectReceived. (link_events.cc)
void handle(Link& link, mqtt::Event&& event);

}  // namespace lineshaft::broker
