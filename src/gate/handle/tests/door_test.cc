// A door over real sockets and a real store, asked by our own clients of the protocol.
#include "gate/handle/door.h"

#include <gtest/gtest.h>

#include "gate/handle/signing.h"
#include "identity/mirror.h"
#include "identity/node_key.h"
#include "identity/session_client.h"
#include "identity/tests/rig.h"

namespace lineshaft::handle {
namespace {

using identity::Reply;
using identity::SessionClient;
using identity::testing::Rig;
using identity::testing::admin;
using identity::testing::create;
using identity::testing::operator_of_node;
using identity::testing::typed;

/// A node's naming, as app puts it together.
class Served {
public:
    explicit Served(const trust::RsaKey& client, DoorLimits limits = {},
                    std::vector<Reference> mirrors = {})
        : responder_({*rig.registry, *rig.shards, workers_, nullptr, &key, &workers_,
                      std::move(mirrors)},
                     Site{}, limits),
          door_(responder_, *rig.shards, limits) {
        EXPECT_TRUE(door_.open({.host = "127.0.0.1", .port = 0, .path = {}}).has_value());
        Site site;
        Server server;
        server.address = *parse_address("127.0.0.1");
        server.public_key = identity::public_key_of(key);
        server.interfaces = {{Interface::both, Transport::udp, door_.port()},
                             {Interface::both, Transport::tcp, door_.port()}};
        site.servers = {server};
        responder_.set_site(site);
        auto keep = create("0.NA/88.1", {admin(100, right::all, {"0.NA/88.1", 300}),
                                         typed(300, "HS_PUBKEY", identity::public_key_of(client))});
        keep.kind = identity::Change::Kind::replace_values;
        EXPECT_TRUE(rig.change(std::move(keep)).is_good());
    }
    ~Served() { door_.close(); }
    io::Address address() const { return {.host = "127.0.0.1", .port = door_.port(), .path = {}}; }
    std::string fingerprint() const {
        return *identity::fingerprint_of(identity::public_key_of(key));
    }

