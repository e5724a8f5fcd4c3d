// Machine certificates the node has issued, and the one-time tokens that machines enrol with.
#include <fmt/format.h>

#include "base/machine_id.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t serial_bytes_max = 64;
constexpr std::size_t der_bytes_max = 16 * 1024;
/// How long rows stay that no decision needs any more, for people who ask what happened.
constexpr auto certificate_memory = std::chrono::hours(24 * 365);
constexpr auto enrolment_memory = std::chrono::hours(24 * 7);

// Everything but the certificate itself, in the order certificate_of reads it.
#define CERTIFICATE_COLUMNS                                                        \
    "organisation, id, machine, serial, sha256, not_before, not_after, issued_at," \
    " issued_by, revoked_at, revoked_by, warned_days"

Certificate certificate_of(const Row& row) {
    Certificate found;
    found.organisation = row.id<OrganisationId>(0);
    found.id = row.id<CertificateId>(1);
    found.machine = row.text(2);
    found.serial = row.text(3);
    found.sha256 = row.text(4);
    found.not_before = row.instant(5);
    found.not_after = row.instant(6);
    found.issued_at = row.instant(7);
    found.issued_by = row.text(8);
    found.revoked_at = row.instant_or_nothing(9);
    found.revoked_by = row.text_or_nothing(10);
    if (!row.is_null(11)) found.warned_days = static_cast<int>(row.integer(11));
    return found;
}

Result<void> check_certificate(const NewCertificate& wanted, const Limits& limits) {
    TRY_VOID(check_machine_id(wanted.machine));
    TRY_VOID(check_text("a serial number", wanted.serial, serial_bytes_max));
    TRY_VOID(check_text("a certificate's maker", wanted.issued_by, limits.name_bytes_max));
    if (wanted.sha256.size() != digest_bytes || wanted.key_sha256.size() != digest_bytes) {
        return fail(Code::invalid, "a digest has 32 bytes");
    }
    if (wanted.der.empty() || wanted.der.size() > der_bytes_max) {
        return fail(Code::invalid, "a certificate has at most 16 KiB");
    }
    return {};
}

}  // namespace

Result<CertificateId> SqlCatalog::add_certificate(OrganisationId organisation,
                                                  const NewCertificate& wanted, Instant now) {
    TRY_VOID(check_certificate(wanted, limits_));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    TRY_VOID(database_->change("DELETE FROM certificate WHERE not_after < $1",
                               {now - certificate_memory}));
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM certificate WHERE organisation = $1", {organisation}));
    if (all >= limits_.certificates_max) {
        return fail(Code::exhausted,
                    fmt::format("there are {} certificates, no more are allowed", all));
    }
    TRY(const std::int64_t id, next_id("certificate"));
    TRY_VOID(database_->change(
        "INSERT INTO certificate (id, organisation, machine, serial, sha256, key_sha256, der,"
        " not_before, not_after, issued_at, issued_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        {id, organisation, wanted.machine, wanted.serial, Blob{wanted.sha256},
         Blob{wanted.key_sha256}, Blob{wanted.der}, wanted.not_before, wanted.not_after, now,
         wanted.issued_by}));
    TRY_VOID(transaction.commit());
    return CertificateId(static_cast<std::uint64_t>(id));
}

Result<std::vector<Certificate>> SqlCatalog::certificates(OrganisationId organisation,
                                                          std::string_view machine,
                                                          std::optional<CertificateId> before,
                                                          std::size_t count_max) {
    TRY_VOID(check_organisation(organisation));
    std::vector<Certificate> found;
    const std::int64_t below = before ? static_cast<std::int64_t>(before->number())
                                      : std::numeric_limits<std::int64_t>::max();
    TRY_VOID(database_->query("SELECT " CERTIFICATE_COLUMNS
                              " FROM certificate WHERE organisation = $1 AND id < $2"
                              " AND ($3 = '' OR machine = $3) ORDER BY id DESC LIMIT $4",
                              {organisation, below, machine, static_cast<std::int64_t>(count_max)},
                              [&](const Row& row) { found.push_back(certificate_of(row)); }));
    return found;
}

Result<Certificate> SqlCatalog::find_certificate(OrganisationId organisation,
                                                 std::string_view serial) {
    std::optional<Certificate> found;
    TRY_VOID(database_->query("SELECT " CERTIFICATE_COLUMNS
                              ", key_sha256, der FROM certificate WHERE organisation = $1 AND"
                              " serial = $2",
                              {organisation, serial}, [&](const Row& row) {
                                  found = certificate_of(row);
                                  found->key_sha256 = row.text(12);
                                  found->der = row.text(13);
                              }));
    if (!found) return fail(Code::not_found, fmt::format("no certificate has serial {}", serial));
    return *std::move(found);
}

