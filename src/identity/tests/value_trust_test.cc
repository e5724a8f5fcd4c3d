// Signed values as they are registered, and how far up they are believed.
#include "identity/value_trust.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "identity/node_key.h"
#include "identity/tests/rig.h"
#include "identity/value_signer.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Value;
using testing::admin;
using testing::change_of;
using testing::create;
using testing::typed;
using testing::url;
using RightKind = CertifiedRight::Kind;

// Handles as whoever looks for certificates finds them.
class Shelf final : public ValueSource {
public:
    io::Task<Result<std::vector<Value>>> values_of(std::string handle) override {
        ++asked;
        const auto found = all.find(handle);
        if (found == all.end()) co_return fail(Code::not_found, handle);
        co_return found->second;
    }
    std::map<std::string, std::vector<Value>> all;
    int asked = 0;
};

// Making a key takes a while.
const trust::RsaKey& made_key(std::size_t number) {
    static const std::vector<trust::RsaKey> all = [] {
        std::vector<trust::RsaKey> out;
        for (int count = 0; count < 4; ++count) out.push_back(trust::RsaKey::generate());
        return out;
    }();
    return all.at(number);
}

// top (88) -> secondary (88.1) -> enterprise (88.1.7), each certified by the one above it.
struct Tower {
    trust::RsaKey top = made_key(0), secondary = made_key(1), enterprise = made_key(2);
    std::int64_t now_s = io::Clock::system().now().millis() / 1'000;
    std::string handle = "88.1.7/A";
    std::vector<Value> values{url(1, "https://example.com/"), typed(2, "EMAIL", "a@example.com")};
    TrustedKeys trusted{*fingerprint_of(public_key_of(top))};
    Shelf shelf;

    static handle::Reference key_of(const std::string& prefix) { return {"0.NA/" + prefix, 400}; }
    static std::vector<CertifiedRight> rights_of(const std::string& prefix) {
        return {{RightKind::this_handle, "0.NA/" + prefix},
                {RightKind::handles_under_this_prefix, "0.NA/" + prefix},
                {RightKind::derived_prefixes, "0.NA/" + prefix}};
    }
    std::string certificate(const trust::RsaKey& by, const std::string& above,
                            const trust::RsaKey& of, const std::string& prefix,
                            const std::vector<CertifiedRight>& rights) const {
        return certify(by, key_of(above), key_of(prefix), public_key_of(of), rights, now_s, 0);
    }
    Tower() {
        shelf.all["0.NA/88"] = {typed(400, "HS_PUBKEY", public_key_of(top))};
        shelf.all["0.NA/88.1"] = {
            typed(410, "HS_CERT", certificate(top, "88", secondary, "88.1", rights_of("88.1")))};
        shelf.all["0.NA/88.1.7"] = {typed(
            410, "HS_CERT",
            certificate(secondary, "88.1", enterprise, "88.1.7", rights_of("88.1.7")))};
        values.push_back(typed(401, "HS_SIGNATURE",
                               sign_values(enterprise, key_of("88.1.7"), handle, values, now_s, 0)));
    }
    ValuesTrust examine(const TrustLimits& limits = {}) {
        io::Shards shards(1);
        auto out = shards.run_blocking(
            ShardIndex(0), examine_values(&shelf, handle, values, trusted, limits));
        shards.stop();
        return out;
    }
};

TEST(ValueTrust, ClimbsFromTheSignatureToTheTop) {
    Tower tower;
    const auto trust = tower.examine();
    ASSERT_EQ(trust.signatures.size(), 1u);
    const auto& one = trust.signatures[0];
    EXPECT_EQ(one.worth.worth, Worth::valid) << one.worth.why;
    EXPECT_EQ(one.index, 401u);
    EXPECT_EQ(one.worth.by, Tower::key_of("88.1.7"));
    EXPECT_EQ(one.worth.root, Tower::key_of("88"));
    EXPECT_EQ(one.chain, (std::vector<handle::Reference>{Tower::key_of("88.1.7"),
                                                         Tower::key_of("88.1"),
                                                         Tower::key_of("88")}));
    EXPECT_EQ(trust.all(), Worth::valid);
    EXPECT_EQ(trust.of(1), Worth::valid);
    EXPECT_EQ(trust.of(2), Worth::valid);
    EXPECT_EQ(trust.of(401), Worth::none) << "a signature does not cover itself";
    // The key in the middle is enough, when it is trusted.
    tower.trusted = {*fingerprint_of(public_key_of(tower.secondary))};
    EXPECT_EQ(tower.examine().signatures[0].worth.root, Tower::key_of("88.1"));
}

