// The query kernel against a map of every sample: any order, duplicates, kinds, qualities, seals,
// restarts and numbers of shards; one bucket, steps and edges; each series its own and in groups.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "history/answers.h"
#include "history/tests/chunk_samples.h"
#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using testing::now;
using testing::organisation;
using testing::Rig;

constexpr std::int64_t kernel_second = 1'000'000;
constexpr std::int64_t hour = 3'600 * kernel_second;
constexpr std::int64_t kernel_start =
    1'767'225'600 * kernel_second - 3 * hour;  // before 2026-01-01, a month's end

using KernelTruth = std::map<std::int64_t, Sample>;
using Name = std::pair<std::string, std::string>;

bool counts(const Only& only, const Sample& sample) {
    if ((only.qualities >> static_cast<unsigned>(sample.quality) & 1) == 0) return false;
    return !only.are_numbers ||
           (sample.quality < Quality::bad && only.takes(number_of(sample.value)));
}

void add(Bucket& bucket, const Sample& sample) {
    if (bucket.count_all++ == 0) bucket.seen_from = sample.at;
    bucket.seen_until = sample.at;
    const double number = number_of(sample.value);
    if (sample.quality >= Quality::bad || std::isnan(number)) return;
    if (bucket.count++ == 0) {
        bucket.min = bucket.max = bucket.first = number;
        bucket.first_at = sample.at;
    } else {
        bucket.integral +=
            bucket.last * (static_cast<double>((sample.at - bucket.last_at).count()) / 1e6);
    }
    bucket.min = std::min(bucket.min, number);
    bucket.max = std::max(bucket.max, number);
    bucket.sum += number;
    bucket.last = number;
    bucket.last_at = sample.at;
}

void expect_near(double got, double want, double magnitude) {
    if (std::isnan(want)) {
        EXPECT_TRUE(std::isnan(got));
    } else if (std::isinf(want) || std::isinf(got)) {
        EXPECT_EQ(got, want);
    } else {
        EXPECT_NEAR(got, want, 1e-9 * (1 + std::fabs(magnitude)));
    }
}

void expect_same(const Bucket& got, const Bucket& want, double magnitude) {
    EXPECT_EQ(got.start, want.start);
    EXPECT_EQ(got.count, want.count);
    EXPECT_EQ(got.count_all, want.count_all);
    EXPECT_EQ(got.seen_from, want.seen_from);
    EXPECT_EQ(got.seen_until, want.seen_until);
    if (want.count == 0) return;
    EXPECT_EQ(got.min, want.min);
    EXPECT_EQ(got.max, want.max);
    EXPECT_EQ(got.first_at, want.first_at);
    EXPECT_EQ(got.last_at, want.last_at);
    expect_near(got.sum, want.sum, magnitude);
    expect_near(got.integral, want.integral, magnitude * 1e5);
}

using Groups = std::vector<std::vector<Bucket>>;

io::Task<Result<Groups>> all_pieces(History* history, Aggregate asked) {
    auto pieces = answers_of(*history).pieces(std::move(asked));
    if (!pieces) co_return std::unexpected(pieces.error());
    Groups all;
    for (;;) {
        auto piece = co_await (*pieces)->next(std::chrono::minutes(1));
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->groups.empty()) co_return all;
        EXPECT_EQ(piece->first_group, all.size());
        for (auto& group : piece->groups) all.push_back(std::move(group));
    }
}

/// Asks for the first piece and goes away, while workers are at the next ones.
io::Task<bool> first_piece(History* history, Aggregate asked) {
    auto pieces = answers_of(*history).pieces(std::move(asked));
    CHECK(pieces.has_value());
    auto piece = co_await (*pieces)->next(std::chrono::minutes(1));
    co_return piece && !piece->groups.empty();
}

class Kernel : public ::testing::Test {
protected:
    Kernel() : random_(::testing::UnitTest::GetInstance()->random_seed() + 17) {}

    std::uint64_t under(std::uint64_t most) { return random_() % most; }

    // Whole numbers mostly, so that sums are exact and a lost or doubled sample shows.
    Value value(std::size_t tag) {
        switch (tag) {
            case 0: return static_cast<double>(under(1000)) / 4;
            case 1: return static_cast<std::int64_t>(under(100)) - 50;
            case 2: return under(2) == 0;
            default:
                if (under(12) == 0) return std::string("text ") + std::to_string(under(9));
                if (under(30) == 0) return std::nan("");
                return static_cast<double>(under(50));
        }
    }

