#include "base/hash.h"

// Compiled here: another library brings these functions along as well, built for size, and the loader
// would take those.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/hash128.h"

namespace lineshaft {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 hash128(std::string_view bytes, std::uint64_t seed) {
    const auto hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.low64, hash.high64};
}

}  // namespace lineshaft
