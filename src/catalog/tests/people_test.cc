// Second factors, limits of organisations, forgetting machines.
#include <gtest/gtest.h>

#include "catalog/catalog.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

struct PeopleTest : testing::Test {
    TempDir dir;
    std::unique_ptr<Catalog> catalog = std::move(*Catalog::open(dir.file(), now, {}));
    PersonId person(const std::string& name = "li wei") {
        return catalog->create_person(ours, {name, "admin", "hash"}, now)->id;
    }
    const std::string digest_a = std::string(32, 'a'), digest_b = std::string(32, 'b');
};

TEST_F(PeopleTest, ASecondFactorIsOfferedThenConfirmedThenAskedFor) {
    const PersonId id = person();
    EXPECT_FALSE(catalog->find_person(ours, id)->totp);
    EXPECT_EQ(code_of(catalog->confirm_totp(ours, id, 7, {}, now)), Code::conflict);
    ASSERT_TRUE(catalog->offer_totp(ours, id, "first"));
    ASSERT_TRUE(catalog->offer_totp(ours, id, "second"));
    EXPECT_EQ(catalog->find_person(ours, id)->totp->sealed, "second");
    EXPECT_FALSE(catalog->find_person(ours, id)->totp->confirmed_at);
    EXPECT_EQ(code_of(catalog->use_totp_step(ours, id, 8)), Code::denied);  // not confirmed
    const std::string codes[] = {digest_a, digest_b};
    ASSERT_TRUE(catalog->confirm_totp(ours, id, 7, codes, now));
    const auto totp = catalog->find_person(ours, "LI WEI")->totp;
    ASSERT_TRUE(totp);
    EXPECT_EQ(totp->confirmed_at, now);
    EXPECT_EQ(totp->last_step, 7);
    EXPECT_EQ(totp->recovery_codes, 2);
    EXPECT_EQ(code_of(catalog->offer_totp(ours, id, "third")), Code::conflict);
    EXPECT_EQ(code_of(catalog->confirm_totp(ours, id, 9, codes, now)), Code::conflict);
    ASSERT_TRUE(catalog->remove_totp(ours, id));
    EXPECT_FALSE(catalog->find_person(ours, id)->totp);
}

TEST_F(PeopleTest, AStepIsUsedOnceAndOnlyForwards) {
    const PersonId id = person();
    ASSERT_TRUE(catalog->offer_totp(ours, id, "sealed"));
    ASSERT_TRUE(catalog->confirm_totp(ours, id, 7, {}, now));
    EXPECT_EQ(code_of(catalog->use_totp_step(ours, id, 7)), Code::denied);
    EXPECT_TRUE(catalog->use_totp_step(ours, id, 8));
    EXPECT_EQ(code_of(catalog->use_totp_step(ours, id, 8)), Code::denied);
    EXPECT_EQ(code_of(catalog->use_totp_step(ours, id, 6)), Code::denied);
    EXPECT_TRUE(catalog->use_totp_step(ours, id, 100));
}

TEST_F(PeopleTest, ARecoveryCodeIsSpent) {
    const PersonId id = person(), other = person("ann");
    const std::string codes[] = {digest_a, digest_b};
    ASSERT_TRUE(catalog->offer_totp(ours, id, "sealed"));
    ASSERT_TRUE(catalog->confirm_totp(ours, id, 7, codes, now));
    EXPECT_EQ(code_of(catalog->use_recovery_code(ours, other, digest_a)), Code::denied);
    EXPECT_TRUE(catalog->use_recovery_code(ours, id, digest_a));
    EXPECT_EQ(code_of(catalog->use_recovery_code(ours, id, digest_a)), Code::denied);
    EXPECT_EQ(catalog->find_person(ours, id)->totp->recovery_codes, 1);
    ASSERT_TRUE(catalog->remove_person(ours, id));  // its codes go with it
}

TEST_F(PeopleTest, RecoveryCodesHaveALimit) {
    const PersonId id = person();
    ASSERT_TRUE(catalog->offer_totp(ours, id, "sealed"));
    std::vector<std::string> codes;
    for (char letter = 'a'; letter < 'a' + 21; ++letter) codes.push_back(std::string(32, letter));
    EXPECT_EQ(code_of(catalog->confirm_totp(ours, id, 7, codes, now)), Code::exhausted);
    codes.pop_back();
    EXPECT_TRUE(catalog->confirm_totp(ours, id, 7, codes, now));
    EXPECT_EQ(code_of(catalog->offer_totp(ours, id, std::string(1025, 'x'))), Code::invalid);
}

TEST_F(PeopleTest, AnotherOrganisationsPersonIsNotFound) {
    const auto acme = catalog->create_organisation("acme", now)->id;
    const PersonId id = person();
    EXPECT_EQ(code_of(catalog->offer_totp(acme, id, "sealed")), Code::not_found);
    EXPECT_EQ(code_of(catalog->remove_totp(acme, id)), Code::not_found);
    ASSERT_TRUE(catalog->offer_totp(ours, id, "sealed"));
    ASSERT_TRUE(catalog->confirm_totp(ours, id, 7, {}, now));
    EXPECT_EQ(code_of(catalog->use_totp_step(acme, id, 8)), Code::denied);
}

TEST_F(PeopleTest, AnOrganisationIsTitledAndLimited) {
    const auto acme = catalog->create_organisation("acme", now)->id;
    OrganisationChange change;
    change.title = std::optional<std::string>("Acme 纺织");
    change.machines_max = std::optional<std::int64_t>(5);
    change.messages_per_s = std::optional<std::int64_t>(0);
    ASSERT_TRUE(catalog->change_organisation(acme, change));
    catalog.reset();
    catalog = std::move(*Catalog::open(dir.file(), now, {}));
    const auto snapshot = catalog->snapshot();
    const auto* kept = snapshot->organisation(acme);
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(kept->name, "acme");
    EXPECT_EQ(kept->title, "Acme 纺织");
    EXPECT_EQ(kept->limits.machines_max, 5);
    EXPECT_EQ(kept->limits.messages_per_s, 0);
    EXPECT_FALSE(kept->limits.samples_per_s);
    OrganisationChange back;
    back.machines_max = cleared<std::int64_t>();
    EXPECT_FALSE(catalog->change_organisation(acme, back)->limits.machines_max);
    back.machines_max = std::optional<std::int64_t>(-1);
    EXPECT_EQ(code_of(catalog->change_organisation(acme, back)), Code::invalid);
    EXPECT_EQ(code_of(catalog->change_organisation(OrganisationId(9), {})), Code::not_found);
    OrganisationChange long_title;
    long_title.title = std::optional<std::string>(std::string(129, 'x'));
    EXPECT_EQ(code_of(catalog->change_organisation(acme, long_title)), Code::invalid);
}

}  // namespace
}  // namespace lineshaft::catalog
