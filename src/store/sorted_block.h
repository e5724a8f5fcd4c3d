#pragma once
// Inside store only: the blocks of a sorted file, as bytes. Pure. Layout (RocksDB 7.8, block-based
// table, format_version 5): a block's bytes, a type byte (0: not compressed), a checksum of four.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "store/store.h"

namespace lineshaft::store {

/// Where a block lies in its file.
struct BlockHandle {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;  ///< without the trailer: type (1) and checksum (4)
};

inline constexpr std::size_t block_trailer_bytes = 5;

/// Two varints; nothing when the bytes end before.
std::optional<BlockHandle> take_handle(Reader& in);

/// RocksDB 7.8, table/format.cc: XXH3's low half, and the type byte mixed in.
std::uint32_t block_checksum(std::string_view data, std::uint8_t type);

/// Whether `block` (data, type, checksum) fits its checksum; any bytes allowed.
bool is_sound_block(std::string_view block);

/// Which single flipped bit of `block` (data, type, checksum) makes its checksum fit: its index,
/// 8 * byte + bit; negative: none. Cost: one hash of the block for each of its bits.
std::int64_t flipped_bit_of_block(std::string_view block);

/// Calls `each` with the stored key and value of every entry of the uncompressed data `block` (no
/// trailer) that can be made out, until it answers false. Any bytes allowed.
void for_each_entry(std::string_view block,
                    const std::function<bool(std::string_view key, std::string_view value)>& each);

/// The same as a list, at most 4,096, keys without the engine's eight bytes of sequence and type.
std::vector<Entry> legible_entries(std::string_view block);

}  // namespace lineshaft::store
