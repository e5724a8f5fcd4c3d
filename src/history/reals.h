#pragma once
#include <cstdint>
#include <span>

#include "base/bytes.h"

// Columns of doubles in chunks of version 1: decimals with exceptions, XOR with the predecessor
// (Chimp, Liakos et al. 2022), byte planes. Layout: docs/formats/chunk-1.md.
namespace lineshaft::history {

enum class RealEncoding : std::uint8_t { constant = 0, decimal = 1, xored = 2, planes = 3 };

/// Errors: invalid, unsupported (an id that version 1 does not know).
Result<void> take_reals(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> bits);

}  // namespace lineshaft::history