TEST(ValueTrust, TellsWhatChangedFromWhatNobodyVouchesFor) {
    Tower changed;
    changed.values[0].data = "https://evil.example/";
    auto trust = changed.examine();
    EXPECT_EQ(trust.all(), Worth::invalid);
    EXPECT_EQ(trust.of(1), Worth::invalid);
    EXPECT_EQ(trust.of(2), Worth::valid) << "that one is as it was signed";
    EXPECT_EQ(trust.signatures[0].worth.changed, std::vector<std::uint32_t>{1});
    EXPECT_NE(trust.signatures[0].worth.why.find("value 1"), std::string::npos);
    Tower added;
    added.values.push_back(url(3, "added later"));
    trust = added.examine();
    EXPECT_EQ(trust.all(), Worth::valid);
    EXPECT_EQ(trust.of(3), Worth::none);
    Tower lost;
    lost.shelf.all.erase("0.NA/88.1");
    trust = lost.examine();
    EXPECT_EQ(trust.all(), Worth::untrusted);
    EXPECT_EQ(trust.of(1), Worth::untrusted);
    EXPECT_EQ(trust.signatures[0].worth.root.handle, "");
    Tower stranger;
    stranger.trusted.clear();
    EXPECT_EQ(stranger.examine().all(), Worth::untrusted);
    Tower bare;
    bare.values.pop_back();
    EXPECT_EQ(bare.examine().all(), Worth::none);
    Tower garbage;
    garbage.values.back().data = "no signature";
    EXPECT_EQ(garbage.examine().all(), Worth::invalid);
    Tower twice;  // a wrong one beside a good one: something is off
    twice.values.push_back(typed(402, "HS_SIGNATURE", "x.y.z"));
    EXPECT_EQ(twice.examine().all(), Worth::invalid);
    EXPECT_EQ(twice.examine().of(1), Worth::valid);
}

TEST(ValueTrust, ForgedAndOverreachingCertificatesAreWorthNothing) {
    Tower forged;  // somebody else's key, in the enterprise's name
    const auto& impostor = made_key(3);
    forged.shelf.all["0.NA/88.1.7"] = {typed(
        410, "HS_CERT",
        forged.certificate(impostor, "88.1", impostor, "88.1.7", Tower::rights_of("88.1.7")))};
    forged.values.back().data = sign_values(impostor, Tower::key_of("88.1.7"), forged.handle,
                                            {forged.values[0], forged.values[1]}, forged.now_s, 0);
    EXPECT_EQ(forged.examine().all(), Worth::invalid);
    // What is permitted ends with the prefix, whatever those below write into their certificates.
    Tower greedy;
    greedy.handle = "88.2/A";
    greedy.shelf.all["0.NA/88.1.7"] = {
        typed(410, "HS_CERT",
              greedy.certificate(greedy.secondary, "88.1", greedy.enterprise, "88.1.7",
                                 {{RightKind::everything, ""}}))};
    greedy.values.back().data = sign_values(greedy.enterprise, Tower::key_of("88.1.7"),
                                            greedy.handle, {greedy.values[0], greedy.values[1]},
                                            greedy.now_s, 0);
    const auto trust = greedy.examine();
    EXPECT_EQ(trust.all(), Worth::invalid);
    EXPECT_NE(trust.signatures[0].worth.why.find("may not sign"), std::string::npos);
    Tower narrow;  // the secondary may sign its own names, and let nobody else
    narrow.shelf.all["0.NA/88.1"] = {
        typed(410, "HS_CERT",
              narrow.certificate(narrow.top, "88", narrow.secondary, "88.1",
                                 {{RightKind::handles_under_this_prefix, "0.NA/88.1"}}))};
    EXPECT_EQ(narrow.examine().all(), Worth::invalid);
}

TEST(ValueTrust, AsksNoMoreThanItMay) {
    Tower circle;  // a key that vouches for itself
    circle.shelf.all["0.NA/88.1.7"] = {
        typed(410, "HS_CERT",
              circle.certificate(circle.enterprise, "88.1.7", circle.enterprise, "88.1.7",
                                 Tower::rights_of("88.1.7")))};
    EXPECT_EQ(circle.examine().all(), Worth::untrusted);
    EXPECT_LE(circle.shelf.asked, 1);
    TrustLimits limits;
    limits.lookups_max = 2;
    Tower tower;
    EXPECT_EQ(tower.examine(limits).all(), Worth::untrusted);
    EXPECT_EQ(tower.shelf.asked, 2);
    limits.lookups_max = 3;
    EXPECT_EQ(tower.examine(limits).all(), Worth::valid) << "as many as it takes";
    limits = {};
    limits.signatures_max = 0;
    EXPECT_EQ(tower.examine(limits).signatures.size(), 0u);
}

