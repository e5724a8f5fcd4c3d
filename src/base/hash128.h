#pragma once
#include <cstdint>
#include <string_view>

namespace lineshaft {

/// XXH3, 128 bits: for what is remembered by its hash alone. As hash64, no defence against forgery.
struct Hash128 {
    std::uint64_t low = 0, high = 0;
    bool operator==(const Hash128&) const = default;
};
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace lineshaft
