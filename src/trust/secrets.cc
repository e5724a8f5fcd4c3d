#include "trust/secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/check.h"
#include "trust/octets.h"

namespace lineshaft::trust {
namespace {

constexpr std::string_view letters_url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view letters_plain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view letters_crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t admin_secret_letters = 20;

// What each byte stands for; 255: it is no letter of theirs.
constexpr std::array<std::uint8_t, 256> values_of(std::string_view letters) {
    std::array<std::uint8_t, 256> values{};
    values.fill(255);
    for (std::size_t at = 0; at < letters.size(); ++at)
        values[static_cast<unsigned char>(letters[at])] = static_cast<std::uint8_t>(at);
    return values;
}
constexpr auto values_url = values_of(letters_url);
constexpr auto values_plain = values_of(letters_plain);

unsigned char* octets(Digest& digest) {
    return reinterpret_cast<unsigned char*>(digest.data());
}

std::string encode64(std::string_view bytes, std::string_view letters, bool padded) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        held = held << 8 | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 6; bits -= 6) text += letters[held >> (bits - 6) & 63];
    }
    if (bits > 0) text += letters[held << (6 - bits) & 63];
    while (padded && text.size() % 4 != 0) text += '=';
    return text;
}

Result<std::string> decode64(std::string_view text, std::string_view letters,
                             const std::array<std::uint8_t, 256>& values, bool padded) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::string_view digits = text;
    while (padded && digits.ends_with('=') && text.size() - digits.size() < 2) {
        digits.remove_suffix(1);
    }
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char letter : digits) {
        const std::uint8_t value = values[static_cast<unsigned char>(letter)];
        if (value == 255) return fail(Code::invalid, "not base64");
        held = held << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(held >> bits & 0xFF);
        }
    }
    // One value has one text: leftover bits, lengths and padding are checked by writing it again.
    if (encode64(bytes, letters, padded) != text) return fail(Code::invalid, "not base64");
    return bytes;
}

// Crockford's base32 reads O as 0, I and L as 1; nothing for other letters.
char crockford_letter(char typed) {
    const char upper = typed >= 'a' && typed <= 'z' ? static_cast<char>(typed - 'a' + 'A') : typed;
    if (upper == 'O') return '0';
    if (upper == 'I' || upper == 'L') return '1';
    return letters_crockford.contains(upper) ? upper : '\0';
}

}  // namespace

// SHA256() would look the algorithm up by its name each time, which takes longer than the work.
Digest sha256(std::string_view bytes) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    CHECK(algorithm != nullptr);
    struct End {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    thread_local const std::unique_ptr<EVP_MD_CTX, End> context(EVP_MD_CTX_new());
    Digest digest;
    CHECK(EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1);
    CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    CHECK(EVP_DigestFinal_ex(context.get(), octets(digest), nullptr) == 1);
    return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
    Digest digest;
    unsigned size = 0;
    CHECK(key.size() <= INT32_MAX);
    CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
               octets(digest), &size) != nullptr);
    CHECK(size == digest.size());
    return digest;
}

Result<Digest> digest_of(std::string_view bytes) {
    Digest digest;
    if (bytes.size() != digest.size()) return fail(Code::invalid, "a digest has 32 bytes");
    std::ranges::copy(as_bytes(bytes), digest.begin());
    return digest;
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    CHECK(count <= INT32_MAX);
    CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
    return bytes;
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_base64url(std::string_view bytes) {
    return encode64(bytes, letters_url, false);
}
Result<std::string> from_base64url(std::string_view text) {
    return decode64(text, letters_url, values_url, false);
}
std::string to_base64(std::string_view bytes, bool padded) {
    return encode64(bytes, letters_plain, padded);
}
Result<std::string> from_base64(std::string_view text, bool padded) {
    return decode64(text, letters_plain, values_plain, padded);
}

std::string make_admin_secret() {
    std::string secret;
    for (const char byte : random_bytes(admin_secret_letters)) {
        if (secret.size() % 5 == 4) secret += '-';
        secret += letters_crockford[static_cast<unsigned char>(byte) & 31];
    }
    return secret;
}

Digest admin_secret_digest(std::string_view typed) {
    std::string letters;
    bool is_secret = typed.size() <= 64;
    for (const char letter : typed.substr(0, 64)) {
        if (letter == '-' || letter == ' ') continue;
        const char known = crockford_letter(letter);
        is_secret = is_secret && known != '\0';
        letters += known;
    }
    // What is no secret is replaced by something nobody can know.
    if (!is_secret || letters.size() != admin_secret_letters) return sha256(random_bytes(32));
    return sha256(letters);
}

}  // namespace lineshaft::trust
