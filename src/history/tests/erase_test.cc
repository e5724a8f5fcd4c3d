// Erasing: what goes is gone from every family and every file, whatever is done beside it and
// wherever it is killed; what stays is untouched; who speaks again is new.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <set>

#include "history/dictionary.h"
#include "history/inbox.h"
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
using testing::TempDir;

// Names of the files below `directory` that hold `text`.
std::string files_with(const std::string& directory, std::string_view text) {
    std::string found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(in), {});
        if (bytes.find(text) != std::string::npos) found += entry.path().filename().string() + " ";
    }
    return found;
}

// How many keys of any family are about the series: its name, its chunks, its inbox samples.
std::size_t traces_of(store::Store& store, const std::set<std::uint64_t>& series) {
    std::size_t traces = 0;
    const auto names = store.scan(store::Family::history_series, "", "");
    for (; names->is_valid(); names->next()) {
        Reader in(as_bytes(names->key()));
        const auto id = in.take_be<std::uint64_t>();
        if (id && in.at_end() && series.contains(*id)) ++traces;
    }
    const auto chunks = store.scan(store::Family::history_chunks, "", "");
    for (; chunks->is_valid(); chunks->next()) {
        const auto key = parse_chunk_key(chunks->key());
        if (!key || series.contains(key->series.number())) ++traces;
    }
    const auto inbox = store.scan(store::Family::history_inbox, "", "");
    for (; inbox->is_valid(); inbox->next()) {
        const auto key = parse_inbox_key(inbox->key());
        const auto record = parse_inbox(key->ticket, as_bytes(inbox->value()));
        if (!record) ++traces;
        if (!record) continue;
        for (const SeriesId id : record->series) traces += series.contains(id.number()) ? 1 : 0;
    }
    return traces;
}

std::size_t records_of_erasing(store::Store& store) {
    std::size_t count = 0;
    const auto cursor = store.scan(store::Family::history_series, litter_keys, "");
    for (; cursor->is_valid(); cursor->next()) ++count;
    return count;
}

Result<void> erase(Node& node, const std::string& machine) {
    return node.ask(node.history().erase({{organisation, machine, UINT64_MAX}}, nullptr));
}

TEST(Erase, NothingOfItIsLeftInAnyFile) {
    Rig rig(2);
    const auto text = [](const std::string& machine, int index) {
        return machine + " says something unlike everything else " + std::to_string(index * 7919);
    };
    std::set<std::uint64_t> going;
    for (int round = 0; round < 3; ++round) {
        for (const std::string machine : {"press-3", "saw-1", "oven-2"}) {
            Report report{organisation, machine, {}};
            for (int index = 0; index < 4; ++index) {
                const Instant at = now - 20 * 86'400s + std::chrono::days(round * 5) +
                                   std::chrono::seconds(index);
                report.samples.push_back({machine + " recipe", {at, text(machine, index), {}}});
                report.samples.push_back({machine + " speed", {at, 1.5 * index, {}}});
            }
            ASSERT_TRUE(rig->append(report));
        }
        if (round == 0) {
            ASSERT_TRUE(rig->seal());
        }
        if (round == 1) rig.reopen(3);
    }
    for (const std::string tag : {"press-3 recipe", "press-3 speed"})
        going.insert(rig->find("press-3", tag).id.number());
    const Series held = rig->find("press-3", "press-3 recipe");
    EXPECT_NE(files_with(rig.directory(), "press-3 says"), "");

    int called = 0;
    ASSERT_TRUE(rig->ask(rig->history().erase(
        {{organisation, "press-3", UINT64_MAX}}, [&](const Erasure& what, bool speaks_again) {
            EXPECT_EQ(what.machine, "press-3");
            EXPECT_FALSE(speaks_again);
            ++called;
        })));
    EXPECT_EQ(called, 1);
    EXPECT_TRUE(rig->ask(rig->history().series_of(organisation, "press-3")).empty());
    EXPECT_FALSE(rig->ask(rig->history().find(organisation, "press-3", "press-3 recipe")));
    EXPECT_TRUE(rig->ask(rig->history().read(held, always, 100))->empty()) << "by one who knew it";
    EXPECT_EQ(rig->ask(rig->history().machines()).size(), 2u);
    EXPECT_EQ(rig->stats().series, 4u);
    const auto before = rig->ask(rig->history().purging());
    EXPECT_EQ(before.machines, 1u);
    EXPECT_EQ(before.series, 2u);

    // It speaks while it is being erased: that is another.
    ASSERT_TRUE(rig->append("press-3", "press-3 recipe", now, std::string("new words")));
    ASSERT_TRUE(rig->ask(rig->history().purge()));
    const auto after = rig->ask(rig->history().purging());
    EXPECT_EQ(after.machines + after.series + after.merges, 0u);
    EXPECT_EQ(files_with(rig.directory(), "press-3 says"), "");
    EXPECT_EQ(files_with(rig.directory(), "press-3 speed"), "") << "a tag's name";
    EXPECT_NE(files_with(rig.directory(), "saw-1"), "");
    EXPECT_EQ(traces_of(rig.store(), going), 0u);
    EXPECT_EQ(records_of_erasing(rig.store()), 0u);
    for (int start = 0; start < 2; ++start) {
        for (const std::string machine : {"saw-1", "oven-2"})
            EXPECT_EQ(rig->read(machine, machine + " recipe", always).size(), 12u);
        EXPECT_EQ(rig->read("press-3", "press-3 recipe", always).size(), 1u);
        EXPECT_EQ(rig->ask(rig->history().series_of(organisation, "press-3")).size(), 1u);
        rig.reopen(2);
    }
}

