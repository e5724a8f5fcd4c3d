// The server as a whole: real sockets, streams whose client leaves, closing.
#include <gtest/gtest.h>

#include "http_plant.h"
#include "io/nursery.h"

namespace lineshaft::io::http {
namespace {

/// What a streamer that waits for events saw. Touched on shard 0 only.
struct Seen {
    Pause event;
    bool has_begun = false;
    bool has_gone = false;
    bool has_ended = false;
};

Task<void> follow(Seen* seen, BodyWriter& out) {
    out.on_gone([seen] {
        seen->has_gone = true;
        seen->event.end();
    });
    auto written = co_await out.write("data: hello\n\n");
    seen->has_begun = written.has_value();
    (void)co_await seen->event.wait(Steady{60'000});
    seen->has_ended = true;
}

Task<Response> live(Seen* seen, Request) {
    Response out;
    out.set("content-type", "text/event-stream");
    out.stream = [seen](BodyWriter& writer) { return follow(seen, writer); };
    co_return out;
}

Task<Response> slow(Pause* pause, Request) {
    (void)co_await pause->wait(Steady{60'000});
    Response out;
    out.body = "done at last";
    co_return out;
}

class HttpServer : public testing::Test {
protected:
    HttpServer() {
        Limits limits;
        limits.close_wait_max = Steady{300};
        auto router = std::make_shared<Router>();
        router->add("GET", "/", &echo);
        router->add("GET", "/live", [this](Request r) { return live(&seen_, std::move(r)); });
        router->add("GET", "/slow", [this](Request r) { return slow(&pause_, std::move(r)); });
        server_.emplace(shards_, router, limits);
        listener_ = Listener::open(shards_, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
                                   server_->on_stream())
                        .value();
    }
    ~HttpServer() override {
        if (listener_) listener_->close();
        server_->close();
        shards_.run_everywhere([this](Shard&) { client_.reset(); });
    }
    Address address() const { return {.host = "127.0.0.1", .port = listener_->port(), .path = {}}; }
    template <class T>
    T run(Task<T> task) {
        return shards_.run_blocking(ShardIndex(0), std::move(task));
    }

    Seen seen_;
    Pause pause_;
    Shards shards_{1};
    std::optional<Server> server_;
    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Stream> client_;
};

Task<Result<std::string>> say(Address address, std::string text, std::unique_ptr<Stream>* keep) {
    CO_TRY(*keep, co_await connect(address, Steady{10'000}));
    CO_TRY_VOID(co_await write_all(**keep, as_bytes(text), Steady{10'000}));
    co_return std::string();
}

Task<std::string> hear_until(Stream* stream, std::string want) {
    std::string out;
    while (!out.contains(want)) {
        auto bytes = co_await stream->read_some(Steady{10'000});
        if (!bytes) break;
        out.append(as_text(*bytes));
    }
    co_return out;
}

Task<bool> wait_until_ended(Seen* seen) {
    Pause pause;
    for (int count = 0; count < 500 && !seen->has_ended; ++count)
        (void)co_await pause.wait(Steady{10});
    co_return seen->has_ended;
}

TEST_F(HttpServer, AStreamNoticesThatItsClientLeftWithoutWriting) {
    ASSERT_TRUE(run(say(address(), "GET /live HTTP/1.1\r\nHost: a\r\n\r\n", &client_)).has_value());
    EXPECT_TRUE(run(hear_until(client_.get(), "data: hello\n\n")).contains("data: hello"));
    EXPECT_FALSE(seen_.has_gone);
    shards_.run_everywhere([this](Shard&) { client_->close(); });
    EXPECT_TRUE(run(wait_until_ended(&seen_)));
    EXPECT_TRUE(seen_.has_gone);
}

TEST_F(HttpServer, CloseEndsStreams) {
    ASSERT_TRUE(run(say(address(), "GET /live HTTP/1.1\r\nHost: a\r\n\r\n", &client_)).has_value());
    EXPECT_TRUE(run(hear_until(client_.get(), "data: hello\n\n")).contains("data: hello"));
    EXPECT_EQ(server_->stats().connections, 1u);
    server_->close();
    EXPECT_TRUE(seen_.has_gone);
    EXPECT_TRUE(seen_.has_ended);
    EXPECT_EQ(server_->stats().connections, 0u);
}

Task<void> wake_soon(Pause* pause) {
    Pause before;
    (void)co_await before.wait(Steady{30});
    pause->wake();
}

TEST_F(HttpServer, CloseLetsAnAnswerInWorkFinishAndEndsIdleConnections) {
    ASSERT_TRUE(run(say(address(), "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", &client_)).has_value());
    std::unique_ptr<Stream> idle;
    ASSERT_TRUE(run(say(address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &idle)).has_value());
    EXPECT_TRUE(run(hear_until(idle.get(), "GET /")).contains("200 OK"));
    Nursery nursery("test");
    shards_.run_everywhere([&](Shard&) { nursery.spawn(wake_soon(&pause_)); });
    server_->close();
    EXPECT_TRUE(run(hear_until(client_.get(), "done at last")).contains("Connection: close"));
    EXPECT_EQ(run(hear_until(idle.get(), "never")), "");
    shards_.run_everywhere([&](Shard&) { idle.reset(); });
    run(nursery.close());
}

TEST_F(HttpServer, TheClientFetchesOverTcpAndLocalSockets) {
    TempDir dir;
    const Address local{.host = {}, .port = 0, .path = dir / "node.sock"};
    auto second = Listener::open(shards_, local, {}, server_->on_stream()).value();
    for (const Address& where : {address(), local}) {
        const auto got = run(fetch(where, "GET", "/?q=1", {}, {}, Steady{10'000}));
        ASSERT_TRUE(got.has_value()) << got.error().context;
        EXPECT_EQ(got->status, 200u);
        EXPECT_EQ(got->body, "GET / ?q=1");
        EXPECT_EQ(got->header("content-type"), "text/plain");
        EXPECT_EQ(run(fetch(where, "POST", "/", {}, "body", Steady{10'000}))->status, 405u);
    }
    second->close();
    EXPECT_EQ(run(fetch(local, "GET", "/", {}, {}, Steady{10'000})).error().code,
              Code::unavailable);
}

}  // namespace
}  // namespace lineshaft::io::http
