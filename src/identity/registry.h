#pragma once
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "identity/record.h"
#include "identity/rules.h"
#include "io/per_shard.h"
#include "store/lane.h"
#include "store/store.h"

// The node's own identifiers: records in the store, who may change them, which prefixes live here.
// Layout: docs/formats/identity.md; why: docs/decisions/0015-identity-records.md.
namespace lineshaft::identity {

/// On whose behalf something is changed or read.
struct Authority {
    bool is_operator = false;                ///< of this node: everything
    std::optional<handle::Reference> who{};  ///< who proved to have that key; nothing: anybody
};

/// What a name leads to here.
struct Lookup {
    /// success, handle_not_found, not_responsible, service_referral or prefix_referral.
    handle::Answer answer = handle::Answer::handle_not_found;
    std::vector<handle::Value> values{};  ///< of the handle; of a referral: where to ask
    std::string referral{};               ///< the prefix handle that says so
};

struct Page {
    std::vector<std::string> names;  ///< ascending
    bool is_last = true;
};

/// Handles under the prefixes homed here, and the prefix handles (0.NA/...) of those and of what is
/// derived from them. Reads run where they are asked and see what is committed; every change of a
/// handle runs on the shard that owns its name, one after the other, and is answered when it is on
/// disk. Opened from a thread that is no shard's; outlives whoever asks it, ends before the lanes.
/// A change that was not answered is, after a crash, there as a whole or not at all.
class Registry {
public:
    struct Settings {
        bool is_case_sensitive = false;  ///< suffixes; prefixes and 0.NA/ never are
    };
    /// Errors: corrupt (names the record), those of the store.
    static Result<std::unique_ptr<Registry>> open(store::Store& store, io::Shards& shards,
                                                  std::vector<store::Lane*> lanes,
                                                  Settings settings, Limits limits);

    // Reading, on any shard.
    std::string canonical(std::string_view handle) const;
    /// Errors: corrupt, unavailable (the store's).
    Result<Lookup> look_up(std::string_view handle) const;
    /// The record alone, wherever the handle belongs. nothing: there is none.
    Result<std::optional<std::vector<handle::Value>>> values_of(std::string_view handle) const;
    bool homes(std::string_view prefix) const;
    std::vector<std::string> homed_prefixes() const;
    /// Canonical names of a prefix, after `after` (empty: from the first), at most page_max.
    Result<Page> list(std::string_view prefix, std::string_view after,
                      std::size_t count_max) const;
    /// Prefixes derived from `prefix` in one step that have a prefix handle here.
    Result<Page> list_derived(std::string_view prefix, std::string_view after,
                              std::size_t count_max) const;
    io::Task<std::int64_t> count(std::string prefix);
    /// Changes after `after`, oldest first.
    Result<std::vector<Transaction>> transactions(std::uint64_t after, std::size_t count_max) const;
    Result<std::uint64_t> last_transaction() const;

    /// Rights that `values` (and the groups they name) give to `who`.
    std::uint16_t rights_of(const std::vector<handle::Value>& values,
                            const handle::Reference& who) const;
    /// Whether all of `needed` is given, by the handle's own admins or by its prefix's.
    bool may(const Authority& by, std::string_view handle,
             const std::optional<std::vector<handle::Value>>& values, Needed needed) const;

    /// authentication_needed: `by` is nobody and rights are needed. Otherwise as the protocol says.
    io::Task<Outcome> change(Change change, Authority by);
    /// Makes `prefix` live here, and its prefix handle when it has none.
    io::Task<Outcome> home(std::string prefix, Authority by);
    /// Its handles stay in the store, unseen.
    io::Task<Outcome> unhome(std::string prefix, Authority by);

    const Limits& limits() const { return limits_; }

private:
    friend struct ChangeSteps;
    using Homes = std::set<std::string, std::less<>>;
    struct OnShard {
        std::shared_ptr<const Homes> homes = std::make_shared<const Homes>();
        // Who waits for a change of the same handle to end; present: one is under way.
        std::unordered_map<std::string, std::vector<io::Answer<bool>>, StringHash, std::equal_to<>>
            busy;
        std::map<std::string, std::int64_t, std::less<>> counts;  // handles by prefix
        std::set<std::string, std::less<>> counts_to_write;
    };
    Registry(store::Store& store, io::Shards& shards, std::vector<store::Lane*> lanes,
             Settings settings, Limits limits);
    Result<void> load();
    OnShard& here() const { return on_shard_.here(); }
    ShardIndex owner(std::string_view canonical_handle) const;
    Result<Lookup> look_beyond(std::string_view prefix) const;
    void put_counts(OnShard& shard, std::uint32_t index, store::Batch& batch);

    store::Store& store_;
    io::Shards& shards_;
    std::vector<store::Lane*> lanes_;
    Settings settings_;
    Limits limits_;
    mutable io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::identity
