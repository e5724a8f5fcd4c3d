#include "io/stream.h"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "io/nursery.h"
#include "stream_pair.h"

namespace lineshaft::io {
namespace {

constexpr Steady patient{20'000};

class EveryStream : public testing::TestWithParam<Transport> {
protected:
    ~EveryStream() override {
        // Streams end on their shard, listeners on a thread that is none.
        shards_.run_everywhere([this](Shard&) {
            pair_.client.reset();
            pair_.server.reset();
        });
        if (pair_.listener) pair_.listener->close();
    }
    template <class T>
    T run(Task<T> task) {
        return shards_.run_blocking(ShardIndex(0), std::move(task));
    }
    TempDir dir_;
    Shards shards_{1};
    StreamPair pair_ = make_pair(shards_, GetParam(), dir_);
};

Task<Result<std::string>> read_text(Stream* stream, std::size_t count) {
    std::string out;
    while (out.size() < count) {
        auto bytes = co_await stream->read_some(patient);
        if (!bytes) co_return std::unexpected(bytes.error());
        out.append(as_text(*bytes));
    }
    co_return out;
}

Task<Result<void>> write_text(Stream* stream, std::string text) {
    auto done = co_await write_all(*stream, as_bytes(text), patient);
    co_return done;
}

Task<Result<Bytes>> read_once(Stream* stream, Steady patience) {
    auto bytes = co_await stream->read_some(patience);
    co_return bytes;
}

TEST_P(EveryStream, CarriesBytesBothWays) {
    ASSERT_TRUE(run(write_text(pair_.client.get(), "over there")).has_value());
    EXPECT_EQ(run(read_text(pair_.server.get(), 10)).value(), "over there");
    ASSERT_TRUE(run(write_text(pair_.server.get(), "and back")).has_value());
    EXPECT_EQ(run(read_text(pair_.client.get(), 8)).value(), "and back");
}

TEST_P(EveryStream, AReadThatFindsNothingTimesOutAndTheNextOneWorks) {
    auto late = run(read_once(pair_.server.get(), Steady{20}));
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, Code::timeout);
    ASSERT_TRUE(run(write_text(pair_.client.get(), "now")).has_value());
    EXPECT_EQ(run(read_text(pair_.server.get(), 3)).value(), "now");
}

// Writes until the transport takes no more, then once past it.
Task<Result<std::size_t>> fill(Stream* stream) {
    const std::string block(64 * 1024, 'x');
    std::size_t total = 0;
    for (;;) {
        CO_TRY(const std::size_t count, stream->try_write(as_bytes(block)));
        total += count;
        if (count == 0) {
            auto writable = co_await stream->wait_writable(Steady{30});
            if (!writable && writable.error().code == Code::timeout) co_return total;
            if (!writable) co_return std::unexpected(writable.error());
        }
    }
}

Task<Result<std::size_t>> drain(Stream* stream, std::size_t count) {
    std::size_t got = 0;
    while (got < count) {
        CO_TRY(const Bytes bytes, co_await stream->read_some(patient));
        got += bytes.size();
    }
    co_return got;
}

Task<void> note_drained(Stream* stream, std::size_t count, std::size_t* noted) {
    auto got = co_await drain(stream, count);
    *noted = got.value_or(0);
}

Task<std::size_t> write_beside_a_drain(Stream* writer, Stream* reader, std::size_t count,
                                       std::size_t expected) {
    Nursery nursery("test");
    std::size_t noted = 0;
    nursery.spawn(note_drained(reader, expected, &noted));
    const std::string text(count, 'x');
    auto written = co_await write_all(*writer, as_bytes(text), patient);
    co_await nursery.close();
    co_return written ? noted : 0;
}

// Reads without a coroutine where the stream can: what comes, whole, however it is cut.
struct Listening final : ReadWaiter {
    explicit Listening(Stream& its_stream) : stream(its_stream) {}
    void on_readable() override {
        for (;;) {
            const auto bytes = stream.read_now();
            if (!bytes) {
                why = bytes.error().code;
                return done();
            }
            if (bytes->empty()) break;
            got.append(as_text(*bytes));
            if (got.size() >= wanted) return done();
        }
        stream.wait_readable(patience, *this);
    }
    void done() {
        if (answer) std::exchange(answer, nullptr)(true);
    }
    Stream& stream;
    std::string got;
    std::size_t wanted = 0;
    Steady patience = patient;
    std::optional<Code> why;
    std::move_only_function<void(bool)> answer;
};

Task<void> listen_until(Listening* listening, std::size_t wanted) {
    listening->wanted = wanted;
    auto heard = co_await suspend<bool>([listening](Answer<bool> answer) {
        listening->answer = std::move(answer);
        listening->stream.wait_readable(listening->patience, *listening);
    });
    (void)heard;
}

Task<bool> write_and_listen(Stream* writer, Listening* listening, std::string text) {
    Nursery nursery("test");
    nursery.spawn(listen_until(listening, text.size()));
    auto written = co_await write_all(*writer, as_bytes(text), patient);
    co_await nursery.close();
    co_return written.has_value();
}

TEST_P(EveryStream, IsReadWithoutACoroutineWhereItCan) {
    if (!pair_.server->can_wait_readable()) GTEST_SKIP();
    Listening listening(*pair_.server);
    std::string text;
    for (int number = 0; number < 60'000; ++number) text += std::to_string(number);
    EXPECT_TRUE(run(write_and_listen(pair_.client.get(), &listening, text)));
    EXPECT_EQ(listening.got, text);
    listening.got.clear();
    EXPECT_TRUE(run(write_and_listen(pair_.client.get(), &listening, "and a little more")));
    EXPECT_EQ(listening.got, "and a little more");
    listening.patience = Steady{30};
    EXPECT_TRUE(run(write_and_listen(pair_.client.get(), &listening, "")));
    EXPECT_EQ(std::exchange(listening.why, std::nullopt), Code::timeout);
    listening.patience = patient;
    listening.got.clear();
    EXPECT_TRUE(run(write_and_listen(pair_.client.get(), &listening, "x")));
    EXPECT_EQ(listening.got, "x");
    shards_.run_everywhere([this](Shard&) { pair_.client->close(); });
    listening.got.clear();
    shards_.run_blocking(ShardIndex(0), listen_until(&listening, 1));
    EXPECT_EQ(listening.why, Code::unavailable);
}

TEST_P(EveryStream, PushesBackWhenThePeerDoesNotReadAndRecovers) {
    const auto total = run(fill(pair_.client.get()));
    ASSERT_TRUE(total.has_value()) << total.error().context;
    EXPECT_GT(*total, 0u);
    // What is given next begins with what was not taken, as try_write demands.
    const std::size_t more = 64 * 1024;
    EXPECT_EQ(
        run(write_beside_a_drain(pair_.client.get(), pair_.server.get(), more, *total + more)),
        *total + more);
}

Task<void> note_end(Stream* stream, Result<Bytes>* noted) {
    auto bytes = co_await stream->read_some(for_ever);
    *noted = bytes;
}

Task<Code> close_under_a_reader(Stream* mine, Stream* closing) {
    Nursery nursery("test");
    Result<Bytes> noted;
    nursery.spawn(note_end(mine, &noted));
    Pause pause;
    (void)co_await pause.wait(Steady{1});
    closing->close();
    co_await nursery.close();
    co_return noted ? Code::invalid : noted.error().code;
}

TEST_P(EveryStream, ClosingMyEndWakesMyReader) {
    Stream* const server = pair_.server.get();
    EXPECT_EQ(run(close_under_a_reader(server, server)), Code::unavailable);
    EXPECT_FALSE(server->is_open());
    server->close();
}

TEST_P(EveryStream, ClosingTheOtherEndWakesMyReader) {
    EXPECT_EQ(run(close_under_a_reader(pair_.server.get(), pair_.client.get())), Code::unavailable);
}

TEST_P(EveryStream, WhatWasWrittenBeforeTheEndIsStillRead) {
    ASSERT_TRUE(run(write_text(pair_.client.get(), "last words")).has_value());
    shards_.run_everywhere([this](Shard&) { pair_.client->end_writing(); });
    EXPECT_EQ(run(read_text(pair_.server.get(), 10)).value(), "last words");
    EXPECT_EQ(run(read_once(pair_.server.get(), patient)).error().code, Code::unavailable);
    ASSERT_TRUE(run(write_text(pair_.server.get(), "answer")).has_value());
    EXPECT_EQ(run(read_text(pair_.client.get(), 6)).value(), "answer");
}

TEST_P(EveryStream, WritingToAClosedEndFails) {
    shards_.run_everywhere([this](Shard&) { pair_.client->close(); });
    const auto failed = run(write_text(pair_.client.get(), "x"));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, Code::unavailable);
}

// A late writer must not disturb a reader that waits on the same stream.
Task<std::string> late_writer_beside_a_reader(Stream* mine, Stream* theirs) {
    Nursery nursery("test");
    Result<Bytes> noted;
    nursery.spawn(note_end(mine, &noted));
    auto filled = co_await fill(mine);  // ends when a wait for room was late
    auto sent = theirs->try_write(as_bytes("hello"));
    co_await nursery.close();
    const bool is_heard = filled && sent && noted;
    co_return is_heard ? std::string(as_text(*noted)) : "failed";
}

TEST_P(EveryStream, ADeadlineOfOneDirectionLeavesTheOtherAlone) {
    EXPECT_EQ(run(late_writer_beside_a_reader(pair_.server.get(), pair_.client.get())), "hello");
}

INSTANTIATE_TEST_SUITE_P(Io, EveryStream,
                         testing::Values(Transport::memory, Transport::tcp, Transport::local,
                                         Transport::tls, Transport::tls_over_memory),
                         [](const auto& given) { return name_of(given.param); });

// With a clock that stands still a deadline never comes; moved, it comes at once.
TEST(MemoryStream, DeadlinesFollowTheShardsClock) {
    ManualClock clock(Instant{});
    Shard shard(ShardIndex(0), clock);
    auto [client, server] = memory_streams();
    Result<Bytes> noted;
    boost::asio::co_spawn(shard.loop(), note_end(server.get(), &noted),
                          [](const std::exception_ptr&) {});
    Result<Bytes> late;
    bool is_done = false;
    boost::asio::co_spawn(shard.loop(), read_once(client.get(), Steady{3'600'000}),
                          [&](const std::exception_ptr&, Result<Bytes> result) {
                              late = std::move(result);
                              is_done = true;
                          });
    shard.run(true);
    EXPECT_FALSE(is_done);
    clock.advance(Steady{3'600'100});
    shard.post([&] { shard.wheel().turn(); });
    shard.run(true);
    ASSERT_TRUE(is_done);
    EXPECT_EQ(late.error().code, Code::timeout);
    server->close();
    shard.run(true);
    EXPECT_FALSE(noted.has_value());
}

}  // namespace
}  // namespace lineshaft::io
