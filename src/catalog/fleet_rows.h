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

/// An answer and the Idempotency-Key it is given for again.
struct KeptAnswer {
    OnceKey key;
    Answer answer;
    Instant at;
};
/// What is answered again when the whole answer is too long to be kept, or was never made.
inline constexpr std::string_view brief_answer = R"({"is_repeated":true,"is_shortened":true})";
/// From now on the key is answered with this, whatever was kept under it. One that is too long is
/// kept as brief_answer. Errors: as Catalog::once.
Result<void> keep_answer(Catalog& catalog, const KeptAnswer& kept);
/// Rows, crossings, and that it was done for a key (may be null), in one transaction. Where the key
/// cannot be kept, for there are too many, the rest is stored all the same. Errors: as Catalog.
Result<void> keep_fleet_change(Catalog& catalog, std::span<const FleetRow> rows,
                               std::span<CrossingRow> crossings, const KeptAnswer* kept);
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
