#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace lineshaft::store {

/// The operations in RocksDB's own write-batch encoding, without its header, so that merging many
/// batches into one commit is appending strings. batch_test.cc compares it with RocksDB's builder.
struct Batch::Rep {
    std::string operations;
    std::uint32_t count = 0;
    bool has_puts = false;
    bool uses_reserve = false;
    /// Ranges removed from history.chunks, whose files are dropped whole after the commit.
    std::vector<std::pair<std::string, std::string>> chunk_ranges;
};

/// The engine's key to a batch's inside.
class EngineAccess {
public:
    /// Null when nothing was ever added.
    static const auto* rep(const Batch& batch) { return batch.rep_.get(); }
};

/// Families are numbered in the order they were created; 0 is RocksDB's "default", ours for guards.
inline std::uint32_t number_of(Family family) {
    return static_cast<std::uint32_t>(family) + 1;
}

inline constexpr std::size_t batch_header_bytes = 12;  ///< sequence (8, RocksDB's) and count (4)

/// Appends one put into the default family, which has an encoding of its own.
void append_default_put(std::string& operations, std::string_view key, std::string_view value);

}  // namespace lineshaft::store
