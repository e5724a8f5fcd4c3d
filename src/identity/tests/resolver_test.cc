// The resolver against servers that say what a test wants them to.
#include <gtest/gtest.h>

#include <atomic>

#include "identity/node_key.h"
#include "identity/resolver.h"
#include "io/datagrams.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Value;

Value served(std::string type, std::string data, std::uint32_t ttl_s = 86'400) {
    Value out;
    out.index = 1;
    out.type = std::move(type);
    out.data = std::move(data);
    out.ttl_s = ttl_s;
    return out;
}

std::string site_at(std::uint16_t port, const trust::RsaKey* key = nullptr) {
    handle::Site site;
    handle::Server server;
    if (key != nullptr) server.public_key = public_key_of(*key);
    server.address = *handle::parse_address("127.0.0.1");
    server.interfaces = {{handle::Interface::both, handle::Transport::udp, port}};
    site.servers = {server};
    return handle::encode(site);
}

struct Script {
    Answer answer = Answer::success;
    std::string body;
};
/// A server over UDP whose answers are looked up by the canonical name; silent for others.
class FakeServer {
public:
    explicit FakeServer(io::Shards& shards) {
        auto opened = io::DatagramListener::open(
            shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {},
            [this](io::DatagramSocket& here, const io::Endpoint& from, Bytes bytes) {
                const auto packet = handle::decode_message(bytes, {});
                ++asked;
                if (is_silent) return;
                if (packet->header.op == handle::Op::get_site_info) {
                    handle::Header header;
                    header.answer = Answer::success;
                    const auto* named = names != nullptr ? names : key;
                    here.send(from, told(*packet, header, site_at(listener->port(), named)));
                    return;
                }
                const auto body = handle::decode_resolution(packet->body, {});
                const auto found = script.find(handle::canonical(body->handle, false));
                handle::Header header;
                const bool known = found != script.end();
                header.answer = known ? found->second.answer : Answer::handle_not_found;
                here.send(from, told(*packet, header, known ? found->second.body : ""));
            });
        EXPECT_TRUE(opened.has_value());
        listener = std::move(*opened);
    }
    ~FakeServer() { listener->close(); }
    // Signed when there is a key and a signature was asked for.
    std::string told(const handle::Packet& question, const handle::Header& header,
                     std::string_view body) const {
        handle::Envelope envelope = question.envelope;
        envelope.version = handle::own_version;
        const std::string plain = handle::encode_message(envelope, header, body);
        if (key == nullptr || !question.header.has(handle::flag::certify)) return plain;
        const auto packet = handle::decode_message(as_bytes(plain), {});
        handle::Credential credential;
        credential.algorithm = "SHA-256";
        credential.signature = key->sign(trust::Hash::sha256, *handle::signed_bytes(*packet, 0));
        return handle::encode_message(packet->envelope, header, body, handle::encode(credential));
    }
    std::uint16_t port() const { return listener->port(); }
    void holds(const std::string& name, std::vector<Value> values) {
        script[name] = {Answer::success,
                        handle::encode(handle::HandleValues{name, std::move(values)})};
    }
    void refers(const std::string& name, const std::string& to, std::vector<Value> values) {
        script[name] = {Answer::prefix_referral,
                        handle::encode(handle::Referral{to, std::move(values)})};
    }

    std::map<std::string, Script> script;  // filled before anybody asks
    std::atomic<unsigned> asked{0};
    std::atomic<bool> is_silent{false};
    const trust::RsaKey* key = nullptr;    // signs with it
    const trust::RsaKey* names = nullptr;  // says that it does with that one
    std::unique_ptr<io::DatagramListener> listener;
};

class ResolverTest : public ::testing::Test {
protected:
    io::Shards shards{1};
    FakeServer root{shards}, child{shards};

    std::unique_ptr<Resolver> make(ResolverLimits limits = {},
                                   std::vector<std::string> trusted = {}) {
        std::vector<io::Address> bootstrap;
        bootstrap.push_back({.host = "127.0.0.1", .port = root.port(), .path = {}});
        return std::make_unique<Resolver>(shards, std::move(bootstrap), limits,
                                          std::move(trusted));
    }
    Result<Resolved> resolve(Resolver& resolver, const std::string& name,
                             std::vector<Hop>* trace = nullptr) {
        return shards.run_blocking(ShardIndex(0), resolver.resolve(name, trace));
    }
};

