#include "trust/keyring.h"

#include <gtest/gtest.h>

#include "trust/loopback.h"
#include "trust/token.h"

namespace lineshaft::trust {
namespace {

TokenRecord record_of(std::uint64_t id, const NewTokenSecret& secret, std::optional<Role> role,
                      std::string machine = {}) {
    return {OrganisationId(1),  "default",     TokenId(id),          "t" + std::to_string(id), role,
            std::move(machine), secret.sha256, secret.scram_verifier};
}

struct KeyringTest : ::testing::Test {
    NewTokenSecret engineer = make_token(), press = make_token(), broken = make_token(),
                   both = make_token(), stranger = make_token();
    std::vector<TokenRecord> records = {
        record_of(1, engineer, Role::engineer), record_of(2, press, std::nullopt, "press-7"),
        record_of(3, broken, std::nullopt), record_of(4, both, Role::admin, "press-7")};
    Keyring ring{records};
};

TEST_F(KeyringTest, KnowsItsTokensOnly) {
    const auto who = ring.authenticate(engineer.text);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->role, Role::engineer);
    EXPECT_EQ(who->credential, 1U);
    EXPECT_EQ(ring.by_id(TokenId(1)), who);
    ASSERT_TRUE(ring.authenticate(press.text));
    EXPECT_TRUE(ring.authenticate(press.text)->is_machine());
    EXPECT_FALSE(ring.authenticate(stranger.text));
    EXPECT_FALSE(ring.authenticate(""));
    EXPECT_FALSE(Keyring().authenticate(engineer.text));  // bug 12: an empty file lets nobody in
    EXPECT_FALSE(ring.by_id(TokenId(9)));
}

TEST_F(KeyringTest, Control14ARowThatMeansNothingOpensNothing) {
    EXPECT_FALSE(ring.authenticate(broken.text));
    EXPECT_FALSE(ring.authenticate(both.text));
    EXPECT_EQ(ring.size(), 2U);
    // mqtt.md, bugs 8 and 17: wildcards and bytes that are no UTF-8 are nobody's machine.
    for (const char* id : {"+", "#", "a/b", "\xFF\xFE", "a\nb"}) {
        EXPECT_EQ(Keyring({record_of(5, stranger, std::nullopt, id)}).size(), 0U) << id;
    }
}

TEST_F(KeyringTest, MqttTakesTheTokenInEitherPlace) {
    const std::string& token = engineer.text;
    struct Case {
        std::optional<std::string_view> user, password;
        bool is_let_in;
    };
    const Case cases[] = {
        {"anything", token, true},
        {"", token, true},
        {std::nullopt, token, true},
        {token, std::nullopt, true},
        {token, "", true},
        {token, "wrong", false},
        {"wrong", "wrong", false},
        {"wrong", std::nullopt, false},
        {std::nullopt, std::nullopt, false},
        {"", "", false},
        {std::string_view("ls_\0#+/", 7), std::nullopt, false},
        {token, stranger.text, false},  // wrong credentials are not looked past
    };
    for (const Case& one : cases) {
        EXPECT_EQ(ring.authenticate_mqtt(one.user, one.password) != nullptr, one.is_let_in)
            << one.user.value_or("-") << " " << one.password.value_or("-");
    }
}

TEST_F(KeyringTest, LiveSessionsOfARevokedOrChangedTokenEnd) {
    const auto first = ring.authenticate(engineer.text), machine = ring.authenticate(press.text);
    EXPECT_TRUE(ring.still_holds(*first));
    records[1].machine = "press-8";
    records.erase(records.begin());
    const Keyring after(records);
    EXPECT_FALSE(after.still_holds(*first));
    EXPECT_FALSE(after.still_holds(*machine));
    EXPECT_TRUE(after.still_holds(*loopback_principal(Role::viewer, true)));
}

TEST_F(KeyringTest, ScramVerifiersAreFoundByName) {
    ASSERT_NE(ring.by_name(OrganisationId(1), "t2"), nullptr);
    EXPECT_EQ(ring.by_name(OrganisationId(1), "t2")->scram_verifier, press.scram_verifier);
    EXPECT_EQ(ring.by_name(OrganisationId(2), "t2"), nullptr);
}

TEST(Keys, ListenersHearOfEachChangeAndMayGo) {
    Keys keys;
    int first = 0, second = 0;
    Keys::ListenerId own = 0;
    own = keys.on_change([&](const Keyring&) {
        ++first;
        keys.forget(own);
        keys.on_change([&](const Keyring&) { ++second; });
    });
    const auto other =
        keys.on_change([&](const Keyring& ring) { EXPECT_EQ(&ring, keys.ring().get()); });
    keys.replace(std::make_shared<const Keyring>());
    EXPECT_EQ(first, 1);
    keys.forget(other);
    keys.forget(other);
    const int heard = second;
    keys.replace(std::make_shared<const Keyring>());
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, heard + 1);
}

TEST(TokenUse, TellsEachTokenOnce) {
    TokenUse use;
    Principal token{.kind = PrincipalKind::token, .credential = 7};
    use.note(token, Instant{1});
    use.note(token, Instant{2});
    use.note(node_principal(), Instant{3});
    const auto used = use.take();
    ASSERT_EQ(used.size(), 1U);
    EXPECT_EQ(used[0], std::pair(TokenId(7), Instant{2}));
    EXPECT_TRUE(use.take().empty());
}

TEST(Loopback, OpensOnlyWhatTheSettingSaysWhereBothEndsAreLocal) {
    EXPECT_FALSE(loopback_principal(std::nullopt, true));
    EXPECT_FALSE(loopback_principal(std::nullopt, false));
    for (const Role role : all_roles) {
        EXPECT_FALSE(loopback_principal(role, false));
        const auto who = loopback_principal(role, true);
        ASSERT_TRUE(who);
        EXPECT_EQ(who->role, role);
        EXPECT_EQ(parse_loopback_role(name_of(role)).value(), role);
    }
    EXPECT_EQ(parse_loopback_role("none").value(), std::nullopt);
    for (const char* text : {"", "None", "operator_", "root", "admin "}) {
        const auto parsed = parse_loopback_role(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_TRUE(parsed.error().context.contains("none, viewer")) << parsed.error().context;
    }
}

}  // namespace
}  // namespace lineshaft::trust
