#include "identity/templates.h"

#include <fmt/format.h>

#include "identity/tests/rig.h"

namespace lineshaft::identity {
namespace {

using testing::typed;
using testing::url;

constexpr std::string_view of_manual =
    R"xml(<namespace><template delimiter="@"><foreach><if value="type" test="equals" expression="URL">)xml"
    R"xml(<if value="extension" test="matches" expression="box\(([^,]*),([^,]*),([^,]*),([^,]*)\)" parameter="x">)xml"
    R"xml(<value data="${data}?wh=${x[4]}&amp;ww=${x[3]}&amp;wy=${x[2]}&amp;wx=${x[1]}" /></if>)xml"
    R"xml(<else><value data="${data}?${x}" /></else></if><else><value /></else></foreach></template></namespace>)xml";

std::vector<std::string> data_of(const std::vector<handle::Value>& values) {
    std::vector<std::string> out;
    for (const auto& value : values) out.push_back(fmt::format("{} {} {}", value.index, value.type, value.data));
    return out;
}

std::vector<std::string> evaluate(std::string_view xml, std::string_view name,
                                  const std::vector<handle::Value>& base) {
    const auto rule = Template::parse(xml);
    if (!rule || !*rule) return {"no template"};
    const auto split = (*rule)->split(name);
    if (!split) return {"not split"};
    const auto out = (*rule)->evaluate(*split, base);
    if (!out) return {out.error().context};
    return *out ? data_of(**out) : std::vector<std::string>{"none"};
}

// Handle.Net Technical Manual, chapter 11: the example.
TEST(Templates, TheManualsExample) {
    const std::vector<handle::Value> base{url(1, "http://example.org/data/abc"),
                                          typed(2, "EMAIL", "contact@example.org")};
    EXPECT_EQ(evaluate(of_manual, "1234/abc@box(10,20,30,40)", base),
              (std::vector<std::string>{"1 URL http://example.org/data/abc?wh=40&ww=30&wy=20&wx=10",
                                        "2 EMAIL contact@example.org"}));
    EXPECT_EQ(evaluate(of_manual, "1234/abc@page=2", base).front(),
              "1 URL http://example.org/data/abc?page=2");
    EXPECT_EQ(evaluate(of_manual, "1234/abc", base).front(), "not split");
    EXPECT_EQ(evaluate(of_manual, "1234/@x", base).front(), "not split");
}

TEST(Templates, WhatElseTheyCanSay) {
    const std::vector<handle::Value> base{url(1, "a"), typed(2, "HS_SECKEY", "secret")};
    const auto inside = [](std::string text) {
        return "<namespace><template delimiter=\"--\">" + text + "</template></namespace>";
    };
    const auto told = [&](std::string text) { return evaluate(inside(std::move(text)), "1/B--x", base); };
    EXPECT_EQ(told(R"(<value index="7" type="URL" data="${base}|${extension}|${handle}|${nothing}" ttl="60"/>)"),
              (std::vector<std::string>{"7 URL 1/B|x|1/B--x|"}));
    EXPECT_EQ(told("<foreach><value/></foreach>"), (std::vector<std::string>{"1 URL a"})) << "no secret";
    EXPECT_EQ(told(R"(<foreach><value/><value data="b"/></foreach>)"),
              (std::vector<std::string>{"1 URL a", "2 URL b"})) << "an index stands there once";
    EXPECT_EQ(told(R"(<if value="extension" test="equals" expression="y" negate="true"><value type="T" data="n"/></if>)"),
              (std::vector<std::string>{"1 T n"}));
    EXPECT_EQ(told(R"(<if value="extension" test="equals" expression="y"><value type="T" data="n"/></if>)"),
              (std::vector<std::string>{"none"}));
}

TEST(Templates, WhatIsWrongIsSaid) {
    for (const auto& [xml, code] : std::vector<std::pair<std::string, Code>>{
             {"<namespace", Code::invalid},
             {"<other/>", Code::invalid},
             {"<namespace><template><script/></template></namespace>", Code::invalid},
             {"<namespace><template><else/></template></namespace>", Code::invalid},
             {"<namespace><template><if value='x' test='equals'><value/></if><if/></template></namespace>", Code::invalid},
             {"<namespace><template><if value='x' test='like'/></template></namespace>", Code::invalid},
             {"<namespace><template><if value='x' test='matches' expression='('/></template></namespace>", Code::invalid},
             {std::string(70'000, ' '), Code::exhausted}}) {
        const auto read = Template::parse(xml);
        ASSERT_FALSE(read.has_value()) << xml.substr(0, 80);
        EXPECT_EQ(read.error().code, code) << xml.substr(0, 80);
    }
    const auto none = Template::parse("<namespace><status>active</status></namespace>");
    ASSERT_TRUE(none.has_value());
    EXPECT_EQ(*none, nullptr);
}

TEST(Templates, Limits) {
    TemplateLimits limits;
    limits.steps_max = 3;
    limits.values_max = 2;
    limits.value_bytes_max = 8;
    limits.runs_max = 100;
    const auto of = [&](std::string text) {
        return Template::parse("<namespace><template delimiter='@'>" + text + "</template></namespace>", limits);
    };
    EXPECT_TRUE(of("<value/><value/><value/>").has_value());
    EXPECT_EQ(of("<value/><value/><value/><value/>").error().code, Code::exhausted);
    const auto evaluated = [&](std::string text, std::size_t values) {
        const auto rule = of(std::move(text));
        std::vector<handle::Value> base;
        for (std::size_t at = 0; at < values; ++at) base.push_back(url(std::uint32_t(at) + 1, "a"));
        return (*rule)->evaluate({"1/a@b", "1/a", "b"}, base);
    };
    EXPECT_TRUE(evaluated("<foreach><value/></foreach>", 2).has_value());
    EXPECT_EQ(evaluated("<foreach><value/></foreach>", 3).error().code, Code::exhausted);
    EXPECT_EQ(evaluated("<foreach><if value='data' test='equals' expression='b'/></foreach>", 101).error().code, Code::exhausted);
    EXPECT_TRUE(evaluated("<value type='T' data='12345678'/>", 0).has_value());
    EXPECT_EQ(evaluated("<value type='T' data='123456789'/>", 0).error().code, Code::exhausted);
}

TEST(Templates, InResolution) {
    testing::Rig rig;
    EXPECT_TRUE(rig.change(testing::create("88.1/press", {url(1, "https://example.com/press")})).is_good());
    EXPECT_EQ(rig.look_up("88.1/press@drawing").answer, handle::Answer::handle_not_found);
    Change space = testing::change_of(Change::Kind::add_values, "0.NA/88.1", {typed(2, "HS_NAMESPACE", std::string(of_manual))});
    EXPECT_TRUE(rig.change(space).is_good());
    const auto found = rig.look_up("88.1/PRESS@drawing=Seven");
    ASSERT_EQ(found.answer, handle::Answer::success);
    EXPECT_TRUE(found.is_computed);
    EXPECT_EQ(found.values.at(0).data, "https://example.com/press?drawing=Seven") << "the extension keeps its case";
    EXPECT_EQ(rig.look_up("88.1/other@x").answer, handle::Answer::handle_not_found) << "no base";
    EXPECT_TRUE(rig.change(testing::create("88.1/press@real", {url(1, "https://real/")})).is_good());
    EXPECT_FALSE(rig.look_up("88.1/press@real").is_computed) << "what is registered is never computed";
    EXPECT_TRUE(rig.change(testing::change_of(Change::Kind::remove_values, "0.NA/88.1", {}, {2})).is_good());
    EXPECT_EQ(rig.look_up("88.1/press@drawing").answer, handle::Answer::handle_not_found);
}

}  // namespace
}  // namespace lineshaft::identity
