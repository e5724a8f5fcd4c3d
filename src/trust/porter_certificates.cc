// How the porter knows machines by their certificates, and notices when one has ended.
#include "base/machine_id.h"
#include "trust/porter.h"

namespace lineshaft::trust {
namespace {

constexpr io::Steady ends_interval{5'000};
/// Ends of other authorities' certificates are not listed anywhere: ask so often.
constexpr unsigned beats_per_outside = 6;

}  // namespace

Result<std::shared_ptr<const Keyring>> Porter::load_ring() {
    TRY(const auto tokens, principals_.tokens());
    TRY(const auto certificates, principals_.certificates());
    return std::make_shared<const Keyring>(tokens, certificates);
}

PrincipalPtr Porter::by_certificate(const io::Peer& peer) {
    if (!peer.certificate) return nullptr;
    const io::PeerCertificate& shown = *peer.certificate;
    const Instant now = io::Shard::here().now();
    const auto digest = digest_of(shown.sha256);
    const auto root = digest_of(shown.root_sha256);
    if (!digest || !root || shown.not_after <= now) return nullptr;
    if (*root == certificates_.own_root) return keys().ring()->by_certificate(*digest, now);
    const auto named = outside_machine(certificates_.outside_organisation, shown.common_name);
    if (!named) return nullptr;
    Principal principal = *named;
    principal.expires = shown.not_after;
    here().has_outside = true;
    return std::make_shared<const Principal>(std::move(principal));
}

PrincipalPtr Porter::outside_machine(OrganisationId organisation, std::string_view machine) const {
    if (certificates_.outside_name.empty()) return nullptr;
    if (organisation != certificates_.outside_organisation || !check_machine_id(machine)) {
        return nullptr;
    }
    return std::make_shared<const Principal>(Principal{PrincipalKind::certificate, organisation,
                                                       certificates_.outside_name, std::nullopt,
                                                       std::string(machine), std::string(machine)});
}

bool Porter::still_holds(const Principal& principal) {
    if (principal.expires.micros != 0 && principal.expires <= io::Shard::here().now()) return false;
    return keys().ring()->still_holds(principal);
}

void Porter::watch_ends() {
    io::Shard::here().wheel().arm(here().ends_timer, ends_interval, [this] {
        tell_ends();
        watch_ends();
    });
}

// Listeners look at every session they have, so they are asked only when there is a reason. A clock
// that was set back makes nothing end; one that was set forward ends what it passed.
void Porter::tell_ends() {
    OnShard& shard = here();
    const Instant now = io::Shard::here().now();
    const bool has_ended = shard.keys.ring()->ending(shard.asked_at, now) > 0;
    const bool is_outside_due = shard.has_outside && ++shard.beats % beats_per_outside == 0;
    shard.asked_at = now;
    if (has_ended || is_outside_due) shard.keys.tell();
}

}  // namespace lineshaft::trust
