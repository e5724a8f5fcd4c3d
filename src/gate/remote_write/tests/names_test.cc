#include "gate/remote_write/names.h"

#include <gtest/gtest.h>

namespace lineshaft::remote_write {
namespace {

const std::vector<std::string> usual = {"machine", "device", "instance", "job"};

SeriesName named(std::vector<Label> labels) {
    const auto name = name_of({std::move(labels), {}}, usual, 256);
    EXPECT_TRUE(name.has_value()) << name.error().context;
    return name ? *name : SeriesName{};
}

TEST(Names, AreStable) {
    const auto name = named({{"__name__", "cpu_seconds_total"},
                             {"cpu", "0"},
                             {"instance", "10.0.0.1:9100"},
                             {"job", "node"},
                             {"mode", "idle"}});
    EXPECT_EQ(name.machine, "10.0.0.1:9100");
    EXPECT_EQ(name.tag, R"(cpu_seconds_total{cpu="0",job="node",mode="idle"})");
    const auto mixed = named({{"mode", "idle"},
                              {"job", "node"},
                              {"instance", "10.0.0.1:9100"},
                              {"cpu", "0"},
                              {"__name__", "cpu_seconds_total"}});
    EXPECT_EQ(mixed.tag, name.tag);
    EXPECT_EQ(mixed.machine, name.machine);
}

TEST(Names, TheFirstLabelThatIsThereNamesTheMachine) {
    EXPECT_EQ(named({{"__name__", "up"}, {"instance", "i"}, {"machine", "press"}}).machine,
              "press");
    EXPECT_EQ(named({{"__name__", "up"}, {"instance", "i"}, {"machine", "press"}}).tag,
              R"(up{instance="i"})");
    EXPECT_EQ(named({{"__name__", "up"}, {"instance", ""}, {"job", "j"}}).machine, "j");
    EXPECT_EQ(named({{"__name__", "up"}, {"job", "j"}}).tag, "up");
    EXPECT_EQ(named({{"__name__", "probe"}, {"instance", "https://a.example/x"}}).machine,
              "https:%2F%2Fa.example%2Fx");
}

TEST(Names, ValuesAreEscaped) {
    EXPECT_EQ(named({{"__name__", "m"}, {"a", "say \"no\"\\\n"}, {"job", "j"}}).tag,
              R"(m{a="say \"no\"\\\n"})");
}

TEST(Names, LongOnesEndInAChecksum) {
    const auto of = [](std::string end) {
        return named({{"__name__", "m"}, {"a", std::string(300, 'x') + end}, {"job", "j"}}).tag;
    };
    EXPECT_EQ(of("1").size(), 256U);
    EXPECT_NE(of("1"), of("2"));
    EXPECT_EQ(of("1"), of("1"));
    const auto fits = named({{"__name__", "m"}, {"a", std::string(249, 'x')}, {"job", "j"}}).tag;
    EXPECT_EQ(fits.size(), 256U);
    EXPECT_TRUE(fits.ends_with("\"}"));
}

TEST(Names, RefusesWhatHasNoName) {
    EXPECT_FALSE(name_of({{{"instance", "i"}}, {}}, usual, 256).has_value());
    EXPECT_FALSE(name_of({{{"__name__", "up"}, {"host", "i"}}, {}}, usual, 256).has_value());
    EXPECT_FALSE(name_of({{{"__name__", "up"}, {"job", std::string(257, 'x')}}, {}}, usual, 256)
                     .has_value());
}

}  // namespace
}  // namespace lineshaft::remote_write
