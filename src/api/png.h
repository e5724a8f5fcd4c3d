#pragma once
#include <functional>
#include <string>

namespace lineshaft::api {

/// A square picture of black and white points as PNG (ISO/IEC 15948), one bit each, not compressed.
/// `is_dark(row, column)` is asked once for each point. `size`: 1..4096.
std::string black_and_white_png(unsigned size,
                                const std::function<bool(unsigned, unsigned)>& is_dark);

}  // namespace lineshaft::api
