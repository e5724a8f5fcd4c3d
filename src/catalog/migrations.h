// The schema's versions, forward only.
#pragma once
#include <span>
#include <string_view>

#include "base/time.h"
#include "catalog/sql.h"

namespace lineshaft::catalog {

/// migrations()[n] makes version n + 1 out of version n. Never edited once released; texts keep to
/// what SQLite and PostgreSQL both understand.
std::span<const std::string_view> migrations();

/// The file's version, 0 when it is new.
Result<std::int64_t> schema_version(Database& database);

/// Brings the file up to `steps`, each step in a transaction of its own, so a kill in between
/// leaves some whole version. unsupported: the file is newer than `steps`.
Result<void> migrate(Database& database, Instant now,
                     std::span<const std::string_view> steps = migrations());

}  // namespace lineshaft::catalog
