// Bulk jobs, quotas, the prefix book and the statistics.
#include <fmt/format.h>

#include "identity/bulk.h"
#include "identity/prefix_book.h"
#include "identity/statistics.h"
#include "identity/tests/rig.h"

namespace lineshaft::identity {
namespace {

using testing::Rig;
using testing::url;

class Jobs {
public:
    explicit Jobs(Rig& rig, BulkLimits limits = {})
        : rig_(rig), jobs(*rig.faulty, *rig.shards, *rig.lanes[0], *rig.registry, limits) {}

    static BulkRow row(std::string name, std::string address) {
        BulkRow out;
        out.change = testing::create(std::move(name), {url(1, std::move(address))});
        out.change.keeps_same = true;
        out.hash = hash64(out.change.handle + out.change.values[0].data);
        return out;
    }
    /// All of `rows`, as the route does it. Receipts as "made 88.1/A".
    std::vector<std::string> send(const std::string& key, const std::vector<BulkRow>& rows,
                                  std::uint64_t from = 1, std::size_t stop_after = 1'000'000) {
        auto run = rig_.run(jobs.begin(1, key, "ann", from));
        if (!run) return {run.error().context};
        std::vector<std::string> out;
        for (std::size_t at = from - 1; at < std::min(rows.size(), stop_after);) {
            const auto most = jobs.window(*run);
            if (!most) return {most.error().context};
            const auto end = std::min({rows.size(), at + *most, stop_after});
            std::vector<BulkRow> some(rows.begin() + std::ptrdiff_t(at),
                                      rows.begin() + std::ptrdiff_t(end));
            auto told = rig_.run(jobs.take(&*run, std::move(some)));
            if (!told) {
                out.push_back(told.error().context);
                break;
            }
            for (const auto& one : *told)
                out.push_back(fmt::format("{} {} {}", one.row, name_of(one.state),
                                          one.why.empty() ? one.handle : one.why));
            at = end;
        }
        EXPECT_TRUE(rig_.run(jobs.end(&*run, stop_after >= rows.size())).has_value());
        return out;
    }

