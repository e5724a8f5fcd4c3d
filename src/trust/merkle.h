// The Merkle tree of RFC 6962 (RFC 9162, section 2.1) over SHA-256: what makes a log that cannot be
// rewritten unseen.
//
// A leaf is SHA-256(0x00 | record), a node SHA-256(0x01 | left | right); the left side of a tree of
// n leaves has the largest power of two below n. So the hash of every *complete* subtree never
// changes as the log grows, and a tree of n leaves is known by at most 64 of them.
//
//              root(5)
//             /       \        (level, index): (2,0) is complete, leaf 4 alone is (0,4).
//          (2,0)      (0,4)
//         /     \              Inclusion and consistency proofs are O(log n) of such hashes.
//      (1,0)   (1,1)
//      /  \    /  \            Tested against the RFC's own vectors and a slow recursive oracle.
//     0    1  2    3
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

Digest merkle_leaf(std::string_view record);
Digest merkle_node(const Digest& left, const Digest& right);
/// Of no leaves: SHA-256 of nothing.
Digest merkle_empty();

/// The complete subtree of 2^level leaves that begins at leaf index << level.
struct MerklePlace {
    unsigned level = 0;
    std::uint64_t index = 0;
};

/// A growing tree by the roots of its largest complete subtrees. Cheap to copy.
class MerkleFrontier {
public:
    /// Told of each complete subtree that comes to be; level 0 is the leaf itself.
    using Made = std::function<void(MerklePlace, const Digest&)>;

    MerkleFrontier() = default;
    /// The complete subtrees that a tree of `size` leaves consists of, largest first.
    static std::vector<MerklePlace> places(std::uint64_t size);
    /// `roots` as `places(size)`. Errors: invalid (another count).
    static Result<MerkleFrontier> restore(std::uint64_t size, std::vector<Digest> roots);

    void append(const Digest& leaf, const Made& made = {});
    std::uint64_t size() const { return size_; }
    Digest root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<Digest> roots_;  // largest first
};

/// Gives the hash of a complete subtree. Errors pass through.
using MerkleNodes = std::function<Result<Digest>(MerklePlace)>;

/// The path from leaf `index` to the root of a tree of `size`. Errors: invalid (index >= size).
Result<std::vector<Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                            const MerkleNodes& nodes);
/// That the tree of `size` begins with the tree of `old_size`. Empty for 0 and for equal sizes.
/// Errors: invalid (old_size > size).
Result<std::vector<Digest>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                              const MerkleNodes& nodes);

/// RFC 9162, 2.1.3.2 and 2.1.4.2. For any input; false is "not proven".
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      const std::vector<Digest>& proof, const Digest& root);
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root,
                        const Digest& root, const std::vector<Digest>& proof);

}  // namespace lineshaft::trust
