#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "gate/mqtt/gatekeeper.h"
#include "gate/mqtt/pressure.h"
#include "io/stream.h"
#include "wire/mqtt/message.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::broker {

/// One accepted publish. Immutable once it left the shard it was received on.
struct Publication {
    mqtt::Message message;
    trust::PrincipalPtr publisher;  ///< null: the node itself
    std::uint64_t session = 0;      ///< of the publisher; 0: the node
    Instant received;
    Instant expires{0};  ///< zero: never
    mqtt::Qos qos = mqtt::Qos::at_most_once;
    bool retain = false;
};

/// The node's own consumer of publishes (Sparkplug host, JSON telemetry, ThingsBoard topics).
class Tap {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    /// Asked for every publish, so it must be quick: usually a prefix comparison.
    virtual bool wants(std::string_view topic) const = 0;
    /// Called on the publisher's shard, in the order of each publisher's messages. `done` joins the
    /// acknowledgement and must be called exactly once, on that shard, now or later; usually
    /// through the shard's store::Lane, so that sample and message are one commit. QoS 0 also owes
    /// a `done`. Its error becomes the reason code of PUBACK or PUBREC (codes.cc); an `invalid`
    /// payload at 3.1.1 is acknowledged and counted, because sending it again can never make it
    /// right. QoS 2: the packet id is kept, and others get the message, once every `done` was
    /// called without error; after a crash before that, the client sends again and the message is
    /// taken again.
    /// May be called again for one message when its commit failed and the publisher was paused.
    virtual void take(const std::shared_ptr<const Publication>& publication, Done done) = 0;
    virtual ~Tap() = default;
};

/// Told on the session's shard. Take-over tells `disconnected`, then `connected`.
class Observer {
public:
    struct Client {
        std::string_view client_id;
        const trust::Principal& principal;
        const io::Peer& peer;
        mqtt::Version version;
    };
    virtual void connected(const Client& client) = 0;
    /// The node's load level; told on shard 0. `cause`: what was measured, for people.
    virtual void load_changed(LoadLevel, LoadLevel, std::string_view) {}
    virtual void disconnected(const Client& client, mqtt::Reason reason, std::string_view why) = 0;
    virtual ~Observer() = default;
};

}  // namespace lineshaft::broker
