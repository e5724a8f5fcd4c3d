// What a node signs of its audit log, as others already read it: a C2SP tlog-checkpoint inside a
// signed note (https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/seal.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

/// "The log of `origin` had `size` records, whose Merkle root was `root`."
struct Checkpoint {
    std::string origin;  ///< also the key's name: without spaces and '+'
    std::uint64_t size = 0;
    Digest root{};
    bool operator==(const Checkpoint&) const = default;
};

/// An Ed25519 key (RFC 8032) from a 32-byte seed. Immutable, any thread.
class SigningKey {
public:
    /// `seed`: for example node_key.derive("audit").
    explicit SigningKey(const SealKey& seed);
    ~SigningKey();
    SigningKey(SigningKey&&) noexcept;

    std::string public_key() const;  ///< 32 bytes
    std::string sign(std::string_view text) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "origin+1a2b3c4d+AbC…=": the verifier key of the signed note format, which a witness keeps.
std::string verifier_key(std::string_view origin, std::string_view public_key);

/// The signed note, four lines: origin, size, root, empty; then the signature's line.
std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);

/// What a note says, if `public_key` signed it. Errors: invalid (no checkpoint), denied (not signed
/// by that key). At most 64 KiB; other signatures beside are allowed, as witnesses add theirs.
Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view public_key);

}  // namespace lineshaft::trust
