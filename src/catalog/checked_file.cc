#include "catalog/checked_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"

namespace lineshaft::catalog {
namespace {

constexpr int page_bytes = 4'096;
constexpr int checksum_bytes = 8;
constexpr int reserved_at = 20;  // in page 1: bytes left alone at the end of every page
constexpr int header_bytes = 100;
constexpr int expect_op = 0x4c530001;  // sqlite3_file_control: ours

std::uint64_t checksum_of(const char* page, std::uint64_t offset) {
    return hash64({page, page_bytes - checksum_bytes}, offset);
}
std::uint64_t stored_checksum(const char* page) {
    const Bytes tail =
        as_bytes(std::string_view(page + page_bytes - checksum_bytes, checksum_bytes));
    return *Reader(tail).take_le<std::uint64_t>();
}

// SQLite allocates it; `real` lies right behind it.
struct CheckedFile {
    sqlite3_file base;
    sqlite3_file* real;
    const char* path;
    bool has_checksums;
};

CheckedFile& self(sqlite3_file* file) {
    return *reinterpret_cast<CheckedFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return self(file).real;
}

void learn(CheckedFile& file, const void* bytes, int count, sqlite3_int64 offset) {
    if (offset != 0 || count < header_bytes) return;
    const auto* header = static_cast<const unsigned char*>(bytes);
    const int size = (header[16] << 8) | header[17];
    file.has_checksums = size == page_bytes && header[reserved_at] == checksum_bytes;
}

bool is_page(const CheckedFile& file, int count, sqlite3_int64 offset) {
    return file.has_checksums && count == page_bytes && offset % page_bytes == 0;
}

int close_file(sqlite3_file* file) {
    return real(file)->pMethods->xClose(real(file));
}

int read_file(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
    const int result = real(file)->pMethods->xRead(real(file), bytes, count, offset);
    if (result != SQLITE_OK) return result;
    CheckedFile& checked = self(file);
    learn(checked, bytes, count, offset);
    if (!is_page(checked, count, offset)) return SQLITE_OK;
    const char* page = static_cast<const char*>(bytes);
    if (stored_checksum(page) == checksum_of(page, static_cast<std::uint64_t>(offset)))
        return SQLITE_OK;
    log::error(
        "catalog: {} is damaged: the checksum of page {} (bytes {} to {}) does not fit; stop the "
        "node and run `lineshaft repair`",
        checked.path, offset / page_bytes + 1, offset, offset + page_bytes);
    return SQLITE_IOERR_DATA;
}

int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    CheckedFile& checked = self(file);
    learn(checked, bytes, count, offset);
    if (!is_page(checked, count, offset))
        return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
    std::array<char, page_bytes> page;
    std::memcpy(page.data(), bytes, page_bytes - checksum_bytes);
    std::string checksum;
    Writer(checksum).put_le(checksum_of(page.data(), static_cast<std::uint64_t>(offset)));
    std::memcpy(page.data() + page_bytes - checksum_bytes, checksum.data(), checksum_bytes);
    return real(file)->pMethods->xWrite(real(file), page.data(), count, offset);
}

// Mapped memory would pass us by: none is given, and SQLite reads instead.
int fetch(sqlite3_file*, sqlite3_int64, int, void** memory) {
    *memory = nullptr;
    return SQLITE_OK;
}
int unfetch(sqlite3_file*, sqlite3_int64, void*) {
    return SQLITE_OK;
}

const sqlite3_io_methods methods{
    .iVersion = 3,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = [](sqlite3_file* f, sqlite3_int64 n) {
        return real(f)->pMethods->xTruncate(real(f), n);
    },
    .xSync = [](sqlite3_file* f, int n) { return real(f)->pMethods->xSync(real(f), n); },
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
        return real(f)->pMethods->xFileSize(real(f), n);
    },
    .xLock = [](sqlite3_file* f, int n) { return real(f)->pMethods->xLock(real(f), n); },
    .xUnlock = [](sqlite3_file* f, int n) { return real(f)->pMethods->xUnlock(real(f), n); },
    .xCheckReservedLock = [](sqlite3_file* f, int* n) {
        return real(f)->pMethods->xCheckReservedLock(real(f), n);
    },
    .xFileControl = [](sqlite3_file* f, int what, void* how) {
        if (what == expect_op) {
            self(f).has_checksums = true;
            return SQLITE_OK;
        }
        return real(f)->pMethods->xFileControl(real(f), what, how);
    },
    .xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) {
        return real(f)->pMethods->xDeviceCharacteristics(real(f));
    },
    .xShmMap = [](sqlite3_file* f, int region, int bytes, int extend, void volatile** at) {
        return real(f)->pMethods->xShmMap(real(f), region, bytes, extend, at);
    },
    .xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
    },
    .xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) {
        return real(f)->pMethods->xShmUnmap(real(f), remove);
    },
    .xFetch = fetch,
    .xUnfetch = unfetch,
};

sqlite3_vfs* below(sqlite3_vfs* vfs) {
    return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

// Only the database itself: its log has checksums of SQLite's own.
int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
        return below(vfs)->xOpen(below(vfs), path, file, flags, out_flags);
    auto* checked = new (file) CheckedFile{};
    checked->real = reinterpret_cast<sqlite3_file*>(checked + 1);
    checked->path = path;
    const int result = below(vfs)->xOpen(below(vfs), path, checked->real, flags, out_flags);
    checked->base.pMethods = result == SQLITE_OK ? &methods : nullptr;
    return result;
}

