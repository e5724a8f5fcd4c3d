#pragma once
// Inside store only: copying what can be read out of a database with unreadable blocks.
#include <cstddef>
#include <string>
#include <vector>

#include "store/recovery.h"

namespace lineshaft::store {

/// Keys strictly between two that could be read. Empty: from the first, to the last.
struct KeyGap {
    std::optional<Family> family;  ///< none: the store's own
    std::string from_key, until_key;
    std::string why;
};

/// Copies all that can be read of `from`, logs included, into a new database in `to`. Errors:
/// corrupt (`from` cannot be opened even for reading), exhausted, unavailable. From `legible`, what
/// stands in bad blocks, goes what newer files have removed: it is no loss.
Result<std::vector<KeyGap>> copy_readable(const OpenRequest& from, const OpenRequest& to,
                                          std::vector<Entry>& legible);

/// Makes a new MANIFEST of the sorted files and logs that are there. Returns how many there are.
Result<std::size_t> rebuild_manifest(const OpenRequest& request);

/// Half-way between two keys, as if they were fractions; `low` when nothing is between.
std::string key_between(const std::string& low, const std::string& high);

}  // namespace lineshaft::store
