#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "query/system_tables.h"

namespace lineshaft::query {

/// pg_catalog and information_schema as clients ask them on connecting: the tables of `public` and
/// their columns, one role (the asker), one database; what a node has not (indexes, constraints,
/// functions of users) is a table without rows. Numbers (oid) hold for this version only.
std::span<const SystemTable> pg_catalog_tables();

/// The number of a table that is named as in 'public.samples'::regclass, or of a number's own text.
std::optional<std::int64_t> relation_number(std::string_view name);

}  // namespace lineshaft::query
