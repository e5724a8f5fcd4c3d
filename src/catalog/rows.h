#pragma once
#include "catalog/catalog.h"
#include "catalog/sql.h"

namespace lineshaft::catalog {

/// The catalog's connection, for a room above that keeps rows of its own in the same file and so in the same
/// transactions (dispatch/orders). On the catalog's worker only, as the catalog itself.
Database& database_of(Catalog& catalog);

}  // namespace lineshaft::catalog
