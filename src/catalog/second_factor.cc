// What is kept of people's second factor: a sealed secret, the last step used, recovery codes.
#include <fmt/format.h>

#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t sealed_bytes_max = 1024;

}  // namespace

Result<void> SqlCatalog::offer_totp(OrganisationId organisation, PersonId id,
                                    std::string_view sealed) {
    if (sealed.empty() || sealed.size() > sealed_bytes_max) {
        return fail(Code::invalid, "a sealed secret has 1 to 1024 bytes");
    }
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const Person person, find_person(organisation, id));
    if (person.totp && person.totp->confirmed_at) {
        return fail(Code::conflict,
                    fmt::format("{} has a second factor already: remove it first", person.name));
    }
    TRY_VOID(database_->change(
        "UPDATE person SET totp_sealed = $3, totp_confirmed_at = NULL, totp_step = NULL"
        " WHERE organisation = $1 AND id = $2",
        {organisation, id, Blob{sealed}}));
    return transaction.commit();
}

Result<void> SqlCatalog::confirm_totp(OrganisationId organisation, PersonId id, std::int64_t step,
                                      std::span<const std::string> recovery_sha256, Instant now) {
    if (recovery_sha256.size() > limits_.recovery_codes_max) {
        return fail(Code::exhausted,
                    fmt::format("at most {} recovery codes", limits_.recovery_codes_max));
    }
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const Person person, find_person(organisation, id));
    if (!person.totp) return fail(Code::conflict, "no second factor was begun");
    if (person.totp->confirmed_at) return fail(Code::conflict, "it is confirmed already");
    TRY_VOID(
        database_->change("UPDATE person SET totp_confirmed_at = $3, totp_step = $4"
                          " WHERE organisation = $1 AND id = $2",
                          {organisation, id, now, step}));
    TRY_VOID(database_->change("DELETE FROM recovery_code WHERE organisation = $1 AND person = $2",
                               {organisation, id}));
    for (const std::string& digest : recovery_sha256) {
        if (digest.size() != digest_bytes) return fail(Code::invalid, "a digest has 32 bytes");
        TRY_VOID(database_->change(
            "INSERT INTO recovery_code (organisation, person, sha256) VALUES ($1, $2, $3)",
            {organisation, id, Blob{digest}}));
    }
    return transaction.commit();
}

Result<void> SqlCatalog::remove_totp(OrganisationId organisation, PersonId id) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(find_person(organisation, id));
    TRY_VOID(database_->change(
        "UPDATE person SET totp_sealed = NULL, totp_confirmed_at = NULL, totp_step = NULL"
        " WHERE organisation = $1 AND id = $2",
        {organisation, id}));
    TRY_VOID(database_->change("DELETE FROM recovery_code WHERE organisation = $1 AND person = $2",
                               {organisation, id}));
    return transaction.commit();
}

Result<void> SqlCatalog::use_totp_step(OrganisationId organisation, PersonId id,
                                       std::int64_t step) {
    // One statement: of two sign-ins with the same code, the row lets one through.
    TRY(const std::size_t used,
        database_->change("UPDATE person SET totp_step = $3 WHERE organisation = $1 AND id = $2"
                          " AND totp_confirmed_at IS NOT NULL AND COALESCE(totp_step, 0) < $3",
                          {organisation, id, step}));
    if (used == 0) return fail(Code::denied, "this code was used already");
    return {};
}

Result<void> SqlCatalog::use_recovery_code(OrganisationId organisation, PersonId id,
                                           std::string_view sha256) {
    TRY(const std::size_t used,
        database_->change("DELETE FROM recovery_code"
                          " WHERE organisation = $1 AND person = $2 AND sha256 = $3",
                          {organisation, id, Blob{sha256}}));
    if (used == 0) return fail(Code::denied, "no such recovery code");
    return {};
}

}  // namespace lineshaft::catalog
