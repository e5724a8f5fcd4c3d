// Control 2: clients show certificates; control 28: handshakes are bounded.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>

#include "io/files.h"
#include "io/listener.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/shard.h"
#include "io/shown_certificate.h"
#include "io/tls.h"
#include "stream_pair.h"
#include "test_certificate.h"

namespace lineshaft::io {
namespace {

using Clients = TlsIdentity::Clients;

const TestCertificate server_certificate = make_test_certificate();
const TestCertificate machine = make_test_certificate("press-3");
const TestCertificate stranger = make_test_certificate("stranger");

TlsIdentity identity(Clients clients) {
    return {server_certificate.certificate_pem, server_certificate.key_pem, clients,
            clients == Clients::off ? "" : machine.certificate_pem};
}

std::shared_ptr<TlsClient> client_with(const TestCertificate* own) {
    if (own == nullptr) return TlsClient::create(server_certificate.certificate_pem).value();
    return TlsClient::create(server_certificate.certificate_pem, own->certificate_pem, own->key_pem)
        .value();
}

struct Met {
    std::optional<Peer> peer;  // as the server sees it; nothing: refused
    Code why = Code::invalid;
};

Task<void> meet_client(std::shared_ptr<TlsServer> tls, std::unique_ptr<Stream> raw, Met* met) {
    auto inside = co_await tls->accept(std::move(raw), Steady{10'000});
    if (inside) {
        met->peer = (*inside)->peer();
    } else {
        met->why = inside.error().code;
    }
}

Task<Met> meet(std::shared_ptr<TlsServer> server, std::shared_ptr<TlsClient> client) {
    auto ends = memory_streams(64 * 1024);
    Met met;
    Nursery nursery("test");
    nursery.spawn(meet_client(server, std::move(ends.second), &met));
    std::vector<std::string> protocols;
    auto stream =
        co_await client->connect(std::move(ends.first), "localhost", protocols, Steady{10'000});
    // With TLS 1.3 a client is done before the server has looked at its certificate.
    if (stream) (void)co_await (*stream)->read_some(Steady{200});
    if (stream) (*stream)->close();
    co_await nursery.close();
    co_return met;
}

TEST(MutualTls, AsksClientsAsTheSettingSays) {
    struct Case {
        const char* name;
        Clients clients;
        const TestCertificate* shown;
        bool is_let_in, is_known;
    };
    const Case cases[] = {
        {"off, none", Clients::off, nullptr, true, false},
        {"off, shown: not asked", Clients::off, &machine, true, false},
        {"optional, none", Clients::optional, nullptr, true, false},
        {"optional, good", Clients::optional, &machine, true, true},
        {"optional, of a stranger", Clients::optional, &stranger, false, false},
        {"required, none", Clients::required, nullptr, false, false},
        {"required, good", Clients::required, &machine, true, true},
        {"required, of a stranger", Clients::required, &stranger, false, false},
        {"any, none", Clients::optional_any, nullptr, true, false},
        {"any, good", Clients::optional_any, &machine, true, true},
        {"any, of a stranger: as if none were shown", Clients::optional_any, &stranger, true, false},
    };
    Shards shards(1);
    for (const auto& one : cases) {
        const auto server = TlsServer::create(identity(one.clients)).value();
        const Met met = shards.run_blocking(ShardIndex(0), meet(server, client_with(one.shown)));
        EXPECT_EQ(met.peer.has_value(), one.is_let_in) << one.name;
        if (!met.peer) continue;
        EXPECT_TRUE(met.peer->is_encrypted);
        ASSERT_EQ(met.peer->certificate != nullptr, one.is_known) << one.name;
        const auto* shown = shown_certificate(*met.peer);
        const bool is_asked = one.clients != Clients::off && one.shown != nullptr;
        ASSERT_EQ(shown != nullptr, is_asked) << one.name;
        if (is_asked) {
            EXPECT_EQ(shown->common_name, one.shown == &machine ? "press-3" : "stranger");
            EXPECT_FALSE(shown->key_der.empty());
        }
        if (!one.is_known) continue;
        EXPECT_EQ(met.peer->certificate->common_name, "press-3");
        EXPECT_EQ(met.peer->certificate->sha256.size(), 32u);
        EXPECT_EQ(met.peer->certificate->sha256, met.peer->certificate->root_sha256);
        EXPECT_EQ(met.peer->certificate->serial, "01");
        EXPECT_GT(met.peer->certificate->not_after, Clock::system().now());
        EXPECT_EQ(server->stats().done, 1u);
    }
}

TEST(MutualTls, NeedsAnAuthorityToAskWith) {
    TlsIdentity without = identity(Clients::optional);
    without.client_ca_pem = {};
    EXPECT_EQ(TlsServer::create(without).error().code, Code::invalid);
    const auto server = TlsServer::create(identity(Clients::off)).value();
    EXPECT_FALSE(server->replace(without).has_value());
    EXPECT_TRUE(server->replace(identity(Clients::required)).has_value());
    EXPECT_EQ(server->stats().replaced, 1u);
}

Task<void> hold(std::shared_ptr<TlsServer> server, std::unique_ptr<Stream> raw, Code* why) {
    auto inside = co_await server->accept(std::move(raw), Steady{10'000});
    if (!inside) *why = inside.error().code;
}

// `count` clients that say nothing, then leave.
Task<std::vector<Code>> crowd(std::shared_ptr<TlsServer> server, std::size_t count,
                              bool waits_for_the_end) {
    std::vector<Code> outcomes(count, Code::cancelled);
    std::vector<std::unique_ptr<Stream>> clients;
    Nursery nursery("crowd");
    for (std::size_t at = 0; at < count; ++at) {
        auto ends = memory_streams(1024);
        clients.push_back(std::move(ends.first));
        nursery.spawn(hold(server, std::move(ends.second), &outcomes[at]));
    }
    Pause pause;
    (void)co_await pause.wait(Steady{waits_for_the_end ? 400 : 50});
    for (auto& client : clients) client->close();
    co_await nursery.close();
    co_return outcomes;
}

TEST(MutualTls, Control28HandshakesAtOnceAreBounded) {
    Shards shards(1);
    const TlsLimits limits{.handshakes_max = 3};
    const auto server = TlsServer::create(identity(Clients::off), limits).value();
    const auto at_limit = shards.run_blocking(ShardIndex(0), crowd(server, 3, false));
    EXPECT_EQ(std::ranges::count(at_limit, Code::exhausted), 0);
    const auto past = shards.run_blocking(ShardIndex(0), crowd(server, 4, false));
    EXPECT_EQ(std::ranges::count(past, Code::exhausted), 1);
    EXPECT_EQ(past.back(), Code::exhausted);
    EXPECT_EQ(server->stats().refused_busy, 1u);
    EXPECT_EQ(server->stats().under_way, 0u);
}

TEST(MutualTls, Control28AHalfOpenHandshakeEnds) {
    Shards shards(1);
    const TlsLimits limits{.handshake_max = Steady{100}};
    const auto server = TlsServer::create(identity(Clients::off), limits).value();
    const auto outcomes = shards.run_blocking(ShardIndex(0), crowd(server, 2, true));
    EXPECT_EQ(std::ranges::count(outcomes, Code::timeout), 2);
    EXPECT_EQ(server->stats().timed_out, 2u);
}

TEST(MutualTls, AnOverloadRefusesNewHandshakesFirst) {
    Shards shards(1);
    const auto server = TlsServer::create(identity(Clients::off)).value();
    bool is_overloaded = true;
    server->refuse_while([&] { return is_overloaded; });
    EXPECT_FALSE(shards.run_blocking(ShardIndex(0), meet(server, client_with(nullptr))).peer);
    EXPECT_EQ(server->stats().refused_busy, 1u);
    is_overloaded = false;
    EXPECT_TRUE(shards.run_blocking(ShardIndex(0), meet(server, client_with(nullptr))).peer);
}

// Control 1, with openssl's own client.
TEST(Tls, Control1Version13ByDefault12AtLeastAeadOnly) {
    if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "no openssl program";
    TempDir dir;
    Shards shards(1);
    const auto tls = TlsServer::create(identity(Clients::optional)).value();
    auto kept = std::make_shared<std::vector<std::unique_ptr<Stream>>>();
    auto listener =
        Listener::open(
            shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
            [kept](std::unique_ptr<Stream> stream) { kept->push_back(std::move(stream)); }, tls)
            .value();
    struct Run {
        std::string options, want;
        bool is_let_in;
    };
    const Run runs[] = {
        {"", "TLSv1.3", true},
        {"-tls1_3", "TLS_AES_256_GCM_SHA384", true},
        {"-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", true},
        {"-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305", "CHACHA20", true},
        {"-tls1_1 -cipher ALL:@SECLEVEL=0", "", false},
        {"-tls1 -cipher ALL:@SECLEVEL=0", "", false},
        {"-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256", "", false},
        {"-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA", "", false},
        {"-tls1_2 -cipher AES128-GCM-SHA256", "", false},
        {"-tls1_2 -cipher AES256-SHA", "", false},
    };
    for (const auto& run : runs) {
        const std::string command = "echo | timeout 10 openssl s_client -connect 127.0.0.1:" +
                                    std::to_string(listener->port()) + " " + run.options + " >" +
                                    (dir / "out") + " 2>&1";
        const int status = std::system(command.c_str());
        const std::string out = read_file(dir / "out", 1 << 20).value();
        EXPECT_EQ(WEXITSTATUS(status) == 0, run.is_let_in) << run.options << out;
        EXPECT_TRUE(out.contains(run.want)) << out;
    }
    listener->close();
    shards.run_everywhere([&](Shard&) { kept->clear(); });
}

}  // namespace
}  // namespace lineshaft::io
