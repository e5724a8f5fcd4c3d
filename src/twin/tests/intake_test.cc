#include "twin/intake.h"

#include <array>
#include <random>

#include "twin/channel_cache.h"

#include "twin/tests/rig.h"

namespace lineshaft::twin {
namespace {

using testing::home;
using testing::Rig;

io::Task<Told> take(Plant* plant, std::vector<std::string> machines, Instant at) {
    Intake intake(*plant, home, Source::influx);
    for (const auto& machine : machines)
        intake.of(machine).push_back({"speed", {at, 1.0, history::Quality::good}});
    auto first = co_await intake.store();
    auto nothing = co_await intake.store();
    first.add(nothing);
    co_return first;
}

TEST(Intake, HandsOverOneReportAMachineAndWaitsForAll) {
    Rig rig(2);
    const Instant now = io::Clock::system().now();
    const auto outcome =
        rig.run(take(rig.plant.get(), {"press", "lathe", "press", "mill", "saw"}, now));
    EXPECT_FALSE(outcome.failed.has_value());
    EXPECT_EQ(outcome.appended.stored, 5U);
    EXPECT_EQ(outcome.appended.discovered, 4U);
    const auto counters = rig.run(rig.plant->counters());
    EXPECT_EQ(counters.reports, 4U);
    EXPECT_EQ(rig.run(rig.plant->machine(home, "saw"))->source, Source::influx);
}

TEST(Intake, TellsWhatWasRefusedAndWhatFailed) {
    Rig rig(2, Limits{.machines_max = 2});
    const Instant now = io::Clock::system().now();
    const auto old = rig.run(take(rig.plant.get(), {"press"}, Instant{0}));
    EXPECT_EQ(old.appended.stored, 0U);
    EXPECT_EQ(old.appended.refused_time, 1U);
    std::vector<std::string> many;
    for (int index = 0; index < 20; ++index) many.push_back("m" + std::to_string(index));
    const auto past = rig.run(take(rig.plant.get(), many, now));
    EXPECT_FALSE(past.failed.has_value());
    ASSERT_TRUE(past.over_limit.has_value());
    EXPECT_EQ(past.over_limit->code, Code::exhausted);
    EXPECT_GT(past.appended.stored, 0U) << "the others are stored";
}

TEST(Intake, FindsWhatItHas) {
    Rig rig;
    Intake intake(*rig.plant, home, Source::other);
    EXPECT_EQ(intake.find("press"), nullptr);
    auto& samples = intake.of("press");
    (void)intake.of("lathe");
    EXPECT_EQ(intake.find("press"), &samples);
    EXPECT_EQ(&intake.of("press"), &samples);
    EXPECT_EQ(intake.machines(), 2U);
}

struct Said {
    std::string machine, tag;
    history::Sample sample;
};

// Puts the samples in order: each by channel when it is known, else by name; rounds in between.
io::Task<Told> say_all(Plant* plant, ChannelCache* cache, std::vector<Said> all) {
    Intake intake(*plant, home, Source::influx);
    NewChannels fresh(*cache);
    Told told;
    bool goes_by_name = false;
    for (const Said& said : all) {
        const Hash128 key = hash128(said.machine + '/' + said.tag);
        const Channel* channel = cache->find(key);
        if ((channel == nullptr) != goes_by_name) {
            auto some = co_await intake.store();
            told.add(some);
            co_await fresh.learn(plant, home);
            goes_by_name = !goes_by_name;
            channel = cache->find(key);
            goes_by_name = channel == nullptr;
        }
        const auto kind = history::kind_of(said.sample.value);
        if (channel == nullptr) {
            intake.of(said.machine).push_back({said.tag, said.sample});
            fresh.note(key, said.machine, said.tag);
        } else if (kind == history::Kind::text) {
            intake.put_text(*channel, said.sample.at.micros, said.sample.quality,
                            std::get<std::string>(said.sample.value));
        } else {
            history::Columns bits;
            intake.put(*channel, said.sample.at.micros, history::Mark(kind, said.sample.quality),
                       bits.bits_of(said.sample.value));
        }
    }
    auto rest = co_await intake.store();
    told.add(rest);
    co_await fresh.learn(plant, home);
    co_return told;
}

std::vector<Said> random_samples(std::mt19937_64& dice, Instant now, std::size_t count) {
    std::vector<Said> all;
    for (; count > 0; --count) {
        const Instant at = now - std::chrono::microseconds(dice() % 40);
        history::Value value = static_cast<double>(dice() % 100);
        if (dice() % 4 == 0) value = static_cast<std::int64_t>(dice());
        if (dice() % 5 == 0) value = dice() % 2 == 0;
        if (dice() % 5 == 0) value = std::string(dice() % 9, 'x');
        history::Sample sample{dice() % 50 == 0 ? Instant{1} : at, std::move(value)};
        if (dice() % 9 == 0) sample.quality = history::Quality::missing;
        constexpr std::array tags = {"speed", "state", "fault", "lat", "longitude", "count"};
        all.push_back({"m" + std::to_string(dice() % 4), tags[dice() % tags.size()], sample});
    }
    return all;
}

// Whatever was remembered in between, what is stored and what the twins show is the same.
TEST(Intake, ByChannelAndByNameGiveTheSame) {
    std::mt19937_64 dice(21);
    for (unsigned round = 0; round < 6; ++round) {
        Rig named(1 + round % 3);
        Rig channelled(1 + round % 3);
        const Instant now = named.now();
        ChannelCache cache;
        for (int body = 0; body < 5; ++body) {
            const auto all = random_samples(dice, now, 1 + dice() % 200);
            Told first;  // one by one, all by name
            for (const Said& said : all) {
                auto one = named.report({home, said.machine, {{said.tag, said.sample}}});
                ASSERT_TRUE(one.has_value());
                first.add({*one, {}, {}});
            }
            const auto second = channelled.run(say_all(channelled.plant.get(), &cache, all));
            ASSERT_FALSE(second.failed || second.over_limit);
            EXPECT_EQ(first.appended.stored, second.appended.stored);
            EXPECT_EQ(first.appended.refused_time, second.appended.refused_time);
        }
        EXPECT_GT(cache.size(), 0U);
        const auto machines = named.run(named.plant->machines(home));
        const auto others = channelled.run(channelled.plant->machines(home));
        ASSERT_EQ(machines.size(), others.size());
        for (std::size_t index = 0; index < machines.size(); ++index) {
            const auto& one = machines[index];
            EXPECT_EQ(one.state, others[index].state);
            EXPECT_EQ(one.fault, others[index].fault);
            EXPECT_EQ(one.position, others[index].position);
            EXPECT_EQ(one.tags, others[index].tags);
            const auto values = named.run(named.plant->values(home, one.id));
            const auto values2 = channelled.run(channelled.plant->values(home, one.id));
            ASSERT_EQ(values->size(), values2->size());
            for (std::size_t at = 0; at < values->size(); ++at) {
                EXPECT_EQ((*values)[at].tag, (*values2)[at].tag);
                EXPECT_EQ((*values)[at].sample, (*values2)[at].sample);
            }
            const Window ever{Instant{0}, now + std::chrono::hours{1}};
            for (const auto& value : *values) {
                const auto read = [&](Rig& rig) {
                    auto series = rig.run(rig.history->find(home, one.id, value.tag));
                    return *rig.run(rig.history->read(*series, ever, 10'000));
                };
                EXPECT_EQ(read(named), read(channelled)) << one.id << " " << value.tag;
            }
        }
    }
}

TEST(Intake, AskingForMoreThanTheOrganisationMaySaysSo) {
    Rig rig(2);
    rig.places_max = 1;
    ChannelCache cache;
    const Instant now = rig.now();
    std::vector<Said> all = {{"press", "speed", {now, 1.0}}};
    EXPECT_FALSE(rig.run(say_all(rig.plant.get(), &cache, all)).over_limit);
    all.push_back({"lathe", "speed", {now, 1.0}});
    const auto told = rig.run(say_all(rig.plant.get(), &cache, all));
    EXPECT_TRUE(told.over_limit.has_value());
    EXPECT_FALSE(told.failed.has_value());
    EXPECT_EQ(told.appended.stored, 1U) << "the other is stored";
}

TEST(Intake, AFailedRoundIsToldAndTakesNoPlace) {
    Rig rig(1);
    ChannelCache cache;
    const Instant now = rig.now();
    rig.faulty->fail_submit(1, Error{Code::unavailable, "the disk"});
    const auto told = rig.run(say_all(rig.plant.get(), &cache, {{"press", "speed", {now, 1.0}}}));
    ASSERT_TRUE(told.failed.has_value());
    EXPECT_EQ(told.appended.stored, 0U);
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(rig.places, 0);
    EXPECT_FALSE(rig.run(rig.plant->machine(home, "press")).has_value());
}

TEST(ChannelCache, KeepsUpToItsLimitAndFindsWhatItHas) {
    ChannelCache cache(3000);
    const auto key = [](std::uint64_t number) { return hash128(std::to_string(number)); };
    for (std::uint64_t number = 1; number <= 3000; ++number)
        cache.keep(key(number), {ShardIndex(1), 7, SeriesId(number)});
    EXPECT_EQ(cache.size(), 3000U);
    for (std::uint64_t number = 1; number <= 3000; ++number) {
        ASSERT_NE(cache.find(key(number)), nullptr);
        EXPECT_EQ(cache.find(key(number))->series, SeriesId(number));
    }
    EXPECT_EQ(cache.find(key(0)), nullptr);
    cache.keep(key(1), {ShardIndex(0), 9, SeriesId(5)});
    EXPECT_EQ(cache.find(key(1))->slot, 9U) << "the later one counts";
    EXPECT_EQ(cache.size(), 3000U);
    cache.keep(key(3001), {ShardIndex(1), 7, SeriesId(3001)});
    EXPECT_EQ(cache.size(), 1U) << "one past the limit: it begins again";
    EXPECT_EQ(cache.find(key(2)), nullptr);
}

}  // namespace
}  // namespace lineshaft::twin
