// The end after a last answer: a client that is still sending reads why it was refused, over TCP
// and TLS, and holds its connection no longer than the limits say.
#include <gtest/gtest.h>

#include <thread>

#include "http_plant.h"

namespace lineshaft::io::http {
namespace {

constexpr std::size_t upload_bytes = 8 << 20;  // more than the sockets of both ends take

Task<void> say_no(Request, std::unique_ptr<Stream> stream) {
    Response refusal = problem(403, "No", "not for you");
    co_await answer_refusal(std::move(stream), std::move(refusal));
}

Limits test_limits() {
    Limits limits;
    limits.header_bytes_max = 1024;
    limits.body_bytes_max = 1 << 20;
    limits.bodies_bytes_max = 600'000;
    limits.close_wait_max = Steady{100};
    // A slow machine must not be the reason for anything here.
    limits.linger_silence_max = Steady{60'000};
    limits.linger_max = Steady{300'000};
    return limits;
}

class Linger : public testing::Test {
protected:
    void open(const Limits& limits, bool is_tls) {
        auto router = std::make_shared<Router>();
        router->add("GET", "/", &echo);
        router->add("POST", "/bulk", &echo, {.body_bytes_max = 8 << 20});
        router->add_upgrade("/no", "no", &say_no);
        server_.emplace(shards_, router, limits);
        auto opened = Listener::open(shards_, {.host = "127.0.0.1", .port = 0, .path = {}},
                                     {.connections_max = 2}, server_->on_stream(),
                                     is_tls ? tls_.server : nullptr);
        listener_ = std::move(opened).value();
        is_tls_ = is_tls;
    }
    void close() {
        if (listener_) listener_->close();
        if (server_) server_->close();
    }
    ~Linger() override {
        close();
        shards_.run_everywhere([this](Shard&) { client_.reset(); });
    }
    static Task<Result<std::unique_ptr<Stream>>> dial(Address address,
                                                      std::shared_ptr<TlsClient> tls) {
        CO_TRY(auto raw, co_await connect(address, Steady{60'000}));
        if (!tls) co_return std::move(raw);
        std::vector<std::string> protocols{"http/1.1"};
        auto inside = co_await tls->connect(std::move(raw), "127.0.0.1", protocols, Steady{60'000});
        co_return inside;
    }
    template <class T>
    T run(Task<T> task) {
        return shards_.run_blocking(ShardIndex(0), std::move(task));
    }
    /// `client_` is connected afterwards.
    void dial() {
        const Address address{.host = "127.0.0.1", .port = listener_->port(), .path = {}};
        client_ = run(dial(address, is_tls_ ? tls_.client : nullptr)).value();
    }
    void hang_up() {
        shards_.run_everywhere([this](Shard&) { client_.reset(); });
    }

    TlsPair tls_;
    Shards shards_{1};
    std::optional<Server> server_;
    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Stream> client_;
    bool is_tls_ = false;
};

struct Heard {
    std::string written = "all";  ///< or why not
    std::string text;
    std::string end;
};

Task<std::string> write_whole(Stream* client, std::string text) {
    auto written = co_await write_all(*client, as_bytes(text), Steady{60'000});
    co_return written ? "all" : written.error().context;
}

/// Everything the server says, and how it ends.
Task<Heard> hear(Stream* client) {
    Heard out;
    for (;;) {
        auto bytes = co_await client->read_some(Steady{60'000});
        if (!bytes) {
            out.end = bytes.error().context;
            co_return out;
        }
        out.text.append(as_text(*bytes));
    }
}

/// The worst client: reads nothing before it has written everything, and minds a failed write.
Task<Heard> write_then_read(Stream* client, std::string text) {
    const std::string written = co_await write_whole(client, std::move(text));
    Heard out = co_await hear(client);
    out.written = written;
    co_return out;
}

struct LingerCase {
    std::string_view name;
    std::string head;
    std::string_view want;
};

std::string post_head(std::string_view path, std::string_view more) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

std::vector<LingerCase> refusals() {
    const std::string length = "Content-Length: " + std::to_string(upload_bytes) + "\r\n";
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    return {
        {"unknown path", post_head("/nowhere", length), "HTTP/1.1 404 "},
        {"unknown path, chunked", post_head("/nowhere", chunked + "\r\n800000"), "HTTP/1.1 404 "},
        {"another method", post_head("/", length), "HTTP/1.1 405 "},
        {"too large", post_head("/bulk", length), "HTTP/1.1 413 "},
        {"too large, chunked", post_head("/bulk", chunked + "\r\n800000"), "HTTP/1.1 413 "},
        {"too many at once", post_head("/bulk", "Content-Length: 1000000\r\n"), "HTTP/1.1 503 "},
        {"no chunk", post_head("/bulk", chunked) + "nothing\r\n", "HTTP/1.1 400 "},
        {"no host", "POST / HTTP/1.1\r\n" + length + "\r\n", "HTTP/1.1 400 "},
        {"bad target", post_head("/%zz", length), "HTTP/1.1 400 "},
        {"an expectation", post_head("/bulk", "Expect: more\r\n" + length), "HTTP/1.1 417 "},
        {"a coding", post_head("/bulk", "Transfer-Encoding: gzip\r\n"), "HTTP/1.1 501 "},
        {"a head without end", "GET /", "HTTP/1.1 414 "},
        {"a header without end", "GET / HTTP/1.1\r\nHost: a\r\nx: ", "HTTP/1.1 431 "},
        {"upgrade refused",
         "GET /no HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: no\r\n\r\n",
         "HTTP/1.1 403 "},
        {"upgrade with a body", "GET /no HTTP/1.1\r\nHost: a\r\n" + length + "\r\n",
         "HTTP/1.1 426 "},
        {"more after the last request", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         "HTTP/1.1 200 "},
    };
}

TEST_F(Linger, WhoeverIsRefusedWhileItSendsReadsWhy) {
    const std::string body(upload_bytes, 'b');
    for (const bool is_tls : {false, true}) {
        open(test_limits(), is_tls);
        for (const LingerCase& given : refusals()) {
            SCOPED_TRACE(std::string(given.name) + (is_tls ? ", TLS" : ""));
            dial();
            const Heard heard = run(write_then_read(client_.get(), given.head + body));
            EXPECT_EQ(heard.written, "all");
            EXPECT_EQ(heard.text.substr(0, given.want.size()), given.want);
            EXPECT_EQ(heard.end, "closed by the peer");
            hang_up();
            // Two may be open at once: the next is let in for certain when this one has ended.
            while (listener_->stats().connections > 0) std::this_thread::yield();
        }
        close();
    }
}

/// A refused upload, answered up to the end of the stream, whose body is still owed.
class Lingering : public Linger {
protected:
    void begin(const Limits& limits) {
        open(limits, false);
        dial();
        const std::string text = post_head("/nowhere", "Content-Length: 100000000\r\n");
        const Heard heard = run(write_then_read(client_.get(), text));
        EXPECT_TRUE(heard.text.starts_with("HTTP/1.1 404 ")) << heard.text;
        EXPECT_EQ(heard.end, "closed by the peer");
    }
    std::size_t connections() const { return listener_->stats().connections; }
    static Task<void> pause_for(Steady time) {
        Pause pause;
        (void)co_await pause.wait(time);
    }
    /// Whether the server closes in the end, while `step` is sent again and again.
    bool ends(const std::string& step) {
        for (int count = 0; count < 6'000 && connections() > 0; ++count) {
            if (!step.empty()) (void)run(write_whole(client_.get(), step));
            run(pause_for(Steady{10}));
        }
        return connections() == 0;
    }
};

TEST_F(Lingering, EndsWhenTheClientLeaves) {
    begin(test_limits());
    EXPECT_EQ(connections(), 1u);
    hang_up();
    EXPECT_TRUE(ends(""));
}

TEST_F(Lingering, EndsWhenTheClientIsSilent) {
    Limits limits = test_limits();
    limits.linger_silence_max = Steady{50};
    begin(limits);
    EXPECT_TRUE(ends(""));
}

// Slowloris: a byte now and then never is silence.
TEST_F(Lingering, EndsHoweverTheClientDrips) {
    Limits limits = test_limits();
    limits.linger_max = Steady{200};
    begin(limits);
    EXPECT_TRUE(ends("x"));
}

TEST_F(Lingering, EndsAtItsBytesAndNotBefore) {
    Limits limits = test_limits();
    limits.linger_bytes_max = 100'000;
    begin(limits);
    EXPECT_EQ(run(write_whole(client_.get(), std::string(99'999, 'x'))), "all");
    run(pause_for(Steady{50}));
    EXPECT_EQ(connections(), 1u);
    EXPECT_EQ(run(write_whole(client_.get(), "x")), "all");
    EXPECT_TRUE(ends(""));
}

TEST_F(Lingering, CountsAsAConnectionUntilItsEnd) {
    begin(test_limits());
    auto second = std::move(client_);
    dial();
    const std::string answered =
        run(write_then_read(client_.get(),
                            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
            .text;
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 200 ")) << answered;
    EXPECT_EQ(server_->stats().connections, 2u);
    auto third = std::move(client_);
    dial();
    EXPECT_EQ(run(hear(client_.get())).text, "");
    EXPECT_EQ(listener_->stats().refused_full, 1u);
    shards_.run_everywhere([&](Shard&) {
        second.reset();
        third.reset();
    });
}

TEST_F(Lingering, TheServersEndDoesNotWaitForIt) {
    begin(test_limits());
    listener_->close();
    server_->close();
    EXPECT_EQ(server_->stats().connections, 0u);
}

// Who took too long for a head has had its time: little more of it is given.
TEST_F(Lingering, AfterA408TheSilenceIsTheWholePatience) {
    Limits limits = test_limits();
    limits.header_wait_max = Steady{40};
    limits.linger_silence_max = Steady{200};
    open(limits, false);
    dial();
    const Heard heard = run(write_then_read(client_.get(), "GET / HTT"));
    EXPECT_TRUE(heard.text.starts_with("HTTP/1.1 408 ")) << heard.text;
    EXPECT_TRUE(ends("x"));
}

}  // namespace
}  // namespace lineshaft::io::http
