#pragma once
#include <span>

#include "query/system_tables.h"

namespace lineshaft::query {

/// pg_catalog and information_schema as clients ask them on connecting: the tables of `public` and
/// their columns, one role (the asker), one database; what a node has not (indexes, constraints,
/// functions of users) is a table without rows. Numbers (oid) hold for this version only.
std::span<const SystemTable> pg_catalog_tables();

}  // namespace lineshaft::query
