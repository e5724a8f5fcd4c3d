#include "catalog/log_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace lineshaft::catalog {
namespace {

constexpr std::uint32_t magic = 0x377f0682;  // its last bit: checksums over big-endian words
constexpr std::uint32_t format_version = 3'007'000;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::size_t summed_header_bytes = 8;  // page number and size after the change
constexpr std::size_t page_bytes_usual = 4'096;
constexpr int breaks_max = 1'000;

std::uint32_t big_endian_at(Bytes bytes, std::size_t at) {
    return *Reader(bytes.subspan(at, 4)).take_be<std::uint32_t>();
}

LogSum sum_words(LogSum sum, Bytes words, bool is_big_endian) {
    Reader in(words);
    while (in.left() >= 8) {
        const auto first =
            is_big_endian ? in.take_be<std::uint32_t>() : in.take_le<std::uint32_t>();
        const auto second =
            is_big_endian ? in.take_be<std::uint32_t>() : in.take_le<std::uint32_t>();
        sum.a += *first + sum.b;
        sum.b += *second + sum.a;
    }
    return sum;
}

LogSum frame_sum(LogSum seed, Bytes frame, bool is_big_endian) {
    return sum_words(sum_words(seed, frame.first(summed_header_bytes), is_big_endian),
                     frame.subspan(frame_header_bytes), is_big_endian);
}

bool is_page_size(std::size_t bytes) {
    return bytes >= 512 && bytes <= 65'536 && std::has_single_bit(bytes);
}

}  // namespace

std::string describe(const LogReport& report) {
    std::string text;
    const auto& bits = report.flipped_bits;
    if (bits.size() == 1) text = fmt::format("one flipped bit in byte {}", bits.front() / 8);
    if (bits.size() > 1)
        text = fmt::format("{} flipped bits, the first in byte {}", bits.size(), bits.front() / 8);
    if (!report.broken) return text;
    if (!text.empty()) text += "; ";
    const auto& broken = *report.broken;
    if (broken.changes_behind == 0 && !broken.is_one_bit) {
        return text + fmt::format(
                          "the last change was cut short at byte {} and is gone; it was not "
                          "acknowledged, unless the disk lost it afterwards",
                          broken.from_byte);
    }
    return text + fmt::format(
                      "frame {} (from byte {}) does not fit its checksum, and {} acknowledged "
                      "changes or more stand behind it",
                      broken.frame, broken.from_byte, broken.changes_behind);
}

struct LogCheck::Frame {
    Bytes bytes;
    std::uint32_t page = 0;
    bool ends_change = false;
    int wrong_salt_bits = 0;
    Sum stored;
};

LogCheck::Frame LogCheck::parse(Bytes frame) const {
    Frame parsed;
    parsed.bytes = frame;
    parsed.page = big_endian_at(frame, 0);
    parsed.ends_change = big_endian_at(frame, 4) != 0;
    parsed.wrong_salt_bits = std::popcount(big_endian_at(frame, 8) ^ salts_[0]) +
                             std::popcount(big_endian_at(frame, 12) ^ salts_[1]);
    parsed.stored = {big_endian_at(frame, 16), big_endian_at(frame, 20)};
    return parsed;
}

LogCheck::Sum LogCheck::sum_of(Sum seed, const Frame& frame) const {
    return frame_sum(seed, frame.bytes, is_big_endian_);
}

std::optional<LogCheck::Header> LogCheck::read_header(Bytes bytes) {
    Header header;
    header.is_big_endian = (big_endian_at(bytes, 0) & 1) != 0;
    header.page_bytes = big_endian_at(bytes, 8);
    header.salts = {big_endian_at(bytes, 16), big_endian_at(bytes, 20)};
    header.sum = sum_words({}, bytes.first(24), header.is_big_endian);
    const bool is_sound = (big_endian_at(bytes, 0) & ~1U) == magic &&
                          big_endian_at(bytes, 4) == format_version &&
                          is_page_size(header.page_bytes) &&
                          header.sum == Sum{big_endian_at(bytes, 24), big_endian_at(bytes, 28)};
    return is_sound ? std::optional(header) : std::nullopt;
}

std::size_t LogCheck::begin(Bytes bytes) {
    at_byte_ = header_bytes;
    if (const auto header = read_header(bytes)) headers_.push_back(*header);
    std::string tried(as_text(bytes));
    for (std::size_t bit = 0; bit < 8 * header_bytes; ++bit) {
        if (!headers_.empty() && !headers_.front().flipped_bit) break;  // sound as it is
        const auto flip = [&] {
            tried[bit / 8] = static_cast<char>(tried[bit / 8] ^ (1 << (bit % 8)));
        };
        flip();
        if (auto header = read_header(as_bytes(tried))) {
            header->flipped_bit = bit;
            headers_.push_back(*header);
        }
        flip();
    }
    // Nothing in it can be believed: then what our files look like.
    before_ = {big_endian_at(bytes, 24), big_endian_at(bytes, 28)};
    return frame_header_bytes + (headers_.empty() ? page_bytes_usual : headers_.front().page_bytes);
}

