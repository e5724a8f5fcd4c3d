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
    Connection(Responder& responder, std::unique_ptr<io::Stream> stream, const DoorLimits& limits);

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

    Responder& responder_;
    std::unique_ptr<io::Stream> stream_;
    const DoorLimits limits_;
    std::string in_, out_;
    std::size_t read_ = 0;  // of in_: taken already
    std::size_t in_work_ = 0;
    bool is_writing_ = false, is_broken_ = false;
    io::Pause room_;  // the reader's, for answers in work and those not taken
    io::Nursery answers_{"handle answers"};
};

}  // namespace lineshaft::handle
