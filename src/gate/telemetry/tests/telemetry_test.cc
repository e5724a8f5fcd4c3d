#include "gate/telemetry/telemetry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gate/telemetry/inlet.h"
#include "gate/telemetry/known.h"
#include "twin/tests/rig.h"

namespace lineshaft::telemetry {
namespace {

constexpr Instant received{1'795'248'900'000'000};

std::string told(const std::vector<history::TagSample>& samples) {
    std::string out;
    for (const auto& [tag, sample] : samples) {
        out += tag + "=";
        if (const auto* number = std::get_if<double>(&sample.value))
            out += fmt::format("{}", *number);
        if (const auto* whole = std::get_if<std::int64_t>(&sample.value))
            out += fmt::format("{}i", *whole);
        if (const auto* flag = std::get_if<bool>(&sample.value)) out += *flag ? "yes" : "no";
        if (const auto* text = std::get_if<std::string>(&sample.value)) out += "'" + *text + "'";
        if (sample.quality == history::Quality::missing) out += "?";
        if (sample.at != received) out += "@" + std::to_string(sample.at.micros);
        out += " ";
    }
    return out;
}

// The same by channel: every tag of `samples` is known, but for `unknown`.
std::optional<std::vector<history::TagSample>> read_known(
    std::string_view payload, const std::vector<history::TagSample>& samples,
    std::string_view unknown = "-") {
    twin::ChannelCache channels;
    const Hash128 machine = machine_key(OrganisationId(1), "m");
    std::vector<std::string> tags;
    for (const auto& sample : samples) {
        tags.push_back(sample.tag);
        if (sample.tag == unknown) continue;
        const auto number = static_cast<std::uint32_t>(tags.size());
        channels.keep(channel_key(machine, sample.tag),
                      {ShardIndex(3), number, SeriesId(1000 + number)});
    }
    const auto known = parse_known(as_bytes(payload), received, {}, channels, machine);
    if (!known) return std::nullopt;
    EXPECT_EQ(known->owner, ShardIndex(3));
    std::vector<history::TagSample> back;
    for (const auto& point : known->points.all) {
        EXPECT_EQ(point.series, SeriesId(1000 + point.mine));
        history::Columns one;
        one.push(point.at, point.bits, point.mark);
        if (point.mark.kind() == history::Kind::text)
            one.bits[0] = one.add_text(known->points.text_of(point));
        back.push_back({tags[point.mine - 1], one.sample(0)});
    }
    return back;
}

struct Case {
    std::string_view payload;
    std::string_view want;
};

class Parse : public testing::TestWithParam<Case> {};

TEST_P(Parse, AgreesWithTheTable) {
    const auto got = parse(as_bytes(GetParam().payload), received, {});
    ASSERT_TRUE(got.has_value()) << GetParam().payload << ": " << got.error().context;
    EXPECT_EQ(told(*got), GetParam().want);
    const auto known = read_known(GetParam().payload, *got);
    ASSERT_EQ(known.has_value(), !got->empty());
    if (!known) return;
    EXPECT_EQ(told(*known), GetParam().want) << "by channel";
    EXPECT_FALSE(read_known(GetParam().payload, *got, got->back().tag)) << "one is not known";
}
INSTANTIATE_TEST_SUITE_P(
    Telemetry, Parse,
    testing::Values(
        Case{R"({"speed":812.5,"on":true,"state":"Running"})",
             "speed=812.5 on=yes state='Running' "},
        Case{R"({"ts":1700000000123,"values":{"speed":1}})", "speed=1@1700000000123000 "},
        Case{R"({"ts":"2023-11-14T22:13:20.123Z","values":{"a":1}})", "a=1@1700000000123000 "},
        Case{R"({"ts":1700000000000.5,"a":2})", "a=2@1700000000000500 "},
        Case{R"([{"ts":1000,"values":{"a":1}},{"b":2}])", "a=1@1000000 b=2 "},
        Case{R"({"position":{"lat":31.25,"lon":121.5}})", "position.lat=31.25 position.lon=121.5 "},
        Case{R"({"big":9007199254740993,"edge":9007199254740992})",
             "big=9007199254740993i edge=9007199254740992 "},
        Case{R"({"gone":null})", "gone=0? "}, Case{R"({"codes":[1,2]})", "codes='[1,2]' "},
        Case{R"({"values":7,"ts2":1})", "values=7 ts2=1 "}, Case{R"({"values":{}})", ""},
        Case{"[]", ""}, Case{"{}", ""}));

TEST(Parse, RefusesTheWholePayloadAndSaysWhere) {
    for (const auto& [payload, word] :
         {Case{"", "not JSON"}, Case{"{", "not JSON"}, Case{"17", "entry 1"},
          Case{"[{\"a\":1},3]", "entry 2"}, Case{"{\"ts\":true,\"a\":1}", "ts of entry 1"},
          Case{"{\"ts\":\"soon\",\"a\":1}", "ts of entry 1"},
          Case{"{\"ts\":1e300,\"a\":1}", "ts of entry 1"}, Case{"{\"\":1}", "empty"},
          Case{"{\"a\":\"\xff\"}", "not JSON"}}) {
        const auto got = parse(as_bytes(payload), received, {});
        ASSERT_FALSE(got.has_value()) << payload;
        EXPECT_EQ(got.error().code, Code::invalid);
        EXPECT_NE(got.error().context.find(word), std::string::npos) << got.error().context;
    }
}

TEST(Parse, HoldsItsLimits) {
    Limits limits{.payload_bytes_max = 40, .samples_max = 2, .depth_max = 2, .name_bytes_max = 4};
    EXPECT_TRUE(parse(as_bytes(R"({"a":1,"b":2})"), received, limits).has_value());
    EXPECT_FALSE(parse(as_bytes(R"({"a":1,"b":2,"c":3})"), received, limits).has_value());
    EXPECT_TRUE(parse(as_bytes(R"({"a":{"b":1}})"), received, limits).has_value());
    EXPECT_FALSE(parse(as_bytes(R"({"a":{"b":{"c":1}}})"), received, limits).has_value());
    EXPECT_TRUE(parse(as_bytes(R"({"abcd":1})"), received, limits).has_value());
    EXPECT_FALSE(parse(as_bytes(R"({"abcde":1})"), received, limits).has_value());
    EXPECT_FALSE(parse(as_bytes(std::string(41, ' ')), received, limits).has_value());
}

std::string told(const std::vector<Named>& all) {
    std::string out;
    for (const auto& [machine, samples] : all) out += machine + "[ " + told(samples) + "]";
    return out;
}

TEST(ParseNamed, TakesTheMachineOutOfEveryEntry) {
    const auto of = [](std::string_view payload) {
        const auto got = parse_named(as_bytes(payload), received, {});
        return got ? told(*got) : got.error().context;
    };
    EXPECT_EQ(of(R"({"machine":"a","ts":1000,"values":{"v":1,"machine":"x"}})"),
              "a[ v=1@1000000 machine='x'@1000000 ]");
    EXPECT_EQ(of(R"([{"machine":"a","v":1},{"v":2,"machine":"a"},{"machine":"b","v":3}])"),
              "a[ v=1 v=2 ]b[ v=3 ]");
    EXPECT_EQ(of("[]"), "");
    for (const auto bad : {R"({"v":1})", R"([{"machine":7,"v":1}])", "3"})
        EXPECT_TRUE(of(bad).starts_with("entry 1 is no object with a text")) << of(bad);
    EXPECT_TRUE(of(R"({"machine":"a/b","v":1})").starts_with("machine of entry 1"));
    const Limits two{.samples_max = 2};
    EXPECT_TRUE(
        parse_named(as_bytes(R"([{"machine":"a","v":1},{"machine":"b","v":1}])"), received, two));
    EXPECT_FALSE(parse_named(as_bytes(R"([{"machine":"a","v":1},{"machine":"b","v":1,"w":2}])"),
                             received, two));
}

TEST(ParseLines, NamesTheLine) {
    EXPECT_EQ(told(*parse_lines("{\"v\":1}\r\n\n[{\"w\":2}]", received, {})), "v=1 w=2 ");
    EXPECT_EQ(told(*parse_named_lines("{\"machine\":\"a\",\"v\":1}\n{\"machine\":\"a\",\"v\":2}\n",
                                      received, {})),
              "a[ v=1 ]a[ v=2 ]");
    EXPECT_TRUE(parse_lines("{\"v\":1}\n\n{", received, {})
                    .error()
                    .context.starts_with("line 3: not JSON"));
    EXPECT_TRUE(parse_lines("", received, {})->empty());
}

// Over a real plant: by name first, then by channel, and again by name once a machine was erased.
class InletTest : public testing::Test {
protected:
    ~InletTest() override {
        inlet_.close();
        rig_.stop();
    }
    Result<void> say(std::string machine, std::string payload) {
        return rig_.run(take_there(&inlet_, std::move(machine), std::move(payload)));
    }
    std::string newest(const std::string& machine) {
        const auto values = rig_.run(rig_.plant->values(twin::testing::home, machine));
        std::string out;
        if (!values) return "nobody";
        for (const auto& [tag, sample] : *values)
            out += fmt::format("{}={} ", tag, history::number_of(sample.value));
        return out;
    }
    std::size_t stored() { return rig_.run(rig_.history->stats()).samples_stored; }

    twin::testing::Rig rig_{2};
    Inlet inlet_{*rig_.plant, *rig_.shards, Limits{}};

private:
    static io::Task<Result<void>> take_there(Inlet* inlet, std::string machine,
                                             std::string payload) {
        auto said = std::make_shared<std::pair<std::string, std::string>>(std::move(machine),
                                                                          std::move(payload));
        auto start = [inlet, said](io::Answer<Result<void>> answer) {
            auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
            inlet->take({twin::testing::home, said->first, as_bytes(said->second),
                         io::Clock::system().now(), said},
                        [kept](Result<void> done) { (*kept)(std::move(done)); });
        };
        auto taken = co_await io::suspend<Result<void>>(std::move(start));
        co_return taken;
    }
};

TEST_F(InletTest, StoresEveryMessageByNameOrByChannel) {
    for (int round = 0; round < 20; ++round) {
        for (const std::string machine : {"press-1", "press-2", "press-3"}) {
            const auto said = say(machine, fmt::format(R"({{"speed":{},"on":true}})", round));
            ASSERT_TRUE(said) << said.error().context;
        }
    }
    EXPECT_EQ(newest("press-2"), "on=1 speed=19 ");
    ASSERT_TRUE(say("press-2", R"({"speed":20,"load":0.5})")) << "a new name";
    ASSERT_TRUE(say("press-2", R"({"speed":21,"load":0.25})"));
    EXPECT_EQ(newest("press-2"), "load=0.25 on=1 speed=21 ");
    EXPECT_FALSE(say("press-2", R"({"speed":)"));
    EXPECT_TRUE(say("press-4", "{}")) << "a sign of life";
    EXPECT_GE(stored(), 20U * 3 * 2 + 4);
}

TEST_F(InletTest, AMachineThatWasErasedIsNewWhenItSpeaksAgain) {
    for (int round = 0; round < 20; ++round) ASSERT_TRUE(say("press-1", R"({"speed":1})"));
    const auto gone = [this](const history::Erasure& what, bool speaks_again) {
        rig_.plant->forget(what.organisation, what.machine, speaks_again);
    };
    const auto erased =
        rig_.run(rig_.history->erase({{twin::testing::home, "press-1"}}, gone));
    ASSERT_TRUE(erased) << erased.error().context;
    EXPECT_EQ(newest("press-1"), "nobody");
    ASSERT_TRUE(say("press-1", R"({"speed":2})"));
    EXPECT_EQ(newest("press-1"), "speed=2 ");
}

TEST(Topic, IsParsedAndMade) {
    EXPECT_EQ(parse_topic("lineshaft/v1/press-7/telemetry")->machine, "press-7");
    EXPECT_EQ(parse_topic("lineshaft/v1/press-7/telemetry")->channel, "telemetry");
    EXPECT_FALSE(parse_topic("lineshaft/v1//telemetry").has_value());
    EXPECT_FALSE(parse_topic("lineshaft/v1/x").has_value());
    EXPECT_FALSE(parse_topic("other/v1/x/telemetry").has_value());
    EXPECT_EQ(command_topic("press-7"), "lineshaft/v1/press-7/command");
    EXPECT_EQ(encode_command("7", "say \"hi\"", std::string("a\nb")),
              R"({"id":"7","values":{"say \"hi\"":"a\u000ab"}})");
}

}  // namespace
}  // namespace lineshaft::telemetry
