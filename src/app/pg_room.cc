#include "app/pg_room.h"

#include <fmt/format.h>

#include "base/log.h"
#include "trust/loopback.h"

namespace lineshaft::app {
namespace {

constexpr std::string_view loopback_user = "loopback";

pg::Limits pg_limits(const Settings& settings, query::Limits statement) {
    pg::Limits limits;
    limits.connections_max = static_cast<std::size_t>(settings.pg_connections_max);
    limits.arriving_max = limits.connections_max + 100;
    limits.idle_max = std::chrono::seconds{settings.pg_idle_timeout_s};
    limits.statement = statement;
    return limits;
}

}  // namespace

PgRoom::PgRoom(Rooms rooms, const Settings& settings, query::Limits statement)
    : rooms_(std::move(rooms)),
      door_({rooms_.shards, rooms_.engine, *this, rooms_.tls, rooms_.stranger_key},
            {.loopback = settings.pg_tls != "require",
             .elsewhere = settings.pg_tls != "require" && settings.trust_plaintext_off_loopback},
            pg_limits(settings, statement)) {
    rooms_.shards.run_everywhere([this](io::Shard&) {
        rooms_.porter.keys().on_change([this](const trust::Keyring&) {
            const auto ended = door_.recheck_here();
            if (ended > 0) log::info("{} PostgreSQL connections ended with their token", ended);
        });
    });
}

io::Listener::OnStream PgRoom::on_stream() {
    return [this](std::unique_ptr<io::Stream> stream) { door_.serve(std::move(stream)); };
}

io::Task<std::string> PgRoom::metrics() {
    auto stats = co_await door_.stats();
    std::string page;
    for (const auto& field : pg::stat_fields()) {
        page += fmt::format("# TYPE lineshaft_pg_{0}_total counter\nlineshaft_pg_{0}_total {1}\n",
                            field.name, stats.*field.member);
    }
    page += fmt::format("# TYPE lineshaft_pg_open gauge\nlineshaft_pg_open {}\n", door_.open());
    co_return page;
}

pg::Known PgRoom::find(std::string_view user, std::string_view database,
                       const io::Peer& peer) const {
    const auto catalog = rooms_.desk.snapshot();
    const auto ring = rooms_.porter.keys().ring();
    const auto organisation_of = [&](std::string_view name) -> std::optional<OrganisationId> {
        const auto* found = catalog->organisation(name);
        return found == nullptr ? std::nullopt : std::optional(found->id);
    };
    const trust::TokenRecord* token = nullptr;
    const auto slash = user.find('/');
    if (slash != user.npos) {
        const auto organisation = organisation_of(user.substr(0, slash));
        if (organisation) token = ring->by_name(*organisation, user.substr(slash + 1));
    }
    if (const auto organisation = organisation_of(database); organisation && token == nullptr)
        token = ring->by_name(*organisation, user);
    if (token == nullptr) token = ring->by_name(catalog::default_organisation, user);
    if (token != nullptr) return {ring->by_id(token->id), token->scram_verifier};
    if (user == loopback_user)
        return {trust::loopback_principal(rooms_.loopback_role, peer.is_loopback)};
    return {};
}

bool PgRoom::still_holds(const trust::Principal& who) const {
    return rooms_.porter.still_holds(who);
}

io::Task<io::Steady> PgRoom::try_there(PgRoom* room, std::string account, std::string address) {
    co_return room->throttle_.admit(account, address, io::Shard::here().clock().steady());
}

io::Task<bool> PgRoom::forgive_there(PgRoom* room, std::string account, std::string address) {
    room->throttle_.succeeded(account, address);
    co_return true;
}

io::Task<io::Steady> PgRoom::may_try(std::string account, std::string address) {
    auto wait = co_await rooms_.shards.at(0).call(&PgRoom::try_there, this, std::move(account),
                                                  std::move(address));
    co_return wait;
}

io::Task<void> PgRoom::admitted(trust::PrincipalPtr who, std::string account,
                                std::string address) {
    rooms_.porter.note_use(*who);
    (void)co_await rooms_.shards.at(0).call(&PgRoom::forgive_there, this, std::move(account),
                                            std::move(address));
}

void PgRoom::refused(std::string_view user, const io::Peer& peer, std::string_view why) {
    auto line = trust::audit_of({}, peer.address, "pg.connect", user, why);
    line.outcome = trust::AuditOutcome::refused;
    rooms_.audit.note(std::move(line));
}

}  // namespace lineshaft::app
