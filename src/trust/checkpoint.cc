#include "trust/checkpoint.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "base/number.h"
#include "trust/octets.h"

namespace lineshaft::trust {
namespace {

constexpr char ed25519_kind = 1;  // of the signed note format
constexpr std::size_t key_id_bytes = 4;
constexpr std::size_t note_bytes_max = 64 * 1024;
constexpr std::size_t signature_bytes = 64;

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

bool is_signed(std::string_view text, std::string_view signature, std::string_view public_key) {
    const std::unique_ptr<EVP_PKEY, FreeKey> key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, octets(public_key), public_key.size()));
    const Context context(EVP_MD_CTX_new());
    return key && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text),
                            text.size()) == 1;
}

std::string key_id(std::string_view origin, std::string_view public_key) {
    std::string text(origin);
    text += '\n';
    text += ed25519_kind;
    text.append(public_key);
    return std::string(text_of(sha256(text)).substr(0, key_id_bytes));
}

std::string text_of(const Checkpoint& checkpoint) {
    return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                       to_base64(trust::text_of(checkpoint.root)));
}

// The next line without its end; nothing when there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

Result<Checkpoint> parse(std::string_view text) {
    const auto origin = take_line(text), size = take_line(text), root = take_line(text);
    if (!origin || !size || !root || origin->empty()) {
        return fail(Code::invalid, "not a checkpoint: origin, size and root are missing");
    }
    Checkpoint checkpoint;
    checkpoint.origin = *origin;
    const auto entries = number_from<std::uint64_t>(*size);
    if (!entries) return fail(Code::invalid, "not a checkpoint: the second line is no number");
    checkpoint.size = *entries;
    const auto bytes = from_base64(*root);
    if (!bytes) return fail(Code::invalid, "not a checkpoint: the third line is no base64");
    TRY(checkpoint.root, digest_of(*bytes));
    return checkpoint;
}

}  // namespace

struct SigningKey::State {
    std::unique_ptr<EVP_PKEY, FreeKey> key;
};

SigningKey::SigningKey(const SealKey& seed) : state_(std::make_unique<State>()) {
    state_->key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(seed.raw()),
                                                   seed.raw().size()));
    CHECK(state_->key != nullptr);
}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;

std::string SigningKey::public_key() const {
    std::string key(32, '\0');
    std::size_t size = key.size();
    CHECK(EVP_PKEY_get_raw_public_key(state_->key.get(),
                                      reinterpret_cast<unsigned char*>(key.data()), &size) == 1);
    CHECK(size == key.size());
    return key;
}

std::string SigningKey::sign(std::string_view text) const {
    const Context context(EVP_MD_CTX_new());
    std::string signature(signature_bytes, '\0');
    std::size_t size = signature.size();
    CHECK(context &&
          EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) == 1);
    CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         octets(text), text.size()) == 1);
    return signature;
}

std::string verifier_key(std::string_view origin, std::string_view public_key) {
    std::string bytes(1, ed25519_kind);
    bytes.append(public_key);
    return fmt::format("{}+{}+{}", origin, to_hex(as_bytes(key_id(origin, public_key))),
                       to_base64(bytes));
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
    const std::string text = text_of(checkpoint);
    const std::string signature = key_id(checkpoint.origin, key.public_key()) + key.sign(text);
    return fmt::format("{}\n\u2014 {} {}\n", text, checkpoint.origin, to_base64(signature));
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view public_key) {
    if (note.size() > note_bytes_max) return fail(Code::invalid, "not a checkpoint: too long");
    const auto gap = note.find("\n\n");
    if (gap == note.npos) return fail(Code::invalid, "not a checkpoint: no signature");
    const std::string_view text = note.substr(0, gap + 1);
    TRY(Checkpoint checkpoint, parse(text));
    const std::string head = fmt::format("\u2014 {} ", checkpoint.origin);
    const std::string id = key_id(checkpoint.origin, public_key);
    for (std::string_view rest = note.substr(gap + 2); const auto line = take_line(rest);) {
        if (!line->starts_with(head)) continue;
        const auto signature = from_base64(line->substr(head.size()));
        if (!signature || !signature->starts_with(id)) continue;
        if (is_signed(text, std::string_view(*signature).substr(key_id_bytes), public_key)) {
            return checkpoint;
        }
    }
    return fail(Code::denied, "the checkpoint is not signed by this key");
}

}  // namespace lineshaft::trust
