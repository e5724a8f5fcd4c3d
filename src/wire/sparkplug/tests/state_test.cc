#include "wire/sparkplug/state.h"

#include <gtest/gtest.h>

namespace lineshaft::sparkplug {
namespace {

struct StateCase {
    std::string_view json;
    std::optional<State> want;
};

const StateCase cases[] = {
    {R"({"online":true,"timestamp":1700000000000})", State{true, 1700000000000}},
    {R"({"online":false,"timestamp":0})", State{false, 0}},
    {"\r\n { \"timestamp\" : 5 ,\t\"online\" : true } ", State{true, 5}},
    {R"({"online":true,"timestamp":5,"who":"a, \"b\" }","n":null})", State{true, 5}},
    {R"({"online":true,"timestamp":9223372036854775807})", State{true, 9223372036854775807}},
    {R"({"online":true,"timestamp":9223372036854775808})", std::nullopt},
    {R"({"online":true,"timestamp":-1})", std::nullopt},
    {R"({"online":true,"timestamp":1.5})", std::nullopt},
    {R"({"online":true,"timestamp":"5"})", std::nullopt},
    {R"({"online":"true","timestamp":5})", std::nullopt},
    {R"({"online":1,"timestamp":5})", std::nullopt},
    {R"({"online":true})", std::nullopt},
    {R"({"timestamp":5})", std::nullopt},
    {R"({"online":true,"online":true,"timestamp":5})", std::nullopt},
    {R"({"online":true,"timestamp":5,"more":{}})", std::nullopt},
    {R"({"online":true,"timestamp":5,"more":[1]})", std::nullopt},
    {R"({"online":true,"timestamp":5)", std::nullopt},
    {R"({"online":true,"timestamp":5}x)", std::nullopt},
    {R"({"online":true,"timestamp":5,})", std::nullopt},
    {R"({})", std::nullopt},
    {"ONLINE", std::nullopt},
    {"", std::nullopt},
    {"{\"online\":true,\"timestamp\":5,\"a\":\"\xff\"}", std::nullopt},
};

class States : public testing::TestWithParam<StateCase> {};

TEST_P(States, AgreeWithTheTable) {
    const auto& [json, want] = GetParam();
    const auto got = parse_state(json);
    ASSERT_EQ(got.has_value(), want.has_value()) << json;
    if (!got) return;
    EXPECT_EQ(*got, *want) << json;
    const auto again = parse_state(encode_state(*got));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *got);
}
INSTANTIATE_TEST_SUITE_P(Sparkplug, States, testing::ValuesIn(cases));

TEST(State, IsRefusedPastItsLength) {
    std::string json = R"({"online":true,"timestamp":5,"pad":")";
    json += std::string(1024 - json.size() - 2, 'x') + "\"}";
    ASSERT_EQ(json.size(), 1024u);
    EXPECT_TRUE(parse_state(json));
    EXPECT_FALSE(parse_state(json + " "));
}

TEST(HostPresence, UsesOneTimestampForWillAndBirth) {
    HostPresence presence("scada");
    const Publication will = presence.connect(Instant::from_millis(1000));
    EXPECT_EQ(will, (Publication{"spBv1.0/STATE/scada", R"({"online":false,"timestamp":1000})", 1,
                                 true}));
    EXPECT_EQ(presence.birth(),
              (Publication{"spBv1.0/STATE/scada", R"({"online":true,"timestamp":1000})", 1, true}));
    EXPECT_EQ(presence.filters(), (std::vector<std::string>{"spBv1.0/STATE/scada", "spBv1.0/#"}));

    (void)presence.connect(Instant::from_millis(2000));
    EXPECT_EQ(presence.birth().payload, R"({"online":true,"timestamp":2000})");
}

TEST(HostPresence, DiesAtTheTimeOfLeaving) {
    HostPresence presence("scada");
    (void)presence.connect(Instant::from_millis(1000));
    EXPECT_EQ(
        presence.death(Instant::from_millis(3000)),
        (Publication{"spBv1.0/STATE/scada", R"({"online":false,"timestamp":3000})", 1, true}));
}

TEST(HostPresence, ContradictsALateWill) {
    HostPresence presence("scada");
    (void)presence.connect(Instant::from_millis(2000));
    const auto answer = presence.receive("scada", R"({"online":false,"timestamp":1000})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(*answer, presence.birth());
    EXPECT_FALSE(presence.receive("scada", R"({"online":true,"timestamp":2000})"));
    EXPECT_FALSE(presence.receive("other", R"({"online":false,"timestamp":1000})"));
    EXPECT_FALSE(presence.receive("scada", "OFFLINE"));
}

}  // namespace
}  // namespace lineshaft::sparkplug
