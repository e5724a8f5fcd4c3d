#pragma once
// Inside store only: sorted files with damaged blocks.
#include <cstdint>
#include <string>
#include <vector>

#include "store/sorted_block.h"

namespace rocksdb {
struct Options;
}

namespace lineshaft::store {

/// What a look at one sorted file found.
struct SortedFileCheck {
    struct Mended {
        std::uint64_t byte = 0;
        unsigned bit = 0;
    };
    std::vector<Mended> mended;    ///< flipped back, in the file
    std::vector<BlockHandle> bad;  ///< do not fit their checksums and could not be mended
    std::string unreadable;        ///< not empty: the file as a whole cannot be opened
    std::vector<Entry> legible;    ///< of the bad blocks, with nothing to vouch for it
    bool is_whole() const { return bad.empty() && unreadable.empty(); }
};

/// Reads all of `path`. With `unshare` the file is replaced by a copy before its first change, so
/// that hard links to it stay as they are. Where one flipped bit explains a checksum it is flipped
/// back: 2^17 bits of a block against a checksum of 32 are wrong once in 32,768 tries on other
/// damage, and RocksDB's own structure and our owners' checksums stand behind it.
/// Errors: unavailable, exhausted.
Result<SortedFileCheck> check_sorted_file(const std::string& path, const rocksdb::Options& options);

}  // namespace lineshaft::store
