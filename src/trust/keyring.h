// Every live token and machine certificate, for checking on a shard without asking anybody.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trust/principals.h"

namespace lineshaft::trust {

/// Immutable snapshot: digest of a token or certificate -> principal. Look-up is by digest, so how
/// long it takes says nothing about what there is.
class Keyring {
public:
    Keyring() = default;  ///< lets nobody in
    explicit Keyring(const std::vector<TokenRecord>& tokens,
                     const std::vector<CertificateRecord>& certificates = {});

    /// The token's principal, or nothing.
    PrincipalPtr authenticate(std::string_view token) const;

    /// MQTT: the token as password, whatever the user name; or as user name with the password
    /// absent or empty (the ThingsBoard way). A person's name and password is not for MQTT.
    PrincipalPtr authenticate_mqtt(std::optional<std::string_view> user,
                                   std::optional<std::string_view> password) const;

    /// The principal of a certificate of the node's own authority by its digest; nothing when it
    /// was revoked, is unknown, or has ended at `now`.
    PrincipalPtr by_certificate(const Digest& sha256, Instant now) const;
    /// The principal of that machine's certificate with the longest time left, or nothing: for
    /// durable sessions and retained messages, which outlive a renewal.
    PrincipalPtr by_machine(OrganisationId organisation, std::string_view machine,
                            Instant now) const;

    /// False when `principal` came from a token or certificate that is revoked, or whose rights are
    /// others now: its live sessions end. Ends of certificates are not looked at (Porter does).
    /// Always true for principals of other kinds, and of certificates of other authorities.
    bool still_holds(const Principal& principal) const;

    /// How many certificates end in (after, until]: whether live sessions are to be asked again.
    std::size_t ending(Instant after, Instant until) const;
    std::size_t certificates() const { return ends_.size(); }

    /// The principal of a live token, or nothing: for durable sessions that know only the id.
    PrincipalPtr by_id(TokenId id) const;

    /// The SCRAM verifier of the token of that name (the PostgreSQL door), or nothing.
    const TokenRecord* by_name(OrganisationId organisation, std::string_view name) const;

    std::size_t size() const { return by_digest_.size(); }

private:
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    std::vector<TokenRecord> records_;
    std::unordered_map<Digest, PrincipalPtr, DigestHash> by_digest_;
    std::unordered_map<std::uint64_t, PrincipalPtr> by_token_;
    std::unordered_map<Digest, PrincipalPtr, DigestHash> by_certificate_;
    std::unordered_map<std::uint64_t, PrincipalPtr> by_certificate_id_;
    std::multimap<std::pair<OrganisationId, std::string>, PrincipalPtr> by_machine_;
    std::vector<Instant> ends_;  // ascending
};

/// A shard's current keyring and who wants to know when it changes. One per shard, used there
/// only; `app` posts `replace` to each. Listeners may add and remove listeners, also themselves.
class Keys {
public:
    using Listener = std::function<void(const Keyring&)>;
    using ListenerId = std::uint64_t;

    Keys() : ring_(std::make_shared<const Keyring>()) {}
    const std::shared_ptr<const Keyring>& ring() const { return ring_; }
    void replace(std::shared_ptr<const Keyring> ring);
    /// Tells the listeners although the ring is the same: certificates have ended.
    void tell() { replace(ring_); }

    ListenerId on_change(Listener listener);
    void forget(ListenerId id);

private:
    std::shared_ptr<const Keyring> ring_;
    std::map<ListenerId, Listener> listeners_;
    ListenerId next_ = 1;
};

/// Notes which tokens were used, to be written down now and then. One per shard.
class TokenUse {
public:
    void note(const Principal& principal, Instant at);
    /// What was noted since the last call, once per token.
    std::vector<std::pair<TokenId, Instant>> take();

private:
    std::unordered_map<std::uint64_t, Instant> last_;
};

}  // namespace lineshaft::trust
