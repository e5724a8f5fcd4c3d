#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "catalog/catalog.h"
#include "catalog/learner.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

struct AttributesTest : testing::Test {
    TempDir dir;
    Limits limits{.attributes_per_machine_max = 3, .attribute_bytes_max = 10};
    std::unique_ptr<Catalog> catalog = open();

    AttributesTest() {
        for (const char* machine : {"press", "lathe"})
            EXPECT_TRUE(catalog->discover({ours, machine, "influx", now}).has_value());
    }
    std::unique_ptr<Catalog> open() {
        auto opened = Catalog::open(dir.file(), now, limits);
        EXPECT_TRUE(opened) << opened.error().context;
        return std::move(*opened);
    }
    Catalog::Learned learn(std::vector<AttributeFact> facts) {
        const auto learned = catalog->learn_attributes(facts);
        EXPECT_TRUE(learned) << learned.error().context;
        return learned.value_or(Catalog::Learned{});
    }
    std::string said(const std::string& machine) {
        std::string out;
        const auto snapshot = catalog->snapshot();
        const auto* entry = snapshot->machine(ours, machine);
        for (const auto& [name, value] : entry->attributes) out += name + "=" + value + " ";
        for (const auto& [name, value] : entry->shared) out += name + ":" + value + " ";
        return out;
    }
};

TEST_F(AttributesTest, AreLearntOnceAndStay) {
    const auto first = learn({{ours, "press", "line", "2"},
                              {ours, "press", "fleet", "\"East\""},
                              {ours, "lathe", "fleet", "\"West\""}});
    EXPECT_EQ(first.changed, 3U);
    EXPECT_EQ(said("press"), "fleet=\"East\" line=2 ");
    const auto version = catalog->snapshot()->version();
    EXPECT_EQ(learn({{ours, "press", "line", "2"}, {ours, "lathe", "fleet", "\"West\""}}).changed,
              0U);
    EXPECT_EQ(catalog->snapshot()->version(), version) << "what is known changes nothing";
    EXPECT_EQ(learn({{ours, "press", "line", "3"}, {ours, "press", "line", "4"}}).changed, 2U);
    EXPECT_EQ(said("press"), "fleet=\"East\" line=4 ") << "the last word counts";
    catalog.reset();
    catalog = open();
    EXPECT_EQ(said("press"), "fleet=\"East\" line=4 ");
    EXPECT_EQ(said("lathe"), "fleet=\"West\" ");
    EXPECT_EQ(catalog->snapshot()->machine(ours, "press")->attribute("line")->value, "4");
    EXPECT_EQ(catalog->snapshot()->machine(ours, "press")->attribute("lin"), nullptr);
}

TEST_F(AttributesTest, HoldTheirLimits) {
    EXPECT_EQ(
        learn({{ours, "press", "a", "1"}, {ours, "press", "b", "1"}, {ours, "press", "c", "1"}})
            .refused,
        0U);
    const auto past = learn({{ours, "press", "d", "1"}, {ours, "press", "a", "2"}});
    EXPECT_EQ(past.refused, 1U);
    EXPECT_EQ(past.changed, 1U) << "those it has may still change";
    EXPECT_EQ(learn({{ours, "lathe", "a", "\"12345678\""}}).changed, 1U);
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"a", "\"123456789\""},
                                                          {"a", ""},
                                                          {"", "1"},
                                                          {std::string(129, 'n'), "1"},
                                                          {"a\nb", "1"},
                                                          {"a", "\"\xff\""}})
        EXPECT_EQ(learn({{ours, "lathe", name, value}}).refused, 1U) << name << value;
    const auto unknown =
        learn({{ours, "nobody", "a", "1"}, {OrganisationId(9), "press", "a", "9"}});
    EXPECT_EQ(unknown.refused, 0U);
    ASSERT_EQ(unknown.early.size(), 2U);
    EXPECT_EQ(unknown.early[0].machine, "nobody");
    EXPECT_EQ(said("press"), "a=2 b=1 c=1 ");
}

TEST_F(AttributesTest, SharedOnesAreSetAndRemovedTogether) {
    const auto set = catalog->share_attributes(
        ours, "press", std::vector<AttributeChange>{{"mode", "\"eco\""}, {"limit", "40"}});
    ASSERT_TRUE(set) << set.error().context;
    EXPECT_EQ(said("press"), "limit:40 mode:\"eco\" ");
    const auto removed = catalog->share_attributes(
        ours, "press",
        std::vector<AttributeChange>{{"mode", std::nullopt}, {"none", std::nullopt}});
    ASSERT_TRUE(removed);
    EXPECT_EQ(*removed, (std::vector<Attribute>{{"limit", "40"}}));
    const auto over = catalog->share_attributes(
        ours, "press", std::vector<AttributeChange>{{"a", "1"}, {"b", "1"}, {"c", "1"}});
    EXPECT_EQ(over.error().code, Code::exhausted);
    const auto bad = catalog->share_attributes(ours, "press",
                                               std::vector<AttributeChange>{{"a", "1"}, {"", "1"}});
    EXPECT_EQ(bad.error().code, Code::invalid);
    EXPECT_EQ(said("press"), "limit:40 ") << "nothing of what failed";
    EXPECT_EQ(catalog->share_attributes(ours, "nobody", {}).error().code, Code::not_found);
    EXPECT_EQ(learn({{ours, "press", "limit", "7"}}).changed, 1U);
    EXPECT_EQ(said("press"), "limit=7 limit:40 ") << "said and told stand side by side";
}

