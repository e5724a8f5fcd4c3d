#include "catalog/fleet_rows.h"

#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

Database& database_of(Catalog& catalog) {
    return static_cast<SqlCatalog&>(catalog).database();
}

CrossingRow crossing_of(const Row& row) {
    return {static_cast<std::uint64_t>(row.integer(0)),
            row.id<OrganisationId>(1),
            row.instant(2),
            row.text(3),
            row.text(4),
            row.integer(5) != 0};
}

}  // namespace

Result<std::vector<FleetRow>> fleet_rows(Catalog& catalog) {
    std::vector<FleetRow> all;
    TRY_VOID(database_of(catalog).query(
        "SELECT organisation, kind, id, body FROM fleet_row ORDER BY organisation, CASE kind WHEN "
        "'settings' THEN 0 WHEN 'place' THEN 2"
        " ELSE 1 END, kind, id",
        {}, [&](const Row& row) {
            all.push_back({row.id<OrganisationId>(0), row.text(1), row.text(2), row.text(3)});
        }));
    return all;
}

Result<void> keep_fleet_rows(Catalog& catalog, std::span<const FleetRow> rows) {
    Database& database = database_of(catalog);
    TRY(auto transaction, Transaction::begin(database));
    for (const FleetRow& row : rows) {
        TRY_VOID(database.change(
            "DELETE FROM fleet_row WHERE organisation = $1 AND kind = $2 AND id = $3",
            {row.organisation, row.kind, row.id}));
        if (!row.body) continue;
        TRY_VOID(database.change(
            "INSERT INTO fleet_row (organisation, kind, id, body) VALUES ($1, $2, $3, $4)",
            {row.organisation, row.kind, row.id, *row.body}));
    }
    return transaction.commit();
}

Result<void> add_crossings(Catalog& catalog, std::span<CrossingRow> crossings) {
    Database& database = database_of(catalog);
    TRY(auto transaction, Transaction::begin(database));
    std::int64_t last = 0;
    TRY_VOID(database.query("SELECT COALESCE(MAX(id), 0) FROM fleet_crossing", {},
                            [&](const Row& row) { last = row.integer(0); }));
    for (CrossingRow& one : crossings) {
        one.id = static_cast<std::uint64_t>(++last);
        TRY_VOID(database.change(
            "INSERT INTO fleet_crossing (id, organisation, at, machine, site, is_entered) VALUES "
            "($1, $2, $3, $4, $5, $6)",
            {last, one.organisation, one.at, one.machine, one.site, one.is_entered}));
    }
    // Ids are the node's: counted over all organisations, so the oldest of everyone go together.
    TRY_VOID(database.change("DELETE FROM fleet_crossing WHERE id <= $1",
                             {last - static_cast<std::int64_t>(crossings_kept)}));
    return transaction.commit();
}

Result<void> keep_answer(Catalog& catalog, const KeptAnswer& kept) {
    const auto put = [&](const Answer& answer) -> Result<void> {
        if (answer.body.size() > Limits{}.answer_bytes_max)
            return fail(Code::exhausted, "the answer is too large to be remembered");
        TRY(auto transaction, Transaction::begin(database_of(catalog)));
        TRY(const Answer there,
            catalog.once(kept.key, kept.at, [&] { return Result<Answer>(answer); }));
        if (!(there == answer)) {
            TRY_VOID(database_of(catalog).change(
                "UPDATE answer SET status = $1, body = $2 WHERE organisation = $3 AND "
                "principal = $4 AND route = $5 AND name = $6",
                {std::int64_t{answer.status}, answer.body, kept.key.organisation,
                 kept.key.principal, kept.key.route, kept.key.key}));
        }
        return transaction.commit();
    };
    auto done = put(kept.answer);
    if (!done && done.error().code == Code::exhausted && kept.answer.status != 204)
        done = put({kept.answer.status, std::string(brief_answer)});
    return done;
}

Result<void> keep_fleet_change(Catalog& catalog, std::span<const FleetRow> rows,
                               std::span<CrossingRow> crossings, const KeptAnswer* kept) {
    TRY(auto transaction, Transaction::begin(database_of(catalog)));
    if (!rows.empty()) {
        TRY_VOID(keep_fleet_rows(catalog, rows));
    }
    if (!crossings.empty()) {
        TRY_VOID(add_crossings(catalog, crossings));
    }
    if (kept != nullptr) {
        const auto done = keep_answer(catalog, *kept);
        if (!done && done.error().code != Code::exhausted) return done;
    }
    return transaction.commit();
}

Result<std::vector<CrossingRow>> crossings(Catalog& catalog, OrganisationId organisation,
                                           const CrossingQuery& query) {
    std::vector<CrossingRow> all;
    TRY_VOID(database_of(catalog).query(
        "SELECT id, organisation, at, machine, site, is_entered FROM fleet_crossing WHERE "
        "organisation = $1 AND id < $2"
        " AND ($3 = '' OR machine = $3) AND ($4 = '' OR site = $4) AND at >= $5 AND at < $6 ORDER "
        "BY id DESC LIMIT $7",
        {organisation, static_cast<std::int64_t>(query.before), query.machine, query.site,
         query.from, query.until, static_cast<std::int64_t>(query.count_max)},
        [&](const Row& row) { all.push_back(crossing_of(row)); }));
    return all;
}

Result<std::vector<CrossingRow>> insides(Catalog& catalog) {
    std::vector<CrossingRow> all;
    TRY_VOID(database_of(catalog).query(
        "SELECT id, organisation, at, machine, site, is_entered FROM fleet_crossing WHERE "
        "is_entered = 1 AND id IN"
        " (SELECT MAX(id) FROM fleet_crossing GROUP BY organisation, machine, site)",
        {}, [&](const Row& row) { all.push_back(crossing_of(row)); }));
    return all;
}

}  // namespace lineshaft::catalog
