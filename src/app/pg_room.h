#pragma once
#include <memory>
#include <optional>
#include <string>

#include "app/settings.h"
#include "catalog/desk.h"
#include "gate/pg/door.h"
#include "io/listener.h"
#include "query/query.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "trust/throttle.h"

namespace lineshaft::app {

/// PostgreSQL's door and its questions answered by trust and catalog. Owner: the node; opened and
/// closed from no shard's thread, outlives its listener.
class PgRoom final : public pg::Gatekeeper {
public:
    struct Rooms {
        io::Shards& shards;
        catalog::Desk& desk;
        trust::Porter& porter;
        query::Engine& engine;
        trust::Audit& audit;
        std::shared_ptr<io::TlsServer> tls;  ///< null: none
        std::optional<trust::Role> loopback_role;
        std::string stranger_key;
    };
    PgRoom(Rooms rooms, const Settings& settings, query::Limits statement);

    io::Listener::OnStream on_stream();
    /// Prometheus text.
    io::Task<std::string> metrics();
    void close() { door_.close(); }

    /// A token by its name: `user` is "name", or "organisation/name"; without an organisation the
    /// database may name one, else it is `default`. "loopback" is the setting trust.loopback_role.
    pg::Known find(std::string_view user, std::string_view database,
                   const io::Peer& peer) const override;
    bool still_holds(const trust::Principal& who) const override;
    io::Task<io::Steady> may_try(std::string account, std::string address) override;
    io::Task<void> admitted(trust::PrincipalPtr who, std::string account,
                            std::string address) override;
    void refused(std::string_view user, const io::Peer& peer, std::string_view why) override;

private:
    static io::Task<io::Steady> try_there(PgRoom* room, std::string account, std::string address);
    static io::Task<bool> forgive_there(PgRoom* room, std::string account, std::string address);

    Rooms rooms_;
    trust::LoginThrottle throttle_;  // shard 0
    pg::Door door_;
};

}  // namespace lineshaft::app
