// Secrets at rest: AES-256-GCM under the node's own key file. docs/operate/security.md, control 20.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::trust {

/// A 256-bit key that is wiped when it goes. Value type; immutable after it was made, so any thread
/// may use it.
class SealKey {
public:
    static constexpr std::size_t bytes = 32;

    /// From the system's generator.
    static SealKey random();
    /// Errors: invalid, when `raw` is not 32 bytes.
    static Result<SealKey> from(std::string_view raw);

    SealKey(const SealKey&) = default;
    SealKey& operator=(const SealKey&) = default;
    ~SealKey();

    /// A key for one purpose ("totp", "ca", "audit-signing"): HKDF-SHA-256 (RFC 5869) without salt,
    /// `purpose` as info. Keys of two purposes tell nothing about each other.
    SealKey derive(std::string_view purpose) const;

    /// The 32 bytes, for handing to a cipher or as the seed of a signing key. Never log them.
    std::string_view raw() const { return {raw_.data(), raw_.size()}; }

private:
    SealKey() = default;
    std::array<char, bytes> raw_{};
};

/// The node's key in `path` ("DATA/node.key"), made with mode 0600 and synced when it is not there.
/// One key per data directory; everything sealed is lost with it, so a backup carries it. Blocks:
/// at start only. Errors: denied (others may read the file: says which chmod), corrupt (not what
/// we wrote), unavailable (disk).
Result<SealKey> open_node_key(const std::string& path);

/// version 1 | nonce 12 | ciphertext | tag 16: 29 bytes longer than `plaintext`. The nonce is
/// random: one key seals at most 2^32 texts (NIST SP 800-38D, 8.3). `associated` is not kept; it
/// says what the secret belongs to ("person/17/totp"), so a sealed text copied to another row does
/// not open. Errors: exhausted (over 1 MiB).
Result<std::string> seal(const SealKey& key, std::string_view plaintext,
                         std::string_view associated);

/// What `seal` was given. Errors: corrupt (changed, cut, another key or another `associated`:
/// nobody can tell which); unsupported (a later version).
Result<std::string> unseal(const SealKey& key, std::string_view sealed,
                           std::string_view associated);

}  // namespace lineshaft::trust
