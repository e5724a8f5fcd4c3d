#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::api {

/// A text in black points on white.
struct TextPicture {
    unsigned width = 0, height = 0;  ///< points; no empty row or column at an edge
    unsigned capital = 0;            ///< height of its capital letters
    std::string dark;                ///< width * height bytes, '1' or '0', row by row
    bool at(unsigned row, unsigned column) const { return dark[row * width + column] == '1'; }
};

/// `text` in one line, as large as fits into `width_max` points with capitals of at most
/// `capital_max` points. Reads fonts of the system: on a worker. Errors: unavailable (no font is
/// there), invalid (no font has a letter of it, or it is no UTF-8), exhausted (its capitals would have
/// fewer than `capital_min` points).
Result<TextPicture> draw_text(std::string_view text, unsigned width_max, unsigned capital_max,
                              unsigned capital_min = 5);

}  // namespace lineshaft::api
