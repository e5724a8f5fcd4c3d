// The server as a whole: real sockets, streams whose client leaves, closing.
#include <gtest/gtest.h>

#include "http_plant.h"
#include "io/http/parser.h"
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

// Work that is long, and for nobody once its client has left.
Task<Response> watched(Seen* seen, Request request) {
    seen->has_begun = true;
    while (!request.gone->is_raised()) {
        const bool is_silent = co_await seen->event.wait(Steady{2});
        if (!is_silent) break;
    }
    seen->has_gone = request.gone->is_raised();
    seen->has_ended = true;
    Response out;
    out.body = "watched";
    co_return out;
}

class HttpServer : public testing::Test {
protected:
    explicit HttpServer(Steady close_wait_max = Steady{300}) {
        Limits limits;
        limits.close_wait_max = close_wait_max;
        auto router = std::make_shared<Router>();
        router->add("GET", "/", &echo);
        router->add("GET", "/live", [this](Request r) { return live(&seen_, std::move(r)); });
        router->add(
            "GET", "/watched", [this](Request r) { return watched(&seen_, std::move(r)); },
            {.watches_client = true});
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

Task<bool> until_begun(Seen* seen) {
    Pause pause;
    while (!seen->has_begun) (void)co_await pause.wait(Steady{2});
    co_return true;
}
Task<bool> until_ended(Seen* seen) {
    Pause pause;
    while (!seen->has_ended) (void)co_await pause.wait(Steady{2});
    co_return true;
}
Task<Result<std::string>> hear(Stream* stream, std::string_view last) {
    std::string heard;
    while (!heard.contains(last)) {
        CO_TRY(const Bytes more, co_await stream->read_some(Steady{10'000}));
        heard.append(as_text(more));
    }
    co_return heard;
}
Task<bool> let_go(Seen* seen) {
    seen->event.end();
    co_return true;
}

TEST_F(HttpServer, WorkIsToldThatItsClientLeft) {
    ASSERT_TRUE(run(say(address(), "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n", &client_)));
    EXPECT_TRUE(run(until_begun(&seen_)));
    EXPECT_FALSE(seen_.has_ended);
    shards_.run_everywhere([this](Shard&) { client_->close(); });
    EXPECT_TRUE(run(until_ended(&seen_)));
    EXPECT_TRUE(seen_.has_gone);
}

TEST_F(HttpServer, AWatchedClientThatStaysIsAnsweredAndGoesOn) {
    const std::string ask = "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_TRUE(run(say(address(), ask, &client_)));
    EXPECT_TRUE(run(until_begun(&seen_)));
    // The next request comes early, in two pieces, and waits its turn.
    ASSERT_TRUE(run(write_all(*client_, as_bytes("GET /?n=1 HTT"), Steady{10'000})));
    EXPECT_TRUE(run(let_go(&seen_)));
    const auto first = run(hear(client_.get(), "watched"));
    ASSERT_TRUE(first) << first.error().context;
    ASSERT_TRUE(run(write_all(*client_, as_bytes("P/1.1\r\nHost: a\r\n\r\n"), Steady{10'000})));
    const auto second = run(hear(client_.get(), "?n=1"));
    ASSERT_TRUE(second) << second.error().context;
    EXPECT_FALSE(seen_.has_gone);
    // And one after a silence, whose answer ends the connection.
    ASSERT_TRUE(run(write_all(*client_, as_bytes("GET /watched HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Steady{10'000})));
    ASSERT_TRUE(run(hear(client_.get(), "watched")));
    EXPECT_FALSE(seen_.has_gone);
}

TEST_F(HttpServer, CloseEndsWatchedWork) {
    ASSERT_TRUE(run(say(address(), "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n", &client_)));
    EXPECT_TRUE(run(until_begun(&seen_)));
    server_->close();
    EXPECT_TRUE(seen_.has_ended);
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

class PatientHttpServer : public HttpServer {
protected:
    PatientHttpServer() : HttpServer(Limits{}.close_wait_max) {}
};

TEST_F(PatientHttpServer, CloseLetsAnAnswerInWorkFinishAndEndsIdleConnections) {
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

TEST(Response, OfAConnectionThatEndedBeforeItIsCutShort) {
    ResponseParser silent("GET", 100);
    EXPECT_EQ(silent.put_end().error().code, Code::unavailable);
    ResponseParser halfway("GET", 100);
    ASSERT_TRUE(halfway.put(as_bytes("HTTP/1.1 200 OK\r\nContent-Le")).has_value());
    EXPECT_EQ(halfway.put_end().error().code, Code::unavailable);
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