TEST(Erase, WhatNobodyKnowsIsErasedAlready) {
    Rig rig;
    EXPECT_TRUE(erase(rig.node(), "nobody"));
    EXPECT_TRUE(rig->ask(rig->history().purge()));
    EXPECT_EQ(records_of_erasing(rig.store()), 0u);
    // The same wish again, after the machine came back: what is newer than the wish stays.
    ASSERT_TRUE(rig->append("m", "tag", now, 1.0));
    const std::uint64_t before = rig.store().ticket();
    ASSERT_TRUE(rig->ask(rig->history().erase({{organisation, "m", before}}, nullptr)));
    ASSERT_TRUE(rig->append("m", "tag", now, 2.0));
    for (int again = 0; again < 2; ++again) {
        ASSERT_TRUE(rig->ask(rig->history().erase(
            {{organisation, "m", before}},
            [](const Erasure&, bool) { ADD_FAILURE() << "it vanished before"; })));
        EXPECT_EQ(rig->read("m", "tag", always).size(), 1u);
        ASSERT_TRUE(rig->ask(rig->history().purge()));
    }
    EXPECT_EQ(rig->read("m", "tag", always).size(), 1u);
}

TEST(Erase, RecordsThatWereSetAsideLoseItToo) {
    Rig rig;
    ASSERT_TRUE(rig->append("going", "tag", now, std::string("words of the one that goes")));
    ASSERT_TRUE(rig->append("staying", "tag", now, std::string("words of the one that stays")));
    const SeriesId going = rig->find("going", "tag").id;
    const SeriesId staying = rig->find("staying", "tag").id;
    InboxWriter mixed;
    mixed.add(staying, 5, Mark(Kind::integer, Quality::good), 7, {});
    mixed.add(going, 6, Mark(Kind::text, Quality::good), 0, "aside");
    mixed.add(SeriesId(999'999'999), 9, Mark(Kind::text, Quality::bad), 0, "unknown");
    store::Batch batch;
    batch.put(store::Family::history_inbox, inbox_key(inbox_quarantine, 40),
              mixed.finish(0, 1, 40, 0));
    batch.put(store::Family::history_inbox, inbox_key(inbox_quarantine, 41), "cannot be read");
    rig.write(std::move(batch));
    ASSERT_TRUE(erase(rig.node(), "going"));
    ASSERT_TRUE(rig->ask(rig->history().purge()));
    EXPECT_EQ(traces_of(rig.store(), {going.number()}), 0u);
    const auto left = rig.store().get(store::Family::history_inbox, inbox_key(inbox_quarantine, 40));
    ASSERT_TRUE(left && *left);
    const auto record = parse_inbox(40, as_bytes(**left));
    ASSERT_TRUE(record);
    ASSERT_EQ(record->series, (std::vector{staying, SeriesId(999'999'999)}));
    EXPECT_EQ(record->samples.at[1], 9);
    EXPECT_EQ(record->samples.text_at(1), "unknown");
    EXPECT_EQ(files_with(rig.directory(), "cannot be read"), "");
}

TEST(Erase, ManyMachinesGoInOneSweep) {
    Rig rig(2);
    std::vector<Erasure> all;
    std::set<std::uint64_t> going;
    for (int machine = 0; machine < 40; ++machine) {
        const std::string name = "machine " + std::to_string(machine);
        for (int month = 0; month < 3; ++month) {
            Report report{organisation, name, {}};
            for (int tag = 0; tag < 5; ++tag) {
                report.samples.push_back({"tag " + std::to_string(tag),
                                          {now - std::chrono::days(31 * month), 1.0, {}}});
            }
            ASSERT_TRUE(rig->append(report));
        }
        if (machine % 4 == 0) continue;
        all.push_back({organisation, name, UINT64_MAX});
        for (const Series& series : rig->ask(rig->history().series_of(organisation, name)))
            going.insert(series.id.number());
    }
    ASSERT_TRUE(rig->seal());
    ASSERT_TRUE(rig->ask(rig->history().erase(all, nullptr)));
    ASSERT_TRUE(rig->ask(rig->history().purge()));
    EXPECT_EQ(going.size(), 150u);
    EXPECT_EQ(traces_of(rig.store(), going), 0u);
    EXPECT_EQ(rig->ask(rig->history().machines()).size(), 10u);
    EXPECT_EQ(rig->read("machine 4", "tag 2", always).size(), 3u);
}