// A registry that signs.
struct SigningRig {
    testing::Rig rig{2};
    trust::RsaKey key = made_key(0);
    io::Workers workers{"signatures", io::Workers::Limits{.threads = 2}};
    ValueSigner signer;

    explicit SigningRig(bool signs_all)
        : signer(key, workers, {.prefixes = {"88.1"}, .signs_all = signs_all}) {
        rig.registry->set_signer(signer);
    }
    std::vector<Value> values_of(const std::string& handle) {
        return rig.registry->values_of(handle)->value_or(std::vector<Value>());
    }
    const Value* signature_in(const std::vector<Value>& values) {
        const auto found = std::ranges::find(values, "HS_SIGNATURE", &Value::type);
        return found == values.end() ? nullptr : &*found;
    }
    // By the key that the prefix handle names.
    Worth worth_of(const std::string& handle) {
        const auto values = values_of(handle);
        const Value* one = signature_in(values);
        if (one == nullptr) return Worth::none;
        return judge_signature(one->data, handle, values, {{}, public_key_of(key)},
                               {*fingerprint_of(public_key_of(key))},
                               io::Clock::system().now().millis() / 1'000)
            .worth;
    }
};

TEST(ValueSigner, SignsWhateverIsRegisteredAndChanged) {
    SigningRig it(true);
    ASSERT_TRUE(it.rig.change(create("88.1/A", {url(1, "a"), admin(100, 0xfff, {"0.NA/88.1", 300}),
                                                typed(5, "HS_SECKEY", "s3cret")}))
                    .is_good());
    auto values = it.values_of("88.1/A");
    ASSERT_NE(it.signature_in(values), nullptr);
    EXPECT_EQ(it.signature_in(values)->index, ValueSigner::signature_index);
    EXPECT_TRUE(std::ranges::is_sorted(values, {}, &Value::index));
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::valid);
    const auto worth = judge_signature(it.signature_in(values)->data, "88.1/A", values, {}, {},
                                       io::Clock::system().now().millis() / 1'000);
    EXPECT_EQ(worth.covers, (std::vector<std::uint32_t>{1, 100})) << "no digest of a secret";
    EXPECT_EQ(worth.by, (handle::Reference{"0.NA/88.1", 400}));
    EXPECT_EQ(it.rig.change(change_of(Change::Kind::add_values, "88.1/A", {url(401, "taken")})).answer,
              handle::Answer::value_exists);
    for (const auto& wish : {change_of(Change::Kind::add_values, "88.1/A", {url(2, "b")}),
                             change_of(Change::Kind::modify_values, "88.1/A", {url(1, "c")}),
                             change_of(Change::Kind::remove_values, "88.1/A", {}, {2})}) {
        EXPECT_TRUE(it.rig.change(wish).is_good());
        EXPECT_EQ(it.worth_of("88.1/A"), Worth::valid);
    }
    EXPECT_TRUE(it.rig.change(change_of(Change::Kind::remove, "88.1/A")).is_good());
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::none);
    // Prefix handles are their parents' to certify, and others' names nobody's here.
    ASSERT_TRUE(it.rig.change(create("0.NA/88.1.7", {url(1, "x")})).is_good());
    EXPECT_EQ(it.worth_of("0.NA/88.1.7"), Worth::none);
    ASSERT_TRUE(it.rig.run(it.rig.registry->home("99", testing::operator_of_node)).is_good());
    ASSERT_TRUE(it.rig.change(create("99/X", {url(1, "x")})).is_good());
    EXPECT_EQ(it.worth_of("99/X"), Worth::none);
    ASSERT_TRUE(it.rig.run(it.rig.registry->home("88.1.7", testing::operator_of_node)).is_good());
    ASSERT_TRUE(it.rig.change(create("88.1.7/X", {url(1, "x")})).is_good());
    EXPECT_EQ(it.signer.issuer_of("88.1.7/X"), (handle::Reference{"0.NA/88.1.7", 400}));
    EXPECT_EQ(it.worth_of("88.1.7/X"), Worth::valid) << "hosted under an own prefix";
}

