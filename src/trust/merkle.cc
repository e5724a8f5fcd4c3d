#include "trust/merkle.h"

#include <bit>

#include "base/check.h"

namespace lineshaft::trust {
namespace {

std::uint64_t split_of(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

// The root over leaves [from, from + count), which the recursion of the RFC keeps aligned.
Result<Digest> subtree(std::uint64_t from, std::uint64_t count, const MerkleNodes& nodes) {
    if (count == 0) return merkle_empty();
    if (std::has_single_bit(count)) {
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        return nodes({level, from >> level});
    }
    const std::uint64_t split = split_of(count);
    TRY(const Digest left, subtree(from, split, nodes));
    TRY(const Digest right, subtree(from + split, count - split, nodes));
    return merkle_node(left, right);
}

// RFC 9162, 2.1.3.1 PATH: the hashes beside the way, from the leaf up.
Result<void> path(std::uint64_t index, std::uint64_t from, std::uint64_t count,
                  const MerkleNodes& nodes, std::vector<Digest>& out) {
    if (count == 1) return {};
    const std::uint64_t split = split_of(count);
    const bool goes_left = index < split;
    if (goes_left) {
        TRY_VOID(path(index, from, split, nodes, out));
        TRY(const Digest beside, subtree(from + split, count - split, nodes));
        out.push_back(beside);
    } else {
        TRY_VOID(path(index - split, from + split, count - split, nodes, out));
        TRY(const Digest beside, subtree(from, split, nodes));
        out.push_back(beside);
    }
    return {};
}

// RFC 9162, 2.1.4.1 SUBPROOF; `is_whole`: the old tree is this subtree itself, its root is known.
Result<void> subproof(std::uint64_t old_count, std::uint64_t from, std::uint64_t count,
                      bool is_whole, const MerkleNodes& nodes, std::vector<Digest>& out) {
    if (old_count == count) {
        if (is_whole) return {};
        TRY(const Digest whole, subtree(from, count, nodes));
        out.push_back(whole);
        return {};
    }
    const std::uint64_t split = split_of(count);
    if (old_count <= split) {
        TRY_VOID(subproof(old_count, from, split, is_whole, nodes, out));
        TRY(const Digest right, subtree(from + split, count - split, nodes));
        out.push_back(right);
    } else {
        TRY_VOID(subproof(old_count - split, from + split, count - split, false, nodes, out));
        TRY(const Digest left, subtree(from, split, nodes));
        out.push_back(left);
    }
    return {};
}

}  // namespace

Digest merkle_leaf(std::string_view record) {
    std::string text(1, '\0');
    text.append(record);
    return sha256(text);
}

Digest merkle_node(const Digest& left, const Digest& right) {
    std::string text(1, '\x01');
    text.append(text_of(left)).append(text_of(right));
    return sha256(text);
}

Digest merkle_empty() {
    return sha256({});
}

std::vector<MerklePlace> MerkleFrontier::places(std::uint64_t size) {
    std::vector<MerklePlace> places;
    std::uint64_t from = 0;
    for (std::uint64_t left = size; left > 0;) {
        const std::uint64_t count = std::bit_floor(left);
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        places.push_back({level, from >> level});
        from += count;
        left -= count;
    }
    return places;
}

Result<MerkleFrontier> MerkleFrontier::restore(std::uint64_t size, std::vector<Digest> roots) {
    if (roots.size() != static_cast<std::size_t>(std::popcount(size))) {
        return fail(Code::invalid, "as many roots as the size has ones");
    }
    MerkleFrontier frontier;
    frontier.size_ = size;
    frontier.roots_ = std::move(roots);
    return frontier;
}

void MerkleFrontier::append(const Digest& leaf, const Made& made) {
    MerklePlace place{0, size_};
    Digest hash = leaf;
    if (made) made(place, hash);
    // As in adding one to a binary number: each trailing one of the size is a subtree to join.
    for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
        hash = merkle_node(roots_.back(), hash);
        roots_.pop_back();
        place = {place.level + 1, place.index >> 1};
        if (made) made(place, hash);
    }
    roots_.push_back(hash);
    ++size_;
}

Digest MerkleFrontier::root() const {
    if (roots_.empty()) return merkle_empty();
    Digest root = roots_.back();
    for (std::size_t at = roots_.size() - 1; at-- > 0;) root = merkle_node(roots_[at], root);
    return root;
}

Result<std::vector<Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                            const MerkleNodes& nodes) {
    if (index >= size) return fail(Code::invalid, "the log does not have that many records");
    std::vector<Digest> proof;
    TRY_VOID(path(index, 0, size, nodes, proof));
    return proof;
}

Result<std::vector<Digest>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                              const MerkleNodes& nodes) {
    if (old_size > size) return fail(Code::invalid, "the log does not have that many records");
    std::vector<Digest> proof;
    if (old_size == 0 || old_size == size) return proof;
    TRY_VOID(subproof(old_size, 0, size, true, nodes, proof));
    return proof;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      const std::vector<Digest>& proof, const Digest& root) {
    if (index >= size) return false;
    std::uint64_t fn = index, sn = size - 1;
    Digest hash = leaf;
    for (const Digest& beside : proof) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            hash = merkle_node(beside, hash);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hash = merkle_node(hash, beside);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root,
                        const Digest& root, const std::vector<Digest>& proof) {
    if (old_size > size) return false;
    if (old_size == size) return proof.empty() && old_root == root;
    if (old_size == 0) return proof.empty() && old_root == merkle_empty();
    std::vector<Digest> steps = proof;
    if (std::has_single_bit(old_size)) steps.insert(steps.begin(), old_root);
    if (steps.empty()) return false;
    std::uint64_t fn = old_size - 1, sn = size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    Digest old_hash = steps.front(), hash = steps.front();
    for (std::size_t at = 1; at < steps.size(); ++at) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            old_hash = merkle_node(steps[at], old_hash);
            hash = merkle_node(steps[at], hash);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hash = merkle_node(hash, steps[at]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && old_hash == old_root && hash == root;
}

}  // namespace lineshaft::trust
