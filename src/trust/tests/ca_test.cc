// The certificate authority, with openssl's program as oracle.
#include "trust/ca.h"

#include <gtest/gtest.h>

#include <set>

#include "base/machine_id.h"
#include "openssl_program.h"
#include "trust/office.h"

namespace lineshaft::trust {
namespace {

using namespace std::chrono_literals;

// Real time: openssl verifies against the machine's clock.
Instant wall_clock() {
    return {std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
}

class Ca : public ::testing::Test {
protected:
    void SetUp() override {
        if (!Workbench::has_openssl()) GTEST_SKIP() << "no openssl program";
        bench.put("root.pem", authority.root_pem());
    }
    Authority authority = Authority::create("hall", wall_clock()).value();
    Workbench bench;
};

TEST_F(Ca, TheRootIsAnAuthorityOfTenYearsOnP256) {
    const auto said = bench.openssl("x509 -in root.pem -noout -text");
    EXPECT_TRUE(said.text.contains("CA:TRUE, pathlen:0")) << said.text;
    EXPECT_TRUE(said.text.contains("Certificate Sign, CRL Sign"));
    EXPECT_TRUE(said.text.contains("prime256v1"));
    EXPECT_TRUE(said.text.contains("CN = Lineshaft CA hall"));
    EXPECT_EQ(bench.openssl("verify -CAfile root.pem root.pem").status, 0);
    const auto text = read_certificate(authority.root_pem()).value();
    EXPECT_TRUE(text.is_authority);
    EXPECT_EQ(text.not_after, authority.root_not_after());
    EXPECT_NEAR(double((text.not_after - wall_clock()).count()), 3653.0 * 86400e6, 60e6);
    const auto print = bench.openssl("x509 -in root.pem -noout -fingerprint -sha256");
    EXPECT_TRUE(print.text.contains(fingerprint_text(authority.root_sha256()))) << print.text;
}

TEST_F(Ca, OpensAgainFromItsPemAndRefusesAnothersKey) {
    const auto again = Authority::open(authority.root_pem(), authority.key_pem());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->root_sha256(), authority.root_sha256());
    const auto other = Authority::create("other", wall_clock()).value();
    EXPECT_EQ(Authority::open(authority.root_pem(), other.key_pem()).error().code, Code::corrupt);
    EXPECT_EQ(Authority::open("", authority.key_pem()).error().code, Code::corrupt);
    const auto machine = authority.issue_machine("default", "m", 24h, wall_clock()).value();
    EXPECT_EQ(Authority::open(machine.certificate_pem, machine.key_pem).error().code,
              Code::corrupt);
}

TEST_F(Ca, AServersCertificateIsForItsNamesOnly) {
    const auto made = authority.issue_server({"plant.example", "localhost", "127.0.0.1", "fd00::7"},
                                             24h, wall_clock());
    ASSERT_TRUE(made.has_value()) << made.error().context;
    bench.put("server.pem", made->certificate_pem);
    const std::string verify = "verify -CAfile root.pem -x509_strict -purpose sslserver ";
    for (const std::string name : {"-verify_hostname plant.example", "-verify_hostname localhost",
                                   "-verify_ip 127.0.0.1", "-verify_ip fd00::7"}) {
        const auto said = bench.openssl(verify + name + " server.pem");
        EXPECT_EQ(said.status, 0) << name << said.text;
    }
    EXPECT_NE(bench.openssl(verify + "-verify_hostname other.example server.pem").status, 0);
    EXPECT_NE(bench.openssl("verify -CAfile root.pem -purpose sslclient server.pem").status, 0);
    bench.put("server.key", made->key_pem);
    const auto of_key = bench.openssl("pkey -in server.key -pubout");
    const auto of_certificate = bench.openssl("x509 -in server.pem -noout -pubkey");
    EXPECT_EQ(of_key.text, of_certificate.text);
    for (const std::string bad : {"", "two words", "-dash.example", "a..b", "x/y"}) {
        EXPECT_EQ(authority.issue_server({bad}, 24h, wall_clock()).error().code, Code::invalid)
            << bad;
    }
    EXPECT_EQ(authority.issue_server({}, 24h, wall_clock()).error().code, Code::exhausted);
    const CaLimits limits;
    EXPECT_TRUE(
        authority.issue_server(std::vector<std::string>(limits.names_max, "a"), 24h, wall_clock()));
    EXPECT_EQ(
        authority
            .issue_server(std::vector<std::string>(limits.names_max + 1, "a"), 24h, wall_clock())
            .error()
            .code,
        Code::exhausted);
}

TEST_F(Ca, Control2AMachinesCertificateNamesTheMachineAndIsForClientsOnly) {
    const auto made =
        authority.issue_machine("acme", "works:line 1:robot", 24h, wall_clock()).value();
    bench.put("machine.pem", made.certificate_pem);
    EXPECT_EQ(
        bench.openssl("verify -CAfile root.pem -x509_strict -purpose sslclient machine.pem").status,
        0);
    EXPECT_NE(bench.openssl("verify -CAfile root.pem -purpose sslserver machine.pem").status, 0);
    EXPECT_NE(bench.openssl("verify -CAfile machine.pem -partial_chain root.pem").status, 0);
    const auto said = bench.openssl("x509 -in machine.pem -noout -text");
    EXPECT_TRUE(said.text.contains("URI:urn:lineshaft:acme:works%3aline%201%3arobot")) << said.text;
    EXPECT_TRUE(said.text.contains("CA:FALSE"));
    EXPECT_TRUE(said.text.contains("TLS Web Client Authentication"));
    const auto text = read_certificate(made.certificate_pem).value();
    EXPECT_EQ(text.common_name, "works:line 1:robot");
    EXPECT_EQ(text.subject, "O=acme,CN=works:line 1:robot");
    EXPECT_EQ(text.serial, made.serial);
    EXPECT_EQ(text.sha256, made.sha256);
    EXPECT_EQ(text.key_sha256, made.key_sha256);
    EXPECT_EQ(text.not_after, made.not_after);
}

TEST_F(Ca, LongAndForeignNamesAreKeptWholeInTheUrn) {
    const std::string longest(machine_id_bytes_max, 'x');
    const auto made = authority.issue_machine("default", longest, 24h, wall_clock()).value();
    EXPECT_EQ(read_certificate(made.certificate_pem)->names.front(),
              "urn:lineshaft:default:" + longest);
    // 21 letters of 3 bytes and one cut: the common name ends before it.
    const std::string chinese = "绣花机绣花机绣花机绣花机绣花机绣花机绣花机绣花机";
    const auto other = authority.issue_machine("default", chinese, 24h, wall_clock()).value();
    EXPECT_TRUE(is_utf8(read_certificate(other.certificate_pem)->common_name));
    EXPECT_TRUE(chinese.starts_with(read_certificate(other.certificate_pem)->common_name));
    for (const std::string bad : {"", "a/b", "a+b", "#", "\n"}) {
        EXPECT_EQ(authority.issue_machine("default", bad, 24h, wall_clock()).error().code,
                  Code::invalid);
    }
    EXPECT_EQ(authority.issue_machine("default", longest + "x", 24h, wall_clock()).error().code,
              Code::invalid);
}

TEST_F(Ca, NeverOutlivesTheRootAndAShortLifeIsNotOverWhenItBegins) {
    const auto at = wall_clock();
    const auto made = authority.issue_machine("default", "m", 24h * 40 * 366, at).value();
    EXPECT_EQ(made.not_after, authority.root_not_after());
    const auto brief = authority.issue_machine("default", "m", 30s, at).value();
    EXPECT_GT(brief.not_before + (brief.not_after - brief.not_before) * 2 / 3, at);
    EXPECT_EQ(authority.issue_machine("default", "m", 24h, authority.root_not_after()).error().code,
              Code::unavailable);
}

TEST_F(Ca, SerialNumbersAreRandom128BitsAndPositive) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto made = authority.issue_machine("default", "m", 24h, wall_clock()).value();
        EXPECT_EQ(made.serial.size(), 32u);
        EXPECT_LT(made.serial.front(), '8');
        EXPECT_TRUE(seen.insert(made.serial).second);
    }
}

