// RSA keys of the Handle System: signatures and session keys under PKCS#1 v1.5, as its peers do it.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/proof.h"

namespace lineshaft::trust {

/// A private key. Copies share it; immutable, so any thread may use it.
class RsaKey {
public:
    static constexpr int bits_usual = 2'048;
    /// Blocks for a tenth of a second and longer. 2048..4096 bits.
    static RsaKey generate(int bits = bits_usual);
    /// What der() gave. Errors: corrupt.
    static Result<RsaKey> from_der(std::string_view der);
    /// PKCS#1, unencrypted: only to be sealed.
    std::string der() const;

    /// Big-endian, a zero in front when the top bit is set, as the protocol writes numbers.
    std::string exponent() const;
    std::string modulus() const;

    /// PKCS#1 v1.5 over the message's hash. Blocks for half a millisecond.
    std::string sign(Hash hash, std::string_view message) const;

    /// What encrypt_rsa hid, when that is `bytes` long. Whatever else came gives random bytes, so
    /// that nobody learns from us whether a guess was well-formed (Bleichenbacher 1998). OAEP with
    /// SHA-1 is read, too.
    std::string decrypt(std::string_view ciphertext, std::size_t bytes) const;

private:
    struct Key;
    explicit RsaKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
    std::shared_ptr<const Key> key_;
};

/// PKCS#1 v1.5 for whoever has the private key. Numbers big-endian. Errors: invalid (no key, under
/// 1024 or over 8192 bits, `plain` too long for it).
Result<std::string> encrypt_rsa(std::string_view exponent, std::string_view modulus,
                                std::string_view plain);

/// The numbers of a public key, as RsaKey gives them. `spki_der`: SubjectPublicKeyInfo (RFC 5280), as
/// certificates have it. Errors: invalid (no such key, under 1024 or over 8192 bits).
struct RsaNumbers {
    std::string exponent, modulus;
};
Result<RsaNumbers> rsa_numbers_of(std::string_view spki_der);

/// The chinese standard GM/T 0003 with SM3, the usual identity "1234567812345678", the signature as
/// DER; `x` and `y` big-endian, 32 bytes at most. Errors: denied, invalid, unsupported (this OpenSSL
/// has no SM2).
Result<void> verify_sm2(std::string_view x, std::string_view y, std::string_view message,
                        std::string_view signature);

}  // namespace lineshaft::trust
