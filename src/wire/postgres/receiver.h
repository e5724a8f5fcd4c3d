// The server's ear: bytes in, messages out. No sockets, no clock, so every test is a function call.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.h"
#include "wire/postgres/message.h"

namespace lineshaft::postgres {

/// Understands one connection. Messages are taken one by one, so that whoever serves them decides
/// how far to read: everything not taken stays here, at most one message and what one feed() added.
/// Hostile input ends in Broken, never in CHECK, and how the bytes were cut changes nothing.
class Receiver {
public:
    explicit Receiver(Limits limits) : limits_(limits) {}

    void feed(Bytes more);
    /// The next whole message, or nothing: more bytes are needed. After Broken nothing comes.
    std::optional<Message> next();

    /// The client was let in: from now on it may ask. Until then, after Startup, it may only send
    /// SASL messages.
    void admit() { stage_ = Stage::open; }

    /// Bytes that were fed and not taken. Must be 0 where TLS begins, or a stranger who could write
    /// in front of the handshake would be heard as the client behind it (CVE-2021-23222).
    std::size_t left() const { return buffer_.size() - at_; }
    bool is_broken() const { return is_broken_; }

    /// Extended query: after an error everything up to the next Sync is left out ("Message Flow",
    /// "Extended Query"). Terminate is heard all the same.
    void skip_to_sync() { is_skipping_ = true; }

private:
    enum class Stage : std::uint8_t { startup, login_first, login, open };

    std::optional<Message> next_startup();
    std::optional<Message> next_typed();
    Message broken(std::string why);
    void drop(std::size_t count);

    Limits limits_;
    std::string buffer_;
    std::size_t at_ = 0;  // taken of buffer_
    Stage stage_ = Stage::startup;
    bool is_skipping_ = false;
    bool is_broken_ = false;
};

}  // namespace lineshaft::postgres