struct RequestCase {
    std::string name, key, more;
    std::optional<Code> refused;
};

TEST_F(Ca, TakesRequestsOfGoodKeysOnly) {
    const RequestCase cases[] = {
        {"P-256", "EC -pkeyopt ec_paramgen_curve:P-256", "", {}},
        {"P-384", "EC -pkeyopt ec_paramgen_curve:P-384", "", {}},
        {"Ed25519", "ED25519", "", {}},
        {"RSA 2048", "RSA -pkeyopt rsa_keygen_bits:2048", "", {}},
        {"P-521", "EC -pkeyopt ec_paramgen_curve:P-521", "", Code::unsupported},
        {"secp256k1", "EC -pkeyopt ec_paramgen_curve:secp256k1", "", Code::unsupported},
        {"RSA 1024", "RSA -pkeyopt rsa_keygen_bits:1024", "", Code::unsupported},
        {"Ed448", "ED448", "", Code::unsupported},
        {"an authority", "ED25519", " -addext basicConstraints=critical,CA:TRUE", Code::invalid},
        {"signs certificates", "ED25519", " -addext keyUsage=keyCertSign", Code::invalid},
        {"signs lists", "ED25519", " -addext keyUsage=cRLSign", Code::invalid},
        {"other wishes",
         "ED25519",
         " -addext subjectAltName=DNS:evil.example -addext extendedKeyUsage=serverAuth",
         {}},
    };
    for (const auto& one : cases) {
        ASSERT_EQ(bench.openssl("genpkey -out k.pem -algorithm " + one.key).status, 0) << one.name;
        const auto asked =
            bench.openssl("req -new -key k.pem -subj /CN=evil -out r.pem" + one.more);
        ASSERT_EQ(asked.status, 0) << one.name << asked.text;
        const auto request = read_request(bench.get("r.pem"));
        ASSERT_EQ(request.has_value(), !one.refused) << one.name;
        if (one.refused) {
            EXPECT_EQ(request.error().code, *one.refused) << one.name;
            continue;
        }
        const auto made = authority.sign_machine(*request, "default", "press-3", 24h, wall_clock());
        ASSERT_TRUE(made.has_value()) << one.name;
        EXPECT_TRUE(made->key_pem.empty());
        bench.put("c.pem", made->certificate_pem);
        EXPECT_EQ(bench.openssl("verify -CAfile root.pem -purpose sslclient c.pem").status, 0);
        EXPECT_NE(bench.openssl("verify -CAfile root.pem -purpose sslserver c.pem").status, 0);
        const auto text = read_certificate(made->certificate_pem).value();
        EXPECT_EQ(text.common_name, "press-3") << "names are not for the asker to say";
        EXPECT_EQ(text.names, std::vector<std::string>{"urn:lineshaft:default:press-3"});
        EXPECT_EQ(text.key_sha256, request->key_sha256);
    }
}

