// The bodies of the messages. Each type has decode(Bytes, Limits) and encode(); what decode reads,
// encode writes again byte for byte. Errors of all decoders: invalid (short, bytes left over, no
// UTF-8), exhausted (a limit).
#pragma once
#include <optional>

#include "wire/handle/message.h"
#include "wire/handle/value.h"

namespace lineshaft::handle {

struct Resolution {
    std::string handle;
    std::vector<std::uint32_t> indexes;  ///< empty with empty types: all values
    std::vector<std::string> types;      ///< "HS_SITE." also asks for all its subtypes
    bool operator==(const Resolution&) const = default;
};
Result<Resolution> decode_resolution(Bytes body, const Limits& limits);
std::string encode(const Resolution& body);
/// Whether a value of `index` and `type` was asked for.
bool asks_for(const Resolution& body, std::uint32_t index, std::string_view type);

/// Of a resolution's answer, and of requests to create, add and modify.
struct HandleValues {
    std::string handle;
    std::vector<Value> values;
    bool operator==(const HandleValues&) const = default;
};
Result<HandleValues> decode_handle_values(Bytes body, const Limits& limits);
std::string encode(const HandleValues& body);
/// Writes the same body value by value.
class HandleValuesWriter {
public:
    /// Appends to `out`, which outlives it; nobody else does meanwhile.
    HandleValuesWriter(std::string& out, std::string_view handle);
    void add(const ValueView& value);
    /// Once, behind the last one. How many there are.
    std::uint32_t end();

private:
    std::string& out_;
    std::size_t count_at_;
    std::uint32_t count_ = 0;
};

/// Of a request to remove values.
struct HandleIndexes {
    std::string handle;
    std::vector<std::uint32_t> indexes;
    bool operator==(const HandleIndexes&) const = default;
};
Result<HandleIndexes> decode_handle_indexes(Bytes body, const Limits& limits);
std::string encode(const HandleIndexes& body);

/// A handle alone: delete, list, home, site info, and what a creation answers.
Result<std::string> decode_handle(Bytes body, const Limits& limits);
std::string encode_handle(std::string_view handle);

/// Names of a list's answer (one of several messages when CN is set).
Result<std::vector<std::string>> decode_names(Bytes body, const Limits& limits);
std::string encode_names(const std::vector<std::string>& names);

/// 302 and 303: where to ask instead.
struct Referral {
    std::string handle;  ///< may be empty
    std::optional<std::vector<Value>> values;  ///< HS_SITE and the like; nothing: not sent
    bool operator==(const Referral&) const = default;
};
Result<Referral> decode_referral(Bytes body, const Limits& limits);
std::string encode(const Referral& body);

/// Any other error: a sentence, perhaps the indexes it is about.
struct Refusal {
    std::string message;
    std::optional<std::vector<std::uint32_t>> indexes;
    bool operator==(const Refusal&) const = default;
};
Result<Refusal> decode_refusal(Bytes body, const Limits& limits);
std::string encode(const Refusal& body);

Result<std::uint64_t> decode_transaction(Bytes body);
std::string encode_transaction(std::uint64_t number);

/// The digest of a request: over its header and body, without envelope and credential.
enum class DigestKind : std::uint8_t { old_md5 = 0, md5 = 1, sha1 = 2, sha256 = 3 };
struct RequestDigest {
    DigestKind kind = DigestKind::sha256;
    std::string bytes;
    bool operator==(const RequestDigest&) const = default;
};
/// What a peer of that version can read.
DigestKind digest_for(Version version);
std::size_t size_of(DigestKind kind);
/// Takes the digest that stands before the body of an answer with RD.
Result<RequestDigest> take_digest(Reader& in);
void put(std::string& out, const RequestDigest& digest);

/// The body of answer 402.
struct Challenge {
    RequestDigest digest;
    std::string nonce;
    bool operator==(const Challenge&) const = default;
};
Result<Challenge> decode_challenge(Bytes body, const Limits& limits);
std::string encode(const Challenge& body);

/// Message 200.
struct ChallengeAnswer {
    std::string type;  ///< "HS_PUBKEY" or "HS_SECKEY"
    Reference key;
    std::string proof;  ///< a PublicKeyProof or SecretKeyProof, encoded
    bool operator==(const ChallengeAnswer&) const = default;
};
Result<ChallengeAnswer> decode_challenge_answer(Bytes body, const Limits& limits);
std::string encode(const ChallengeAnswer& body);

/// HS_PUBKEY: the signature covers nonce and digest, the digest without its kind.
struct PublicKeyProof {
    std::string hash;  ///< "SHA-256", "SHA1"
    std::string signature;
    bool operator==(const PublicKeyProof&) const = default;
};
Result<PublicKeyProof> decode_public_key_proof(Bytes proof);
std::string encode(const PublicKeyProof& proof);

/// HS_SECKEY, its many forms.
enum class MacKind : std::uint8_t {
    bare_md5 = 0x00,  ///< the oldest: no kind at all, 16 bytes
    md5 = 0x01,
    sha1 = 0x02,
    sha256 = 0x03,
    hmac_sha1 = 0x12,
    hmac_sha256 = 0x13,
    pbkdf2_hmac_sha1 = 0x22,
};
struct SecretKeyProof {
    MacKind kind = MacKind::pbkdf2_hmac_sha1;
    std::string salt;  ///< of PBKDF2, as the next two
    std::uint32_t iterations = 0;
    std::uint32_t key_bits = 0;
    std::string mac;
    bool operator==(const SecretKeyProof&) const = default;
};
Result<SecretKeyProof> decode_secret_key_proof(Bytes proof);
std::string encode(const SecretKeyProof& proof);

/// Message 201: another server asks whether a key it does not have made a proof.
struct Verification {
    Reference key;
    std::string nonce;
    RequestDigest digest;  ///< sent as length and bytes; read in the forms with a kind, too
    std::string proof;
    bool operator==(const Verification&) const = default;
};
Result<Verification> decode_verification(Bytes body, const Limits& limits);
std::string encode(const Verification& body);
Result<bool> decode_verdict(Bytes body);
std::string encode_verdict(bool is_genuine);

struct SessionSetup {
    enum class Mode : std::uint16_t {
        client_key = 1,
        server_key = 2,
        key_in_handle = 3,
        diffie_hellman = 4
    };
    Mode mode = Mode::diffie_hellman;
    std::uint32_t timeout_s = 0;
    Reference identity;
    std::string public_key;  ///< modes 1 and 4
    Reference key;           ///< mode 3
    bool operator==(const SessionSetup&) const = default;
};
/// Two spare bytes at the end are tolerated: a widespread client sends them.
Result<SessionSetup> decode_session_setup(Bytes body, const Limits& limits);
std::string encode(const SessionSetup& body);
struct SessionSetupAnswer {
    SessionSetup::Mode mode = SessionSetup::Mode::diffie_hellman;
    std::string data;
    bool operator==(const SessionSetupAnswer&) const = default;
};
Result<SessionSetupAnswer> decode_session_setup_answer(Bytes body, const Limits& limits);
std::string encode(const SessionSetupAnswer& body);

/// What travels under an RSA key, and before a server's Diffie-Hellman number (version 2.4 on): which
/// cipher, then the key.
enum class Cipher : std::uint32_t { des = 1, triple_des = 2, aes = 3 };
struct SessionKey {
    Cipher cipher = Cipher::aes;
    std::string key;  ///< AES: 16 bytes; or an encoded public key
    bool operator==(const SessionKey&) const = default;
};
/// Errors: invalid (an unknown cipher).
Result<SessionKey> decode_session_key(Bytes bytes);
std::string encode(const SessionKey& key);
/// Message 402: the session key under the server's key.
Result<std::string> decode_exchanged_key(Bytes body);
std::string encode_exchanged_key(std::string_view sealed);

/// Message 2001, and who it is about.
Result<Reference> decode_login(Bytes body, const Limits& limits);
std::string encode_login(const Reference& identity);

}  // namespace lineshaft::handle
