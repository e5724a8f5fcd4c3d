#include "store/sorted_footer.h"

namespace lineshaft::store {
namespace {

constexpr std::string_view constants("\x04\x05\0\0\0\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 13);
constexpr std::string_view properties_name = "rocksdb.properties";

std::optional<std::string> sound_block(const SortedBytes& file, const BlockHandle& handle) {
    if (handle.offset >= file.footer_at()) return std::nullopt;
    if (handle.size_bytes >= file.footer_at() - handle.offset) return std::nullopt;
    const std::size_t size_bytes = handle.size_bytes + block_trailer_bytes;
    std::string block = file.read(handle.offset, size_bytes);
    if (block.size() != size_bytes || !is_sound_block(block)) return std::nullopt;
    block.resize(handle.size_bytes);
    return block;
}

}  // namespace

std::vector<WrongByte> wrong_constants(std::string_view footer) {
    std::vector<WrongByte> wrong;
    for (std::size_t byte = 0; byte < footer_bytes; ++byte) {
        if (byte >= footer_handles_begin && byte < footer_handles_end) continue;
        const std::size_t at =
            byte < footer_handles_begin ? byte : byte - footer_handles_end + footer_handles_begin;
        const unsigned bits =
            static_cast<unsigned char>(footer[byte]) ^ static_cast<unsigned char>(constants[at]);
        if (bits != 0) wrong.push_back({byte, bits});
    }
    return wrong;
}

std::optional<FooterHandles> footer_handles(const SortedBytes& file, std::string_view footer) {
    Reader in(
        as_bytes(footer.substr(footer_handles_begin, footer_handles_end - footer_handles_begin)));
    const auto parts = take_handle(in);
    const auto index = parts ? take_handle(in) : parts;
    if (!index) return std::nullopt;
    if (parts->offset + parts->size_bytes + block_trailer_bytes != file.footer_at())
        return std::nullopt;
    return FooterHandles{*parts, *index};
}

bool is_sound(const SortedBytes& file, const BlockHandle& handle) {
    return sound_block(file, handle).has_value();
}

std::optional<BlockHandle> properties_handle(const SortedBytes& file, const BlockHandle& parts) {
    const auto block = sound_block(file, parts);
    std::optional<BlockHandle> found;
    if (!block) return found;
    for_each_entry(*block, [&](std::string_view name, std::string_view value) {
        Reader in(as_bytes(value));
        if (name == properties_name) found = take_handle(in);
        return !found;
    });
    return found;
}

std::string trouble_in_footer(const SortedBytes& file) {
    if (file.size_bytes < footer_bytes) return "it is shorter than a footer";
    const std::string footer = file.read(file.footer_at(), footer_bytes);
    if (footer.size() != footer_bytes) return "its footer cannot be read";
    if (!wrong_constants(footer).empty()) return "its footer is not one that this program writes";
    const auto handles = footer_handles(file, footer);
    if (!handles) return "its footer is damaged";
    if (!is_sound(file, handles->parts)) return "its list of parts is damaged";
    if (!is_sound(file, handles->index)) return "its list of blocks is damaged";
    const auto properties = properties_handle(file, handles->parts);
    if (!properties || !is_sound(file, *properties)) return "its properties are damaged";
    return {};
}

}  // namespace lineshaft::store
