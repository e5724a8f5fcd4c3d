#pragma once
#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <memory>
#include <vector>

#include "store/store.h"

namespace lineshaft::store {

/// Options of the one database. `env` outlives it.
rocksdb::DBOptions database_options(const Limits& limits, rocksdb::Env* env,
                                    std::shared_ptr<rocksdb::EventListener> listener);

/// "default", then ours in the order of Family: number_of() is the index.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const Limits& limits);

}  // namespace lineshaft::store
