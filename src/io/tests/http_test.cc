// Requests and answers as bytes, over memory: what is written here is what goes over the wire.
#include <gmock/gmock.h>

#include "http_plant.h"
#include "io/http/response.h"

namespace lineshaft::io::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct RequestCase {
    std::string name;
    std::string request;
    std::string want;  ///< the whole answer without Date; "..." stands for anything up to the end
};

const std::string close_line = "Connection: close\r\n";
std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + close_line + more + "\r\n";
}
std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\ncontent-type: text/plain\r\n\r\n" + body;
}
std::string post(const std::string& target, const std::string& headers, const std::string& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + close_line + headers + "\r\n" + body;
}

const RequestCase cases[] = {
    {"plain", get("/"), ok("GET /")},
    {"blank lines before", "\r\n\r\n" + get("/"), ok("GET /")},
    {"absolute form", get("http://a/machines/x?y=1"), ok("GET /machines/x {x} ?y=1")},
    {"capture", get("/machines/emb-01"), ok("GET /machines/emb-01 {emb-01}")},
    {"literal before capture", get("/machines/new"), ok("GET /machines/new")},
    {"literal then back to capture", get("/machines/new/tags/t"),
     ok("GET /machines/new/tags/t {new} {t}")},
    {"escaped slash stays one part", get("/machines/a%2Fb"), ok("GET /machines/a/b {a/b}")},
    {"UTF-8", get("/machines/%E7%BB%A3"), ok("GET /machines/绣 {绣}")},
    {"rest", get("/files/a/b/c.js"), ok("GET /files/a/b/c.js {a/b/c.js}")},
    {"rest may be empty", get("/files/"), ok("GET /files/ {}")},
    {"query", get("/?a=1&b=x+y%26z&c&&=e"), ok("GET / ?a=1 ?b=x y&z ?c= ?=e")},
    {"empty capture is not found", get("/machines/"), "HTTP/1.1 404 Not Found..."},
    {"unknown", get("/unknown"), "HTTP/1.1 404 Not Found..."},
    {"bad escape", get("/machines/%2"), "HTTP/1.1 400 Bad Request..."},
    {"bad escape digits", get("/machines/%zz"), "HTTP/1.1 400 Bad Request..."},
    {"NUL", get("/machines/%00"), "HTTP/1.1 400 Bad Request..."},
    {"NUL in the query", get("/?a=%00"), "HTTP/1.1 400 Bad Request..."},
    {"not UTF-8", get("/machines/%ff"), "HTTP/1.1 400 Bad Request..."},
    {"relative part", get("/files/../secret"), "HTTP/1.1 400 Bad Request..."},
    {"escaped relative part", get("/files/%2e%2e/secret"), "HTTP/1.1 400 Bad Request..."},
    {"no path", get("machines"), "HTTP/1.1 400 Bad Request..."},
    {"HEAD has the length and no body", "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\ncontent-type: "
     "text/plain\r\n\r\n"},
    {"204 has no length", get("/nothing"), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
    {"OPTIONS", "OPTIONS /machines/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 204 No Content\r\nConnection: close\r\nallow: DELETE, GET, HEAD, OPTIONS\r\n\r\n"},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 204 No Content..."},
    {"another method", "PUT /machines/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 103\r\nConnection: close\r\n"
     "content-type: application/problem+json\r\nallow: DELETE, GET, HEAD, OPTIONS\r\n\r\n"
     "{\"type\":\"about:blank\",\"title\":\"Method not allowed\",\"status\":405,"
     "\"detail\":\"PUT is not for this address\"}"},
    {"a handler that throws", get("/throw"), "HTTP/1.1 500 Internal Server Error..."},
    {"no header injection", get("/inject?name=a%0d%0aSet-Cookie:%20b"),
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nx-name: a  Set-Cookie: "
     "b\r\n\r\nok"},

    {"body", post("/upload", "Content-Length: 5\r\n", "hello"), ok("POST /upload hello")},
    {"body at the limit", post("/upload", "Content-Length: 32\r\n", std::string(32, 'b')),
     ok("POST /upload " + std::string(32, 'b'))},
    {"body one past the limit", post("/upload", "Content-Length: 33\r\n", std::string(33, 'b')),
     "HTTP/1.1 413 Content Too Large..."},
    {"chunked",
     post("/upload", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
     ok("POST /upload abcde")},
    {"chunked with a trailer",
     post("/upload", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nHost: evil\r\n\r\n"),
     ok("POST /upload a")},
    {"chunked at the limit",
     post("/upload", "Transfer-Encoding: chunked\r\n",
          "10\r\n" + std::string(16, 'c') + "\r\n10\r\n" + std::string(16, 'c') + "\r\n0\r\n\r\n"),
     ok("POST /upload " + std::string(32, 'c'))},
    {"chunked one past the limit",
     post("/upload", "Transfer-Encoding: chunked\r\n",
          "10\r\n" + std::string(16, 'c') + "\r\n11\r\n" + std::string(17, 'c') + "\r\n0\r\n\r\n"),
     "HTTP/1.1 413 Content Too Large..."},
    {"chunk size overflows",
     post("/upload", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
     "HTTP/1.1 400 Bad Request..."},
    {"chunk size is no number", post("/upload", "Transfer-Encoding: chunked\r\n", "xyz\r\n"),
     "HTTP/1.1 400 Bad Request..."},
    {"expect", post("/upload", "Expect: 100-continue\r\nContent-Length: 1\r\n", ""),
     "HTTP/1.1 100 Continue\r\n\r\n"},
    {"unknown expectation", post("/upload", "Expect: more\r\nContent-Length: 1\r\n", ""),
     "HTTP/1.1 417 Expectation Failed..."},
    {"expect for too large a body",
     post("/upload", "Expect: 100-continue\r\nContent-Length: 33\r\n", ""),
     "HTTP/1.1 413 Content Too Large..."},

    // Request smuggling and other malformed heads (RFC 9112 3.2, 5.1, 6.1, 6.3, 11.2).
    {"no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request..."},
    {"two hosts", get("/", "Host: b\r\n"), "HTTP/1.1 400 Bad Request..."},
    {"length and chunked",
     post("/upload", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     "HTTP/1.1 400 Bad Request..."},
    {"chunked and length",
     post("/upload", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
     "HTTP/1.1 400 Bad Request..."},
    {"two lengths", post("/upload", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
     "HTTP/1.1 400 Bad Request..."},
    {"negative length", post("/upload", "Content-Length: -1\r\n", ""),
     "HTTP/1.1 400 Bad Request..."},
    {"length is no number", post("/upload", "Content-Length: 0x3\r\n", "abc"),
     "HTTP/1.1 400 Bad Request..."},
    {"another coding", post("/upload", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
     "HTTP/1.1 501 Not Implemented..."},
    {"chunked in 1.0", "POST /upload HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "HTTP/1.1 400 Bad Request..."},
    {"space before the colon", get("/", "Content-Length : 3\r\n"), "HTTP/1.1 400 Bad Request..."},
    {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 ..."},
    {"control character in a header", get("/", "x: a\x01z\r\n"), "HTTP/1.1 400 Bad Request..."},
    {"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello tls\r\n\r\n",
     "HTTP/1.1 400 Bad Request..."},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     "HTTP/1.1 505 HTTP Version Not Supported..."},

    {"1.0 without host", "GET / HTTP/1.0\r\n\r\n", ok("GET /")},
    {"pipelined, in order",
     "GET /machines/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /machines/2 HTTP/1.1\r\nHost: a\r\n\r\n" +
         get("/"),
     "HTTP/1.1 200 OK\r\nContent-Length: 19\r\nConnection: keep-alive\r\ncontent-type: "
     "text/plain\r\n\r\n"
     "GET /machines/1 {1}"},
    {"streaming", get("/stream"),
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
     "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"},
    {"streaming to 1.0", "GET /stream HTTP/1.0\r\n\r\n",
     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none two three"},
    {"streaming HEAD", "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
    {"a stream that breaks has no last chunk", get("/break"),
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n"},
    {"upgrade with what was read too far",
     "GET /shout HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
     "Shout\r\n\r\nhey",
     "HTTP/1.1 101 Switching Protocols\r\n\r\n/shout h..."},
    {"upgrade not asked for", get("/shout"), "HTTP/1.1 426 Upgrade Required..."},
    {"upgrade to something else",
     "GET /shout HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n",
     "HTTP/1.1 426 Upgrade Required..."},
};

std::string without_date(std::string text) {
    for (auto at = text.find("Date: "); at != std::string::npos; at = text.find("Date: ")) {
        text.erase(at, text.find("\r\n", at) + 2 - at);
    }
    return text;
}

// Writes the request in pieces and reads until the server has said all it wants to say.
Task<std::string> converse(Stream* client, std::string request, std::size_t piece,
                           Steady patience) {
    for (std::size_t at = 0; at < request.size(); at += piece) {
        const std::string part = request.substr(at, piece);
        auto written = co_await write_all(*client, as_bytes(part), Steady{10'000});
        if (!written) break;
        auto turn = co_await suspend<bool>([](Answer<bool> answer) { answer(true); });
        (void)turn;
    }
    std::string answer;
    for (;;) {
        auto bytes = co_await client->read_some(patience);
        if (!bytes) break;
        answer.append(as_text(*bytes));
    }
    client->close();
    co_return answer;
}

class Http : public testing::Test {
protected:
    explicit Http(Limits limits = small_limits()) : server_(shards_, test_router(), limits) {}
    ~Http() override { server_.close(); }
    static Limits small_limits() {
        Limits limits;
        limits.header_bytes_max = 1024;
        limits.target_bytes_max = 256;
        limits.headers_max = 8;
        limits.query_fields_max = 4;
        limits.linger_silence_max = Steady{200};
        return limits;
    }
    /// One end of a connection whose other end the server has.
    std::unique_ptr<Stream> dial() {
        std::unique_ptr<Stream> client;
        shards_.run_everywhere([&](Shard&) {
            auto [mine, theirs] = memory_streams();
            client = std::move(mine);
            server_.on_stream()(std::move(theirs));
        });
        return client;
    }
    std::string ask(const std::string& request, std::size_t piece = 1 << 20,
                    Steady patience = Steady{10'000}) {
        auto client = dial();
        auto answer =
            shards_.run_blocking(ShardIndex(0), converse(client.get(), request, piece, patience));
        shards_.run_everywhere([&](Shard&) { client.reset(); });
        return without_date(answer);
    }
    Shards shards_{1};
    Server server_;
};

void expect_answer(const RequestCase& given, const std::string& got) {
    const auto dots = given.want.find("...");
    const bool is_whole = dots == std::string::npos && !given.name.starts_with("pipelined") &&
                          !given.name.starts_with("expect");
    if (is_whole) {
        EXPECT_EQ(got, given.want) << given.name;
    } else {
        EXPECT_THAT(got, StartsWith(given.want.substr(0, dots))) << given.name;
    }
}

TEST_F(Http, AnswersAgreeWithTheTable) {
    for (const RequestCase& given : cases) {
        const bool waits = given.name == "expect" || given.name == "bare line feeds";
        expect_answer(given, ask(given.request, 1 << 20, waits ? Steady{100} : Steady{10'000}));
    }
}

TEST_F(Http, HowTheNetworkCutsARequestChangesNothing) {
    for (const RequestCase& given : cases) {
        if (given.name == "expect" || given.name == "bare line feeds") continue;
        expect_answer(given, ask(given.request, 1));
        expect_answer(given, ask(given.request, 7));
    }
}

std::string padded_header(std::size_t total) {
    const std::string before = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx: ";
    return before + std::string(total - before.size() - 4, 'p') + "\r\n\r\n";
}

TEST_F(Http, LimitsHoldAtTheLimitAndOnePastIt) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{100}}) {
        EXPECT_THAT(ask(padded_header(1024), piece), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(ask(padded_header(1025), piece), StartsWith("HTTP/1.1 431 "));
        EXPECT_THAT(ask(get("/files/" + std::string(249, 'f')), piece),
                    StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(ask(get("/files/" + std::string(250, 'f')), piece),
                    StartsWith("HTTP/1.1 414 "));
        EXPECT_THAT(ask("GET /" + std::string(2000, 'f'), piece), StartsWith("HTTP/1.1 414 "));
        EXPECT_THAT(ask(get("/", "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\n"), piece),
                    StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(ask(get("/", "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\n"), piece),
                    StartsWith("HTTP/1.1 431 "));
        EXPECT_THAT(ask(get("/?a&b&c&d"), piece), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(ask(get("/?a&b&c&d&e"), piece), StartsWith("HTTP/1.1 400 "));
    }
    EXPECT_GT(server_.stats().refused, 0u);
}

TEST_F(Http, ManyPipelinedRequestsAreAnsweredInOrder) {
    std::string requests, want;
    for (int index = 0; index < 200; ++index) {
        const std::string path = "/machines/" + std::to_string(index);
        requests += "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        want += "GET " + path + " {" + std::to_string(index) + "}|";
    }
    const std::string got = ask(requests + get("/"));
    std::string bodies;
    for (std::size_t at = got.find("\r\n\r\nGET "); at != std::string::npos;
         at = got.find("\r\n\r\nGET ", at + 4)) {
        bodies += got.substr(at + 4, got.find("HTTP/", at) - at - 4) + "|";
    }
    EXPECT_EQ(bodies, want + "GET /|");
}

TEST_F(Http, LargeBodiesGoBothWays) {
    const std::string body(3 << 20, 'b');
    const std::string answer =
        ask(post("/bulk", "Content-Length: " + std::to_string(body.size()) + "\r\n", body));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(answer.ends_with("POST /bulk " + body));
    const std::string large = ask(get("/large?bytes=5000000"));
    EXPECT_TRUE(large.ends_with("\r\n\r\n" + std::string(5'000'000, 'L')));
}

TEST_F(Http, ADateIsAlwaysThereAndNoServerVersion) {
    auto client = dial();
    const auto answer = shards_.run_blocking(
        ShardIndex(0), converse(client.get(), get("/"), 1 << 20, Steady{10'000}));
    EXPECT_THAT(answer, testing::ContainsRegex("Date: [A-Z][a-z][a-z], [0-9 A-Za-z:]* GMT\r\n"));
    EXPECT_THAT(answer, testing::Not(HasSubstr("Server:")));
    shards_.run_everywhere([&](Shard&) { client.reset(); });
}

class SlowHttp : public Http {
protected:
    SlowHttp() : Http(impatient()) {}
    static Limits impatient() {
        Limits limits = small_limits();
        limits.header_wait_max = Steady{40};
        limits.body_wait_max = Steady{40};
        return limits;
    }
};

class SilentHttp : public Http {
protected:
    SilentHttp() : Http(impatient()) {}
    static Limits impatient() {
        Limits limits = small_limits();
        limits.header_wait_max = limits.idle_max = Steady{40};
        return limits;
    }
};

TEST_F(SlowHttp, HeadersThatTakeTooLongGet408) {
    EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost"), StartsWith("HTTP/1.1 408 "));
}
TEST_F(SlowHttp, BodiesThatTakeTooLongGet408) {
    EXPECT_THAT(ask(post("/upload", "Content-Length: 5\r\n", "he")), StartsWith("HTTP/1.1 408 "));
}
TEST_F(SilentHttp, SilenceIsEndedWithoutAWord) {
    EXPECT_EQ(ask(""), "");
    const std::string answer = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, testing::Not(HasSubstr("408")));
}

// Slowloris: one byte at a time resets nothing; the whole head has one deadline.
Task<std::string> drip(Stream* client) {
    std::string answer;
    for (int count = 0; count < 1000 && answer.empty(); ++count) {
        auto written = client->try_write(as_bytes("G"));
        auto bytes = co_await client->read_some(Steady{10});
        if (bytes) answer = as_text(*bytes);
        if (!written) break;
    }
    co_return answer;
}
TEST_F(SlowHttp, DrippingBytesDoesNotHoldAConnection) {
    auto client = dial();
    EXPECT_THAT(shards_.run_blocking(ShardIndex(0), drip(client.get())),
                StartsWith("HTTP/1.1 408 "));
    shards_.run_everywhere([&](Shard&) { client.reset(); });
}

TEST(HttpDate, AgreesWithTheStandardsExample) {
    EXPECT_EQ(http_date({784111777'000'000}), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
}

TEST(Problem, IsJsonWhateverTheText) {
    EXPECT_EQ(status_of(Code::not_found), 404u);
    EXPECT_EQ(problem(fail(Code::denied, "a \"quoted\"\nline").error()).body,
              "{\"type\":\"about:blank\",\"title\":\"Not allowed\",\"status\":403,"
              "\"detail\":\"a \\\"quoted\\\"\\u000aline\"}");
}

TEST(Request, FindsHeadersQueriesAndCookies) {
    Request request;
    request.headers = {
        {"cookie", "a=1; session=xyz=; b"}, {"cookie", "c=3"}, {"x", "1"}, {"x", "2"}};
    request.query = {{"q", ""}};
    EXPECT_EQ(request.header("x"), "1");
    EXPECT_EQ(request.header("y"), "");
    EXPECT_EQ(request.asked("q"), "");
    EXPECT_EQ(request.asked("r"), std::nullopt);
    EXPECT_EQ(request.cookie("session"), "xyz=");
    EXPECT_EQ(request.cookie("c"), "3");
    EXPECT_EQ(request.cookie("b"), "");
    EXPECT_EQ(request.cookie("essio"), "");
}

}  // namespace
}  // namespace lineshaft::io::http
