// Is the end of this log a write cut short by a crash, or has written data changed?
//
// The engine cannot tell in every case: a flipped bit in a length field of the last block makes it
// skip all that follows without an error. So we read the log before it does. Every commit is synced
// before the next is written, therefore a crash can harm the last commit only, and it harms it in
// two ways only: the file ends early, or whole sectors that were never written read as zeros.
// Anything else is damage. When a record is bad we ask, in this order:
//
//   1. Does one flipped bit explain the checksum, or the length?  -> damage, at this very byte.
//   2. Is there a whole later commit further on?                  -> damage: this one was synced.
//   3. Does the record reach past the end, or cover a sector of
//      zeros from the commit's first byte to the end of the file? -> torn.
//   4. Otherwise                                                  -> damage.
//
// What cannot be told: a disk that zeroes the sector in which an older commit ends and the last one
// starts looks like a torn tail. It is reported either way, never silent.
// Question 1 is answered wrongly for a torn record of 32 KiB once in 16,000 (2^18 bits of 2^32).
// Cost: one pass of CRC-32C over the file; the search for damage is linear too.
#include "store/log_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "store/batch_rep.h"
#include "store/crc32c.h"
#include "store/guard.h"

namespace lineshaft::store {
namespace {

constexpr std::size_t block_bytes = 32 * 1024;
constexpr std::size_t header_bytes = 7;  // checksum 4, length 2, type 1
constexpr std::size_t sector_bytes = 512;
constexpr std::size_t zeros_min = 16;  // fewer could be anybody's data
enum Type : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

struct Header {
    std::uint32_t checksum = 0;  // unmasked
    std::size_t length = 0;
    std::uint8_t type = 0;
};

std::uint32_t mask(std::uint32_t crc) {
    return std::rotr(crc, 15) + 0xa282ead8u;
}
std::uint32_t unmask(std::uint32_t masked) {
    return std::rotl(masked - 0xa282ead8u, 15);
}

Header read_header(Bytes at) {
    Reader reader(at);
    Header header;
    header.checksum = unmask(*reader.take_le<std::uint32_t>());
    header.length = *reader.take_le<std::uint16_t>();
    header.type = *reader.take_le<std::uint8_t>();
    return header;
}

// The checksum covers the type and the payload, which stand next to each other.
Bytes checked_bytes(Bytes at, std::size_t length) {
    return at.subspan(6, 1 + length);
}

enum class Kind : std::uint8_t { log, manifest };

// Writes records as RocksDB does.
void append_record(std::string& out, std::string_view record) {
    bool is_first = true;
    bool is_last = false;
    while (!is_last) {
        std::size_t left = block_bytes - out.size() % block_bytes;
        if (left < header_bytes) {
            out.append(left, '\0');
            left = block_bytes;
        }
        const std::string_view part = record.substr(0, left - header_bytes);
        record.remove_prefix(part.size());
        is_last = record.empty();
        std::string checked(
            1, static_cast<char>(is_first ? (is_last ? full : first) : (is_last ? last : middle)));
        checked.append(part);
        Writer writer(out);
        writer.put_le(mask(crc32c(as_bytes(checked))));
        writer.put_le(static_cast<std::uint16_t>(part.size()));
        writer.put(checked);
        is_first = false;
    }
}

class Scan {
public:
    explicit Scan(Bytes file, Kind kind = Kind::log) : file_(file), kind_(kind) {}

    LogScan run() {
        while (at_ < file_.size() && read_record()) {
        }
        if (found_.verdict == LogScan::Verdict::whole && in_commit_) {
            stop(LogScan::Verdict::torn, commit_at_, "the last commit has no end");
        }
        return std::move(found_);
    }

    Salvaged salvage() {
        Salvaged salvaged;
        salvaged_ = &salvaged.log;
        while (salvage_stretch(salvaged)) {
        }
        salvaged.last_commit = found_.last_commit;
        return salvaged;
    }

private:
    // False: nothing that can be read is left.
    bool salvage_stretch(Salvaged& salvaged) {
        while (at_ < file_.size() && read_record()) {
        }
        if (found_.verdict == LogScan::Verdict::whole && !in_commit_) return false;
        const auto later = at_ < file_.size() ? find_later_commit() : std::nullopt;
        salvaged.gaps.push_back(gap_until(later));
        if (!later) return false;
        at_ = *later;
        in_commit_ = false;
        found_.verdict = LogScan::Verdict::whole;
        return true;
    }

