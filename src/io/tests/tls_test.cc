#include "io/tls.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "http_plant.h"
#include "io/files.h"
#include "io/http/client.h"

namespace lineshaft::io {
namespace {

TEST(TlsServer, RefusesWhatIsNoCertificateOrNotItsKey) {
    const auto one = make_test_certificate();
    const auto two = make_test_certificate();
    EXPECT_TRUE(TlsServer::create(one.certificate_pem, one.key_pem).has_value());
    EXPECT_EQ(TlsServer::create("", one.key_pem).error().code, Code::invalid);
    EXPECT_EQ(TlsServer::create(one.certificate_pem, "").error().code, Code::invalid);
    EXPECT_EQ(TlsServer::create(one.certificate_pem, two.key_pem).error().code, Code::invalid);
    EXPECT_EQ(TlsClient::create("no PEM").error().code, Code::invalid);
}

class TlsListener : public testing::Test {
protected:
    ~TlsListener() override {
        listener_->close();
        server_.close();
    }
    Address address() const { return {.host = "127.0.0.1", .port = listener_->port(), .path = {}}; }

    TestCertificate certificate_ = make_test_certificate();
    Shards shards_{1};
    http::Server server_{shards_, http::test_router(), {}};
    std::shared_ptr<TlsServer> tls_ =
        TlsServer::create(certificate_.certificate_pem, certificate_.key_pem).value();
    std::unique_ptr<Listener> listener_ =
        Listener::open(shards_, {.host = "127.0.0.1", .port = 0, .path = {}},
                       {.handshake_max = Steady{300}}, server_.on_stream(), tls_)
            .value();
};

Task<Result<std::string>> ask_over_tls(Address address, std::shared_ptr<TlsClient> tls,
                                       std::string name, std::string target) {
    CO_TRY(auto raw, co_await connect(address, Steady{10'000}));
    std::vector<std::string> protocols{"http/1.1"};
    CO_TRY(auto stream, co_await tls->connect(std::move(raw), name, protocols, Steady{10'000}));
    http::ClientRequest request;
    request.target = target;
    auto response = co_await http::fetch_over(*stream, request, "localhost", Steady{10'000});
    if (!response) co_return std::unexpected(response.error());
    co_return response->body;
}

TEST_F(TlsListener, ServesAndItsCertificateCanBeChangedWhileItRuns) {
    const auto client = TlsClient::create(certificate_.certificate_pem).value();
    auto ask = [&](std::shared_ptr<TlsClient> tls, std::string name) {
        return shards_.run_blocking(ShardIndex(0),
                                    ask_over_tls(address(), tls, name, "/machines/m"));
    };
    EXPECT_EQ(ask(client, "localhost").value(), "GET /machines/m {m}");
    EXPECT_EQ(ask(client, "127.0.0.1").value(), "GET /machines/m {m}");
    EXPECT_EQ(ask(client, "other.example").error().code, Code::denied);

    const auto next = make_test_certificate();
    EXPECT_FALSE(tls_->replace(next.certificate_pem, certificate_.key_pem).has_value());
    ASSERT_TRUE(tls_->replace(next.certificate_pem, next.key_pem).has_value());
    EXPECT_EQ(ask(client, "localhost").error().code, Code::denied);
    const auto trusting = TlsClient::create(next.certificate_pem).value();
    EXPECT_EQ(ask(trusting, "localhost").value(), "GET /machines/m {m}");
}

TEST_F(TlsListener, CarriesLargeAnswers) {
    const auto client = TlsClient::create(certificate_.certificate_pem).value();
    const auto got = shards_.run_blocking(
        ShardIndex(0), ask_over_tls(address(), client, "localhost", "/large?bytes=3000000"));
    EXPECT_EQ(got.value(), std::string(3'000'000, 'L'));
}

Task<bool> is_ended_by_the_server(Address address, std::string first) {
    auto stream = co_await connect(address, Steady{10'000});
    if (!stream) co_return false;
    auto written = co_await write_all(**stream, as_bytes(first), Steady{10'000});
    for (;;) {
        auto bytes = co_await (*stream)->read_some(Steady{10'000});
        if (!bytes) co_return written&& bytes.error().code == Code::unavailable;
    }
}

TEST_F(TlsListener, EndsHandshakesThatAreNoneOrTakeTooLong) {
    EXPECT_TRUE(shards_.run_blocking(ShardIndex(0),
                                     is_ended_by_the_server(address(), "GET / HTTP/1.1\r\n\r\n")));
    EXPECT_TRUE(shards_.run_blocking(ShardIndex(0), is_ended_by_the_server(address(), "\x16\x03")));
    EXPECT_EQ(listener_->stats().refused_handshakes, 2u);
}

Task<Result<void>> tell_at_once(std::shared_ptr<TlsClient> tls, std::unique_ptr<Stream> raw,
                                std::string text, std::unique_ptr<Stream>* keep) {
    std::vector<std::string> protocols;
    CO_TRY(*keep, co_await tls->connect(std::move(raw), "localhost", protocols, Steady{10'000}));
    CO_TRY_VOID(co_await write_all(**keep, as_bytes(text), Steady{10'000}));
    co_return Result<void>{};
}

/// A client that speaks right behind its handshake, before the server has looked at its end.
Task<std::string> accept_and_hear(std::shared_ptr<TlsServer> server, TlsPair tls,
                                  std::size_t bytes) {
    auto ends = memory_streams();
    std::unique_ptr<Stream> inside, client;
    Nursery nursery("test");
    nursery.spawn(accept_into(std::move(server), std::move(ends.second), &inside));
    auto told =
        co_await tell_at_once(tls.client, std::move(ends.first), std::string(bytes, 'x'), &client);
    co_await nursery.close();
    std::string out = !told ? told.error().context : inside ? "" : "refused";
    while (inside && told && out.size() < bytes) {
        auto heard = co_await inside->read_some(Steady{10'000});
        if (!heard) break;
        out += as_text(*heard);
    }
    co_return out;
}

TEST(Tls, WhatFollowsAHandshakeAtOnceIsNotCountedToIt) {
    Shards shards(1);
    const TlsPair tls;
    const TlsIdentity identity{
        tls.certificate.certificate_pem, tls.certificate.key_pem, TlsIdentity::Clients::off, {}};
    const auto server = TlsServer::create(identity, {.handshake_bytes_max = 4096}).value();
    auto heard = shards.run_blocking(ShardIndex(0), accept_and_hear(server, tls, 40'000));
    EXPECT_EQ(heard, std::string(40'000, 'x'));
}

/// A first message that claims 65,535 bytes, of which `bytes` come, in whole records.
Task<Code> half_a_hello(std::shared_ptr<TlsServer> server, std::size_t bytes) {
    auto ends = memory_streams();
    std::string text;
    for (std::string message = std::string("\x01\x00\xff\xff", 4) + std::string(bytes, 'h');
         !message.empty();) {
        const std::string piece = message.substr(0, 1024);
        text += std::string("\x16\x03\x01") + char(piece.size() >> 8) + char(piece.size() & 0xff);
        text += piece;
        message.erase(0, piece.size());
    }
    (void)ends.first->try_write(as_bytes(text.substr(0, bytes)));
    auto inside = co_await server->accept(std::move(ends.second), Steady{100});
    co_return inside ? Code::conflict : inside.error().code;
}

TEST(Tls, AHandshakeHasItsBytesAndNotOneMore) {
    Shards shards(1);
    const TlsPair tls;
    const TlsIdentity identity{
        tls.certificate.certificate_pem, tls.certificate.key_pem, TlsIdentity::Clients::off, {}};
    const auto server = TlsServer::create(identity, {.handshake_bytes_max = 4096}).value();
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), half_a_hello(server, 4096)), Code::timeout);
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), half_a_hello(server, 4097)), Code::invalid);
}

// An independent implementation's view: openssl's own client, when it is installed.
TEST_F(TlsListener, OpensslsClientAgrees) {
    if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "no openssl program";
    TempDir dir;
    ASSERT_TRUE(write_private_file(dir / "ca.pem", certificate_.certificate_pem).has_value());
    struct Run {
        std::string options, want;
        int status;
    };
    const Run runs[] = {
        {"-tls1_3 -alpn mqtt", "ALPN protocol: mqtt", 0},
        {"-tls1_2 -alpn h2,http/1.1", "ALPN protocol: http/1.1", 0},
        {"-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256", "", 1},
    };
    for (const auto& run : runs) {
        const std::string command =
            "echo | timeout 10 openssl s_client -verify_return_error -connect 127.0.0.1:" +
            std::to_string(listener_->port()) + " -CAfile " + (dir / "ca.pem") + " " + run.options +
            " >" + (dir / "out") + " 2>&1";
        const int status = std::system(command.c_str());
        EXPECT_EQ(WEXITSTATUS(status) != 0, run.status != 0) << run.options;
        const std::string out = read_file(dir / "out", 1 << 20).value();
        EXPECT_TRUE(out.contains(run.want)) << out;
    }
}

}  // namespace
}  // namespace lineshaft::io