    Rig rig{2};
    const trust::RsaKey key = trust::RsaKey::generate();

private:
    io::Workers workers_{"tests", {.threads = 2, .queued_max = 256}};
    Responder responder_;
    Door door_;
};

std::string creation(const std::string& name) {
    return encode(HandleValues{name, {identity::testing::url(1, name)}});
}

struct Steps {
    static io::Task<Result<std::string>> register_many(io::Address at, std::string trusted,
                                                       trust::RsaKey key, std::string name,
                                                       std::size_t count) {
        identity::TrustedKeys keys;
        if (!trusted.empty()) keys.push_back(trusted);
        auto session = co_await SessionClient::open(at, keys);
        if (!session) co_return std::unexpected(session.error());
        (*session)->prove_with({"0.NA/88.1", 300}, std::move(key));
        std::string out;
        for (std::size_t number = 0; number < count; ++number) {
            auto reply = co_await (*session)->ask(Op::create_handle,
                                                  creation(name + std::to_string(number)));
            if (!reply) co_return std::unexpected(reply.error());
            out += std::to_string(static_cast<unsigned>(reply->header.answer)) + " ";
        }
        (*session)->close();
        co_return std::move(out);
    }
    static io::Task<identity::MirrorStats> stats_of(identity::Mirror* mirror) {
        auto stats = co_await mirror->stats();
        co_return stats;
    }
    static io::Task<bool> nap() {
        io::Pause pause;
        auto whole = co_await pause.wait(io::Steady{10});
        co_return whole;
    }
    static io::Task<void> ask_one(io::Address at, std::string key, std::size_t* good) {
        auto told = co_await identity::ask_site(at, Transport::udp);
        if (told && identity::check_signature(told->reply, key)) ++*good;
    }
    static io::Task<std::size_t> good_signatures(io::Address at, std::string key,
                                                 std::size_t count) {
        std::size_t good = 0;
        io::Nursery askers("askers");
        for (std::size_t asker = 0; asker < count; ++asker) askers.spawn(ask_one(at, key, &good));
        co_await askers.close();
        co_return good;
    }
    static io::Task<Result<identity::SiteReply>> site_of(io::Address at) {
        auto told = co_await identity::ask_site(at, Transport::udp);
        co_return told;
    }
};

TEST(DoorSessions, RegisterManyWithOneProof) {
    const auto client = trust::RsaKey::generate();
    Served node(client);
    const auto answers = node.rig.run(
        Steps::register_many(node.address(), node.fingerprint(), client, "88.1/S", 5));
    ASSERT_TRUE(answers.has_value()) << answers.error().context;
    EXPECT_EQ(*answers, "1 1 1 1 1 ");
    for (int number = 0; number < 5; ++number)
        EXPECT_EQ(node.rig.look_up("88.1/S" + std::to_string(number)).answer, Answer::success);
    const auto stranger = node.rig.run(
        Steps::register_many(node.address(), "", trust::RsaKey::generate(), "88.1/T", 1));
    ASSERT_TRUE(stranger.has_value());
    EXPECT_EQ(*stranger, "403 ") << "another key";
    const auto distrust = node.rig.run(
        Steps::register_many(node.address(), std::string(64, '0'), client, "88.1/T", 1));
    EXPECT_EQ(distrust.error().code, Code::denied) << "another server than the one wanted";
}

TEST(DoorSignatures, SiteInfoIsSignedWithTheKeyItNames) {
    Served node(trust::RsaKey::generate());
    const auto told = node.rig.run(Steps::site_of(node.address()));
    ASSERT_TRUE(told.has_value()) << told.error().context;
    ASSERT_EQ(told->site.servers.size(), 1u);
    EXPECT_TRUE(identity::check_signature(told->reply, told->site.servers[0].public_key));
    EXPECT_EQ(told->reply.envelope.version, own_version);
}

// More at once than the workers take together: each asker gets the signature of its own answer.
TEST(DoorSignatures, ManyAtOnceAreEachTheirOwn) {
    Served node(trust::RsaKey::generate());
    const std::string key = identity::public_key_of(node.key);
    EXPECT_EQ(node.rig.run(Steps::good_signatures(node.address(), key, 40)), 40u);
    EXPECT_EQ(node.rig.run(Steps::good_signatures(node.address(), key, 1), 1), 1u);
}

struct SigningSteps {
    static io::Task<void> sign_one(Signing* signing, std::string text, Signing::Signature* out) {
        auto made = co_await signing->sign(trust::Hash::sha256, std::move(text));
        *out = std::move(made);
    }
    /// "0", "1", ... all asked for in one turn.
    static io::Task<std::vector<Signing::Signature>> sign_all(Signing* signing, std::size_t count) {
        std::vector<Signing::Signature> out(count);
        io::Nursery askers("askers");
        for (std::size_t at = 0; at < count; ++at)
            askers.spawn(sign_one(signing, std::to_string(at), &out[at]));
        co_await askers.close();
        co_return out;
    }
};

TEST(DoorSigning, SignsWhatMayWaitAndRefusesTheNext) {
    Rig rig(1);
    io::Workers workers{"signatures", {.threads = 2, .queued_max = 16}};
    const auto key = trust::RsaKey::generate();
    Signing signing(&key, &workers, {.together_max = 2, .handed_over_max = 2, .waiting_max = 9});
    const auto made = rig.run(SigningSteps::sign_all(&signing, 10));
    ASSERT_EQ(made.size(), 10u);
    for (std::size_t at = 0; at < 9; ++at) {
        ASSERT_TRUE(made[at].has_value()) << made[at].error().context;
        EXPECT_EQ(*made[at], key.sign(trust::Hash::sha256, std::to_string(at)));
    }
    ASSERT_FALSE(made[9].has_value());
    EXPECT_EQ(made[9].error().code, Code::exhausted);

    io::Workers full{"full", {.threads = 1, .queued_max = 0}};
    Signing refusing(&key, &full, {});
    const auto refused = rig.run(SigningSteps::sign_all(&refusing, 3));
    for (const auto& one : refused) {
        ASSERT_FALSE(one.has_value());
        EXPECT_EQ(one.error().code, Code::exhausted);
    }
    Signing keyless(nullptr, &workers, {});
    const auto none = rig.run(SigningSteps::sign_all(&keyless, 1));
    ASSERT_FALSE(none[0].has_value());
    EXPECT_EQ(none[0].error().code, Code::unsupported);
}

/// A connection of the pool's port to which nobody is logged in, or not any more.
class PoolOut final : public AnswerOut {
public:
    explicit PoolOut(bool was_logged_in) : was_logged_in_(was_logged_in) {}
    io::Task<bool> send(std::string message) override {
        const auto packet = decode_message(as_bytes(message), {});
        answer = packet ? packet->header.answer : Answer::none;
        co_return true;
    }
    bool is_stream() const override { return true; }
    bool is_pool() const override { return true; }
    bool was_logged_in() const override { return was_logged_in_; }

