#include "wire/handle/bodies.h"

#include <algorithm>

#include "wire/handle/take.h"

namespace lineshaft::handle {

Result<Resolution> decode_resolution(Bytes body, const Limits& limits) {
    Reader in(body);
    Resolution out;
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    TRY(out.indexes, take_indexes(in, limits));
    TRY(const auto types, take_count(in, limits.array_max, 4));
    out.types.reserve(types);
    for (std::size_t at = 0; at < types; ++at) {
        TRY(auto type, take_text(in, limits.type_bytes_max));
        out.types.push_back(std::move(type));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const Resolution& body) {
    std::string out;
    put_block(out, body.handle);
    put_indexes(out, body.indexes);
    put_u32(out, static_cast<std::uint32_t>(body.types.size()));
    for (const auto& type : body.types) put_block(out, type);
    return out;
}

bool asks_for(const Resolution& body, std::uint32_t index, std::string_view type) {
    if (body.indexes.empty() && body.types.empty()) return true;
    if (std::ranges::find(body.indexes, index) != body.indexes.end()) return true;
    return std::ranges::any_of(body.types, [type](std::string_view wanted) {
        if (wanted == type) return true;
        return wanted.ends_with('.') &&
               (type.starts_with(wanted) || type == wanted.substr(0, wanted.size() - 1));
    });
}

Result<HandleValues> decode_handle_values(Bytes body, const Limits& limits) {
    Reader in(body);
    HandleValues out;
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    TRY(out.values, take_values(in, limits));
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const HandleValues& body) {
    std::string out;
    put_block(out, body.handle);
    put_values(out, body.values);
    return out;
}

HandleValuesWriter::HandleValuesWriter(std::string& out, std::string_view handle) : out_(out) {
    put_block(out_, handle);
    count_at_ = out_.size();
    put_u32(out_, 0);
}

void HandleValuesWriter::add(const ValueView& value) {
    put(out_, value);
    ++count_;
}

std::uint32_t HandleValuesWriter::end() {
    Filler(out_.data() + count_at_).number(count_);
    return count_;
}

Result<HandleIndexes> decode_handle_indexes(Bytes body, const Limits& limits) {
    Reader in(body);
    HandleIndexes out;
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    TRY(out.indexes, take_indexes(in, limits));
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const HandleIndexes& body) {
    std::string out;
    put_block(out, body.handle);
    put_indexes(out, body.indexes);
    return out;
}

Result<std::string> decode_handle(Bytes body, const Limits& limits) {
    Reader in(body);
    TRY(auto out, take_text(in, limits.handle_bytes_max));
    TRY_VOID(at_end(in));
    return out;
}

std::string encode_handle(std::string_view handle) {
    std::string out;
    put_block(out, handle);
    return out;
}

Result<std::vector<std::string>> decode_names(Bytes body, const Limits& limits) {
    Reader in(body);
    TRY(const auto count, take_count(in, limits.array_max, 4));
    std::vector<std::string> out;
    out.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        TRY(auto name, take_text(in, limits.handle_bytes_max));
        out.push_back(std::move(name));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode_names(const std::vector<std::string>& names) {
    std::string out;
    put_u32(out, static_cast<std::uint32_t>(names.size()));
    for (const auto& name : names) put_block(out, name);
    return out;
}

Result<Referral> decode_referral(Bytes body, const Limits& limits) {
    Reader in(body);
    Referral out;
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    if (!in.at_end()) {
        TRY(out.values, take_values(in, limits));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const Referral& body) {
    std::string out;
    put_block(out, body.handle);
    if (body.values) put_values(out, *body.values);
    return out;
}

Result<Refusal> decode_refusal(Bytes body, const Limits& limits) {
    Refusal out;
    if (body.empty()) return out;
    Reader in(body);
    TRY(out.message, take_text(in, limits.message_bytes_max));
    if (!in.at_end()) {
        TRY(out.indexes, take_indexes(in, limits));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const Refusal& body) {
    std::string out;
    put_block(out, body.message);
    if (body.indexes) put_indexes(out, *body.indexes);
    return out;
}

Result<std::uint64_t> decode_transaction(Bytes body) {
    Reader in(body);
    TRY(const auto number, in.take_be<std::uint64_t>());
    TRY_VOID(at_end(in));
    return number;
}

std::string encode_transaction(std::uint64_t number) {
    std::string out;
    Writer(out).put_be(number);
    return out;
}

DigestKind digest_for(Version version) {
    if (version >= Version{2, 7}) return DigestKind::sha256;
    if (version >= Version{2, 1}) return DigestKind::sha1;
    return DigestKind::old_md5;
}

std::size_t size_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::old_md5:
        case DigestKind::md5: return 16;
        case DigestKind::sha1: return 20;
        case DigestKind::sha256: return 32;
    }
    return 0;
}

// The old form has no kind: a length of 16 follows, whose first byte is 0.
Result<RequestDigest> take_digest(Reader& in) {
    RequestDigest out;
    TRY(const auto kind, in.take_be<std::uint8_t>());
    if (kind > 3) return fail(Code::invalid, "an unknown kind of digest");
    out.kind = static_cast<DigestKind>(kind);
    if (out.kind == DigestKind::old_md5) {
        TRY(const Bytes length, in.take(3));
        if (to_hex(length) != "000010") return fail(Code::invalid, "a digest's length");
    }
    TRY(const Bytes bytes, in.take(size_of(out.kind)));
    out.bytes = as_text(bytes);
    return out;
}

void put(std::string& out, const RequestDigest& digest) {
    if (digest.kind == DigestKind::old_md5) {
        put_block(out, digest.bytes);
        return;
    }
    Writer(out).put_be(static_cast<std::uint8_t>(digest.kind));
    out.append(digest.bytes);
}

Result<Challenge> decode_challenge(Bytes body, const Limits&) {
    Reader in(body);
    Challenge out;
    TRY(out.digest, take_digest(in));
    TRY(const Bytes nonce, take_block(in));
    TRY_VOID(at_end(in));
    out.nonce = as_text(nonce);
    return out;
}

std::string encode(const Challenge& body) {
    std::string out;
    put(out, body.digest);
    put_block(out, body.nonce);
    return out;
}

Result<ChallengeAnswer> decode_challenge_answer(Bytes body, const Limits& limits) {
    Reader in(body);
    ChallengeAnswer out;
    TRY(out.type, take_text(in, limits.type_bytes_max));
    TRY(out.key, take_reference(in, limits));
    TRY(const Bytes proof, take_block(in));
    TRY_VOID(at_end(in));
    out.proof = as_text(proof);
    return out;
}

std::string encode(const ChallengeAnswer& body) {
    std::string out;
    put_block(out, body.type);
    put_reference(out, body.key);
    put_block(out, body.proof);
    return out;
}

Result<PublicKeyProof> decode_public_key_proof(Bytes proof) {
    Reader in(proof);
    PublicKeyProof out;
    TRY(out.hash, take_text(in, 64));
    TRY(const Bytes signature, take_block(in));
    TRY_VOID(at_end(in));
    out.signature = as_text(signature);
    return out;
}

std::string encode(const PublicKeyProof& proof) {
    std::string out;
    put_block(out, proof.hash);
    put_block(out, proof.signature);
    return out;
}

Result<SecretKeyProof> decode_secret_key_proof(Bytes proof) {
    SecretKeyProof out;
    if (proof.size() == 16) {
        out.kind = MacKind::bare_md5;
        out.mac = as_text(proof);
        return out;
    }
    Reader in(proof);
    TRY(const auto kind, in.take_be<std::uint8_t>());
    out.kind = static_cast<MacKind>(kind);
    std::size_t mac_bytes = 0;
    switch (out.kind) {
        case MacKind::bare_md5: return fail(Code::invalid, "an unknown kind of MAC");
        case MacKind::md5: mac_bytes = 16; break;
        case MacKind::sha1:
        case MacKind::hmac_sha1: mac_bytes = 20; break;
        case MacKind::sha256:
        case MacKind::hmac_sha256: mac_bytes = 32; break;
        case MacKind::pbkdf2_hmac_sha1: break;
        default: return fail(Code::invalid, "an unknown kind of MAC");
    }
    if (out.kind != MacKind::pbkdf2_hmac_sha1) {
        TRY(const Bytes mac, in.take(mac_bytes));
        TRY_VOID(at_end(in));
        out.mac = as_text(mac);
        return out;
    }
    TRY(const Bytes salt, take_block(in));
    TRY(out.iterations, in.take_be<std::uint32_t>());
    TRY(out.key_bits, in.take_be<std::uint32_t>());
    TRY(const Bytes mac, take_block(in));
    TRY_VOID(at_end(in));
    out.salt = as_text(salt);
    out.mac = as_text(mac);
    return out;
}

std::string encode(const SecretKeyProof& proof) {
    if (proof.kind == MacKind::bare_md5) return proof.mac;
    std::string out;
    Writer(out).put_be(static_cast<std::uint8_t>(proof.kind));
    if (proof.kind != MacKind::pbkdf2_hmac_sha1) return out + proof.mac;
    put_block(out, proof.salt);
    put_u32(out, proof.iterations);
    put_u32(out, proof.key_bits);
    put_block(out, proof.mac);
    return out;
}

// The digest comes as a block; what is in it may begin with its kind.
Result<Verification> decode_verification(Bytes body, const Limits& limits) {
    Reader in(body);
    Verification out;
    TRY(out.key, take_reference(in, limits));
    TRY(const Bytes nonce, take_block(in));
    out.nonce = as_text(nonce);
    TRY(Bytes digest, take_block(in));
    if (digest.size() == 17 || digest.size() == 21 || digest.size() == 33) {
        digest = digest.subspan(1);
    }
    switch (digest.size()) {
        case 16: out.digest.kind = DigestKind::md5; break;
        case 20: out.digest.kind = DigestKind::sha1; break;
        case 32: out.digest.kind = DigestKind::sha256; break;
        default: return fail(Code::invalid, "a digest's length");
    }
    out.digest.bytes = as_text(digest);
    TRY(const Bytes proof, take_block(in));
    TRY_VOID(at_end(in));
    out.proof = as_text(proof);
    return out;
}

std::string encode(const Verification& body) {
    std::string out;
    put_reference(out, body.key);
    put_block(out, body.nonce);
    put_block(out, body.digest.bytes);
    put_block(out, body.proof);
    return out;
}

Result<bool> decode_verdict(Bytes body) {
    Reader in(body);
    TRY(const auto verdict, in.take_be<std::uint8_t>());
    TRY_VOID(at_end(in));
    return verdict == 1;
}

std::string encode_verdict(bool is_genuine) {
    return std::string(1, is_genuine ? '\1' : '\0');
}

Result<SessionSetup> decode_session_setup(Bytes body, const Limits& limits) {
    Reader in(body);
    SessionSetup out;
    TRY(const auto mode, in.take_be<std::uint16_t>());
    if (mode < 1 || mode > 4) return fail(Code::invalid, "session setup: an unknown mode");
    out.mode = static_cast<SessionSetup::Mode>(mode);
    TRY(out.timeout_s, in.take_be<std::uint32_t>());
    TRY(out.identity, take_reference(in, limits));
    using enum SessionSetup::Mode;
    if (out.mode == client_key || out.mode == diffie_hellman) {
        TRY(const Bytes key, take_block(in));
        out.public_key = as_text(key);
    } else if (out.mode == key_in_handle) {
        TRY(out.key, take_reference(in, limits));
    }
    if (in.left() != 0 && in.left() != 2)
        return fail(Code::invalid, "session setup: bytes left over");
    return out;
}

std::string encode(const SessionSetup& body) {
    std::string out;
    put_u16(out, static_cast<std::uint16_t>(body.mode));
    put_u32(out, body.timeout_s);
    put_reference(out, body.identity);
    using enum SessionSetup::Mode;
    if (body.mode == client_key || body.mode == diffie_hellman) {
        put_block(out, body.public_key);
    } else if (body.mode == key_in_handle) {
        put_reference(out, body.key);
    }
    return out;
}

Result<SessionSetupAnswer> decode_session_setup_answer(Bytes body, const Limits&) {
    Reader in(body);
    SessionSetupAnswer out;
    TRY(const auto mode, in.take_be<std::uint16_t>());
    if (mode < 1 || mode > 4) return fail(Code::invalid, "session setup: an unknown mode");
    out.mode = static_cast<SessionSetup::Mode>(mode);
    TRY(const Bytes data, take_block(in));
    TRY_VOID(at_end(in));
    out.data = as_text(data);
    return out;
}

std::string encode(const SessionSetupAnswer& body) {
    std::string out;
    put_u16(out, static_cast<std::uint16_t>(body.mode));
    put_block(out, body.data);
    return out;
}

Result<SessionKey> decode_session_key(Bytes bytes) {
    Reader in(bytes);
    SessionKey out;
    TRY(const auto cipher, in.take_be<std::uint32_t>());
    if (cipher < 1 || cipher > 3) return fail(Code::invalid, "session key: an unknown cipher");
    out.cipher = static_cast<Cipher>(cipher);
    out.key = as_text(in.rest());
    return out;
}

std::string encode(const SessionKey& key) {
    std::string out;
    put_u32(out, static_cast<std::uint32_t>(key.cipher));
    return out.append(key.key);
}

Result<std::string> decode_exchanged_key(Bytes body) {
    Reader in(body);
    TRY(const Bytes sealed, take_block(in));
    TRY_VOID(at_end(in));
    return std::string(as_text(sealed));
}

std::string encode_exchanged_key(std::string_view sealed) {
    std::string out;
    put_block(out, sealed);
    return out;
}

Result<Reference> decode_login(Bytes body, const Limits& limits) {
    Reader in(body);
    TRY(auto out, take_reference(in, limits));
    TRY_VOID(at_end(in));
    return out;
}

std::string encode_login(const Reference& identity) {
    std::string out;
    put_reference(out, identity);
    return out;
}

}  // namespace lineshaft::handle
