// Questions that wait for a proof, and the check of such a proof.
#pragma once
#include <list>
#include <map>
#include <optional>
#include <string>

#include "gate/handle/limits.h"
#include "wire/handle/bodies.h"

namespace lineshaft::handle {

/// A request that was answered with a challenge.
struct Pending {
    std::string message;  ///< whole, with its envelope
    std::string nonce;
    RequestDigest digest;
};

/// One shard's challenges, by id; each can be taken once. When there are too many, the oldest are
/// forgotten. Owner: the shard.
class Challenges {
public:
    Challenges(std::uint32_t shard, std::uint32_t shards, const DoorLimits& limits)
        : limits_(limits), shard_(shard), shards_(shards) {}

    /// The id, which also says on which shard it waits.
    std::uint32_t add(Pending pending, io::Steady now);
    std::optional<Pending> take(std::uint32_t id, io::Steady now);
    std::uint64_t lost() const { return lost_; }
    std::size_t size() const { return pending_.size(); }
    static std::uint32_t shard_of(std::uint32_t id, std::size_t shards) {
        return id % static_cast<std::uint32_t>(shards);
    }

private:
    struct Entry {
        Pending pending;
        io::Steady until;
    };
    void forget(std::map<std::uint32_t, Entry>::iterator entry);
    void make_room(io::Steady now);

    const DoorLimits limits_;
    const std::uint32_t shard_, shards_;
    std::map<std::uint32_t, Entry> pending_;  // ids ascend until they wrap after two billion
    std::list<std::uint32_t> oldest_first_;
    std::size_t bytes_ = 0;
    std::uint32_t next_ = 1;
    std::uint64_t lost_ = 0;
};

std::string digest_of(DigestKind kind, std::string_view header_and_body);

/// The value of `values` with which a claim of `type` ("HS_PUBKEY", "HS_SECKEY") at `index` (0: any)
/// is checked; null: there is none.
const Value* key_for(const std::vector<Value>& values, std::string_view type, std::uint32_t index);
/// Whether `proof` is made with `key` for nonce and digest. Blocks: on a worker. Errors: denied (it
/// is not), invalid (malformed, iterations), unsupported (MD5, a kind of key that we do not have).
/// `takes_sm2`: whether keys of GM/T 0003 are among those we have.
Result<void> check_proof(const Value& key, std::string_view proof, std::string_view nonce,
                         const RequestDigest& digest, bool takes_sm2 = false);

}  // namespace lineshaft::handle