TEST_F(Ca, ARequestIsTheSameInPemDerAndBase64AndNothingElseIs) {
    const auto made = make_request("press-3");
    const auto pem = read_request(made.request_pem).value();
    bench.put("r.pem", made.request_pem);
    ASSERT_EQ(bench.openssl("req -in r.pem -outform DER -out r.der").status, 0);
    const std::string der = bench.get("r.der");
    EXPECT_EQ(read_request(der)->key_sha256, pem.key_sha256);
    std::string lines;
    for (const char letter : to_base64(der)) lines += std::string(1, letter) + "\r\n";
    EXPECT_EQ(read_request(lines)->key_sha256, pem.key_sha256);
    EXPECT_EQ(read_request(der + "x").error().code, Code::invalid);
    EXPECT_EQ(read_request("").error().code, Code::invalid);
    EXPECT_EQ(read_request("nonsense").error().code, Code::invalid);
    EXPECT_EQ(read_request(authority.root_pem()).error().code, Code::invalid);
    for (std::size_t at = 0; at < der.size(); at += 3) {  // any changed byte breaks it
        std::string changed = der;
        changed[at] = static_cast<char>(changed[at] ^ 0x41);
        EXPECT_FALSE(read_request(changed).has_value()) << at;
    }
    for (std::size_t at = 0; at < der.size(); at += 7) {
        EXPECT_FALSE(read_request(der.substr(0, at)).has_value()) << at;
    }
    const CaLimits limits;
    EXPECT_EQ(read_request(std::string(limits.request_bytes_max, 'A')).error().code, Code::invalid);
    EXPECT_EQ(read_request(std::string(limits.request_bytes_max + 1, 'A')).error().code,
              Code::exhausted);
}

