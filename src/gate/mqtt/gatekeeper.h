#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/stream.h"
#include "io/task.h"
#include "trust/principal.h"
#include "wire/mqtt/reason.h"

namespace lineshaft::broker {

/// What a client showed. Views are the caller's, valid until the Task ends.
struct Credentials {
    std::string_view client_id;
    std::optional<std::string_view> user_name;
    std::optional<std::string_view> password;
    io::Peer peer;
    mqtt::Version version = mqtt::Version::v5_0;
};

/// principal null: refused with `reason` (0x86 bad_user_name_or_password, 0x87 not_authorized,
/// 0x85 client_identifier_not_valid for a name this principal may not use, 0x88, 0x89).
struct Admission {
    trust::PrincipalPtr principal;
    mqtt::Reason reason = mqtt::Reason::not_authorized;
};

/// Rights, decided elsewhere. Called on every shard, so it must answer from snapshots without
/// waiting (all but `admit`). Outlives the broker. Asked at each publish, at each SUBSCRIBE, again
/// at each delivery, on resume, and for retained messages: a right withdrawn works at once.
class Gatekeeper {
public:
    virtual io::Task<Admission> admit(Credentials shown) = 0;
    virtual bool may_publish(const trust::Principal& who, std::string_view topic) const = 0;
    /// `filter` without share prefix.
    virtual bool may_subscribe(const trust::Principal& who, std::string_view filter) const = 0;
    virtual bool may_receive(const trust::Principal& who, std::string_view topic) const = 0;
    /// False: its credential is revoked or its rights are others now; live sessions end.
    virtual bool still_holds(const trust::Principal& who) const = 0;
    /// A short text that names a principal in stored sessions and retained messages, and back.
    /// find gives null when it is gone: what it retained is hidden, its session gets nothing.
    virtual std::string reference(const trust::Principal& who) const = 0;
    virtual trust::PrincipalPtr find(std::string_view reference) const = 0;

    /// A topic may have another name for one client than for the node (a ThingsBoard device says
    /// "me" for itself). What it publishes and subscribes to comes in, deliveries go out; nothing:
    /// it stands as it is. Rights, routing and storage know the node's name only. Filters with
    /// their share prefix.
    virtual std::optional<std::string> topic_in(const trust::Principal&, std::string_view) const {
        return std::nullopt;
    }
    virtual std::optional<std::string> filter_in(const trust::Principal&, std::string_view) const {
        return std::nullopt;
    }
    virtual std::optional<std::string> topic_out(const trust::Principal&, std::string_view) const {
        return std::nullopt;
    }

    // What the client's organisation may take of the node. Default: no limit.
    /// False: one more message would be over its rate.
    virtual bool take_message(const trust::Principal&) { return true; }
    /// A session comes to be (false: it may not), is there at the start, or is gone.
    virtual bool take_session(OrganisationId) { return true; }
    virtual void session_loaded(OrganisationId) {}
    virtual void session_gone(OrganisationId) {}
    /// Retained messages count for the organisation of who published them.
    /// So many bytes more are taken; false: there is no room for them. What turns out not to be
    /// needed, or is gone, is told as a change.
    virtual bool take_retained(OrganisationId, std::int64_t) { return true; }
    virtual void retained_changed(OrganisationId, std::int64_t) {}
    virtual ~Gatekeeper() = default;
};

}  // namespace lineshaft::broker
