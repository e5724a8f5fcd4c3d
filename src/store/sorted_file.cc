// Sorted files block by block, mended where one flipped bit explains what is wrong.
#include "store/sorted_file.h"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "store/sorted_footer.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mendable_bytes_max = 256 << 10;  // 2^21 bits: some ten seconds
constexpr std::size_t legible_entries_max = 4'096;
constexpr std::size_t bad_blocks_max = 4'096;

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
std::optional<BlockHandle> bad_block_of(const rocksdb::Status& status) {
    const std::string text = status.ToString();
    if (text.find("checksum mismatch") == text.npos) return std::nullopt;
    const auto offset = number_after(text, " offset ");
    const auto size = number_after(text, " size ");
    if (!offset || !size) return std::nullopt;
    return BlockHandle{*offset, *size};
}

class SortedFile {
public:
    SortedFile(std::string path, const rocksdb::Options& options)
        : path_(std::move(path)), options_(options) {}

    Result<SortedFileCheck> check() {
        std::error_code failed;
        size_bytes_ = fs::file_size(path_, failed);
        const bool is_openable = mend_footer();
        if (!failure_.context.empty()) return std::unexpected(failure_);
        if (!is_openable) {
            found_.unreadable = trouble_in_footer(bytes());
            return std::move(found_);
        }
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
        if (!write(path_, byte, was)) return false;
        found_.mended.push_back({byte, bit});
        return true;
    }

    bool mend(const BlockHandle& block) {
        if (block.size_bytes > mendable_bytes_max) return false;
        if (block.offset + block.size_bytes + block_trailer_bytes > size_bytes_) return false;
        const auto bit =
            flipped_bit_of_block(read(path_, block.offset, block.size_bytes + block_trailer_bytes));
        if (bit < 0) return false;
        return flip(block.offset + static_cast<std::uint64_t>(bit) / 8,
                    static_cast<unsigned>(bit % 8));
    }

    // Everything the engine takes on trust, before it looks. False: more than single bits are
    // wrong.
    bool mend_footer() {
        if (size_bytes_ < footer_bytes || !mend_constants()) return false;
        mend_handles();
        const auto handles = footer_handles(bytes(), footer());
        if (!handles || !mend_unsound(handles->parts) || !mend_unsound(handles->index))
            return false;
        index_at_ = handles->index.offset;
        const auto properties = properties_handle(bytes(), handles->parts);
        return properties && mend_unsound(*properties);
    }

    bool mend_unsound(const BlockHandle& block) { return is_sound(bytes(), block) || mend(block); }

    bool mend_constants() {
        const auto wrong = wrong_constants(footer());
        if (wrong.empty()) return true;
        if (wrong.size() > 1 || !std::has_single_bit(wrong[0].bits)) return false;
        return flip(footer_at() + wrong[0].at,
                    static_cast<unsigned>(std::countr_zero(wrong[0].bits)));
    }

    // The handles have no checksum of their own: a bit is right when both then lead to blocks that
    // fit theirs. If none is, it is not the footer that is wrong.
    void mend_handles() {
        std::string footer = this->footer();
        if (handles_lead(footer)) return;
        for (std::size_t byte = footer_handles_begin; byte < footer_handles_end; ++byte) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                footer[byte] = static_cast<char>(footer[byte] ^ (1 << bit));
                if (handles_lead(footer)) {
                    flip(footer_at() + byte, bit);
                    return;
                }
                footer[byte] = static_cast<char>(footer[byte] ^ (1 << bit));
            }
        }
    }
    bool handles_lead(std::string_view footer) const {
        const auto handles = footer_handles(bytes(), footer);
        return handles && is_sound(bytes(), handles->parts) && is_sound(bytes(), handles->index);
    }

    SortedBytes bytes() const {
        return {size_bytes_, [this](std::uint64_t offset, std::size_t size) {
                    return read(path_, offset, size);
                }};
    }
    std::uint64_t footer_at() const { return size_bytes_ - footer_bytes; }
    std::string footer() const { return read(path_, footer_at(), footer_bytes); }

    // In a copy whose bad blocks are given checksums that fit, so that reading goes on behind them.
    Result<void> list_bad_blocks(rocksdb::Status status) {
        const std::string copy = path_ + ".looked-at";
        std::error_code failed;
        fs::copy_file(path_, copy, fs::copy_options::overwrite_existing, failed);
        if (failed) return fail(Code::exhausted, "cannot copy " + path_ + ": " + failed.message());
        while (!status.ok() && found_.bad.size() < bad_blocks_max) {
            const auto block = bad_block_of(status);
            // Only blocks of data: a list of blocks that does not fit its checksum is not believed.
            if (!block || block->offset + block->size_bytes + block_trailer_bytes > index_at_) {
                if (found_.bad.empty()) found_.unreadable = status.ToString();
                break;
            }
            found_.bad.push_back(*block);
            const std::string bytes =
                read(copy, block->offset, block->size_bytes + block_trailer_bytes);
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
    std::uint64_t index_at_ = 0;  // behind it nothing can be read as what it is not
    bool is_unshared_ = false;
    Error failure_;
    SortedFileCheck found_;
};

}  // namespace

Result<SortedFileCheck> check_sorted_file(const std::string& path,
                                          const rocksdb::Options& options) {
    return SortedFile(path, options).check();
}

}  // namespace lineshaft::store
