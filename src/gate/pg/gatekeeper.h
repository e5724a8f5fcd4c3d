#pragma once
#include <string>
#include <string_view>

#include "io/stream.h"
#include "io/task.h"
#include "trust/principal.h"

namespace lineshaft::pg {

/// Whom a user name stands for.
struct Known {
    trust::PrincipalPtr principal;  ///< null: nobody
    std::string verifier{};         ///< SCRAM (trust/scram.h); empty: needs no password
};

/// Who may come in, decided elsewhere. Called on every shard; outlives the door.
class Gatekeeper {
public:
    /// From snapshots, without waiting.
    virtual Known find(std::string_view user, std::string_view database,
                       const io::Peer& peer) const = 0;
    /// False: its credential is revoked or its rights are others now; its connections end.
    virtual bool still_holds(const trust::Principal& who) const = 0;

    /// Before a password is looked at: how long this attempt has to wait; zero: go on, and it counts
    /// as failed until admitted().
    virtual io::Task<io::Steady> may_try(std::string account, std::string address) = 0;
    virtual io::Task<void> admitted(trust::PrincipalPtr who, std::string account,
                                    std::string address) = 0;
    /// For the audit log. `why`: a literal.
    virtual void refused(std::string_view user, const io::Peer& peer, std::string_view why) = 0;
    virtual ~Gatekeeper() = default;
};

}  // namespace lineshaft::pg
