// Retention: what has expired is out of sight at once and off the disk after a sweep, what is old is
// as coarse as its class says, nothing else is touched; wherever it is killed, whatever the clock does.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "history/days.h"
#include "history/keep.h"
#include "history/keys.h"
#include "history/tests/cut_store.h"
#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::CutStore;
using testing::Node;
using testing::now;
using testing::organisation;
using testing::Rig;

constexpr auto day = std::chrono::days(1);

TEST(KeepPatterns, AgreeWithTheTable) {
    const struct {
        std::string_view pattern, text;
        bool want;
    } cases[] = {
        {"*", "", true},           {"*", "anything", true},     {"", "", true},
        {"", "a", false},          {"a?c", "abc", true},        {"a?c", "ac", false},
        {"vib*", "vibration", true}, {"vib*", "avib", false},   {"*.temp", "oven.temp", true},
        {"*.temp", "oven.temper", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b", "aab", true},
        {"*aab", "aaab", true},    {"**a", "bba", true},        {"a*a", "a", false},
    };
    for (const auto& [pattern, text, want] : cases)
        EXPECT_EQ(fits(pattern, text), want) << pattern << " " << text;
    EXPECT_FALSE(fits("*a*a*a*a*a*a*a*a*b", std::string(10'000, 'a'))) << "in time";
}

TEST(KeepRulesTest, WhatMakesNoSenseIsRefusedInWords) {
    const KeepRule good{.name = "fast", .tags = {"vib*"}, .keep_days = 30};
    EXPECT_TRUE(check(KeepRules{good}));
    EXPECT_TRUE(check(KeepRules{}));
    const auto refused = [&](auto change, std::string_view word) {
        KeepRules rules{good};
        change(rules);
        const auto checked = check(rules);
        ASSERT_FALSE(checked) << word;
        EXPECT_EQ(checked.error().code, Code::invalid);
        EXPECT_NE(checked.error().context.find(word), std::string::npos) << checked.error().context;
    };
    refused([](KeepRules& rules) { rules[0].name = ""; }, "name");
    refused([](KeepRules& rules) { rules[0].name = std::string(65, 'x'); }, "64");
    refused([](KeepRules& rules) { rules[0].tags.clear(); }, "tags");
    refused([](KeepRules& rules) { rules[0].tags[0] = "\xff"; }, "UTF-8");
    refused([](KeepRules& rules) { rules[0].machines.assign(65, "a"); }, "at most 64");
    refused([](KeepRules& rules) { rules[0].keep_days = 36'526; }, "36525");
    refused([](KeepRules& rules) { rules[0].full_days = 1; }, "resolution_s");
    refused([](KeepRules& rules) { rules[0].resolution_s = 86'401; }, "day");
    refused([](KeepRules& rules) { rules[0].resolution_s = 60, rules[0].full_days = 30; },
            "less than keep_days");
    refused([](KeepRules& rules) { rules.push_back(rules[0]); }, "twice");
    refused([&](KeepRules& rules) { rules.assign(65, good); }, "at most 64");
    KeepRules most;
    for (int number = 0; number < 64; ++number)
        most.push_back({.name = std::to_string(number), .tags = {std::string(256, '*')}});
    EXPECT_TRUE(check(most));
}

TEST(KeepRulesTest, TheFirstThatFitsHolds) {
    const KeepRules rules{{.name = "one", .tags = {"vib*"}, .machines = {"press-*"}},
                          {.name = "all", .tags = {"*"}}};
    const auto name = [&](std::string_view machine, std::string_view tag) {
        const KeepRule* rule = rule_of(rules, machine, tag);
        return rule == nullptr ? std::string() : rule->name;
    };
    EXPECT_EQ(name("press-1", "vib.x"), "one");
    EXPECT_EQ(name("robot", "vib.x"), "all");
    EXPECT_EQ(name("press-1", "x"), "all");
    EXPECT_EQ(name("press-1", "$events"), "") << "the node's own notes are kept";
}

TEST(KeepRulesTest, ARecordIsReadBackAndDamageIsNamed) {
    const KeepRules rules{{.name = "a", .tags = {"x", "y*"}, .machines = {"press-*"}, .keep_days = 7},
                          {.name = "b", .tags = {"*"}, .full_days = 30, .resolution_s = 60}};
    const std::string key = keep_key(organisation);
    const std::string record = keep_record(organisation, rules);
    const auto read = parse_keep(key, record);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, rules);
    for (std::size_t at = 0; at < record.size(); ++at) {
        std::string damaged = record;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_FALSE(parse_keep(key, damaged)) << at;
        EXPECT_FALSE(parse_keep(key, record.substr(0, at))) << at;
    }
    EXPECT_FALSE(parse_keep(keep_key(OrganisationId(2)), record)) << "somebody else's";
    const auto day_read = parse_sweep(sweep_record(-5));
    ASSERT_TRUE(day_read);
    EXPECT_EQ(*day_read, -5);
    EXPECT_FALSE(parse_sweep(record));
}

class Keep : public ::testing::Test {
protected:
    using Samples = std::map<std::int64_t, double>;

    void append(Node& node, const std::string& tag, Instant from, std::chrono::microseconds step,
                int count) {
        Report report{organisation, "press", {}};
        for (int index = 0; index < count; ++index) {
            const Instant at = from + index * step;
            const double value = ++counter_;
            report.samples.push_back({tag, {at, value, Quality::good}});
            truth_[tag][at.micros] = value;
        }
        const auto appended = node.append(report);
        ASSERT_TRUE(appended && appended->stored == static_cast<std::uint32_t>(count));
    }
    static Samples read(Node& node, const std::string& tag) {
        Samples all;
        for (const Sample& sample : node.read("press", tag, always))
            all[sample.at.micros] = std::get<double>(sample.value);
        return all;
    }
    Samples since(const std::string& tag, Instant from) {
        return {truth_[tag].lower_bound(from.micros), truth_[tag].end()};
    }
    // The last of each step below `until`, all behind it.
    Samples thinned(const std::string& tag, Instant until, std::chrono::microseconds step) {
        Samples all;
        std::map<std::int64_t, std::int64_t> last;
        for (const auto& [at, value] : truth_[tag]) {
            if (at < until.micros) last[at / step.count()] = at;
            else all[at] = value;
        }
        for (const auto& [number, at] : last) all[at] = truth_[tag][at];
        return all;
    }
    static std::vector<ChunkKey> keys_of(store::Store& store, SeriesId series) {
        std::vector<ChunkKey> all;
        const auto cursor = store.scan(store::Family::history_chunks, "", "");
        for (; cursor->is_valid(); cursor->next()) {
            const auto key = parse_chunk_key(cursor->key());
            if (key && key->series == series) all.push_back(*key);
        }
        return all;
    }
    static Result<void> keep(Node& node, KeepRules rules) {
        return node.ask(node.history().keep(organisation, std::move(rules)));
    }
    static Result<void> sweep(Node& node) {
        for (;;) {  // one may be under way by itself
            auto swept = node.ask(node.history().sweep());
            if (swept || swept.error().code != Code::conflict) return swept;
            std::this_thread::yield();
        }
    }

    std::map<std::string, Samples> truth_;
    double counter_ = 0;
};

const Instant week_ago = start_of_day(day_of(now)) - 7 * day;
const KeepRule week{.name = "week", .tags = {"fast*"}, .keep_days = 7};

TEST_F(Keep, NothingExpiresUnlessARuleSaysSo) {
    Rig rig;
    append(*rig.operator->(), "fast", Instant{946'684'800'000'000}, 1h, 100);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(sweep(rig.node()));
    EXPECT_EQ(read(rig.node(), "fast"), truth_["fast"]);
    EXPECT_TRUE(rig->ask(rig->history().kept(organisation)).empty());
}

TEST_F(Keep, WhatHasExpiredIsOutOfSightAtOnce) {
    Rig rig;
    for (const char* tag : {"fast", "slow"}) append(rig.node(), tag, now - 20 * day, 1h, 20 * 24);
    for (const bool is_sealed : {false, true}) {
        SCOPED_TRACE(is_sealed);
        if (is_sealed) { ASSERT_TRUE(rig->settle()); }
        ASSERT_TRUE(keep(rig.node(), {week}));
        EXPECT_EQ(rig->ask(rig->history().kept(organisation)), KeepRules{week});
        EXPECT_EQ(read(rig.node(), "slow"), truth_["slow"]);
        EXPECT_EQ(read(rig.node(), "fast"), since("fast", week_ago));
        const Series fast = rig->find("press", "fast");
        const auto backward =
            rig->read("press", "fast", always, 1'000'000, History::Order::descending);
        EXPECT_EQ(backward.size(), since("fast", week_ago).size());
        EXPECT_EQ(rig->ask(rig->history().extent(fast))->value().from, week_ago);
        EXPECT_FALSE(rig->ask(rig->history().last(fast, week_ago - 1s))->has_value());
        const auto days = rig->ask(rig->history().buckets(fast, {now - 30 * day, now}, day));
        std::uint64_t count = 0;
        for (const Bucket& bucket : *days) count += bucket.count;
        EXPECT_EQ(count, since("fast", week_ago).size());
        const auto keeping = rig->ask(rig->history().keeping(fast));
        EXPECT_EQ(keeping.rule, "week");
        EXPECT_EQ(keeping.from, week_ago);
        EXPECT_EQ(rig->ask(rig->history().keeping(rig->find("press", "slow"))).rule, "");
        const auto late = rig->append("press", "fast", week_ago - 1s, 1.0);
        EXPECT_EQ(late->refused_time, 1u) << "counted, not stored out of sight";
        if (!is_sealed) { ASSERT_TRUE(keep(rig.node(), {})); }
        if (!is_sealed) { EXPECT_EQ(read(rig.node(), "fast"), truth_["fast"]) << "no sweep was there"; }
    }
    rig.step_wall(30 * day);
    const Series fast = rig->find("press", "fast");
    EXPECT_FALSE(rig->ask(rig->history().newest({fast}))->front().has_value());
    EXPECT_TRUE(read(rig.node(), "fast").empty());
}

TEST_F(Keep, ASweepTakesItOffTheDiskAndNothingElse) {
    Rig rig(1, {.days_samples_min = 1000});
    for (const char* tag : {"fast", "slow"}) append(rig.node(), tag, now - 80 * day, 5min, 80 * 288);
    ASSERT_TRUE(rig->settle());
    const Series fast = rig->find("press", "fast"), slow = rig->find("press", "slow");
    const auto slow_before = keys_of(rig.store(), slow.id).size();
    const auto bytes_before = rig.store().size_bytes(store::Family::history_chunks);
    ASSERT_TRUE(keep(rig.node(), {week}));
    ASSERT_TRUE(sweep(rig.node()));
    for (const ChunkKey& key : keys_of(rig.store(), fast.id))
        EXPECT_GE(key.first, week_ago) << "or days that tell of what is gone";
    EXPECT_EQ(keys_of(rig.store(), slow.id).size(), slow_before);
    EXPECT_EQ(read(rig.node(), "slow"), truth_["slow"]);
    EXPECT_EQ(rig->stats().samples_expired, truth_["fast"].size() - since("fast", week_ago).size());
    EXPECT_LT(rig.store().size_bytes(store::Family::history_chunks), bytes_before * 7 / 10);
    // A longer rule brings back nothing that is gone, in no statistics either.
    ASSERT_TRUE(keep(rig.node(), {}));
    EXPECT_EQ(read(rig.node(), "fast"), since("fast", week_ago));
    const auto days = rig->ask(rig->history().buckets(fast, {now - 90 * day, now}, day));
    std::uint64_t count = 0;
    for (const Bucket& bucket : *days) count += bucket.count;
    EXPECT_EQ(count, since("fast", week_ago).size());
}

TEST_F(Keep, GoesByItselfAndRulesOutliveTheRun) {
    Rig rig(2, {.sweep_every = 3600s});
    append(rig.node(), "fast", now - 20 * day, 1h, 20 * 24);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(keep(rig.node(), {week}));
    rig.reopen(1);
    EXPECT_EQ(rig->ask(rig->history().kept(organisation)), KeepRules{week});
    EXPECT_EQ(read(rig.node(), "fast"), since("fast", week_ago));
    EXPECT_EQ(rig->stats().samples_expired, 0u);
    rig.advance(61s);
    while (rig->stats().samples_expired == 0) std::this_thread::yield();
    EXPECT_EQ(rig->append("press", "fast.new", now - 8 * day, 1.0)->refused_time, 1u)
        << "a tag that is new belongs to its class";
}

TEST_F(Keep, OldMonthsAreThinnedToTheLastOfEachStep) {
    Rig rig(1, {.days_samples_min = 1000});
    const KeepRule coarse{.name = "coarse", .tags = {"fast"}, .full_days = 30, .resolution_s = 600};
    append(rig.node(), "fast", now - 90 * day, 1min, 90 * 1440);
    append(rig.node(), "slow", now - 90 * day, 1h, 90 * 24);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(keep(rig.node(), {coarse}));
    ASSERT_TRUE(sweep(rig.node()));
    const Instant until = start_of(month_of(now - 30 * day));
    EXPECT_EQ(read(rig.node(), "fast"), thinned("fast", until, 600s));
    EXPECT_EQ(read(rig.node(), "slow"), truth_["slow"]);
    EXPECT_EQ(rig->stats().samples_thinned,
              truth_["fast"].size() - thinned("fast", until, 600s).size());
    const Series fast = rig->find("press", "fast");
    EXPECT_EQ(rig->ask(rig->history().keeping(fast)).thinned_until, until);
    const auto days = rig->ask(rig->history().buckets(fast, {now - 95 * day, now}, day));
    std::uint64_t count = 0;
    for (const Bucket& bucket : *days) count += bucket.count;
    EXPECT_EQ(count, read(rig.node(), "fast").size());
    const auto keys = keys_of(rig.store(), fast.id).size();
    ASSERT_TRUE(sweep(rig.node()));
    EXPECT_EQ(keys_of(rig.store(), fast.id).size(), keys) << "there is nothing left to do";
    // What comes late is thinned like the rest.
    append(rig.node(), "fast", now - 85 * day + 7s, 10s, 600);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(sweep(rig.node()));
    EXPECT_EQ(read(rig.node(), "fast"), thinned("fast", until, 600s));
    rig.reopen(1);
    ASSERT_TRUE(sweep(rig.node()));
    EXPECT_EQ(read(rig.node(), "fast"), thinned("fast", until, 600s));
}

TEST_F(Keep, AClockThatJumpsCostsNothing) {
    Rig rig;
    append(rig.node(), "fast", now - 20 * day, 1h, 20 * 24);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(keep(rig.node(), {week}));
    ASSERT_TRUE(sweep(rig.node()));
    const auto kept = since("fast", week_ago);
    rig.step_wall(36'500 * day);
    EXPECT_TRUE(read(rig.node(), "fast").empty());
    const auto held = sweep(rig.node());
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, Code::unavailable);
    rig.step_wall(-36'500 * day);
    EXPECT_EQ(read(rig.node(), "fast"), kept);
    ASSERT_TRUE(sweep(rig.node()));
    rig.step_wall(40 * day);  // it was off so long
    EXPECT_FALSE(sweep(rig.node()));
    rig.advance(25h);
    EXPECT_TRUE(sweep(rig.node()));
    rig.step_wall(-41 * day);
    EXPECT_TRUE(read(rig.node(), "fast").empty()) << "it was so for a day: then it is true";
}

TEST_F(Keep, TheSpaceOfEachClass) {
    Rig rig(2, {.space_age_max = 60s});
    for (const char* tag : {"fast", "slow", "other"}) append(rig.node(), tag, now - 5 * day, 1min, 7200);
    ASSERT_TRUE(rig->settle());
    ASSERT_TRUE(keep(rig.node(), {week, {.name = "none", .tags = {"nobody"}}}));
    History::Space space;
    while (space.classes.empty()) space = rig->ask(rig->history().space(organisation));
    ASSERT_EQ(space.classes.size(), 3u);
    EXPECT_EQ(space.classes[0].first, "week");
    EXPECT_EQ(space.classes[0].second.samples, 7200u);
    EXPECT_EQ(space.classes[1].second.series, 0u);
    EXPECT_EQ(space.classes[2].first, "");
    EXPECT_EQ(space.classes[2].second.series, 2u);
    EXPECT_EQ(space.classes[2].second.samples, 14'400u);
    EXPECT_GT(space.classes[2].second.bytes, space.classes[0].second.bytes);
    EXPECT_TRUE(rig->ask(rig->history().space(OrganisationId(7))).classes.empty());
    // What is not sealed yet takes space, too.
    append(rig.node(), "fast", now - 1h, 1s, 100);
    rig.step_wall(2min);
    const auto counted_at = space.counted_at;
    while (space.counted_at == counted_at || space.classes.empty())
        space = rig->ask(rig->history().space(organisation));
    EXPECT_EQ(space.classes[0].second.samples, 7300u);
}

// Killed after every number of writes: nothing that is kept is lost or doubled, nothing that has
// expired shows, and the next sweep ends where an undisturbed one does.
TEST_F(Keep, AKillAtAnyWriteLosesNothingThatIsKept) {
    const KeepRule coarse{.name = "coarse", .tags = {"old"}, .full_days = 30, .resolution_s = 600};
    const Instant until = start_of(month_of(now - 30 * day));
    bool was_cut = true;
    int writes = 0;
    for (; was_cut; ++writes) {
        ASSERT_LT(writes, 60);
        SCOPED_TRACE("killed after " + std::to_string(writes) + " writes");
        truth_.clear();
        const testing::TempDir dir;
        const io::ManualClock clock(now);
        auto opened = store::open(dir.store(), {}, store::Durability::fast);
        ASSERT_TRUE(opened);
        {
            Node node(*opened->store, 1, {.days_samples_min = 100}, clock);
            append(node, "fast", now - 50 * day, 1h, 50 * 24);
            append(node, "old", now - 80 * day, 1min, 2000);
            append(node, "old", now - 60 * day, 1h, 60 * 24);
            ASSERT_TRUE(node.settle());
        }
        bool has_rules = false;
        {
            CutStore cut(*opened->store, writes);
            Node node(cut, 1, {}, clock);
            has_rules = keep(node, {week, coarse}).has_value();
            (void)sweep(node);  // may be cut
            was_cut = cut.is_cut();
        }
        Node node(*opened->store, 2, {}, clock);
        EXPECT_EQ(node.ask(node.history().kept(organisation)).size(), has_rules ? 2u : 0u);
        EXPECT_EQ(read(node, "fast"), has_rules ? since("fast", week_ago) : truth_["fast"]);
        const Samples best = thinned("old", until, 600s);
        const Samples found = read(node, "old");
        for (const auto& [at, value] : best) EXPECT_EQ(found.contains(at), true) << at;
        for (const auto& [at, value] : found) EXPECT_EQ(truth_["old"].at(at), value);
        ASSERT_TRUE(keep(node, {week, coarse}));
        ASSERT_TRUE(sweep(node));
        EXPECT_EQ(read(node, "fast"), since("fast", week_ago));
        EXPECT_EQ(read(node, "old"), best);
        if (HasFailure()) return;
    }
    EXPECT_GT(writes, 6) << "too few steps: this test does not test";
}

}  // namespace
}  // namespace lineshaft::history
