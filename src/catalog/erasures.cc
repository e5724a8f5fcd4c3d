// Machines that are to leave no trace: what is kept of them here goes with the intent, in one
// transaction; what the rest of the node keeps goes after it, and then the file is written anew.
#include <fmt/format.h>

#include "base/machine_id.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

#define ERASURE_COLUMNS "id, organisation, machine, before_ticket, asked_by, asked_at, done_at"

Erasure erasure_of(const Row& row) {
    Erasure found;
    found.id = static_cast<std::uint64_t>(row.integer(0));
    found.organisation = row.id<OrganisationId>(1);
    found.machine = row.text(2);
    found.before = static_cast<std::uint64_t>(row.integer(3));
    found.asked_by = row.text(4);
    found.asked_at = row.instant(5);
    found.done_at = row.instant_or_nothing(6);
    return found;
}

}  // namespace

Result<void> SqlCatalog::erase_rows(OrganisationId organisation, std::string_view machine,
                                    std::string_view by, Instant now) {
    for (const std::string_view sql :
         {"DELETE FROM tag WHERE organisation = $1 AND machine = $2",
          "DELETE FROM machine_attribute WHERE organisation = $1 AND machine = $2",
          "DELETE FROM machine WHERE organisation = $1 AND id = $2",
          "DELETE FROM enrolment WHERE organisation = $1 AND machine = $2",
          "DELETE FROM sewing_machine WHERE organisation = $1 AND machine = $2",
          "DELETE FROM sewing_machine WHERE organisation = $1 AND machine = $2",
          "DELETE FROM fleet_crossing WHERE organisation = $1 AND machine = $2",
          "DELETE FROM fleet_row WHERE organisation = $1 AND id = $2 AND kind IN ('machine', 'broken')"}) {
        TRY_VOID(database_->change(sql, {organisation, machine}));
    }
    TRY_VOID(database_->change("UPDATE token SET revoked_at = $3 WHERE organisation = $1"
                               " AND machine = $2 AND revoked_at IS NULL",
                               {organisation, machine, now}));
    TRY_VOID(database_->change("UPDATE certificate SET revoked_at = $3, revoked_by = $4"
                               " WHERE organisation = $1 AND machine = $2 AND revoked_at IS NULL",
                               {organisation, machine, now, by}));
    return {};
}

Result<std::vector<TokenId>> SqlCatalog::revoked_tokens(OrganisationId organisation,
                                                        std::string_view machine) {
    std::vector<TokenId> all;
    TRY_VOID(database_->query("SELECT id FROM token WHERE organisation = $1 AND machine = $2"
                              " AND revoked_at IS NOT NULL",
                              {organisation, machine},
                              [&](const Row& row) { all.push_back(row.id<TokenId>(0)); }));
    return all;
}

Result<std::vector<Erasure>> SqlCatalog::begin_erasures(OrganisationId organisation,
                                                        const NewErasure& wanted, Instant now) {
    TRY_VOID(check_text("who erases", wanted.asked_by, limits_.name_bytes_max));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    std::vector<Erasure> made;
    for (const std::string& machine : wanted.machines) {
        TRY_VOID(check_machine_id(machine));
        TRY(const std::int64_t id, next_id("erasure"));
        TRY_VOID(database_->change(
            "INSERT INTO erasure (id, organisation, machine, before_ticket, asked_by, asked_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            {id, organisation, machine, static_cast<std::int64_t>(wanted.before), wanted.asked_by,
             now}));
        TRY_VOID(erase_rows(organisation, machine, wanted.asked_by, now));
        made.push_back({static_cast<std::uint64_t>(id), organisation, machine, wanted.before,
                        wanted.asked_by, now, std::nullopt});
        TRY(made.back().tokens, revoked_tokens(organisation, machine));
    }
    TRY_VOID(transaction.commit());
    const auto by_id = machines_.find(organisation);
    if (by_id != machines_.end()) {
        for (const std::string& machine : wanted.machines) {
            const auto entry = by_id->second.find(machine);
            if (entry != by_id->second.end()) by_id->second.erase(entry);
        }
    }
    touch();
    return made;
}

