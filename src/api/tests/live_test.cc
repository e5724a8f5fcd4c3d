// The live stream, read as a browser does.
#include "api/live.h"

#include "io/nursery.h"
#include "rig.h"

namespace lineshaft::api::testing {
namespace {

io::Task<Result<void>> send(io::Stream* stream, std::string text) {
    auto sent = co_await io::write_all(*stream, as_bytes(text), io::Steady{20'000});
    co_return sent;
}

// Appends to `heard` until it contains `wanted` (empty: until the stream ends). False: ended
// before.
io::Task<bool> hear(io::Stream* stream, std::string* heard, std::string wanted) {
    while (wanted.empty() || !heard->contains(wanted)) {
        auto bytes = co_await stream->read_some(io::Steady{20'000});
        if (!bytes) co_return wanted.empty() && bytes.error().code == Code::unavailable;
        heard->append(as_text(*bytes));
    }
    co_return true;
}

class Browser {
public:
    Browser(Rig& rig, const std::string& target, const std::string& token) : rig_(rig) {
        rig_.on_shard([&] { stream_ = rig_.connect({.address = "192.0.2.7", .port = 0}); });
        const auto sent = rig_.run(
            send(stream_.get(), "GET " + target +
                                    " HTTP/1.1\r\nhost: plant.example\r\nauthorization: Bearer " +
                                    token + "\r\n\r\n"));
        EXPECT_TRUE(sent);
    }
    ~Browser() {
        rig_.on_shard([&] {
            stream_->close();
            stream_.reset();
        });
    }
    bool hears(std::string wanted) {
        return rig_.run(hear(stream_.get(), &heard, std::move(wanted)));
    }
    bool ends() { return hears(""); }

    std::string heard;

private:
    Rig& rig_;
    std::unique_ptr<io::Stream> stream_;
};

TEST(Live, ShowsCurrentValuesThenChanges) {
    for (const unsigned shards : {1u, 2u}) {
        Rig rig(shards);
        rig.say("press", "speed", 1.5, rig.now());
        Browser browser(rig, "/api/v1/live?machine=press", rig.tokens["viewer"]);
        ASSERT_TRUE(browser.hears("event: values\ndata: [{\"machine\":\"press\"")) << browser.heard;
        ASSERT_TRUE(browser.hears("event: rates")) << browser.heard;
        EXPECT_TRUE(browser.heard.contains("text/event-stream"));
        rig.say("lathe", "speed", 7.25, rig.now());
        rig.say("press", "speed", 2.5, rig.now());
        ASSERT_TRUE(browser.hears("\"value\":2.5,")) << browser.heard;
        EXPECT_FALSE(browser.heard.contains("7.25")) << browser.heard;  // not asked for
        ASSERT_TRUE(browser.hears("\"kind\":\"discovered\"")) << browser.heard;
    }
}

TEST(Live, EndsWhenTheTokenIsRevoked) {
    Rig rig;
    Browser browser(rig, "/api/v1/live", rig.tokens["viewer"]);
    ASSERT_TRUE(browser.hears("event: rates"));
    const auto listed = rig.get("/api/v1/tokens");
    for (const auto& token : listed.at("/items").as_array()) {
        if (token.at("name") != "viewer") continue;
        const std::string id(token.at("id").as_string());
        EXPECT_EQ(rig.ask("DELETE", "/api/v1/tokens/" + id, rig.as("admin")).status, 204u);
    }
    EXPECT_TRUE(browser.ends());
    EXPECT_EQ(rig.get("/api/v1/node", rig.as("viewer")).status, 401u);
}

TEST(Live, AMachinesTokenHearsOfItselfOnly) {
    Rig rig;
    rig.say("press", "speed", 1.5, rig.now());
    Browser browser(rig, "/api/v1/live?machine=press", rig.tokens["machine"]);
    ASSERT_TRUE(browser.hears("event: rates"));
    rig.say("lathe", "fault", std::string("jammed"), rig.now());
    rig.say("press", "fault", std::string("thread break"), rig.now());
    ASSERT_TRUE(browser.hears("\"kind\":\"fault\",\"text\":\"thread break\"")) << browser.heard;
    EXPECT_FALSE(browser.heard.contains("lathe")) << browser.heard;
}

TEST(Live, OfAnotherOrganisationNothingIsShown) {
    Rig rig;
    rig.say("press", "speed", 1.5, rig.now());
    Browser browser(rig, "/api/v1/live?machine=press", rig.tokens["acme"]);
    ASSERT_TRUE(browser.hears("event: rates"));
    rig.say("press", "speed", 2.5, rig.now());
    rig.say("acme-1", "speed", 3.5, rig.now(), history::Quality::good, rig.acme);
    ASSERT_TRUE(browser.hears("acme-1"));
    EXPECT_FALSE(browser.heard.contains("press")) << browser.heard;
}

TEST(Live, RefusesOneStreamAndOneMachineTooMany) {
    twin::Limits limits;
    limits.watchers_max = 1;
    Rig rig(1, {}, limits);
    std::string target = "/api/v1/live?machine=m";
    for (int count = 0; count < 60; ++count) target += "&machine=m";
    EXPECT_EQ(rig.get(target).status, 422u);
    Browser browser(rig, "/api/v1/live", rig.tokens["viewer"]);
    ASSERT_TRUE(browser.hears("event: rates"));
    EXPECT_EQ(rig.get("/api/v1/live").status, 429u);
}

TEST(LiveQueue, SaysWhereItSkipped) {
    LiveQueue queue;
    EXPECT_TRUE(queue.is_empty());
    const json::value piece(std::string(64 * 1024, 'x'));
    std::size_t kept = 0;
    for (; kept * 64 * 1024 < LiveQueue::bytes_max; ++kept) queue.push("values", piece);
    queue.push("machine", "lost");
    queue.push_comment();
    const std::string text = queue.take();
    EXPECT_FALSE(text.contains("lost"));
    EXPECT_TRUE(text.ends_with("event: gap\ndata: {}\n\n"));
    EXPECT_LT(text.size(), LiveQueue::bytes_max + 128 * 1024);
    EXPECT_TRUE(queue.is_empty());
    queue.push("machine", "kept");
    EXPECT_EQ(queue.take(), "event: machine\ndata: \"kept\"\n\n");
    queue.push_comment();
    EXPECT_EQ(queue.take(), ": still here\n\n");
}

}  // namespace
}  // namespace lineshaft::api::testing