void LogCheck::choose_header(Bytes first_frame) {
    const std::array<std::uint32_t, 2> salts{big_endian_at(first_frame, 8),
                                             big_endian_at(first_frame, 12)};
    const Sum stored{big_endian_at(first_frame, 16), big_endian_at(first_frame, 20)};
    const auto fits = [&](const Header& header) {
        return header.salts == salts &&
               frame_sum(header.sum, first_frame, header.is_big_endian) == stored;
    };
    if (headers_.empty()) {
        salts_ = salts;
        report_.broken = {.from_byte = 0, .frame = 0};
        return;
    }
    const auto fitting = std::ranges::find_if(headers_, fits);
    const Header& header = fitting == headers_.end() ? headers_.front() : *fitting;
    if (header.flipped_bit) report_.flipped_bits.push_back(*header.flipped_bit);
    is_big_endian_ = header.is_big_endian;
    salts_ = header.salts;
    before_ = header.sum;
}

// The bits of a frame with other checksums than wanted, of which one must have been flipped if any
// was.
std::vector<std::uint64_t> LogCheck::candidates(const Frame& frame, Sum wanted) const {
    std::vector<std::uint64_t> found;
    // In the fields that are not summed: numbers in network byte order.
    const auto in_field = [&](std::size_t at, std::uint32_t right) {
        const std::uint32_t wrong = big_endian_at(frame.bytes, at) ^ right;
        if (wrong == 0) return;
        const auto bit = static_cast<unsigned>(std::countr_zero(wrong));
        found.push_back(8 * (at + 3 - bit / 8) + bit % 8);
    };
    if (frame.wrong_salt_bits + std::popcount(frame.stored.a ^ wanted.a) +
            std::popcount(frame.stored.b ^ wanted.b) ==
        1) {
        in_field(8, salts_[0]);
        in_field(12, salts_[1]);
        in_field(16, wanted.a);
        in_field(20, wanted.b);
    }
    if (frame.wrong_salt_bits > 0) return found;
    const Sum missing{frame.stored.a - wanted.a, frame.stored.b - wanted.b};
    const auto in_word = [&](std::size_t at, Sum weight) {
        for (unsigned bit = 0; bit < 32; ++bit) {
            const std::size_t byte = at + (is_big_endian_ ? 3 - bit / 8 : bit / 8);
            const bool is_set =
                (std::to_integer<unsigned>(frame.bytes[byte]) >> (bit % 8) & 1) != 0;
            const std::uint32_t change = is_set ? 0U - (1U << bit) : 1U << bit;
            if (Sum{weight.a * change, weight.b * change} == missing)
                found.push_back(8 * byte + bit % 8);
        }
    };
    Sum first{1, 1}, second{0, 1};  // what one more in the last pair's words adds
    const auto run_on = [](Sum sum) { return Sum{sum.a + sum.b, sum.a + 2 * sum.b}; };
    for (std::size_t end = frame.bytes.size(); end > 0; end -= 8) {
        if (end == frame_header_bytes) end = summed_header_bytes;
        in_word(end - 4, second);
        in_word(end - 8, first);
        first = run_on(first);
        second = run_on(second);
    }
    return found;
}

std::optional<LogCheck::Sum> LogCheck::explain(const Frame& frame) {
    const Sum wanted = sum_of(before_, frame);
    if (frame.stored == wanted && frame.wrong_salt_bits == 0) return wanted;
    const auto found = candidates(frame, wanted);
    if (found.size() != 1) {
        begin_break(frame, !found.empty());
        instead_ = wanted;
        return std::nullopt;
    }
    report_.flipped_bits.push_back(8 * at_byte_ + found.front());
    const std::size_t byte = found.front() / 8;
    const bool is_in_sum = byte >= 16 && byte < frame_header_bytes;
    return is_in_sum ? wanted : frame.stored;
}

void LogCheck::begin_break(const Frame& frame, bool is_one_bit) {
    const bool has_salts = frame.wrong_salt_bits == 0;
    report_.broken = {.from_byte = at_byte_, .frame = frames_};
    report_.broken->page = has_salts ? frame.page : 0;
    report_.broken->is_one_bit = is_one_bit;
    is_change_complete_ = is_end_seen_ = has_salts && frame.ends_change;
    is_following_ = true;
}

void LogCheck::look_behind_break(const Frame& frame) {
    auto& broken = *report_.broken;
    const bool has_salts = frame.wrong_salt_bits == 0;
    const bool goes_on = has_salts && (sum_of(before_, frame) == frame.stored ||
                                       (instead_ && sum_of(*instead_, frame) == frame.stored));
    instead_.reset();
    // What was cut short or taken back is the last of its kind: only a frame that continues a whole
    // change proves it. The log's header is synced before anything stands behind it.
    const bool is_proof = broken.frame == 0 ? frame.ends_change : is_change_complete_;
    if (goes_on && is_proof) ++broken.changes_behind;
    is_change_complete_ = has_salts && frame.ends_change;
    is_end_seen_ = is_end_seen_ || is_change_complete_;
    is_following_ = is_following_ && goes_on;
    is_page_seen_ = is_page_seen_ || (is_following_ && frame.page == broken.page);
    broken.is_replaced =
        broken.is_replaced || (is_page_seen_ && is_following_ && frame.ends_change);
}

