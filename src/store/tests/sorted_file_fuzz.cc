// Property: whatever stands in a block, making it out ends, and never gives more than stood there.
#include "store/sorted_block.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace lineshaft::store;
    if (size > 4'096) return 0;
    const std::string_view block(reinterpret_cast<const char*>(data), size);
    for (const auto& entry : legible_entries(block)) {
        if (entry.value.size() > size) __builtin_trap();
    }
    const auto bit = flipped_bit_of_block(block);
    if (bit >= static_cast<std::int64_t>(8 * size)) __builtin_trap();
    return 0;
}