TEST(ValueSigner, ManyAtOnceAreSignedEach) {
    SigningRig it(true);
    std::vector<Change> changes;
    for (int at = 0; at < 100; ++at)
        changes.push_back(create("88.1/M" + std::to_string(at % 90), {url(1, std::to_string(at))}));
    for (auto& change : changes) {
        change.overwrites = true;
        change.keeps_same = true;
    }
    auto again = changes;
    const auto outcomes = it.rig.run(
        it.rig.registry->change_many(std::move(changes), testing::operator_of_node));
    ASSERT_EQ(outcomes.size(), 100u);
    for (const auto& outcome : outcomes) EXPECT_TRUE(outcome.is_good()) << outcome.message;
    for (int at = 0; at < 90; ++at)
        EXPECT_EQ(it.worth_of("88.1/M" + std::to_string(at)), Worth::valid) << at;
    // The same once more: what is there, signed, stays.
    again.erase(again.begin(), again.begin() + 10);
    const auto kept =
        it.rig.run(it.rig.registry->change_many(std::move(again), testing::operator_of_node));
    for (const auto& outcome : kept) EXPECT_TRUE(outcome.was_kept);
    it.rig.reopen_as_killed(1);
    for (int at = 0; at < 90; ++at)
        EXPECT_EQ(it.worth_of("88.1/M" + std::to_string(at)), Worth::valid) << at;
}

TEST(ValueSigner, SignsOnWishAndNeverLeavesAStaleSignature) {
    SigningRig it(false);
    ASSERT_TRUE(it.rig.change(create("88.1/A", {url(1, "a"), url(2, "b")})).is_good());
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::none) << "nobody wished for it";
    auto wish = change_of(Change::Kind::add_values, "88.1/A");
    wish.signs = true;
    ASSERT_TRUE(it.rig.change(wish).is_good());
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::valid);
    ASSERT_TRUE(it.rig.change(wish).is_good());
    EXPECT_EQ(it.values_of("88.1/A").size(), 3u) << "one signature, however often";
    ASSERT_TRUE(it.rig.change(change_of(Change::Kind::add_values, "88.1/A", {url(3, "c")})).is_good());
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::valid) << "what it covers is as it was";
    ASSERT_TRUE(
        it.rig.change(change_of(Change::Kind::modify_values, "88.1/A", {url(1, "other")})).is_good());
    EXPECT_EQ(it.worth_of("88.1/A"), Worth::none) << "dropped rather than wrong";
    wish.handle = "88.1/NONE";
    EXPECT_EQ(it.rig.change(wish).answer, handle::Answer::handle_not_found);
}

