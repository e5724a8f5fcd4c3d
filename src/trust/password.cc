#include "trust/password.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <optional>

#include "base/number.h"
#include "trust/secrets.h"

namespace lineshaft::trust {
namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;

// What scrypt allocates (RFC 7914): V of 128*r*N, B of 128*r*p, and some blocks of work space.
std::uint64_t memory_bytes(const ScryptCost& cost) {
    return 128ULL * cost.r * ((std::uint64_t{1} << cost.log2_n) + cost.p + 8);
}

bool is_bearable(const ScryptCost& cost) {
    return cost.log2_n >= 1 && cost.log2_n <= 24 && cost.r >= 1 && cost.r <= 64 && cost.p >= 1 &&
           cost.p <= 64 && memory_bytes(cost) <= memory_bytes_max;
}

// The text up to `end`, taken from the front together with `end`; empty `end` takes the rest.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
    const auto at = text.find(end);
    if (at == text.npos) return std::nullopt;
    const auto head = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return head;
}

std::optional<unsigned> take_number(std::string_view& text, std::string_view name,
                                    std::string_view end) {
    if (!text.starts_with(name)) return std::nullopt;
    text.remove_prefix(name.size());
    const auto digits = take_until(text, end);
    return digits ? number_from<unsigned>(*digits) : std::nullopt;
}

struct StoredHash {
    ScryptCost cost;
    std::string salt;
    std::string hash;
};

std::optional<StoredHash> parse_hash(std::string_view text) {
    if (text.size() > 512 || !text.starts_with("$scrypt$")) return std::nullopt;
    text.remove_prefix(8);
    const auto log2_n = take_number(text, "ln=", ",");
    const auto r = take_number(text, "r=", ",");
    const auto p = take_number(text, "p=", "$");
    const auto salt_text = take_until(text, "$");
    if (!log2_n || !r || !p || !salt_text) return std::nullopt;
    auto salt = from_base64(*salt_text, false);
    auto hash = from_base64(text, false);
    if (!salt || !hash || salt->empty() || hash->size() != hash_bytes) return std::nullopt;
    const ScryptCost cost{*log2_n, *r, *p};
    if (!is_bearable(cost)) return std::nullopt;
    return StoredHash{cost, *std::move(salt), *std::move(hash)};
}

}  // namespace

Result<void> check_password(std::string_view password, const PasswordLimits& limits) {
    if (password.size() < limits.bytes_min) {
        return fail(Code::invalid,
                    fmt::format("a password has at least {} letters", limits.bytes_min));
    }
    if (password.size() > limits.bytes_max) {
        return fail(Code::invalid,
                    fmt::format("a password has at most {} bytes", limits.bytes_max));
    }
    return {};
}

Result<std::string> scrypt(std::string_view password, std::string_view salt, const ScryptCost& cost,
                           std::size_t bytes) {
    if (!is_bearable(cost)) return fail(Code::invalid, "scrypt: a cost past 1 GiB");
    std::string key(bytes, '\0');
    // OpenSSL refuses more than 32 MiB unless told.
    const int done = EVP_PBE_scrypt(
        password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
        salt.size(), std::uint64_t{1} << cost.log2_n, cost.r, cost.p, memory_bytes_max * 2,
        reinterpret_cast<unsigned char*>(key.data()), key.size());
    if (done != 1) {
        ERR_clear_error();
        return fail(Code::exhausted, "scrypt: not enough memory");
    }
    return key;
}

Result<std::string> hash_password(std::string_view password, const ScryptCost& cost) {
    const std::string salt = random_bytes(salt_bytes);
    TRY(const std::string key, scrypt(password, salt, cost, hash_bytes));
    return fmt::format("$scrypt$ln={},r={},p={}${}${}", cost.log2_n, cost.r, cost.p,
                       to_base64(salt, false), to_base64(key, false));
}

bool verify_password(std::string_view password, std::string_view hash) {
    const auto stored = parse_hash(hash);
    if (!stored) return false;
    const auto key = scrypt(password, stored->salt, stored->cost, stored->hash.size());
    return key && same_secret(*key, stored->hash);
}

bool verify_nobody(std::string_view password, const ScryptCost& cost) {
    (void)scrypt(password, "a salt of nobody", cost, hash_bytes);  // only its time is wanted
    return false;
}

}  // namespace lineshaft::trust
