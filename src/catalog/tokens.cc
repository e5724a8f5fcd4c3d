// Tokens of programs and machines, sessions of browsers.
#include <fmt/format.h>

#include "base/machine_id.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t verifier_bytes_max = 512;
constexpr std::size_t origin_bytes_max = 256;

Token token_of(const Row& row) {
    Token token;
    token.organisation = row.id<OrganisationId>(0);
    token.id = row.id<TokenId>(1);
    token.name = row.text(2);
    token.role = row.text_or_nothing(3);
    token.machine = row.text_or_nothing(4);
    token.sha256 = row.text(5);
    token.scram_verifier = row.text(6);
    token.created_at = row.instant(7);
    token.created_by = row.text(8);
    token.last_used_at = row.instant_or_nothing(9);
    token.revoked_at = row.instant_or_nothing(10);
    return token;
}

Result<void> check_token(const NewToken& wanted, const Limits& limits) {
    TRY_VOID(check_text("a token's name", wanted.name, limits.name_bytes_max));
    if (wanted.role.has_value() == wanted.machine.has_value()) {
        return fail(Code::invalid, "a token has either a role or a machine");
    }
    if (wanted.role) {
        TRY_VOID(check_role(*wanted.role));
    }
    if (wanted.machine) {
        TRY_VOID(check_machine_id(*wanted.machine));
    }
    if (wanted.sha256.size() != digest_bytes) return fail(Code::invalid, "a digest has 32 bytes");
    TRY_VOID(check_text("a SCRAM verifier", wanted.scram_verifier, verifier_bytes_max));
    return check_text("a token's maker", wanted.created_by, limits.name_bytes_max);
}

}  // namespace

Result<Token> SqlCatalog::create_token(OrganisationId organisation, const NewToken& wanted,
                                       Instant now) {
    TRY_VOID(check_token(wanted, limits_));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    TRY(const std::size_t taken, count("SELECT COUNT(*) FROM token WHERE organisation = $1 AND"
                                       " name = $2 AND revoked_at IS NULL",
                                       {organisation, wanted.name}));
    if (taken > 0) {
        return fail(Code::conflict, fmt::format("a token named {} exists already", wanted.name));
    }
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM token WHERE organisation = $1 AND revoked_at IS NULL",
              {organisation}));
    if (all >= limits_.tokens_max) {
        return fail(Code::exhausted, fmt::format("there are {} tokens, no more are allowed", all));
    }
    TRY(const std::int64_t id, next_id("token"));
    TRY_VOID(database_->change(
        "INSERT INTO token (organisation, id, name, role, machine, sha256, scram_verifier,"
        " created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {organisation, id, wanted.name, wanted.role, wanted.machine, Blob{wanted.sha256},
         wanted.scram_verifier, now, wanted.created_by}));
    TRY_VOID(transaction.commit());
    return Token{organisation,          TokenId(static_cast<std::uint64_t>(id)),
                 wanted.name,           wanted.role,
                 wanted.machine,        wanted.sha256,
                 wanted.scram_verifier, now,
                 wanted.created_by,     std::nullopt,
                 std::nullopt};
}

Result<std::vector<Token>> SqlCatalog::tokens(OrganisationId organisation) {
    TRY_VOID(check_organisation(organisation));
    std::vector<Token> tokens;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, role, machine, sha256, scram_verifier, created_at,"
        " created_by, last_used_at, revoked_at FROM token"
        " WHERE organisation = $1 AND revoked_at IS NULL ORDER BY id DESC",
        {organisation}, [&](const Row& row) { tokens.push_back(token_of(row)); }));
    return tokens;
}

Result<std::vector<Token>> SqlCatalog::all_tokens() {
    std::vector<Token> tokens;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, role, machine, sha256, scram_verifier, created_at,"
        " created_by, last_used_at, revoked_at FROM token WHERE revoked_at IS NULL ORDER BY id",
        {}, [&](const Row& row) { tokens.push_back(token_of(row)); }));
    return tokens;
}

Result<void> SqlCatalog::revoke_token(OrganisationId organisation, TokenId id, Instant now) {
    TRY(const std::size_t changed,
        database_->change("UPDATE token SET revoked_at = $3 WHERE organisation = $1 AND id = $2"
                          " AND revoked_at IS NULL",
                          {organisation, id, now}));
    if (changed == 0) return fail(Code::not_found, "no such token");
    return {};
}

Result<void> SqlCatalog::tokens_used(std::span<const std::pair<TokenId, Instant>> used) {
    if (used.empty()) return {};
    TRY(auto transaction, Transaction::begin(*database_));
    for (const auto& [id, at] : used) {
        TRY_VOID(
            database_->change("UPDATE token SET last_used_at = $2 WHERE id = $1 AND"
                              " (last_used_at IS NULL OR last_used_at < $2)",
                              {id, at}));
    }
    return transaction.commit();
}

Result<std::vector<Session>> SqlCatalog::sessions() {
    std::vector<Session> sessions;
    TRY_VOID(database_->query(
        "SELECT sha256, organisation, person, created_at, last_seen_at, origin FROM session", {},
        [&](const Row& row) {
            sessions.push_back({row.text(0), row.id<OrganisationId>(1), row.id<PersonId>(2),
                                row.instant(3), row.instant(4), row.text(5)});
        }));
    return sessions;
}

Result<void> SqlCatalog::save_session(const Session& session) {
    if (session.sha256.size() != digest_bytes) return fail(Code::invalid, "a digest has 32 bytes");
    if (session.origin.size() > origin_bytes_max || session.origin.contains('\0')) {
        return fail(Code::invalid, "a session's origin is a short text");
    }
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(find_person(session.organisation, session.person));
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM session WHERE sha256 <> $1", {Blob{session.sha256}}));
    if (all >= limits_.sessions_max) return fail(Code::exhausted, "too many people are signed in");
    TRY_VOID(database_->change(
        "INSERT INTO session (sha256, organisation, person, created_at, last_seen_at, origin)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sha256) DO UPDATE SET last_seen_at = $5",
        {Blob{session.sha256}, session.organisation, session.person, session.created_at,
         session.last_seen_at, session.origin}));
    return transaction.commit();
}

Result<void> SqlCatalog::remove_session(std::string_view sha256) {
    TRY_VOID(database_->change("DELETE FROM session WHERE sha256 = $1", {Blob{sha256}}));
    return {};
}

}  // namespace lineshaft::catalog
