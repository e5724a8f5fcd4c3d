// Checksums under SQLite, which keeps none: a layer between it and the file (a "VFS"), after the model
// of SQLite's own cksumvfs. Every page of 4 KiB ends in eight bytes that SQLite leaves alone (header
// byte 20); there lies XXH3-64 of the rest, seeded with the page's place. Format: docs/formats/catalog.md.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

struct sqlite3;

namespace lineshaft::catalog {

/// The layer's name for sqlite3_open_v2; registers it at the first call. Reading a page whose checksum
/// does not fit fails with SQLITE_IOERR_DATA, and the log names file, page and bytes. Files without
/// checksums are read and written as they are.
const char* checked_vfs();

/// True when what failed was a checksum.
bool is_checksum_failure(int extended_result);

/// Before anything is written to a new database, so that its first page asks for checksums. One that
/// has pages is left as it is.
void begin_with_checksums(sqlite3* handle);

/// Gives a database that has none its checksums, by VACUUM, which happens wholly or not at all.
/// Errors: unavailable (somebody else uses it, disk).
Result<void> add_checksums(sqlite3* handle);

/// True when the database has them.
bool has_checksums(sqlite3* handle);

/// What is written to the file behind `handle` has checksums from now on, before its first page says
/// so: for a copy, whose pages may come in any order.
void expect_checksums(sqlite3* handle);

/// corrupt: the first page says that there are no checksums, and that is what a flipped bit made of
/// it. A file that cannot be read is left to SQLite.
Result<void> check_first_page(const std::string& path);

/// A page whose checksum does not fit.
struct DamagedPage {
    std::uint32_t page = 0;         ///< from 1
    std::uint64_t from_byte = 0;
    std::int64_t flipped_bit = -1;  ///< of the file: flipping this one back mends it; -1: not one bit
};
/// Reads the whole file; none when it has no checksums. With `mend`, bits that explain the damage are
/// flipped back in it. Nobody else may use it meanwhile. Errors: not_found, unavailable.
Result<std::vector<DamagedPage>> check_pages(const std::string& path, bool mend);

}  // namespace lineshaft::catalog
