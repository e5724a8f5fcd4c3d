#include "api/qr.h"

#include <gtest/gtest.h>

namespace lineshaft::api {
namespace {

TEST(Qr, HasTheThreeFinderPatterns) {
    const auto modules = qr_modules("https://192.0.2.7:8443/");
    ASSERT_EQ((modules.width - 17) % 4, 0u);
    ASSERT_EQ(modules.dark.size(), modules.width * modules.width);
    const auto at = [&](std::size_t row, std::size_t column) {
        return modules.dark[row * modules.width + column] == '1';
    };
    const std::size_t far = modules.width - 7;
    for (const auto& [row, column] : {std::pair{0ul, 0ul}, {0ul, far}, {far, 0ul}}) {
        for (std::size_t i = 0; i < 7; ++i) {
            EXPECT_TRUE(at(row, column + i) && at(row + 6, column + i) && at(row + i, column));
        }
        EXPECT_FALSE(at(row + 1, column + 1));
        EXPECT_TRUE(at(row + 3, column + 3));
    }
}

TEST(Qr, FitsOrIsEmpty) {
    EXPECT_NE(qr_for_terminal("x"), "");
    EXPECT_NE(qr_for_terminal(std::string(2'331, 'x')), "");
    EXPECT_EQ(qr_for_terminal(std::string(2'332, 'x')), "");
    EXPECT_EQ(qr_for_terminal(""), "");
}

}  // namespace
}  // namespace lineshaft::api
