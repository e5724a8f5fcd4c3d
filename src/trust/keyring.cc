#include "trust/keyring.h"

#include <cstring>

#include "base/machine_id.h"
#include "trust/token.h"

namespace lineshaft::trust {

// The digest is uniform already.
std::size_t Keyring::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t head;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

Keyring::Keyring(const std::vector<TokenRecord>& tokens) : records_(tokens) {
    for (const TokenRecord& record : records_) {
        // Exactly one of the two, or the row is broken and the token opens nothing.
        if (record.role.has_value() == !record.machine.empty()) continue;
        if (!record.role && !check_machine_id(record.machine)) continue;
        auto principal = std::make_shared<const Principal>(
            Principal{PrincipalKind::token, record.organisation, record.organisation_name,
                      record.role, record.machine, record.name, record.id.number()});
        by_digest_[record.sha256] = principal;
        by_token_[record.id.number()] = std::move(principal);
    }
}

PrincipalPtr Keyring::authenticate(std::string_view token) const {
    const auto digest = token_digest(token);
    if (!digest) return nullptr;
    const auto found = by_digest_.find(*digest);
    return found == by_digest_.end() ? nullptr : found->second;
}

PrincipalPtr Keyring::authenticate_mqtt(std::optional<std::string_view> user,
                                        std::optional<std::string_view> password) const {
    if (password && !password->empty()) return authenticate(*password);
    return user ? authenticate(*user) : nullptr;
}

bool Keyring::still_holds(const Principal& principal) const {
    if (principal.kind != PrincipalKind::token) return true;
    const auto found = by_token_.find(principal.credential);
    return found != by_token_.end() && *found->second == principal;
}

PrincipalPtr Keyring::by_id(TokenId id) const {
    const auto found = by_token_.find(id.number());
    return found == by_token_.end() ? nullptr : found->second;
}

const TokenRecord* Keyring::by_name(OrganisationId organisation, std::string_view name) const {
    for (const TokenRecord& record : records_) {
        if (record.organisation == organisation && record.name == name) return &record;
    }
    return nullptr;
}

void Keys::replace(std::shared_ptr<const Keyring> ring) {
    ring_ = std::move(ring);
    // Listeners may come and go while they are told, and one may replace the ring again: walk by
    // id, call a copy.
    const auto current = ring_;
    for (auto at = listeners_.begin(); at != listeners_.end();) {
        const ListenerId id = at->first;
        const Listener listener = at->second;
        listener(*current);
        at = listeners_.upper_bound(id);
    }
}

Keys::ListenerId Keys::on_change(Listener listener) {
    listeners_.emplace(next_, std::move(listener));
    return next_++;
}

void Keys::forget(ListenerId id) {
    listeners_.erase(id);
}

void TokenUse::note(const Principal& principal, Instant at) {
    if (principal.kind == PrincipalKind::token) last_[principal.credential] = at;
}

std::vector<std::pair<TokenId, Instant>> TokenUse::take() {
    std::vector<std::pair<TokenId, Instant>> used;
    used.reserve(last_.size());
    for (const auto& [id, at] : last_) used.emplace_back(TokenId(id), at);
    last_.clear();
    return used;
}

}  // namespace lineshaft::trust
