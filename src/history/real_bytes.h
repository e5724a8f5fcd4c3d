#pragma once
#include <bit>

#include "base/bytes.h"

namespace lineshaft::history {

/// A double in a record: its bits, little-endian, so NaN payloads and signed zeros stay.
inline void put_real(Writer& write, double value) {
    write.put_le(std::bit_cast<std::uint64_t>(value));
}
inline Result<double> take_real(Reader& in) {
    TRY(const auto bits, in.take_le<std::uint64_t>());
    return std::bit_cast<double>(bits);
}

}  // namespace lineshaft::history
