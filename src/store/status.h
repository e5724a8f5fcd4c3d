#pragma once
#include <rocksdb/status.h>

#include <string>

#include "base/result.h"

namespace lineshaft::store {

/// The engine's status as an Error of ours; the sentence keeps the file name and offset it gives.
Error error_of(const rocksdb::Status& status, const std::string& doing);

inline Result<void> checked(const rocksdb::Status& status, const std::string& doing) {
    if (status.ok()) return {};
    return std::unexpected(error_of(status, doing));
}

/// True when a background job failed because of what it read, not of what it wrote.
bool is_damage(const rocksdb::Status& status);

}  // namespace lineshaft::store
