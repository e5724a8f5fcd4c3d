// Inside gate/pg: values of the engine as the protocol has them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "query/types.h"
#include "wire/postgres/sender.h"

namespace lineshaft::pg {

/// What clients are told a value is.
postgres::Oid oid_of(query::Type type);
/// The engine's type for one that a client declares; null: it says nothing to us.
query::Type type_of(postgres::Oid oid);

/// Adds a value to a row. Text forms follow the session's zone.
void put_value(postgres::RowWriter& row, std::string& out, const query::Value& value,
               postgres::Format format, const std::string& time_zone);

/// One bound parameter. `type`: the statement's; `declared`: the number its binary form follows.
query::Outcome<query::Value> parameter_of(const std::optional<std::string>& sent,
                                          query::Type type, postgres::Oid declared,
                                          postgres::Format format, const std::string& time_zone);

std::vector<postgres::Column> columns_of(std::span<const query::Column> columns,
                                         const std::vector<postgres::Format>& formats);

/// What a bound value takes, for limits.
std::size_t bytes_of(const query::Value& value);

postgres::Failure failure_of(const query::Failure& failure);

}  // namespace lineshaft::pg
