// A consistent copy of a catalog that may be in use, and how sound a file is.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::catalog {

/// Copies the catalog in `from` to `to` (0600, synced; must not exist) as of one moment, with a
/// connection of its own: other connections go on writing. Blocks. Errors: conflict (`to` exists),
/// not_found, corrupt, unavailable; then nothing is left at `to`.
Result<void> copy_catalog(const std::string& from, const std::string& to);

/// The schema's version in the file, 0 when it has none. Errors as copy_catalog.
Result<std::int64_t> catalog_version(const std::string& path);

/// Brings what SQLite's log holds into the file itself, so that the file alone is the catalog. Errors
/// as copy_catalog.
Result<void> settle_catalog(const std::string& path);

/// What SQLite's own integrity check says, at most a hundred sentences; none: the file is sound.
/// What it cannot see, a changed value in a column without an index, the checksums do
/// (checked_file.h). Errors: not_found, unavailable.
Result<std::vector<std::string>> check_catalog(const std::string& path);

struct TableRows {
    std::string table;
    std::uint64_t kept = 0;
    std::uint64_t refused = 0;  ///< read, but against a rule of the table: a value that changed
    /// Row numbers that could not be read, `gap_rows` at most; rows that were removed long ago count
    /// among them, so this is a bound and not a number of losses.
    std::uint64_t gap_rows = 0;
    /// Nothing behind this row could be read; 0: that is not so.
    std::int64_t cut_after = 0;
    std::string why;  ///< empty: nothing was in the way
};

/// Makes a new catalog in `to` (must not exist) of all rows that can still be made out in `from`, which
/// is left as it is; its checksums are not looked at. Errors: corrupt (not even the list of tables can be read: restore a backup),
/// conflict, unavailable.
Result<std::vector<TableRows>> salvage_catalog(const std::string& from, const std::string& to,
                                               Instant now);

}  // namespace lineshaft::catalog
