// Organisations: who shares the node, and how much of it each may take.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

// What a change leaves of a limit.
Result<std::optional<std::int64_t>> changed(std::string_view what,
                                            const Change<std::int64_t>& change,
                                            std::optional<std::int64_t> now) {
    const std::optional<std::int64_t> next = change ? *change : now;
    if (next && *next < 0) return fail(Code::invalid, fmt::format("{} is below zero", what));
    return next;
}

std::optional<std::int64_t> integer_or_nothing(const Row& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.integer(column);
}

}  // namespace

Result<void> SqlCatalog::load_organisations() {
    std::vector<Organisation> organisations;
    TRY_VOID(database_->query(
        "SELECT id, name, created_at, title, machines_max, sessions_max, messages_per_s,"
        " samples_per_s, retained_bytes_max FROM organisation ORDER BY id",
        {}, [&](const Row& row) {
            organisations.push_back(
                {row.id<OrganisationId>(0), row.text(1), row.instant(2), row.text_or_nothing(3),
                 OrganisationLimits{integer_or_nothing(row, 4), integer_or_nothing(row, 5),
                                    integer_or_nothing(row, 6), integer_or_nothing(row, 7),
                                    integer_or_nothing(row, 8)}});
        }));
    organisations_ = std::move(organisations);
    touch();
    return {};
}

Result<Organisation> SqlCatalog::create_organisation(std::string_view name, Instant now) {
    TRY_VOID(check_organisation_name(name));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(const std::size_t taken,
        count("SELECT COUNT(*) FROM organisation WHERE name = $1", {name}));
    if (taken > 0) {
        return fail(Code::conflict, fmt::format("an organisation named {} exists already", name));
    }
    TRY(const std::size_t all, count("SELECT COUNT(*) FROM organisation", {}));
    if (all >= limits_.organisations_max) {
        return fail(Code::exhausted,
                    fmt::format("there are {} organisations, no more are allowed", all));
    }
    TRY(const std::int64_t id, next_id("organisation"));
    TRY_VOID(database_->change(
        "INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)", {id, name, now}));
    TRY_VOID(transaction.commit());
    TRY_VOID(load_organisations());
    return Organisation{OrganisationId(static_cast<std::uint32_t>(id)), std::string(name), now};
}

Result<Organisation> SqlCatalog::change_organisation(OrganisationId id,
                                                     const OrganisationChange& change) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(load_organisations());
    const auto found = std::ranges::find(organisations_, id, &Organisation::id);
    if (found == organisations_.end()) return fail(Code::not_found, "no such organisation");
    Organisation next = *found;
    if (change.title) next.title = *change.title;
    if (next.title) {
        TRY_VOID(check_text("an organisation's title", *next.title, limits_.name_bytes_max));
    }
    auto& limits = next.limits;
    TRY(limits.machines_max, changed("machines_max", change.machines_max, limits.machines_max));
    TRY(limits.sessions_max, changed("sessions_max", change.sessions_max, limits.sessions_max));
    TRY(limits.messages_per_s,
        changed("messages_per_s", change.messages_per_s, limits.messages_per_s));
    TRY(limits.samples_per_s, changed("samples_per_s", change.samples_per_s, limits.samples_per_s));
    TRY(limits.retained_bytes_max,
        changed("retained_bytes_max", change.retained_bytes_max, limits.retained_bytes_max));
    TRY_VOID(database_->change(
        "UPDATE organisation SET title = $2, machines_max = $3, sessions_max = $4,"
        " messages_per_s = $5, samples_per_s = $6, retained_bytes_max = $7 WHERE id = $1",
        {id, next.title, limits.machines_max, limits.sessions_max, limits.messages_per_s,
         limits.samples_per_s, limits.retained_bytes_max}));
    TRY_VOID(transaction.commit());
    TRY_VOID(load_organisations());
    return next;
}

}  // namespace lineshaft::catalog