sqlite3_vfs make_vfs() {
    sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs = *usual;  // what is not replaced is the usual one's, which asks for its own data
    vfs.zName = "lineshaft-checked";
    vfs.szOsFile = static_cast<int>(sizeof(CheckedFile)) + usual->szOsFile;
    vfs.pNext = nullptr;
    vfs.pAppData = usual;
    vfs.xOpen = open_file;
    vfs.xDelete = [](sqlite3_vfs* v, const char* path, int sync) {
        return below(v)->xDelete(below(v), path, sync);
    };
    vfs.xAccess = [](sqlite3_vfs* v, const char* path, int flags, int* out) {
        return below(v)->xAccess(below(v), path, flags, out);
    };
    vfs.xFullPathname = [](sqlite3_vfs* v, const char* path, int count, char* out) {
        return below(v)->xFullPathname(below(v), path, count, out);
    };
    return vfs;
}

// The bit of `page` that makes its checksum fit when it is flipped back.
std::int64_t flipped_bit_in(std::string page, std::uint64_t offset) {
    const std::uint64_t stored = stored_checksum(page.data());
    const std::uint64_t difference = stored ^ checksum_of(page.data(), offset);
    if (std::has_single_bit(difference))
        return 8 * (page_bytes - checksum_bytes) + std::countr_zero(difference);
    for (std::int64_t bit = 0; bit < 8 * (page_bytes - checksum_bytes); ++bit) {
        char& byte = page[static_cast<std::size_t>(bit / 8)];
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
        if (checksum_of(page.data(), offset) == stored) return bit;
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    }
    return -1;
}

}  // namespace

const char* checked_vfs() {
    static sqlite3_vfs vfs = make_vfs();
    static const int registered = sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
    return registered == SQLITE_OK ? vfs.zName : nullptr;
}

bool is_checksum_failure(int extended_result) {
    return extended_result == SQLITE_IOERR_DATA;
}

bool has_checksums(sqlite3* handle) {
    int reserved = -1;  // asks
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    return reserved == checksum_bytes;
}

namespace {

void reserve(sqlite3* handle) {
    int reserved = checksum_bytes;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
}

}  // namespace

void begin_with_checksums(sqlite3* handle) {
    sqlite3_stmt* count = nullptr;
    const bool is_new =
        sqlite3_prepare_v2(handle, "PRAGMA page_count", -1, &count, nullptr) == SQLITE_OK &&
        sqlite3_step(count) == SQLITE_ROW && sqlite3_column_int(count, 0) == 0;
    sqlite3_finalize(count);
    if (is_new) reserve(handle);
}

Result<void> add_checksums(sqlite3* handle) {
    if (has_checksums(handle)) return {};
    reserve(handle);
    if (sqlite3_exec(handle, "VACUUM", nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return fail(Code::unavailable,
                fmt::format("give the catalog checksums: {}", sqlite3_errmsg(handle)));
}

void expect_checksums(sqlite3* handle) {
    sqlite3_file_control(handle, "main", expect_op, nullptr);
}

Result<void> check_first_page(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string page(page_bytes, '\0');
    if (!file.read(page.data(), page_bytes) || page[reserved_at] == checksum_bytes) return {};
    if (stored_checksum(page.data()) == 0 || flipped_bit_in(page, 0) < 0) return {};
    return fail(Code::corrupt, path + " is damaged in its first page; run `lineshaft repair`");
}

Result<std::vector<DamagedPage>> check_pages(const std::string& path, bool mend) {
    std::fstream file(path, std::ios::binary | std::ios::in |
                                (mend ? std::ios::out : std::ios::openmode{}));
    if (!file) return fail(Code::not_found, "cannot open " + path);
    std::vector<DamagedPage> damaged;
    std::string page(page_bytes, '\0');
    bool has_checksums = true;
    std::error_code failed;
    const std::uint64_t pages = std::filesystem::file_size(path, failed) / page_bytes;
    for (std::uint64_t index = 0; index < pages && has_checksums; ++index) {
        const std::uint64_t offset = index * page_bytes;
        file.seekg(static_cast<std::streamoff>(offset));
        if (!file.read(page.data(), page_bytes)) return fail(Code::unavailable, "read " + path);
        if (stored_checksum(page.data()) == checksum_of(page.data(), offset)) continue;
        DamagedPage found{static_cast<std::uint32_t>(index + 1), offset,
                          flipped_bit_in(page, offset)};
        // A first page that no flip explains and that reserves nothing is of a file without checksums.
        if (index == 0 && found.flipped_bit < 0 && page[reserved_at] != checksum_bytes) break;
        if (found.flipped_bit >= 0) {
            const auto byte = static_cast<std::size_t>(found.flipped_bit / 8);
            page[byte] = static_cast<char>(page[byte] ^ (1 << (found.flipped_bit % 8)));
            if (mend) {
                file.seekp(static_cast<std::streamoff>(offset));
                file.write(page.data(), page_bytes);
            }
            found.flipped_bit += static_cast<std::int64_t>(8 * offset);
        }
        damaged.push_back(found);
    }
    file.flush();
    if (!file) return fail(Code::unavailable, "write " + path);
    return damaged;
}

}  // namespace lineshaft::catalog