    LogGap gap_until(std::optional<std::size_t> later) const {
        LogGap gap{found_.whole_bytes, file_.size(), 0, 0};
        if (found_.commits > 0) gap.first_commit = found_.last_commit + 1;
        if (!later) return gap;
        const Bytes rest = file_.subspan(*later);
        const auto guard = guard_of_batch(
            as_text(rest.subspan(header_bytes, read_header(rest).length)));  // found, so it is one
        gap.until_byte = *later;
        gap.last_commit = guard->commit - 1;
        return gap;
    }

    std::size_t block_left(std::size_t at) const { return block_bytes - at % block_bytes; }

    // False: stop, with the verdict set.
    bool read_record() {
        if (block_left(at_) < header_bytes) {  // padding
            at_ = std::min(file_.size(), at_ + block_left(at_));
            return true;
        }
        if (file_.size() - at_ < header_bytes)
            return judge("the file ends inside a record's header");
        const Bytes rest = file_.subspan(at_);
        const Header header = read_header(rest);
        if (header.length > block_left(at_) - header_bytes)
            return judge("impossible record length");
        if (header.length > rest.size() - header_bytes)
            return judge("the file ends inside a record");
        if (crc32c(checked_bytes(rest, header.length)) != header.checksum)
            return judge("bad checksum");
        return take_fragment(header, as_text(rest.subspan(header_bytes, header.length)));
    }

    bool take_fragment(const Header& header, std::string_view payload) {
        const bool starts = header.type == full || header.type == first;
        if (header.type < full || header.type > last) {
            return stop(LogScan::Verdict::damaged, at_, "unknown record type");
        }
        if (starts == in_commit_) {
            return stop(LogScan::Verdict::damaged, at_,
                        starts ? "a commit starts inside another" : "a commit without its start");
        }
        if (starts) {
            commit_at_ = at_;
            prefix_.clear();
        }
        const std::size_t wanted =
            salvaged_ != nullptr ? payload.size() : guarded_prefix_bytes() - prefix_.size();
        prefix_.append(payload.substr(0, wanted));
        in_commit_ = header.type == first || header.type == middle;
        at_ += header_bytes + header.length;
        return in_commit_ || end_commit();
    }

    bool end_commit() {
        if (kind_ == Kind::manifest) {
            ++found_.commits;
            found_.whole_bytes = at_;
            return true;
        }
        const auto guard = guard_of_batch(prefix_);
        if (!guard)
            return stop(LogScan::Verdict::damaged, commit_at_, "a commit without its number");
        const bool follows = guard->commit == found_.last_commit + 1 ||
                             (salvaged_ != nullptr && guard->commit > found_.last_commit);
        if (found_.commits > 0 && !follows) {
            return stop(
                LogScan::Verdict::damaged, commit_at_,
                fmt::format("commit {} follows commit {}", guard->commit, found_.last_commit));
        }
        if (salvaged_ != nullptr) append_record(*salvaged_, prefix_);
        run_ = guard->run;
        ++found_.commits;
        if (found_.first_commit == 0) found_.first_commit = guard->commit;
        found_.last_commit = guard->commit;
        found_.whole_bytes = at_;
        return true;
    }

    bool stop(LogScan::Verdict verdict, std::uint64_t at, std::string why) {
        found_.verdict = verdict;
        found_.trouble_at = at;
        found_.why = std::move(why);
        return false;
    }

    bool judge(std::string_view what) {
        const std::size_t commit_at = in_commit_ ? commit_at_ : at_;
        if (const auto bit = find_flipped_bit()) {
            found_.flipped_bit = static_cast<std::int64_t>(8 * at_ + *bit);
            return stop(LogScan::Verdict::damaged, at_ + *bit / 8,
                        fmt::format("{}: bit {} of this byte was flipped", what, *bit % 8));
        }
        const auto later = kind_ == Kind::log ? find_later_commit() : find_later_record();
        if (later) {
            return stop(LogScan::Verdict::damaged, at_,
                        fmt::format("{}, though a later commit follows at byte {}", what, *later));
        }
        const bool reaches_past_end = what.starts_with("the file ends");
        if (reaches_past_end || has_lost_sector(commit_at)) {
            return stop(LogScan::Verdict::torn, commit_at, std::string(what));
        }
        return stop(LogScan::Verdict::damaged, at_, std::string(what));
    }