    void append(int machines) {
        const std::string machine = "machine " + std::to_string(under(machines));
        const std::size_t tag = under(4);
        Report report{organisation, machine, {}};
        const std::uint64_t where = under(3) == 0 ? 6 * 86'400 : 6 * 3'600;
        std::int64_t at = kernel_start + static_cast<std::int64_t>(under(where)) * kernel_second;
        for (std::uint64_t left = 1 + under(300); left > 0; --left) {
            at += under(15) == 0 ? -30 * kernel_second : under(20) == 0 ? 0 : kernel_second;
            const auto quality = under(25) == 0 ? static_cast<Quality>(under(4)) : Quality::good;
            const Sample one{{at}, value(tag), quality};
            report.samples.push_back({"tag " + std::to_string(tag), one});
            truth_[{machine, "tag " + std::to_string(tag)}].insert_or_assign(at, one);
        }
        ASSERT_TRUE(rig_->append(report));
    }

    Aggregate question() {
        Aggregate asked;
        const auto instant = [&] {
            const std::uint64_t where = under(3) == 0 ? 7 * 86'400 : 8 * 3'600;
            return Instant{kernel_start - hour +
                           static_cast<std::int64_t>(under(where)) * kernel_second};
        };
        const Instant a = instant(), b = instant();
        asked.window = under(4) == 0 ? testing::always : Window{std::min(a, b), std::max(a, b)};
        if (under(3) == 0) {
            asked.edges = {std::min(a, b)};
            for (std::uint64_t left = 1 + under(20); left > 0; --left)
                asked.edges.push_back(
                    asked.edges.back() +
                    std::chrono::seconds(1 + under(under(3) == 0 ? 86'400 * 3 : 1800)));
        } else if (asked.window != testing::always && under(4) != 0) {
            asked.step = std::chrono::seconds(1 + under(under(2) == 0 ? 90 : 5000));
            if (under(3) == 0) asked.step = std::chrono::hours(24 * (1 + under(3)));
            if (under(2) == 0) {
                asked.steps_from =
                    asked.window.from - std::chrono::seconds(under(3'000'000));
            }
        }
        if (under(2) == 0) asked.only = only();
        const bool is_grouped = under(2) == 0, has_beside = under(3) == 0;
        if (has_beside && under(2) == 0) asked.beside_only = only();
        for (const auto& [name, samples] : truth_) {
            if (under(3) == 0) continue;
            asked.series.push_back(rig_->find(name.first, name.second));
            if (is_grouped) asked.group.push_back(static_cast<std::uint32_t>(under(3)));
            if (!has_beside) continue;
            std::vector<std::string> tags;
            for (const auto& [other, unused] : truth_) {
                if (other.first == name.first) tags.push_back(other.second);
            }
            asked.beside.push_back(rig_->find(name.first, tags[under(tags.size())]));
        }
        return asked;
    }

    // Numbers as they are stored, so that a bound is often met exactly; sometimes above them all.
    Only only() {
        Only some;
        some.are_numbers = under(4) != 0;
        if (under(2) == 0) some.low = static_cast<double>(under(600)) / 4 - 50;
        if (under(2) == 0) some.high = static_cast<double>(under(1400)) / 4 - 50;
        some.is_low_out = under(2) == 0;
        some.is_high_out = under(2) == 0;
        if (under(3) == 0) some.qualities = static_cast<std::uint8_t>(under(16));
        return some;
    }

    static std::int64_t start_of_bucket(const Aggregate& asked, std::int64_t at) {
        if (!asked.edges.empty())
            return std::prev(std::ranges::upper_bound(asked.edges, Instant{at}))->micros;
        const bool has_begin = asked.step.count() != 0 && asked.steps_from.micros != INT64_MIN;
        const std::int64_t from = has_begin ? asked.steps_from.micros : asked.window.from.micros;
        if (asked.step.count() == 0) return from;
        return from + (at - from) / asked.step.count() * asked.step.count();
    }

    std::vector<std::map<std::int64_t, Bucket>> expected(const Aggregate& asked) {
        std::vector<std::map<std::int64_t, Bucket>> groups;
        const Window window =
            asked.edges.empty() ? asked.window : Window{asked.edges.front(), asked.edges.back()};
        for (std::size_t index = 0; index < asked.series.size(); ++index) {
            std::map<std::int64_t, Bucket> own;
            const Series& series = asked.series[index];
            for (const auto& [at, sample] : truth_[{series.machine, series.tag}]) {
                if (!window.contains({at}) || !counts(asked.only, sample)) continue;
                if (!asked.beside.empty()) {
                    const auto& other = truth_[{series.machine, asked.beside[index].tag}];
                    const auto beside = other.find(at);
                    if (beside == other.end() || !counts(asked.beside_only, beside->second))
                        continue;
                }
                Bucket& bucket = own[start_of_bucket(asked, at)];
                bucket.start = {start_of_bucket(asked, at)};
                add(bucket, sample);
            }
            const std::size_t group = asked.group.empty() ? index : asked.group[index];
            if (groups.size() <= group) groups.resize(group + 1);
            for (const auto& [at, bucket] : own) {
                Bucket& all = groups[group][at];
                const bool is_first = all.count == 0;
                all.start = bucket.start;
                const bool is_seen = all.count_all > 0;
                all.seen_from =
                    is_seen ? std::min(all.seen_from, bucket.seen_from) : bucket.seen_from;
                all.seen_until = std::max(all.seen_until, bucket.seen_until);
                all.count_all += bucket.count_all;
                if (bucket.count == 0) continue;
                all.min = is_first ? bucket.min : std::min(all.min, bucket.min);
                all.max = is_first ? bucket.max : std::max(all.max, bucket.max);
                if (is_first || bucket.first_at < all.first_at) {
                    all.first = bucket.first;
                    all.first_at = bucket.first_at;
                }
                if (is_first || bucket.last_at > all.last_at) {
                    all.last = bucket.last;
                    all.last_at = bucket.last_at;
                }
                all.count += bucket.count;
                all.sum += bucket.sum;
                all.integral += bucket.integral;
            }
        }
        return groups;
    }

    void ask() {
        const Aggregate asked = question();
        auto got = rig_->ask(rig_->history().aggregate(asked),
                             static_cast<std::uint32_t>(under(rig_->shards().size())));
        ASSERT_TRUE(got) << got.error().context;
        const auto want = expected(asked);
        ASSERT_EQ(got->size(), want.size());
        for (std::size_t group = 0; group < want.size(); ++group) {
            ASSERT_EQ((*got)[group].size(), want[group].size());
            auto bucket = (*got)[group].begin();
            for (const auto& [at, one] : want[group]) {
                expect_same(*bucket, one, 1e6);
                if (asked.group.empty() && one.count > 0) {
                    EXPECT_EQ(bucket->first, one.first);
                    EXPECT_EQ(bucket->last, one.last);
                }
                ++bucket;
            }
        }
    }

    // Series side by side in groups: what comes in pieces is what comes at once.
    void ask_pieces() {
        Aggregate asked = question();
        asked.group.clear();
        const std::size_t each = 1 + under(3);
        for (std::size_t index = 0; index < asked.series.size(); ++index)
            asked.group.push_back(static_cast<std::uint32_t>(index / each));
        const auto shard = static_cast<std::uint32_t>(under(rig_->shards().size()));
        const auto got = rig_->ask(all_pieces(&rig_->history(), asked), shard);
        ASSERT_TRUE(got) << got.error().context;
        const auto want = expected(asked);
        const bool is_empty = got->empty();  // of an empty window there are no pieces
        for (std::size_t group = 0; group < want.size(); ++group) {
            ASSERT_EQ(is_empty ? 0 : (*got)[group].size(), want[group].size());
            for (std::size_t index = 0; const auto& [at, one] : want[group])
                expect_same((*got)[group][index++], one, 1e6);
        }
    }

    void ask_chosen() {
        SeriesChoice choice;
        choice.organisation = organisation;
        std::vector<Name> want;
        for (const auto& [name, samples] : truth_) want.push_back(name);
        if (under(2) == 0) {
            choice.machines = {"machine 3", "nobody", "machine 1", "machine 3"};
            std::erase_if(want, [](const Name& name) {
                return name.first != "machine 1" && name.first != "machine 3";
            });
        }
        if (under(2) == 0) {
            choice.tags = {"tag 2", "tag 0"};
            std::erase_if(want, [](const Name& name) {
                return name.second != "tag 0" && name.second != "tag 2";
            });
        }
        if (under(2) == 0) {
            choice.fits = [](std::string_view, std::string_view tag) { return tag != "tag 0"; };
            std::erase_if(want, [](const Name& name) { return name.second == "tag 0"; });
        }
        std::vector<Name> got;
        for (const Series& one :
             rig_->ask(rig_->history().chosen(choice),
                       static_cast<std::uint32_t>(under(rig_->shards().size())))) {
            EXPECT_EQ(one.id, rig_->find(one.machine, one.tag).id);
            got.push_back({one.machine, one.tag});
        }
        EXPECT_EQ(got, want);
        if (choice.fits) return;
        for (int again = 0; again < 2; ++again) {  // what is remembered is as new
            const auto list = rig_->ask(answers_of(rig_->history()).listed(choice));
            std::vector<Name> listed;
            for (const Series& one : list->series) listed.push_back({one.machine, one.tag});
            EXPECT_EQ(listed, want);
            EXPECT_EQ(list->owners.size(), want.size());
        }
    }

    void ask_newest() {
        std::vector<Series> series;
        for (const auto& [name, samples] : truth_) {
            if (under(4) != 0) series.push_back(rig_->find(name.first, name.second));
        }
        const auto got = rig_->ask(rig_->history().newest(series),
                                   static_cast<std::uint32_t>(under(rig_->shards().size())));
        ASSERT_TRUE(got && got->size() == series.size());
        for (std::size_t index = 0; index < series.size(); ++index) {
            const auto& truth = truth_[{series[index].machine, series[index].tag}];
            const Sample& want = truth.rbegin()->second;
            ASSERT_TRUE((*got)[index]);
            EXPECT_EQ((*got)[index]->at, want.at);
            EXPECT_EQ((*got)[index]->quality, want.quality);
            const bool is_nan = std::holds_alternative<double>(want.value) &&
                                std::isnan(std::get<double>(want.value));
            if (!is_nan) {
                EXPECT_EQ((*got)[index]->value, want.value);
            }
        }
    }

    void ask_columns() {
        for (const auto& [name, truth] : truth_) {
            const Series series = rig_->find(name.first, name.second);
            const std::size_t most = 1 + under(2 * truth.size());
            const auto got = rig_->ask(rig_->history().columns(series, testing::always, most));
            ASSERT_TRUE(got);
            ASSERT_EQ(got->size(), std::min(most, truth.size()));
            std::size_t index = 0;
            for (const auto& [at, sample] : truth) {
                if (index == got->size()) break;
                EXPECT_EQ(got->at[index], at);
                if (const auto* text = std::get_if<std::string>(&sample.value)) {
                    EXPECT_EQ(got->text_at(index), *text);
                }
                ++index;
            }
        }
    }

    std::mt19937_64 random_;
    std::map<Name, KernelTruth> truth_;
    Rig rig_{2,
             {.chunk_samples_max = 200,
              .chunk_samples_min = 50,
              .days_samples_min = 100,
              .settle_samples = 700}};
};

TEST_F(Kernel, AgreesWithEverySample) {
    for (int step = 0; step < 160; ++step) {
        if (under(10) == 0) {
            ASSERT_TRUE(under(3) == 0 ? rig_->settle() : rig_->seal());
        }
        if (under(40) == 0) rig_.reopen(1 + static_cast<unsigned>(under(3)));
        append(9);
        if (step % 4 == 3) ask();
        if (step % 4 == 1) ask_pieces();
        if (step % 10 == 9) ask_newest();
        if (step % 10 == 8) ask_chosen();
        if (HasFailure()) return;
    }
    ASSERT_TRUE(rig_->seal());
    for (int index = 0; index < 40 && !HasFailure(); ++index) ask();
    ASSERT_TRUE(rig_->settle());
    for (int index = 0; index < 40 && !HasFailure(); ++index) ask();
    ask_columns();
}

TEST_F(Kernel, BucketsAndSeriesAreBounded) {
    for (int index = 0; index < 30; ++index) append(4);
    Aggregate asked;
    for (const auto& [name, samples] : truth_)
        asked.series.push_back(rig_->find(name.first, name.second));
    asked.window = {{kernel_start - 10 * hour}, {kernel_start + 20 * hour}};
    asked.step = std::chrono::seconds(1);
    const auto all = rig_->ask(rig_->history().aggregate(asked));
    ASSERT_TRUE(all);
    std::size_t buckets = 0;
    for (const auto& group : *all) buckets += group.size();
    const auto ask_with = [&](Limits limits) {
        Rig rig(1, limits);
        for (const auto& [name, samples] : truth_) {
            Report report{organisation, name.first, {}};
            for (const auto& [at, sample] : samples)
                report.samples.push_back({name.second, sample});
            CHECK(rig->append(report).has_value());
        }
        Aggregate again = asked;
        for (Series& one : again.series) one = rig->find(one.machine, one.tag);
        const auto answer = rig->ask(rig->history().aggregate(again));
        return answer ? Code::invalid : answer.error().code;
    };
    EXPECT_EQ(ask_with({.aggregate_buckets_max = buckets}), Code::invalid) << "fits";
    EXPECT_EQ(ask_with({.aggregate_buckets_max = buckets - 1}), Code::exhausted);
    EXPECT_EQ(ask_with({.aggregate_series_max = asked.series.size()}), Code::invalid) << "fits";
    EXPECT_EQ(ask_with({.aggregate_series_max = asked.series.size() - 1}), Code::exhausted);
}

TEST_F(Kernel, BadQuestionsAreRefused) {
    append(1);
    const auto& [name, samples] = *truth_.begin();
    const Series series = rig_->find(name.first, name.second);
    const Window window{{kernel_start}, {kernel_start + hour}};
    const auto code = [&](Aggregate asked) {
        const auto answer = rig_->ask(rig_->history().aggregate(std::move(asked)));
        return answer ? std::nullopt : std::optional(answer.error().code);
    };
    EXPECT_EQ(code({.series = {series}, .window = window}), std::nullopt);
    EXPECT_EQ(code({.series = {}, .window = window}), std::nullopt);
    EXPECT_EQ(code({.series = {series}, .window = {window.from, window.from}}), std::nullopt);
    EXPECT_EQ(code({.series = {series}, .window = {window.until, window.from}}), Code::invalid);
    EXPECT_EQ(code({.series = {series}, .window = window, .step = std::chrono::seconds(-1)}),
              Code::invalid);
    EXPECT_EQ(code({.series = {series}, .group = {0, 0}, .window = window}), Code::invalid);
    EXPECT_EQ(code({.series = {series}, .group = {1'000'000}, .window = window}), Code::invalid);
    EXPECT_EQ(code({.series = {series}, .edges = {window.from}}), Code::invalid);
    EXPECT_EQ(code({.series = {series}, .edges = {window.until, window.from}}), Code::invalid);
}

TEST_F(Kernel, WhoIsErasedIsListedNoMore) {
    ASSERT_TRUE(rig_->append("press", "speed", {kernel_start}, 1.0));
    ASSERT_TRUE(rig_->append("robot", "speed", {kernel_start}, 2.0));
    SeriesChoice choice;
    choice.organisation = organisation;
    choice.tags = {"speed"};
    const auto before = rig_->ask(answers_of(rig_->history()).listed(choice));
    ASSERT_EQ(before->series.size(), 2);
    EXPECT_EQ(rig_->ask(answers_of(rig_->history()).listed(choice)), before) << "remembered";
    ASSERT_TRUE(rig_->ask(rig_->history().erase({{organisation, "press"}}, {})));
    const auto after = rig_->ask(answers_of(rig_->history()).listed(choice));
    ASSERT_EQ(after->series.size(), 1);
    EXPECT_EQ(after->series[0].machine, "robot");
    const auto newest = rig_->ask(answers_of(rig_->history()).newest_of(before, 0, 2));
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->at, (std::vector<std::int64_t>{INT64_MIN, kernel_start}));
}

TEST_F(Kernel, PiecesMayBeLeftHalfWay) {
    Aggregate asked;
    for (int machine = 0; machine < 200; ++machine) {
        const std::string name = "machine " + std::to_string(machine);
        Report report{organisation, name, {}};
        for (int sample = 0; sample < 50; ++sample)
            report.samples.push_back({"tag", {{kernel_start + sample * kernel_second}, 1.0}});
        ASSERT_TRUE(rig_->append(report));
        asked.series.push_back(rig_->find(name, "tag"));
    }
    asked.window = {{kernel_start}, {kernel_start + hour}};
    asked.step = std::chrono::seconds(7);
    for (int again = 0; again < 5; ++again)
        EXPECT_TRUE(rig_->ask(first_piece(&rig_->history(), asked)));
    asked.group.assign(asked.series.size(), 0);
    EXPECT_TRUE(rig_->ask(first_piece(&rig_->history(), asked)));
    asked.group.back() = 2;
    EXPECT_EQ(rig_->ask(all_pieces(&rig_->history(), asked)).error().code, Code::invalid);
}

TEST_F(Kernel, EndsWhenItIsToldTo) {
    for (int index = 0; index < 20; ++index) append(3);
    Aggregate asked;
    for (const auto& [name, samples] : truth_)
        asked.series.push_back(rig_->find(name.first, name.second));
    asked.window = testing::always;
    std::stop_source source;
    asked.stop = source.get_token();
    EXPECT_TRUE(rig_->ask(rig_->history().aggregate(asked)));
    source.request_stop();
    const auto answer = rig_->ask(rig_->history().aggregate(asked));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::cancelled);
}

}  // namespace
}  // namespace lineshaft::history
