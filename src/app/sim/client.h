// The demo plant without its sockets: what a simulated MQTT client would say, and when.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sim {

using Publication = sparkplug::Publication;

/// One MQTT client of the demo plant. The owner connects with `client_id` and `will`, subscribes to
/// `filters`, publishes what `connected` returns, then calls `step` about once a second and
/// `on_message` for what arrives, publishing what they return in order. When the connection breaks
/// it calls `lost`, goes on stepping, and starts again at `will`. The same seed and the same calls
/// give the same plant. Time is a parameter; it may stand still or jump ahead, never go back.
class Client {
public:
    virtual ~Client() = default;

    virtual std::string client_id() const = 0;
    /// To be called once for each CONNECT: it may carry the number of the session.
    virtual std::optional<Publication> will(Instant now) = 0;
    virtual std::vector<std::string> filters() const = 0;
    virtual std::vector<Publication> connected(Instant now) = 0;
    virtual void lost() = 0;
    /// Lets the plant live until `now`.
    virtual std::vector<Publication> step(Instant now) = 0;
    /// A command; what cannot be understood or done changes nothing.
    virtual std::vector<Publication> on_message(std::string_view topic, Bytes payload,
                                                Instant now) = 0;
    /// What to publish before leaving on purpose.
    virtual std::vector<Publication> goodbye(Instant now) = 0;
};

}  // namespace lineshaft::sim