TEST_F(Ca, Control3ARevokedCertificateIsOnTheList) {
    const auto good = authority.issue_machine("default", "good", 24h, wall_clock()).value();
    const auto bad = authority.issue_machine("default", "bad", 24h, wall_clock()).value();
    const auto list =
        authority.revocation_list({{bad.serial, wall_clock()}}, 7, 24h, wall_clock()).value();
    bench.put("list.pem", pem_of("X509 CRL", list));
    bench.put("good.pem", good.certificate_pem);
    bench.put("bad.pem", bad.certificate_pem);
    const auto said = bench.openssl("crl -in list.pem -CAfile root.pem -noout -text");
    EXPECT_TRUE(said.text.contains("verify OK")) << said.text;
    EXPECT_TRUE(said.text.contains("X509v3 CRL Number: \n                7")) << said.text;
    const std::string verify = "verify -crl_check -CAfile root.pem -CRLfile list.pem ";
    EXPECT_EQ(bench.openssl(verify + "good.pem").status, 0);
    const auto refused = bench.openssl(verify + "bad.pem");
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(refused.text.contains("certificate revoked")) << refused.text;
    const auto none = authority.revocation_list({}, 8, 24h, wall_clock()).value();
    bench.put("none.pem", pem_of("X509 CRL", none));
    EXPECT_TRUE(bench.openssl("crl -in none.pem -noout -text").text.contains("No Revoked"));
}

TEST_F(Ca, Pkcs7HoldsTheCertificates) {
    const auto made = authority.issue_machine("default", "m", 24h, wall_clock()).value();
    const auto bundle = certs_only_pkcs7({made.certificate_der, authority.root_der()}).value();
    bench.put("bundle.der", bundle);
    const auto said = bench.openssl("pkcs7 -inform DER -in bundle.der -print_certs");
    EXPECT_EQ(said.status, 0);
    EXPECT_TRUE(said.text.contains("CN = m")) << said.text;
    EXPECT_TRUE(said.text.contains("CN = Lineshaft CA hall"));
    EXPECT_EQ(certs_only_pkcs7({"nonsense"}).error().code, Code::invalid);
}

TEST(Enrolment, TokensAreRandomAndOnlyTheirFormHasADigest) {
    const auto one = make_enrolment_token();
    EXPECT_EQ(one.size(), 47u);
    EXPECT_NE(one, make_enrolment_token());
    EXPECT_TRUE(enrolment_digest(one).has_value());
    const std::string bads[] = {"", "lse_", "ls_" + one.substr(4), one + "A", one.substr(1)};
    for (const auto& bad : bads) {
        EXPECT_EQ(enrolment_digest(bad).error().code, Code::invalid) << bad;
    }
}

}  // namespace
}  // namespace lineshaft::trust
