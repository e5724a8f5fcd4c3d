// Every live token, for checking on a shard without asking anybody.
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

/// Immutable snapshot: token digest -> principal. Look-up is by digest, so how long it takes says
/// nothing about the tokens there are.
class Keyring {
public:
    Keyring() = default;  ///< lets nobody in
    explicit Keyring(const std::vector<TokenRecord>& tokens);

    /// The token's principal, or nothing.
    PrincipalPtr authenticate(std::string_view token) const;

    /// MQTT: the token as password, whatever the user name; or as user name with the password
    /// absent or empty (the ThingsBoard way). A person's name and password is not for MQTT.
    PrincipalPtr authenticate_mqtt(std::optional<std::string_view> user,
                                   std::optional<std::string_view> password) const;

    /// False when `principal` came from a token that is revoked, or whose rights are others now:
    /// its live sessions end. Always true for principals not from a token.
    bool still_holds(const Principal& principal) const;

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
