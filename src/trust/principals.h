// What trust asks of wherever people, tokens and sessions are kept. `app` implements it over the
// catalog's rows.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "trust/principal.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

struct PersonRecord {
    OrganisationId organisation;
    std::string organisation_name;
    PersonId id;
    std::string name;
    std::optional<Role> role;  ///< nothing when the row's word is no role: may nothing
    std::string password_hash;
    /// The second factor, once it is confirmed.
    struct Totp {
        std::string sealed;
        std::int64_t last_step = 0;
    };
    std::optional<Totp> totp{};
};

/// A live token. A row whose role cannot be read has neither role nor machine, and may nothing.
struct TokenRecord {
    OrganisationId organisation;
    std::string organisation_name;
    TokenId id;
    std::string name;
    std::optional<Role> role;
    std::string machine;
    Digest sha256{};
    std::string scram_verifier;
};

/// A machine's certificate of the node's own authority: neither revoked nor past its end.
struct CertificateRecord {
    OrganisationId organisation;
    std::string organisation_name;
    CertificateId id;
    std::string machine;
    Digest sha256{};  ///< of the whole certificate
    Instant not_after;
};

struct SessionRecord {
    Digest sha256{};  ///< of the cookie's secret
    OrganisationId organisation;
    PersonId person;
    Instant created_at;
    Instant last_seen_at;
    std::string origin;  ///< address and browser, for the list a person sees
};

/// A session to keep, or (nothing) to forget.
struct SessionChange {
    Digest sha256{};
    std::optional<SessionRecord> record;
};

/// Blocking; called on the worker that owns the rows, never on a shard. Whoever changes a row
/// builds a new Keyring from `tokens` and hands it to every shard's Keys (keyring.h).
class Principals {
public:
    virtual ~Principals() = default;

    virtual Result<std::vector<TokenRecord>> tokens() = 0;
    /// Default: the node has no authority of its own.
    virtual Result<std::vector<CertificateRecord>> certificates() {
        return std::vector<CertificateRecord>{};
    }
    /// not_found: nobody of that name in that organisation, or no such organisation.
    virtual Result<PersonRecord> find_person(std::string_view organisation,
                                             std::string_view name) = 0;
    virtual Result<std::vector<PersonRecord>> people() = 0;  ///< of all organisations
    /// denied: a step not after the last one; no such recovery code.
    virtual Result<void> use_totp_step(const PersonRecord& person, std::int64_t step) = 0;
    virtual Result<void> use_recovery_code(const PersonRecord& person, const Digest& sha256) = 0;
    virtual Result<std::vector<SessionRecord>> sessions() = 0;
    virtual Result<void> keep(const std::vector<SessionChange>& changes) = 0;
    virtual Result<void> used(const std::vector<std::pair<TokenId, Instant>>& tokens) = 0;
};

}  // namespace lineshaft::trust
