#include "trust/totp.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/bytes.h"
#include "base/check.h"
#include "base/percent.h"

namespace lineshaft::trust {
namespace {

constexpr std::string_view base32_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view crockford_letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t totp_secret_bytes = 20;
constexpr std::size_t recovery_letters = 16;
constexpr std::int64_t steps_aside = 1;

std::string owner_of(PersonId person) {
    return fmt::format("person/{}/totp", person.number());
}

}  // namespace

Result<std::string> TotpVault::seal(PersonId person, std::string_view secret) const {
    return trust::seal(key_, secret, owner_of(person));
}

Result<std::int64_t> TotpVault::match(PersonId person, std::string_view sealed,
                                      std::string_view typed, Instant now,
                                      std::int64_t last_step) const {
    TRY(const std::string secret, unseal(key_, sealed, owner_of(person)));
    const auto step = match_totp(secret, typed, now, last_step);
    if (!step) return fail(Code::denied, "the code is wrong, or was used already");
    return *step;
}

std::string make_totp_secret() {
    return random_bytes(totp_secret_bytes);
}

std::string to_base32(std::string_view bytes) {
    std::string text;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        held = held << 8 | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 5; bits -= 5) text += base32_letters[held >> (bits - 5) & 31];
    }
    if (bits > 0) text += base32_letters[held << (5 - bits) & 31];
    return text;
}

std::int64_t totp_step(Instant at) {
    return at.micros / (totp_step_s * 1'000'000);
}

std::string totp_code(std::string_view secret, std::int64_t step, unsigned digits) {
    std::string counter;
    Writer(counter).put_be(static_cast<std::uint64_t>(step));
    std::array<unsigned char, 20> mac{};
    unsigned size = 0;
    CHECK(secret.size() <= INT32_MAX);
    CHECK(HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
               reinterpret_cast<const unsigned char*>(counter.data()), counter.size(), mac.data(),
               &size) != nullptr);
    CHECK(size == mac.size());
    const std::size_t offset = mac.back() & 15;
    const std::uint32_t number = static_cast<std::uint32_t>(mac[offset] & 0x7F) << 24 |
                                 static_cast<std::uint32_t>(mac[offset + 1]) << 16 |
                                 static_cast<std::uint32_t>(mac[offset + 2]) << 8 | mac[offset + 3];
    std::uint32_t modulus = 1;
    for (unsigned digit = 0; digit < digits; ++digit) modulus *= 10;
    return fmt::format("{:0{}}", number % modulus, digits);
}

std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view typed, Instant now,
                                       std::int64_t last_step) {
    std::string code;
    for (const char letter : typed.substr(0, 32)) {
        if (letter != ' ') code += letter;
    }
    const std::int64_t current = totp_step(now);
    std::optional<std::int64_t> matched;
    for (std::int64_t step = current - steps_aside; step <= current + steps_aside; ++step) {
        const bool is_it = same_secret(totp_code(secret, step), code);
        if (is_it && step > last_step && !matched) matched = step;
    }
    return matched;
}

std::string totp_uri(std::string_view issuer, std::string_view account, std::string_view secret) {
    return fmt::format(
        "otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits={}&period={}",
        percent_encoded(issuer), percent_encoded(account), to_base32(secret), percent_encoded(issuer), totp_digits,
        totp_step_s);
}

std::vector<std::string> make_recovery_codes(std::size_t count) {
    std::vector<std::string> codes(count);
    for (std::string& code : codes) {
        for (const char byte : random_bytes(recovery_letters)) {
            if (code.size() % 5 == 4) code += '-';
            code += crockford_letters[static_cast<unsigned char>(byte) & 31];
        }
    }
    return codes;
}

std::optional<Digest> recovery_code_digest(std::string_view typed) {
    if (typed.size() > 64) return std::nullopt;
    std::string letters;
    for (char letter : typed) {
        if (letter == '-' || letter == ' ') continue;
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
        if (letter == 'O') letter = '0';
        if (letter == 'I' || letter == 'L') letter = '1';
        if (!crockford_letters.contains(letter)) return std::nullopt;
        letters += letter;
    }
    if (letters.size() != recovery_letters) return std::nullopt;
    return sha256(letters);
}

}  // namespace lineshaft::trust