    Rig& rig_;
    BulkJobs jobs;
};

TEST(Bulk, RowsAndTheirReceipts) {
    Rig rig;
    Jobs jobs(rig, {.window_rows = 2});
    EXPECT_TRUE(rig.change(testing::create("88.1/old", {url(1, "x")})).is_good());
    std::vector<BulkRow> rows{Jobs::row("88.1/a", "1"), Jobs::row("88.1/a", "1"), Jobs::row("88.1/a", "2"),
                              Jobs::row("88.1/old", "y"), Jobs::row("88.1/old", "z"), Jobs::row("99.9/x", "1")};
    rows[4].change.kind = Change::Kind::replace_values;
    BulkRow bad;
    bad.why = "no JSON";
    rows.push_back(bad);
    BulkRow gone;
    gone.change = testing::change_of(Change::Kind::remove, "88.1/old");
    rows.push_back(gone);
    rows.push_back(gone);
    BulkRow minted = Jobs::row("88.1/", "m");
    minted.change.mints_suffix = true;
    rows.push_back(minted);
    const auto told = jobs.send("k", rows);
    ASSERT_EQ(told.size(), 10u);
    EXPECT_EQ((std::vector<std::string>(told.begin(), told.begin() + 9)),
              (std::vector<std::string>{"1 made 88.1/A", "2 kept 88.1/A", "3 refused handle exists already",
                                        "4 refused handle exists already",
                                        "5 changed 88.1/OLD", "6 refused That prefix doesn't live here", "7 refused no JSON",
                                        "8 deleted 88.1/OLD", "9 kept 88.1/OLD"}));
    EXPECT_EQ(told[9].substr(0, 13), "10 made 88.1/");
    EXPECT_EQ(told[9].size(), 8u + 5 + 20) << told[9];
    EXPECT_EQ(jobs.send("k", rows), told) << "sent again: told again, not done again";
    EXPECT_EQ(rig.count("88.1"), 2) << "88.1/A and the minted one";
    const auto job = jobs.jobs.job(1, "k");
    ASSERT_TRUE(job.has_value());
    EXPECT_EQ((std::vector<std::uint64_t>{job->rows, job->made, job->changed, job->kept, job->deleted, job->refused}),
              (std::vector<std::uint64_t>{10, 2, 1, 2, 1, 4}));
    EXPECT_TRUE(job->is_done);
    const auto refused = jobs.jobs.refused(*job, 3, 2);
    ASSERT_TRUE(refused.has_value());
    ASSERT_EQ(refused->size(), 2u);
    EXPECT_EQ(refused->at(0).row, 4u);
    EXPECT_EQ(refused->at(1).why, "That prefix doesn't live here");
}

TEST(Bulk, GoesOnAfterABreak) {
    Rig rig;
    std::vector<BulkRow> rows;
    for (int at = 0; at < 50; ++at) rows.push_back(Jobs::row(fmt::format("88.1/R{}", at), fmt::format("{}", at)));
    {
        Jobs jobs(rig, {.window_rows = 7});
        EXPECT_EQ(jobs.send("k", rows, 1, 20).size(), 20u);
        EXPECT_EQ(jobs.jobs.job(1, "k")->rows, 20u);
        EXPECT_FALSE(jobs.jobs.job(1, "k")->is_done);
    }
    rig.reopen_as_killed(3);
    Jobs jobs(rig, {.window_rows = 7});
    auto other = rows;
    other[3].hash = 1;
    EXPECT_NE(jobs.send("k", other).back().find("differ"), std::string::npos);
    EXPECT_NE(jobs.send("k", rows, 9).front().find("send from 1 or 21"), std::string::npos);
    EXPECT_NE(jobs.send("k", rows, 30).front().find("row 21 is the next"), std::string::npos);
    const auto told = jobs.send("k", rows, 21);
    ASSERT_EQ(told.size(), 30u);
    EXPECT_EQ(told.front(), "21 made 88.1/R20");
    EXPECT_EQ(jobs.send("k", rows).size(), 50u);
    EXPECT_EQ(rig.count("88.1"), 50);
    EXPECT_EQ(jobs.send("other", rows).front(), "1 kept 88.1/R0");
    ASSERT_EQ(jobs.jobs.jobs(1)->size(), 2u);
    EXPECT_EQ(jobs.jobs.jobs(1)->front().key, "other") << "newest first";
    EXPECT_TRUE(jobs.jobs.jobs(2)->empty());
}

TEST(Bulk, OneSendingAtATimeAndNoMoreThanTheLimits) {
    Rig rig;
    Jobs jobs(rig, {.jobs_max = 2, .running_max = 1});
    auto run = rig.run(jobs.jobs.begin(1, "a", "ann", 1));
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(rig.run(jobs.jobs.begin(1, "a", "ann", 1)).error().code, Code::conflict);
    EXPECT_EQ(rig.run(jobs.jobs.begin(1, "b", "ann", 1)).error().code, Code::exhausted);
    EXPECT_EQ(rig.run(jobs.jobs.running(1)), (std::set<std::string>{"a"}));
    EXPECT_TRUE(rig.run(jobs.jobs.end(&*run, true)).has_value());
    for (const char* key : {"b", "c"}) jobs.send(key, {Jobs::row("88.1/x", "1")});
    EXPECT_EQ(jobs.jobs.job(1, "a").error().code, Code::not_found) << "the oldest gave way";
    EXPECT_EQ(jobs.jobs.jobs(1)->size(), 2u);
}

TEST(Registry, ManyChangesAtOnceAreEachTheirOwn) {
    for (const unsigned shards : {1u, 3u}) {
        Rig rig(shards);
        std::vector<Change> changes;
        for (int at = 0; at < 500; ++at) changes.push_back(testing::create(fmt::format("88.1/N{}", at % 400), {url(1, "u")}));
        const auto outcomes = rig.run(rig.registry->change_many(changes, testing::operator_of_node));
        std::size_t good = 0;
        for (int at = 0; at < 500; ++at) {
            good += outcomes[std::size_t(at)].is_good() ? 1 : 0;
            EXPECT_EQ(outcomes[std::size_t(at)].is_good(), at < 400) << at;
        }
        EXPECT_EQ(good, 400u);
        EXPECT_EQ(rig.count("88.1"), 400);
        rig.faulty->fail_submit(1, Error{Code::unavailable, "the disk"});
        const auto lost = rig.run(rig.registry->change_many({testing::create("88.1/L", {url(1, "u")})}, testing::operator_of_node));
        EXPECT_FALSE(lost[0].is_good());
        EXPECT_EQ(rig.count("88.1"), 400);
        EXPECT_EQ(rig.look_up("88.1/L").answer, handle::Answer::handle_not_found);
    }
}

TEST(Registry, QuotaOfAPrefix) {
    Rig rig(3);
    for (int at = 0; at < 5; ++at) EXPECT_TRUE(rig.change(testing::create(fmt::format("88.1/Q{}", at), {url(1, "u")})).is_good());
    EXPECT_TRUE(rig.run(rig.registry->set_quota("88.1", 7)));
    const auto make = [&](int at) { return rig.change(testing::create(fmt::format("88.1/Q{}", at), {url(1, "u")})).answer; };
    EXPECT_EQ(make(5), handle::Answer::success);
    EXPECT_EQ(make(6), handle::Answer::success);
    EXPECT_EQ(make(7), handle::Answer::registration_limit);
    EXPECT_EQ(rig.change(testing::change_of(Change::Kind::add_values, "88.1/Q0", {url(9, "more")})).answer, handle::Answer::success);
    EXPECT_TRUE(rig.change(testing::change_of(Change::Kind::remove, "88.1/Q0")).is_good());
    EXPECT_EQ(make(7), handle::Answer::success);
    EXPECT_EQ(make(8), handle::Answer::registration_limit);
    EXPECT_TRUE(rig.run(rig.registry->set_quota("88.1", 0)));
    EXPECT_EQ(make(8), handle::Answer::registration_limit);
    EXPECT_TRUE(rig.run(rig.registry->set_quota("88.1", std::nullopt)));
    EXPECT_EQ(make(8), handle::Answer::success);
}

std::unique_ptr<PrefixBook> open_book(Rig& rig) {
    auto book = PrefixBook::open(*rig.faulty, *rig.shards, *rig.lanes[0], *rig.registry, {"88.1"});
    CHECK(book.has_value());
    return std::move(*book);
}
Application wish(bool is_hosted, std::string wanted = "") {
    Application out;
    out.company = "Harbour Cranes";
    out.contact = "Li Wei";
    out.email = "li@example.com";
    out.purpose = "cranes";
    out.wanted = std::move(wanted);
    out.is_hosted = is_hosted;
    if (!is_hosted) out.address = "127.0.0.1:2641";
    return out;
}

TEST(PrefixBook, AHostedPrefixFromApplicationToRevocation) {
    Rig rig;
    auto book = open_book(rig);
    const auto applied = rig.run(book->apply(wish(true, "88.1.7")));
    ASSERT_TRUE(applied.has_value());
    const auto id = applied->application.id;
    EXPECT_EQ(book->by_ticket(applied->ticket)->id, id);
    EXPECT_EQ(book->by_ticket("guessed").error().code, Code::not_found);
    EXPECT_EQ(rig.run(book->allocate({.application = id, .prefix = {}, .quota = {}, .by = "ann"})).error().code, Code::conflict);
    EXPECT_EQ(book->waiting().applied, 1u);
    ASSERT_TRUE(rig.run(book->decide(id, true, "eve", "papers are right")).has_value());
    EXPECT_EQ(rig.run(book->decide(id, false, "eve", "again")).error().code, Code::conflict);
    const auto given = rig.run(book->allocate({.application = id, .prefix = {}, .quota = 2, .by = "ann"}));
    ASSERT_TRUE(given.has_value()) << given.error().context;
    EXPECT_EQ(given->prefix, "88.1.7");
    EXPECT_EQ(book->waiting().approved, 0u);
    EXPECT_TRUE(rig.change(testing::create("88.1.7/a", {url(1, "u")})).is_good());
    EXPECT_TRUE(rig.change(testing::create("88.1.7/b", {url(1, "u")})).is_good());
    EXPECT_EQ(rig.change(testing::create("88.1.7/c", {url(1, "u")})).answer, handle::Answer::registration_limit);
    rig.reopen(1);
    book = open_book(rig);
    EXPECT_EQ(rig.change(testing::create("88.1.7/c", {url(1, "u")})).answer, handle::Answer::registration_limit) << "after a restart";
    ASSERT_TRUE(rig.run(book->set_state("88.1.7", PrefixState::suspended, "ann", "unpaid")).has_value());
    EXPECT_EQ(rig.look_up("88.1.7/a").answer, handle::Answer::not_responsible);
    EXPECT_EQ(rig.run(book->set_state("88.1.7", PrefixState::suspended, "ann", "")).error().code, Code::conflict);
    ASSERT_TRUE(rig.run(book->set_state("88.1.7", PrefixState::active, "ann", "paid")).has_value());
    EXPECT_EQ(rig.look_up("88.1.7/a").answer, handle::Answer::success);
    ASSERT_TRUE(rig.run(book->set_state("88.1.7", PrefixState::revoked, "ann", "closed")).has_value());
    EXPECT_EQ(rig.look_up("88.1.7/a").answer, handle::Answer::not_responsible);
    EXPECT_EQ(rig.run(book->set_state("88.1.7", PrefixState::active, "ann", "")).error().code, Code::conflict);
    EXPECT_EQ(book->application(id)->state, ApplicationState::revoked);
    EXPECT_EQ(book->application(id)->history.size(), 6u);
    EXPECT_EQ(rig.run(book->set_state("88.1", PrefixState::revoked, "ann", "")).error().code, Code::conflict) << "its own";
    const auto next = rig.run(book->apply(wish(true, "88.1.7")));
    ASSERT_TRUE(rig.run(book->decide(next->application.id, true, "eve", "")).has_value());
    const auto taken = rig.run(
        book->allocate({.application = next->application.id, .prefix = {}, .quota = {}, .by = "ann"}));
    EXPECT_EQ(taken.error().code, Code::conflict) << "has identifiers";
}

TEST(PrefixBook, ADelegatedPrefixIsPointedToWhileItIsActive) {
    Rig rig;
    auto book = open_book(rig);
    const auto give = [&](std::string prefix) {
        const auto applied = rig.run(book->apply(wish(false)));
        EXPECT_TRUE(rig.run(book->decide(applied->application.id, true, "eve", "")).has_value());
        return rig.run(book->allocate({.application = applied->application.id, .prefix = std::move(prefix), .quota = {}, .by = "ann"}));
    };
    EXPECT_EQ(give("99.1").error().code, Code::invalid);
    EXPECT_EQ(give("88.1").error().code, Code::invalid);
    EXPECT_EQ(give("88.1..2").error().code, Code::invalid);
    const auto given = give("");
    ASSERT_TRUE(given.has_value()) << given.error().context;
    EXPECT_EQ(given->prefix, "88.1.1") << "the first free number";
    EXPECT_EQ(give("")->prefix, "88.1.2");
    EXPECT_EQ(give("88.1.2").error().code, Code::conflict);
    auto found = rig.look_up("88.1.1/x");
    EXPECT_EQ(found.answer, handle::Answer::service_referral);
    EXPECT_EQ(rig.look_up("88.1.1.5/x").answer, handle::Answer::prefix_referral);
    ASSERT_TRUE(rig.run(book->set_state("88.1.1", PrefixState::suspended, "ann", "r")).has_value());
    EXPECT_EQ(rig.look_up("88.1.1/x").answer, handle::Answer::not_responsible);
    ASSERT_TRUE(rig.run(book->set_state("88.1.1", PrefixState::active, "ann", "r")).has_value());
    EXPECT_EQ(rig.look_up("88.1.1/x").answer, handle::Answer::service_referral);
    PrefixBook::PrefixChange move;
    move.address = "127.0.0.1:9999";
    ASSERT_TRUE(rig.run(book->change("88.1.1", move)).has_value());
    found = rig.look_up("88.1.1/x");
    const auto site = handle::decode_site(as_bytes(found.values.at(0).data), {});
    EXPECT_EQ(site->servers.at(0).interfaces.at(0).port, 9'999u);
    ASSERT_TRUE(rig.run(book->set_state("88.1.1", PrefixState::revoked, "ann", "r")).has_value());
    EXPECT_EQ(rig.look_up("88.1.1/x").answer, handle::Answer::not_responsible);
    EXPECT_EQ(rig.look_up("0.NA/88.1.1").answer, handle::Answer::handle_not_found);
    EXPECT_EQ(give("88.1.1")->prefix, "88.1.1") << "nothing of the earlier holder is here";
    ASSERT_EQ(book->prefixes("", 10)->size(), 3u);
    EXPECT_EQ(book->prefixes("88.1.1", 10)->front().prefix, "88.1.2");
    ASSERT_EQ(book->applications(std::nullopt, 2)->size(), 2u);
    EXPECT_GT(book->applications(std::nullopt, 2)->at(0).id, book->applications(std::nullopt, 2)->at(1).id);
    EXPECT_EQ(book->holder_of("88.1.1.5.6")->value().prefix, "88.1.1");
    EXPECT_FALSE(book->holder_of("77.1")->has_value());
}

TEST(PrefixBook, WhatAFailedCommitLeftIsDoneAtTheNextStart) {
    for (int failing = 1; failing < 6; ++failing) {
        Rig rig(1);
        auto book = open_book(rig);
        const auto applied = rig.run(book->apply(wish(true, "88.1.9")));
        ASSERT_TRUE(rig.run(book->decide(applied->application.id, true, "eve", "")).has_value());
        rig.faulty->fail_submit(std::uint64_t(failing), Error{Code::unavailable, "the disk"});
        const auto given = rig.run(book->allocate({.application = applied->application.id, .prefix = {}, .quota = {}, .by = "ann"}));
        book.reset();
        rig.reopen_as_killed(1);
        book = open_book(rig);
        const auto state = book->application(applied->application.id)->state;
        const bool is_given = state == ApplicationState::allocated;
        EXPECT_TRUE(is_given || !given.has_value()) << failing;
        EXPECT_EQ(rig.registry->values_of("0.NA/88.1.9")->has_value(), is_given) << failing;
        EXPECT_EQ(rig.look_up("88.1.9/x").answer, is_given ? handle::Answer::handle_not_found : handle::Answer::not_responsible) << failing;
    }
}

TEST(Statistics, CountsByPrefixAndHourAndSurvivesARestart) {
    Rig rig(2);
    const auto open = [&](Statistics::Limits limits = {}) {
        std::vector<store::Lane*> lanes;
        for (auto& lane : rig.lanes) lanes.push_back(lane.get());
        auto out = Statistics::open(*rig.faulty, *rig.shards, lanes, limits);
        CHECK(out.has_value());
        rig.registry->set_statistics(**out);
        return std::move(*out);
    };
    auto statistics = open({.missing_max = 2});
    EXPECT_TRUE(rig.change(testing::create("88.1/a", {url(1, "u")})).is_good());
    EXPECT_TRUE(rig.change(testing::change_of(Change::Kind::add_values, "88.1/a", {url(2, "v")})).is_good());
    EXPECT_TRUE(rig.change(testing::create("88.1/b", {url(1, "u")})).is_good());
    EXPECT_TRUE(rig.change(testing::change_of(Change::Kind::remove, "88.1/b")).is_good());
    for (int at = 0; at < 3; ++at) (void)rig.look_up("88.1/A");
    for (int at = 0; at < 2; ++at) (void)rig.look_up("88.1/none");
    (void)rig.look_up("77.7/x");
    const Instant now = rig.shards->clock().now();
    const auto hour = std::chrono::hours(1);
    const auto report = [&](std::string prefix = "") {
        Statistics::Query query{now - hour, now + hour, false, std::move(prefix)};
        auto out = rig.run(statistics->report(query));
        CHECK(out.has_value());
        return *out;
    };
    const Counts wanted{2, 1, 1, 3, 2};
    const auto all = report();
    EXPECT_EQ(report("88.1").totals, wanted);
    EXPECT_EQ(all.totals.not_found, 3u);
    EXPECT_EQ(all.prefixes.front().first, "*");
    statistics->close();
    rig.registry->set_statistics(*statistics);
    const auto kept = std::move(statistics);
    rig.reopen(1);
    statistics = open();
    (void)rig.look_up("88.1/A");
    EXPECT_EQ(report("88.1").totals.resolved, 4u) << "what two shards counted, and one now";
    EXPECT_EQ(report("88.1").totals.registered, 2u);
    const auto missing = rig.run(statistics->missing(now - hour, now + hour, 10));
    ASSERT_TRUE(missing.has_value());
    EXPECT_EQ(missing->front(), (std::pair<std::string, std::uint64_t>{"88.1/NONE", 2}));
    const auto days = rig.run(statistics->report({now - hour, now + hour, true, {}}));
    EXPECT_EQ(days->periods.size(), 1u);
    statistics->close();
}

TEST(Statistics, ForgetsWhatIsTooOldAndKeepsTheRest) {
    Rig rig(1);
    const auto hour = static_cast<std::uint32_t>(rig.shards->clock().now().micros / 3'600'000'000);
    const auto row_of = [](std::uint32_t at) {
        std::string key = "s";
        Writer(key).put_be(at);
        key += "88.1";
        Writer(key).put_be(std::uint32_t{0});
        return key;
    };
    rig.shards->run_everywhere([&](io::Shard&) {
        for (const auto at : {7u, 8u, hour - 2})
            rig.lanes[0]->batch().put(store::Family::identity, row_of(at), std::string(5, '\1'));
    });
    EXPECT_TRUE(rig.run(testing::flush_lane(rig.lanes[0].get())).has_value());
    auto statistics = Statistics::open(*rig.faulty, *rig.shards, {rig.lanes[0].get()},
                                       {.hours_kept = 100});
    ASSERT_TRUE(statistics.has_value());
    rig.registry->set_statistics(**statistics);
    (void)rig.look_up("88.1/none");
    const Instant now = rig.shards->clock().now();
    const auto report = rig.run((*statistics)->report({Instant{0}, now, false, {}}));
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->totals.registered, 1u) << "of two hours ago, the others are forgotten";
    EXPECT_FALSE(rig.store->get(store::Family::identity, row_of(7))->has_value());
    EXPECT_TRUE(rig.store->get(store::Family::identity, row_of(hour - 2))->has_value());
    (*statistics)->close();
}

}  // namespace
}  // namespace lineshaft::identity
