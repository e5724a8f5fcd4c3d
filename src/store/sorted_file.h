#pragma once
// Inside store only: sorted files with damaged blocks.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace rocksdb {
struct Options;
}

namespace lineshaft::store {

/// One block of a sorted file whose checksum does not fit.
struct BadBlock {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;  ///< without the trailer: type (1) and checksum (4)
};

/// What a look at one sorted file found.
struct SortedFileCheck {
    struct Mended {
        std::uint64_t byte = 0;
        unsigned bit = 0;
    };
    std::vector<Mended> mended;    ///< flipped back, in the file
    std::vector<BadBlock> bad;     ///< could not be mended; the file is as it was there
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

/// The keys and values of an uncompressed data block as far as they can be made out. Pure; any
/// bytes allowed. Keys are without the engine's eight bytes of sequence and type.
std::vector<Entry> legible_entries(std::string_view block);

/// Which single flipped bit of `block` (data, type, checksum) makes its XXH3 checksum fit: its
/// index, 8 * byte + bit; negative: none. Cost: one hash of the block for each of its bits.
std::int64_t flipped_bit_of_block(std::string_view block);

}  // namespace lineshaft::store