TEST_F(ResolverTest, FollowsDelegationsAndRemembers) {
    root.refers("0.NA/88.1.7", "0.NA/88.1", {served("HS_SITE.PREFIX", site_at(child.port()))});
    child.script["0.NA/88.1.7"] = {Answer::values_not_found, ""};
    child.holds("88.1.7/A", {served("URL", "x")});
    const auto resolver = make();
    std::vector<Hop> trace;
    const auto found = resolve(*resolver, "88.1.7/a", &trace);
    ASSERT_TRUE(found.has_value()) << found.error().context;
    ASSERT_EQ(found->values.size(), 1u);
    EXPECT_EQ(found->values[0].data, "x");
    ASSERT_EQ(trace.size(), 3u);
    EXPECT_EQ(trace[0].note, "refers to 0.NA/88.1");
    const unsigned before = root.asked + child.asked;
    const auto again = resolve(*resolver, "88.1.7/a");
    EXPECT_TRUE(again->is_from_cache);
    EXPECT_EQ(root.asked + child.asked, before);
    const auto missing = resolve(*resolver, "88.1.7/B");
    EXPECT_EQ(missing->answer, Answer::handle_not_found);
    EXPECT_TRUE(resolve(*resolver, "88.1.7/B")->is_from_cache);
    // Whether case counts is the server's to say, so it is asked again.
    EXPECT_FALSE(resolve(*resolver, "88.1.7/A")->is_from_cache);
}

TEST_F(ResolverTest, APoisonedOrCircularReferralIsNotFollowed) {
    // For a prefix that was not asked for.
    root.refers("0.NA/88.1", "0.NA/88.2", {served("HS_SITE", site_at(child.port()))});
    // To itself, for ever: the second time it leads nowhere nearer.
    root.refers("0.NA/88.3.1", "0.NA/88.3", {served("HS_SITE.PREFIX", site_at(root.port()))});
    // To nobody.
    root.refers("0.NA/88.4", "", {served("HS_SITE", site_at(child.port()))});
    const auto resolver = make();
    for (const std::string name : {"88.1/A", "88.3.1/A", "88.4/A"}) {
        const auto found = resolve(*resolver, name);
        ASSERT_FALSE(found.has_value()) << name;
        EXPECT_EQ(found.error().code, Code::invalid) << name;
    }
    EXPECT_EQ(child.asked, 0u);
    const auto stats = shards.run_blocking(ShardIndex(0), resolver->stats());
    EXPECT_EQ(stats.poisoned, 3u);
}

TEST_F(ResolverTest, AnAnswerForAnotherNameIsNone) {
    root.script["0.NA/88.1"] = {Answer::values_not_found, ""};
    root.script["88.1/A"] = {Answer::success,
                             handle::encode(handle::HandleValues{"88.1/B", {served("URL", "x")}})};
    const auto resolver = make();
    EXPECT_EQ(resolve(*resolver, "88.1/A").error().code, Code::invalid);
}

TEST_F(ResolverTest, AliasesAndServicesAreFollowedAFewTimes) {
    for (const std::string prefix : {"0.NA/88.1", "0.NA/88.9"})
        root.script[prefix] = {Answer::values_not_found, ""};
    root.holds("88.1/A", {served("HS_ALIAS", "88.1/B")});
    root.holds("88.1/B", {served("URL", "b")});
    root.holds("88.1/LOOP", {served("HS_ALIAS", "88.1/loop2")});
    root.holds("88.1/LOOP2", {served("HS_ALIAS", "88.1/LOOP")});
    root.holds("0.NA/88.5", {served("HS_SERV", "88.9/SERVICE")});
    root.holds("88.9/SERVICE", {served("HS_SITE", site_at(child.port()))});
    root.holds("0.NA/88.6", {served("HS_SERV", "88.6/ME")});
    child.holds("88.5/X", {served("URL", "from the service")});
    const auto resolver = make();
    EXPECT_EQ(resolve(*resolver, "88.1/A")->values[0].data, "b");
    EXPECT_EQ(resolve(*resolver, "88.1/LOOP").error().code, Code::invalid);
    const auto served = resolve(*resolver, "88.5/X");
    ASSERT_TRUE(served.has_value()) << served.error().context;
    EXPECT_EQ(served->values[0].data, "from the service");
    EXPECT_FALSE(resolve(*resolver, "88.6/X").has_value());  // a service that serves itself
}

TEST_F(ResolverTest, TheCacheIsBoundedAndTimesOut) {
    root.script["0.NA/88.1"] = {Answer::values_not_found, ""};
    for (const char* name : {"88.1/A", "88.1/B", "88.1/C"}) root.holds(name, {served("URL", name)});
    root.holds("88.1/NOW", {served("URL", "now", 0)});
    ResolverLimits limits;
    limits.cached_max = 2;
    const auto resolver = make(limits);
    for (const char* name : {"88.1/A", "88.1/B", "88.1/C"})
        EXPECT_TRUE(resolve(*resolver, name).has_value());
    EXPECT_TRUE(resolve(*resolver, "88.1/C")->is_from_cache);
    EXPECT_TRUE(resolve(*resolver, "88.1/B")->is_from_cache);
    EXPECT_FALSE(resolve(*resolver, "88.1/A")->is_from_cache);
    EXPECT_FALSE(resolve(*resolver, "88.1/NOW")->is_from_cache);
    EXPECT_FALSE(resolve(*resolver, "88.1/NOW")->is_from_cache);
    // While nobody answers, what is over is better than nothing, and says so.
    root.listener->close();
    const auto stale = resolve(*resolver, "88.1/NOW");
    ASSERT_TRUE(stale.has_value()) << stale.error().context;
    EXPECT_TRUE(stale->is_stale);
    EXPECT_EQ(resolve(*resolver, "88.1/NEW").error().code, Code::unavailable);
}