void LogCheck::add(Bytes bytes) {
    ++frames_;
    if (frames_ == 1) choose_header(bytes);
    const Frame frame = parse(bytes);
    if (report_.broken) {
        look_behind_break(frame);
        before_ = frame.stored;
    } else {
        before_ = explain(frame).value_or(frame.stored);
    }
    at_byte_ += bytes.size();
}

LogReport LogCheck::finish() && {
    // Frames of an earlier turn of the log, or of a change that never came to its end: nothing.
    if (report_.broken && !is_end_seen_) report_.broken.reset();
    return std::move(report_);
}

namespace {

Result<LogReport> look_at(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    LogCheck check;
    std::string bytes(LogCheck::header_bytes, '\0');
    if (!file || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
        return std::move(check).finish();
    bytes.resize(check.begin(as_bytes(bytes)));
    while (file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
        check.add(as_bytes(bytes));
    if (file.bad()) return fail(Code::unavailable, "read " + path);
    return std::move(check).finish();
}

// Frames from `frame` (from 1) on, as far as they go on from one another, get checksums that fit.
class Rechain {
public:
    Rechain(std::fstream& file, std::uint32_t frame) : file_(file), frame_(frame) {}

    void run() {
        std::string header(LogCheck::header_bytes, '\0');
        read(0, header);
        const bool is_big_endian = (big_endian_at(as_bytes(header), 0) & 1) != 0;
        const std::size_t size = frame_header_bytes + big_endian_at(as_bytes(header), 8);
        std::string before = header.substr(24), frame(size, '\0');
        std::string stored_before;  // as it was, of the frame before
        for (std::uint32_t number = 1;; ++number) {
            const std::uint64_t at = LogCheck::header_bytes + (number - 1) * std::uint64_t{size};
            if (!read(at, frame)) break;
            const std::string stored = frame.substr(16, 8);
            if (number >= frame_) {
                const bool goes_on = number == frame_ ||
                                     sum(stored_before, frame, is_big_endian) == stored ||
                                     sum(before, frame, is_big_endian) == stored;
                if (!goes_on) break;
                before = sum(before, frame, is_big_endian);
                file_.seekp(static_cast<std::streamoff>(at + 16));
                file_.write(before.data(), 8);
            } else {
                before = stored;
            }
            stored_before = stored;
        }
        file_.clear();
    }

private:
    bool read(std::uint64_t at, std::string& into) {
        file_.seekg(static_cast<std::streamoff>(at));
        return !!file_.read(into.data(), static_cast<std::streamsize>(into.size()));
    }
    static std::string sum(std::string_view seed, std::string_view frame, bool is_big_endian) {
        const LogSum begun{big_endian_at(as_bytes(seed), 0), big_endian_at(as_bytes(seed), 4)};
        const LogSum done = frame_sum(begun, as_bytes(frame), is_big_endian);
        std::string text;
        Writer out(text);
        out.put_be(done.a);
        out.put_be(done.b);
        return text;
    }

    std::fstream& file_;
    const std::uint32_t frame_;
};

bool can_mend(const LogReport& report) {
    return !report.flipped_bits.empty() || (report.broken && report.broken->page != 0);
}

Result<void> mend(const std::string& path, const LogReport& report) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    for (const std::uint64_t bit : report.flipped_bits) {
        const auto at = static_cast<std::streamoff>(bit / 8);
        char byte = 0;
        file.seekg(at);
        file.get(byte);
        file.seekp(at);
        file.put(static_cast<char>(byte ^ (1 << (bit % 8))));
    }
    if (report.broken && report.broken->page != 0) Rechain(file, report.broken->frame).run();
    file.flush();
    if (!file) return fail(Code::unavailable, "write " + path);
    return {};
}

}  // namespace

Result<LogReport> check_log(const std::string& path) {
    TRY(auto report, look_at(path));
    if (!report.is_damaged()) return report;
    // A writer may have begun the log anew while it was read: then the second look differs.
    TRY(auto again, look_at(path));
    return again == report ? again : LogReport{};
}

Result<std::vector<LogReport>> mend_log(const std::string& path) {
    std::vector<LogReport> all;
    // Each turn mends what stands before the next break.
    for (int turn = 0; turn < breaks_max; ++turn) {
        TRY(auto report, look_at(path));
        if (!report.is_damaged()) break;
        if (!report.flipped_bits.empty() && report.broken && report.broken->page == 0)
            report.broken.reset();  // the next turn's
        all.push_back(report);
        if (!can_mend(report)) break;
        TRY_VOID(mend(path, report));
    }
    return all;
}

}  // namespace lineshaft::catalog
