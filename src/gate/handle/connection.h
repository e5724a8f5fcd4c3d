// One TCP connection of a Handle System client.
#pragma once
#include <memory>
#include <string>

#include "gate/handle/responder.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/stream.h"

namespace lineshaft::handle {

/// Messages in, answers out, matched by request id: what needs no waiting is answered in order,
/// changes as they become durable. One frame and what is unread, while idle. Stays open until the
/// peer ends its side, is silent for idle_max, or sends what is no message. Owner: the shard.
class Connection {
public:
    /// `is_pool`: clients of the Chinese extension may log in, and it holds for the connection.
    Connection(Responder& responder, std::unique_ptr<io::Stream> stream, const DoorLimits& limits,
               bool is_pool = false);

    io::Task<void> serve();
    /// From the nursery, at shutdown: no new question is read.
    void stop();

private:
    friend class ConnectionOut;
    io::Task<Result<void>> read();
    io::Task<Result<void>> take_messages();
    Result<bool> take_message();
    io::Task<void> answer_later(std::string message);
    io::Task<bool> flush();
    std::optional<Reference> who() const;

    Responder& responder_;
    std::unique_ptr<io::Stream> stream_;
    const DoorLimits limits_;
    std::string in_, out_;
    std::size_t read_ = 0;  // of in_: taken already
    std::size_t in_work_ = 0;
    bool is_writing_ = false, ends_when_sent_ = false, is_broken_ = false;
    bool has_ended_ = false;  // the peer's side: what never ends of itself ends then
    const bool is_pool_;
    std::optional<Reference> login_;
    io::Steady login_until_{0};
    io::Pause room_;  // the reader's, for answers in work and those not taken
    io::Nursery answers_{"handle answers"};
};

}  // namespace lineshaft::handle
