#pragma once
#include <string>

#include "store/tests/support.h"

// What the processes that meet a fault (fault_process.cc) and the test that looks afterwards
// (fault_test.cc) agree on.
namespace lineshaft::store::testing_store {

// Small memtables and logs, so that flushes, merges and new logs happen within a short run.
inline constexpr Limits tight{.write_buffer_bytes = 256 << 10, .log_bytes_max = 512 << 10};

inline constexpr int exit_did_not_open = 3;
inline constexpr int exit_failed = 74;  // the product's end when the disk fails

/// Keys that begin so are in sorted files, the others in the log family.
inline constexpr std::string_view chunk_prefix = "chunk/";

inline std::string value_of(const std::string& key) {
    return key + noise(2'000, unsigned(key.size()) * 31);
}

}  // namespace lineshaft::store::testing_store
