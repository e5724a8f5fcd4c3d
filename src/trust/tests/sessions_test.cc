#include "trust/sessions.h"

#include <gtest/gtest.h>

#include "io/clock.h"
#include "trust/throttle.h"

namespace lineshaft::trust {
namespace {

using namespace std::chrono_literals;

PersonRecord ann{OrganisationId(1), "default", PersonId(1), "ann", Role::engineer, "hash"};
PersonRecord bob{OrganisationId(1), "default", PersonId(2), "bob", Role::viewer, "hash"};

struct SessionsTest : ::testing::Test {
    io::ManualClock clock{Instant{1'800'000'000'000'000}};
    Sessions sessions{{.idle_max = 15min,
                       .age_max = 12h,
                       .sessions_max = 4,
                       .per_person_max = 2,
                       .save_every = 1min}};

    std::string open(const PersonRecord& person, std::string_view previous = {}) {
        auto opened = sessions.open(person, "test", clock.now(), previous);
        EXPECT_TRUE(opened) << opened.error().context;
        return opened ? opened->secret : "";
    }
    bool is_in(const std::string& secret) { return sessions.find(secret, clock.now()) != nullptr; }
};

TEST_F(SessionsTest, EndsAfterIdleness) {
    const std::string secret = open(ann);
    EXPECT_EQ(secret.size(), 43U);
    clock.advance(15min - 1ms);
    EXPECT_TRUE(is_in(secret));  // activity starts the quarter of an hour anew
    clock.advance(15min - 1ms);
    EXPECT_TRUE(is_in(secret));
    clock.advance(15min);
    EXPECT_FALSE(is_in(secret));
    EXPECT_EQ(sessions.size(), 0U);
}

TEST_F(SessionsTest, ALiveStreamKeepsItUpToItsAge) {
    const std::string secret = open(ann);
    for (int minutes = 5; minutes < 12 * 60; minutes += 5) {
        clock.advance(5min);
        ASSERT_TRUE(is_in(secret)) << minutes;
    }
    clock.advance(5min);
    EXPECT_FALSE(is_in(secret));
}

TEST_F(SessionsTest, KnowsItsSecretsOnly) {
    const std::string secret = open(ann);
    EXPECT_EQ(sessions.find(secret, clock.now())->name, "ann");
    EXPECT_FALSE(is_in(""));
    EXPECT_FALSE(is_in(secret + "x"));
    EXPECT_FALSE(is_in(std::string(43, 'A')));
    EXPECT_FALSE(is_in(std::string(10'000'000, 'A')));
}

TEST_F(SessionsTest, SigningInRotates) {
    const std::string before = open(ann);
    const std::string after = open(ann, before);
    EXPECT_NE(before, after);
    EXPECT_FALSE(is_in(before));
    EXPECT_TRUE(is_in(after));
}

TEST_F(SessionsTest, IsRevocableAndListable) {
    const std::string first = open(ann), second = open(ann), other = open(bob);
    const auto listed = sessions.list(ann.id, clock.now());
    ASSERT_EQ(listed.size(), 2U);
    const std::string digest = to_hex(as_bytes(text_of(listed[0].sha256)));
    EXPECT_FALSE(sessions.end_listed(bob.id, digest));  // not one's own
    EXPECT_TRUE(sessions.end_listed(ann.id, digest));
    EXPECT_FALSE(sessions.end_listed(ann.id, digest));
    EXPECT_FALSE(sessions.end_listed(ann.id, "zz"));
    EXPECT_NE(is_in(first), is_in(second));
    sessions.end_person(ann.id);
    EXPECT_FALSE(is_in(first));
    EXPECT_FALSE(is_in(second));
    EXPECT_TRUE(is_in(other));
    sessions.end(other);
    EXPECT_FALSE(is_in(other));
}

TEST_F(SessionsTest, RolesChangeWhileSignedIn) {
    const std::string secret = open(ann);
    PersonRecord demoted = ann;
    demoted.role = Role::viewer;
    sessions.update(demoted);
    EXPECT_EQ(sessions.find(secret, clock.now())->role, Role::viewer);
}

TEST_F(SessionsTest, BoundsAreKept) {
    const std::string first = open(ann);
    clock.advance(1s);
    open(ann);
    open(ann);  // one past per_person_max ends the oldest
    EXPECT_FALSE(is_in(first));
    EXPECT_EQ(sessions.size(), 2U);
    open(bob);
    open(bob);
    PersonRecord carl = bob;
    carl.id = PersonId(3);
    const auto refused = sessions.open(carl, "", clock.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    clock.advance(15min);  // who has left makes room
    EXPECT_TRUE(sessions.open(carl, "", clock.now()));
}

TEST_F(SessionsTest, SurvivesARestart) {
    const std::string secret = open(ann), gone = open(bob);
    sessions.end(gone);
    clock.advance(10min);
    EXPECT_TRUE(is_in(secret));
    std::vector<SessionRecord> kept;
    for (const SessionChange& change : sessions.take_changes()) {
        if (change.record) kept.push_back(*change.record);
    }
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_TRUE(sessions.take_changes().empty());

    Sessions after;
    after.restore(kept, {ann}, clock.now() + 14min);
    EXPECT_TRUE(after.find(secret, clock.now() + 14min));
    Sessions late;
    late.restore(kept, {ann}, clock.now() + 15min);
    EXPECT_EQ(late.size(), 0U);
    ASSERT_EQ(late.take_changes().size(), 1U);  // and it is forgotten below, too
    Sessions without_ann;
    without_ann.restore(kept, {bob}, clock.now());
    EXPECT_EQ(without_ann.size(), 0U);
}

TEST_F(SessionsTest, IsSavedAtMostOnceAMinute) {
    const std::string secret = open(ann);
    EXPECT_EQ(sessions.take_changes().size(), 1U);
    for (int i = 0; i < 59; ++i) {
        clock.advance(1s);
        EXPECT_TRUE(is_in(secret));
    }
    EXPECT_TRUE(sessions.take_changes().empty());
    clock.advance(1s);
    EXPECT_TRUE(is_in(secret));
    EXPECT_EQ(sessions.take_changes().size(), 1U);
}

// fault 6: an hour ahead or back ends nothing before its time, and lets nothing live longer.
TEST_F(SessionsTest, Fault6AStepOfTheClockMovesThemAlong) {
    for (const auto step : {std::chrono::microseconds(1h), std::chrono::microseconds(-1h)}) {
        const std::string secret = open(ann);
        clock.advance(10min);
        clock.step_wall(step);
        sessions.clock_stepped(step);
        sessions.sweep(clock.now());
        EXPECT_TRUE(is_in(secret));
        for (int minutes = 20; minutes < 12 * 60; minutes += 10) {
            clock.advance(10min);
            ASSERT_TRUE(is_in(secret)) << minutes;
        }
        clock.advance(10min);
        EXPECT_FALSE(is_in(secret)) << "its age counts from its own beginning";
        const std::string idle = open(bob);
        clock.step_wall(step);
        sessions.clock_stepped(step);
        clock.advance(15min);
        EXPECT_FALSE(is_in(idle));
    }
}

TEST_F(SessionsTest, AClockThatGoesBackGivesNoMoreThanOneAge) {
    const std::string secret = open(ann);
    clock.step_wall(-24h);
    EXPECT_TRUE(is_in(secret));
    for (int i = 0; i < 143; ++i) {
        clock.advance(5min);
        EXPECT_TRUE(is_in(secret));
    }
    clock.advance(5min);
    EXPECT_FALSE(is_in(secret));
}

TEST(Cookie, HasItsNameAndFlags) {
    EXPECT_EQ(session_cookie("S", true),
              "__Host-lineshaft=S; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
    EXPECT_EQ(session_cookie("S", false),
              "lineshaft=S; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    EXPECT_EQ(session_cookie("", false),
              "lineshaft=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
}

TEST(Cookie, IsReadFromTheHeader) {
    EXPECT_EQ(session_secret("a=b; lineshaft=S; c=d", false), "S");
    EXPECT_EQ(session_secret("lineshaft=S", false), "S");
    EXPECT_EQ(session_secret("lineshaft=S", true), "");  // a plain cookie is not one of TLS
    EXPECT_EQ(session_secret("__Host-lineshaft=S", true), "S");
    EXPECT_EQ(session_secret("xlineshaft=S; lineshaftx=S", false), "");
    EXPECT_EQ(session_secret("lineshaft=A; lineshaft=B", false), "");
    for (const char* header : {"", ";;;", "lineshaft", "lineshaft=", " = ; ="}) {
        EXPECT_EQ(session_secret(header, false), "") << header;
    }
}

struct ThrottleTest : ::testing::Test {
    LoginThrottle throttle{{.free_failures = 3,
                            .wait_first = 1s,
                            .account_wait_max = 4s,
                            .address_wait_max = 60s,
                            .forget_after = 10min,
                            .entries_max = 8}};
    LoginThrottle::Steady now{1'000'000};

    // Lets `count` attempts fail, waiting as told; returns the wait after the last.
    LoginThrottle::Steady fail(std::string_view account, std::string_view address, int count) {
        for (int i = 0; i < count; ++i) {
            now += throttle.wait(account, address, now);
            EXPECT_EQ(throttle.admit(account, address, now), 0s);
        }
        return throttle.wait(account, address, now);
    }
};

TEST_F(ThrottleTest, WaitsDoubleToALimit) {
    EXPECT_EQ(fail("ann", "10.0.0.1", 2), 0s);
    EXPECT_EQ(fail("ann", "10.0.0.1", 1), 1s);
    EXPECT_EQ(fail("ann", "10.0.0.1", 1), 2s);
    EXPECT_EQ(fail("ann", "10.0.0.1", 10), 60s);
    // The account alone, from elsewhere, waits no longer than its own limit.
    EXPECT_EQ(throttle.wait("ann", "10.0.0.2", now), 4s);
    EXPECT_EQ(throttle.wait("bob", "10.0.0.1", now), 60s);
    EXPECT_EQ(throttle.wait("bob", "10.0.0.2", now), 0s);
    EXPECT_EQ(throttle.wait("ANN", "10.0.0.2", now), 4s);
}

TEST_F(ThrottleTest, ManyAtOnceAreMany) {
    int admitted = 0;
    for (int i = 0; i < 100; ++i) admitted += throttle.admit("ann", "10.0.0.1", now) == 0s;
    EXPECT_EQ(admitted, 3);
}

TEST_F(ThrottleTest, ARefusedAttemptDoesNotProlongTheWait) {
    fail("ann", "10.0.0.1", 3);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(throttle.admit("ann", "10.0.0.1", now), 1s);
}

TEST_F(ThrottleTest, SuccessForgivesTheAccountNotTheAddress) {
    fail("ann", "10.0.0.1", 3);
    now += 1s;
    EXPECT_EQ(throttle.admit("bob", "10.0.0.1", now), 0s);
    throttle.succeeded("bob", "10.0.0.1");
    EXPECT_GT(throttle.wait("bob", "10.0.0.1", now), 0s);
    EXPECT_EQ(throttle.wait("bob", "10.0.0.9", now), 0s);
    // Somebody who always succeeds never waits.
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(throttle.admit("carl", "10.0.0.3", now), 0s);
        throttle.succeeded("carl", "10.0.0.3");
    }
}

TEST_F(ThrottleTest, IsForgottenAfterAWhile) {
    fail("ann", "10.0.0.1", 5);
    now += 10min;
    EXPECT_EQ(throttle.wait("ann", "10.0.0.1", now), 0s);
    EXPECT_EQ(fail("ann", "10.0.0.1", 2), 0s);
}

TEST_F(ThrottleTest, AnIpv6NeighbourhoodCountsAsOne) {
    fail("ann", "2001:db8:1:2::1", 3);
    EXPECT_GT(throttle.wait("bob", "2001:db8:1:2:3:4:5:6", now), 0s);
    EXPECT_EQ(throttle.wait("bob", "2001:db8:1:3::1", now), 0s);
    EXPECT_EQ(throttle.wait("bob", "::ffff:10.0.0.1", now), 0s);
}

TEST_F(ThrottleTest, TheTableIsBounded) {
    fail("victim", "10.9.9.9", 4);
    for (int i = 0; i < 1000; ++i) {
        now += 1ms;
        throttle.admit("a" + std::to_string(i), "10.0.1." + std::to_string(i), now);
        ASSERT_LE(throttle.size(), 16U);
    }
    EXPECT_EQ(throttle.size(), 16U);
}

}  // namespace
}  // namespace lineshaft::trust
