#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace lineshaft {

/// XXH3, 64 bits: for sharding, hash tables and checksums of our own formats. Stable across
/// versions and machines, so it may be stored. Not a defence against forgery.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// Lets unordered maps with std::string keys be asked with a string_view.
struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash64(text); }
};

}  // namespace lineshaft