    // Index of the bit from the record's first byte.
    std::optional<std::size_t> find_flipped_bit() const {
        const Bytes rest = file_.subspan(at_);
        if (rest.size() < header_bytes) return std::nullopt;
        const std::size_t length_max = std::min(block_left(at_), rest.size()) - header_bytes;
        const Header header = read_header(rest);
        for (std::size_t bit = 0; bit < 16; ++bit) {
            const std::size_t length = header.length ^ (std::size_t{1} << bit);
            if (length > length_max) continue;
            if (crc32c(checked_bytes(rest, length)) == header.checksum) return 32 + bit;
        }
        if (header.length > length_max) return std::nullopt;
        const std::uint32_t computed = crc32c(checked_bytes(rest, header.length));
        const std::uint32_t masked = *Reader(rest).take_le<std::uint32_t>();
        for (std::size_t bit = 0; bit < 32; ++bit) {
            if (unmask(masked ^ (std::uint32_t{1} << bit)) == computed) return bit;
        }
        const std::int64_t bit = flipped_bit(computed ^ header.checksum, 1 + header.length);
        if (bit < 0) return std::nullopt;
        return 48 + static_cast<std::size_t>(bit);
    }

    // A record that starts a commit of this run with a later number. The run's random number keeps
    // anybody from placing such bytes inside a value.
    std::optional<std::size_t> find_later_commit() const {
        static const std::string signature = guard_signature();
        const std::string_view text = as_text(file_);
        const std::size_t before = header_bytes + batch_header_bytes;
        for (std::size_t hit = text.find(signature, at_ + before + 1); hit != text.npos;
             hit = text.find(signature, hit + 1)) {
            if (is_later_commit(hit - before)) return hit - before;
        }
        return std::nullopt;
    }

    // In a manifest: any sound record that starts something.
    std::optional<std::size_t> find_later_record() const {
        for (std::size_t at = at_ + 1; at + header_bytes < file_.size(); ++at) {
            const Bytes rest = file_.subspan(at);
            if (block_left(at) < header_bytes) continue;
            const Header header = read_header(rest);
            if (header.length == 0 || (header.type != full && header.type != first)) continue;
            if (header.length > std::min(block_left(at), rest.size()) - header_bytes) continue;
            if (crc32c(checked_bytes(rest, header.length)) == header.checksum) return at;
        }
        return std::nullopt;
    }

    bool is_later_commit(std::size_t at) const {
        const Bytes rest = file_.subspan(at);
        if (std::min(block_left(at), rest.size()) < header_bytes) return false;
        const Header header = read_header(rest);
        if (header.type != full && header.type != first) return false;
        if (header.length > std::min(block_left(at), rest.size()) - header_bytes) return false;
        const auto guard = guard_of_batch(as_text(rest.subspan(header_bytes, header.length)));
        if (!guard || guard->commit <= found_.last_commit) return false;
        if (run_ && guard->run != *run_) return false;
        return crc32c(checked_bytes(rest, header.length)) == header.checksum;
    }

    bool has_lost_sector(std::size_t from) const {
        while (from < file_.size()) {
            const std::size_t until =
                std::min(file_.size(), (from / sector_bytes + 1) * sector_bytes);
            const Bytes sector = file_.subspan(from, until - from);
            const bool is_zero =
                std::ranges::all_of(sector, [](std::byte b) { return b == std::byte{}; });
            if (is_zero && (sector.size() >= zeros_min || until == file_.size())) return true;
            from = until;
        }
        return false;
    }

    const Bytes file_;
    const Kind kind_;
    std::string* salvaged_ = nullptr;
    LogScan found_;
    std::size_t at_ = 0;         // the record being read
    std::size_t commit_at_ = 0;  // its commit's first record
    bool in_commit_ = false;
    std::string prefix_;  // the commit's first bytes, all of them when salvaging
    std::optional<std::uint64_t> run_;
};

}  // namespace

LogScan scan_log(Bytes file) {
    return Scan(file).run();
}
LogScan scan_manifest(Bytes file) {
    return Scan(file, Kind::manifest).run();
}
Salvaged salvage_log(Bytes file) {
    return Scan(file).salvage();
}

}  // namespace lineshaft::store
