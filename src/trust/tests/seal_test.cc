#include "trust/seal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "trust/secrets.h"

namespace lineshaft::trust {
namespace {

class KeyDir : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "seal.XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        dir_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }
    std::string path() const { return dir_ + "/node.key"; }
    std::string dir_;
};

// Control 20: secrets at rest are AES-256-GCM.
TEST(control_20_seal, what_was_sealed_opens_and_nothing_else_does) {
    const SealKey key = SealKey::random();
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U}) {
        const std::string secret = random_bytes(size);
        const auto sealed = seal(key, secret, "person/1/totp");
        ASSERT_TRUE(sealed.has_value());
        EXPECT_EQ(sealed->size(), size + 29);
        EXPECT_EQ(unseal(key, *sealed, "person/1/totp").value(), secret);
        EXPECT_EQ(unseal(key, *sealed, "person/2/totp").error().code, Code::corrupt);
        EXPECT_EQ(unseal(SealKey::random(), *sealed, "person/1/totp").error().code, Code::corrupt);
        EXPECT_NE(*seal(key, secret, "person/1/totp"), *sealed) << "the nonce is fresh";
    }
}

TEST(control_20_seal, any_flipped_bit_and_any_cut_is_found) {
    const SealKey key = SealKey::random();
    const std::string sealed = seal(key, "a secret", "x").value();
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::string flipped = sealed;
        flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(unseal(key, flipped, "x").has_value()) << bit;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(unseal(key, sealed.substr(0, size), "x").has_value()) << size;
    }
    EXPECT_FALSE(unseal(key, sealed + "a", "x").has_value());
    EXPECT_EQ(seal(key, std::string((1 << 20) + 1, 'a'), "x").error().code, Code::exhausted);
    EXPECT_TRUE(seal(key, std::string(1 << 20, 'a'), "x").has_value());
}

// GCM specification (McGrew, Viega), appendix B, test case 14: key, nonce and text of zeros.
TEST(control_20_seal, opens_a_vector_of_others) {
    const auto key = SealKey::from(std::string(32, '\0')).value();
    std::string sealed = "\x01" + std::string(12, '\0');
    sealed += from_hex("cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919").value();
    EXPECT_EQ(unseal(key, sealed, "").value(), std::string(16, '\0'));
    EXPECT_EQ(SealKey::from("short").error().code, Code::invalid);
}

TEST(control_20_seal, keys_of_two_purposes_differ_and_stay) {
    const auto key = SealKey::from(std::string(32, '\0')).value();
    // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:00..00 -kdfopt info:totp HKDF
    EXPECT_EQ(to_hex(as_bytes(key.derive("totp").raw())),
              "f5c4ee37667936f3e967103b38087ce4188cc904afa5918b3992083558321852");
    EXPECT_NE(key.derive("totp").raw(), key.derive("ca").raw());
    EXPECT_NE(key.derive("totp").raw(), key.raw());
}

TEST_F(KeyDir, control_20_the_key_file_is_made_once_and_private) {
    const auto made = open_node_key(path());
    ASSERT_TRUE(made.has_value()) << made.error().context;
    struct stat found{};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
    EXPECT_EQ(open_node_key(path()).value().raw(), made->raw());
    ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
    EXPECT_EQ(open_node_key(path()).error().code, Code::denied);
}

TEST_F(KeyDir, a_damaged_key_file_is_never_replaced) {
    for (const char* text : {"", "lineshaft-node-key-1 \n", "lineshaft-node-key-1 AAAA\n", "hello"}) {
        std::ofstream(path()) << text;
        ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
        EXPECT_EQ(open_node_key(path()).error().code, Code::corrupt) << text;
        EXPECT_EQ(std::filesystem::file_size(path()), std::string_view(text).size());
    }
}

}  // namespace
}  // namespace lineshaft::trust
