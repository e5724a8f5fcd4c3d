#include <gtest/gtest.h>

#include <random>
#include <set>

#include "dispatch/jobs/receiver.h"

namespace lineshaft::dispatch {
namespace {

using enum JobState;

TEST(JobOrders, AllowExactlyTheMethodsOfTheSpecification) {
    const std::pair<JobState, std::string> cases[] = {
        {not_allowed_to_start, "Start Update Cancel"},
        {allowed_to_start, "RevokeStart Update Cancel"},
        {running, "Pause Abort Stop"},
        {interrupted, "Resume Abort Stop"},
        {ended, "Clear"},
        {aborted, "Clear"},
    };
    for (const auto& [state, want] : cases) {
        std::string got;
        for (const JobMethod method : methods_of(state)) {
            got += (got.empty() ? "" : " ") + std::string(name_of(method));
        }
        EXPECT_EQ(got, want) << name_of(state);
        for (const JobMethod method : all_job_methods) {
            const bool is_listed =
                (" " + want + " ").contains(" " + std::string(name_of(method)) + " ");
            EXPECT_EQ(after_method(state, method).has_value(), is_listed) << name_of(method);
        }
    }
    EXPECT_EQ(after_method(std::nullopt, JobMethod::store), not_allowed_to_start);
    EXPECT_EQ(after_method(std::nullopt, JobMethod::store_and_start), allowed_to_start);
    EXPECT_EQ(after_method(std::nullopt, JobMethod::start).error().code, Code::not_found);
    EXPECT_EQ(after_method(ended, JobMethod::pause).error().context,
              "Pause is not for a job order that is Ended; it allows Clear");
}

TEST(JobOrders, MachinesNeverUndoAnEnd) {
    for (const JobState to : all_job_states) {
        EXPECT_EQ(may_report(ended, to), to == ended);
        EXPECT_EQ(may_report(aborted, to), to == aborted);
        EXPECT_EQ(may_report(not_allowed_to_start, to),
                  to == not_allowed_to_start || to == aborted);
    }
    EXPECT_TRUE(may_report(allowed_to_start, ended));
    EXPECT_FALSE(may_report(running, allowed_to_start));
}

TEST(JobOrders, AreNamedAsTheSpecificationNamesThem) {
    for (const JobState state : all_job_states) EXPECT_EQ(job_state_named(name_of(state)), state);
    for (const JobMethod method : all_job_methods)
        EXPECT_EQ(job_method_named(name_of(method)), method);
    EXPECT_EQ(job_method_named("storeandstart"), JobMethod::store_and_start);
    EXPECT_EQ(job_state_named("RUNNING"), running);
    EXPECT_FALSE(job_method_named(""));
    EXPECT_FALSE(job_method_named("Explode"));
}

TEST(Receiver, ObeysOnceWhateverIsRepeatedOrLate) {
    JobReceiver machine;
    using Verdict = JobReceiver::Verdict;
    EXPECT_EQ(machine.command({JobMethod::pause, 7, 1}).verdict, Verdict::refused);
    EXPECT_EQ(machine.command({JobMethod::store_and_start, 7, 1}).verdict, Verdict::obeyed);
    EXPECT_EQ(machine.command({JobMethod::store_and_start, 7, 1}).verdict, Verdict::repeated);
    EXPECT_EQ(machine.next(), 7U);
    EXPECT_TRUE(machine.moved(7, running));
    EXPECT_FALSE(machine.next());
    EXPECT_EQ(machine.command({JobMethod::pause, 7, 3}).verdict, Verdict::obeyed);
    EXPECT_EQ(machine.command({JobMethod::resume, 7, 2}).verdict, Verdict::late);
    EXPECT_EQ(machine.state_of(7), interrupted);
    EXPECT_EQ(machine.command({JobMethod::pause, 7, 4}).verdict, Verdict::refused);
    EXPECT_EQ(machine.command({JobMethod::pause, 7, 4}).verdict, Verdict::refused)
        << "the same answer";
    EXPECT_EQ(machine.command({JobMethod::stop, 7, 5}).verdict, Verdict::obeyed);
    EXPECT_EQ(machine.command({JobMethod::store_and_start, 7, 9}).verdict, Verdict::refused);
    EXPECT_FALSE(machine.moved(7, running));
}

TEST(Receiver, ForgetsAtTheLimitAndRefusesWhatItForgot) {
    JobReceiver machine({.open_max = 2, .closed_kept = 2});
    using Verdict = JobReceiver::Verdict;
    EXPECT_EQ(machine.command({JobMethod::store, 1, 1}).verdict, Verdict::obeyed);
    EXPECT_EQ(machine.command({JobMethod::store, 2, 1}).verdict, Verdict::obeyed);
    EXPECT_EQ(machine.command({JobMethod::store, 3, 1}).verdict, Verdict::refused)
        << "one past the limit";
    for (std::uint64_t job = 1; job <= 2; ++job) EXPECT_TRUE(machine.moved(job, aborted));
    EXPECT_EQ(machine.command({JobMethod::store, 3, 1}).verdict, Verdict::obeyed);
    EXPECT_TRUE(machine.moved(3, aborted));
    EXPECT_FALSE(machine.state_of(1));
    EXPECT_EQ(machine.command({JobMethod::store_and_start, 1, 1}).verdict, Verdict::late);
}

// Property: whatever order, doubling and loss the commands suffer, no job order begins twice, none
// begins again after it was over, and a machine has one at a time.
TEST(Receiver, BeginsEachJobOrderAtMostOnce) {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        std::mt19937 dice(seed);
        const auto below = [&](unsigned count) { return static_cast<unsigned>(dice() % count); };
        std::vector<JobCommand> sent;
        for (std::uint64_t job = 1; job <= 6; ++job) {
            std::uint32_t sequence = 0;
            sent.push_back({JobMethod::store_and_start, job, ++sequence});
            for (unsigned more = below(5); more > 0; --more) {
                sent.push_back(
                    {all_job_methods[below(std::size(all_job_methods))], job, ++sequence});
            }
        }
        for (std::size_t copies = below(30); copies > 0; --copies)
            sent.push_back(sent[below(static_cast<unsigned>(sent.size()))]);
        std::shuffle(sent.begin(), sent.end(), dice);
        JobReceiver machine({.open_max = 16, .closed_kept = 3});
        std::set<std::uint64_t> begun, over;
        for (const JobCommand& command : sent) {
            (void)machine.command(command);
            if (const auto next = machine.next(); next && below(2) == 0) {
                ASSERT_TRUE(machine.moved(*next, running));
                EXPECT_TRUE(begun.insert(*next).second) << "seed " << seed << " job " << *next;
                EXPECT_FALSE(over.contains(*next)) << "seed " << seed;
            }
            for (std::uint64_t job = 1; job <= 6; ++job) {
                const auto state = machine.state_of(job);
                if (state == running && below(4) == 0) (void)machine.moved(job, ended);
                const auto now = machine.state_of(job);
                if (now && is_over(*now)) over.insert(job);
                EXPECT_FALSE(now && !is_over(*now) && over.contains(job)) << "seed " << seed;
            }
        }
    }
}

}  // namespace
}  // namespace lineshaft::dispatch