Result<std::vector<Certificate>> SqlCatalog::live_certificates(Instant now) {
    std::vector<Certificate> found;
    TRY_VOID(database_->query("SELECT " CERTIFICATE_COLUMNS
                              " FROM certificate WHERE not_after > $1 AND revoked_at IS NULL"
                              " ORDER BY id",
                              {now},
                              [&](const Row& row) { found.push_back(certificate_of(row)); }));
    return found;
}

Result<std::vector<Certificate>> SqlCatalog::revoked_certificates(Instant now) {
    std::vector<Certificate> found;
    TRY_VOID(database_->query("SELECT " CERTIFICATE_COLUMNS
                              " FROM certificate WHERE not_after > $1 AND revoked_at IS NOT NULL"
                              " ORDER BY id",
                              {now},
                              [&](const Row& row) { found.push_back(certificate_of(row)); }));
    return found;
}

Result<void> SqlCatalog::revoke_certificate(OrganisationId organisation, std::string_view serial,
                                            std::string_view by, Instant now) {
    TRY_VOID(check_text("who revokes", by, limits_.name_bytes_max));
    TRY(const std::size_t changed,
        database_->change("UPDATE certificate SET revoked_at = $3, revoked_by = $4 WHERE"
                          " organisation = $1 AND serial = $2 AND revoked_at IS NULL",
                          {organisation, serial, now, by}));
    if (changed > 0) return {};
    TRY_VOID(find_certificate(organisation, serial));
    return fail(Code::conflict, "that certificate is revoked already");
}

Result<void> SqlCatalog::certificate_warned(CertificateId id, int days) {
    TRY_VOID(database_->change("UPDATE certificate SET warned_days = $2 WHERE id = $1",
                               {id, std::int64_t{days}}));
    return {};
}

Result<void> SqlCatalog::create_enrolment(OrganisationId organisation, const NewEnrolment& wanted,
                                          Instant now) {
    TRY_VOID(check_machine_id(wanted.machine));
    TRY_VOID(check_text("an enrolment's maker", wanted.created_by, limits_.name_bytes_max));
    if (wanted.sha256.size() != digest_bytes) return fail(Code::invalid, "a digest has 32 bytes");
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    TRY_VOID(
        database_->change("DELETE FROM enrolment WHERE expires_at < $1", {now - enrolment_memory}));
    TRY(const std::size_t open,
        count("SELECT COUNT(*) FROM enrolment WHERE organisation = $1 AND used_at IS NULL AND"
              " expires_at > $2",
              {organisation, now}));
    if (open >= limits_.enrolments_max) {
        return fail(Code::exhausted, fmt::format("{} enrolments wait to be used already", open));
    }
    TRY_VOID(
        database_->change("INSERT INTO enrolment (sha256, organisation, machine, created_at,"
                          " created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                          {Blob{wanted.sha256}, organisation, wanted.machine, now,
                           wanted.created_by, wanted.expires_at}));
    return transaction.commit();
}

Result<Enrolment> SqlCatalog::find_enrolment(std::string_view sha256) {
    std::optional<Enrolment> found;
    TRY_VOID(database_->query(
        "SELECT e.organisation, e.machine, e.created_by, e.expires_at, e.used_at, c.serial"
        " FROM enrolment e LEFT JOIN certificate c ON c.id = e.certificate WHERE e.sha256 = $1",
        {Blob{sha256}}, [&](const Row& row) {
            found = Enrolment{
                row.id<OrganisationId>(0), row.text(1),           row.text(2), row.instant(3),
                row.instant_or_nothing(4), row.text_or_nothing(5)};
        }));
    if (!found) return fail(Code::not_found, "no such enrolment");
    return *std::move(found);
}

Result<CertificateId> SqlCatalog::spend_enrolment(std::string_view sha256,
                                                  const NewCertificate& wanted, Instant now) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const Enrolment enrolment, find_enrolment(sha256));
    if (enrolment.used_at) return fail(Code::conflict, "this enrolment was used");
    if (enrolment.expires_at <= now) return fail(Code::conflict, "this enrolment has expired");
    TRY(const CertificateId id, add_certificate(enrolment.organisation, wanted, now));
    TRY_VOID(
        database_->change("UPDATE enrolment SET used_at = $2, certificate = $3 WHERE sha256 = $1",
                          {Blob{sha256}, now, id}));
    TRY_VOID(transaction.commit());
    return id;
}

}  // namespace lineshaft::catalog
