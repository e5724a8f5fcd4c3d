#include "app/principals.h"

#include "io/clock.h"

namespace lineshaft::app {

std::string CatalogPrincipals::organisation_name(OrganisationId id) {
    const auto snapshot = catalog_.snapshot();
    const auto* found = snapshot->organisation(id);
    return found == nullptr ? std::string() : found->name;
}

trust::PersonRecord CatalogPrincipals::record_of(const catalog::Person& person) {
    // A role that cannot be read is none: rights deny by default.
    trust::PersonRecord record{person.organisation,
                               organisation_name(person.organisation),
                               person.id,
                               person.name,
                               trust::parse_role(person.role),
                               person.password_hash};
    if (person.totp && person.totp->confirmed_at) {
        record.totp = trust::PersonRecord::Totp{person.totp->sealed, person.totp->last_step};
    }
    return record;
}

Result<std::vector<trust::TokenRecord>> CatalogPrincipals::tokens() {
    TRY(const auto rows, catalog_.all_tokens());
    std::vector<trust::TokenRecord> records;
    for (const auto& row : rows) {
        TRY(const auto digest, trust::digest_of(row.sha256));
        records.push_back({row.organisation, organisation_name(row.organisation), row.id, row.name,
                           row.role ? trust::parse_role(*row.role) : std::nullopt,
                           row.machine.value_or(""), digest, row.scram_verifier});
    }
    return records;
}

Result<std::vector<trust::CertificateRecord>> CatalogPrincipals::certificates() {
    TRY(const auto rows, catalog_.live_certificates(io::Clock::system().now()));
    std::vector<trust::CertificateRecord> records;
    for (const auto& row : rows) {
        TRY(const auto digest, trust::digest_of(row.sha256));
        records.push_back({row.organisation, organisation_name(row.organisation), row.id,
                           row.machine, digest, row.not_after});
    }
    return records;
}

Result<trust::PersonRecord> CatalogPrincipals::find_person(std::string_view organisation,
                                                           std::string_view name) {
    const auto snapshot = catalog_.snapshot();
    const auto* found = snapshot->organisation(organisation);
    if (found == nullptr) return fail(Code::not_found, "no such organisation");
    TRY(const auto person, catalog_.find_person(found->id, name));
    return record_of(person);
}

Result<std::vector<trust::PersonRecord>> CatalogPrincipals::people() {
    std::vector<trust::PersonRecord> all;
    const auto snapshot = catalog_.snapshot();
    for (const auto& organisation : snapshot->organisations()) {
        TRY(const auto people, catalog_.people(organisation.id));
        for (const auto& person : people) all.push_back(record_of(person));
    }
    return all;
}

Result<std::vector<trust::SessionRecord>> CatalogPrincipals::sessions() {
    TRY(const auto rows, catalog_.sessions());
    std::vector<trust::SessionRecord> records;
    for (const auto& row : rows) {
        TRY(const auto digest, trust::digest_of(row.sha256));
        records.push_back(
            {digest, row.organisation, row.person, row.created_at, row.last_seen_at, row.origin});
    }
    return records;
}

Result<void> CatalogPrincipals::keep(const std::vector<trust::SessionChange>& changes) {
    for (const auto& change : changes) {
        const std::string digest(trust::text_of(change.sha256));
        if (!change.record) {
            TRY_VOID(catalog_.remove_session(digest));
            continue;
        }
        const auto& record = *change.record;
        TRY_VOID(catalog_.save_session({digest, record.organisation, record.person,
                                        record.created_at, record.last_seen_at, record.origin}));
    }
    return {};
}

Result<void> CatalogPrincipals::use_totp_step(const trust::PersonRecord& person,
                                              std::int64_t step) {
    return catalog_.use_totp_step(person.organisation, person.id, step);
}

Result<void> CatalogPrincipals::use_recovery_code(const trust::PersonRecord& person,
                                                  const trust::Digest& sha256) {
    return catalog_.use_recovery_code(person.organisation, person.id, trust::text_of(sha256));
}

Result<void> CatalogPrincipals::used(const std::vector<std::pair<TokenId, Instant>>& tokens) {
    return catalog_.tokens_used(tokens);
}

}  // namespace lineshaft::app
