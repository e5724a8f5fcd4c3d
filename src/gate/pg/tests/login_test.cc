#include "gate/pg/scram_login.h"
#include "gate/pg/tests/rig.h"

namespace lineshaft::pg {
namespace {

using postgres::ClientHalf;

const io::Peer stranger{.address = "192.0.2.7", .port = 40'000};
const io::Peer stranger_in_tls{.address = "192.0.2.7", .port = 40'000, .is_encrypted = true};

std::string sqlstate_of(const std::vector<Reply>& replies) {
    return !replies.empty() && replies.back().type == 'E' ? replies.back().field('C') : "no error";
}

// ---- SCRAM --------------------------------------------------------------------------------------

TEST(PgScram, AnswersTheExampleOfRfc7677) {
    const auto salt = trust::from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
    ASSERT_TRUE(salt.has_value());
    ScramLogin login(trust::make_scram_verifier("pencil", *salt, 4096),
                     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    const auto first = login.first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(*first,
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
              "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const auto last = login.last(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(*last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(PgScram, RefusesWhatDoesNotProve) {
    const auto begun = [] {
        ScramLogin login(trust::make_scram_verifier("pencil", "0123456789abcdef", 4), "ours");
        EXPECT_TRUE(login.first("n,,n=,r=theirs").has_value());
        return login;
    };
    struct Case {
        std::string_view text;
        Code want;
    };
    const std::string zeros = trust::to_base64(std::string(32, '\0'));
    const std::string right_form = "c=biws,r=theirsours,p=" + zeros;
    const std::string other_nonce = "c=biws,r=theirsother,p=" + zeros;
    const std::string other_channel = "c=eSws,r=theirsours,p=" + zeros;
    const Case cases[] = {
        {right_form, Code::denied},
        {"c=biws,r=theirsours,p=AAAA", Code::denied},
        {other_nonce, Code::invalid},
        {other_channel, Code::invalid},
        {"c=biws,r=theirsours,p=?", Code::invalid},
        {"c=biws,r=theirsours", Code::invalid},
    };
    for (const auto& [text, want] : cases) {
        auto login = begun();
        const auto answer = login.last(text);
        ASSERT_FALSE(answer.has_value()) << text;
        EXPECT_EQ(answer.error().code, want) << text;
    }
    ScramLogin binds(trust::make_scram_verifier("pencil", "salt", 4), "ours");
    const auto refused = binds.first("p=tls-server-end-point,,n=,r=theirs");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::unsupported);
}

TEST(PgScram, AStrangerIsAskedLikeATokenAndAlwaysTheSame) {
    const auto once = ScramLogin::of_stranger("key", "mallory@lineshaft");
    const auto again = ScramLogin::of_stranger("key", "mallory@lineshaft");
    EXPECT_EQ(once.salt, again.salt);
    EXPECT_EQ(once.salt.size(), 16u);
    EXPECT_EQ(once.iterations, trust::scram_iterations);
    EXPECT_NE(once.salt, ScramLogin::of_stranger("key", "mallet@lineshaft").salt);
    EXPECT_NE(once.salt, ScramLogin::of_stranger("other", "mallory@lineshaft").salt);
}

// ---- Coming in ----------------------------------------------------------------------------------

TEST(PgLogin, WelcomesATokenThatProvesItself) {
    Rig rig;
    Client client(rig);
    const auto replies = client.sign_in();
    ASSERT_FALSE(replies.empty());
    EXPECT_EQ(replies.front().type, 'R');
    EXPECT_EQ(replies.front().body, std::string(4, '\0'));
    EXPECT_EQ(replies.back(), (Reply{'Z', "I"}));
    std::map<std::string, std::string> status;
    for (const Reply& reply : replies) {
        if (reply.type != 'S') continue;
        const auto end = reply.body.find('\0');
        status[reply.body.substr(0, end)] = reply.body.substr(end + 1, reply.body.size() - end - 2);
    }
    EXPECT_TRUE(status["server_version"].starts_with("15.")) << status["server_version"];
    EXPECT_EQ(status["server_encoding"], "UTF8");
    EXPECT_EQ(status["client_encoding"], "UTF8");
    EXPECT_EQ(status["integer_datetimes"], "on");
    EXPECT_EQ(status["standard_conforming_strings"], "on");
    EXPECT_EQ(status["DateStyle"], "ISO, MDY");
    EXPECT_NE(client.process, 0u);
    EXPECT_EQ(rig.stats().connections, 1u);
    EXPECT_EQ(rig.gate.admissions, 1);
}

TEST(PgLogin, AWrongPasswordAndAnUnknownUserAreRefusedAlike) {
    Rig rig;
    Client wrong(rig);
    const auto first = wrong.sign_in("grafana", "ls_wrong");
    EXPECT_EQ(sqlstate_of(first), "28P01");
    EXPECT_EQ(first.back().field('S'), "FATAL");
    EXPECT_TRUE(wrong.is_at_end());
    Client nobody(rig);
    const auto second = nobody.sign_in("nobody");
    EXPECT_EQ(sqlstate_of(second), "28P01");
    EXPECT_TRUE(nobody.is_at_end());
    EXPECT_EQ(rig.stats().refused_login, 2u);
    EXPECT_EQ(rig.gate.refusals, (std::vector<std::string>{"grafana: wrong credentials",
                                                           "nobody: wrong credentials"}));
}

TEST(PgLogin, IsThrottledBeforeThePasswordIsLookedAt) {
    Rig rig;
    rig.gate.wait = std::chrono::milliseconds(2'500);
    Client client(rig);
    const auto replies = client.sign_in();
    EXPECT_EQ(sqlstate_of(replies), "28000");
    EXPECT_TRUE(replies.back().field('M').contains("3 s")) << replies.back().field('M');
    EXPECT_EQ(rig.stats().refused_throttled, 1u);
    EXPECT_EQ(rig.gate.admissions, 0);
}

TEST(PgLogin, TheLoopbackUserNeedsNoPasswordOnThisMachineOnly) {
    Rig rig;
    Client here(rig);
    EXPECT_EQ(types_of(here.sign_in("loopback")).back(), 'Z');
    Client elsewhere(rig, stranger_in_tls);
    EXPECT_EQ(sqlstate_of(elsewhere.sign_in("loopback")), "28P01");
}

TEST(PgLogin, PlainTextIsForLoopback) {
    struct Case {
        std::string_view name;
        PlainRule rule;
        io::Peer peer;
        bool is_in;
    };
    const io::Peer local{.address = "127.0.0.1", .is_loopback = true};
    const Case cases[] = {
        {"loopback, allowed", {true, false}, local, true},
        {"loopback, TLS required", {false, false}, local, false},
        {"elsewhere", {true, false}, stranger, false},
        {"elsewhere, in TLS", {false, false}, stranger_in_tls, true},
        {"elsewhere, plain text allowed", {true, true}, stranger, true},
    };
    for (const auto& [name, rule, peer, is_in] : cases) {
        Rig rig({}, rule);
        Client client(rig, peer);
        const auto replies = client.sign_in();
        EXPECT_EQ(replies.back().type == 'Z', is_in) << name;
        if (is_in) continue;
        EXPECT_EQ(sqlstate_of(replies), "28000") << name;
        EXPECT_EQ(rig.stats().refused_plain, 1u) << name;
    }
}

TEST(PgLogin, EncryptionThatIsNotThereIsDeclinedAndTheClientGoesOn) {
    Rig rig;
    Client client(rig);
    client.send(postgres::GssRequested{});
    EXPECT_EQ(client.read_bytes(1), "N");
    client.send(postgres::SslRequested{});
    EXPECT_EQ(client.read_bytes(1), "N");
    EXPECT_EQ(client.sign_in().back().type, 'Z');
}

TEST(PgLogin, StartupThatMakesNoSenseIsRefused) {
    struct Case {
        std::string_view name;
        std::string bytes;
        std::string_view code;
    };
    const Case cases[] = {
        {"HTTP", "GET / HTTP/1.1\r\n\r\n", "08P01"},
        {"no user", ClientHalf::write(postgres::Startup{0, {{"database", "x"}}}), "28000"},
        {"a user that is no text", ClientHalf::write(postgres::Startup{0, {{"user", "\xff"}}}),
         "22021"},
        {"replication",
         ClientHalf::write(postgres::Startup{0, {{"user", "loopback"}, {"replication", "true"}}}),
         "0A000"},
        {"a query before signing in",
         ClientHalf::write(postgres::Startup{0, {{"user", "grafana"}}}) +
             ClientHalf::write(postgres::Query{"SELECT 1"}),
         "08P01"},
        {"another mechanism",
         ClientHalf::write(postgres::Startup{0, {{"user", "grafana"}}}) +
             ClientHalf::write(postgres::SaslInitial{"SCRAM-SHA-256-PLUS", "p=x,,n=,r=a"}),
         "08P01"},
    };
    for (const auto& [name, bytes, code] : cases) {
        Rig rig;
        Client client(rig);
        client.send(bytes);
        EXPECT_EQ(sqlstate_of(client.read_until('E')), code) << name;
        EXPECT_TRUE(client.is_at_end()) << name;
    }
}

TEST(PgLogin, ALaterMinorVersionIsToldWhatWeSpeak) {
    Rig rig;
    Client client(rig);
    client.send(postgres::Startup{2, {{"user", "loopback"}, {"_pq_.later", "on"}}});
    const auto replies = client.read_until('Z');
    ASSERT_EQ(replies.front().type, 'v');
    EXPECT_EQ(to_hex(as_bytes(replies.front().body)), "00030000000000015f70715f2e6c6174657200");
    EXPECT_EQ(replies.back().type, 'Z');
}

TEST(PgLogin, SettingsOfStartupAreTaken) {
    Rig rig;
    Client client(rig);
    const auto replies = client.sign_in(
        "grafana", FakeGate::password,
        {{"application_name", "psql"}, {"options", "-c TimeZone=Asia/Shanghai --nothing"}});
    std::string all;
    for (const Reply& reply : replies) all += reply.body;
    EXPECT_TRUE(all.contains(std::string("application_name\0psql", 21)));
    EXPECT_TRUE(all.contains(std::string("TimeZone\0Asia/Shanghai", 22)));
}

TEST(PgLogin, PlacesAreLimited) {
    Limits limits;
    limits.connections_max = 2;
    limits.arriving_max = 2;
    Rig rig(limits);
    auto one = std::make_unique<Client>(rig);
    Client two(rig);
    EXPECT_EQ(one->sign_in().back().type, 'Z');
    EXPECT_EQ(two.sign_in().back().type, 'Z');
    Client third(rig);
    const auto refused = third.sign_in();
    ASSERT_EQ(refused.back().type, 'E');
    EXPECT_EQ(refused.back().field('C'), "53300");
    EXPECT_EQ(rig.stats().refused_full, 1u);
    one->leave();
    rig.until([&] { return rig.door.open() == 1; });
    Client fourth(rig);
    EXPECT_EQ(fourth.sign_in().back().type, 'Z');

    Client silent(rig), silent_too(rig);
    Client past(rig);  // one more that has not signed in
    EXPECT_TRUE(past.is_at_end());
    EXPECT_EQ(rig.stats().refused_full, 2u);
}

TEST(PgLogin, WhoSaysNothingIsLeft) {
    Limits limits;
    limits.login_max = io::Steady{50};
    Rig rig(limits);
    Client client(rig);
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(rig.stats().refused_silent, 1u);
}

}  // namespace
}  // namespace lineshaft::pg
