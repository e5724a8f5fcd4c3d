#include "store/sorted_block.h"

#include "base/hash.h"

namespace lineshaft::store {
namespace {

constexpr std::size_t internal_key_bytes = 8;
constexpr std::size_t block_entries_max = 4'096;

std::uint32_t le32_at(std::string_view bytes, std::size_t at) {
    return *Reader(as_bytes(bytes.substr(at))).take_le<std::uint32_t>();
}

}  // namespace

std::optional<BlockHandle> take_handle(Reader& in) {
    const auto offset = in.take_varint();
    const auto size = offset ? in.take_varint() : offset;
    if (!size) return std::nullopt;
    return BlockHandle{*offset, *size};
}

std::uint32_t block_checksum(std::string_view data, std::uint8_t type) {
    return static_cast<std::uint32_t>(hash64(data)) ^ (std::uint32_t{type} * 0x6b9083d9u);
}

bool is_sound_block(std::string_view block) {
    if (block.size() < block_trailer_bytes) return false;
    const std::string_view data = block.substr(0, block.size() - block_trailer_bytes);
    const auto type = static_cast<std::uint8_t>(block[data.size()]);
    return le32_at(block, data.size() + 1) == block_checksum(data, type);
}

std::int64_t flipped_bit_of_block(std::string_view block) {
    if (block.size() < block_trailer_bytes) return -1;
    std::string data(block.substr(0, block.size() - block_trailer_bytes));
    const auto type = static_cast<std::uint8_t>(block[data.size()]);
    const std::uint32_t stored = le32_at(block, data.size() + 1);
    const auto type_at = static_cast<std::int64_t>(8 * data.size());
    const std::uint32_t difference = stored ^ block_checksum(data, type);
    if (difference == 0) return -1;
    for (int bit = 0; bit < 32; ++bit) {
        if (difference == std::uint32_t{1} << bit) return type_at + 8 + bit;
    }
    for (int bit = 0; bit < 8; ++bit) {
        const auto other = static_cast<std::uint8_t>(type ^ (1u << bit));
        if (stored == block_checksum(data, other)) return type_at + bit;
    }
    for (std::size_t byte = 0; byte < data.size(); ++byte) {
        for (int bit = 0; bit < 8; ++bit) {
            data[byte] = static_cast<char>(data[byte] ^ (1 << bit));
            if (stored == block_checksum(data, type))
                return static_cast<std::int64_t>(8 * byte) + bit;
            data[byte] = static_cast<char>(data[byte] ^ (1 << bit));
        }
    }
    return -1;
}

// An entry is: varint bytes shared with the key before, varint further bytes, varint length of the
// value, those bytes, the value. At restart points, listed at the block's end, nothing is shared.
void for_each_entry(std::string_view block,
                    const std::function<bool(std::string_view, std::string_view)>& each) {
    if (block.size() < 8) return;
    const std::uint32_t count = le32_at(block, block.size() - 4);
    const std::uint64_t tail = 4 + std::uint64_t{4} * count;
    if (count == 0 || tail > block.size()) return;
    const std::size_t restarts_at = block.size() - tail;
    const auto restart_of = [&](std::uint32_t which) {
        return std::size_t{le32_at(block, restarts_at + std::size_t{4} * which)};
    };
    for (std::uint32_t index = 0; index < count; ++index) {
        const std::size_t from = restart_of(index);
        const std::size_t until = index + 1 < count ? restart_of(index + 1) : restarts_at;
        if (from >= until || until > restarts_at) continue;
        Reader in(as_bytes(block.substr(from, until - from)));
        std::string key;
        while (!in.at_end()) {
            const auto shared = in.take_varint();
            const auto further = shared ? in.take_varint() : shared;
            const auto value_bytes = further ? in.take_varint() : further;
            if (!value_bytes || *shared > key.size()) break;
            const auto suffix = in.take(*further);
            const auto value = suffix ? in.take(*value_bytes) : suffix;
            if (!value) break;
            key.resize(*shared);
            key += as_text(*suffix);
            if (!each(key, as_text(*value))) return;
        }
    }
}

std::vector<Entry> legible_entries(std::string_view block) {
    std::vector<Entry> entries;
    for_each_entry(block, [&](std::string_view key, std::string_view value) {
        if (key.size() >= internal_key_bytes) {
            key.remove_suffix(internal_key_bytes);
            entries.push_back({std::string(key), std::string(value)});
        }
        return entries.size() < block_entries_max;
    });
    return entries;
}

}  // namespace lineshaft::store
