#include "trust/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "io/files.h"
#include "trust/octets.h"
#include "trust/secrets.h"

namespace lineshaft::trust {
namespace {

constexpr char seal_version = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t overhead_bytes = 1 + nonce_bytes + tag_bytes;
constexpr std::size_t plaintext_bytes_max = std::size_t(1) << 20;
constexpr std::string_view file_head = "lineshaft-node-key-1 ";

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

Cipher start(const SealKey& key, std::string_view nonce, bool encrypts) {
    Cipher cipher(EVP_CIPHER_CTX_new());
    CHECK(cipher != nullptr);
    CHECK(EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key.raw()),
                            octets(nonce), encrypts ? 1 : 0) == 1);
    return cipher;
}

void feed(EVP_CIPHER_CTX* cipher, unsigned char* out, std::string_view in) {
    if (in.empty()) return;
    int count = 0;
    CHECK(EVP_CipherUpdate(cipher, out, &count, octets(in), static_cast<int>(in.size())) == 1);
}

Result<SealKey> parse_key_file(std::string_view text) {
    if (!text.starts_with(file_head) || !text.ends_with('\n')) {
        return fail(Code::corrupt, "not a node key");
    }
    text.remove_prefix(file_head.size());
    text.remove_suffix(1);
    const auto key = from_base64url(text);
    if (!key || key->size() != SealKey::bytes) return fail(Code::corrupt, "not a node key");
    return SealKey::from(*key);
}

}  // namespace

SealKey SealKey::random() {
    SealKey key;
    std::ranges::copy(random_bytes(bytes), key.raw_.begin());
    return key;
}

Result<SealKey> SealKey::from(std::string_view raw) {
    if (raw.size() != bytes) return fail(Code::invalid, "a key has 32 bytes");
    SealKey key;
    std::ranges::copy(raw, key.raw_.begin());
    return key;
}

SealKey::~SealKey() {
    OPENSSL_cleanse(raw_.data(), raw_.size());
}

SealKey SealKey::derive(std::string_view purpose) const {
    // RFC 5869 with a salt of zeros and one block of output, which is all that 32 bytes need.
    const Digest extracted = hmac_sha256(std::string(32, '\0'), raw());
    const Digest expanded = hmac_sha256(text_of(extracted), std::string(purpose) + '\x01');
    SealKey key;
    std::ranges::copy(text_of(expanded), key.raw_.begin());
    return key;
}

Result<SealKey> open_node_key(const std::string& path) {
    auto text = io::read_file(path, 256);
    if (!text && text.error().code == Code::not_found) {
        const SealKey key = SealKey::random();
        TRY_VOID(
            io::write_private_file(path, std::string(file_head) + to_base64url(key.raw()) + "\n"));
        return key;
    }
    if (!text) return std::unexpected(text.error());
    TRY_VOID(io::check_private(path));
    auto key = parse_key_file(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (!key) return std::unexpected(key.error().in(path));
    return key;
}

Result<std::string> seal(const SealKey& key, std::string_view plaintext,
                         std::string_view associated) {
    if (plaintext.size() > plaintext_bytes_max || associated.size() > plaintext_bytes_max) {
        return fail(Code::exhausted, "a sealed secret has at most 1 MiB");
    }
    const std::string nonce = random_bytes(nonce_bytes);
    const Cipher cipher = start(key, nonce, true);
    feed(cipher.get(), nullptr, associated);
    std::string sealed(overhead_bytes + plaintext.size(), seal_version);
    std::ranges::copy(nonce, sealed.begin() + 1);
    unsigned char* const body = octets(sealed) + 1 + nonce_bytes;
    feed(cipher.get(), body, plaintext);
    int count = 0;
    CHECK(EVP_CipherFinal_ex(cipher.get(), body + plaintext.size(), &count) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, int(tag_bytes),
                              body + plaintext.size()) == 1);
    return sealed;
}

Result<std::string> unseal(const SealKey& key, std::string_view sealed,
                           std::string_view associated) {
    if (sealed.size() < overhead_bytes) return fail(Code::corrupt, "sealed secret is cut");
    if (sealed.size() > overhead_bytes + plaintext_bytes_max) {
        return fail(Code::corrupt, "sealed secret is too long");
    }
    if (sealed.front() != seal_version) {
        return fail(Code::unsupported, "sealed by a later seal_version of this program");
    }
    const std::string_view nonce = sealed.substr(1, nonce_bytes);
    const std::string_view body = sealed.substr(1 + nonce_bytes, sealed.size() - overhead_bytes);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    const Cipher cipher = start(key, nonce, false);
    feed(cipher.get(), nullptr, associated);
    std::string plaintext(body.size(), '\0');
    feed(cipher.get(), octets(plaintext), body);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, int(tag_bytes), tag.data()) == 1);
    int count = 0;
    if (EVP_CipherFinal_ex(cipher.get(), octets(plaintext) + plaintext.size(), &count) != 1) {
        OPENSSL_cleanse(plaintext.data(), plaintext.size());
        return fail(Code::corrupt, "sealed secret does not open: changed, or another node's key");
    }
    return plaintext;
}

}  // namespace lineshaft::trust
