// Designs: what an order is sewn from. A row begins without stitches and gets them, or why there
// are none, from the worker that makes them; the stitches are kept as the machine file they are.
#include <fmt/format.h>

#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

#define DESIGN_COLUMNS "id, organisation, name, state, run, facts, created_by, created_at"

Design design_of(const Row& row) {
    Design found;
    found.id = static_cast<std::uint64_t>(row.integer(0));
    found.organisation = row.id<OrganisationId>(1);
    found.name = row.text(2);
    found.state = static_cast<DesignState>(row.integer(3));
    found.run = row.integer(4);
    found.facts = row.text(5);
    found.created_by = row.text(6);
    found.created_at = row.instant(7);
    return found;
}

}  // namespace

Result<Design> SqlCatalog::create_design(OrganisationId organisation, const NewDesign& wanted,
                                         Instant now) {
    TRY_VOID(check_text("a design's name", wanted.name, limits_.name_bytes_max));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    TRY(const std::size_t known,
        count("SELECT COUNT(*) FROM design WHERE organisation = $1", {organisation}));
    if (known >= limits_.designs_max) {
        return fail(Code::exhausted,
                    fmt::format("there are {} designs already", limits_.designs_max));
    }
    TRY(const std::int64_t id, next_id("design"));
    TRY_VOID(database_->change(
        "INSERT INTO design (id, organisation, name, state, run, facts, stitches, created_by,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {id, organisation, wanted.name, static_cast<std::int64_t>(DesignState::working), wanted.run,
         std::string_view("{}"), Blob{""}, wanted.created_by, now}));
    TRY_VOID(transaction.commit());
    return Design{static_cast<std::uint64_t>(id),
                  organisation,
                  wanted.name,
                  DesignState::working,
                  wanted.run,
                  "{}",
                  wanted.created_by,
                  now};
}

Result<void> SqlCatalog::finish_design(OrganisationId organisation, std::uint64_t id,
                                       const DesignOutcome& outcome) {
    TRY(const std::size_t changed,
        database_->change(
            "UPDATE design SET state = $3, facts = $4, stitches = $5"
            " WHERE organisation = $1 AND id = $2",
            {organisation, static_cast<std::int64_t>(id), static_cast<std::int64_t>(outcome.state),
             outcome.facts, Blob{outcome.stitches}}));
    if (changed == 0) return fail(Code::not_found, "no such design");
    return {};
}

Result<void> SqlCatalog::restart_design(OrganisationId organisation, std::uint64_t id,
                                        std::int64_t run) {
    TRY(const std::size_t changed,
        database_->change("UPDATE design SET run = $3 WHERE organisation = $1 AND id = $2"
                          " AND state = $4",
                          {organisation, static_cast<std::int64_t>(id), run,
                           static_cast<std::int64_t>(DesignState::working)}));
    if (changed == 0) return fail(Code::not_found, "no such design at work");
    return {};
}

Result<Design> SqlCatalog::find_design(OrganisationId organisation, std::uint64_t id) {
    std::optional<Design> found;
    TRY_VOID(database_->query("SELECT " DESIGN_COLUMNS
                              " FROM design WHERE organisation = $1 AND id = $2",
                              {organisation, static_cast<std::int64_t>(id)},
                              [&](const Row& row) { found = design_of(row); }));
    if (!found) return fail(Code::not_found, fmt::format("there is no design {}", id));
    return *std::move(found);
}

Result<std::string> SqlCatalog::design_stitches(OrganisationId organisation, std::uint64_t id) {
    std::optional<std::string> found;
    TRY_VOID(database_->query("SELECT stitches FROM design WHERE organisation = $1 AND id = $2",
                              {organisation, static_cast<std::int64_t>(id)},
                              [&](const Row& row) { found = row.text(0); }));
    if (!found) return fail(Code::not_found, fmt::format("there is no design {}", id));
    return *std::move(found);
}

Result<std::vector<Design>> SqlCatalog::designs(OrganisationId organisation,
                                                std::optional<std::uint64_t> before,
                                                std::size_t count_max) {
    std::vector<Design> all;
    const auto end = before ? static_cast<std::int64_t>(*before) : INT64_MAX;
    TRY_VOID(database_->query("SELECT " DESIGN_COLUMNS " FROM design WHERE organisation = $1"
                              " AND id < $2 ORDER BY id DESC LIMIT $3",
                              {organisation, end, static_cast<std::int64_t>(count_max)},
                              [&](const Row& row) { all.push_back(design_of(row)); }));
    return all;
}

Result<void> SqlCatalog::remove_design(OrganisationId organisation, std::uint64_t id) {
    TRY(const std::size_t changed,
        database_->change("DELETE FROM design WHERE organisation = $1 AND id = $2",
                          {organisation, static_cast<std::int64_t>(id)}));
    if (changed == 0) return fail(Code::not_found, fmt::format("there is no design {}", id));
    return {};
}

}  // namespace lineshaft::catalog
