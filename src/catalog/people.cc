// People, and the setting up of the first one.
#include <fmt/format.h>

#include "base/bytes.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::string_view admin = "admin";
constexpr std::string_view setup_secret = "setup.sha256";
constexpr std::string_view setup_done = "setup.done";
constexpr std::size_t hash_bytes_max = 1024;

std::optional<Totp> totp_of(const Row& row) {
    if (row.is_null(7)) return std::nullopt;
    return Totp{row.text(7), row.instant_or_nothing(8), row.is_null(9) ? 0 : row.integer(9),
                row.integer(10)};
}

Person person_of(const Row& row) {
    return {row.id<OrganisationId>(0),
            row.id<PersonId>(1),
            row.text(2),
            row.text(3),
            row.text(4),
            row.instant(5),
            row.instant_or_nothing(6),
            totp_of(row)};
}

Result<void> check_hash(std::string_view hash) {
    return check_text("a password's hash", hash, hash_bytes_max);
}

}  // namespace

Result<Person> SqlCatalog::create_person(OrganisationId organisation, const NewPerson& wanted,
                                         Instant now) {
    TRY_VOID(check_person_name(wanted.name, limits_.name_bytes_max));
    TRY_VOID(check_role(wanted.role));
    TRY_VOID(check_hash(wanted.password_hash));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    const std::string key = name_key(wanted.name);
    TRY(const std::size_t taken,
        count("SELECT COUNT(*) FROM person WHERE organisation = $1 AND name_key = $2",
              {organisation, key}));
    if (taken > 0) {
        return fail(Code::conflict, fmt::format("a person named {} exists already", wanted.name));
    }
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM person WHERE organisation = $1", {organisation}));
    if (all >= limits_.people_max) {
        return fail(Code::exhausted, fmt::format("there are {} people, no more are allowed", all));
    }
    TRY(const std::int64_t id, next_id("person"));
    TRY_VOID(database_->change(
        "INSERT INTO person (organisation, id, name, name_key, role,"
        " password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {organisation, id, wanted.name, key, wanted.role, wanted.password_hash, now}));
    TRY_VOID(transaction.commit());
    return Person{organisation,         PersonId(static_cast<std::uint64_t>(id)),
                  wanted.name,          wanted.role,
                  wanted.password_hash, now,
                  std::nullopt,         std::nullopt};
}

Result<std::vector<Person>> SqlCatalog::people(OrganisationId organisation) {
    TRY_VOID(check_organisation(organisation));
    std::vector<Person> people;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, role, password_hash, created_at, last_seen_at,"
        " totp_sealed, totp_confirmed_at, totp_step, (SELECT COUNT(*) FROM recovery_code AS code"
        " WHERE code.organisation = person.organisation AND code.person = person.id)"
        " FROM person WHERE organisation = $1 ORDER BY name_key",
        {organisation}, [&](const Row& row) { people.push_back(person_of(row)); }));
    return people;
}

Result<Person> SqlCatalog::find_person(OrganisationId organisation, std::string_view name) {
    std::optional<Person> person;
    const std::string key = name_key(name.substr(0, limits_.name_bytes_max + 1));
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, role, password_hash, created_at, last_seen_at,"
        " totp_sealed, totp_confirmed_at, totp_step, (SELECT COUNT(*) FROM recovery_code AS code"
        " WHERE code.organisation = person.organisation AND code.person = person.id)"
        " FROM person WHERE organisation = $1 AND name_key = $2",
        {organisation, key}, [&](const Row& row) { person = person_of(row); }));
    if (!person) return fail(Code::not_found, "no such person");
    return *std::move(person);
}

Result<Person> SqlCatalog::find_person(OrganisationId organisation, PersonId id) {
    std::optional<Person> person;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, role, password_hash, created_at, last_seen_at,"
        " totp_sealed, totp_confirmed_at, totp_step, (SELECT COUNT(*) FROM recovery_code AS code"
        " WHERE code.organisation = person.organisation AND code.person = person.id)"
        " FROM person WHERE organisation = $1 AND id = $2",
        {organisation, id}, [&](const Row& row) { person = person_of(row); }));
    if (!person) return fail(Code::not_found, "no such person");
    return *std::move(person);
}

