// Properties: any bytes are read to their end within the limits or refused with a reason; what was
// read, written in any format we write, reads back to the same stitches and colours.
#include "base/check.h"
#include "stitch/files/files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::stitch;
    if (size < 1 || size > 64 * 1024) return 0;
    const auto format = static_cast<Format>(data[0] % 6);
    const FileLimits limits{.steps_max = 4000, .colours_max = 60};
    auto pattern =
        read(format, Bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1), {}, limits);
    if (!pattern) {
        CHECK(!pattern.error().context.empty());
        return 0;
    }
    const Counts counts = counts_of(*pattern);
    const Bounds bounds = bounds_of(*pattern);
    pattern->threads.clear();
    for (const Format out : {Format::dst, Format::exp, Format::pes, Format::jef}) {
        auto bytes = write(out, *pattern);
        if (!bytes) {
            CHECK(counts.stitches == 0);
            continue;
        }
        auto again = read(out, as_bytes(*bytes));
        CHECK(again.has_value());
        CHECK(counts_of(*again).stitches == counts.stitches);
        CHECK(counts_of(*again).colours == counts.colours);
        CHECK(bounds_of(*again) == bounds);
    }
    return 0;
}
