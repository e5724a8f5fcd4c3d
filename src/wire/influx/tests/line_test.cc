#include "wire/influx/line.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "write_line.h"

namespace lineshaft::influx {
namespace {

using testing::is_same;
using testing::write_line;
using Step = LineReader::Step;

struct Tell {
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(std::int64_t whole) const { return fmt::format("{}i", whole); }
    std::string operator()(std::uint64_t whole) const { return fmt::format("{}u", whole); }
    std::string operator()(bool flag) const { return flag ? "yes" : "no"; }
    std::string operator()(std::string_view text) const { return fmt::format("<{}>", text); }
};

// Everything a body says: "1 m{tag:value} field:value @time; 2! why".
std::string told(std::string_view body, Precision precision = Precision::microseconds,
                 const Limits& limits = {}) {
    std::string out;
    LineReader reader(body, precision, limits);
    for (Step step = reader.next(); step != Step::end; step = reader.next()) {
        if (!out.empty()) out += "; ";
        if (step == Step::bad_line) {
            out += fmt::format("{}! {}", reader.problem().number, reader.problem().why);
            continue;
        }
        const Line& line = reader.line();
        out += fmt::format("{} {}", line.number, line.measurement);
        for (const auto& tag : line.tags) out += fmt::format("{{{}:{}}}", tag.key, tag.value);
        for (const auto& field : line.fields)
            out += fmt::format(" {}:{}", field.key, std::visit(Tell{}, field.value));
        if (line.micros) out += fmt::format(" @{}", *line.micros);
    }
    return out;
}

struct Case {
    std::string_view body, want;
};

class Body : public ::testing::TestWithParam<Case> {};

TEST_P(Body, SaysWhatTheTableSays) {
    EXPECT_EQ(told(GetParam().body), GetParam().want) << GetParam().body;
}

// Examples of the line protocol reference of InfluxDB 2, and of models/points_test.go of 1.8.
INSTANTIATE_TEST_SUITE_P(
    Reads, Body,
    ::testing::Values(
        Case{"", ""}, Case{"\n\n \t\r\n", ""}, Case{"# a comment\n  # one more", ""},
        Case{"m f=1", "1 m f:1"},
        Case{"myMeasurement,tag1=value1,tag2=value2 fieldKey=\"fieldValue\" 1556813561098000",
             "1 myMeasurement{tag1:value1}{tag2:value2} fieldKey:<fieldValue> @1556813561098000"},
        Case{"m a=1.0,b=12485903u,c=-7i,d=t,e=FALSE", "1 m a:1 b:12485903u c:-7i d:yes e:no"},
        Case{"m a=T,b=True,c=TRUE,d=true,e=F,f=f,g=False,h=false",
             "1 m a:yes b:yes c:yes d:yes e:no f:no g:no h:no"},
        Case{"m f=-1.234456e+78", "1 m f:-1.234456e+78"},
        Case{"m f=1E5,g=1e-3", "1 m f:100000 g:0.001"},
        Case{"m f=.5,g=5.,h=-.5,i=-0", "1 m f:0.5 g:5 h:-0.5 i:-0"},
        Case{"m f=0.1,g=123456789.123456789,h=9007199254740993",
             "1 m f:0.1 g:123456789.12345679 h:9007199254740992"},
        Case{"m f=9223372036854775807i,g=-9223372036854775808i,h=18446744073709551615u",
             "1 m f:9223372036854775807i g:-9223372036854775808i h:18446744073709551615u"},
        Case{"m f=1 -5", "1 m f:1 @-5"}, Case{"m   f=1   7  ", "1 m f:1 @7"},
        Case{"  m f=1", "1 m f:1"},
        Case{"m f=1\r\nn g=t\r\no h=\"x\"\r\n", "1 m f:1; 2 n g:yes; 3 o h:<x>"},
        Case{"a f=1\n\n# no\nb f=2\n", "1 a f:1; 4 b f:2"}));

INSTANTIATE_TEST_SUITE_P(
    Unescapes, Body,
    ::testing::Values(
        Case{R"(my\ Measurement f=1)", "1 my Measurement f:1"},
        Case{R"(my\,m=x f=1)", "1 my,m=x f:1"}, Case{R"(my\=m f=1)", R"(1 my\=m f:1)"},
        Case{R"("my" f=1)", "1 \"my\" f:1"},
        Case{R"(m,tag\ Key1=tag\ Value1,k\,=v\=v f\ k\=\,="x")",
             "1 m{tag Key1:tag Value1}{k,:v=v} f k=,:<x>"},
        Case{R"(m f="a \"b\" c")", "1 m f:<a \"b\" c>"}, Case{R"(m f="a\\b")", R"(1 m f:<a\b>)"},
        Case{R"(m f="\\\"")", R"(1 m f:<\">)"}, Case{R"(m f="\\\\")", R"(1 m f:<\\>)"},
        Case{R"(m f="a\tb, c=d")", R"(1 m f:<a\tb, c=d>)"}, Case{R"(m f="")", "1 m f:<>"},
        Case{R"(m,p=C:\dir f=1)", R"(1 m{p:C:\dir} f:1)"},
        Case{R"(m,p=C:\\ f=1)", R"(1 m{p:C:\\} f:1)"},
        Case{"m f=\"two\nlines\",g=1\nn f=2", "1 m f:<two\nlines> g:1; 3 n f:2"},
        Case{"m,\xe4\xbd\x8d=\xe5\x8e\x82 f=1", "1 m{\xe4\xbd\x8d:\xe5\x8e\x82} f:1"}));

INSTANTIATE_TEST_SUITE_P(
    Refuses, Body,
    ::testing::Values(
        Case{"m", "1! missing fields"}, Case{"m ", "1! missing fields"},
        Case{",t=1 f=1", "1! missing measurement"}, Case{"m, f=1", "1! missing tag key"},
        Case{"m,=v f=1", "1! missing tag key"}, Case{"m,t f=1", "1! missing tag value"},
        Case{"m,t= f=1", "1! missing tag value"}, Case{"m,t=,u=1 f=1", "1! missing tag value"},
        Case{"m,t=a=b f=1", "1! an unescaped '=' in a tag value"},
        Case{"m,t=1,t=2 f=1", "1! duplicate tags"}, Case{"m f", "1! missing field value"},
        Case{"m f=", "1! missing field value"}, Case{"m f=,g=1", "1! missing field value"},
        Case{"m =1", "1! missing field key"}, Case{"m f=1,", "1! missing field key"},
        Case{"m f=1,g", "1! missing field value"}, Case{"m f=NaN", "1! invalid boolean"},
        Case{"m f=tRue", "1! invalid boolean"}, Case{"m f=+1", "1! invalid boolean"},
        Case{"m f=-", "1! invalid number"}, Case{"m f=.", "1! invalid number"},
        Case{"m f=1e", "1! invalid number"}, Case{"m f=1.5i", "1! invalid number"},
        Case{"m f=-1u", "1! invalid number"}, Case{"m f=1.1.1", "1! invalid field format"},
        Case{"m f=1x", "1! invalid field format"}, Case{"m f=\"a\"b", "1! invalid field format"},
        Case{"m f=9223372036854775808i", "1! number out of range"},
        Case{"m f=1e999", "1! number out of range"}, Case{"m f=1 x", "1! bad timestamp"},
        Case{"m f=1 1.5", "1! bad timestamp"},
        Case{"m f=1 99999999999999999999", "1! bad timestamp"},
        Case{"m f=1 5 6", "1! bytes after the timestamp"}, Case{"m f=\"a", "1! unbalanced quotes"},
        Case{R"(m f="a\")", "1! unbalanced quotes"}, Case{"m\\", "1! missing fields"}));

INSTANTIATE_TEST_SUITE_P(
    GoesOn, Body,
    ::testing::Values(Case{"a f=1\nb\nc f=3", "1 a f:1; 2! missing fields; 3 c f:3"},
                      Case{"a f=\"x\nb f=2", "1! unbalanced quotes; 2 b f:2"},
                      Case{"a f=\"x\ny\"z\nb f=2", "1! invalid field format; 3 b f:2"},
                      Case{"a f=1 x\n\n#\nb", "1! bad timestamp; 4! missing fields"}));

TEST(Precision, ScalesTimestamps) {
    using enum Precision;
    EXPECT_EQ(told("m f=1 1465839830100400200", nanoseconds), "1 m f:1 @1465839830100400");
    EXPECT_EQ(told("m f=1 -1", nanoseconds), "1 m f:1 @-1");
    EXPECT_EQ(told("m f=1 -1000", nanoseconds), "1 m f:1 @-1");
    EXPECT_EQ(told("m f=1 2", milliseconds), "1 m f:1 @2000");
    EXPECT_EQ(told("m f=1 2", seconds), "1 m f:1 @2000000");
    EXPECT_EQ(told("m f=1 2", minutes), "1 m f:1 @120000000");
    EXPECT_EQ(told("m f=1 2", hours), "1 m f:1 @7200000000");
    EXPECT_EQ(told("m f=1 9223372036854775807", seconds),
              "1! timestamp out of range for its precision");
    EXPECT_EQ(told("m f=1 9223372036854775807", microseconds), "1 m f:1 @9223372036854775807");
}

TEST(Precision, KnowsItsWords) {
    for (const auto word : {"ns", "n", "us", "u", "ms", "s", "m", "h"})
        EXPECT_TRUE(parse_precision(word).has_value()) << word;
    for (const auto word : {"", "S", "sec", "d"}) EXPECT_FALSE(parse_precision(word)) << word;
}

TEST(Limits, HoldAndOnePast) {
    const Limits limits{.line_bytes_max = 12, .tags_max = 1, .fields_max = 2};
    const auto says = [&](std::string_view body) {
        return told(body, Precision::microseconds, limits);
    };
    EXPECT_EQ(says("m f=1,g=2"), "1 m f:1 g:2");
    EXPECT_EQ(says("m f=1,g=2,h=3\nn f=1"), "1! too many fields; 2 n f:1");
    EXPECT_EQ(says("m,a=1 f=1"), "1 m{a:1} f:1");
    EXPECT_EQ(says("m,a=1,b=2 f=1\nn f=1"), "1! too many tags; 2 n f:1");
    EXPECT_EQ(says("m f=12345678\nn f=1"), "1 m f:12345678; 2 n f:1");
    EXPECT_EQ(says("m f=123456789\nn f=1"), "1! line too long; 2 n f:1");
    EXPECT_EQ(says("m f=\"3456789\"\nn f=1"), "1! line too long; 2 n f:1");
    EXPECT_EQ(says("m f=\"345678\"\nn f=1"), "1 m f:<345678>; 2 n f:1");
    EXPECT_EQ(says("m f=\"345\n\n89abcdef\nn f=1"), "1! line too long; 4 n f:1");
}

TEST(Problem, ShowsTheLine) {
    const std::string body = "good f=1\nbad" + std::string(500, 'x') + "\n";
    LineReader reader(body, Precision::seconds);
    EXPECT_EQ(reader.next(), Step::line);
    EXPECT_EQ(reader.line().head, "good");
    EXPECT_EQ(reader.next(), Step::bad_line);
    EXPECT_EQ(reader.problem().number, 2U);
    EXPECT_EQ(reader.problem().text, "bad" + std::string(197, 'x'));
    EXPECT_EQ(reader.next(), Step::end);
    EXPECT_EQ(reader.next(), Step::end);
}

TEST(Numbers, AgreeWithTheLibrary) {
    std::mt19937_64 dice(7);
    for (int round = 0; round < 200'000; ++round) {
        const int digits = 1 + static_cast<int>(dice() % 20);
        const int point = static_cast<int>(dice() % 24);
        std::string text = dice() % 2 == 0 ? "-" : "";
        for (int index = 0; index < digits; ++index) {
            if (index == point) text += '.';
            text += static_cast<char>('0' + dice() % 10);
        }
        if (dice() % 8 == 0) text += fmt::format("e{}", static_cast<int>(dice() % 600) - 300);
        const double want = std::strtod(text.c_str(), nullptr);
        const std::string body = "m f=" + text;
        LineReader reader(body, Precision::seconds);
        const bool is_read = reader.next() == Step::line;
        if (std::isinf(want) || std::fpclassify(want) == FP_SUBNORMAL || want == 0) continue;
        ASSERT_TRUE(is_read) << text;
        ASSERT_EQ(std::get<double>(reader.line().fields[0].value), want) << text;
    }
}

// What is written is read, whatever the names and texts hold.
TEST(RoundTrip, OfRandomLines) {
    std::mt19937_64 dice(11);
    const std::string_view letters = "ab,= \"\\#1t\xc3\xa9.";
    std::vector<std::string> kept;
    const auto name = [&](bool may_be_empty, std::string_view more) {
        std::string text;
        const std::string all = std::string(letters) + std::string(more);
        for (std::size_t left = dice() % 6 + (may_be_empty ? 0 : 1); left > 0; --left)
            text += all[dice() % all.size()];
        return text;
    };
    for (int round = 0; round < 50'000; ++round) {
        kept.clear();
        kept.reserve(64);
        const auto keep = [&](std::string text) -> std::string_view {
            return kept.emplace_back(std::move(text));
        };
        // A backslash in a name stays only before an ordinary byte: such names cannot be sent.
        const auto sendable = [&] {
            std::string text = name(false, "");
            std::erase(text, '\\');
            return text.empty() || text[0] == '#' ? "x" + text : text;
        };
        Line line;
        line.measurement = keep(sendable());
        for (std::size_t tags = dice() % 4; tags > 0; --tags)
            line.tags.push_back({keep(fmt::format("{}{}", tags, sendable())), keep(sendable())});
        for (std::size_t fields = 1 + dice() % 4; fields > 0; --fields) {
            FieldValue value = std::bit_cast<std::int64_t>(dice());
            if (dice() % 4 == 0) value = static_cast<double>(dice() % 100'000) / 100;
            if (dice() % 4 == 0) value = dice();
            if (dice() % 4 == 0) value = dice() % 2 == 0;
            if (dice() % 4 == 0) value = keep(name(true, "\n\r"));
            line.fields.push_back({keep(sendable()), value});
        }
        if (dice() % 2 == 0) line.micros = std::bit_cast<std::int64_t>(dice());
        const std::string body = write_line(line);
        LineReader reader(body, Precision::microseconds);
        ASSERT_EQ(reader.next(), Step::line) << body << " " << reader.problem().why;
        ASSERT_TRUE(is_same(reader.line(), line)) << body;
        ASSERT_EQ(reader.next(), Step::end) << body;
    }
}

TEST(Steps, SayTheSameAsWholeLines) {
    std::mt19937_64 dice(12);
    const std::string_view pieces[] = {"m,a=1 x=1",  "m,a=1 x=2 5", "m x=1i",     " ",   "\n",
                                       "\\",         "m,a=1 ",      "x=\"a\nb\"", "\n",  "m,a=1 y=t",
                                       "m,a\\ =1 z=", ",",           "=",          "\r\n", "9"};
    for (int round = 0; round < 20'000; ++round) {
        std::string body;
        for (std::size_t left = dice() % 20; left > 0; --left) {
            body += pieces[dice() % std::size(pieces)];
            if (dice() % 3 == 0) body += '\n';
        }
        ASSERT_TRUE(testing::is_same_in_steps(body, Precision::milliseconds, {})) << body;
        ASSERT_TRUE(testing::is_same_in_steps(body, Precision::milliseconds,
                                              {.line_bytes_max = 16, .tags_max = 2}))
            << body;
    }
}

}  // namespace
}  // namespace lineshaft::influx
