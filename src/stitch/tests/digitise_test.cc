#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "stitch/stitch.h"

namespace lineshaft::stitch {
namespace {

std::string file_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

const std::string& sans() {
    static const std::string font =
        file_text("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf");
    return font;
}

Artwork lettering(std::string_view text, double height_mm) {
    const Bytes fonts[] = {as_bytes(sans())};
    return text_artwork(fonts, text, height_mm, {20, 70, 160}).value();
}

Result<Artwork> drawing(std::string_view svg, double width_mm = 0) {
    std::vector<std::string> left_out;
    return svg_artwork(svg, width_mm, left_out);
}

Digitised sewn(const Artwork& art, std::string_view fabric = "twill") {
    Settings settings;
    settings.fabric = *fabric_of(fabric);
    return digitise(art, settings).value();
}

// What every design must hold to, whatever it shows.
void expect_sewable(const Artwork& art, const Digitised& out, double rim_max) {
    const Settings settings;
    Step before;
    for (const Step& step : out.pattern.steps) {
        const double far = std::hypot(step.x - before.x, step.y - before.y) / 10;
        if (step.act == Act::stitch) {
            EXPECT_LE(far, settings.stitch_max_mm + 0.15);
        }
        before = step;
    }
    EXPECT_EQ(out.pattern.threads.size(), counts_of(out.pattern).colours + 1);
    const Quality quality = quality_of(art, out);
    EXPECT_GE(quality.coverage, 0.97);
    EXPECT_LE(quality.rim, rim_max);
    EXPECT_LE(quality.outside, 0.01);
    EXPECT_LE(quality.short_share, 0.05);
    EXPECT_LE(quality.density_max, settings.density_max);
    const Bounds bounds = bounds_of(out.pattern);
    EXPECT_LE(std::abs(bounds.left + bounds.right), 1);  // centred
    EXPECT_LE(std::abs(bounds.top + bounds.bottom), 1);
    for (const Format format : {Format::dst, Format::exp, Format::pes, Format::jef}) {
        const auto bytes = write(format, out.pattern).value();
        const auto again = read(format, as_bytes(bytes)).value();
        EXPECT_EQ(counts_of(again).stitches, counts_of(out.pattern).stitches) << name_of(format);
        EXPECT_TRUE(again.steps == out.pattern.steps) << name_of(format);
    }
}

TEST(Digitise, LettersAreSatinInOneGoEach) {
    const Artwork art = lettering("Lineshaft", 20);
    const Digitised out = sewn(art);
    expect_sewable(art, out, 0.25);
    // Nine letters and the dot of the i.
    EXPECT_LE(counts_of(out.pattern).trims, 10U);
    EXPECT_TRUE(out.warnings.empty());
    EXPECT_GT(out.minutes, 1);
    EXPECT_GT(out.thread_m, 1);
}

TEST(Digitise, SameArtworkSameStitches) {
    const Artwork art = lettering("Rose", 15);
    EXPECT_TRUE(sewn(art).pattern == sewn(art).pattern);
}

TEST(Digitise, ADrawingsColoursAreSewnWhatLiesBelowFirst) {
    std::vector<std::string> left_out;
    const Artwork art =
        svg_artwork(file_text(std::filesystem::path(LINESHAFT_ARTWORK) / "logo.svg"), 0, left_out)
            .value();
    EXPECT_TRUE(left_out.empty());
    const Digitised out = sewn(art);
    expect_sewable(art, out, 0.06);
    EXPECT_EQ(out.pattern.threads.front().colour, (Colour{0x1b, 0x3a, 0x57}));
    EXPECT_NEAR(bounds_of(out.pattern).width(), 870, 8);
}

TEST(Digitise, ClothThatGivesGetsWiderColumns) {
    const Artwork art = lettering("I", 20);
    EXPECT_GT(bounds_of(sewn(art, "terry").pattern).width(),
              bounds_of(sewn(art, "leather").pattern).width());
}

TEST(Digitise, LargerThanTheHoopIsSaidWithTheMeasure) {
    Settings settings;
    settings.hoop_width_mm = 50;
    auto out = digitise(lettering("Lineshaft", 20), settings);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, Code::invalid);
    EXPECT_NE(out.error().context.find("mm too wide"), std::string::npos);
}

TEST(Digitise, TooManyStitchesAreRefused) {
    Settings settings;
    settings.stitches_max = 100;
    EXPECT_EQ(digitise(lettering("Lineshaft", 20), settings).error().code, Code::exhausted);
}

TEST(Digitise, TooManyAreasAreRefused) {
    Settings settings;
    settings.objects_max = 3;
    EXPECT_TRUE(digitise(lettering("ABC", 20), settings));
    EXPECT_EQ(digitise(lettering("ABCD", 20), settings).error().code, Code::exhausted);
}

TEST(Text, WhatCannotBeSetIsNamed) {
    const Bytes fonts[] = {as_bytes(sans())};
    EXPECT_EQ(text_artwork(fonts, "\xE7\x8E\xAB", 20, {}).error().context,
              "no font has the character U+73AB");
    EXPECT_EQ(text_artwork(fonts, "", 20, {}).error().code, Code::invalid);
    EXPECT_EQ(text_artwork(fonts, "   ", 20, {}).error().code, Code::invalid);
    EXPECT_EQ(text_artwork(fonts, "\xff", 20, {}).error().code, Code::invalid);
    EXPECT_EQ(text_artwork(fonts, "a", 1.9, {}).error().code, Code::invalid);
    EXPECT_EQ(text_artwork(fonts, std::string(201, 'a'), 20, {}).error().code, Code::exhausted);
    const Bytes broken[] = {as_bytes("not a font")};
    EXPECT_EQ(text_artwork(broken, "a", 20, {}).error().code, Code::corrupt);
}

TEST(Text, CapitalsAreAsHighAsAsked) {
    EXPECT_NEAR(box_of(lettering("H", 20)).height(), 20, 0.1);
    EXPECT_GT(box_of(lettering("H\nH", 20)).height(), 45);
}

TEST(Svg, ShapesAndTransformsLandWhereTheyShould) {
    struct Case {
        const char* body;
        double left, top, right, bottom;
    };
    const Case cases[] = {
        {"<rect x='10' y='20' width='30' height='10'/>", 10, 20, 40, 30},
        {"<rect x='10' y='20' width='30' height='10' rx='4'/>", 10, 20, 40, 30},
        {"<circle cx='50' cy='50' r='10'/>", 40, 40, 60, 60},
        {"<ellipse cx='50' cy='50' rx='20' ry='10'/>", 30, 40, 70, 60},
        {"<polygon points='10,10 30,10 20,30'/>", 10, 10, 30, 30},
        {"<path d='M10 10h20v20h-20z'/>", 10, 10, 30, 30},
        {"<path d='M10,10 l20,0 0,20-20,0z'/>", 10, 10, 30, 30},
        {"<path d='M40 50a10 10 0 0120 0 10 10 0 01-20 0z'/>", 40, 40, 60, 60},
        {"<path d='M10 10C10 10 30 10 30 10S30 30 30 30Q20 30 20 30T10 30z'/>", 10, 10, 30, 30},
        {"<g transform='translate(5 6)'><rect width='10' height='10' transform='scale(2)'/></g>", 5,
         6, 25, 26},
        {"<rect x='-5' y='-5' width='10' height='10' transform='translate(50,50) rotate(90)'/>", 45,
         45, 55, 55},
        {"<line x1='10' y1='50' x2='90' y2='50' stroke='red' stroke-width='4'/>", 10, 48, 90, 52},
        {"<line x1='10' y1='50' x2='90' y2='50' stroke='red' stroke-width='0.5'/>", 10, 50, 90, 50},
    };
    for (const Case& one : cases) {
        const auto art = drawing(
            "<svg xmlns='http://www.w3.org/2000/svg' width='100mm' height='100mm' viewBox='0 0 100 "
            "100'>" +
            std::string(one.body) + "</svg>");
        ASSERT_TRUE(art) << one.body << ": " << art.error().context;
        const Box box = box_of(*art);
        EXPECT_NEAR(box.left, one.left, 0.05) << one.body;
        EXPECT_NEAR(box.top, one.top, 0.05) << one.body;
        EXPECT_NEAR(box.right, one.right, 0.05) << one.body;
        EXPECT_NEAR(box.bottom, one.bottom, 0.05) << one.body;
    }
}

TEST(Svg, HostileDrawingsAreRefusedWithAReason) {
    const auto code = [](const std::string& svg) {
        auto art = drawing(svg);
        return art ? std::optional<Code>() : art.error().code;
    };
    EXPECT_EQ(code("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"), Code::unsupported);
    EXPECT_EQ(code("<svg><image href='http://example.org/a.png'/></svg>"), Code::unsupported);
    EXPECT_EQ(code("<svg><use xlink:href='file:///etc/passwd#a'/></svg>"), Code::unsupported);
    EXPECT_EQ(code("<svg>"), Code::invalid);
    EXPECT_EQ(code("plain text"), Code::invalid);
    EXPECT_EQ(code("<html/>"), Code::invalid);
    EXPECT_EQ(code("<svg width='10mm' height='10mm'/>"), Code::invalid);
    EXPECT_EQ(code("<svg width='9000mm' height='10mm' viewBox='0 0 9000 10'><rect width='9000' "
                   "height='10'/></svg>"),
              Code::invalid);
    std::string deep = "<svg>";
    for (int i = 0; i < 70; ++i) deep += "<g>";
    for (int i = 0; i < 70; ++i) deep += "</g>";
    EXPECT_EQ(code(deep + "</svg>"), Code::exhausted);
    std::string many = "<svg width='10mm' height='10mm' viewBox='0 0 10 10'>";
    for (int i = 0; i < 20'001; ++i) many += "<path d='M0 0h1v1z'/>";
    EXPECT_EQ(code(many + "</svg>"), Code::exhausted);
    EXPECT_EQ(code(std::string((4 << 20) + 1, ' ')), Code::exhausted);
    // Sides that nearly all lie across each other, and a comb of long teeth: minutes of work, told
    // at once.
    std::string star, comb;
    for (int corner = 0; corner < 20'000; ++corner) {
        star += fmt::format("{} {} ", corner * 7'919 % 300, corner * 104'729 % 300);
        comb += fmt::format("{} {} ", corner * 0.01, corner % 2 == 0 ? 0.0 : 200 + corner * 0.001);
    }
    for (const std::string& corners : {star, comb}) {
        EXPECT_EQ(code("<svg><polygon points='" + corners + "'/></svg>"), Code::exhausted);
        EXPECT_EQ(code("<svg><polyline fill='none' stroke='red' stroke-width='9' points='" +
                       corners + "'/></svg>"),
                  Code::exhausted);
    }
    EXPECT_TRUE(drawing(
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" "
        "\"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">"
        "<svg width='10mm' height='10mm' viewBox='0 0 10 10'><rect width='9' height='9'/></svg>"));
}

TEST(Svg, WhatIsLeftOutIsNamed) {
    std::vector<std::string> left_out;
    const auto art = svg_artwork(
        "<svg width='10mm' height='10mm' viewBox='0 0 10 10'><text>a</text>"
        "<rect width='9' height='9' fill='url(#g)'/></svg>",
        0, left_out);
    ASSERT_TRUE(art);
    EXPECT_EQ(left_out, (std::vector<std::string>{"<text>", "fill url(#g), sewn grey"}));
}

// A picture is made by sewing, drawn, and traced again.
TEST(Image, ColoursBecomeAreasWithoutTheirBackground) {
    const auto art = drawing(
                         "<svg width='60mm' height='60mm' viewBox='0 0 60 60'><rect x='5' y='5' "
                         "width='50' height='50' fill='#c00000'/>"
                         "<circle cx='30' cy='30' r='14' fill='#0000c0'/></svg>")
                         .value();
    const auto png = preview_png(sewn(art).pattern, 200).value();
    const auto traced = image_artwork(as_bytes(png), 60, 2, true).value();
    EXPECT_NEAR(box_of(traced).width(), 56, 2);  // 50 of 54 mm
    EXPECT_EQ(image_artwork(as_bytes(png), 60, 13, true).error().code, Code::invalid);
    EXPECT_EQ(image_artwork(as_bytes(png), 60, 2, true, {.image_side_max = 199}).error().code,
              Code::exhausted);
    EXPECT_EQ(image_artwork(as_bytes(png).first(png.size() / 2), 60, 2, true).error().code,
              Code::invalid);
    EXPECT_EQ(image_artwork(as_bytes("GIF89a"), 60, 2, true).error().code, Code::invalid);
}

TEST(Preview, HasEveryStitch) {
    const Digitised out = sewn(lettering("I", 10));
    const std::string svg = preview_svg(out.pattern);
    EXPECT_GT(std::ranges::count(svg, 'L'),
              static_cast<std::ptrdiff_t>(counts_of(out.pattern).stitches * 9 / 10));
    EXPECT_EQ(preview_png(out.pattern, 15).error().code, Code::invalid);
    EXPECT_EQ(preview_png(Pattern{}, 100).error().code, Code::invalid);
    EXPECT_TRUE(preview_png(out.pattern, 100)->starts_with("\x89PNG"));
}

}  // namespace
}  // namespace lineshaft::stitch
