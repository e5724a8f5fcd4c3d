// How a shard knows machines by certificate: what counts, until when.
#include <gtest/gtest.h>

#include "trust/keyring.h"

namespace lineshaft::trust {
namespace {

using namespace std::chrono_literals;

const Instant now = Instant::from_millis(1'795'248'900'000);

CertificateRecord record(std::uint64_t id, std::string machine, Instant until,
                         std::uint32_t organisation = 1) {
    return {OrganisationId(organisation),
            organisation == 1 ? "default" : "acme",
            CertificateId(id),
            machine,
            sha256(std::to_string(id)),
            until};
}

TEST(Certificates, Control2ACertificateIsItsMachineAndNobodyElse) {
    const Keyring ring({}, {record(1, "press-3", now + 1h), record(2, "press-4", now + 1h, 2)});
    const auto who = ring.by_certificate(sha256("1"), now);
    ASSERT_NE(who, nullptr);
    EXPECT_TRUE(who->is_machine());
    EXPECT_EQ(who->machine, "press-3");
    EXPECT_EQ(who->organisation_name, "default");
    EXPECT_FALSE(who->role.has_value());
    EXPECT_EQ(ring.by_certificate(sha256("2"), now)->organisation, OrganisationId(2));
    EXPECT_EQ(ring.by_certificate(sha256("3"), now), nullptr);
    EXPECT_EQ(ring.certificates(), 2u);
}

TEST(Certificates, Control3OneThatWasRevokedOrHasEndedIsNobody) {
    const Keyring before({}, {record(1, "press-3", now + 1h), record(2, "press-3", now + 2h)});
    const auto who = before.by_certificate(sha256("1"), now);
    EXPECT_TRUE(before.still_holds(*who));
    EXPECT_NE(before.by_certificate(sha256("1"), now + 1h - 1us), nullptr);
    EXPECT_EQ(before.by_certificate(sha256("1"), now + 1h), nullptr);
    const Keyring after({}, {record(2, "press-3", now + 2h)});  // 1 is revoked
    EXPECT_FALSE(after.still_holds(*who));
    EXPECT_EQ(after.by_certificate(sha256("1"), now), nullptr);
}

TEST(Certificates, AMachineIsItselfUnderItsNextCertificate) {
    const Keyring ring({}, {record(1, "press-3", now + 1h), record(2, "press-3", now + 2h),
                            record(3, "press-3", now + 3h, 2)});
    EXPECT_EQ(ring.by_machine(OrganisationId(1), "press-3", now)->credential, 2u);
    EXPECT_EQ(ring.by_machine(OrganisationId(1), "press-3", now + 90min)->credential, 2u);
    EXPECT_EQ(ring.by_machine(OrganisationId(1), "press-3", now + 2h), nullptr);
    EXPECT_EQ(ring.by_machine(OrganisationId(1), "press", now), nullptr);
    EXPECT_EQ(ring.by_machine(OrganisationId(3), "press-3", now), nullptr);
}

TEST(Certificates, EndsAreCountedHalfOpen) {
    const Keyring ring({}, {record(1, "a", now + 1h), record(2, "b", now + 2h)});
    EXPECT_EQ(ring.ending(now, now + 1h - 1us), 0u);
    EXPECT_EQ(ring.ending(now, now + 1h), 1u);
    EXPECT_EQ(ring.ending(now + 1h, now + 2h), 1u);
    EXPECT_EQ(ring.ending(now + 2h, now), 0u) << "a clock that was set back ends nothing";
}

TEST(Certificates, BrokenRowsOpenNothingAndOthersAreNotAsked) {
    const Keyring ring({}, {record(1, "a/b", now + 1h), record(2, "", now + 1h)});
    EXPECT_EQ(ring.by_certificate(sha256("1"), now), nullptr);
    EXPECT_EQ(ring.by_certificate(sha256("2"), now), nullptr);
    Principal outside{PrincipalKind::certificate,
                      OrganisationId(1),
                      "default",
                      std::nullopt,
                      "press-9",
                      "press-9"};
    EXPECT_TRUE(ring.still_holds(outside)) << "other authorities' are known by their chain";
}

TEST(Certificates, TellReachesListenersWithTheSameRing) {
    Keys keys;
    int told = 0;
    keys.on_change([&](const Keyring&) { ++told; });
    const auto ring = keys.ring();
    keys.tell();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(keys.ring(), ring);
}

}  // namespace
}  // namespace lineshaft::trust
