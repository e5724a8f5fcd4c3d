// Question: how long does digitising take, and how good is what comes out, on a fixed set of
// designs? Data: lettering in Debian's fonts and the drawings of tests/golden/artwork. Counters are
// those of docs/embroidery.md: cover, rim and outside as shares of the artwork's area, shorts of
// all stitches, density in stitches per mm2 (largest, over 2 x 2 mm).
#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>

#include "stitch/stitch.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::stitch;

std::string file_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Design {
    const char* name;
    const char* font;  // or nullptr: a drawing
    const char* text;  // or the drawing's file
    double size_mm;    // capitals' height, or width (0: its own)
};

constexpr const char* sans = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";
constexpr const char* serif = "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf";
constexpr const char* thin = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
constexpr const char* script = "/usr/share/fonts/opentype/dancingscript/DancingScript-Bold.otf";
constexpr const char* chinese = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc";
constexpr const char* chinese_serif = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc";

constexpr Design designs[] = {
    {"12 letters, sans, 20 mm", sans, "Konstantinos", 20},
    {"12 letters, serif, 20 mm", serif, "Konstantinos", 20},
    {"10 letters, script, 15 mm", script, "Margarethe", 15},
    {"16 letters, sans, 5 mm", thin, "Margarethe Wolff", 5},
    {"6 Chinese letters, sans, 30 mm", chinese, "工业互联网永", 30},
    {"6 Chinese letters, serif, 25 mm", chinese_serif, "玫瑰龙凤喜福", 25},
    {"leaf, 6 colours, 87 mm", nullptr, "logo.svg", 0},
    {"gear, 4 colours, 55 mm", nullptr, "gear.svg", 0},
    {"crest, 12 colours, 300 mm", nullptr, "crest.svg", 0},
};

Result<Artwork> artwork_of(const Design& design, const std::string& font, const std::string& svg) {
    if (design.font != nullptr) {
        const Bytes fonts[] = {as_bytes(font)};
        return text_artwork(fonts, design.text, design.size_mm, {20, 70, 160});
    }
    std::vector<std::string> left_out;
    return svg_artwork(svg, design.size_mm, left_out);
}

void digitise_design(benchmark::State& state) {
    const Design& design = designs[state.range(0)];
    const std::string font = design.font ? file_text(design.font) : std::string();
    const std::string svg =
        design.font ? std::string() : file_text(std::string(LINESHAFT_ARTWORK) + "/" + design.text);
    state.SetLabel(design.name);
    for (auto _ : state) {
        const auto art = artwork_of(design, font, svg);
        if (!art) {
            state.SkipWithError(art.error().context.c_str());
            return;
        }
        benchmark::DoNotOptimize(digitise(*art, {}));
    }
    const auto art = artwork_of(design, font, svg);
    const auto sewn = digitise(*art, {});
    if (!sewn) return;
    const Quality quality = quality_of(*art, *sewn);
    const Counts counts = counts_of(sewn->pattern);
    state.counters["stitches"] = double(counts.stitches);
    state.counters["trims"] = double(counts.trims);
    state.counters["jump_mm"] = quality.jump_mm;
    state.counters["cover"] = quality.coverage;
    state.counters["rim"] = quality.rim;
    state.counters["outside"] = quality.outside;
    state.counters["shorts"] = quality.short_share;
    state.counters["density"] = quality.density_max;
    state.counters["minutes"] = sewn->minutes;
}
BENCHMARK(digitise_design)->DenseRange(0, std::size(designs) - 1)->Unit(benchmark::kMillisecond);

}  // namespace
