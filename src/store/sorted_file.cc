// Sorted files block by block. Layout (RocksDB 7.8, block-based table, format_version 5): blocks,
// each followed by a type byte (0: not compressed) and a checksum; a footer of 53 bytes at the end.
#include "store/sorted_file.h"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t trailer_bytes = 5;
constexpr std::size_t footer_bytes = 53;
// Checksum type (4: XXH3), two handles padded to 40 bytes, version 5, magic.
constexpr std::size_t handles_begin = 1, handles_end = 41;
constexpr std::string_view footer_constants("\x04\x05\0\0\0\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 13);
constexpr std::size_t internal_key_bytes = 8;
constexpr std::size_t mendable_bytes_max = 256 << 10;  // 2^21 bits: some ten seconds
constexpr std::size_t legible_entries_max = 4'096;
constexpr std::size_t bad_blocks_max = 4'096;

// RocksDB 7.8, table/format.cc: XXH3's low half, and the type byte mixed in.
std::uint32_t block_checksum(std::string_view data, std::uint8_t type) {
    return static_cast<std::uint32_t>(hash64(data)) ^ (std::uint32_t{type} * 0x6b9083d9u);
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
    const auto at = text.rfind(word);
    if (at == text.npos) return std::nullopt;
    std::uint64_t number = 0;
    const char* from = text.data() + at + word.size();
    if (std::from_chars(from, text.data() + text.size(), number).ec != std::errc())
        return std::nullopt;
    return number;
}

// "... block checksum mismatch: ... in /path/000012.sst offset 4096 size 16384"
std::optional<BadBlock> bad_block_of(const rocksdb::Status& status) {
    const std::string text = status.ToString();
    if (text.find("checksum mismatch") == text.npos) return std::nullopt;
    const auto offset = number_after(text, " offset ");
    const auto size = number_after(text, " size ");
    if (!offset || !size) return std::nullopt;
    return BadBlock{*offset, *size};
}

class SortedFile {
public:
    SortedFile(std::string path, const rocksdb::Options& options)
        : path_(std::move(path)), options_(options) {}

    Result<SortedFileCheck> check() {
        std::error_code failed;
        size_bytes_ = fs::file_size(path_, failed);
        if (!mend_constants()) {
            if (!failure_.context.empty()) return std::unexpected(failure_);
            found_.unreadable = "the footer is not one that this program writes";
            return std::move(found_);
        }
        mend_handles();
        if (!failure_.context.empty()) return std::unexpected(failure_);
        auto status = verify(path_);
        if (status.ok()) return std::move(found_);
        while (!status.ok() && found_.bad.empty()) {
            const auto block = bad_block_of(status);
            const bool is_mended = block && mend(*block);
            if (!failure_.context.empty()) return std::unexpected(failure_);
            if (!is_mended && !block) {
                found_.unreadable = status.ToString();
                return std::move(found_);
            }
            if (!is_mended) break;
            status = verify(path_);
        }
        if (!status.ok()) {
            TRY_VOID(list_bad_blocks(status));
        }
        return std::move(found_);
    }

private:
    rocksdb::Status verify(const std::string& path) const {
        rocksdb::SstFileReader reader(options_);
        auto status = reader.Open(path);
        if (status.ok()) status = reader.VerifyChecksum();
        return status;
    }

    std::string read(const std::string& path, std::uint64_t offset, std::size_t size) const {
        std::string bytes(size, '\0');
        std::ifstream in(path, std::ios::binary);
        in.seekg(static_cast<std::streamoff>(offset));
        in.read(bytes.data(), static_cast<std::streamsize>(size));
        bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
        return bytes;
    }

    bool write(const std::string& path, std::uint64_t offset, std::string_view bytes) {
        std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(static_cast<std::streamoff>(offset));
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        out.flush();
        if (!out) failure_ = {Code::unavailable, "cannot write " + path};
        return out.good();
    }

    // Hard links of the file keep what they have.
    bool unshare() {
        if (is_unshared_) return true;
        const std::string copy = path_ + ".copy";
        std::error_code failed;
        fs::copy_file(path_, copy, fs::copy_options::overwrite_existing, failed);
        if (!failed) fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, failed);
        if (!failed) fs::rename(copy, path_, failed);
        if (failed) failure_ = {Code::exhausted, "cannot copy " + path_ + ": " + failed.message()};
        is_unshared_ = !failed;
        return is_unshared_;
    }

    bool flip(std::uint64_t byte, unsigned bit) {
        std::string was = read(path_, byte, 1);
        if (was.empty() || !unshare()) return false;
        was[0] = static_cast<char>(was[0] ^ (1 << bit));
        return write(path_, byte, was);
    }

    bool mend(const BadBlock& block) {
        if (block.size_bytes > mendable_bytes_max) return false;
        if (block.offset + block.size_bytes + trailer_bytes > size_bytes_) return false;
        const auto bit =
            flipped_bit_of_block(read(path_, block.offset, block.size_bytes + trailer_bytes));
        if (bit < 0) return false;
        const std::uint64_t byte = block.offset + static_cast<std::uint64_t>(bit) / 8;
        if (!flip(byte, static_cast<unsigned>(bit % 8))) return false;
        found_.mended.push_back({byte, static_cast<unsigned>(bit % 8)});
        return true;
    }

    // The engine trusts the footer: with another checksum type or version it would read blocks as
    // what they are not, and stop the process. So what is the same in all our files is put right
    // before it looks. False: it is not one bit that is wrong.
    bool mend_constants() {
        const std::string footer = this->footer();
        if (footer.size() < footer_bytes) return false;
        std::vector<SortedFileCheck::Mended> wrong;
        for (std::size_t byte = 0; byte < footer_bytes; ++byte) {
            if (byte >= handles_begin && byte < handles_end) continue;
            const std::size_t at = byte < handles_begin ? byte : byte - handles_end + handles_begin;
            const unsigned difference = static_cast<unsigned char>(footer[byte]) ^
                                        static_cast<unsigned char>(footer_constants[at]);
            for (unsigned bit = 0; bit < 8; ++bit) {
                if ((difference >> bit & 1) != 0) wrong.push_back({footer_at() + byte, bit});
            }
        }
        if (wrong.empty()) return true;
        if (wrong.size() > 1 || !flip(wrong[0].byte, wrong[0].bit)) return false;
        found_.mended.push_back(wrong[0]);
        return true;
    }

    // The handles have no checksum of their own, and the engine does not look before it follows
    // them: so we do. The one bit is right when both lead to blocks that fit their checksums.
    void mend_handles() {
        std::string footer = this->footer();
        if (handles_fit(footer)) return;
        for (std::size_t byte = handles_begin; byte < handles_end; ++byte) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                footer[byte] = static_cast<char>(footer[byte] ^ (1 << bit));
                if (handles_fit(footer)) {
                    if (flip(footer_at() + byte, bit)) {
                        found_.mended.push_back({footer_at() + byte, bit});
                    }
                    return;
                }
                footer[byte] = static_cast<char>(footer[byte] ^ (1 << bit));
            }
        }
    }

    // List of parts, then list of data blocks; the first ends where the footer begins.
    bool handles_fit(std::string_view footer) const {
        Reader in(as_bytes(footer.substr(handles_begin, handles_end - handles_begin)));
        const auto parts = take_handle(in);
        const auto index = parts ? take_handle(in) : parts;
        if (!index || parts->offset + parts->size_bytes + trailer_bytes != footer_at())
            return false;
        return is_sound(*parts) && is_sound(*index);
    }

    static std::optional<BadBlock> take_handle(Reader& in) {
        const auto offset = in.take_varint();
        const auto size = offset ? in.take_varint() : offset;
        if (!size) return std::nullopt;
        return BadBlock{*offset, *size};
    }

    bool is_sound(const BadBlock& block) const {
        if (block.offset >= footer_at() || block.size_bytes >= footer_at() - block.offset)
            return false;
        const std::string bytes = read(path_, block.offset, block.size_bytes + trailer_bytes);
        if (bytes.size() < block.size_bytes + trailer_bytes) return false;
        const auto type = static_cast<std::uint8_t>(bytes[block.size_bytes]);
        const auto stored = Reader(as_bytes(std::string_view(bytes)).subspan(block.size_bytes + 1))
                                .take_le<std::uint32_t>();
        return stored && *stored == block_checksum({bytes.data(), block.size_bytes}, type);
    }

    // Where the list of data blocks begins; behind it nothing can be read as what it is not.
    std::uint64_t index_offset() const {
        const std::string footer = this->footer();
        Reader in(as_bytes(std::string_view(footer).substr(handles_begin)));
        const auto properties = in.take_varint();
        const auto properties_bytes = properties ? in.take_varint() : properties;
        return properties_bytes ? in.take_varint().value_or(0) : 0;
    }

    std::uint64_t footer_at() const { return size_bytes_ - footer_bytes; }
    std::string footer() const {
        return size_bytes_ < footer_bytes ? std::string() : read(path_, footer_at(), footer_bytes);
    }

    // In a copy whose bad blocks are given checksums that fit, so that reading goes on behind them.
    Result<void> list_bad_blocks(rocksdb::Status status) {
        const std::string copy = path_ + ".looked-at";
        std::error_code failed;
        fs::copy_file(path_, copy, fs::copy_options::overwrite_existing, failed);
        if (failed) return fail(Code::exhausted, "cannot copy " + path_ + ": " + failed.message());
        while (!status.ok() && found_.bad.size() < bad_blocks_max) {
            const auto block = bad_block_of(status);
            // Only blocks of data: a list of blocks that does not fit its checksum is not believed.
            if (!block || block->offset + block->size_bytes + trailer_bytes > index_offset()) {
                if (found_.bad.empty()) found_.unreadable = status.ToString();
                break;
            }
            found_.bad.push_back(*block);
            const std::string bytes = read(copy, block->offset, block->size_bytes + trailer_bytes);
            const std::string_view data = std::string_view(bytes).substr(0, block->size_bytes);
            const auto type = static_cast<std::uint8_t>(bytes[block->size_bytes]);
            if (type == 0) keep_legible(data);
            std::string checksum;
            Writer(checksum).put_le(block_checksum(data, type));
            if (!write(copy, block->offset + block->size_bytes + 1, checksum)) break;
            status = verify(copy);
        }
        fs::remove(copy, failed);
        if (!failure_.context.empty()) return std::unexpected(failure_);
        return {};
    }

    void keep_legible(std::string_view data) {
        for (auto& entry : legible_entries(data)) {
            if (found_.legible.size() >= legible_entries_max) return;
            found_.legible.push_back(std::move(entry));
        }
    }

    const std::string path_;
    const rocksdb::Options& options_;
    std::uint64_t size_bytes_ = 0;
    bool is_unshared_ = false;
    Error failure_;
    SortedFileCheck found_;
};

}  // namespace

