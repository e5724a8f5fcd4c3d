#pragma once
// Inside store only: what the engine takes on trust when it opens a sorted file. The footer has no
// checksum, and the properties are parsed before theirs is looked at; on one flipped bit there
// RocksDB 7.8 as Debian builds it reads blocks as what they are not and stops the process.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/sorted_block.h"

namespace lineshaft::store {

/// Footer: checksum type (1), two handles padded to 40 bytes, version (4), magic (8).
inline constexpr std::size_t footer_bytes = 53;
inline constexpr std::size_t footer_handles_begin = 1, footer_handles_end = 41;

/// The first byte that is not as in every file of ours, with the bits that differ; handles apart.
struct WrongByte {
    std::size_t at = 0;  ///< in the footer
    unsigned bits = 0;
};
/// `footer` has 53 bytes. Files of ours: checksum XXH3, format_version 5, block-based table.
std::vector<WrongByte> wrong_constants(std::string_view footer);

/// Where the list of parts and the list of data blocks are; the first ends where the footer begins.
struct FooterHandles {
    BlockHandle parts;
    BlockHandle index;
};

/// A sorted file to look at: its size, and `read(offset, size)`, which may give less at its end.
struct SortedBytes {
    std::uint64_t size_bytes = 0;
    std::function<std::string(std::uint64_t offset, std::size_t size)> read;

    std::uint64_t footer_at() const { return size_bytes - footer_bytes; }
};

/// The handles of `footer` if they can be those of `file`: the parts end where the footer begins.
std::optional<FooterHandles> footer_handles(const SortedBytes& file, std::string_view footer);

/// Whether the block at `handle` is all there and fits its checksum.
bool is_sound(const SortedBytes& file, const BlockHandle& handle);

/// Where the properties are, as the list of parts says.
std::optional<BlockHandle> properties_handle(const SortedBytes& file, const BlockHandle& parts);

/// Why the engine must not open `file`, for a person; empty: it may. Reads the footer, the list of
/// parts, the list of data blocks and the properties.
std::string trouble_in_footer(const SortedBytes& file);

}  // namespace lineshaft::store
