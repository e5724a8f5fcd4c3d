#include "identity/node_key.h"

#include "identity/record.h"
#include "trust/secrets.h"

namespace lineshaft::identity {
namespace {

constexpr std::string_view answers_key = "answers", sealed_as = "identity/answers";

io::Task<Result<void>> keep_node_key(store::Lane* lane, std::string sealed) {
    lane->batch().put(store::Family::identity, node_key_key(answers_key), sealed);
    auto kept = co_await lane->durable();
    co_return kept;
}

}  // namespace

Result<trust::RsaKey> open_node_key(store::Store& store, io::Shards& shards, store::Lane& lane,
                                    const trust::SealKey& seal) {
    const trust::SealKey own = seal.derive("identity");
    TRY(const auto kept, store.get(store::Family::identity, node_key_key(answers_key)));
    if (kept) {
        TRY(const auto der, trust::unseal(own, *kept, sealed_as));
        return trust::RsaKey::from_der(der);
    }
    auto key = trust::RsaKey::generate();
    TRY(auto sealed, trust::seal(own, key.der(), sealed_as));
    TRY_VOID(shards.run_blocking(ShardIndex(0), keep_node_key(&lane, std::move(sealed))));
    return key;
}

std::string public_key_of(const trust::RsaKey& key) {
    return handle::encode(handle::PublicKey{"RSA_PUB_KEY", {key.exponent(), key.modulus()}});
}

Result<std::string> fingerprint_of(std::string_view public_key) {
    TRY(const auto key, handle::decode_public_key(as_bytes(public_key)));
    return to_hex(as_bytes(trust::hash_of(trust::Hash::sha256, handle::encode(key))));
}

}  // namespace lineshaft::identity