TEST_F(AttributesTest, GoWithTheirMachine) {
    (void)learn({{ours, "press", "a", "1"}});
    ASSERT_TRUE(catalog->begin_erasures(ours, {{"press"}, 1, "ann"}, now).has_value());
    ASSERT_TRUE(catalog->discover({ours, "press", "influx", now}).has_value());
    EXPECT_EQ(said("press"), "");
}

struct LearnerTest : AttributesTest {
    io::Shards shards{2};
    io::Workers worker{"catalog", {.threads = 1, .queued_max = 100}};
    Desk desk{*catalog, shards, worker};
    Learner learner{desk, shards, {.waiting_max = 3, .interval = io::Steady{20}}};

    /// Runs on shard 0 and waits until everything noted there is on disk.
    static io::Task<Result<void>> noted(Learner* learner, std::vector<AttributeFact> facts) {
        for (auto& fact : facts)
            learner->note(fact.organisation, fact.machine, fact.name, std::move(fact.value));
        auto start = [learner](io::Answer<Result<void>> answer) {
            auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
            learner->then([kept](Result<void> done) { (*kept)(std::move(done)); });
        };
        auto done = co_await io::suspend<Result<void>>(std::move(start));
        co_return done;
    }
    static io::Task<Learner::Stats> stats_there(Learner* learner) { co_return learner->stats(); }
    Learner::Stats note(std::vector<AttributeFact> facts) {
        EXPECT_TRUE(
            shards.run_blocking(ShardIndex(0), noted(&learner, std::move(facts))).has_value());
        return shards.run_blocking(ShardIndex(0), stats_there(&learner));
    }
    ~LearnerTest() override {
        learner.close();
        (void)worker.try_post([] {});
    }
};

TEST_F(LearnerTest, WritesWhatIsNewAndOnlyThat) {
    EXPECT_EQ(note({{ours, "press", "a", "1"}, {ours, "press", "b", "1"}}).changed, 2U);
    EXPECT_EQ(note({{ours, "press", "a", "1"}, {ours, "press", "b", "1"}}).changed, 2U);
    EXPECT_EQ(note({{ours, "press", "a", "2"}}).changed, 3U);
    EXPECT_EQ(note({{ours, "nobody", "a", "2"}}).refused, 1U);
}

TEST_F(LearnerTest, WhatComesBeforeItsMachineWaitsForIt) {
    Learner patient{
        desk, shards, {.waiting_max = 3, .interval = io::Steady{1}, .tries_max = 1'000'000}};
    auto told = std::async(std::launch::async, [&] {
        return shards.run_blocking(
            ShardIndex(0), noted(&patient, {{ours, "late", "a", "1"}, {ours, "late", "a", "2"}}));
    });
    while (shards.run_blocking(ShardIndex(0), stats_there(&patient)).early == 0) {
    }
    ASSERT_TRUE(
        desk.post([](Catalog& shared) { (void)shared.discover({ours, "late", "influx", now}); }));
    EXPECT_TRUE(told.get().has_value());
    EXPECT_EQ(said("late"), "a=2 ") << "the last word counts";
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), stats_there(&patient)).refused, 0U);
    patient.close();
}

// Machines that never come, one after the other, hold nobody's answer.
TEST_F(LearnerTest, WhoWaitsIsAnsweredThoughStrangersKeepComing) {
    Learner patient{
        desk, shards, {.waiting_max = 1'000'000, .interval = io::Steady{1}, .tries_max = 3}};
    auto told = std::async(std::launch::async, [&] {
        return shards.run_blocking(ShardIndex(0), noted(&patient, {{ours, "press", "a", "1"}}));
    });
    std::size_t strangers = 0;
    while (told.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
        std::latch said_it(1);
        shards.at(0).post([&] {
            patient.note(ours, "stranger" + std::to_string(++strangers), "a", "1");
            said_it.count_down();
        });
        said_it.wait();
    }
    EXPECT_TRUE(told.get().has_value());
    EXPECT_EQ(said("press"), "a=1 ");
    EXPECT_TRUE(shards.run_blocking(ShardIndex(0), noted(&patient, {}))) << "the last strangers";
    patient.close();
}

TEST_F(LearnerTest, TheWaitingIsBounded) {
    const auto stats = note({{ours, "press", "a", "1"},
                             {ours, "press", "b", "1"},
                             {ours, "press", "c", "1"},
                             {ours, "lathe", "a", "1"}});
    EXPECT_EQ(stats.changed, 3U);
    EXPECT_EQ(stats.refused, 1U);
}

}  // namespace
}  // namespace lineshaft::catalog
