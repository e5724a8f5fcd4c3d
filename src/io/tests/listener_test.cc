#include "io/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <latch>
#include <thread>

#include "io/accept_rate.h"
#include "stream_pair.h"

namespace lineshaft::io {
namespace {

struct AddressCase {
    std::string_view text;
    bool good;
    std::string_view host;
    std::uint16_t port;
    bool loopback;
};

const AddressCase address_cases[] = {
    {"127.0.0.1:1883", true, "127.0.0.1", 1883, true},
    {"127.8.9.1:1", true, "127.8.9.1", 1, true},
    {"[::1]:0", true, "::1", 0, true},
    {"*:65535", true, "*", 65535, false},
    {"localhost:80", true, "localhost", 80, true},
    {"plant.example:80", true, "plant.example", 80, false},
    {"127.evil.example:80", true, "127.evil.example", 80, false},
    {"unix:/run/node.sock", true, "", 0, true},
    {"*:65536", false, "", 0, false},
    {"127.0.0.1", false, "", 0, false},
    {"127.0.0.1:", false, "", 0, false},
    {":80", false, "", 0, false},
    {"::1:80", false, "", 0, false},
    {"[127.0.0.1]:80", false, "", 0, false},
    {"a b:80", false, "", 0, false},
    {"a:-1", false, "", 0, false},
    {"unix:relative", false, "", 0, false},
    {"", false, "", 0, false},
};

TEST(Address, AgreesWithTheTable) {
    for (const auto& want : address_cases) {
        const auto got = parse_address(want.text);
        ASSERT_EQ(got.has_value(), want.good) << want.text;
        if (!got) continue;
        EXPECT_EQ(got->host, want.host) << want.text;
        EXPECT_EQ(got->port, want.port) << want.text;
        EXPECT_EQ(got->is_loopback(), want.loopback) << want.text;
        EXPECT_EQ(got->text(), want.text);
    }
}

const Address any_port{.host = "127.0.0.1", .port = 0, .path = {}};

/// Keeps what arrives, per shard, so that nothing is shared between threads.
struct Kept {
    explicit Kept(std::size_t shards) : streams(shards) {}
    std::vector<std::vector<std::unique_ptr<Stream>>> streams;
    Listener::OnStream taker() {
        return [this](std::unique_ptr<Stream> stream) {
            streams[Shard::here().index().number()].push_back(std::move(stream));
        };
    }
    void clear(Shards& shards) {
        shards.run_everywhere([this](Shard& shard) { streams[shard.index().number()].clear(); });
    }
};

// Connects and says whether the server kept the connection: a refused one ends at once.
Task<Result<bool>> is_kept(Address address, std::vector<std::unique_ptr<Stream>>* keep) {
    CO_TRY(auto stream, co_await connect(address, Steady{10'000}));
    auto read = co_await stream->read_some(Steady{100});
    const bool kept = !read && read.error().code == Code::timeout;
    keep->push_back(std::move(stream));
    co_return kept;
}

TEST(Listener, AcceptsOnEveryShardUnderOnePort) {
    Shards shards(2);
    Kept kept(2);
    auto listener = Listener::open(shards, any_port, {}, kept.taker()).value();
    EXPECT_NE(listener->port(), 0);
    EXPECT_TRUE(listener->is_accepting());
    std::vector<std::unique_ptr<Stream>> mine;
    Address address = any_port;
    address.port = listener->port();
    for (int count = 0; count < 3; ++count) {
        EXPECT_TRUE(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).value());
    }
    EXPECT_EQ(listener->stats().accepted, 3u);
    EXPECT_EQ(listener->stats().connections, 3u);
    listener->close();
    EXPECT_FALSE(listener->is_accepting());
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).error().code,
              Code::unavailable);
    kept.clear(shards);
    EXPECT_EQ(listener->stats().connections, 0u);
    shards.run_everywhere([&](Shard& shard) {
        if (shard.index().number() == 0) mine.clear();
    });
}

TEST(Listener, ATakenPortIsAConflict) {
    Shards shards(2);
    Kept kept(2);
    auto first = Listener::open(shards, any_port, {}, kept.taker()).value();
    Address taken = any_port;
    taken.port = first->port();
    const auto second = Listener::open(shards, taken, {}, kept.taker());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Code::conflict);
    EXPECT_TRUE(second.error().context.contains(taken.text())) << second.error().context;
    first->close();
    auto third = Listener::open(shards, taken, {}, kept.taker());
    ASSERT_TRUE(third.has_value()) << third.error().context;
    (*third)->close();
}

TEST(Listener, NamesAndForeignAddressesAreInvalid) {
    Shards shards(1);
    Kept kept(1);
    for (const char* host : {"plant.example", "192.0.2.1"}) {
        const auto failed =
            Listener::open(shards, {.host = host, .port = 0, .path = {}}, {}, kept.taker());
        ASSERT_FALSE(failed.has_value()) << host;
        EXPECT_EQ(failed.error().code, Code::invalid) << failed.error().context;
    }
}

TEST(Listener, OneConnectionPastTheLimitIsClosed) {
    Shards shards(1);
    Kept kept(1);
    auto listener = Listener::open(shards, any_port, {.connections_max = 2}, kept.taker()).value();
    Address address = any_port;
    address.port = listener->port();
    std::vector<std::unique_ptr<Stream>> mine;
    for (const bool want : {true, true, false}) {
        EXPECT_EQ(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).value(), want);
    }
    EXPECT_EQ(listener->stats().refused_full, 1u);
    shards.run_everywhere([&](Shard&) { kept.streams[0].pop_back(); });
    EXPECT_TRUE(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).value());
    listener->close();
    kept.clear(shards);
    shards.run_everywhere([&](Shard&) { mine.clear(); });
}

