#include "gate/handle/challenges.h"

#include "trust/proof.h"
#include "trust/rsa.h"
#include "trust/secrets.h"

namespace lineshaft::handle {
namespace {

Result<trust::Hash> hash_named(std::string_view name) {
    if (name == "SHA-256" || name == "SHA256") return trust::Hash::sha256;
    if (name == "SHA1" || name == "SHA-1") return trust::Hash::sha1;
    return fail(Code::unsupported, "hash " + std::string(name));
}

Result<void> check_signature(const Value& key, std::string_view proof, std::string_view covered,
                             bool takes_sm2) {
    TRY(const auto signature, decode_public_key_proof(as_bytes(proof)));
    TRY(const auto numbers, decode_public_key(as_bytes(key.data)));
    const auto& n = numbers.numbers;
    if (numbers.type == "SM2_PUB_KEY") {
        if (!takes_sm2) return fail(Code::unsupported, "SM2 keys: see handle.sm2");
        if (signature.hash != "SM3") return fail(Code::unsupported, "hash " + signature.hash);
        return trust::verify_sm2(n[0], n[1], covered, signature.signature);
    }
    TRY(const auto hash, hash_named(signature.hash));
    if (numbers.type == "RSA_PUB_KEY")
        return trust::verify_rsa(n[0], n[1], hash, covered, signature.signature);
    if (numbers.type == "DSA_PUB_KEY")
        return trust::verify_dsa(n[0], n[1], n[2], n[3], hash, covered, signature.signature);
    return fail(Code::unsupported, "signatures of " + numbers.type);
}

Result<std::string> mac_of(const SecretKeyProof& proof, std::string_view secret,
                           std::string_view covered) {
    const auto wrapped = [&](trust::Hash hash) {
        return trust::hash_of(hash, std::string(secret) + std::string(covered) + std::string(secret));
    };
    switch (proof.kind) {
        case MacKind::bare_md5:
        case MacKind::md5: return fail(Code::unsupported, "MD5 proofs");
        case MacKind::sha1: return wrapped(trust::Hash::sha1);
        case MacKind::sha256: return wrapped(trust::Hash::sha256);
        case MacKind::hmac_sha1: return trust::hmac_of(trust::Hash::sha1, secret, covered);
        case MacKind::hmac_sha256: return trust::hmac_of(trust::Hash::sha256, secret, covered);
        case MacKind::pbkdf2_hmac_sha1: break;
    }
    TRY(const auto key,
        trust::pbkdf2_sha1(secret, proof.salt, proof.iterations, proof.key_bits / 8));
    return trust::hmac_of(trust::Hash::sha1, key, covered);
}

}  // namespace

std::uint32_t Challenges::add(Pending pending, io::Steady now) {
    bytes_ += pending.message.size();
    make_room(now);
    const std::uint32_t id = next_ * shards_ + shard_;
    next_ = next_ >= 0x3fff'fff0 / shards_ ? 1 : next_ + 1;  // sessions have the ids above
    pending_.insert_or_assign(id, Entry{std::move(pending), now + limits_.challenge_life});
    oldest_first_.push_back(id);
    return id;
}

void Challenges::make_room(io::Steady now) {
    while (!oldest_first_.empty()) {
        const auto oldest = pending_.find(oldest_first_.front());
        const bool is_gone = oldest == pending_.end();
        if (!is_gone && oldest->second.until > now && pending_.size() < limits_.challenges_max &&
            bytes_ <= limits_.challenges_bytes_max)
            return;
        oldest_first_.pop_front();
        if (is_gone) continue;
        ++lost_;
        forget(oldest);
    }
}

void Challenges::forget(std::map<std::uint32_t, Entry>::iterator entry) {
    bytes_ -= entry->second.pending.message.size();
    pending_.erase(entry);
}

std::optional<Pending> Challenges::take(std::uint32_t id, io::Steady now) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return std::nullopt;
    const bool is_late = found->second.until <= now;
    auto out = std::move(found->second.pending);
    bytes_ -= out.message.size();
    pending_.erase(found);
    if (is_late) return std::nullopt;
    return out;
}

std::string digest_of(DigestKind kind, std::string_view header_and_body) {
    switch (kind) {
        case DigestKind::old_md5:
        case DigestKind::md5: return trust::hash_of(trust::Hash::md5, header_and_body);
        case DigestKind::sha1: return trust::hash_of(trust::Hash::sha1, header_and_body);
        case DigestKind::sha256: break;
    }
    return trust::hash_of(trust::Hash::sha256, header_and_body);
}

const Value* key_for(const std::vector<Value>& values, std::string_view type,
                     std::uint32_t index) {
    if (type != "HS_PUBKEY" && type != "HS_SECKEY") return nullptr;
    for (const Value& value : values) {
        if (value.type == type && (index == 0 || value.index == index)) return &value;
    }
    return nullptr;
}

Result<void> check_proof(const Value& key, std::string_view proof, std::string_view nonce,
                         const RequestDigest& digest, bool takes_sm2) {
    const std::string covered = std::string(nonce) + digest.bytes;
    if (key.type == "HS_PUBKEY") return check_signature(key, proof, covered, takes_sm2);
    TRY(const auto mac, decode_secret_key_proof(as_bytes(proof)));
    TRY(const auto wanted, mac_of(mac, key.data, covered));
    if (!trust::same_secret(wanted, mac.mac)) return fail(Code::denied, "the MAC is another");
    return {};
}

}  // namespace lineshaft::handle
