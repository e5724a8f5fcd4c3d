// The fleet's rows: what people drew, described and asked for, what was decided, and who crossed
// which border. Bodies are JSON texts of dispatch/fleet, which alone knows what is in them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace lineshaft::catalog {

struct FleetRow {
    OrganisationId organisation;
    std::string kind, id;
    std::optional<std::string> body;  ///< to be kept: nothing removes it
};
struct CrossingRow {
    std::uint64_t id = 0;
    OrganisationId organisation;
    Instant at;
    std::string machine, site;
    bool is_entered = true;
};
inline constexpr std::size_t crossings_kept = 100'000;  ///< of an organisation; then the oldest go

/// All rows of everyone, requests before places. Errors: as Catalog.
Result<std::vector<FleetRow>> fleet_rows(Catalog& catalog);
/// All of them in one transaction. Errors: as Catalog.
Result<void> keep_fleet_rows(Catalog& catalog, std::span<const FleetRow> rows);

/// Gives the crossings their ids, ascending.
Result<void> add_crossings(Catalog& catalog, std::span<CrossingRow> crossings);
/// Newest first, at most `count_max` with ids below `before`. Empty texts: all.
struct CrossingQuery {
    std::string machine, site;
    Instant from{}, until{INT64_MAX};
    std::uint64_t before = INT64_MAX;
    std::size_t count_max = 100;
};
Result<std::vector<CrossingRow>> crossings(Catalog& catalog, OrganisationId organisation,
                                           const CrossingQuery& query);
/// Who entered and has not left, of everyone: the last crossing of each machine and site.
Result<std::vector<CrossingRow>> insides(Catalog& catalog);
}  // namespace lineshaft::catalog