TEST(Listener, MoreThanItsRateWaitAndNoneIsRefused) {
    Shards shards(1);
    Kept kept(1);
    auto listener =
        Listener::open(shards, any_port, {.accepts_per_second = 1}, kept.taker()).value();
    Address address = any_port;
    address.port = listener->port();
    // Both stand in the kernel's queue before the shard looks.
    std::latch let_go(1);
    shards.at(0).post([&let_go] { let_go.wait(); });
    Shards outside(1);
    std::vector<std::unique_ptr<Stream>> mine;
    for (int each = 0; each < 2; ++each) {
        auto opened = outside.run_blocking(ShardIndex(0), connect(address, Steady{20'000}));
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        mine.push_back(std::move(*opened));
    }
    let_go.count_down();
    while (listener->stats().accepted < 2) std::this_thread::yield();
    EXPECT_GE(listener->stats().paced, 1u);
    EXPECT_EQ(listener->stats().refused_full + listener->stats().refused_often, 0u);
    listener->close();
    kept.clear(shards);
    outside.run_everywhere([&](Shard&) { mine.clear(); });
}

TEST(AcceptRate, AllowsTheLimitPerAddressAndSecond) {
    AcceptRate rate(2);
    EXPECT_TRUE(rate.allow("192.0.2.1", Steady{0}));
    EXPECT_TRUE(rate.allow("192.0.2.1", Steady{10}));
    EXPECT_FALSE(rate.allow("192.0.2.1", Steady{999}));
    EXPECT_TRUE(rate.allow("192.0.2.2", Steady{999}));
    EXPECT_TRUE(rate.allow("192.0.2.1", Steady{1000}));
    EXPECT_TRUE(rate.allow("2001:db8::1", Steady{1000}));
    EXPECT_TRUE(rate.allow("2001:db8::2", Steady{1000})) << "the same /64";
    EXPECT_FALSE(rate.allow("2001:db8::3", Steady{1000}));
    EXPECT_TRUE(rate.allow("2001:db8:0:1::3", Steady{1000}));
}

TEST(Listener, ALocalSocketIsPrivateReplacesAStaleOneAndLeavesNothing) {
    TempDir dir;
    Shards shards(1);
    Kept kept(1);
    const Address address{.host = {}, .port = 0, .path = dir / "node.sock"};
    Listener::Limits limits;
    limits.is_node_socket = true;
    auto listener = Listener::open(shards, address, limits, kept.taker()).value();
    struct stat found{};
    ASSERT_EQ(::stat(address.path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u);
    std::vector<std::unique_ptr<Stream>> mine;
    ASSERT_TRUE(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).value());
    EXPECT_TRUE(kept.streams[0][0]->peer().is_node_socket);
    EXPECT_TRUE(kept.streams[0][0]->peer().is_loopback);

    const auto second = Listener::open(shards, address, limits, kept.taker());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Code::conflict);

    // A node that was killed leaves its file behind: a bound socket nobody listens on.
    const std::string stale = dir / "stale.sock";
    std::filesystem::create_hard_link(address.path, stale);
    listener->close();
    EXPECT_FALSE(std::filesystem::exists(address.path));
    auto replaced =
        Listener::open(shards, {.host = {}, .port = 0, .path = stale}, limits, kept.taker());
    ASSERT_TRUE(replaced.has_value()) << replaced.error().context;
    (*replaced)->close();

    std::filesystem::create_directory(dir / "folder");
    const auto folder = Listener::open(shards, {.host = {}, .port = 0, .path = dir / "folder"},
                                       limits, kept.taker());
    EXPECT_EQ(folder.error().code, Code::conflict);
    kept.clear(shards);
    shards.run_everywhere([&](Shard&) { mine.clear(); });
}

TEST(Connect, SaysUnavailableWhenNobodyListens) {
    Shards shards(1);
    Kept kept(1);
    auto listener = Listener::open(shards, any_port, {}, kept.taker()).value();
    Address address = any_port;
    address.port = listener->port();
    listener->close();
    std::vector<std::unique_ptr<Stream>> mine;
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), is_kept(address, &mine)).error().code,
              Code::unavailable);
}

}  // namespace
}  // namespace lineshaft::io
