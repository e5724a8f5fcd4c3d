#include "query/system_tables.h"

#include "query/pg_catalog.h"

namespace lineshaft::query {

std::int64_t oid_of(Type type) {
    switch (type) {
        case Type::boolean: return 16;
        case Type::int8: return 20;
        case Type::float8: return 701;
        case Type::timestamptz: return 1184;
        case Type::bytea: return 17;
        case Type::null:
        case Type::text: break;
    }
    return 25;
}

std::span<const SystemTable> system_tables() {
    return pg_catalog_tables();
}

}  // namespace lineshaft::query
