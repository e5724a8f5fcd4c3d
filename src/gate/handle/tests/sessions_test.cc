#include "gate/handle/sessions.h"

#include <gtest/gtest.h>

#include <set>

#include "gate/handle/challenges.h"
#include "trust/rsa.h"

namespace lineshaft::handle {
namespace {

using io::Steady;

TEST(SessionCounters, AreTakenOnceAndMayOvertakeEachOther) {
    constexpr std::uint32_t kept = Session::counters_kept, top = 0xffffffff;
    Session session;
    EXPECT_FALSE(session.take_counter(0)) << "counters begin at 1";
    EXPECT_TRUE(session.take_counter(1));
    EXPECT_FALSE(session.take_counter(1));
    EXPECT_TRUE(session.take_counter(kept));
    EXPECT_TRUE(session.take_counter(2));
    EXPECT_FALSE(session.take_counter(2));
    EXPECT_FALSE(session.take_counter(1));
    EXPECT_TRUE(session.take_counter(kept + 2));
    EXPECT_TRUE(session.take_counter(3)) << "as late as may be";
    EXPECT_TRUE(session.take_counter(top));
    EXPECT_FALSE(session.take_counter(4)) << "too far behind to tell";
    EXPECT_FALSE(session.take_counter(kept + 2));
    EXPECT_TRUE(session.take_counter(top - (kept - 1)));
    EXPECT_FALSE(session.take_counter(top - kept));
    EXPECT_FALSE(session.take_counter(top));
}

// Against the obvious way to do it.
TEST(SessionCounters, AgreeWithASetOfAllSeen) {
    constexpr std::uint32_t kept = Session::counters_kept;
    Session session;
    std::set<std::uint32_t> seen;
    std::uint32_t newest = 0, state = 7;
    for (int step = 0; step < 50'000; ++step) {
        state = state * 1'664'525 + 1'013'904'223;
        const std::uint32_t base = newest > kept + 20 ? newest - kept - 20 : 0;
        const bool leaps = (state >> 8) % 1'000 == 0;
        const std::uint32_t counter = base + (state >> 16) % (leaps ? 4 * kept : kept + 40);
        const bool is_old = counter == 0 || (counter <= newest && newest - counter >= kept);
        const bool want = !is_old && !seen.contains(counter);
        ASSERT_EQ(session.take_counter(counter), want) << counter << " after " << newest;
        if (want) seen.insert(counter);
        newest = std::max(newest, counter);
    }
}

TEST(Sessions, LiveUntilNobodyUsesThem) {
    DoorLimits limits;
    limits.session_idle_max = Steady{10'000};
    Sessions sessions(1, 3, limits);
    const auto usual = sessions.add({}, 0, Steady{0}), brief = sessions.add({}, 2, Steady{0}),
               greedy = sessions.add({}, 0xffffffff, Steady{0});
    ASSERT_TRUE(usual && brief && greedy);
    for (const auto id : {*usual, *brief, *greedy}) {
        EXPECT_TRUE(Sessions::is_id(id));
        EXPECT_EQ(Sessions::shard_of(id, 3), 1u);
    }
    EXPECT_NE(sessions.find(*brief, Steady{1'999}), nullptr) << "used: lives on";
    EXPECT_NE(sessions.find(*brief, Steady{3'998}), nullptr);
    EXPECT_EQ(sessions.find(*brief, Steady{5'998}), nullptr);
    EXPECT_EQ(sessions.find(*greedy, Steady{10'000}), nullptr) << "never longer than allowed";
    EXPECT_NE(sessions.find(*usual, Steady{9'999}), nullptr);
    sessions.remove(*usual);
    EXPECT_EQ(sessions.find(*usual, Steady{9'999}), nullptr);
    EXPECT_EQ(sessions.find(12, Steady{0}), nullptr);
    EXPECT_EQ(sessions.size(), 0u);
}

TEST(Sessions, ThoseWithoutAProofGiveWayThoseWithOneStay) {
    DoorLimits limits;
    limits.sessions_max = 2;
    Sessions sessions(0, 1, limits);
    const auto first = sessions.add({}, 100, Steady{0}), second = sessions.add({}, 50, Steady{0});
    const auto third = sessions.add({}, 200, Steady{0});
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(sessions.find(*second, Steady{0}), nullptr) << "would have ended first";
    sessions.find(*first, Steady{0})->who = Reference{"88.1/A", 300};
    sessions.find(*third, Steady{0})->who = Reference{"88.1/B", 300};
    EXPECT_FALSE(sessions.add({}, 0, Steady{1}).has_value()) << "full of clients that are known";
    EXPECT_TRUE(sessions.add({}, 0, Steady{100'000}).has_value()) << "one of them has ended";
}

TEST(Sessions, IdsAreNeverThoseOfChallenges) {
    DoorLimits limits;
    Challenges challenges(0, 1, limits);
    for (int round = 0; round < 100; ++round)
        EXPECT_FALSE(Sessions::is_id(challenges.add({"m", "n", {}}, Steady{0})));
    for (const std::uint32_t id : {0u, 0x3fffffffu, 0x80000000u, 0xffffffffu})
        EXPECT_FALSE(Sessions::is_id(id));
    EXPECT_TRUE(Sessions::is_id(0x40000000));
    EXPECT_TRUE(Sessions::is_id(0x7fffffff));
}

TEST(Proofs, Sm2OnlyWhenItIsAllowedAndSm9ByName) {
    const auto key_of = [](const PublicKey& key) {
        Value out;
        out.index = 300;
        out.type = "HS_PUBKEY";
        out.data = encode(key);
        return out;
    };
    const Value sm2 = key_of({"SM2_PUB_KEY", {std::string(32, 'x'), std::string(32, 'y')}});
    const auto proof = encode(PublicKeyProof{"SM3", "signature"});
    EXPECT_EQ(check_proof(sm2, proof, "nonce", {}).error().code, Code::unsupported);
    EXPECT_EQ(check_proof(sm2, proof, "nonce", {}, true).error().code, Code::invalid)
        << "looked at: those numbers are no point";
    const auto other = encode(PublicKeyProof{"SHA-256", "signature"});
    EXPECT_EQ(check_proof(sm2, other, "nonce", {}, true).error().code, Code::unsupported);
    const Value sm9 = key_of({"SM9_PUB_KEY", {"k"}});
    const auto refused = check_proof(sm9, proof, "nonce", {}, true);
    EXPECT_EQ(refused.error().code, Code::unsupported);
    EXPECT_NE(refused.error().context.find("SM9"), std::string::npos);
}

}  // namespace
}  // namespace lineshaft::handle
