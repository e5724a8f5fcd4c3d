#include "api/label_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace lineshaft::api {
namespace {

bool has_fonts() {
    return std::filesystem::exists("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf");
}

// A letter of its own: what is dark, row by row.
std::string rows_of(const TextPicture& picture) {
    std::string out;
    for (unsigned row = 0; row < picture.height; ++row) {
        for (unsigned column = 0; column < picture.width; ++column)
            out += picture.at(row, column) ? '#' : '.';
        out += '\n';
    }
    return out;
}

TEST(LabelText, IsAsLargeAsFits) {
    if (!has_fonts()) GTEST_SKIP() << "no fonts-dejavu-core";
    const auto wide = draw_text("88.101.7/EXC-0042", 400, 20);
    ASSERT_TRUE(wide.has_value()) << wide.error().context;
    EXPECT_EQ(wide->capital, 20u) << "the height is what limits it";
    EXPECT_LE(wide->width, 400u);
    EXPECT_EQ(wide->dark.size(), std::size_t{wide->width} * wide->height);
    const auto narrow = draw_text("88.101.7/EXC-0042", 150, 20);
    ASSERT_TRUE(narrow.has_value());
    EXPECT_LE(narrow->width, 150u);
    EXPECT_GE(narrow->width, 145u) << "the width is";
    EXPECT_LT(narrow->capital, 20u);
    const auto longer = draw_text("88.101.7/" + std::string(60, 'E'), 1'000, 40);
    ASSERT_TRUE(longer.has_value()) << longer.error().context;
    EXPECT_GE(longer->width, 990u);
    const auto dark = std::ranges::count(wide->dark, '1');
    EXPECT_GT(dark, std::ssize(wide->dark) / 10);
    EXPECT_LT(dark, std::ssize(wide->dark) / 2);
}

TEST(LabelText, LettersLookLikeThemselves) {
    if (!has_fonts()) GTEST_SKIP() << "no fonts-dejavu-core";
    const auto letter = draw_text("L", 100, 10);
    ASSERT_TRUE(letter.has_value());
    const auto picture = rows_of(*letter);
    ASSERT_GE(letter->width, 4u) << picture;
    for (unsigned row = 0; row + 2 < letter->height; ++row) {
        EXPECT_TRUE(letter->at(row, 0)) << "a stem on the left\n" << picture;
        EXPECT_FALSE(letter->at(row, letter->width - 1)) << "nothing on the right\n" << picture;
    }
    for (unsigned column = 0; column + 1 < letter->width; ++column)
        EXPECT_TRUE(letter->at(letter->height - 1, column)) << "a foot\n" << picture;
    const auto ring = draw_text("O", 100, 20);
    ASSERT_TRUE(ring.has_value());
    EXPECT_FALSE(ring->at(ring->height / 2, ring->width / 2)) << "its hole\n" << rows_of(*ring);
    EXPECT_TRUE(ring->at(ring->height / 2, 1)) << rows_of(*ring);
}

TEST(LabelText, SaysWhyNot) {
    if (!has_fonts()) GTEST_SKIP() << "no fonts-dejavu-core";
    EXPECT_EQ(draw_text(std::string(400, 'X'), 200, 20).error().code, Code::exhausted);
    EXPECT_EQ(draw_text("", 200, 20).error().code, Code::invalid);
    EXPECT_EQ(draw_text("\xff", 200, 20).error().code, Code::invalid);
    EXPECT_EQ(draw_text("\xf0\x93\x80\x80", 200, 20).error().code, Code::invalid)
        << "an Egyptian hieroglyph, which no font here has";
}

}  // namespace
}  // namespace lineshaft::api
