#include "gate/thingsboard/names.h"

#include <gtest/gtest.h>

#include "gate/thingsboard/payload.h"

namespace lineshaft::thingsboard {
namespace {

TEST(Names, TwoDevicesNeverShareATopic) {
    const Device press{"", "press-7"}, lathe{"acme/", "lathe"};
    EXPECT_EQ(published_topic(press, "v1/devices/me/telemetry"),
              "lineshaft/v1/press-7/me/telemetry");
    EXPECT_EQ(published_topic(lathe, "v1/devices/me/rpc/response/5"),
              "acme/lineshaft/v1/lathe/me/rpc/response/5");
    EXPECT_EQ(subscribed_filter(press, "v1/devices/me/rpc/request/+"),
              "lineshaft/v1/press-7/command/me/rpc/request/+");
    EXPECT_EQ(subscribed_filter(lathe, "$share/g/v1/devices/me/attributes"),
              "$share/g/acme/lineshaft/v1/lathe/command/me/attributes");
    EXPECT_EQ(delivered_topic(press, "lineshaft/v1/press-7/command/me/rpc/request/5"),
              "v1/devices/me/rpc/request/5");
    EXPECT_EQ(delivered_topic(lathe, "acme/lineshaft/v1/lathe/command/me/attributes"),
              "v1/devices/me/attributes");
}

TEST(Names, OthersStandAsTheyAre) {
    const Device press{"", "press-7"};
    for (const auto topic :
         {"v1/devices/you/telemetry", "v1/devices/me", "lineshaft/v1/press-7/telemetry",
          "x/v1/devices/me/telemetry", "#", "$share/g", "$share/g/#"}) {
        EXPECT_FALSE(published_topic(press, topic)) << topic;
        EXPECT_FALSE(subscribed_filter(press, topic)) << topic;
        EXPECT_FALSE(delivered_topic(press, topic)) << topic;
    }
    EXPECT_FALSE(delivered_topic(press, "lineshaft/v1/press-8/command/me/attributes"));
    EXPECT_FALSE(delivered_topic(press, "lineshaft/v1/press-7/command"));
    EXPECT_FALSE(delivered_topic(press, "lineshaft/v1/press-7/me/attributes"));
}

TEST(Names, ComeApartAgain) {
    const auto upward = parse_upward("lineshaft/v1/press-7/me/attributes/request/1");
    ASSERT_TRUE(upward);
    EXPECT_EQ(upward->machine, "press-7");
    EXPECT_EQ(upward->rest, "attributes/request/1");
    for (const auto topic : {"lineshaft/v1/press-7/telemetry", "lineshaft/v1//me/x", "me/x",
                             "lineshaft/v1/press-7/command/me/x", "lineshaft/v1/press-7/me"})
        EXPECT_FALSE(parse_upward(topic)) << topic;
}

TEST(Payload, Members) {
    const auto members =
        parse_members(as_bytes(R"({"a":"x","b":1.50,"c":{"d":[true, null]}})"), {});
    ASSERT_TRUE(members.has_value());
    EXPECT_EQ(object_of(*members), R"({"a":"x","b":1.5,"c":{"d":[true,null]}})");
    for (const auto bad : {"", "[]", "1", "{", "{\"a\"}", "\xff"})
        EXPECT_EQ(parse_members(as_bytes(bad), {}).error().code, Code::invalid) << bad;
}

TEST(Payload, HoldsItsLimits) {
    const PayloadLimits limits{.bytes_max = 13, .members_max = 2};
    EXPECT_TRUE(parse_members(as_bytes(R"({"a":1,"b":2})"), limits).has_value());
    EXPECT_FALSE(parse_members(as_bytes(R"({"a":1,"b":22})"), limits).has_value());
    EXPECT_FALSE(parse_members(as_bytes(R"({"a":1,"b":2,"c":3})"), {.members_max = 2}).has_value());
}

TEST(Payload, RequestsAndAnswers) {
    const auto some =
        parse_attributes_request(as_bytes(R"({"clientKeys":"a,b,","sharedKeys":"c"})"), {});
    ASSERT_TRUE(some.has_value());
    EXPECT_EQ(some->client, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(some->shared, (std::vector<std::string>{"c"}));
    EXPECT_FALSE(some->everything);
    EXPECT_TRUE(parse_attributes_request(as_bytes("{}"), {})->everything);
    EXPECT_EQ(attributes_answer({{"a", "1"}}, {{"c", "\"x\""}}),
              R"({"client":{"a":1},"shared":{"c":"x"}})");
    EXPECT_EQ(attributes_answer({}, {}), "{}");
    EXPECT_EQ(set_value("speed \"x\"", 5.0), R"({"method":"setValue","params":{"speed \"x\"":5}})");
    EXPECT_EQ(*parse_method(as_bytes(R"({"method":"getTime","params":{}})"), {}), "getTime");
    EXPECT_FALSE(parse_method(as_bytes(R"({"params":{}})"), {}).has_value());
}

}  // namespace
}  // namespace lineshaft::thingsboard
