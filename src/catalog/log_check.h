// What SQLite's log (catalog.db-wal) hides: its checksums run on from frame to frame, and SQLite
// ends it without a word at the first that does not fit. After a power cut that is right: the last
// change had not been acknowledged. A bit that flipped in the middle ends it too, and with it every
// change behind. The two can be told apart, because a change is synced before the next one begins:
// a frame that continues a whole change proves that change to have been acknowledged.
//
// The idea: a frame's checksum is made from the one before it and its own bytes. Behind a frame
// that does not fit, each pair of neighbours can still be compared by the checksum *stored* in the
// first. And the checksum is linear, so which single bit explains a difference is looked up, not
// tried. It is also weak: the high bits of a word weigh the same in many words, so that one flip in
// four is known to be one without being found. Source: SQLite file format, section 4 "The
// Write-Ahead Log"; wal.c. Cost: one pass over the file.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::catalog {

struct LogReport {
    /// Bits of the file that were flipped; flipping them back mends it. Ascending.
    std::vector<std::uint64_t> flipped_bits;

    /// A stretch that no flipped bit explains.
    struct Break {
        std::uint64_t from_byte = 0;
        std::uint32_t frame = 0;  ///< from 1; 0: the log's own header
        std::uint32_t page = 0;   ///< which the frame holds; 0: that cannot be read
        /// A flipped bit, but not which. Else more is wrong with it, or it was cut short.
        bool is_one_bit = false;
        /// The same page stands further on, whole: what is wrong here costs nothing.
        bool is_replaced = false;
        /// So many changes behind it are proved to have been acknowledged. 0: it lies in the last
        /// change, which was cut short, and not acknowledged unless the disk lost it afterwards.
        std::uint32_t changes_behind = 0;
        bool operator==(const Break&) const = default;
    };
    std::optional<Break> broken;

    /// True when SQLite would leave out changes that were acknowledged.
    bool is_damaged() const {
        return !flipped_bits.empty() ||
               (broken && (broken->changes_behind > 0 || broken->is_one_bit));
    }
    bool operator==(const LogReport&) const = default;
};

/// For people: what is wrong and what it costs. Empty when nothing is.
std::string describe(const LogReport& report);

/// SQLite's running checksum.
struct LogSum {
    std::uint32_t a = 0, b = 0;
    bool operator==(const LogSum&) const = default;
};

/// Looks at a log frame by frame. No I/O: the caller reads.
class LogCheck {
public:
    static constexpr std::size_t header_bytes = 32;

    /// The first 32 bytes of the file. Returns how many bytes a frame has.
    std::size_t begin(Bytes header);
    /// The next frame, whole.
    void add(Bytes frame);
    LogReport finish() &&;

private:
    using Sum = LogSum;
    struct Frame;

    Frame parse(Bytes frame) const;
    Sum sum_of(Sum seed, const Frame& frame) const;
    std::vector<std::uint64_t> candidates(const Frame& frame, Sum wanted) const;
    void choose_header(Bytes first_frame);
    /// What the next frame's checksum begins with; nothing when no single flipped bit explains the
    /// frame: then a break begins.
    std::optional<Sum> explain(const Frame& frame);
    void begin_break(const Frame& frame, bool is_one_bit);
    void look_behind_break(const Frame& frame);

    /// What the header says, or would with one bit flipped back: the first frame tells which.
    struct Header {
        std::optional<std::uint64_t> flipped_bit;
        bool is_big_endian = false;
        std::size_t page_bytes = 0;
        std::array<std::uint32_t, 2> salts{};
        Sum sum;
    };
    static std::optional<Header> read_header(Bytes bytes);

    std::vector<Header> headers_;
    bool is_big_endian_ = false;
    std::array<std::uint32_t, 2> salts_{};
    std::uint64_t at_byte_ = 0;  ///< where the next frame begins
    std::uint32_t frames_ = 0;
    Sum before_;                       ///< of the frame before, as it was written
    std::optional<Sum> instead_;       ///< what it may have been, where the break begins
    bool is_change_complete_ = false;  ///< behind a break: the frame before ended a change
    bool is_end_seen_ = false;         ///< behind a break: some frame ended a change
    bool is_page_seen_ = false;        ///< behind a break: its page, in a change not ended yet
    bool is_following_ = false;        ///< every frame behind the break goes on from the one before
    LogReport report_;
};

/// Nothing when there is no such file. Somebody may be writing meanwhile: what is reported has been
/// seen twice. Errors: unavailable.
Result<LogReport> check_log(const std::string& path);

/// Flips back what was flipped, and gives frames behind a break whose page is known checksums that
/// fit what they hold, so that SQLite takes them in; nothing vouches then for the rows of that
/// page. Reports what there was, one break each, in order. Nobody else may use the file. Errors:
/// unavailable.
Result<std::vector<LogReport>> mend_log(const std::string& path);

}  // namespace lineshaft::catalog
