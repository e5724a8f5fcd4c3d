#include "api/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace lineshaft::api {
namespace {

namespace json = boost::json;

TEST(JsonText, WritesNumbersAsPeopleDo) {
    EXPECT_EQ(json_text(812.5), "812.5");
    EXPECT_EQ(json_text(0.0), "0");
    EXPECT_EQ(json_text(0.1), "0.1");
    EXPECT_EQ(json_text(std::int64_t{-7}), "-7");
    EXPECT_EQ(json_text(nullptr), "null");
    EXPECT_EQ(json_text(json::value("a\"\n")), "\"a\\\"\\n\"");
    EXPECT_EQ(json_text(json::array{}), "[]");
    EXPECT_EQ(json_text(json::object{{"a[", json::array{1, json::object{}, 2.5}}, {"b{", true}}),
              "{\"a[\":[1,{},2.5],\"b{\":true}");
}

TEST(JsonText, ParsingGivesTheValueBack) {
    for (const double number : {1.0 / 3, 5e-324, 1.7976931348623157e308, -123456789.125, 1e21}) {
        EXPECT_EQ(json::parse(json_text(number)).to_number<double>(), number) << json_text(number);
    }
    const json::value nested{{"x", {1, {{"y", {"z", nullptr, false}}}}}};
    EXPECT_EQ(json::parse(json_text(nested)), nested);
}

}  // namespace
}  // namespace lineshaft::api