Result<void> SqlCatalog::check_last_admin(OrganisationId organisation, PersonId person) {
    TRY(const Person one, find_person(organisation, person));
    if (one.role != admin) return {};
    TRY(const std::size_t others,
        count("SELECT COUNT(*) FROM person WHERE organisation = $1 AND role = $2 AND id <> $3",
              {organisation, admin, person}));
    if (others > 0) return {};
    return fail(Code::conflict,
                fmt::format("{} is the last admin: make another one first", one.name));
}

Result<Person> SqlCatalog::change_role(OrganisationId organisation, PersonId id,
                                       std::string_view role) {
    TRY_VOID(check_role(role));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(Person person, find_person(organisation, id));
    if (role != admin) {
        TRY_VOID(check_last_admin(organisation, id));
    }
    TRY_VOID(database_->change("UPDATE person SET role = $3 WHERE organisation = $1 AND id = $2",
                               {organisation, id, role}));
    TRY_VOID(transaction.commit());
    person.role = role;
    return person;
}

Result<void> SqlCatalog::change_password(OrganisationId organisation, PersonId id,
                                         std::string_view hash) {
    TRY_VOID(check_hash(hash));
    TRY(const std::size_t changed,
        database_->change(
            "UPDATE person SET password_hash = $3 WHERE organisation = $1 AND id = $2",
            {organisation, id, hash}));
    if (changed == 0) return fail(Code::not_found, "no such person");
    return {};
}

Result<void> SqlCatalog::remove_person(OrganisationId organisation, PersonId id) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_last_admin(organisation, id));
    TRY_VOID(database_->change("DELETE FROM session WHERE organisation = $1 AND person = $2",
                               {organisation, id}));
    TRY_VOID(database_->change("DELETE FROM person WHERE organisation = $1 AND id = $2",
                               {organisation, id}));
    return transaction.commit();
}

Result<void> SqlCatalog::person_seen(OrganisationId organisation, PersonId id, Instant at) {
    TRY(const std::size_t changed,
        database_->change("UPDATE person SET last_seen_at = $3 WHERE organisation = $1 AND id = $2",
                          {organisation, id, at}));
    if (changed == 0) return fail(Code::not_found, "no such person");
    return {};
}

Result<bool> SqlCatalog::setup_needed() {
    TRY(const std::size_t done,
        count("SELECT COUNT(*) FROM setting WHERE name = $1", {setup_done}));
    if (done > 0) return false;
    TRY(const std::size_t admins,
        count("SELECT COUNT(*) FROM person WHERE organisation = $1 AND role = $2",
              {default_organisation, admin}));
    return admins == 0;
}

Result<void> SqlCatalog::offer_setup(std::string_view secret_sha256) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const bool is_needed, setup_needed());
    if (!is_needed) return fail(Code::conflict, "this node is set up already");
    if (secret_sha256.size() != 32) return fail(Code::invalid, "a digest has 32 bytes");
    TRY_VOID(set_setting(setup_secret, to_hex(as_bytes(secret_sha256))));
    return transaction.commit();
}

Result<Person> SqlCatalog::set_up(std::string_view secret_sha256, const NewPerson& wanted,
                                  Instant now) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const bool is_needed, setup_needed());
    if (!is_needed) return fail(Code::conflict, "this node is set up already");
    // Digests of 100 random bits: comparing them tells nothing about the secret.
    const auto offered = setting(setup_secret);
    if (!offered || *offered != to_hex(as_bytes(secret_sha256))) {
        return fail(Code::denied, "that is not the one-time admin secret");
    }
    NewPerson first = wanted;
    first.role = admin;
    TRY(Person person, create_person(default_organisation, first, now));
    TRY_VOID(database_->change("DELETE FROM setting WHERE name = $1", {setup_secret}));
    TRY_VOID(set_setting(setup_done, to_rfc3339(now)));
    TRY_VOID(transaction.commit());
    return person;
}

}  // namespace lineshaft::catalog
