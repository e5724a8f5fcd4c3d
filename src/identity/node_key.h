// The key this node signs its answers with.
#pragma once
#include <string>

#include "io/shard.h"
#include "store/lane.h"
#include "trust/rsa.h"
#include "trust/seal.h"
#include "wire/handle/value.h"

namespace lineshaft::identity {

/// An RSA key of 2048 bits, kept in the store under `seal`; made at the first call, which takes some
/// tenths of a second. From a thread that is no shard's; `lane` is shard 0's. Errors: corrupt (it
/// cannot be opened: another node.key), those of the store.
Result<trust::RsaKey> open_node_key(store::Store& store, io::Shards& shards, store::Lane& lane,
                                    const trust::SealKey& seal);

/// As it stands in HS_PUBKEY values and sites.
std::string public_key_of(const trust::RsaKey& key);
/// SHA-256 of the public key in that form, without spare bytes at its end, as 64 hexadecimal digits:
/// what people compare and settings name. Errors: those of decode_public_key.
Result<std::string> fingerprint_of(std::string_view public_key);

}  // namespace lineshaft::identity
