#include "stitch/files/files.h"

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace lineshaft::stitch {
namespace {

std::string file_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

using Places = std::vector<std::pair<int, int>>;

Places stitches_of(const Pattern& pattern) {
    Places places;
    for (const Step& step : pattern.steps) {
        if (step.act == Act::stitch) places.emplace_back(step.x, step.y);
    }
    return places;
}

// What the other reader made of the same file.
struct Decoded {
    Places places;
    std::size_t colours = 0;
};

Decoded decoded(const std::filesystem::path& path) {
    Decoded out;
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    bool is_first_needle = true;
    while (std::getline(in, line)) {
        const auto first = line.find(','), second = line.rfind(',');
        const std::string what = line.substr(second + 1);
        const double x = std::stod(line.substr(0, first));
        const double y = std::stod(line.substr(first + 1, second - first - 1));
        if (what.starts_with("STITCH"))
            out.places.emplace_back(std::lround(x), std::lround(y));
        else if (what.starts_with("COLOR_CHANGE"))
            ++out.colours;
        else if (std::isdigit(what[0]))  // needles of U01; the first is the one to begin with
            out.colours += !std::exchange(is_first_needle, false);
    }
    return out;
}

TEST(Golden, ReadsAsAnotherReaderDoes) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(LINESHAFT_GOLDEN)) {
        const auto format = format_of(entry.path().extension().string().substr(1));
        if (!format) continue;
        SCOPED_TRACE(entry.path().filename().string());
        const std::string file = file_text(entry.path());
        auto pattern = read(*format, as_bytes(file));
        ASSERT_TRUE(pattern) << pattern.error().context;
        const Decoded want = decoded(entry.path().string() + ".decoded.csv");
        EXPECT_EQ(stitches_of(*pattern), want.places);
        EXPECT_EQ(counts_of(*pattern).colours, want.colours);
        Bounds bounds;
        for (const auto& [x, y] : want.places) {
            bounds.left = std::min(bounds.left, x), bounds.right = std::max(bounds.right, x);
            bounds.top = std::min(bounds.top, y), bounds.bottom = std::max(bounds.bottom, y);
        }
        EXPECT_EQ(bounds_of(*pattern).width(), bounds.width());
        EXPECT_EQ(bounds_of(*pattern).height(), bounds.height());
        ++count;

        // Whatever it was read from, every format we write says the same.
        for (const Format written : {Format::dst, Format::exp, Format::pes, Format::jef}) {
            auto bytes = write(written, *pattern);
            ASSERT_TRUE(bytes) << bytes.error().context;
            auto again = read(written, as_bytes(*bytes));
            ASSERT_TRUE(again) << name_of(written) << ": " << again.error().context;
            EXPECT_TRUE(stitches_of(*again) == stitches_of(*pattern)) << name_of(written);
            EXPECT_EQ(counts_of(*again).colours, counts_of(*pattern).colours) << name_of(written);
        }
    }
    EXPECT_EQ(count, 30);
}

// A normal form in which long moves follow a cut, as the digitiser makes it.
Pattern random_pattern(unsigned seed) {
    std::mt19937 random(seed);
    const auto below = [&](int most) {
        return static_cast<int>(random() % static_cast<unsigned>(most));
    };
    Pattern pattern;
    pattern.name = "RANDOM";
    PatternBuilder builder(pattern);
    builder.stitch(0, 0);
    std::uint8_t shade = 0;
    pattern.threads.push_back({{shade, 0, 0}, ""});
    for (int i = 0; i < 2000; ++i) {
        const int kind = below(40);
        if (kind == 0) {
            builder.trim();
            builder.colour();
            shade = static_cast<std::uint8_t>(shade + 3);
            pattern.threads.push_back({{shade, 0, 0}, ""});
            builder.jump(below(1000) - 500, below(1000) - 500);
        } else if (kind == 1) {
            builder.trim();
            builder.jump(below(1000) - 500, below(1000) - 500);
        } else if (kind == 2) {
            builder.jump(builder.x() + below(200) - 100, builder.y() + below(200) - 100);
        }
        builder.stitch(builder.x() + below(243) - 121, builder.y() + below(243) - 121);
    }
    builder.trim();
    return pattern;
}

TEST(Write, ReadsBackEqual) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        Pattern pattern = random_pattern(seed);
        for (const Format format : {Format::dst, Format::exp, Format::pes, Format::jef}) {
            auto bytes = write(format, pattern);
            ASSERT_TRUE(bytes) << bytes.error().context;
            auto again = read(format, as_bytes(*bytes));
            ASSERT_TRUE(again) << again.error().context;
            EXPECT_TRUE(again->steps == pattern.steps) << name_of(format) << " seed " << seed;
        }
    }
}

TEST(Dst, RecordsAreThoseOfTheSpecification) {
    Pattern pattern;
    pattern.name = "A name that is longer than sixteen";
    pattern.steps = {{-12, -64, Act::stitch}};
    const std::string file = write(Format::dst, pattern).value();
    EXPECT_EQ(to_hex(as_bytes(file.substr(512))),
              "a81223"
              "0000f3");  // y+64, x-12
    EXPECT_EQ(file.substr(0, 31), "LA:A name that is l\rST:      2\r");
    EXPECT_EQ(file.substr(31, 7), "CO:  0\r");
    EXPECT_EQ(file.substr(38, 9), "+X:    0\r");
    EXPECT_EQ(file.substr(74, 10), "AX:-   12\r");
    EXPECT_EQ(file.size(), 518U);
}

