#pragma once
#include <list>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "identity/asker.h"
#include "io/per_shard.h"

// Finds what stands behind any name: from the bootstrap servers down the chain of delegations, with
// a cache. Steps: docs/protocols/handle.md, "resolving".
namespace lineshaft::identity {

struct ResolverLimits {
    unsigned hops_max = 24;     ///< questions for one name
    unsigned aliases_max = 4;   ///< HS_ALIAS and HS_SERV followed for one name
    unsigned servers_max = 6;   ///< tried at one step
    std::size_t cached_max = 100'000;             ///< names on each shard
    std::size_t cached_bytes_max = 64 << 20;      ///< of each shard
    io::Steady ttl_max{86'400'000};
    io::Steady negative_ttl{60'000};              ///< of what is not there
    io::Steady stale_max{86'400'000};             ///< after its end, while nobody answers
    /// A name asked for so often since it was fetched is fetched again before its end, so that
    /// nobody waits for it. 0: none is. Takes close().
    unsigned prefetch_hits_min = 0;
    std::size_t prefetches_max = 64;  ///< under way on each shard
};

/// What is known of an answer's origin.
enum class Origin : std::uint8_t {
    unsigned_answer,  ///< nobody named a key for that server
    signed_answer,    ///< by the key that the one who referred to it names
    refused,          ///< a key is known, and it did not sign this
};

/// One question on the way.
struct Hop {
    std::string server;  ///< "127.0.0.1:2641", "cache"
    handle::Transport transport = handle::Transport::udp;
    std::string asked;
    handle::Answer answer = handle::Answer::none;  ///< none: no answer, `note` says why
    std::string note;                              ///< where it refers to
    io::Steady took{0};
    Origin origin = Origin::unsigned_answer;
    std::string signer{};  ///< fingerprint of the key, when it is signed
};

struct Resolved {
    handle::Answer answer = handle::Answer::success;
    std::string message{};               ///< of a refusal
    std::vector<handle::Value> values{}; ///< all that the public may see
    io::Steady fresh_until{0};           ///< steady time
    bool is_from_cache = false, is_stale = false;
    /// Signed all the way from a server whose key the operator trusts. Else it is as good as the path
    /// to the servers.
    bool is_proven = false;
};

struct ResolverStats {
    std::uint64_t asked = 0, cached = 0, stale = 0, questions = 0, failed = 0, poisoned = 0;
    std::uint64_t forged = 0;      ///< not signed by the key that was named
    std::uint64_t prefetched = 0;  ///< before anybody had to wait
    ResolverStats& operator+=(const ResolverStats& other);
};

/// A referral counts only when it leads nearer: to a prefix that the wanted one is, or is derived
/// from, and that is longer than the one before; so loops and answers for others' prefixes end the
/// search. Servers whose key is named by who refers to them must sign, or they have not answered.
/// Reads and caches on the shard where it is asked.
class Resolver {
public:
    /// `trusted`: fingerprints (identity::fingerprint_of) of the bootstrap servers' keys; when there
    /// are any, no other server is believed. Empty: they are believed unsigned.
    Resolver(io::Shards& shards, std::vector<io::Address> bootstrap, ResolverLimits limits,
             std::vector<std::string> trusted = {});
    ~Resolver();
    /// Ends what is fetched ahead; nothing is fetched ahead any more. From no shard's thread, before
    /// the shards stop.
    void close();

    /// Errors: unavailable (nobody answers and nothing is cached), invalid (a poisoned referral, a
    /// malformed answer), exhausted (hops_max), timeout. `trace` null, or filled with every hop.
    io::Task<Result<Resolved>> resolve(std::string name, std::vector<Hop>* trace);
    /// What is known and fresh, without asking.
    std::optional<Resolved> cached(std::string_view name);
    io::Task<ResolverStats> stats();

private:
    friend struct ResolveSteps;
    struct OnShard;
    OnShard& here() { return on_shard_.here(); }
    void fetch_ahead(const std::string& name);

    io::Shards& shards_;
    const std::vector<io::Address> bootstrap_;
    const ResolverLimits limits_;
    const std::vector<std::string> trusted_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::identity
