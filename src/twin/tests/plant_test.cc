// The plant over a real store: a report is durable, then seen; what was seen is there after a
// restart.
#include <algorithm>

#include "rig.h"

namespace lineshaft::twin::testing {
namespace {

using std::chrono::seconds;

bool has_event(const std::vector<Event>& events, std::string_view kind) {
    return std::ranges::find(events, kind, &Event::kind) != events.end();
}

TEST(Plant, AReportIsStoredAndSeenWhateverTheShards) {
    for (const unsigned shard_count : {1u, 2u, 3u}) {
        Rig rig(shard_count);
        const Instant now = rig.now();
        for (int index = 0; index < 12; ++index) {
            const std::string machine = "m" + std::to_string(index);
            const auto stored =
                rig.report({home, machine, {{"x", {now, double(index), {}}}}}, Source::json,
                           static_cast<std::uint32_t>(index) % shard_count);
            ASSERT_TRUE(stored) << stored.error().context;
            EXPECT_EQ(stored->stored, 1u);
            const auto values = rig.run(rig.plant->values(home, machine), shard_count - 1);
            ASSERT_TRUE(values);
            ASSERT_EQ(values->size(), 1u);
            EXPECT_EQ(values->at(0).sample.value, history::Value{double(index)});
        }
        const auto machines = rig.run(rig.plant->machines(home));
        ASSERT_EQ(machines.size(), 12u);
        EXPECT_TRUE(std::ranges::is_sorted(machines, {}, &MachineState::id));
        EXPECT_TRUE(std::ranges::all_of(
            machines, [](const auto& one) { return one.connection == Connection::online; }));
        EXPECT_EQ(rig.discovered, 12);
        EXPECT_TRUE(rig.run(rig.plant->machines(acme)).empty());
        EXPECT_EQ(rig.run(rig.plant->machine(acme, "m0")).error().code, Code::not_found);
        const auto counters = rig.run(rig.plant->counters());
        EXPECT_EQ(counters.reports, 12u);
        EXPECT_EQ(counters.samples, 12u);
    }
}

TEST(Plant, ShowsNothingThatHistoryRefused) {
    Rig rig;
    const Instant now = rig.now();
    history::Report mixed{home,
                          "press",
                          {{"good", {now, 1.0, {}}},
                           {"future", {now + std::chrono::hours{48}, 2.0, {}}},
                           {"ancient", {Instant{0}, 3.0, {}}},
                           {"", {now, 4.0, {}}},
                           {"long", {now, std::string(70'000, 'x'), {}}},
                           {"also good", {now, 5.0, {}}}}};
    const auto stored = rig.report(std::move(mixed));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->stored, 2u);
    EXPECT_EQ(stored->refused(), 4u);
    const auto values = rig.run(rig.plant->values(home, "press"));
    ASSERT_EQ(values->size(), 2u);
    EXPECT_EQ(values->at(0).tag, "also good");
    EXPECT_EQ(values->at(1).tag, "good");
    // Told once an hour for each kind.
    ASSERT_TRUE(rig.report({home, "press", {{"future", {now + std::chrono::hours{48}, 2.0, {}}}}}));
    std::vector<std::string> refused;
    const auto events = rig.run(rig.plant->events(home, "press", now + std::chrono::hours{1}, 100));
    for (const auto& event : events) {
        if (event.kind == "refused") refused.push_back(event.text);
    }
    ASSERT_EQ(refused.size(), 2u);
    EXPECT_TRUE(std::ranges::any_of(refused, [](auto& text) { return text.contains("clock"); }));
    EXPECT_TRUE(std::ranges::any_of(refused, [](auto& text) { return text.contains("too long"); }));
    ASSERT_TRUE(rig.report({home, "ghost", {{"x", {Instant{0}, 1.0, {}}}}}));
    EXPECT_EQ(rig.run(rig.plant->machine(home, "ghost")).error().code, Code::not_found);
    EXPECT_EQ(rig.run(rig.plant->counters()).refused, 6u);
}

TEST(Plant, RefusesNamesThatAreNoMachines) {
    Rig rig;
    for (const std::string name : {"", "a/b", "a#", "+", "\xff"}) {
        const auto stored = rig.report({home, name, {}});
        ASSERT_FALSE(stored) << name;
        EXPECT_EQ(stored.error().code, Code::invalid) << name;
    }
    EXPECT_TRUE(rig.run(rig.plant->machines(home)).empty());
}

TEST(Plant, KnowsAsManyMachinesAsItMay) {
    Limits limits;
    limits.machines_max = 2;
    Rig rig(1, limits);
    EXPECT_TRUE(rig.say("a", "x", 1.0, rig.now()));
    EXPECT_TRUE(rig.report({home, "b", {}}));  // no sample: a sign of life all the same
    const auto third = rig.say("c", "x", 1.0, rig.now());
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Code::exhausted);
    EXPECT_TRUE(rig.say("a", "y", 1.0, rig.now()));
    rig.presence("d", Presence::born);
    EXPECT_EQ(rig.run(rig.plant->machines(home)).size(), 2u);
}

// What it said is on disk only after its death has come: it stays dead.
TEST(Plant, ADeathIsNotOvertakenByWhatWasSaidBefore) {
    for (const unsigned shard_count : {1u, 3u}) {
        Rig rig(shard_count);
        const Instant now = rig.now();
        ASSERT_TRUE(rig.say("press", "x", 1.0, now));
        rig.faulty->hold_answers();
        std::atomic<bool> is_stored{false};
        rig.on_shard(0, [&] {
            const auto stored = [&](const Result<history::Appended>&) { is_stored = true; };
            rig.plant->report({home, "press", {{"x", {now + seconds{1}, 2.0, {}}}}},
                              Source::sparkplug, stored);
            rig.plant->presence(home, "press", Source::sparkplug, Presence::died, "the cable");
        });
        EXPECT_EQ(rig.run(rig.plant->machine(home, "press"))->connection, Connection::online);
        rig.faulty->release();
        ASSERT_TRUE(Rig::eventually([&] { return is_stored.load(); }));
        rig.settle();
        EXPECT_EQ(rig.run(rig.plant->machine(home, "press"))->connection, Connection::stale);
        rig.presence("press", Presence::born);
        EXPECT_EQ(rig.run(rig.plant->machine(home, "press"))->connection, Connection::online);
    }
}

// One connection listens for commands, another comes and goes with each thing the machine says.
TEST(Plant, AMachineIsThereUntilTheLastOfItsConnectionsIsGone) {
    for (const unsigned shard_count : {1u, 3u}) {
        Rig rig(shard_count);
        const auto connection = [&] { return rig.run(rig.plant->machine(home, "press"))->connection; };
        const auto told = [&] {
            std::size_t count = 0;
            for (const auto& event : rig.run(rig.plant->events(home, "press", rig.now() + seconds{60}, 100)))
                count += event.kind == "birth" || event.kind == "death" ? 1u : 0u;
            return count;
        };
        rig.presence("press", Presence::born, "connected");
        rig.presence("press", Presence::born, "connected again");
        rig.presence("press", Presence::goodbye, "bye");
        EXPECT_EQ(connection(), Connection::online);
        rig.presence("press", Presence::born, "taken over");
        rig.presence("press", Presence::died, "the cable");
        EXPECT_EQ(connection(), Connection::online);
        EXPECT_EQ(told(), 1u);
        rig.presence("press", Presence::died, "the cable");
        EXPECT_EQ(connection(), Connection::stale);
        rig.presence("press", Presence::goodbye, "who is not there cannot leave twice");
        rig.presence("press", Presence::born, "connected");
        EXPECT_EQ(connection(), Connection::online);
        rig.presence("press", Presence::goodbye, "bye");
        EXPECT_EQ(connection(), Connection::offline);
    }
}

// As the program wires it: the twin goes in the turn in which the history vanishes.
TEST(Plant, WhatIsErasedIsForgottenAndMaySpeakAgain) {
    for (const unsigned shard_count : {1u, 3u}) {
        Rig rig(shard_count);
        const Instant now = rig.now();
        ASSERT_TRUE(rig.say("press", "x", 1.0, now));
        ASSERT_TRUE(rig.say("press", "old tag", 1.0, now));
        ASSERT_TRUE(rig.say("saw", "x", 2.0, now));
        bool was_known = false;
        const auto forget = [&](const history::Erasure& what, bool speaks_again) {
            EXPECT_FALSE(speaks_again);
            was_known = rig.plant->forget(what.organisation, what.machine, speaks_again);
        };
        ASSERT_TRUE(rig.run(rig.history->erase({{home, "press", UINT64_MAX}}, forget)));
        EXPECT_TRUE(was_known);
        EXPECT_EQ(rig.run(rig.plant->machine(home, "press")).error().code, Code::not_found);
        EXPECT_EQ(rig.run(rig.plant->machines(home)).size(), 1u);
        const auto events = rig.run(rig.plant->events(home, "", now + seconds{60}, 100));
        EXPECT_TRUE(std::ranges::none_of(
            events, [](const Event& event) { return event.machine == "press"; }));
        // Nobody is discovered by leaving.
        rig.presence("press", Presence::goodbye, "bye");
        EXPECT_EQ(rig.run(rig.plant->machine(home, "press")).error().code, Code::not_found);

        rig.discovered = 0;
        ASSERT_TRUE(rig.say("press", "x", 3.0, now + seconds{1}));
        EXPECT_EQ(rig.discovered, 1);
        const auto values = rig.run(rig.plant->values(home, "press"));
        ASSERT_TRUE(values);
        ASSERT_EQ(values->size(), 1u) << "the old tag is gone";
        EXPECT_EQ(values->at(0).sample.value, history::Value{3.0});
        ASSERT_TRUE(rig.run(rig.history->purge()));
        rig.reopen(2);
        EXPECT_EQ(rig.run(rig.plant->values(home, "press"))->size(), 1u);
        EXPECT_EQ(rig.run(rig.plant->values(home, "saw"))->size(), 1u);
    }
}

TEST(Plant, IsTheSameAfterARestartWithOtherShards) {
    Rig rig(2);
    const Instant now = rig.now();
    ASSERT_TRUE(rig.say("press", "state", std::string("Running"), now));
    ASSERT_TRUE(rig.say("press", "x", 1.0, now));
    ASSERT_TRUE(rig.say("press", "x", 2.0, now + seconds{1}));
    rig.presence("press", Presence::died, "the cable");
    rig.plant->record({now, home, "press", "write", "x = 3\nby li"});
    ASSERT_TRUE(Rig::eventually([&] {
        return has_event(rig.run(rig.plant->events(home, "press", now + seconds{60}, 100)),
                         "write");
    }));
    const auto before = rig.run(rig.plant->events(home, "press", now + seconds{60}, 100));
    rig.discovered = 0;
    for (const unsigned shard_count : {1u, 3u}) {
        rig.reopen(shard_count);
        const auto values = rig.run(rig.plant->values(home, "press"));
        ASSERT_TRUE(values);
        ASSERT_EQ(values->size(), 2u);
        EXPECT_EQ(values->at(1).sample.value, history::Value{2.0});
        const auto state = rig.run(rig.plant->machine(home, "press"));
        EXPECT_EQ(state->connection, Connection::stale);
        EXPECT_EQ(state->state, "Running");
        const auto after = rig.run(rig.plant->events(home, "press", now + seconds{60}, 100));
        ASSERT_EQ(after.size(), before.size());
        for (std::size_t index = 0; index < after.size(); ++index) {
            EXPECT_EQ(after[index].at, before[index].at);
            EXPECT_EQ(after[index].kind, before[index].kind);
            EXPECT_EQ(after[index].text, before[index].text);
        }
        // In memory too, once loaded, and each once.
        EXPECT_TRUE(Rig::eventually([&] {
            return rig.run(rig.plant->events(home, "", now + seconds{60}, 100)).size() ==
                   before.size();
        }));
    }
    ASSERT_TRUE(rig.say("press", "x", 3.0, now + seconds{2}));
    EXPECT_EQ(rig.discovered, 0);  // known before
    EXPECT_FALSE(rig.run(rig.plant->events(home, "", now + seconds{60}, 100)).size() >
                 before.size());
}

TEST(Plant, TheDoorAMachineSpokeThroughOutlivesARestart) {
    Rig rig;
    ASSERT_TRUE(rig.say("press", "x", 1.0, rig.now()));
    const auto source = [&] { return rig.run(rig.plant->machine(home, "press"))->source; };
    EXPECT_EQ(source(), Source::json);
    EXPECT_EQ(rig.changed_sources, 0);
    for (int turn = 0; turn < 3; ++turn) {  // told once for each door, however often it changes
        ASSERT_TRUE(rig.report({home, "press", {}}, Source::thingsboard));
        ASSERT_TRUE(rig.report({home, "press", {}}));
    }
    EXPECT_EQ(rig.changed_sources, 2);
    rig.last_source = Source::thingsboard;
    rig.reopen(1);
    EXPECT_EQ(source(), Source::thingsboard);
    ASSERT_TRUE(rig.report({home, "press", {}}, Source::thingsboard));
    EXPECT_EQ(rig.changed_sources, 2);
}

TEST(Plant, EventsOfOneMachineNeverShareAnInstant) {
    Rig rig;
    const Instant at = rig.now();
    ASSERT_TRUE(rig.report({home, "press", {}}));
    for (int index = 0; index < 5; ++index)
        rig.plant->record({at, home, "press", "note", std::to_string(index)});
    ASSERT_TRUE(Rig::eventually([&] {
        return rig.run(rig.plant->events(home, "press", at + seconds{60}, 100)).size() == 6;
    }));
    const auto two = rig.run(rig.plant->events(home, "press", at + seconds{60}, 2));
    ASSERT_EQ(two.size(), 2u);
    EXPECT_GT(two[0].at, two[1].at);
    EXPECT_EQ(two[0].text, "4");
}

TEST(Plant, ShowsWatchersOnAnyShardWhatTheyAskedFor) {
    Limits limits;
    limits.live_interval = io::Steady{10};
    Rig rig(3, limits);
    for (std::uint32_t shard = 0; shard < 3; ++shard) {
        auto seen = std::make_shared<std::vector<LiveBatch>>();  // of the shard
        std::unique_ptr<Watch> watch;
        rig.on_shard(shard, [&] {
            watch = rig.plant->watch(
                home, {"press"},
                [seen](const std::shared_ptr<const LiveBatch>& batch) { seen->push_back(*batch); });
        });
        ASSERT_TRUE(watch);
        const auto has = [&](const std::function<bool(const LiveBatch&)>& wanted) {
            bool found = false;
            rig.on_shard(shard, [&] { found = std::ranges::any_of(*seen, wanted); });
            return found;
        };
        double number = shard * 100.0;
        const auto has_value = [&](const LiveBatch& batch) {
            return std::ranges::any_of(batch.values, [&](const auto& one) {
                return one.machine == "press" &&
                       one.values.at(0).sample.value == history::Value{number};
            });
        };
        // The first may come before the owner heard that somebody watches.
        EXPECT_TRUE(Rig::eventually([&] {
            number += 1;
            EXPECT_TRUE(rig.say("press", "x", number, rig.now()));
            EXPECT_TRUE(rig.say("lathe", "x", number, rig.now()));
            return Rig::eventually([&] { return has(has_value); });
        }));
        EXPECT_FALSE(has([](const LiveBatch& batch) {
            return std::ranges::any_of(batch.values,
                                       [](const auto& one) { return one.machine != "press"; });
        }));
        rig.plant->record({rig.now(), home, "lathe", "note", "hello"});
        EXPECT_TRUE(Rig::eventually([&] {
            return has([](const LiveBatch& batch) { return has_event(batch.events, "note"); });
        }));
        rig.on_shard(shard, [&] { watch.reset(); });
    }
}

TEST(Plant, HasAsManyWatchersAsItMay) {
    Limits limits;
    limits.watchers_max = 2;
    Rig rig(1, limits);
    rig.on_shard(0, [&] {
        auto first = rig.plant->watch(home, {}, [](auto) {});
        auto second = rig.plant->watch(home, {}, [](auto) {});
        EXPECT_TRUE(first && second);
        EXPECT_FALSE(rig.plant->watch(home, {}, [](auto) {}));
        second.reset();
        EXPECT_TRUE(rig.plant->watch(home, {}, [](auto) {}));
    });
}

TEST(Plant, AMachineWhoseFirstReportIsNotStoredTakesNoPlace) {
    Rig rig(2);
    rig.places_max = 1;
    const Instant now = rig.now();
    rig.faulty->fail_submit(1, Error{Code::unavailable, "the disk"});
    EXPECT_FALSE(rig.say("press", "speed", 1.0, now).has_value());
    EXPECT_EQ(rig.places, 0);
    // Nor one of which everything was refused, nor one the inbox had no room for.
    EXPECT_EQ(rig.say("press", "speed", 1.0, Instant{0})->refused_time, 1U);
    EXPECT_EQ(rig.places, 0);
    EXPECT_TRUE(rig.say("lathe", "speed", 1.0, now).has_value()) << "the place is free";
    EXPECT_EQ(rig.places, 1);
    EXPECT_EQ(rig.say("press", "speed", 1.0, now).error().code, Code::exhausted);
    EXPECT_EQ(rig.places, 1) << "a refusal gives nothing back";
    EXPECT_TRUE(rig.say("lathe", "speed", 2.0, now).has_value());
    EXPECT_EQ(rig.places, 1);
    rig.faulty->fail_submit(1, Error{Code::unavailable, "the disk"});
    EXPECT_FALSE(rig.say("lathe", "speed", 3.0, now).has_value());
    EXPECT_EQ(rig.places, 1) << "it has been heard of before";
}

TEST(Plant, APageOfMachinesIsPartOfTheWholeList) {
    Rig rig(3);
    const Instant now = rig.now();
    for (const int index : {7, 3, 11, 5, 2, 13})
        ASSERT_TRUE(rig.say("m" + std::to_string(index), "speed", 1.0, now).has_value());
    ASSERT_TRUE(rig.report({testing::acme, "m1", {{"speed", {now, 1.0}}}}).has_value());
    const auto all = rig.run(rig.plant->machines(home));
    ASSERT_EQ(all.size(), 6U);
    std::string after;
    for (std::size_t begin = 0; begin < 8; begin += 2) {
        const auto page = rig.run(rig.plant->machines_after(home, after, 2));
        EXPECT_EQ(page.total, 6U);
        ASSERT_EQ(page.items.size(), begin < 6 ? 2U : 0U);
        for (std::size_t index = 0; index < page.items.size(); ++index)
            EXPECT_EQ(page.items[index].id, all[begin + index].id);
        if (!page.items.empty()) after = page.items.back().id;
    }
    for (std::uint32_t shard = 0; shard < 3; ++shard) {
        const auto whole = rig.run(rig.plant->machine_now(home, "m7"), shard);
        ASSERT_TRUE(whole.has_value());
        EXPECT_EQ(whole->state.id, "m7");
        ASSERT_EQ(whole->values.size(), 1U);
        EXPECT_EQ(rig.run(rig.plant->machine_now(home, "m1"), shard).error().code,
                  Code::not_found);
    }
}

}  // namespace
}  // namespace lineshaft::twin::testing
