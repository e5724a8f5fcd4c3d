// Who gets which certificate, over a real catalog, with the clock in hand.
#include "app/registrar.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "trust/keyring.h"

namespace lineshaft::app {
namespace {

using namespace std::chrono_literals;

constexpr OrganisationId home{1};

class RegistrarTest : public testing::Test {
protected:
    RegistrarTest() {
        std::string name = (std::filesystem::temp_directory_path() / "registrar-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) dir = name;
        catalog = catalog::Catalog::open(dir + "/catalog.db", now).value();
        registrar = open().value();
    }
    ~RegistrarTest() override { std::filesystem::remove_all(dir); }

    Result<std::unique_ptr<Registrar>> open() {
        return Registrar::open(*catalog, dir, "hall", limits, now);
    }
    static std::string request() { return trust::make_request("whoever").request_pem; }
    std::size_t live() { return catalog->live_certificates(now)->size(); }
    trust::Principal principal_of(const std::string& serial) {
        const auto row = catalog->find_certificate(home, serial).value();
        return {trust::PrincipalKind::certificate,
                home,
                "default",
                std::nullopt,
                row.machine,
                row.machine,
                row.id.number(),
                row.not_after};
    }

    Instant now = Instant::from_millis(1'795'248'900'000);
    Registrar::Limits limits{
        .machine_life = 24h * 90, .server_life = 24h * 90, .enrolment_life = 24h};
    std::string dir;
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<Registrar> registrar;
};

TEST_F(RegistrarTest, TheAuthorityIsMadeOnceAndItsKeyIsSealed) {
    EXPECT_TRUE(registrar->was_made());
    const auto again = open().value();
    EXPECT_FALSE(again->was_made());
    EXPECT_EQ(again->authority().root_sha256(), registrar->authority().root_sha256());
    EXPECT_FALSE(catalog->setting("ca.key")->contains("PRIVATE"));
    const auto sealed = trust::from_base64(*catalog->setting("ca.key")).value();
    EXPECT_FALSE(sealed.contains("PRIVATE"));
    std::filesystem::remove(dir + "/node.key");
    EXPECT_EQ(open().error().code, Code::corrupt);
}

TEST_F(RegistrarTest, Control4AnEnrolmentIsUsedOnce) {
    const auto leave = registrar->invite(home, "press-3", "ada", now).value();
    EXPECT_EQ(leave.expires_at, now + 24h);
    const auto asked = request();
    const auto made = registrar->enrol(leave.token, asked, now);
    ASSERT_TRUE(made.has_value()) << made.error().context;
    EXPECT_EQ(trust::read_certificate(made->certificate_pem)->common_name, "press-3");
    EXPECT_EQ(registrar->enrol(leave.token, asked, now)->serial, made->serial);
    EXPECT_EQ(registrar->enrol(leave.token, request(), now).error().code, Code::denied);
    EXPECT_EQ(live(), 1u);
    EXPECT_EQ(registrar->enrol("lse_x", asked, now).error().code, Code::denied);
    EXPECT_EQ(registrar->enrol(trust::make_enrolment_token(), asked, now).error().code,
              Code::denied);
    const auto bad = registrar->invite(home, "press-4", "ada", now).value();
    EXPECT_EQ(registrar->enrol(bad.token, "nonsense", now).error().code, Code::invalid);
    EXPECT_TRUE(registrar->enrol(bad.token, request(), now).has_value()) << "not spent by mistake";
}

TEST_F(RegistrarTest, Control4AnEnrolmentEndsAfterItsTime) {
    const auto leave = registrar->invite(home, "press-3", "ada", now).value();
    const auto asked = request();
    EXPECT_EQ(registrar->enrol(leave.token, asked, now + 24h).error().code, Code::denied);
    EXPECT_TRUE(registrar->enrol(leave.token, asked, now + 24h - 1s).has_value());
    EXPECT_EQ(registrar->enrol(leave.token, asked, now + 24h).error().code, Code::denied);
    EXPECT_EQ(registrar->invite(home, "a/b", "ada", now).error().code, Code::invalid);
    EXPECT_EQ(registrar->invite(OrganisationId(9), "m", "ada", now).error().code, Code::not_found);
}

TEST_F(RegistrarTest, Control5RenewingNeedsALiveCertificateOfOurs) {
    const auto first = registrar->issue(home, "press-3", "", "ada", now).value();
    EXPECT_FALSE(first.key_pem.empty());
    const auto next = registrar->renew(principal_of(first.serial), request(), now + 24h * 60);
    ASSERT_TRUE(next.has_value()) << next.error().context;
    EXPECT_GT(next->not_after, first.not_after);
    EXPECT_EQ(live(), 2u);
    trust::Principal token{trust::PrincipalKind::token, home, "default", std::nullopt, "press-3"};
    EXPECT_EQ(registrar->renew(token, request(), now).error().code, Code::denied);
    trust::Principal outside = principal_of(first.serial);
    outside.credential = 0;
    EXPECT_EQ(registrar->renew(outside, request(), now).error().code, Code::denied);
    EXPECT_EQ(registrar->renew(principal_of(first.serial), "", now).error().code, Code::invalid);
}

TEST_F(RegistrarTest, TheOldestOfTooManyIsRevoked) {
    std::vector<std::string> serials;
    for (std::size_t i = 0; i < limits.live_per_machine_max; ++i) {
        serials.push_back(registrar->issue(home, "press-3", "", "ada", now)->serial);
    }
    EXPECT_EQ(live(), limits.live_per_machine_max);
    ASSERT_TRUE(registrar->issue(home, "press-3", "", "ada", now).has_value());
    EXPECT_EQ(live(), limits.live_per_machine_max);
    const auto oldest = catalog->find_certificate(home, serials.front()).value();
    EXPECT_EQ(oldest.revoked_by, "superseded");
    EXPECT_FALSE(catalog->find_certificate(home, serials[1])->revoked_at.has_value());
}

TEST_F(RegistrarTest, AnEnrolmentThatCannotBeSignedRevokesNothing) {
    for (std::size_t i = 0; i < limits.live_per_machine_max; ++i) {
        ASSERT_TRUE(registrar->issue(home, "press-3", "", "ada", now).has_value());
    }
    const auto leave = registrar->invite(home, "press-3", "ada", now).value();
    limits.machine_life = 0s;  // such a certificate would end before it begins
    const auto unable = open().value();
    const auto refused = unable->enrol(leave.token, request(), now);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(live(), limits.live_per_machine_max);
    EXPECT_TRUE(registrar->enrol(leave.token, request(), now).has_value()) << "not spent by it";
}

TEST_F(RegistrarTest, ARenewalNeverCostsTheCertificateItCameWith) {
    const auto first = registrar->issue(home, "press-3", "", "ada", now).value();
    for (std::size_t i = 0; i < 2 * limits.live_per_machine_max; ++i) {
        ASSERT_TRUE(registrar->renew(principal_of(first.serial), request(), now).has_value());
    }
    EXPECT_FALSE(catalog->find_certificate(home, first.serial)->revoked_at.has_value());
    EXPECT_EQ(live(), limits.live_per_machine_max + 1);
}

TEST_F(RegistrarTest, Control3RevokedOnesAreOnTheListUntilTheyEnd) {
    const auto one = registrar->issue(home, "press-3", "", "ada", now).value();
    ASSERT_TRUE(registrar->revoke(home, one.serial, "ada", now).has_value());
    EXPECT_EQ(registrar->revoke(home, one.serial, "ada", now).error().code, Code::conflict);
    EXPECT_EQ(registrar->revoke(home, "00", "ada", now).error().code, Code::not_found);
    EXPECT_EQ(live(), 0u);
    const auto list = registrar->revocation_list(now).value();
    EXPECT_TRUE(list.contains(from_hex(one.serial).value()));
    const auto later = registrar->revocation_list(now + 24h * 91).value();
    EXPECT_FALSE(later.contains(from_hex(one.serial).value()));
}

// Fault 10: warned 30, 7 and 1 days before, each once.
TEST_F(RegistrarTest, Fault10WarnsThirtySevenAndOneDayBefore) {
    (void)registrar->issue(home, "press-3", "", "ada", now);
    const auto warned = [&](auto after) {
        std::vector<int> days;
        const auto told = registrar->take_warnings(now + after);
        for (const auto& one : *told) days.push_back(one.days);
        return days;
    };
    using Days = std::vector<int>;
    EXPECT_EQ(warned(24h * 59), Days{});
    EXPECT_EQ(warned(24h * 60), Days{30});
    EXPECT_EQ(warned(24h * 60 + 1s), Days{}) << "once";
    EXPECT_EQ(warned(24h * 83), Days{7});
    EXPECT_EQ(warned(24h * 84), Days{});
    EXPECT_EQ(warned(24h * 89), Days{1});
    EXPECT_EQ(warned(24h * 89 + 1h), Days{});
    EXPECT_EQ(warned(24h * 90), Days{}) << "it has ended";
}

TEST_F(RegistrarTest, AMachineThatRenewedNeedsNoWarningAndANodeThatSleptGivesOne) {
    (void)registrar->issue(home, "renewed", "", "ada", now);
    (void)registrar->issue(home, "forgotten", "", "ada", now);
    (void)registrar->issue(home, "renewed", "", "ada", now + 24h * 60);
    const auto warnings = registrar->take_warnings(now + 24h * 89).value();
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0].certificate.machine, "forgotten");
    EXPECT_EQ(warnings[0].days, 1) << "not three at once";
}

TEST_F(RegistrarTest, TheServersCertificateIsKeptUntilTwoThirdsOfItsLife) {
    const std::vector<std::string> names{"plant.example", "127.0.0.1"};
    const auto first = registrar->server(names, now).value();
    EXPECT_TRUE(first.is_new);
    const auto same = registrar->server(names, now + 24h * 59).value();
    EXPECT_FALSE(same.is_new);
    EXPECT_EQ(same.certificate_pem, first.certificate_pem);
    EXPECT_EQ(same.key_pem, first.key_pem);
    EXPECT_TRUE(open().value()->server(names, now)->certificate_pem == first.certificate_pem);
    const auto next = registrar->server(names, now + 24h * 61).value();
    EXPECT_TRUE(next.is_new);
    EXPECT_NE(next.key_pem, first.key_pem);
    EXPECT_TRUE(registrar->server({"other.example"}, now + 24h * 61)->is_new) << "another name";
    limits.server_life = 24h;
    EXPECT_TRUE(open().value()->server({"other.example"}, now)->is_new) << "a shorter life";
}

}  // namespace
}  // namespace lineshaft::app
