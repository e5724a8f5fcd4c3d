#include <gtest/gtest.h>

#include <atomic>

#include "io/datagrams.h"

namespace lineshaft::io {
namespace {

Task<Result<std::string>> ask(std::uint16_t port, std::string question, Steady patience) {
    CO_TRY(auto client, open_datagrams({.host = "127.0.0.1", .port = port, .path = {}}));
    CO_TRY_VOID(client->send(as_bytes(question)));
    auto answer = co_await client->receive(patience);
    co_return answer;
}

Task<Result<std::size_t>> ask_often(std::uint16_t port, std::size_t count) {
    CO_TRY(auto client, open_datagrams({.host = "127.0.0.1", .port = port, .path = {}}));
    std::size_t answered = 0;
    for (std::size_t sent = 0; sent < count; ++sent) {
        CO_TRY_VOID(client->send(as_bytes("ping")));
        auto answer = co_await client->receive(Steady{10'000});
        if (answer && *answer == "ping!") ++answered;
    }
    co_return answered;
}

TEST(Datagrams, AreAnsweredOnEveryShard) {
    Shards shards(2);
    auto listener = DatagramListener::open(
        shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {.datagram_bytes_max = 100},
        [](DatagramSocket& here, const Endpoint& from, Bytes bytes) {
            EXPECT_TRUE(from.is_loopback());
            EXPECT_EQ(from.address(), "127.0.0.1");
            here.send(from, std::string(as_text(bytes)) + "!");
        });
    ASSERT_TRUE(listener.has_value());
    EXPECT_TRUE((*listener)->is_accepting());
    const auto port = (*listener)->port();
    for (int round = 0; round < 10; ++round) {
        const auto answered = shards.run_blocking(ShardIndex(0), ask_often(port, 20));
        ASSERT_TRUE(answered.has_value());
        EXPECT_EQ(*answered, 20u);
    }
    const auto longest =
        shards.run_blocking(ShardIndex(1), ask(port, std::string(100, 'x'), Steady{10'000}));
    ASSERT_TRUE(longest.has_value());
    EXPECT_EQ(longest->size(), 101u);
    const auto longer =
        shards.run_blocking(ShardIndex(1), ask(port, std::string(101, 'x'), Steady{50}));
    ASSERT_FALSE(longer.has_value());
    EXPECT_EQ(longer.error().code, Code::timeout);
    (*listener)->close();
    const auto stats = (*listener)->stats();
    EXPECT_EQ(stats.received, 202u);
    EXPECT_EQ(stats.sent, 201u);
    EXPECT_EQ(stats.dropped_long, 1u);
    const auto refused = shards.run_blocking(ShardIndex(0), ask(port, "x", Steady{10'000}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::unavailable);
}

Task<std::vector<std::string>> ask_for_all(std::uint16_t port, std::size_t count) {
    std::vector<std::string> out;
    auto client = open_datagrams({.host = "127.0.0.1", .port = port, .path = {}});
    if (!client || !(*client)->send(as_bytes("all"))) co_return std::move(out);
    while (out.size() < count) {
        auto one = co_await (*client)->receive(Steady{10'000});
        if (!one) break;
        out.push_back(std::move(*one));
    }
    co_return std::move(out);
}

// Those of one length leave together: what arrives is what was sent, each for itself.
TEST(Datagrams, ManyForOnePeerArriveAsTheyWereSent) {
    std::vector<std::string> wanted;
    const auto add = [&](std::size_t count, std::size_t bytes) {
        for (std::size_t at = 0; at < count; ++at) {
            std::string one(bytes, static_cast<char>('a' + at % 26));
            if (bytes >= 4) one.replace(0, 4, std::to_string(1'000 + wanted.size()));
            wanted.push_back(std::move(one));
        }
    };
    add(66, 200);  // more than one call takes
    for (const std::size_t bytes : {201, 512, 513, 0, 1}) add(2, bytes);
    add(1, 64);
    add(3, 512);
    Shards shards(1);
    auto listener = DatagramListener::open(
        shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
        [&wanted](DatagramSocket& here, const Endpoint& from, Bytes) {
            for (const auto& one : wanted) here.send(from, one);
        });
    ASSERT_TRUE(listener.has_value());
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), ask_for_all((*listener)->port(), wanted.size())),
              wanted);
    (*listener)->close();
    EXPECT_EQ((*listener)->stats().sent, wanted.size());
}

TEST(Datagrams, ATakenPortIsAConflictAndPathsAreNone) {
    Shards shards(1);
    const auto nothing = [](DatagramSocket&, const Endpoint&, Bytes) {};
    auto first = DatagramListener::open(shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
                                        nothing);
    ASSERT_TRUE(first.has_value());
    const auto second = DatagramListener::open(
        shards, {.host = "127.0.0.1", .port = (*first)->port(), .path = {}}, {}, nothing);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Code::conflict);
    EXPECT_FALSE(DatagramListener::open(shards, {.host = {}, .port = 0, .path = "/x"}, {}, nothing)
                     .has_value());
}

TEST(Datagrams, WhatIsQueuedIsBounded) {
    Shards shards(1);
    auto listener = DatagramListener::open(
        shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {.queued_max = 2},
        [](DatagramSocket& here, const Endpoint& from, Bytes) {
            for (int number = 0; number < 3; ++number) here.send(from, "a");
        });
    ASSERT_TRUE(listener.has_value());
    const auto answer =
        shards.run_blocking(ShardIndex(0), ask((*listener)->port(), "x", Steady{10'000}));
    ASSERT_TRUE(answer.has_value());
    (*listener)->close();
    EXPECT_EQ((*listener)->stats().dropped_full, 1u);
}

}  // namespace
}  // namespace lineshaft::io
