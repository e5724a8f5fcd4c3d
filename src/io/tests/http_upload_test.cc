// Requests whose bodies are read while they come, answered meanwhile.
#include <gtest/gtest.h>

#include "io/http/upload.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/shard.h"

namespace lineshaft::io::http {
namespace {

Task<void> shout_lines(BodyReader* body, BodyWriter* out) {
    for (;;) {
        auto piece = co_await body->read(Steady{10'000});
        if (!piece || piece->empty()) {
            (void)co_await out->write(piece ? "over\n" : "broken\n");
            co_return;
        }
        for (char& c : *piece) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        auto written = co_await out->write(*piece);
        if (!written) co_return;
    }
}

Task<Response> shout(Request, BodyReader& body) {
    Response out;
    out.stream = [&body](BodyWriter& writer) { return shout_lines(&body, &writer); };
    co_return out;
}
Task<Response> refuse_at_once(Request, BodyReader&) {
    co_return problem(403, "No", "not even read");
}
Task<Response> impatient(Request, BodyReader& body) {
    auto piece = co_await body.read(Steady{20});
    Response out;
    out.body = piece ? "some" : std::string(name_of(piece.error().code));
    co_return out;
}

class HttpUpload : public testing::Test {
protected:
    HttpUpload() {
        Limits limits;
        limits.close_wait_max = Steady{300};
        limits.body_bytes_max = 64;
        auto router = std::make_shared<Router>();
        router->add("POST", "/shout", Upload{&shout});
        router->add("POST", "/refuse", Upload{&refuse_at_once});
        router->add("POST", "/impatient", Upload{&impatient});
        server_.emplace(shards_, router, limits);
        listener_ = Listener::open(shards_, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
                                   server_->on_stream())
                        .value();
    }
    ~HttpUpload() override {
        listener_->close();
        server_->close();
        shards_.run_everywhere([this](Shard&) { client_.reset(); });
    }
    template <class T>
    T run(Task<T> task) {
        return shards_.run_blocking(ShardIndex(0), std::move(task));
    }
    static Task<Result<bool>> open(Address address, std::unique_ptr<Stream>* to) {
        auto made = co_await connect(address, Steady{10'000});
        if (!made) co_return std::unexpected(made.error());
        *to = std::move(*made);
        co_return true;
    }
    static Task<Result<void>> send(Stream* stream, std::string text) {
        auto sent = co_await write_all(*stream, as_bytes(text), Steady{10'000});
        co_return sent;
    }
    static Task<std::string> hear(Stream* stream, std::string want) {
        std::string out;
        while (!out.contains(want)) {
            auto bytes = co_await stream->read_some(Steady{10'000});
            if (!bytes) break;
            out.append(as_text(*bytes));
        }
        co_return out;
    }
    void begin(std::string text) {
        ASSERT_TRUE(run(open({.host = "127.0.0.1", .port = listener_->port(), .path = {}}, &client_)));
        ASSERT_TRUE(run(send(client_.get(), std::move(text))));
    }
    std::string heard(std::string want) { return run(hear(client_.get(), std::move(want))); }

    Shards shards_{1};
    std::optional<Server> server_;
    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Stream> client_;
};

TEST_F(HttpUpload, IsAnsweredWhileItComes) {
    begin("POST /shout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n");
    const auto first = heard("ONE\n");
    EXPECT_TRUE(first.starts_with("HTTP/1.1 200 ")) << first;
    // More than any request's limit, a piece at a time.
    for (int at = 0; at < 20; ++at) {
        ASSERT_TRUE(run(send(client_.get(), "a\r\n0123456789\r\n")));
        EXPECT_NE(heard("0123456789").find("0123456789"), std::string::npos);
    }
    ASSERT_TRUE(run(send(client_.get(), "0\r\n\r\n")));
    const auto last = heard("0\r\n\r\n");
    EXPECT_NE(last.find("over\n"), std::string::npos) << last;
}

TEST_F(HttpUpload, WithALengthAndContinue) {
    begin("POST /shout HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
    EXPECT_NE(heard("100 Continue\r\n\r\n").find("100 Continue"), std::string::npos);
    ASSERT_TRUE(run(send(client_.get(), "abcdef")));
    const auto all = heard("over\n");
    EXPECT_NE(all.find("ABCDEF"), std::string::npos) << all;
}

TEST_F(HttpUpload, AnEmptyOneEndsAtOnce) {
    begin("POST /shout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_NE(heard("over\n").find("over\n"), std::string::npos);
}

TEST_F(HttpUpload, MayBeRefusedBeforeItIsRead) {
    begin("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome of it");
    const auto told = heard("not even read");
    EXPECT_TRUE(told.starts_with("HTTP/1.1 403 ")) << told;
}

TEST_F(HttpUpload, WhatIsNoHttpIsTold) {
    begin("POST /shout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    EXPECT_NE(heard("broken\n").find("broken\n"), std::string::npos);
}

TEST_F(HttpUpload, APauseIsATimeoutAndNoEnd) {
    begin("POST /impatient HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    EXPECT_NE(heard("timeout").find("timeout"), std::string::npos);
}

}  // namespace
}  // namespace lineshaft::io::http