    Answer answer = Answer::none;

private:
    const bool was_logged_in_;
};

io::Task<Answer> answer_to_pool(Responder* responder, bool was_logged_in) {
    Header header;
    header.op = Op::create_handle;
    PoolOut out(was_logged_in);
    std::string message = encode_message(Envelope{}, header, creation("88.1/P"));
    co_await responder->answer(std::move(message), &out);
    co_return out.answer;
}

TEST(DoorPool, SaysWhoNeverLoggedInAndWhoseLoginHasEnded) {
    Rig rig(1);
    io::Workers workers{"tests", {.threads = 1, .queued_max = 16}};
    Responder responder({*rig.registry, *rig.shards, workers}, Site{}, DoorLimits{});
    EXPECT_EQ(rig.run(answer_to_pool(&responder, false)), Answer::login_first);
    EXPECT_EQ(rig.run(answer_to_pool(&responder, true)), Answer::login_again);
    EXPECT_EQ(static_cast<unsigned>(Answer::login_first), 408u);
    EXPECT_EQ(static_cast<unsigned>(Answer::login_again), 407u);
}

TEST(DoorMirrors, FollowAndGoOnWhereTheyStopped) {
    const auto client = trust::RsaKey::generate(), mirror_key = trust::RsaKey::generate();
    Served origin(client, {}, {{"0.NA/88.1", 401}});
    auto& from = origin.rig;
    Rig copy(2);
    const auto open = [&] {
        identity::Mirror::Settings settings;
        settings.origin = origin.address();
        settings.trusted = {origin.fingerprint()};
        settings.who = {"0.NA/88.1", 401};
        settings.pause = io::Steady{20};
        return std::make_unique<identity::Mirror>(*copy.registry, *copy.faulty, *copy.shards,
                                                  *copy.lanes[0], mirror_key, std::move(settings));
    };
    auto mirror = open();
    mirror->start();
    const auto stats = [&] { return copy.run(Steps::stats_of(mirror.get())); };
    // For what the mirror brings about.
    const auto wait_for = [&](auto condition) {
        while (!condition()) copy.run(Steps::nap());
    };
    wait_for([&] { return stats().failed > 0; });  // its key is not known there yet
    EXPECT_EQ(stats().received, 0u);
    auto keep = identity::testing::change_of(
        identity::Change::Kind::add_values, "0.NA/88.1",
        {typed(401, "HS_PUBKEY", identity::public_key_of(mirror_key))});
    ASSERT_TRUE(from.change(std::move(keep)).is_good());
    for (int number = 0; number < 700; ++number) {
        const std::string name = "88.1/M" + std::to_string(number);
        ASSERT_TRUE(from.change(create(name, {identity::testing::url(1, name),
                                              typed(2, "HS_SECKEY", "s3cret")}))
                        .is_good());
    }
    wait_for([&] { return copy.look_up("88.1/M699").answer == Answer::success; });
    const auto secret = copy.registry->values_of("88.1/M1");
    EXPECT_EQ((**secret)[1].data, "s3cret");
    EXPECT_EQ(**from.registry->values_of("88.1/M1"), **secret) << "to the timestamp";
    mirror->close();
    // While it is away: a removal, a change, a prefix more.
    ASSERT_TRUE(from.change(identity::testing::change_of(identity::Change::Kind::remove, "88.1/M0"))
                    .is_good());
    ASSERT_TRUE(from.run(from.registry->home("88.7", operator_of_node)).is_good());
    ASSERT_TRUE(from.change(create("88.7/LAST", {identity::testing::url(1, "x")})).is_good());
    const std::uint64_t before = stats().received;
    mirror = open();
    mirror->start();
    wait_for([&] { return copy.look_up("88.7/LAST").answer == Answer::success; });
    EXPECT_EQ(copy.look_up("88.1/M0").answer, Answer::handle_not_found);
    EXPECT_LT(stats().received, 10u) << "only what is new; before: " << before;
    mirror->close();
}

}  // namespace
}  // namespace lineshaft::handle