// --- the model -----------------------------------------------------------------------------------

// Random appends, seals, erasures and purges against a map, on a store that stops writing after so
// many writes; then a start that may be killed as well, and one that is not.
class Life {
public:
    using Truth = std::map<std::pair<std::string, std::string>, std::map<std::int64_t, std::string>>;

    explicit Life(std::uint64_t seed) : random_(seed), clock_(now) {
        auto opened = store::open(dir_.store(), {}, store::Durability::fast);
        EXPECT_TRUE(opened);
        store_ = std::move(opened->store);
    }
    ~Life() { store_->close(); }

    void run() {
        for (int run = 0; run < 4; ++run) {
            SCOPED_TRACE("run " + std::to_string(run));
            CutStore cut(*store_, 1 + static_cast<int>(random_() % 40));
            live(cut);
            if (::testing::Test::HasFailure()) return;
        }
        Node node(*store_, shards(), {}, clock_);
        finish(node);
    }

private:
    unsigned shards() { return 1 + static_cast<unsigned>(random_() % 3); }
    std::string machine() { return "machine " + std::to_string(random_() % 3); }

    void live(CutStore& cut) {
        Node node(cut, shards(), {.chunk_samples_max = 5, .seal_retry = 3600s}, clock_);
        compare(node, "after the start");
        for (int step = 0; step < 16 && !cut.is_cut(); ++step) {
            switch (random_() % 8) {
                case 0: (void)(random_() % 2 == 0 ? node.seal() : node.settle()); break;
                case 1: forget(node); break;
                case 2: (void)node.ask(node.history().purge()); break;
                default: append(node);
            }
            if (step % 4 == 3) compare(node, "while it runs");
            if (::testing::Test::HasFailure()) return;
        }
        compare(node, "at the kill");
    }

    void append(Node& node) {
        const std::string name = machine(), tag = "tag " + std::to_string(random_() % 2);
        Report report{organisation, name, {}};
        std::map<std::int64_t, std::string> written;
        for (int index = 0; index < 4; ++index) {
            const Instant at = now - std::chrono::hours(random_() % 2'000);
            const std::string text = name + " number " + std::to_string(++counter_);
            report.samples.push_back({tag, {at, text, Quality::good}});
            written[at.micros] = text;
        }
        const auto appended = node.append(report);
        if (!appended) return;  // cut off: never acknowledged
        for (const auto& [at, text] : written) truth_[{name, tag}][at] = text;
    }

    std::map<std::pair<std::string, std::string>, std::uint64_t> ids_of(Node& node,
                                                                        const std::string& name) {
        std::map<std::pair<std::string, std::string>, std::uint64_t> ids;
        for (const Series& series : node.ask(node.history().series_of(organisation, name)))
            ids[{name, series.tag}] = series.id.number();
        return ids;
    }

    void forget(Node& node) {
        const std::string name = machine();
        const auto ids = ids_of(node, name);
        if (!erase(node, name)) return;  // killed: nothing happened
        for (const auto& [key, id] : ids) gone_.insert(id);
        std::erase_if(truth_, [&](const auto& one) { return one.first.first == name; });
    }

    void compare(Node& node, const char* when) {
        for (int index = 0; index < 3; ++index) {
            const std::string name = "machine " + std::to_string(index);
            for (const auto& [key, id] : ids_of(node, name))
                ASSERT_FALSE(gone_.contains(id)) << key.first << " came back " << when;
        }
        for (const auto& [key, samples] : truth_) {
            std::map<std::int64_t, std::string> got;
            for (const Sample& sample : node.read(key.first, key.second, always))
                got[sample.at.micros] = std::get<std::string>(sample.value);
            for (const auto& [at, text] : samples) ASSERT_EQ(got[at], text) << when;
        }
    }

    void finish(Node& node) {
        compare(node, "at the end");
        ASSERT_TRUE(node.ask(node.history().purge()));
        EXPECT_EQ(traces_of(*store_, gone_), 0u);
        EXPECT_EQ(records_of_erasing(*store_), 0u);
        compare(node, "after the last purge");
    }

    std::mt19937_64 random_;
    TempDir dir_;
    io::ManualClock clock_;
    std::unique_ptr<store::Store> store_;
    Truth truth_;
    std::set<std::uint64_t> gone_;
    int counter_ = 0;
};

class EraseModel : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(EraseModel, WhatIsErasedStaysAwayAndTheRestStays) {
    Life life(GetParam());
    life.run();
}

INSTANTIATE_TEST_SUITE_P(Seeds, EraseModel, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace lineshaft::history
