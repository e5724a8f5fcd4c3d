#pragma once
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "history/types.h"

namespace lineshaft::history {

/// Kind and quality of one sample in a byte: kind in bits 0..1, quality in bits 2..3.
struct Mark {
    std::uint8_t byte = 0;
    constexpr Mark() = default;
    constexpr explicit Mark(std::uint8_t raw) : byte(raw) {}
    constexpr Mark(Kind kind, Quality quality)
        : byte(static_cast<std::uint8_t>(static_cast<unsigned>(kind) |
                                         static_cast<unsigned>(quality) << 2)) {}
    constexpr Kind kind() const { return static_cast<Kind>(byte & 3); }
    constexpr Quality quality() const { return static_cast<Quality>(byte >> 2 & 3); }
    /// Good or uncertain: counts in statistics.
    constexpr bool is_believable() const { return (byte >> 2 & 3) <= 1; }
    constexpr bool operator==(const Mark&) const = default;
};

/// Samples of one series side by side, 17 bytes each: what heads hold, chunks decode into and
/// reads merge. Values of every kind are 64 bits: a double's bits, an integer, 0 or 1, or where a
/// text lies (offset << 32 | length) in `text`. Owner: whoever made it; no rule about threads.
struct Columns {
    std::vector<std::int64_t> at;  ///< microseconds since 1970 UTC
    std::vector<std::uint64_t> bits;
    std::vector<Mark> mark;
    std::string text;  ///< bytes of the texts, below 4 GiB

    std::size_t size() const { return at.size(); }
    bool is_empty() const { return at.empty(); }
    void clear();
    void reserve(std::size_t count);
    /// Room for `count` more samples. Grows by a quarter at most: what lives long wastes little.
    void make_room(std::size_t count) { make_room(count, 0); }
    /// The same where `usual` are likely to come in the end: half of the room for them first, then all
    /// of it, so that they are not moved again and again.
    void make_room(std::size_t count, std::size_t usual);

    void push(std::int64_t when, std::uint64_t value, Mark how) {
        at.push_back(when);
        bits.push_back(value);
        mark.push_back(how);
    }
    /// Copies sample `index` of `from`, its text too.
    void push_from(const Columns& from, std::size_t index);
    /// The same for several, none of which is a text.
    void push_from(const Columns& from, std::span<const std::uint32_t> indexes);
    void push(const Sample& sample);
    /// Copies samples [first, until) of `from`, their texts too.
    void append(const Columns& from, std::size_t first, std::size_t until);
    /// Puts sample `index` of `from` in place of sample `here`.
    void replace(std::size_t here, const Columns& from, std::size_t index);

    std::string_view text_at(std::size_t index) const { return text_of(bits[index]); }
    std::string_view text_of(std::uint64_t where) const {
        return std::string_view(text).substr(where >> 32, where & 0xffffffff);
    }
    Sample sample(std::size_t index) const;
    /// Booleans as 0 and 1, NaN for a text.
    double number(std::size_t index) const {
        switch (mark[index].kind()) {
            case Kind::real: return std::bit_cast<double>(bits[index]);
            case Kind::integer: return static_cast<double>(static_cast<std::int64_t>(bits[index]));
            case Kind::boolean: return static_cast<double>(bits[index]);
            case Kind::text: break;
        }
        return std::numeric_limits<double>::quiet_NaN();
    }
    /// Bytes this takes in memory, roughly.
    std::size_t size_bytes() const { return size() * 17 + text.size(); }

    /// Appends `value` to the text and says where it lies.
    std::uint64_t add_text(std::string_view value);
    /// The 64 bits of a value; a text's bytes are added.
    std::uint64_t bits_of(const Value& value);
};

/// The 64 bits of a value that is no text.
std::uint64_t bits_of_number(const Value& value);

/// Same instants, marks and values, bit for bit; texts by content.
bool same_samples(const Columns& a, const Columns& b);

}  // namespace lineshaft::history
