#include "api/json_out.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "api/json_text.h"

namespace lineshaft::api {
namespace {

namespace json = boost::json;

TEST(JsonOut, PutsCommasWhereTheyBelong) {
    JsonOut out;
    out.object().name("a").array().end_array().name("b{").array().text("[").text("x,").object();
    out.end_object().number(1).null().end_array().name("c").object().name("d").flag(true);
    out.end_object().end_object();
    EXPECT_EQ(out.take(), R"({"a":[],"b{":["[","x,",{},1,null],"c":{"d":true}})");
}

TEST(JsonOut, EscapesWhatAnyNameAndTextMayHold) {
    JsonOut out;
    out.object().any_name("a\"b\\").text("line\nbell\x07 \xe5\xbc\x80").end_object();
    const std::string text = out.take();
    EXPECT_EQ(json::parse(text), (json::value{{"a\"b\\", "line\nbell\x07 \xe5\xbc\x80"}}));
    EXPECT_EQ(text, "{\"a\\\"b\\\\\":\"line\\u000abell\\u0007 \xe5\xbc\x80\"}");
}

TEST(JsonOut, WritesNumbersLikeJsonText) {
    std::mt19937_64 dice(7);
    std::vector<double> numbers = {0.0,    -0.0,   812.5, 0.1,   1e15,  1e15 - 1,
                                   -1e15,  1e16,   1e21,  5e-324, 1e-5, 123456.0,
                                   -7.0,   9007199254740993.0,
                                   std::numeric_limits<double>::max()};
    for (int count = 0; count < 2000; ++count) {
        numbers.push_back(std::bit_cast<double>(dice()));
        numbers.push_back(static_cast<double>(static_cast<std::int64_t>(dice()) >> (dice() % 63)));
    }
    for (const double number : numbers) {
        JsonOut out;
        out.number(number);
        const std::string expected = std::isfinite(number) ? json_text(number) : "null";
        EXPECT_EQ(out.take(), expected);
    }
    JsonOut whole;
    whole.array().number(INT64_MIN).number(INT64_MAX).number(std::size_t{3}).end_array();
    EXPECT_EQ(whole.take(), "[-9223372036854775808,9223372036854775807,3]");
}

}  // namespace
}  // namespace lineshaft::api