TEST(Dst, EveryMoveOfARecordIsItself) {
    Pattern pattern;
    PatternBuilder builder(pattern);
    for (int dx = -121; dx <= 121; ++dx) {
        for (const int dy :
             {-121, -81, -41, -40, -14, -13, -5, -1, 0, 1, 2, 4, 13, 14, 27, 40, 41, 120, 121}) {
            builder.stitch(builder.x() + dx, builder.y() + dy);
            builder.stitch(builder.x() - dx, builder.y() - dy);
        }
    }
    const auto again = read(Format::dst, as_bytes(write(Format::dst, pattern).value())).value();
    EXPECT_TRUE(again.steps == pattern.steps);
}

TEST(Dst, LongStitchesAreJumpsAndOneStitch) {
    Pattern pattern;
    pattern.steps = {{122, 0, Act::stitch}, {500, 400, Act::stitch}};
    const auto file = write(Format::dst, pattern).value();
    const auto again = read(Format::dst, as_bytes(file)).value();
    EXPECT_EQ(stitches_of(again), stitches_of(pattern));
    for (std::size_t at = 512; at < file.size(); at += 3) EXPECT_NE(file[at + 2] & 0x03, 0);
}

TEST(Dst, CutsByItsDialectsJumpCount) {
    Pattern pattern;
    pattern.steps = {
        {0, 0, Act::stitch}, {0, 0, Act::trim}, {50, 0, Act::jump}, {60, 0, Act::stitch}};
    Dialect four;
    four.trim_jumps = 4;
    const auto file = write(Format::dst, pattern, four).value();
    EXPECT_EQ(file.size(), 512 + 3 * (1 + 4 + 1 + 1U));
    EXPECT_EQ(read(Format::dst, as_bytes(file), four)->steps, pattern.steps);
    const auto three = write(Format::dst, pattern).value();  // a machine set to four does not cut
    EXPECT_EQ(counts_of(read(Format::dst, as_bytes(three), four).value()).trims, 0U);
}

TEST(Read, WhatIsCutShortIsSaid) {
    const Pattern pattern = random_pattern(7);
    for (const Format format : {Format::dst, Format::pes, Format::jef}) {
        std::string file = write(format, pattern).value();
        if (format == Format::pes) file.resize(file.find('\xff', 540));
        for (std::size_t length = 0; length + 1 < file.size(); length += 1 + length / 16) {
            auto part = read(format, as_bytes(file).first(length));
            ASSERT_FALSE(part) << name_of(format) << " " << length;
            EXPECT_FALSE(part.error().context.empty());
        }
    }
    for (const auto* name : {"square.u01", "square.vp3"}) {
        const std::string file = file_text(std::filesystem::path(LINESHAFT_GOLDEN) / name);
        const Format format = format_of(std::string_view(name).substr(7)).value();
        for (std::size_t length = 0; length + 4 < file.size(); ++length)
            EXPECT_FALSE(read(format, as_bytes(file).first(length))) << name << " " << length;
    }
    EXPECT_EQ(read(Format::exp, as_bytes("\x01\x02\x03")).error().code, Code::corrupt);
    EXPECT_EQ(read(Format::dst, as_bytes("LA:")).error().context,
              "dst: 3 bytes: shorter than its header");
}

TEST(Read, LimitsHoldAtTheLimitAndOnePastIt) {
    Pattern pattern;
    for (int i = 0; i < 10; ++i) pattern.steps.push_back({i + 1, 0, Act::stitch});
    const auto file = write(Format::dst, pattern).value();
    EXPECT_TRUE(read(Format::dst, as_bytes(file), {}, {.steps_max = 10}));
    EXPECT_EQ(read(Format::dst, as_bytes(file), {}, {.steps_max = 9}).error().code,
              Code::exhausted);
    EXPECT_EQ(read(Format::dst, as_bytes(file), {}, {.bytes_max = file.size() - 1}).error().code,
              Code::exhausted);
    EXPECT_TRUE(read(Format::dst, as_bytes(file), {}, {.place_max = 10}));
    EXPECT_EQ(read(Format::dst, as_bytes(file), {}, {.place_max = 9}).error().code,
              Code::exhausted);
    EXPECT_EQ(write(Format::dst, pattern, {}, {.steps_max = 9}).error().code, Code::exhausted);
    EXPECT_EQ(write(Format::vp3, pattern).error().code, Code::unsupported);
    EXPECT_EQ(write(Format::dst, Pattern{}).error().code, Code::invalid);
}

TEST(Pes, PaletteIsNearestAndDifferent) {
    Pattern pattern;
    pattern.steps = {{0, 0, Act::stitch},
                     {0, 0, Act::colour},
                     {9, 9, Act::stitch},
                     {9, 9, Act::colour},
                     {0, 9, Act::stitch}};
    pattern.threads = {{{237, 23, 31}, ""}, {{236, 23, 31}, ""}, {{237, 23, 31}, ""}};
    const auto again = read(Format::pes, as_bytes(write(Format::pes, pattern).value())).value();
    ASSERT_EQ(again.threads.size(), 3U);
    EXPECT_EQ(again.threads[0].name, "Red");
    EXPECT_NE(again.threads[1].name, "Red");
    EXPECT_EQ(again.threads[2], again.threads[0]);
}

TEST(FileName, KeepsToTheMachinesRules) {
    const Dialect& tajima = *dialect_of("tajima");
    EXPECT_EQ(file_name(tajima, "Rose & thorn"), "ROSE_THO.DST");
    EXPECT_EQ(file_name(tajima, "Rose & thorn", 12), "ROSE_T12.DST");
    EXPECT_EQ(file_name(tajima, "玫瑰"), "_.DST");
    EXPECT_EQ(file_name(tajima, ""), "DESIGN.DST");
    EXPECT_EQ(file_name(*dialect_of("melco"), "Rose & thorn"), "Rose_thorn.exp");
    EXPECT_EQ(dialect_of("abacus"), nullptr);
}

}  // namespace
}  // namespace lineshaft::stitch
