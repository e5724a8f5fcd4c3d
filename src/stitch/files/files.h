#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "stitch/files/pattern.h"

namespace lineshaft::stitch {

/// Machine files. All six are read; dst, exp, pes and jef are written.
enum class Format : std::uint8_t { dst, exp, pes, jef, u01, vp3 };

std::string_view name_of(Format format);                 ///< "dst"
std::optional<Format> format_of(std::string_view name);  ///< by "dst" or "DST"

/// How one family of machines wants its files. The table is in docs/embroidery.md.
struct Dialect {
    std::string_view name;
    Format format = Format::dst;  ///< what it reads best
    /// DST and JEF have no trim: this many jumps in a row cut the thread, as set on the machine.
    int trim_jumps = 3;
    /// Longest move of one record, 0.1 mm. Tajima's record holds 121.
    int move_max = 121;
    /// 0: file names as they are; else letters before the dot, upper case, A-Z 0-9 _ - only.
    int name_letters_max = 8;
    bool operator==(const Dialect&) const = default;
};

/// nullptr: no such dialect. Names: tajima, barudan, brother, melco, janome, zsk, happy, generic.
const Dialect* dialect_of(std::string_view name);
/// "ROSE_7.DST" for the dialect's machines: `number` keeps cut names apart.
std::string file_name(const Dialect& dialect, std::string_view design, unsigned number = 0);

struct FileLimits {
    std::size_t bytes_max = 16 << 20;
    std::size_t steps_max = 2'000'000;
    std::size_t colours_max = 250;     ///< changes
    std::int32_t place_max = 100'000;  ///< 10 m from the origin, in 0.1 mm
};

/// Reads a machine file; the result is in normal form. Unknown dialect fields change nothing.
/// corrupt: cut short, or not such a file, saying where. exhausted: above a limit.
Result<Pattern> read(Format format, Bytes file, const Dialect& dialect = {},
                     const FileLimits& limits = {});

/// Writes a machine file. Moves longer than a record are split: first jumps, then the stitch.
/// The same pattern gives the same bytes: there is no date in them.
/// Errors: unsupported (u01, vp3), exhausted (above a limit or what the header can hold),
/// invalid (no stitch; not one thread per colour where there are threads).
Result<std::string> write(Format format, const Pattern& pattern, const Dialect& dialect = {},
                          const FileLimits& limits = {});

}  // namespace lineshaft::stitch