Result<std::vector<Erasure>> SqlCatalog::unfinished_erasures() {
    std::vector<Erasure> all;
    TRY_VOID(database_->query("SELECT " ERASURE_COLUMNS
                              " FROM erasure WHERE done_at IS NULL ORDER BY id",
                              {}, [&](const Row& row) { all.push_back(erasure_of(row)); }));
    for (Erasure& one : all) {
        TRY(one.tokens, revoked_tokens(one.organisation, one.machine));
    }
    return all;
}

Result<std::vector<Erasure>> SqlCatalog::erasures(OrganisationId organisation,
                                                  std::size_t count_max) {
    std::vector<Erasure> all;
    TRY_VOID(database_->query("SELECT " ERASURE_COLUMNS
                              " FROM erasure WHERE organisation = $1 ORDER BY id DESC LIMIT $2",
                              {organisation, static_cast<std::int64_t>(count_max)},
                              [&](const Row& row) { all.push_back(erasure_of(row)); }));
    return all;
}

Result<Erasure> SqlCatalog::find_erasure(OrganisationId organisation, std::uint64_t id) {
    std::optional<Erasure> found;
    TRY_VOID(database_->query(
        "SELECT " ERASURE_COLUMNS " FROM erasure WHERE organisation = $1 AND id = $2",
        {organisation, static_cast<std::int64_t>(id)},
        [&](const Row& row) { found = erasure_of(row); }));
    if (!found) return fail(Code::not_found, "no such erasure");
    return *std::move(found);
}

// DELETE leaves bytes in free pages and inside pages that are half full; VACUUM copies what lives.
// The write-ahead log holds pages as they were: it is emptied into the file and cut to nothing.
Result<void> SqlCatalog::write_anew() {
    TRY_VOID(database_->script("VACUUM"));
    bool is_busy = true;
    TRY_VOID(database_->query("PRAGMA wal_checkpoint(TRUNCATE)", {},
                              [&](const Row& row) { is_busy = row.integer(0) != 0; }));
    if (is_busy) {
        return fail(Code::unavailable, "another process reads the catalog, so what was erased is"
                                       " still in its log; it is tried again");
    }
    return {};
}

Result<void> SqlCatalog::end_erasures(std::span<const std::uint64_t> ids, Instant now) {
    {
        TRY(auto transaction, Transaction::begin(*database_));
        for (const std::uint64_t id : ids) {
            const auto number = static_cast<std::int64_t>(id);
            TRY_VOID(database_->change(
                "DELETE FROM token WHERE revoked_at IS NOT NULL AND EXISTS (SELECT 1 FROM erasure"
                " WHERE erasure.id = $1 AND erasure.organisation = token.organisation"
                " AND erasure.machine = token.machine)",
                {number}));
            TRY_VOID(database_->change(
                "UPDATE certificate SET der = $2 WHERE revoked_at IS NOT NULL AND EXISTS (SELECT 1"
                " FROM erasure WHERE erasure.id = $1 AND erasure.organisation ="
                " certificate.organisation AND erasure.machine = certificate.machine)",
                {number, Blob{""}}));
        }
        TRY_VOID(transaction.commit());
    }
    TRY_VOID(write_anew());
    TRY(auto transaction, Transaction::begin(*database_));
    for (const std::uint64_t id : ids) {
        TRY_VOID(database_->change("UPDATE erasure SET done_at = $2 WHERE id = $1",
                                   {static_cast<std::int64_t>(id), now}));
    }
    TRY_VOID(database_->change(
        "DELETE FROM erasure WHERE done_at IS NOT NULL AND id NOT IN (SELECT id FROM erasure"
        " WHERE done_at IS NOT NULL ORDER BY id DESC LIMIT $1)",
        {static_cast<std::int64_t>(limits_.erasures_kept)}));
    return transaction.commit();
}

}  // namespace lineshaft::catalog
