#pragma once
#include <string>
#include <vector>

#include "history/columns.h"

namespace lineshaft::history {

/// A sample of a series that its sender remembers by id, so that no name is looked up.
struct Point {
    SeriesId series;
    std::int64_t at = 0;     ///< microseconds since 1970 UTC
    std::uint64_t bits = 0;  ///< as in Columns; a text lies in Points::texts
    std::uint32_t mine = 0;  ///< the sender's own number; not looked at
    Mark mark;
    bool is_stored = false;  ///< told by append
};

/// Samples of series of one shard, in the order in which they arrived.
struct Points {
    std::vector<Point> all;
    std::string texts;  ///< below 4 GiB

    std::string_view text_of(const Point& point) const {
        return std::string_view(texts).substr(point.bits >> 32, point.bits & 0xffffffff);
    }
    /// The 64 bits of a value; a text's bytes are added.
    std::uint64_t bits_of(const Value& value) {
        const auto* text = std::get_if<std::string>(&value);
        return text != nullptr ? add_text(*text) : bits_of_number(value);
    }
    std::uint64_t add_text(std::string_view text) {
        const std::uint64_t where = static_cast<std::uint64_t>(texts.size()) << 32 | text.size();
        texts.append(text);
        return where;
    }
};

}  // namespace lineshaft::history
