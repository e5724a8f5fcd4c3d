#include "io/http/websocket.h"

#include <gmock/gmock.h>

#include "http_plant.h"
#include "io/http/websocket_frames.h"

namespace lineshaft::io::http {
namespace {

std::string unhex(std::string_view hex) {
    return from_hex(hex).value();
}

struct HandshakeCase {
    std::string_view name, frames, payload, owed;
    bool closed;
};

// Masked frames after RFC 6455 5.7; mask 37fa213d as there, or none (zeros) where it does not
// matter.
const HandshakeCase handshakes[] = {
    {"binary Hello", "82 85 37fa213d 7f9f4d5158", "48656c6c6f", "", false},
    {"two fragments", "02 83 00000000 48656c 80 82 00000000 6c6f", "48656c6c6f", "", false},
    {"empty message", "82 80 00000000", "", "", false},
    {"ping between fragments", "02 81 00000000 61 89 82 00000000 7879 80 81 00000000 62", "6162",
     "8a02 7879", false},
    {"pong is dropped", "8a 81 00000000 61", "", "", false},
    {"16-bit length", "82 fe 0003 01020304 606060", "616263", "", false},
    {"close", "88 82 00000000 03e8", "", "8802 03e8", true},
    {"close without status", "88 80 00000000", "", "8802 03e8", true},
    {"close with half a status", "88 81 00000000 03", "", "8802 03ea", true},
    {"payload before a close counts", "82 81 00000000 61 88 80 00000000 82 81 00000000 62", "61",
     "8802 03e8", true},
    {"text is refused", "81 81 00000000 61", "", "8802 03eb", true},
    {"no mask", "82 01 61", "", "8802 03ea", true},
    {"reserved bit", "c2 81 00000000 61", "", "8802 03ea", true},
    {"unknown opcode", "83 81 00000000 61", "", "8802 03ea", true},
    {"unknown control opcode", "8b 80 00000000", "", "8802 03ea", true},
    {"fragmented ping", "09 80 00000000", "", "8802 03ea", true},
    {"ping of 126 bytes", "89 fe 007e 00000000", "", "8802 03ea", true},
    {"continuation of nothing", "80 81 00000000 61", "", "8802 03ea", true},
    {"new message inside one", "02 81 00000000 61 82 81 00000000 62", "61", "8802 03ea", true},
    {"length above 2^63", "82 ff 8000000000000000 00000000", "", "8802 03ea", true},
};

TEST(WebSocketReader, AgreesWithTheTableHoweverTheStreamIsCut) {
    for (const auto& given : handshakes) {
        const std::string frames = unhex(given.frames);
        for (const std::size_t piece : {frames.size(), std::size_t{1}, std::size_t{3}}) {
            WebSocketReader reader;
            WebSocketReader::Got all;
            for (std::size_t at = 0; at < frames.size(); at += piece) {
                const std::string part = frames.substr(at, piece);
                auto got = reader.receive(as_bytes(part));
                all.payload += got.payload;
                all.owed += got.owed;
                all.is_closed = got.is_closed;
            }
            EXPECT_EQ(to_hex(as_bytes(all.payload)), given.payload) << given.name << piece;
            EXPECT_EQ(all.owed, unhex(given.owed)) << given.name << piece;
            EXPECT_EQ(all.is_closed, given.closed) << given.name << piece;
        }
    }
}

TEST(WebSocketHeader, HasTheShortestLength) {
    EXPECT_EQ(websocket_header(2, 125), unhex("827d"));
    EXPECT_EQ(websocket_header(2, 126), unhex("827e007e"));
    EXPECT_EQ(websocket_header(2, 65535), unhex("827effff"));
    EXPECT_EQ(websocket_header(2, 65536), unhex("827f0000000000010000"));
}

TEST(WebSocketAccept, AgreesWithTheStandardsExample) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==").value(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    for (const char* bad : {"", "abc", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ!=",
                            "dGhlIHNhbXBsZSBub25jZQAA"}) {
        EXPECT_EQ(websocket_accept(bad).error().code, Code::invalid) << bad;
    }
}

Task<void> echo_websocket(Request request, std::unique_ptr<Stream> stream) {
    auto inside = co_await accept_websocket(std::move(request), std::move(stream), "mqtt");
    if (!inside) co_return;
    for (;;) {
        auto bytes = co_await (*inside)->read_some(Steady{10'000});
        if (!bytes) co_return;
        const std::string copy(as_text(*bytes));
        auto written = co_await write_all(**inside, as_bytes(copy), Steady{10'000});
        if (!written) co_return;
    }
}

Task<std::string> talk(Stream* client, std::string text) {
    auto written = co_await write_all(*client, as_bytes(text), Steady{10'000});
    std::string out;
    while (written) {
        auto bytes = co_await client->read_some(Steady{10'000});
        if (!bytes) break;
        out.append(as_text(*bytes));
    }
    co_return out;
}

class WebSocket : public testing::Test {
protected:
    ~WebSocket() override { server_.close(); }
    static std::shared_ptr<const Router> router() {
        auto out = std::make_shared<Router>();
        out->add_upgrade("/mqtt", "websocket", &echo_websocket);
        return out;
    }
    std::string ask(const std::string& headers, const std::string& frames) {
        std::unique_ptr<Stream> client;
        shards_.run_everywhere([&](Shard&) {
            auto ends = memory_streams();
            client = std::move(ends.first);
            server_.on_stream()(std::move(ends.second));
        });
        const std::string request =
            "GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
            headers + "\r\n" + unhex(frames);
        auto out = shards_.run_blocking(ShardIndex(0), talk(client.get(), request));
        shards_.run_everywhere([&](Shard&) { client.reset(); });
        return out;
    }
    Shards shards_{1};
    Server server_{shards_, router(), {}};
};

const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string mqtt = "Sec-WebSocket-Protocol: soap, mqtt\r\n";

TEST_F(WebSocket, CarriesBinaryPayloadBothWaysAndCloses) {
    const std::string got = ask(key + version + mqtt,
                                "82 85 37fa213d 7f9f4d5158 89 81 00000000 70 88 82 00000000 03e8");
    EXPECT_EQ(got,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: "
              "mqtt\r\n\r\n" +
                  unhex("8a01 70 8802 03e8"))
        << "a close that arrives with the payload leaves nobody to echo to";
}

TEST_F(WebSocket, RefusesWhatItCannotSpeak) {
    using testing::HasSubstr;
    using testing::StartsWith;
    EXPECT_THAT(
        ask(key + mqtt + "Sec-WebSocket-Version: 8\r\n", ""),
        testing::AllOf(StartsWith("HTTP/1.1 426 "), HasSubstr("sec-websocket-version: 13")));
    EXPECT_THAT(ask(version + mqtt, ""), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(key + version, ""), StartsWith("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace lineshaft::io::http
