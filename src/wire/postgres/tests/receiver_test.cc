#include "wire/postgres/receiver.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/postgres/scram.h"
#include "wire/postgres/tests/client_half.h"

namespace lineshaft::postgres {
namespace {

std::string bytes(std::string_view hex) {
    auto parsed = from_hex(hex);
    EXPECT_TRUE(parsed.has_value()) << hex;
    return parsed ? *parsed : std::string();
}

const Message hello = Startup{0, {{"user", "grafana"}}};
const Message first_sasl = SaslInitial{"SCRAM-SHA-256", "n,,n=,r=abc"};
const Message last_sasl = SaslResponse{"c=biws,r=abcdef,p=x"};

/// A receiver of a client that was let in.
Receiver open_receiver(Limits limits = {}) {
    Receiver receiver(limits);
    receiver.feed(as_bytes(ClientHalf::write(hello) + ClientHalf::write(first_sasl)));
    EXPECT_EQ(receiver.next(), hello);
    EXPECT_EQ(receiver.next(), first_sasl);
    receiver.admit();
    return receiver;
}

struct Golden {
    std::string_view name, hex;
    Message want;
};

// Bytes by hand after "Message Formats" (PostgreSQL 15, 55.7); lengths count themselves.
const Golden starts[] = {
    {"SSLRequest", "00000008 04d2162f", SslRequested{}},
    {"GSSENCRequest", "00000008 04d21630", GssRequested{}},
    {"CancelRequest", "00000010 04d2162e 0000002a deadbeef", CancelRequested{42, 0xdeadbeef}},
    {"StartupMessage 3.0", "00000012 00030000 7573657200 626f6200 00", Startup{0, {{"user", "bob"}}}},
    {"StartupMessage 3.2 with an option", "00000012 00030002 5f70715f2e7800 7900 00",
     Startup{2, {{"_pq_.x", "y"}}}},
    {"no parameters at all", "00000009 00030000 00", Startup{0, {}}},
};

const Golden opens[] = {
    {"Query", "51 0000000d 53454c454354203100", Query{"SELECT 1"}},
    {"empty Query", "51 00000005 00", Query{""}},
    {"Parse", "50 00000010 7300 53454c00 0001 00000014", Parse{"s", "SEL", {20}}},
    {"Parse without types", "50 00000008 00 00 0000", Parse{"", "", {}}},
    {"Bind", "42 0000001b 7000 7300 0001 0001 0002 00000001 37 ffffffff 0001 0000",
     Bind{"p", "s", {Format::binary}, {"7", std::nullopt}, {Format::text}}},
    {"Bind of nothing", "42 0000000c 00 00 0000 0000 0000", Bind{}},
    {"Describe statement", "44 00000007 53 7300", Describe{Kind::statement, "s"}},
    {"Describe portal", "44 00000006 50 00", Describe{Kind::portal, ""}},
    {"Execute", "45 0000000a 7000 00000064", Execute{"p", 100}},
    {"Execute with a negative limit", "45 0000000a 7000 ffffffff", Execute{"p", 0}},
    {"Close", "43 00000007 50 7000", Close{Kind::portal, "p"}},
    {"Flush", "48 00000004", Flush{}},
    {"Sync", "53 00000004", Sync{}},
    {"Terminate", "58 00000004", Terminate{}},
    {"FunctionCall", "46 0000000e 00000001 0000 0000 0000", FunctionCalled{}},
};

TEST(PostgresReceiver, ReadsWhatOpensAConnection) {
    for (const auto& [name, hex, want] : starts) {
        Receiver receiver(Limits{});
        const std::string raw = bytes(hex);
        receiver.feed(as_bytes(raw));
        EXPECT_EQ(receiver.next(), want) << name;
        EXPECT_EQ(receiver.left(), 0u) << name;
        EXPECT_EQ(ClientHalf::write(want), raw) << name;
    }
}

TEST(PostgresReceiver, ReadsEveryMessageOfAnOpenConnection) {
    for (const auto& [name, hex, want] : opens) {
        Receiver receiver = open_receiver();
        receiver.feed(as_bytes(bytes(hex)));
        EXPECT_EQ(receiver.next(), want) << name;
        EXPECT_EQ(receiver.next(), std::nullopt) << name;
    }
}

TEST(PostgresReceiver, HowTheBytesAreCutChangesNothing) {
    std::string all;
    std::vector<Message> want;
    for (const auto& golden : opens) {
        all += bytes(golden.hex);
        want.push_back(golden.want);
    }
    for (std::size_t piece = 1; piece <= 17; ++piece) {
        Receiver receiver = open_receiver();
        std::vector<Message> got;
        for (std::size_t at = 0; at < all.size(); at += piece) {
            receiver.feed(as_bytes(std::string_view(all).substr(at, piece)));
            while (auto message = receiver.next()) got.push_back(std::move(*message));
        }
        EXPECT_EQ(got, want) << piece;
    }
}

TEST(PostgresReceiver, SslThenStartupOnOneConnection) {
    Receiver receiver(Limits{});
    receiver.feed(as_bytes(ClientHalf::write(SslRequested{})));
    EXPECT_EQ(receiver.next(), Message{SslRequested{}});
    // What was fed behind it in plain text is seen to be there (CVE-2021-23222).
    receiver.feed(as_bytes(ClientHalf::write(hello)));
    EXPECT_GT(receiver.left(), 0u);
    EXPECT_EQ(receiver.next(), hello);
    receiver.feed(as_bytes(ClientHalf::write(first_sasl) + ClientHalf::write(last_sasl)));
    EXPECT_EQ(receiver.next(), first_sasl);
    EXPECT_EQ(receiver.next(), last_sasl);
}

struct Bad {
    std::string_view name, hex;
};

TEST(PostgresReceiver, RefusesWhatIsNoStart) {
    const Bad cases[] = {
        {"HTTP", "474554202f20485454502f312e310d0a"},
        {"TLS without asking first", "1603010200010001fc0303"},
        {"protocol 2", "00000008 00020000"},
        {"length below its own", "00000003 00030000"},
        {"length without a version", "00000004 00030000"},
        {"a name without its end", "0000000b 00030000 757365"},
        {"a name without a value", "0000000d 00030000 7573657200"},
        {"bytes behind the end", "0000000b 00030000 00 0000"},
        {"cancel too short", "0000000c 04d2162e 0000002a"},
        {"cancel too long", "00000014 04d2162e 0000002a deadbeef 00000000"},
        {"one byte past the longest", "00002711 00030000"},
    };
    for (const auto& [name, hex] : cases) {
        Receiver receiver(Limits{});
        receiver.feed(as_bytes(bytes(hex)));
        const auto message = receiver.next();
        ASSERT_TRUE(message && std::holds_alternative<Broken>(*message)) << name;
        EXPECT_TRUE(receiver.is_broken());
        receiver.feed(as_bytes(ClientHalf::write(hello)));
        EXPECT_EQ(receiver.next(), std::nullopt) << name;
    }
}

TEST(PostgresReceiver, RefusesBrokenMessages) {
    const Bad cases[] = {
        {"length below its own", "51 00000003"},
        {"query without its end", "51 00000005 41"},
        {"bytes behind a query", "51 00000006 0041"},
        {"no such type", "7a 00000004"},
        {"describe of neither", "44 00000006 58 00"},
        {"close of neither", "43 00000006 58 00"},
        {"format code 2", "42 0000000e 00 00 0001 0002 0000 0000"},
        {"two formats, one value", "42 00000015 00 00 0002 0000 0000 0001 00000001 37 0000"},
        {"value longer than the message", "42 00000010 00 00 0000 0001 7fffffff 0000"},
        {"more values than bytes", "42 0000000a 00 00 0000 03e8"},
        {"more types than bytes", "50 00000008 00 00 03e8"},
        {"execute cut short", "45 00000008 00 000000"},
        {"sync with a body", "53 00000005 00"},
    };
    for (const auto& [name, hex] : cases) {
        Receiver receiver = open_receiver();
        receiver.feed(as_bytes(bytes(hex)));
        const auto message = receiver.next();
        EXPECT_TRUE(message && std::holds_alternative<Broken>(*message)) << name;
    }
}

TEST(PostgresReceiver, NobodyAsksBeforeSigningIn) {
    for (const char* hex : {"51 0000000d 53454c454354203100", "50 00000008 00 00 0000", "53 00000004"}) {
        Receiver receiver(Limits{});
        receiver.feed(as_bytes(ClientHalf::write(hello) + bytes(hex)));
        EXPECT_EQ(receiver.next(), hello);
        const auto message = receiver.next();
        EXPECT_TRUE(message && std::holds_alternative<Broken>(*message)) << hex;
    }
    Receiver leaves(Limits{});
    leaves.feed(as_bytes(ClientHalf::write(hello) + ClientHalf::write(Terminate{})));
    EXPECT_EQ(leaves.next(), hello);
    EXPECT_EQ(leaves.next(), Message{Terminate{}});
}

bool is_taken(Receiver receiver, const std::string& raw) {
    receiver.feed(as_bytes(raw));
    const auto message = receiver.next();
    return message && !std::holds_alternative<Broken>(*message);
}

TEST(PostgresReceiver, LimitsHoldToTheByte) {
    const Limits limits{.startup_bytes_max = 100,
                        .login_bytes_max = 50,
                        .message_bytes_max = 200,
                        .name_bytes_max = 10,
                        .parameters_max = 3};
    const auto startup = [](std::size_t length) {
        return ClientHalf::write(Startup{0, {{"u", std::string(length - 12, 'x')}}});
    };
    EXPECT_EQ(startup(100).size(), 100u);
    EXPECT_TRUE(is_taken(Receiver(limits), startup(100)));
    EXPECT_FALSE(is_taken(Receiver(limits), startup(101)));

    Receiver signing(limits);
    signing.feed(as_bytes(ClientHalf::write(hello)));
    EXPECT_EQ(signing.next(), hello);
    const auto sasl = [](std::size_t length) {
        return ClientHalf::write(SaslInitial{"S", std::string(length - 10, 'x')});
    };
    EXPECT_TRUE(is_taken(signing, sasl(50)));
    EXPECT_FALSE(is_taken(signing, sasl(51)));

    const Receiver open = open_receiver(limits);
    const auto query = [](std::size_t length) {
        return ClientHalf::write(Query{std::string(length - 5, 'x')});
    };
    EXPECT_TRUE(is_taken(open, query(200)));
    EXPECT_FALSE(is_taken(open, query(201)));
    EXPECT_TRUE(is_taken(open, ClientHalf::write(Parse{std::string(10, 'n'), "", {}})));
    EXPECT_FALSE(is_taken(open, ClientHalf::write(Parse{std::string(11, 'n'), "", {}})));
    EXPECT_TRUE(is_taken(open, ClientHalf::write(Bind{"", "", {}, {"", "", ""}, {}})));
    EXPECT_FALSE(is_taken(open, ClientHalf::write(Bind{"", "", {}, {"", "", "", ""}, {}})));
    EXPECT_TRUE(is_taken(open, ClientHalf::write(Parse{"", "", {1, 2, 3}})));
    EXPECT_FALSE(is_taken(open, ClientHalf::write(Parse{"", "", {1, 2, 3, 4}})));
}

TEST(PostgresReceiver, ALengthIsRefusedBeforeItsBodyComes) {
    Receiver receiver = open_receiver();
    receiver.feed(as_bytes(bytes("51 7fffffff")));
    const auto message = receiver.next();
    EXPECT_TRUE(message && std::holds_alternative<Broken>(*message));
    EXPECT_EQ(receiver.left(), 0u);
}

TEST(PostgresReceiver, AfterAnErrorOnlySyncIsHeard) {
    Receiver receiver = open_receiver();
    receiver.skip_to_sync();
    std::string raw;
    for (const auto& golden : opens) {
        if (golden.want != Message{Terminate{}}) raw += bytes(golden.hex);
    }
    raw += ClientHalf::write(Query{"SELECT 2"});
    receiver.feed(as_bytes(raw));
    EXPECT_EQ(receiver.next(), Message{Sync{}});
    EXPECT_EQ(receiver.next(), Message{FunctionCalled{}});
    EXPECT_EQ(receiver.next(), Message{Query{"SELECT 2"}});
    receiver.skip_to_sync();
    receiver.feed(as_bytes(ClientHalf::write(Flush{}) + ClientHalf::write(Terminate{})));
    EXPECT_EQ(receiver.next(), Message{Terminate{}});
}

TEST(PostgresReceiver, CopyDataIsLeftOut) {
    Receiver receiver = open_receiver();
    receiver.feed(as_bytes(ClientHalf::typed('d', "1\tx\n") + ClientHalf::typed('c', "") +
                           ClientHalf::typed('f', "stop") + ClientHalf::write(Sync{})));
    EXPECT_EQ(receiver.next(), Message{Sync{}});
}

TEST(PostgresReceiver, FormatsOfValues) {
    EXPECT_EQ(format_of({}, 3), Format::text);
    EXPECT_EQ(format_of({Format::binary}, 3), Format::binary);
    EXPECT_EQ(format_of({Format::binary, Format::text}, 1), Format::text);
    EXPECT_EQ(format_of({Format::binary, Format::binary}, 2), Format::text);
}

// ---- SCRAM --------------------------------------------------------------------------------------

TEST(PostgresScram, ReadsTheExampleOfRfc7677) {
    const auto first = parse_client_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->header, "n,,");
    EXPECT_EQ(first->bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
    EXPECT_EQ(first->nonce, "rOprNGfwEbeRWgbNEkqO");
    const auto last = parse_client_final(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->channel, "biws");
    EXPECT_EQ(last->nonce, "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    EXPECT_EQ(last->proof, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_EQ(last->without_proof, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
}

TEST(PostgresScram, SaysWhatIsWrong) {
    struct Case {
        std::string_view text;
        std::optional<Code> problem;
    };
    const Case firsts[] = {
        {"y,,n=,r=abc", std::nullopt},
        {"p=tls-server-end-point,,n=,r=abc", std::nullopt},
        {"n,,n=,r=abc,x=later", std::nullopt},
        {"n,a=other,n=,r=abc", Code::unsupported},
        {"n,,m=must,n=,r=abc", Code::unsupported},
        {"", Code::invalid},
        {"x,,n=,r=abc", Code::invalid},
        {"nn,,n=,r=abc", Code::invalid},
        {"n,n=,r=abc", Code::unsupported},
        {"n,,r=abc", Code::invalid},
        {"n,,n=,r=", Code::invalid},
        {"n,,n=,r=a b", Code::invalid},
    };
    for (const auto& [text, problem] : firsts) {
        const auto parsed = parse_client_first(text);
        EXPECT_EQ(parsed.has_value(), !problem.has_value()) << text;
        if (problem && !parsed) {
            EXPECT_EQ(parsed.error().code, *problem) << text;
        }
    }
    for (const char* text : {"", "c=biws", "c=biws,r=abc", "r=abc,c=biws,p=x", "c=biws,p=x"}) {
        EXPECT_FALSE(parse_client_final(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace lineshaft::postgres
