#include "trust/merkle.h"

#include <gtest/gtest.h>

#include <map>

#include "base/bytes.h"
#include "trust/checkpoint.h"

namespace lineshaft::trust {
namespace {

std::string hex_of(const Digest& digest) {
    return to_hex(as_bytes(text_of(digest)));
}

// The eight leaves and roots of Certificate Transparency's own tests of RFC 6962.
constexpr const char* leaves[] = {"",
                                  "00",
                                  "10",
                                  "2021",
                                  "3031",
                                  "40414243",
                                  "5051525354555657",
                                  "606162636465666768696a6b6c6d6e6f"};
constexpr const char* roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

// The definition of RFC 6962, word for word: slow and obviously right.
Digest oracle(const std::vector<Digest>& all, std::size_t from, std::size_t count) {
    if (count == 0) return merkle_empty();
    if (count == 1) return all[from];
    std::size_t split = 1;
    while (split * 2 < count) split *= 2;
    return merkle_node(oracle(all, from, split), oracle(all, from + split, count - split));
}

struct Tree {
    MerkleFrontier frontier;
    std::vector<Digest> all;
    std::map<std::pair<unsigned, std::uint64_t>, Digest> made;

    void grow(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(merkle_leaf(std::to_string(all.size())));
            frontier.append(all.back(), [&](MerklePlace place, const Digest& hash) {
                EXPECT_TRUE(made.emplace(std::pair(place.level, place.index), hash).second);
            });
        }
    }
    MerkleNodes nodes() const {
        return [this](MerklePlace place) -> Result<Digest> {
            const auto found = made.find({place.level, place.index});
            if (found == made.end()) return fail(Code::corrupt, "no such node");
            return found->second;
        };
    }
    Digest root(std::size_t size) const { return oracle(all, 0, size); }
};

TEST(control_17_merkle, roots_are_those_of_certificate_transparency) {
    MerkleFrontier tree;
    EXPECT_EQ(hex_of(tree.root()), roots[0]);
    for (std::size_t i = 0; i < std::size(leaves); ++i) {
        tree.append(merkle_leaf(from_hex(leaves[i]).value()));
        EXPECT_EQ(hex_of(tree.root()), roots[i + 1]) << i;
    }
}

TEST(control_17_merkle, every_size_agrees_with_the_definition_and_is_restored) {
    Tree tree;
    for (std::size_t size = 1; size <= 130; ++size) {
        tree.grow(1);
        ASSERT_EQ(tree.frontier.root(), tree.root(size)) << size;
        std::vector<Digest> parts;
        for (const auto place : MerkleFrontier::places(size)) parts.push_back(*tree.nodes()(place));
        auto again = MerkleFrontier::restore(size, parts);
        ASSERT_TRUE(again) << size;
        EXPECT_EQ(again->root(), tree.root(size));
    }
    EXPECT_FALSE(MerkleFrontier::restore(3, {tree.all[0]}));
}

TEST(control_17_merkle, inclusion_is_proven_for_every_leaf_and_for_nothing_else) {
    Tree tree;
    tree.grow(33);
    for (std::uint64_t size = 1; size <= 33; ++size) {
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(index, size, tree.nodes());
            ASSERT_TRUE(proof);
            const Digest root = tree.root(size);
            EXPECT_TRUE(verify_inclusion(index, size, tree.all[index], *proof, root));
            EXPECT_FALSE(verify_inclusion(index, size, merkle_leaf("other"), *proof, root));
            EXPECT_FALSE(verify_inclusion(index + 1, size, tree.all[index], *proof, root));
            auto longer = *proof;
            longer.push_back(root);
            EXPECT_FALSE(verify_inclusion(index, size, tree.all[index], longer, root));
        }
    }
    EXPECT_FALSE(inclusion_proof(33, 33, tree.nodes()));
}

TEST(control_17_merkle, consistency_is_proven_for_every_pair_and_for_no_rewritten_past) {
    Tree tree;
    tree.grow(33);
    for (std::uint64_t size = 0; size <= 33; ++size) {
        for (std::uint64_t old = 0; old <= size; ++old) {
            const auto proof = consistency_proof(old, size, tree.nodes());
            ASSERT_TRUE(proof);
            EXPECT_TRUE(verify_consistency(old, size, tree.root(old), tree.root(size), *proof));
            EXPECT_FALSE(
                verify_consistency(old, size, merkle_leaf("other"), tree.root(size), *proof));
            if (old > 0) {
                EXPECT_FALSE(
                    verify_consistency(old, size, tree.root(old), merkle_leaf("other"), *proof));
            }
        }
    }
    EXPECT_FALSE(consistency_proof(34, 33, tree.nodes()));
    EXPECT_FALSE(verify_consistency(34, 33, tree.root(33), tree.root(33), {}));
}

// RFC 8032, 7.1, test 1.
TEST(control_17_checkpoint, signs_as_rfc_8032_says) {
    const auto seed = SealKey::from(
        from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value());
    const SigningKey key(*seed);
    EXPECT_EQ(to_hex(as_bytes(key.public_key())),
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    EXPECT_EQ(to_hex(as_bytes(key.sign(""))),
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
              "39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(control_17_checkpoint, a_note_opens_under_its_key_and_any_change_is_found) {
    const SigningKey key(SealKey::random());
    const Checkpoint checkpoint{"lineshaft.hall", 42, sha256("root")};
    const std::string note = sign_checkpoint(checkpoint, key);
    EXPECT_TRUE(note.starts_with("lineshaft.hall\n42\n")) << note;
    EXPECT_TRUE(note.contains("\n\n\u2014 lineshaft.hall ")) << note;
    EXPECT_EQ(open_checkpoint(note, key.public_key()).value(), checkpoint);
    // A witness's line beside ours does not disturb.
    EXPECT_TRUE(open_checkpoint(note + "\u2014 witness AAAA\n", key.public_key()));
    EXPECT_FALSE(open_checkpoint(note, SigningKey(SealKey::random()).public_key()));
    const auto text_end = note.find("\n\n");
    for (std::size_t at = 0; at < text_end; ++at) {
        std::string changed = note;
        changed[at] = changed[at] == '1' ? '2' : '1';
        EXPECT_FALSE(open_checkpoint(changed, key.public_key())) << at;
    }
    for (std::size_t size = 0; size < note.size() - 1; size += 3) {
        EXPECT_FALSE(open_checkpoint(note.substr(0, size), key.public_key())) << size;
    }
    EXPECT_TRUE(verifier_key("lineshaft.hall", key.public_key()).starts_with("lineshaft.hall+"));
}

}  // namespace
}  // namespace lineshaft::trust
