#include "trust/keyring.h"

#include <algorithm>
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

Keyring::Keyring(const std::vector<TokenRecord>& tokens,
                 const std::vector<CertificateRecord>& certificates)
    : records_(tokens) {
    for (const CertificateRecord& record : certificates) {
        if (!check_machine_id(record.machine)) continue;
        auto principal = std::make_shared<const Principal>(Principal{
            PrincipalKind::certificate, record.organisation, record.organisation_name, std::nullopt,
            record.machine, record.machine, record.id.number(), record.not_after});
        by_certificate_[record.sha256] = principal;
        by_certificate_id_[record.id.number()] = principal;
        by_machine_.emplace(std::pair(record.organisation, record.machine), std::move(principal));
        ends_.push_back(record.not_after);
    }
    std::ranges::sort(ends_);
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
    const bool is_certificate = principal.kind == PrincipalKind::certificate;
    if (!is_certificate && principal.kind != PrincipalKind::token) return true;
    if (is_certificate && principal.credential == 0) return true;  // of another authority
    const auto& by_id = is_certificate ? by_certificate_id_ : by_token_;
    const auto found = by_id.find(principal.credential);
    return found != by_id.end() && *found->second == principal;
}

PrincipalPtr Keyring::by_certificate(const Digest& sha256, Instant now) const {
    const auto found = by_certificate_.find(sha256);
    if (found == by_certificate_.end() || found->second->expires <= now) return nullptr;
    return found->second;
}

PrincipalPtr Keyring::by_machine(OrganisationId organisation, std::string_view machine,
                                 Instant now) const {
    PrincipalPtr best;
    const auto [from, until] = by_machine_.equal_range({organisation, std::string(machine)});
    for (auto at = from; at != until; ++at) {
        if (at->second->expires <= now) continue;
        if (!best || best->expires < at->second->expires) best = at->second;
    }
    return best;
}

std::size_t Keyring::ending(Instant after, Instant until) const {
    const auto from = std::ranges::upper_bound(ends_, after);
    const auto to = std::ranges::upper_bound(ends_, until);
    return to > from ? static_cast<std::size_t>(to - from) : 0;
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