TEST(ValueSigner, CertifiesWhatIsDerivedFromItsPrefixes) {
    SigningRig it(true);
    const auto& child = made_key(1);
    const auto made = it.rig.run(it.signer.certify_prefix("88.1.7", public_key_of(child), 3'600));
    ASSERT_TRUE(made.has_value()) << made.error().context;
    EXPECT_EQ(made->type, "HS_CERT");
    EXPECT_TRUE(certifies(made->data, {"0.NA/88.1.7", 400}));
    EXPECT_EQ(*certified_key(made->data), public_key_of(child));
    for (const auto& [prefix, key, want] :
         std::initializer_list<std::tuple<std::string, std::string, Code>>{
             {"88.1", "", Code::denied}, {"88.2.7", "", Code::denied}, {"88", "", Code::denied},
             {"88.1.7", "no key", Code::invalid},
             {"88.1.7", handle::encode(handle::PublicKey{"SM2_PUB_KEY", {"x", "y"}}),
              Code::unsupported}}) {
        const auto refused = it.rig.run(it.signer.certify_prefix(prefix, key, 0));
        ASSERT_FALSE(refused.has_value()) << prefix;
        EXPECT_EQ(refused.error().code, want) << prefix << refused.error().context;
    }
}

io::Task<Result<Renewals>> renew_there(SigningRig* it, std::set<std::string> refused,
                                       std::vector<std::string>* asked) {
    auto may = [refused, asked](std::string prefix) -> io::Task<bool> {
        asked->push_back(prefix);
        return testing::told(!refused.contains(prefix));
    };
    auto found = co_await renew_certificates(it->rig.registry.get(), &it->signer, MayRenew(may));
    co_return found;
}

TEST(Renewals, MakeAnewWhatIsDueForTheSameKeyAndAsLong) {
    SigningRig it(false);
    const std::int64_t now = io::Clock::system().now().millis() / 1'000, day = 86'400;
    const auto& child = made_key(1);
    const auto give = [&](const std::string& prefix, const trust::RsaKey& by, std::string issuer,
                          std::int64_t since, std::int64_t life) {
        const std::string own = handle::prefix_handle(prefix);
        auto jws = certify(by, {std::move(issuer), 400}, {own, 400}, public_key_of(child),
                           {{RightKind::this_handle, own}}, since, life);
        ASSERT_TRUE(it.rig.change(create(own, {typed(410, "HS_CERT", std::move(jws))})).is_good());
    };
    const auto terms_at = [&](const std::string& prefix) {
        const auto values = it.values_of(handle::prefix_handle(prefix));
        return certificate_in(values, prefix).value_or(KeptCertificate{}).terms;
    };
    give("88.1.1", it.key, "0.NA/88.1", now - 70 * day, 90 * day);    // 20 days left: due
    give("88.1.2", it.key, "0.NA/88.1", now - 50 * day, 90 * day);    // 40 left
    give("88.1.3", it.key, "0.NA/88.1", now - 7 * day, 9 * day);      // 2 of 9 left: due
    give("88.1.4", it.key, "0.NA/88.1", now - 100 * day, 90 * day);   // ended while the node was off
    give("88.1.5", it.key, "0.NA/88.1", now - 100 * day, 0);          // does not end
    give("88.1.6", made_key(2), "0.NA/88.1", now - 70 * day, 90 * day);  // nobody's, or of a former key
    give("88.1.7", it.key, "0.NA/88.1", now - 70 * day, 90 * day);    // suspended
    ASSERT_TRUE(it.rig.run(it.rig.registry->home("88.2", testing::operator_of_node)).is_good());
    give("88.2.1", it.key, "0.NA/88.2", now - 70 * day, 90 * day);    // not of this node
    std::vector<std::string> asked;
    const auto found = it.rig.run(renew_there(&it, {"88.1.7"}, &asked));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->renewed, (std::vector<std::string>{"88.1.1", "88.1.3", "88.1.4"}));
    EXPECT_EQ(asked, (std::vector<std::string>{"88.1.1", "88.1.3", "88.1.4", "88.1.7"}));
    EXPECT_EQ(found->given, 6u);
    EXPECT_EQ(found->in_doubt, 1u);
    EXPECT_EQ(found->why, "");
    for (const auto& [prefix, life] :
         {std::pair("88.1.1", 90 * day), {"88.1.3", 9 * day}, {"88.1.4", 90 * day}}) {
        const auto terms = terms_at(prefix);
        ASSERT_TRUE(terms.since_s && terms.until_s) << prefix;
        EXPECT_GE(*terms.since_s, now) << prefix;
        EXPECT_EQ(*terms.until_s - *terms.since_s, life) << prefix;
        EXPECT_EQ(terms.public_key, public_key_of(child)) << prefix;
        EXPECT_EQ(terms.issuer, (handle::Reference{"0.NA/88.1", 400}));
        EXPECT_TRUE(it.signer.made(it.values_of(handle::prefix_handle(prefix))[0].data)) << prefix;
    }
    for (const char* prefix : {"88.1.2", "88.1.5", "88.1.6", "88.1.7", "88.2.1"})
        EXPECT_LT(*terms_at(prefix).since_s, now - day) << prefix;
    const auto again = it.rig.run(renew_there(&it, {}, &asked));
    EXPECT_EQ(again->renewed, (std::vector<std::string>{"88.1.7"})) << "resumed; the others are good";
}

TEST(Renewals, KnowWhenACertificateIsDue) {
    const auto& key = made_key(0);
    const std::int64_t day = 86'400, since = 1'800'000'000;
    const auto due = [&](std::int64_t life) {
        const auto jws = certify(key, {"0.NA/88.1", 400}, {"0.NA/88.1.7", 400}, public_key_of(key),
                                 {}, since, life);
        return certificate_in({typed(1, "URL", "x"), typed(410, "HS_CERT", jws)}, "88.1.7")
            .value_or(KeptCertificate{})
            .renew_at_s;
    };
    EXPECT_EQ(due(0), std::nullopt);
    EXPECT_EQ(due(9 * day), since + 6 * day);
    EXPECT_EQ(due(90 * day), since + 60 * day);
    EXPECT_EQ(due(3'650 * day), since + 3'620 * day) << "at most 30 days before";
    EXPECT_FALSE(certificate_in({typed(410, "HS_CERT", "a.b.c")}, "88.1.7").has_value());
    EXPECT_FALSE(certificate_in({}, "88.1.7").has_value());
}

}  // namespace
}  // namespace lineshaft::identity