TEST_F(ResolverTest, SoManyQuestionsForOneName) {
    root.refers("0.NA/88.1.2.3", "0.NA/88", {served("HS_SITE.PREFIX", site_at(child.port()))});
    child.refers("0.NA/88.1.2.3", "0.NA/88.1", {served("HS_SITE.PREFIX", site_at(root.port()))});
    ResolverLimits limits;
    limits.hops_max = 2;
    const auto resolver = make(limits);
    const auto found = resolve(*resolver, "88.1.2.3/A");
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, Code::exhausted);
    EXPECT_EQ(root.asked + child.asked, 2u);
}

struct SignedResolverTest : ResolverTest {
    const trust::RsaKey root_key = trust::RsaKey::generate(), child_key = trust::RsaKey::generate();

    SignedResolverTest() {
        root.refers("0.NA/88.1.7", "0.NA/88.1",
                    {served("HS_SITE.PREFIX", site_at(child.port(), &child_key))});
        child.script["0.NA/88.1.7"] = {Answer::values_not_found, ""};
        child.holds("88.1.7/A", {served("URL", "x")});
    }
    static io::Task<ResolverStats> stats_of(Resolver* resolver) {
        auto stats = co_await resolver->stats();
        co_return stats;
    }
    ResolverStats stats(Resolver& resolver) {
        return shards.run_blocking(ShardIndex(0), stats_of(&resolver));
    }
};

TEST_F(SignedResolverTest, WhoeverIsReferredToWithAKeyMustSignWithIt) {
    child.key = &child_key;
    std::vector<Hop> trace;
    const auto good = make();
    const auto found = resolve(*good, "88.1.7/A", &trace);
    ASSERT_TRUE(found.has_value()) << found.error().context;
    EXPECT_FALSE(found->is_proven) << "nobody said which key the root has";
    ASSERT_EQ(trace.size(), 3u);
    EXPECT_EQ(trace[0].origin, Origin::unsigned_answer);
    EXPECT_EQ(trace[2].origin, Origin::signed_answer);
    EXPECT_EQ(trace[2].signer, *fingerprint_of(public_key_of(child_key)));

    child.key = &root_key;  // another's
    const auto other = make();
    EXPECT_EQ(resolve(*other, "88.1.7/A").error().code, Code::denied);
    child.key = nullptr;  // none at all
    const auto none = make();
    trace.clear();
    EXPECT_EQ(resolve(*none, "88.1.7/A", &trace).error().code, Code::denied);
    EXPECT_EQ(trace.back().origin, Origin::refused);
    EXPECT_EQ(stats(*none).forged, 1u);
}

TEST_F(SignedResolverTest, IsProvenFromATrustedKeyDown) {
    root.key = &root_key;
    child.key = &child_key;
    const std::string trusted = *fingerprint_of(public_key_of(root_key));
    const auto resolver = make({}, {trusted});
    std::vector<Hop> trace;
    const auto found = resolve(*resolver, "88.1.7/A", &trace);
    ASSERT_TRUE(found.has_value()) << found.error().context;
    EXPECT_TRUE(found->is_proven);
    for (const Hop& hop : trace) EXPECT_EQ(hop.origin, Origin::signed_answer) << hop.asked;
    EXPECT_TRUE(resolve(*resolver, "88.1.7/A")->is_proven) << "from the cache as well";
    EXPECT_TRUE(resolve(*resolver, "88.1.7/NONE")->is_proven) << "so is what is not there";

    const auto stranger = make({}, {std::string(64, '0')});
    EXPECT_EQ(resolve(*stranger, "88.1.7/A").error().code, Code::denied);
    root.names = &root_key;  // names the trusted key, and signs with another
    root.key = &child_key;
    const auto impostor = make({}, {trusted});
    EXPECT_EQ(resolve(*impostor, "88.1.7/A").error().code, Code::denied);
}

TEST_F(SignedResolverTest, WhatIsPopularIsFetchedBeforeItEnds) {
    root.holds("0.NA/88.5", {served("HS_SITE", site_at(child.port()), 60)});
    child.holds("88.5/A", {served("URL", "x", 1)});
    ResolverLimits limits;
    limits.prefetch_hits_min = 2;
    const auto resolver = make(limits);
    // A slow machine may miss the last tenth of one life, and then finds the next.
    while (stats(*resolver).prefetched == 0) {
        const auto found = resolve(*resolver, "88.5/A");
        ASSERT_TRUE(found.has_value()) << found.error().context;
    }
    resolver->close();
    EXPECT_TRUE(resolve(*resolver, "88.5/A").has_value());
}

}  // namespace
}  // namespace lineshaft::identity
