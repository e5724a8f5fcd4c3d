#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace lineshaft::store {

/// What one write-ahead log file holds, read without the engine.
struct LogScan {
    enum class Verdict : std::uint8_t {
        whole,    ///< ends where a commit ends
        torn,     ///< the last commit was being written when the machine stopped
        damaged,  ///< something that had been written is not what it was
    };
    Verdict verdict = Verdict::whole;
    std::uint64_t whole_bytes = 0;   ///< up to the end of the last whole commit before any trouble
    std::uint64_t trouble_at = 0;    ///< offset in the file, when torn or damaged
    std::string why;                 ///< for a person, when torn or damaged
    std::uint64_t commits = 0;       ///< whole ones before any trouble
    std::uint64_t first_commit = 0;  ///< their numbers; 0: none
    std::uint64_t last_commit = 0;
    /// Damaged by one flipped bit: which one (8 * byte + bit of the file); -1: it is not that.
    std::int64_t flipped_bit = -1;
};

/// Reads a whole log file of RocksDB 7.8 (format: docs/formats/store.md). Pure; any bytes allowed.
LogScan scan_log(Bytes file);

/// The same for a MANIFEST, RocksDB's list of files, which is kept in the same records: a
/// flipped bit near its end would make RocksDB forget files without a word. `commits` counts its
/// edits.
LogScan scan_manifest(Bytes file);

/// A stretch of a log that had to be left out.
struct LogGap {
    std::uint64_t from_byte = 0, until_byte = 0;
    std::uint64_t first_commit = 0;  ///< 0: nothing whole before it in this file
    std::uint64_t last_commit = 0;   ///< 0: nothing whole behind it in this file
};
struct Salvaged {
    std::string log;           ///< a sound one of all whole commits, those behind damage too
    std::vector<LogGap> gaps;  ///< in order
    std::uint64_t last_commit = 0;
};
/// Of a torn or damaged log. Pure; any bytes allowed.
Salvaged salvage_log(Bytes file);

}  // namespace lineshaft::store
