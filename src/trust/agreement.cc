#include "trust/agreement.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"
#include "trust/octets.h"
#include "trust/secrets.h"

namespace lineshaft::trust {
namespace {

constexpr int dh_bits_min = 1'024, dh_bits_max = 4'096;
constexpr std::size_t dh_secret_bytes = 32, cipher_block_bytes = 16;

struct DhFree {
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
template <class T>
using DhOwned = std::unique_ptr<T, DhFree>;

DhOwned<BIGNUM> number_of(std::string_view bytes) {
    return DhOwned<BIGNUM>(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string bytes_of(const BIGNUM* number) {
    std::string out(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, octets(out));
    if (out.empty() || (static_cast<unsigned char>(out[0]) & 0x80u) != 0) out.insert(0, 1, '\0');
    return out;
}

// 2 <= number <= p - 2: neither 0 nor 1 nor -1, whose powers everybody knows.
bool is_inside(const BIGNUM* number, const BIGNUM* p) {
    const DhOwned<BIGNUM> most(BN_dup(p));
    BN_sub_word(most.get(), 2);
    return BN_cmp(number, BN_value_one()) > 0 && BN_cmp(number, most.get()) <= 0;
}

DhOwned<BIGNUM> power(const BIGNUM* base, const BIGNUM* exponent, const BIGNUM* p) {
    const DhOwned<BN_CTX> context(BN_CTX_new());
    DhOwned<BIGNUM> out(BN_new());
    if (BN_mod_exp_mont_consttime(out.get(), base, exponent, p, context.get(), nullptr) != 1)
        return nullptr;
    return out;
}

}  // namespace

DhHalf make_dh_half() {
    const DhOwned<BIGNUM> p(BN_get_rfc3526_prime_2048(nullptr));
    auto out = make_dh_half(bytes_of(p.get()), std::string_view("\x02", 1));
    CHECK(out.has_value());
    return std::move(*out);
}

Result<DhHalf> make_dh_half(std::string_view p, std::string_view g) {
    if (p.size() > dh_bits_max / 8 + 1 || g.size() > dh_bits_max / 8 + 1)
        return fail(Code::invalid, "Diffie-Hellman: the group is too large");
    const auto modulus = number_of(p), base = number_of(g);
    const int bits = BN_num_bits(modulus.get());
    if (bits < dh_bits_min || bits > dh_bits_max || BN_is_odd(modulus.get()) == 0 ||
        !is_inside(base.get(), modulus.get()))
        return fail(Code::invalid, "Diffie-Hellman: no group of 1024 to 4096 bits");
    DhHalf out;
    out.p = std::string(p);
    out.g = std::string(g);
    out.secret = random_bytes(dh_secret_bytes);
    out.secret[0] = static_cast<char>(static_cast<unsigned char>(out.secret[0]) | 0x80u);
    const auto own = power(base.get(), number_of(out.secret).get(), modulus.get());
    if (own == nullptr) return fail(Code::invalid, "Diffie-Hellman: no group");
    out.own = bytes_of(own.get());
    return out;
}

Result<std::string> session_key(const DhHalf& half, std::string_view theirs) {
    if (theirs.size() > dh_bits_max / 8 + 1)
        return fail(Code::invalid, "Diffie-Hellman: the peer's number is too large");
    const auto modulus = number_of(half.p), peer = number_of(theirs);
    if (!is_inside(peer.get(), modulus.get()))
        return fail(Code::invalid, "Diffie-Hellman: the peer's number is not in the group");
    const auto shared = power(peer.get(), number_of(half.secret).get(), modulus.get());
    if (shared == nullptr) return fail(Code::invalid, "Diffie-Hellman: no group");
    std::string secret(static_cast<std::size_t>(BN_num_bytes(shared.get())), '\0');
    BN_bn2bin(shared.get(), octets(secret));  // without leading zeros
    if (secret.size() < session_key_bytes)
        return fail(Code::invalid, "Diffie-Hellman: the secret is too short");
    secret.resize(session_key_bytes);
    return secret;
}

std::string encrypt_cbc(std::string_view key, std::string_view plain) {
    CHECK(key.size() == session_key_bytes);
    std::string out = random_bytes(cipher_block_bytes);
    out.resize(cipher_block_bytes + plain.size() + cipher_block_bytes);
    const DhOwned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, octets(key),
                             octets(out)) == 1);
    int first = 0, last = 0;
    CHECK(EVP_EncryptUpdate(context.get(), octets(out) + cipher_block_bytes, &first,
                            octets(plain), static_cast<int>(plain.size())) == 1);
    CHECK(EVP_EncryptFinal_ex(context.get(), octets(out) + cipher_block_bytes + first, &last) == 1);
    out.resize(cipher_block_bytes + static_cast<std::size_t>(first + last));
    return out;
}

Result<std::string> decrypt_cbc(std::string_view key, std::string_view sealed) {
    CHECK(key.size() == session_key_bytes);
    if (sealed.size() < 2 * cipher_block_bytes || sealed.size() % cipher_block_bytes != 0)
        return fail(Code::invalid, "AES-CBC: no whole blocks");
    const std::string_view ciphertext = sealed.substr(cipher_block_bytes);
    std::string out(sealed.size(), '\0');
    const DhOwned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, octets(key),
                             octets(sealed)) == 1);
    int first = 0, last = 0;
    if (EVP_DecryptUpdate(context.get(), octets(out), &first, octets(ciphertext),
                          static_cast<int>(ciphertext.size())) != 1 ||
        EVP_DecryptFinal_ex(context.get(), octets(out) + first, &last) != 1)
        return fail(Code::invalid, "AES-CBC: the padding is wrong");
    out.resize(static_cast<std::size_t>(first + last));
    return out;
}

}  // namespace lineshaft::trust
