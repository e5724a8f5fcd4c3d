#include "trust/secrets.h"

#include <gtest/gtest.h>

#include <set>

#include "trust/password.h"
#include "trust/scram.h"
#include "trust/token.h"

namespace lineshaft::trust {
namespace {

std::string hex(std::string_view bytes) {
    return to_hex(as_bytes(bytes));
}
constexpr ScryptCost cheap{.log2_n = 4, .r = 1, .p = 1};

TEST(Base64, Rfc4648Section10) {
    const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : cases) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
    EXPECT_EQ(to_base64url("\xFB\xFF\xFE"), "-__-");
    EXPECT_EQ(from_base64url("-__-"), "\xFB\xFF\xFE");
}

TEST(Base64, OneValueHasOneText) {
    for (const char* text :
         {"Zg", "Zg=", "Zg===", "Zh==", "Z", "====", "Zm9v=", "Zm 9", "Zm9-", "=Zg="}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
    for (const char* text : {"Zg==", "Zh", "Z", "Zm+v", "Zm/v", "Zg\n"}) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
}

// FIPS 180-4's "abc", RFC 4231 test case 2.
TEST(Digests, KnownVectors) {
    EXPECT_EQ(hex(text_of(sha256("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(text_of(hmac_sha256("Jefe", "what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_TRUE(digest_of(std::string(32, 'x')));
    EXPECT_FALSE(digest_of(std::string(31, 'x')));
    EXPECT_FALSE(digest_of(std::string(33, 'x')));
}

TEST(Secrets, CompareByContent) {
    EXPECT_TRUE(same_secret("", ""));
    EXPECT_TRUE(same_secret("abc", "abc"));
    EXPECT_FALSE(same_secret("abc", "abd"));
    EXPECT_FALSE(same_secret("abc", "ab"));
}

TEST(AdminSecret, IsReadAsPeopleTypeIt) {
    const std::string secret = make_admin_secret();
    ASSERT_EQ(secret.size(), 24U);  // five groups of four: 100 bits
    const Digest kept = admin_secret_digest(secret);
    std::string lower, spaced;
    for (const char letter : secret) {
        lower += static_cast<char>(std::tolower(letter));
        spaced += letter == '-' ? ' ' : letter;
    }
    EXPECT_EQ(admin_secret_digest(lower), kept);
    EXPECT_EQ(admin_secret_digest(" " + spaced + " "), kept);
    EXPECT_EQ(admin_secret_digest("O0O0-IL1L-ABCD-EFGH-JKMN"),
              admin_secret_digest("0000-1111-abcd-efgh-jkmn"));
}

TEST(AdminSecret, WhatIsNoneNeverMatches) {
    for (const std::string& typed :
         {std::string(), std::string("ABCD"), std::string(64, 'A'), std::string(65, '-'),
          std::string("UUUU-UUUU-UUUU-UUUU-UUUU"), std::string("\0BCD-EFGH-JKMN-PQRS-TVWX", 24)}) {
        EXPECT_NE(admin_secret_digest(typed), admin_secret_digest(typed)) << typed;
    }
    EXPECT_NE(make_admin_secret(), make_admin_secret());
}

// RFC 7914, section 12.
TEST(Scrypt, Rfc7914) {
    struct Case {
        const char *password, *salt;
        ScryptCost cost;
        const char* key;
    };
    const Case cases[] = {
        {"",
         "",
         {4, 1, 1},
         "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0"
         "fc81f1"
         "7e8d3e0fb2e0d3628cf35e20c38d18906"},
        {"password",
         "NaCl",
         {10, 8, 16},
         "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279"
         "d9830d"
         "ac727afb94a83ee6d8360cbdfa2cc0640"},
        {"pleaseletmein",
         "SodiumChloride",
         {14, 8, 1},
         "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d497052"
         "42a9af"
         "9e61e85dc0d651e40dfcf017b45575887"},
    };
    for (const Case& one : cases) {
        const auto key = scrypt(one.password, one.salt, one.cost, 64);
        ASSERT_TRUE(key);
        EXPECT_EQ(hex(*key), one.key);
    }
    EXPECT_FALSE(scrypt("p", "s", {.log2_n = 24, .r = 8, .p = 1}, 32));  // 16 GiB
}

TEST(Password, RemembersWhatItHashed) {
    const auto hash = hash_password("correct horse", cheap);
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$scrypt$ln=4,r=1,p=1$")) << *hash;
    EXPECT_TRUE(verify_password("correct horse", *hash));
    EXPECT_FALSE(verify_password("correct horsf", *hash));
    EXPECT_FALSE(verify_password("", *hash));
    EXPECT_NE(hash_password("correct horse", cheap).value(), *hash);  // salted
    EXPECT_FALSE(verify_nobody("correct horse", cheap));
}

TEST(Password, Control7TheRealCostWorks) {
    const auto hash = hash_password("correct horse");
    ASSERT_TRUE(hash) << hash.error().context;
    EXPECT_TRUE(hash->starts_with("$scrypt$ln=17,r=8,p=1$"));
    EXPECT_TRUE(verify_password("correct horse", *hash));
}

TEST(Password, ABrokenHashMatchesNothing) {
    const std::string good = *hash_password("x", cheap);
    const std::string key = good.substr(good.rfind('$'));
    for (const std::string& hash :
         {std::string(), std::string("$scrypt$"), std::string("$scrypt$ln=4,r=1,p=1$$"), good + "A",
          good.substr(1), good.substr(0, good.size() - 1), "$scrypt$ln=,r=1,p=1$c2FsdA" + key,
          "$scrypt$ln=0,r=1,p=1$c2FsdA" + key, "$scrypt$ln=99,r=1,p=1$c2FsdA" + key,
          "$scrypt$ln=24,r=64,p=1$c2FsdA" + key, "$scrypt$ln=4,r=0,p=1$c2FsdA" + key,
          "$scrypt$ln=4,r=1,p=99999999999$c2FsdA" + key, "$scrypt$ln=-4,r=1,p=1$c2FsdA" + key,
          "$scrypt$ln=4,r=1,p=1$" + key, std::string(10'000'000, '$')}) {
        EXPECT_FALSE(verify_password("x", hash)) << hash.substr(0, 80);
    }
}

TEST(Password, HasALengthOnBothSides) {
    EXPECT_FALSE(check_password(std::string(9, 'a')));
    EXPECT_TRUE(check_password(std::string(10, 'a')));
    EXPECT_TRUE(check_password(std::string(1024, 'a')));
    EXPECT_FALSE(check_password(std::string(1025, 'a')));
}

// RFC 7677, section 3: user "user", password "pencil".
TEST(Scram, Rfc7677) {
    const auto verifier = make_scram_verifier("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="));
    const std::string auth_message =
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const std::string proof = *from_base64("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_TRUE(scram_proof_holds(verifier, auth_message, proof));
    EXPECT_FALSE(scram_proof_holds(verifier, auth_message + "x", proof));
    EXPECT_FALSE(scram_proof_holds(verifier, auth_message, proof.substr(1)));
    EXPECT_FALSE(scram_proof_holds(verifier, auth_message, ""));
    EXPECT_EQ(to_base64(text_of(scram_server_signature(verifier, auth_message))),
              "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    EXPECT_EQ(parse_scram(format_scram(verifier)), verifier);
}

TEST(Scram, ABrokenVerifierIsCorrupt) {
    const std::string good = format_scram(make_scram_verifier("x", "salt", 1));
    for (const std::string& text :
         {std::string(), std::string("SCRAM-SHA-256$"), good.substr(3), good + "=", good + ":AA==",
          std::string("SCRAM-SHA-256$0:c2FsdA==$") + good.substr(good.rfind('$') + 1),
          std::string("SCRAM-SHA-256$1000001:c2FsdA==$") + good.substr(good.rfind('$') + 1),
          std::string("SCRAM-SHA-256$1:c2FsdA==$AA==:AA==")}) {
        const auto parsed = parse_scram(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, Code::corrupt);
    }
}

TEST(Token, IsPrintedOnceAndKnownByDigest) {
    const NewTokenSecret token = make_token();
    EXPECT_EQ(token.text.size(), token_bytes);
    EXPECT_TRUE(token.text.starts_with("ls_"));
    EXPECT_EQ(token_digest(token.text), token.sha256);
    const auto verifier = parse_scram(token.scram_verifier);
    ASSERT_TRUE(verifier);
    EXPECT_EQ(*verifier, make_scram_verifier(token.text, verifier->salt));
    EXPECT_NE(make_token().text, token.text);
    for (const std::string& text :
         {std::string(), std::string("ls_"), token.text + "A", token.text.substr(1),
          "LS_" + token.text.substr(3), token.text.substr(0, 45) + "=",
          token.text.substr(0, 45) + std::string(1, '\0'), std::string(10'000'000, 'a')}) {
        EXPECT_FALSE(token_digest(text)) << text.substr(0, 60);
    }
}

TEST(Authorization, ThreeSchemes) {
    struct Case {
        std::string header;
        bool is_good;
        std::string user, secret;
    };
    const Case cases[] = {
        {"Bearer ls_x", true, "", "ls_x"},
        {"bearer  ls_x ", true, "", "ls_x"},
        {"Token ls_x", true, "", "ls_x"},
        {"BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true, "Aladdin", "open sesame"},  // RFC 7617
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", true, "Aladdin", "open sesame"},
        {"Basic Og==", true, "", ""},
        {"Basic YTpiOmM=", true, "a", "b:c"},
        {"", false, "", ""},
        {"Bearer", false, "", ""},
        {"Bearer ", false, "", ""},
        {"Basic !!", false, "", ""},
        {"Basic YWJj", false, "", ""},
        {"Digest x", false, "", ""},
        {"Bearer " + std::string(1018, 'x'), false, "", ""},
    };
    for (const Case& one : cases) {
        const auto parsed = parse_authorization(one.header);
        ASSERT_EQ(parsed.has_value(), one.is_good) << one.header.substr(0, 60);
        if (!parsed) continue;
        EXPECT_EQ(parsed->user, one.user);
        EXPECT_EQ(parsed->secret, one.secret);
    }
    EXPECT_TRUE(parse_authorization("Bearer " + std::string(1017, 'x')));
}

}  // namespace
}  // namespace lineshaft::trust
