#include "wire/sparkplug/topic.h"

#include <gtest/gtest.h>

namespace lineshaft::sparkplug {
namespace {

struct TopicCase {
    std::string_view topic;
    std::optional<Topic> want;
};

Topic machine(MessageType type, std::string group, std::string node, std::string device = {}) {
    return MachineTopic{type, {std::move(group), std::move(node), std::move(device)}};
}

const TopicCase topics[] = {
    {"spBv1.0/hall/NBIRTH/embroidery", machine(MessageType::nbirth, "hall", "embroidery")},
    {"spBv1.0/hall/NDATA/embroidery", machine(MessageType::ndata, "hall", "embroidery")},
    {"spBv1.0/hall/NDEATH/embroidery", machine(MessageType::ndeath, "hall", "embroidery")},
    {"spBv1.0/hall/NCMD/embroidery", machine(MessageType::ncmd, "hall", "embroidery")},
    {"spBv1.0/hall/DBIRTH/embroidery/1", machine(MessageType::dbirth, "hall", "embroidery", "1")},
    {"spBv1.0/hall/DDATA/embroidery/1", machine(MessageType::ddata, "hall", "embroidery", "1")},
    {"spBv1.0/hall/DDEATH/embroidery/1", machine(MessageType::ddeath, "hall", "embroidery", "1")},
    {"spBv1.0/hall/DCMD/embroidery/1", machine(MessageType::dcmd, "hall", "embroidery", "1")},
    {"spBv1.0/STATE/scada 1", StateTopic{"scada 1"}},
    {"spBv1.0/刺绣/DDATA/线 Δ/机 1", machine(MessageType::ddata, "刺绣", "线 Δ", "机 1")},
    {"spBv1.0/NDATA/NDATA/NDATA", machine(MessageType::ndata, "NDATA", "NDATA")},
    {"spBv1.0/STATE", std::nullopt},
    {"spBv1.0/STATE/", std::nullopt},
    {"spBv1.0/STATE/a/b", std::nullopt},
    {"spAv1.0/hall/NBIRTH/embroidery", std::nullopt},
    {"spbv1.0/hall/NBIRTH/embroidery", std::nullopt},
    {"spBv1.0", std::nullopt},
    {"spBv1.0/", std::nullopt},
    {"", std::nullopt},
    {"spBv1.0/hall/nbirth/embroidery", std::nullopt},
    {"spBv1.0/hall/STATE/embroidery", std::nullopt},
    {"spBv1.0/hall/NBIRTH", std::nullopt},
    {"spBv1.0/hall/NBIRTH/", std::nullopt},
    {"spBv1.0//NBIRTH/embroidery", std::nullopt},
    {"spBv1.0/hall/NBIRTH/embroidery/1", std::nullopt},
    {"spBv1.0/hall/NBIRTH/embroidery/", std::nullopt},
    {"spBv1.0/hall/DBIRTH/embroidery", std::nullopt},
    {"spBv1.0/hall/DBIRTH/embroidery/", std::nullopt},
    {"spBv1.0/hall/DBIRTH/embroidery/1/2", std::nullopt},
    {"spBv1.0/ha+ll/NBIRTH/embroidery", std::nullopt},
    {"spBv1.0/hall/DDATA/embroidery/#", std::nullopt},
    {"spBv1.0/hall/DDATA/\xff/1", std::nullopt},
};

class Topics : public testing::TestWithParam<TopicCase> {};

TEST_P(Topics, AgreeWithTheTable) {
    const auto& [text, want] = GetParam();
    const auto got = parse_topic(text);
    ASSERT_EQ(got.has_value(), want.has_value()) << text;
    if (!got) {
        EXPECT_EQ(got.error().code, Code::invalid);
        return;
    }
    EXPECT_EQ(*got, *want) << text;
    EXPECT_EQ(std::visit([](const auto& topic) { return format_topic(topic); }, *got), text);
}
INSTANTIATE_TEST_SUITE_P(Sparkplug, Topics, testing::ValuesIn(topics));

TEST(TopicIds, EndAtTheirLimit) {
    const Limits limits;
    const std::string longest(limits.id_bytes_max, 'x');
    EXPECT_TRUE(parse_topic("spBv1.0/g/NDATA/" + longest));
    EXPECT_FALSE(parse_topic("spBv1.0/g/NDATA/" + longest + "x"));
    EXPECT_TRUE(parse_topic("spBv1.0/STATE/" + longest));
    EXPECT_FALSE(parse_topic("spBv1.0/STATE/" + longest + "x"));
}

TEST(TopicIds, MayHoldAnythingButTheReserved) {
    EXPECT_TRUE(check_id("a.b-c_d ü$"));
    for (const std::string_view id : {"", "a/b", "a+", "#", "\xc0\x80"}) {
        EXPECT_FALSE(check_id(id)) << id;
    }
    EXPECT_FALSE(check_id(std::string_view("a\0b", 3)));
}

TEST(IsSparkplug, LooksAtTheNamespaceOnly) {
    EXPECT_TRUE(is_sparkplug("spBv1.0/whatever"));
    EXPECT_FALSE(is_sparkplug("spBv1.0"));
    EXPECT_FALSE(is_sparkplug("lineshaft/v1/m/telemetry"));
}

}  // namespace
}  // namespace lineshaft::sparkplug