Result<SortedFileCheck> check_sorted_file(const std::string& path,
                                          const rocksdb::Options& options) {
    return SortedFile(path, options).check();
}

std::int64_t flipped_bit_of_block(std::string_view block) {
    if (block.size() < trailer_bytes) return -1;
    std::string data(block.substr(0, block.size() - trailer_bytes));
    const auto type = static_cast<std::uint8_t>(block[data.size()]);
    const std::uint32_t stored =
        *Reader(as_bytes(block).subspan(data.size() + 1)).take_le<std::uint32_t>();
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
std::vector<Entry> legible_entries(std::string_view block) {
    std::vector<Entry> entries;
    if (block.size() < 8) return entries;
    const std::uint32_t count =
        *Reader(as_bytes(block.substr(block.size() - 4))).take_le<std::uint32_t>();
    const std::uint64_t tail = 4 + std::uint64_t{4} * count;
    if (count == 0 || tail > block.size()) return entries;
    const std::size_t restarts_at = block.size() - tail;
    for (std::uint32_t index = 0; index < count; ++index) {
        const auto restart_of = [&](std::uint32_t which) {
            return std::size_t{*Reader(as_bytes(block.substr(restarts_at + std::size_t{4} * which)))
                                    .take_le<std::uint32_t>()};
        };
        const std::size_t from = restart_of(index);
        const std::size_t until = index + 1 < count ? restart_of(index + 1) : restarts_at;
        if (from >= until || until > restarts_at) continue;
        Reader in(as_bytes(block.substr(from, until - from)));
        std::string key;
        while (!in.at_end() && entries.size() < legible_entries_max) {
            const auto shared = in.take_varint();
            const auto further = shared ? in.take_varint() : shared;
            const auto value_bytes = further ? in.take_varint() : further;
            if (!value_bytes || *shared > key.size()) break;
            const auto suffix = in.take(*further);
            const auto value = suffix ? in.take(*value_bytes) : suffix;
            if (!value) break;
            key.resize(*shared);
            key += as_text(*suffix);
            if (key.size() < internal_key_bytes) break;
            entries.push_back(
                {key.substr(0, key.size() - internal_key_bytes), std::string(as_text(*value))});
        }
    }
    return entries;
}

}  // namespace lineshaft::store
