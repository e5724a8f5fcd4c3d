#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "query/query.h"

// pg_catalog and information_schema: what PostgreSQL clients ask on connecting. A table is one
// function that lists its rows; to add one, add a line in pg_catalog.cc.
namespace lineshaft::query {

/// A table as statements see it.
struct TableShape {
    std::string_view schema, name;
    std::vector<Column> columns;
};
/// machines, tags, latest, samples, sites: what the node has; schema "public".
std::span<const TableShape> shown_tables();

struct Asker {
    const Scope& scope;
    const Session& session;
};
struct SystemTable {
    TableShape shape;
    using Rows = std::vector<std::vector<Value>>;
    /// All its rows, in the order of shape.columns. At most a few thousand.
    Rows (*rows)(const Asker& asker);
};
std::span<const SystemTable> system_tables();

/// PostgreSQL's number of a type: 16 bool, 20 int8, 25 text, 701 float8, 1184 timestamptz, 17
/// bytea.
std::int64_t oid_of(Type type);

}  // namespace lineshaft::query
