// Properties: any text is refused with a reason or becomes artwork within the limits; small artwork
// is sewn with no stitch longer than allowed, twice the same, and reads back from its file.
#include "base/check.h"
#include "stitch/stitch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::stitch;
    if (size > 8 * 1024) return 0;
    const std::string_view svg(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> left_out;
    const ArtLimits limits{.svg_elements_max = 60, .svg_places_max = 3000, .size_mm_max = 60};
    const auto art = svg_artwork(svg, 0, left_out, limits);
    if (!art) {
        CHECK(!art.error().context.empty());
        return 0;
    }
    CHECK(!art->elements.empty());
    Settings settings;
    settings.stitches_max = 20'000;
    const auto sewn = digitise(*art, settings);
    if (!sewn) {
        CHECK(!sewn.error().context.empty());
        return 0;
    }
    Step before;
    for (const Step& step : sewn->pattern.steps) {
        const double far = std::hypot(step.x - before.x, step.y - before.y) / 10;
        CHECK(step.act != Act::stitch || far <= settings.stitch_max_mm + 0.2);
        before = step;
    }
    const auto file = write(Format::dst, sewn->pattern);
    CHECK(file.has_value());
    const auto again = read(Format::dst, as_bytes(*file));
    CHECK(again.has_value() && again->steps == sewn->pattern.steps);
    return 0;
}
