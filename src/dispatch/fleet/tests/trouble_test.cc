// What people are told of trouble: refusals and remarks in their language, and clocks that were set.
#include <gtest/gtest.h>

#include "dispatch/fleet/field.h"
#include "dispatch/fleet/reason.h"
#include "dispatch/fleet/told.h"
#include "dispatch/fleet/types.h"
#include "insight/geofence.h"

namespace lineshaft::dispatch {
namespace {

TEST(Told, SaysTheSameInChinese) {
    struct Case {
        std::string_view english, code, chinese;
    };
    const Case cases[] = {
        {"there is no machine of type \"crane\"; there are: excavator, loader", "no_such_type",
         "没有“crane”类型的设备；现有：excavator, loader"},
        {"request 12: a window closes before it opens", "window_backwards", "时间窗的结束早于开始"},
        {"request 12: asks for 300 machines, 1..200", "count_wrong", "所需 300 台，应为 1 至 200 台"},
        {"request 12: something nobody translated", "request_wrong", "something nobody translated"},
        {"it is working already", "stage_already", "当前已是“作业中”"},
        {"what is done cannot be told to withdraw", "stage_forbids", "“已完成”状态下不能执行“撤回”"},
        {"side 2 crosses side 5", "sides_cross", "第 2 条边与第 5 条边相交"},
        {"page 3, machine 17: CumulativeOperatingHours: a decimal comma", "note_comma",
         "第 3 页第 17 台：CumulativeOperatingHours：小数点写成了逗号"},
        {"xcmg|77: FuelUsed: goes back from 812.5 to 12", "note_back",
         "xcmg|77: FuelUsed：从 812.5 倒退到 12"},
        {"/Fleet/1: the feed answered 404", "feed_status", "/Fleet/1：数据源返回 404"},
        {"feeds.example: 192.0.2.7:443: connect: Connection refused", "connect_refused",
         "feeds.example: 192.0.2.7:443：连接被拒绝"},
        {"\"count\" must be 1 to 200", "member_range", "“count”应为 1 至 200"},
    };
    for (const Case& one : cases) {
        const auto found = told(one.english);
        ASSERT_TRUE(found) << one.english;
        EXPECT_EQ(found->code, one.code) << one.english;
        EXPECT_EQ(found->chinese, one.chinese);
        EXPECT_EQ(told_in(one.english, true), one.chinese);
        EXPECT_EQ(told_in(one.english, false), one.english);
    }
}

TEST(Told, KnowsWhatStandsInIt) {
    const auto found = told("there is no machine of type \"crane\"; there are: excavator, loader");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->texts, (std::vector<std::string>{"crane", "excavator, loader"}));
    const auto inner = told("page 3, machine 17: Hours: 999999 is beyond what it can be, left out");
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->code, "note_range");
    EXPECT_EQ(inner->texts, (std::vector<std::string>{"3", "17", "Hours", "999999"}));
}

TEST(Told, LeavesWhatIsNotOurs) {
    for (const std::string_view other :
         {"", "no such table: fleet", "excavator-01: something else", ": ", "\"\" must be 1 to 2"}) {
        EXPECT_FALSE(told(other)) << other;
        EXPECT_EQ(told_in(other, true), other);
    }
    EXPECT_FALSE(told(std::string(5'000, 'x') + ": a decimal comma"));
}

TEST(Told, EveryShapeIsFoundByItself) {
    for (const auto& [code, shape] : told_shapes()) {
        std::string sentence(shape);
        for (std::size_t at = 0; (at = sentence.find('{', at)) != std::string::npos;)
            sentence.replace(at, sentence.find('}', at) + 1 - at,
                             sentence.substr(at, 3) == "{>}" ? "a site without area" : "7");
        const auto found = told(sentence);
        ASSERT_TRUE(found) << sentence;
        EXPECT_EQ(found->code, shape.contains("{>}") ? "no_area" : code)
            << sentence << " is taken for something else";
        EXPECT_EQ(found->chinese.find('{'), std::string::npos) << found->chinese;
        EXPECT_NE(found->chinese, sentence);
    }
}

// The sentences are written where the mistakes are found: these must go on having their codes.
TEST(Told, KnowsWhatIsReallySaid) {
    std::vector<std::string> said;
    for (int stage = 0; stage <= int(Stage::withdrawn); ++stage)
        for (int action = 0; action <= int(Action::withdraw); ++action)
            if (const auto next = next_stage(Stage(stage), Action(action)); !next)
                said.push_back(next.error().context);
    using Ring = std::vector<insight::GeoPoint>;
    for (const Ring& ring : {Ring{{0, 0}, {1, 1}}, Ring{{10, 0}, {10.01, 0.01}, {10, 0.01}, {10.01, 0}},
                             Ring{{10, 0}, {12, 0}, {12, 3}}, Ring{{95, 0}, {1, 2}, {2, 2}}}) {
        const auto drawn = insight::SitePolygon::create(ring);
        ASSERT_FALSE(drawn);
        said.push_back(drawn.error().context);
    }
    EXPECT_GT(said.size(), 20u);
    for (const std::string& sentence : said) EXPECT_TRUE(told(sentence)) << sentence;
}

// Clocks.

const Instant midday = *parse_rfc3339("2026-11-23T12:00:00Z");

TEST(FieldClock, ThatWasSetBackIsToldAndNotJustSilence) {
    Field field;
    const std::vector<FieldValue> values{{"lat", midday, 22.6}, {"lon", midday, 113.9}, {"rpm", midday, 1'600}};
    ASSERT_TRUE(field.take("a", values, midday));
    EXPECT_EQ(field.find("a")->state, insight::Use::working);
    (void)field.take_changed();

    field.clock_stands_back("a", 7'200, midday);
    const FieldMachine& machine = *field.find("a");
    EXPECT_EQ(machine.clock_trouble_s, -7'200);
    EXPECT_EQ(machine.state, insight::Use::silent);
    EXPECT_EQ(sentence_of(machine.state_why, false),
              "its clock stands 2.0 h back: what it says is older than what is known");
    EXPECT_EQ(sentence_of(machine.state_why, true), "设备时钟慢了 2.0 小时：它报告的内容早于已知内容");
    EXPECT_EQ(field.take_changed(), std::vector<std::string>{"a"});

    const Instant later{midday.micros + 3'600'000'000};
    field.look(later);
    EXPECT_EQ(machine.state_why.code, "clock_back") << "a long silence does not hide why";

    const std::vector<FieldValue> right{{"lat", later, 22.6}, {"lon", later, 113.9}, {"rpm", later, 1'600}};
    ASSERT_TRUE(field.take("a", right, later));
    EXPECT_FALSE(machine.clock_trouble_s);
    EXPECT_EQ(machine.state, insight::Use::working);
}

TEST(FieldClock, ThatStoodAheadIsToldOnceItIsRight) {
    Field field;
    const std::vector<FieldValue> values{{"lat", midday, 22.6}, {"lon", midday, 113.9}};
    ASSERT_TRUE(field.take("a", values, midday));
    field.clock_stands_back("a", -3'600, midday);
    EXPECT_EQ(field.find("a")->state_why.code, "clock_was_ahead");
    EXPECT_FALSE(field.find("a")->clock_trouble_s) << "it is right now";
    field.clock_stands_back("nobody", 7'200, midday);
    EXPECT_EQ(field.find("nobody"), nullptr);
}

}  // namespace
}  // namespace lineshaft::dispatch
