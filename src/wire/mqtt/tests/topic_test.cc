#include "wire/mqtt/topic.h"

#include <gtest/gtest.h>

#include <string>

namespace lineshaft::mqtt {
namespace {

struct Match {
    std::string_view filter, topic;
    bool want;
};

// The examples of 4.7.1 and 4.7.2, and the edges between them.
const Match matching[] = {
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/#", "sport", true},
    {"#", "a/b/c", true},
    {"#", "/", true},
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+/+", "/finance", true},
    {"/+", "/finance", true},
    {"+", "/finance", false},
    {"+", "finance", true},
    {"+/tennis/#", "sport/tennis", true},
    {"a/b", "a/b", true},
    {"a/b", "a/b/", false},
    {"a/b/", "a/b", false},
    {"a", "A", false},
    {"a//c", "a//c", true},
    {"a/+/c", "a//c", true},
    {"#", "$SYS/uptime", false},
    {"+/uptime", "$SYS/uptime", false},
    {"$SYS/#", "$SYS/uptime", true},
    {"$SYS/+", "$SYS/uptime", true},
    {"a/#", "a/$b", true},
    {"a/+", "a/$b", true},
};

TEST(Topic, MatchesAsTheTextSays) {
    for (const auto& [filter, topic, want] : matching) {
        EXPECT_EQ(matches(filter, topic), want) << filter << " ~ " << topic;
    }
}

TEST(Topic, FilterSyntax) {
    for (const std::string_view good :
         {"#", "+", "/", "a", "a/#", "+/a/+/#", "/+", "a//b", "$a/#"}) {
        EXPECT_TRUE(is_topic_filter(good)) << good;
    }
    for (const std::string_view bad :
         {"", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##", "++", "a/##", "+#", "a/+#"}) {
        EXPECT_FALSE(is_topic_filter(bad)) << bad;
    }
}

TEST(Topic, SharedFilters) {
    EXPECT_EQ(parse_filter("$share/g/a/+"), (SharedFilter{"g", "a/+"}));
    EXPECT_EQ(parse_filter("$share/g//"), (SharedFilter{"g", "/"}));
    EXPECT_EQ(parse_filter("a/b"), (SharedFilter{"", "a/b"}));
    EXPECT_EQ(parse_filter("$shared/a"), (SharedFilter{"", "$shared/a"}));
    for (const std::string_view bad : {"$share/g", "$share/", "$share//a", "$share/+/a",
                                       "$share/g#/a", "$share/g/", "$share/g/#/a"}) {
        EXPECT_FALSE(parse_filter(bad)) << bad;
    }
}

TEST(Topic, Text) {
    EXPECT_TRUE(is_mqtt_text(""));
    EXPECT_TRUE(is_mqtt_text("0123456789 plain"));
    EXPECT_TRUE(is_mqtt_text("0123456\xc3\xbc 9"));
    EXPECT_TRUE(is_mqtt_text("\xf0\xaa\x9b\x94"));  // 1.5.4: U+2A6D4 CJK ideograph
    EXPECT_TRUE(is_mqtt_text("\xef\xbb\xbf"));      // U+FEFF is kept [MQTT-1.5.4-3]
    EXPECT_FALSE(is_mqtt_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_mqtt_text(std::string_view("01234567\0", 9)));
    EXPECT_FALSE(is_mqtt_text(std::string_view("0123\0", 5)));
    EXPECT_FALSE(is_mqtt_text(std::string_view("\0ABCDEFGH", 9)));
    EXPECT_FALSE(is_mqtt_text("\xed\xa0\x80"));
    EXPECT_FALSE(is_mqtt_text("01234567\xff"));
    EXPECT_FALSE(is_mqtt_text("\xc0\x80"));
    EXPECT_FALSE(is_mqtt_text("0123456\xc3"));
}

// Bug 8: `+`, `#` and `/` inside a user name or client id must not widen a pattern of rights.
TEST(Bug08, WildcardsInNamesAreNotPlainLevels) {
    EXPECT_TRUE(is_plain_level("machine-7"));
    for (const std::string_view bad : {"", "+", "#", "a/b", "a+", "x#", "/"}) {
        EXPECT_FALSE(is_plain_level(bad)) << bad;
    }
    EXPECT_FALSE(is_plain_level(std::string_view("a\0", 2)));
}

// Bug 7: thousands of levels cost time in proportion, not stack.
TEST(Bug07, ThousandsOfLevels) {
    const std::string deep(65535, '/');
    EXPECT_EQ(count_levels(deep), 65536u);
    EXPECT_TRUE(matches("#", deep));
    EXPECT_TRUE(matches(deep, deep));
    EXPECT_FALSE(matches("+", deep));
    EXPECT_FALSE(fits(deep, {}));
}

TEST(Topic, LimitsAtTheEdgeAndOnePast) {
    const TopicLimits limits{.bytes_max = 5, .levels_max = 3};
    EXPECT_TRUE(fits("a/b/c", limits));
    EXPECT_FALSE(fits("a/b/cd", limits));
    EXPECT_FALSE(fits("a///", limits));
}

TEST(Topic, CoversMeansEveryMatchOfTheOneIsAMatchOfTheOther) {
    const std::string_view filters[] = {"#",   "+",    "a",    "a/#",   "a/+", "+/#", "a/b",
                                        "+/b", "$a/#", "$a/b", "a/b/#", "+/+", "/",   "/#"};
    const std::string_view topics[] = {"a",  "b",    "a/b", "a/b/c", "/",
                                       "$a", "$a/b", "c/b", "a/",    "/b"};
    for (const auto outer : filters) {
        for (const auto inner : filters) {
            if (!covers(outer, inner)) continue;
            for (const auto topic : topics) {
                EXPECT_TRUE(!matches(inner, topic) || matches(outer, topic))
                    << outer << " covers " << inner << " but not " << topic;
            }
        }
    }
    EXPECT_TRUE(covers("a/#", "a/b/+"));
    EXPECT_TRUE(covers("a/#", "a"));
    EXPECT_FALSE(covers("a/+", "a/#"));
    EXPECT_FALSE(covers("#", "$SYS/a"));
}

}  // namespace
}  // namespace lineshaft::mqtt
