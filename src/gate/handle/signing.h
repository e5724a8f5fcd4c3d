#pragma once
// Inside gate/handle: one shard's signatures. Each costs a third of a millisecond on a worker; handing it
// over and back costs the kernel a switch of threads each way, which was a fifth of the whole. So what waits
// while the workers are busy goes to them together. Source: docs/benchmarks.md, the Handle protocol.
#include <memory>
#include <vector>

#include "io/workers.h"
#include "trust/rsa.h"

namespace lineshaft::handle {

/// Owner: one shard, every call from it. Outlives what it was asked for: who asks waits in a nursery
/// that ends before.
class Signing {
public:
    struct Limits {
        std::size_t together_max = 8;     ///< signatures handed over at once
        std::size_t handed_over_max = 2;  ///< such groups of this shard, with the workers
        std::size_t waiting_max = 8'192;  ///< signatures, beside those
    };
    using Signature = Result<std::string>;

    /// `key` null: nothing can be signed.
    Signing(const trust::RsaKey* key, io::Workers* signers, Limits limits);

    /// PKCS#1 v1.5 over the hash of `covered`; of many, in the order asked for. One that is alone waits for
    /// nobody. Errors: exhausted (too many wait).
    io::Task<Signature> sign(trust::Hash hash, std::string covered);

private:
    struct Wish {
        trust::Hash hash;
        std::string covered;
        io::Answer<Signature> answer;
    };
    using Group = std::vector<Wish>;

    void take(Wish wish);
    void hand_over();
    void hand_over(std::size_t count);
    void answer(Group group, std::vector<Signature> signatures);

    const trust::RsaKey* const key_;
    io::Workers* const signers_;
    const Limits limits_;
    Group waiting_;  // oldest first
    std::size_t handed_over_ = 0;
    bool is_turn_posted_ = false;
};

}  // namespace lineshaft::handle
