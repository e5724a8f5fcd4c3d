#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "catalog/catalog.h"
#include "dispatch/orders/book.h"
#include "dispatch/orders/figures.h"
#include "dispatch/orders/planner.h"
#include "dispatch/orders/reason.h"

namespace lineshaft::orders {
namespace {

using enum dispatch::JobState;
constexpr OrganisationId home = catalog::default_organisation;

SewnDesign plain_design(std::uint32_t stitches, std::uint32_t colours, double minutes = 0) {
    SewnDesign out;
    out.stitches = stitches, out.colours = colours, out.minutes = minutes;
    return out;
}

struct Workshop {
    Workshop() {
        char name[] = "/tmp/orders-XXXXXX";
        dir = ::mkdtemp(name);
        rows = *catalog::Catalog::open(dir + "/catalog.db", at());
        book = std::make_unique<Book>(*rows);
    }
    ~Workshop() { std::filesystem::remove_all(dir); }
    Instant at() { return {1'795'000'000'000'000 + ++ticks * 1'000'000}; }

    Order place(std::uint32_t quantity = 1, std::optional<Instant> due = {},
                std::vector<std::string> threads = {"#a01030"}) {
        NewOrder wanted;
        wanted.design = {7, "Rose", "aa", 1'000, static_cast<std::uint32_t>(threads.size()),
                         2, 80,     40,   5,     std::move(threads)};
        wanted.file = "DST";
        wanted.quantity = quantity;
        wanted.due_at = due;
        wanted.code = "o-" + std::to_string(++codes);
        auto made = book->place(home, wanted, 2'000, "CNY", at(), touched);
        EXPECT_TRUE(made) << made.error().context;
        return *made;
    }
    SewingMachine machine(const std::string& id, double hoop = 360, std::uint32_t needles = 15) {
        SewingMachine out;
        out.organisation = home, out.machine = id, out.needles = needles;
        out.hoop_width_mm = out.hoop_height_mm = hoop;
        EXPECT_TRUE(book->put_machine(out));
        return out;
    }
    // Puts the order's waiting job orders onto the machine and gives it the first.
    JobOrder give(const Order& order, const std::string& id) {
        std::vector<Placement> plan;
        const auto waiting = *book->jobs_of(home, order.number);
        for (const auto& job : waiting) plan.push_back({job.number, id, 0, at(), at(), 0, {}});
        EXPECT_TRUE(book->apply(home, plan, at(), touched));
        auto next = book->next_command(home, id, true, at(), touched);
        EXPECT_TRUE(next && *next) << "nothing to give";
        EXPECT_TRUE(book->answered(home, id, (*next)->job.number, (*next)->sequence, true, "", at(),
                                   touched));
        return *book->find_job(home, (*next)->job.number);
    }
    Result<JobOrder> say(std::uint64_t job, const std::string& id, dispatch::JobState state,
                         std::uint32_t good) {
        Report report;
        report.job = job, report.state = state, report.good = good;
        return book->report(home, id, report, at(), touched);
    }
    Order now(const Order& order) { return *book->find(home, order.number); }

    std::string dir;
    std::unique_ptr<catalog::Catalog> rows;
    std::unique_ptr<Book> book;
    Touched touched;
    std::int64_t ticks = 0;
    int codes = 0;
};

TEST(Orders, AreDoneWhenTheirPiecesAreAndKeepTheirWay) {
    Workshop shop;
    shop.machine("a");
    const auto order = shop.place(2);
    EXPECT_EQ(order.state, OrderState::fresh);
    const auto job = shop.give(order, "a");
    EXPECT_EQ(job.substate, JobSubstate::loaded);
    EXPECT_EQ(shop.now(order).state, OrderState::planned);
    ASSERT_TRUE(shop.say(job.number, "a", running, 0));
    EXPECT_EQ(shop.now(order).state, OrderState::running);
    ASSERT_TRUE(shop.say(job.number, "a", interrupted, 1));
    EXPECT_EQ(shop.now(order).state, OrderState::held);
    ASSERT_TRUE(shop.say(job.number, "a", running, 1));
    for (int again = 0; again < 3; ++again) ASSERT_TRUE(shop.say(job.number, "a", ended, 2));
    ASSERT_TRUE(shop.say(job.number, "a", running, 1)) << "an old report changes nothing";
    EXPECT_EQ(shop.now(order).state, OrderState::done);
    EXPECT_EQ(shop.now(order).good, 2U);
    EXPECT_EQ(shop.book->pieces(home, order.number)->size(), 2U);
    EXPECT_EQ(shop.book->find_job(home, job.number)->state, ended);
    std::string kinds;
    const auto events = *shop.book->events(home, order.number, 0, 100);
    for (const auto& event : events) kinds += event.kind + " ";
    EXPECT_EQ(kinds, "placed given confirmed Running piece Interrupted Running piece Ended done ");
    shop.rows = *catalog::Catalog::open(shop.dir + "/catalog.db", shop.at());
    EXPECT_EQ(Book(*shop.rows).find_code("o-1")->state, OrderState::done) << "after a restart";
}

TEST(Orders, ARefusalAfterTheReportsEndsNothing) {
    Workshop shop;
    shop.machine("a");
    const auto order = shop.place(1);
    const auto job = (*shop.book->jobs_of(home, order.number))[0];
    ASSERT_TRUE(shop.book->apply(home, {{job.number, "a", 0, shop.at(), shop.at(), 0, {}}},
                                 shop.at(), shop.touched));
    const auto command = shop.book->next_command(home, "a", true, shop.at(), shop.touched);
    ASSERT_TRUE(command && *command);
    ASSERT_TRUE(shop.say(job.number, "a", ended, 1));
    const auto sequence = shop.book->find_job(home, job.number)->sequence;
    ASSERT_TRUE(shop.book->answered(home, "a", job.number, sequence, false, "late", shop.at(),
                                    shop.touched));
    EXPECT_EQ(shop.book->find_job(home, job.number)->state, ended);
    EXPECT_EQ(shop.book->jobs_of(home, order.number)->size(), 1U) << "and nothing is made anew";
    EXPECT_EQ(shop.now(order).state, OrderState::done);
}

TEST(Orders, ReportsThatCannotBeAreRefused) {
    Workshop shop;
    const auto order = shop.place(2);
    const auto job = shop.give(order, "a");
    EXPECT_EQ(shop.say(job.number, "b", running, 0).error().code, Code::denied)
        << "another machine's";
    EXPECT_EQ(shop.say(job.number, "a", running, 3).error().code, Code::invalid)
        << "more than asked";
    EXPECT_EQ(shop.say(999, "a", running, 0).error().code, Code::not_found);
    Report long_one;
    long_one.job = job.number;
    long_one.stops.resize(Limits{}.stops_max + 1, {"bobbin", shop.at(), 1});
    EXPECT_EQ(shop.book->report(home, "a", long_one, shop.at(), shop.touched).error().code,
              Code::invalid);
    long_one.stops.resize(1);
    for (int again = 0; again < 2; ++again)
        EXPECT_TRUE(shop.book->report(home, "a", long_one, shop.at(), shop.touched));
    EXPECT_EQ(shop.book->stops_of(home, job.number)->size(), 1U) << "a stop counts once";
    EXPECT_EQ(shop.now(order).good, 0U);
}

TEST(Orders, AMachineThatIsLostLeavesItsWorkToOthersAndNoPieceCountsTwice) {
    Workshop shop;
    const auto order = shop.place(4);
    const auto first = shop.give(order, "a");
    ASSERT_TRUE(shop.say(first.number, "a", running, 1));
    ASSERT_TRUE(shop.book->lose(home, "a", shop.at(), shop.touched));
    auto jobs = *shop.book->jobs_of(home, order.number);
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].state, aborted);
    EXPECT_EQ(jobs[1].wanted, 3U);
    EXPECT_EQ(jobs[1].replaces, first.number);
    // It had sewn a second one, and says so before anybody began: that one counts, and one less is
    // asked for.
    ASSERT_TRUE(shop.say(first.number, "a", aborted, 2));
    EXPECT_EQ(shop.book->find_job(home, jobs[1].number)->wanted, 2U);
    EXPECT_EQ(shop.now(order).good, 2U);
    // Once others have begun, what it says is one too many.
    const auto second = shop.give(order, "b");
    ASSERT_TRUE(shop.say(second.number, "b", running, 1));
    ASSERT_TRUE(shop.say(first.number, "a", aborted, 4));
    EXPECT_EQ(shop.now(order).good, 3U);
    ASSERT_TRUE(shop.say(second.number, "b", ended, 2));
    EXPECT_EQ(shop.now(order).state, OrderState::done);
    EXPECT_EQ(shop.now(order).good, 4U);
    const auto pieces = *shop.book->pieces(home, order.number);
    EXPECT_EQ(std::ranges::count(pieces, Quality::surplus, &Piece::quality), 2);
    // It is told to give up as soon as it listens, once.
    auto told = shop.book->next_command(home, "a", true, shop.at(), shop.touched);
    ASSERT_TRUE(told && *told);
    EXPECT_EQ((*told)->method, JobMethod::abort);
    ASSERT_TRUE(shop.book->answered(home, "a", first.number, (*told)->sequence, false,
                                    "no such job order", shop.at(), shop.touched));
    told = shop.book->next_command(home, "a", true, shop.at(), shop.touched);
    EXPECT_TRUE(told && !*told);
}

TEST(Orders, ARefusedFileIsGivenAgainThreeTimesThenPeopleAreAsked) {
    Workshop shop;
    const auto order = shop.place();
    for (unsigned time = 1; time <= Limits{}.failed_deliveries_max; ++time) {
        std::vector<Placement> plan;
        const auto waiting = *shop.book->jobs_of(home, order.number);
        for (const auto& job : waiting)
            plan.push_back({job.number, "a", 0, shop.at(), shop.at(), 0, {}});
        ASSERT_TRUE(shop.book->apply(home, plan, shop.at(), shop.touched));
        auto next = *shop.book->next_command(home, "a", true, shop.at(), shop.touched);
        ASSERT_TRUE(next) << time;
        ASSERT_TRUE(shop.book->answered(home, "a", next->job.number, 1, false,
                                        "the file's hash is another", shop.at(), shop.touched));
        EXPECT_EQ(shop.now(order).is_held, time == Limits{}.failed_deliveries_max) << time;
    }
    const auto why = reason_of(shop.now(order).why);
    EXPECT_EQ(why, (Reason{"machine_refused", {"a", "the file's hash is another"}}));
    EXPECT_EQ(sentence_of(why), "a refused it: the file's hash is another");
    ASSERT_TRUE(shop.book->release(home, order.number, "eva", shop.at(), shop.touched));
    EXPECT_EQ(shop.book->jobs_of(home, order.number)->back().state, allowed_to_start);
}

TEST(Orders, PeopleHoldReleaseRefuseJudgeAndDrag) {
    Workshop shop;
    shop.machine("a");
    const auto order = shop.place(1), other = shop.place(1);
    ASSERT_TRUE(
        shop.book->hold(home, order.number, "cloth is missing", "eva", shop.at(), shop.touched));
    EXPECT_EQ(shop.book->jobs_of(home, order.number)->front().state, not_allowed_to_start);
    EXPECT_EQ(shop.now(order).why, "cloth is missing");
    ASSERT_TRUE(shop.book->release(home, order.number, "eva", shop.at(), shop.touched));
    EXPECT_EQ(shop.book->release(home, order.number, "eva", shop.at(), shop.touched).error().code,
              Code::conflict);
    const std::uint64_t mine = shop.book->jobs_of(home, order.number)->front().number,
                        its = shop.book->jobs_of(home, other.number)->front().number;
    ASSERT_TRUE(shop.book->pin(home, mine, "a", 0, shop.at(), shop.touched));
    ASSERT_TRUE(shop.book->pin(home, its, "a", 0, shop.at(), shop.touched));
    EXPECT_EQ(shop.book->open_jobs(home)->front().number, its) << "dragged to the front";
    const auto given = shop.give(other, "a");
    EXPECT_EQ(shop.book->pin(home, given.number, "b", 0, shop.at(), shop.touched).error().code,
              Code::conflict);
    ASSERT_TRUE(shop.say(given.number, "a", ended, 1));
    EXPECT_EQ(
        shop.book->refuse(home, other.number, "", "eva", shop.at(), shop.touched).error().code,
        Code::conflict);
    ASSERT_TRUE(shop.book->judge(home, other.number, 1, Quality::scrap, "a stain", "eva", shop.at(),
                                 shop.touched));
    EXPECT_EQ(shop.book->jobs_of(home, other.number)->size(), 2U) << "it is sewn again";
    EXPECT_NE(shop.now(other).state, OrderState::done);
    ASSERT_TRUE(shop.book->refuse(home, order.number, "no", "eva", shop.at(), shop.touched));
    EXPECT_EQ(shop.now(order).state, OrderState::refused);
    EXPECT_EQ(shop.book->find(OrganisationId(2), order.number).error().code, Code::not_found)
        << "a foreign organisation's";
}

TEST(Orders, KeepWhatTheyAreSewnOnAndAreFoundByWhatIsWritten) {
    Workshop shop;
    NewOrder wanted;
    wanted.design.hash = "aa", wanted.design.name = "100 % wool", wanted.design.fabric = "terry";
    wanted.file = "DST", wanted.code = "x-1", wanted.cloth = "navy";
    ASSERT_TRUE(shop.book->place(home, wanted, 0, "CNY", shop.at(), shop.touched));
    shop.place();
    const auto found = *shop.book->orders(home, {.text = "%"});
    ASSERT_EQ(found.size(), 1U) << "a sign of LIKE is a letter like others";
    EXPECT_EQ(found[0].design.fabric, "terry");
    EXPECT_EQ(found[0].cloth, "navy");
    wanted.cloth = std::string(Limits{}.cloth_bytes_max + 1, 'a'), wanted.code = "o-9";
    EXPECT_EQ(shop.book->place(home, wanted, 0, "CNY", shop.at(), shop.touched).error().code,
              Code::invalid);
}

TEST(Orders, AMachineThatIsErasedIsNoMachineThatSews) {
    Workshop shop;
    auto machine = shop.machine("a");
    machine.is_told = true, machine.dialect = "brother", machine.delivery = Delivery::folder;
    ASSERT_TRUE(shop.book->put_machine(machine));
    const auto job = shop.give(shop.place(), "a");
    EXPECT_EQ(job.dialect, "brother") << "what people say goes first";
    EXPECT_EQ(job.delivery, Delivery::folder);
    ASSERT_TRUE(shop.rows->begin_erasures(home, {{"a"}, 1, "eva"}, shop.at()));
    EXPECT_TRUE(shop.book->machines(home)->empty());
    EXPECT_FALSE(shop.book->find_job(home, job.number)->delivery);
}

TEST(Reasons, AreSaidInEnglishOrByTheirParts) {
    const auto trip = [](const std::string& stored) { return sentence_of(reason_of(stored)); };
    EXPECT_EQ(trip(stored_reason("piece_why", {"3", "a\x1fstain"})), "piece 3: a stain");
    EXPECT_EQ(trip(stored_words("\x1fhoop\x1f")), " hoop ") << "nobody writes a code";
    EXPECT_EQ(reason_of("held by eva").code, "words") << "of an earlier version";
    EXPECT_EQ(trip(stored_reason("of_later", {"a", "b"})), "a b");
    EXPECT_EQ(trip(stored_reason("hoop", {"m"})), "m has a hoop of  x  mm, the design is  x  mm");
    EXPECT_TRUE(reason_of("").code.empty());
    std::string long_one;
    for (int letter = 0; letter < 700; ++letter) long_one += "线";
    EXPECT_EQ(stored_words(long_one).size(), 1'023U) << "cut between letters";
}

TEST(Orders, LimitsHoldAtTheLimitAndOnePast) {
    Workshop shop;
    Book small(*shop.rows, {.open_orders_max = 2, .quantity_max = 250, .pieces_per_job_max = 100});
    NewOrder wanted;
    wanted.design.hash = "aa", wanted.file = "DST";
    const auto place = [&](std::uint32_t quantity, const char* code) {
        wanted.quantity = quantity, wanted.code = code;
        return small.place(home, wanted, 0, "CNY", shop.at(), shop.touched);
    };
    EXPECT_EQ(place(251, "a").error().code, Code::invalid);
    const auto large = place(250, "b");
    ASSERT_TRUE(large);
    EXPECT_EQ(small.jobs_of(home, large->number)->size(), 3U) << "100, 100 and 50";
    ASSERT_TRUE(place(1, "c"));
    EXPECT_EQ(place(1, "d").error().code, Code::exhausted);
    EXPECT_EQ(small.find_code("d").error().code, Code::not_found) << "nothing of it is left";
}

// Property: whatever is said in whatever order, the good pieces are never more than asked, a piece
// is counted once, and a job order that is over stays so.
TEST(Orders, ChanceFindsNoWayToCountTwice) {
    for (unsigned seed = 1; seed <= 25; ++seed) {
        Workshop shop;
        std::mt19937 dice(seed);
        const auto below = [&](unsigned count) { return static_cast<unsigned>(dice() % count); };
        const auto order = shop.place(3 + below(3));
        const std::string machines[] = {"a", "b", "c"};
        for (int step = 0; step < 60; ++step) {
            const auto jobs = *shop.book->jobs_of(home, order.number);
            const auto& job = jobs[below(static_cast<unsigned>(jobs.size()))];
            const std::string& id = machines[below(3)];
            switch (below(5)) {
                case 0:
                    (void)shop.book->apply(home, {{job.number, id, 0, shop.at(), shop.at(), 0, {}}},
                                           shop.at(), shop.touched);
                    break;
                case 1:
                    (void)shop.book->next_command(home, id, true, shop.at(), shop.touched);
                    break;
                case 2:
                    (void)shop.book->answered(home, job.machine, job.number, job.sequence,
                                              below(4) != 0, "no", shop.at(), shop.touched);
                    break;
                case 3: {
                    const auto state = dispatch::all_job_states[2 + below(4)];
                    (void)shop.say(job.number, job.machine, state, below(job.wanted + 1));
                    break;
                }
                case 4:
                    if (below(4) == 0) (void)shop.book->lose(home, id, shop.at(), shop.touched);
                    break;
            }
            const auto now = shop.now(order);
            ASSERT_LE(now.good, now.quantity) << "seed " << seed << " step " << step;
            for (const auto& old : jobs) {
                if (!is_over(old.state)) continue;
                ASSERT_EQ(shop.book->find_job(home, old.number)->state, old.state)
                    << "seed " << seed;
            }
        }
    }
}

TEST(Planner, RespectsHoopsNeedlesDueTimesPinsAndThreads) {
    Workshop shop;
    std::vector<PlannedMachine> machines{{shop.machine("big"), true},
                                         {shop.machine("small", 50), true},
                                         {shop.machine("gone"), false}};
    const auto late = shop.place(1, Instant{shop.at().micros + 3'600'000'000}),
               plain = shop.place(1), red = shop.place(1, {}, {"#ff0000"});
    std::map<std::uint64_t, Order> orders{
        {late.number, late}, {plain.number, plain}, {red.number, red}};
    const auto open = *shop.book->open_jobs(home);
    auto plan = plan_jobs(open, orders, machines, shop.at(), {.iterations_max = 500});
    ASSERT_TRUE(plan) << plan.error().context;
    ASSERT_EQ(plan->places.size(), 3U);
    for (const auto& place : plan->places)
        EXPECT_EQ(place.machine, "big") << "the small hoop cannot, the other one is gone";
    EXPECT_EQ(plan->facts.late_jobs, 0U);
    auto pinned = open;
    pinned[2].machine = "gone", pinned[2].is_pinned = true;
    plan = plan_jobs(pinned, orders, machines, shop.at(), {.iterations_max = 500});
    ASSERT_TRUE(plan);
    EXPECT_TRUE(std::ranges::any_of(plan->places, [&](const auto& place) {
        return place.job == pinned[2].number && place.machine == "gone";
    }));
    auto two = plain_design(100, 2);
    two.threads = {"#000000", "#ffffff"};
    EXPECT_EQ(sentence_of(reason_of(obstacle(shop.machine("one", 360, 1), two))),
              "one has 1 needles, the design 2 threads");
    plan = plan_jobs(open, orders, {{shop.machine("tiny", 30), true}}, shop.at(), {});
    ASSERT_TRUE(plan);
    const auto nobody = reason_of(plan->places[0].why);
    EXPECT_EQ(nobody, (Reason{"nobody", {"hoop", "tiny", "30", "30", "80", "40"}}));
    EXPECT_EQ(sentence_of(nobody),
              "no machine can: tiny has a hoop of 30 x 30 mm, the design is 80 x 40 mm");
    EXPECT_FALSE(is_for_customers(nobody)) << "it names a machine";
    plan = plan_jobs(open, orders, {}, shop.at(), {});
    ASSERT_TRUE(plan);
    EXPECT_EQ(sentence_of(reason_of(plan->places[0].why)), "there is no machine that sews");
    SewingMachine wide;
    wide.hoop_width_mm = 100, wide.hoop_height_mm = 50;
    two.width_mm = 40, two.height_mm = 99;
    EXPECT_TRUE(obstacle(wide, two).empty()) << "turned by a quarter";
}

TEST(Figures, FollowTheirFormulas) {
    const Instant t{0};
    const auto at = [](double s) { return Instant{static_cast<std::int64_t>(s * 1e6)}; };
    const Window whole{t, at(2'000)};
    const auto oee = oee_of({{t, at(1'000), 100, 200, 9, 0, 1, 800}}, whole, {whole}, 800);
    EXPECT_DOUBLE_EQ(*oee.availability(), 700.0 / 2'000);
    EXPECT_DOUBLE_EQ(oee.pru, 60);
    EXPECT_DOUBLE_EQ(*oee.effectiveness(), 60.0 * 10 / 700);
    EXPECT_DOUBLE_EQ(*oee.quality(), 0.9);
    EXPECT_DOUBLE_EQ(*oee.oee(), *oee.availability() * *oee.effectiveness() * *oee.quality());
    EXPECT_DOUBLE_EQ(*oee.utilisation(), 0.7);
    EXPECT_DOUBLE_EQ(*oee.setup_rate(), 100.0 / 800);
    EXPECT_FALSE(oee_of({}, {t, t}, {{t, t}}, 800).oee()) << "nothing is divided by nothing";
    const auto half = oee_of({{t, at(1'000), 0, 0, 1, 0, 0, 800}}, {at(500), at(1'500)}, {}, 800);
    EXPECT_DOUBLE_EQ(half.aubt, 500) << "what lies partly in the window counts by its share";
    EXPECT_DOUBLE_EQ(half.pbt, 500) << "nobody planned it, and yet it sewed";
    // Two shifts that overlap, begin before the window and end after it; a job order half outside.
    const auto shifts = oee_of({{at(900), at(1'100), 0, 0, 1, 0, 0, 800}}, {at(100), at(1'500)},
                               {{at(1'400), at(9'000)}, {t, at(800)}, {at(700), at(1'000)}}, 800);
    EXPECT_DOUBLE_EQ(shifts.pbt, 900 + 100 + 100) << "each second once";
    EXPECT_LE(*shifts.availability(), 1);
    const auto quote = quote_of({}, plain_design(10'000, 2, 12), 3);
    EXPECT_EQ(quote.piece_minor, 10 * 150 + 2 * 100);
    EXPECT_EQ(quote.total_minor, 1'000 + 3 * 1'700);
    EXPECT_EQ(quote_of({}, plain_design(100, 1), 1).piece_minor, 500) << "the least a piece costs";
    EXPECT_EQ(quote_of({}, plain_design(1'376, 1), 3).items[1].count, 4.2) << "thousands";
}

}  // namespace
}  // namespace lineshaft::orders
