#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "io/stream.h"
#include "io/task.h"
#include "wire/mqtt/reason.h"

namespace lineshaft::broker {

/// Who a session acts as: what the broker shows, compares and stores. Immutable; the rights
/// themselves are the gatekeeper's, asked anew each time.
class Principal {
public:
    OrganisationId organisation{1};
    std::string name;       ///< shown: "token press-7", "ann"
    std::string reference;  ///< stored; Gatekeeper::find gives the principal back, or says it is gone
    std::uint64_t credential = 0;  ///< for Broker::revoke
    virtual ~Principal() = default;
};
using PrincipalPtr = std::shared_ptr<const Principal>;

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
    PrincipalPtr principal;
    mqtt::Reason reason = mqtt::Reason::not_authorized;
};

/// Rights, decided elsewhere. Called on every shard, so it must answer from snapshots without
/// waiting (all but `admit`). Outlives the broker. Asked at each publish, at each SUBSCRIBE, again
/// at each delivery, on resume, and for retained messages: a right withdrawn works at once.
class Gatekeeper {
public:
    virtual io::Task<Admission> admit(Credentials shown) = 0;
    virtual bool may_publish(const Principal& who, std::string_view topic) const = 0;
    /// `filter` without share prefix.
    virtual bool may_subscribe(const Principal& who, std::string_view filter) const = 0;
    virtual bool may_receive(const Principal& who, std::string_view topic) const = 0;
    /// The principal a stored reference names; null: it is gone, or may do nothing any more.
    virtual PrincipalPtr find(std::string_view reference) const = 0;
    virtual ~Gatekeeper() = default;
};

}  // namespace lineshaft::broker
