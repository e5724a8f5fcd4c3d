#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "identity/record.h"
#include "identity/rules.h"
#include "identity/templates.h"
#include "io/per_shard.h"
#include "io/shared_rate.h"
#include "store/lane.h"
#include "store/store.h"
#include "trust/seal.h"

// The node's own identifiers: records in the store, who may change them, which prefixes live here.
// Layout: docs/formats/identity.md; why: docs/decisions/0015-identity-records.md.
namespace lineshaft::identity {

class Statistics;
class ValueSigner;

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
    bool is_computed = false;             ///< by the template of its prefix
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
        /// Under which HS_SECKEY values lie in the store; nothing: as they are.
        std::optional<trust::SealKey> seal{};
    };
    /// Errors: corrupt (names the record), those of the store.
    static Result<std::unique_ptr<Registry>> open(store::Store& store, io::Shards& shards,
                                                  std::vector<store::Lane*> lanes,
                                                  Settings settings, Limits limits);

    // Reading, on any shard.
    std::string canonical(std::string_view handle) const;
    /// What is not registered may be computed by a template. Counted in the statistics. Errors:
    /// corrupt, unavailable (the store's).
    Result<Lookup> look_up(std::string_view handle) const;
    /// The record of a handle whose own prefix lives here, to be shown as it is (show_public): the
    /// short way of a lookup. Nothing: ask look_up. Not counted before note_shown.
    struct OwnRecord {
        std::string key;    ///< of the store
        std::string bytes;
    };
    std::optional<OwnRecord> own_record(std::string_view handle) const;
    void note_shown(const OwnRecord& record) const;
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
    /// No transaction below that number is still to come: who follows along reads up to it.
    io::Task<std::uint64_t> settled_before();

    /// Rights that `values` (and the groups they name) give to `who`.
    std::uint16_t rights_of(const std::vector<handle::Value>& values,
                            const handle::Reference& who) const;
    /// What is public, and values whose references name `who` (or a group with it) and that the
    /// public may not read: those are for parties.
    View party_view(std::vector<handle::Value> values, const handle::Resolution& asked,
                    const handle::Reference& who) const;
    /// Whether all of `needed` is given, by the handle's own admins or by its prefix's.
    bool may(const Authority& by, std::string_view handle,
             const std::optional<std::vector<handle::Value>>& values, Needed needed) const;

    /// The template that holds for a prefix homed here: of its own HS_NAMESPACE or the nearest one
    /// above. null: none, or it cannot be read.
    std::shared_ptr<const Template> template_of(std::string_view prefix) const;

    /// authentication_needed: `by` is nobody and rights are needed. Otherwise as the protocol says.
    io::Task<Outcome> change(Change change, Authority by);
    /// Many at once, each for itself; the outcomes in their order, when all are on disk. Changes of
    /// one handle happen in their order. Takes what two commits take, however many they are.
    io::Task<std::vector<Outcome>> change_many(std::vector<Change> changes, Authority by);
    /// How many handles a prefix may have; one more is refused with registration_limit. nothing:
    /// as many as there is room for. Holds until the process ends.
    io::Task<bool> set_quota(std::string prefix, std::optional<std::int64_t> handles_max);
    /// Makes `prefix` live here, and its prefix handle when it has none.
    io::Task<Outcome> home(std::string prefix, Authority by);
    /// Its handles stay in the store, unseen.
    io::Task<Outcome> unhome(std::string prefix, Authority by);

    const Limits& limits() const { return limits_; }
    /// Counts from now on. Before anyone asks; outlives the registry's users.
    void set_statistics(Statistics& statistics) { statistics_ = &statistics; }
    /// From now on signs the values of handles that change, in the same commit. As above.
    void set_signer(ValueSigner& signer) { signer_ = &signer; }

private:
    friend struct ChangeSteps;
    using Homes = std::set<std::string, std::less<>>;
    using Quota = std::shared_ptr<io::SharedCount>;
    struct OnShard {
        std::shared_ptr<const Homes> homes = std::make_shared<const Homes>();
        // Who waits for a change of the same handle to end; present: one is under way.
        std::unordered_map<std::string, std::vector<io::Answer<bool>>, StringHash, std::equal_to<>>
            busy;
        std::map<std::string, std::int64_t, std::less<>> counts;  // handles by prefix
        std::set<std::string, std::less<>> counts_to_write;
        std::set<std::uint64_t> under_way;  // transactions that have a number and no answer yet
        std::map<std::string, Quota, std::less<>> quotas;
        // By prefix, of the prefix handles as they were at `templates_at`.
        std::map<std::string, std::shared_ptr<const Template>, std::less<>> templates;
        std::uint64_t templates_at = 0;
    };
    Registry(store::Store& store, io::Shards& shards, std::vector<store::Lane*> lanes,
             Settings settings, Limits limits);
    Result<void> load();
    OnShard& here() const { return on_shard_.here(); }
    ShardIndex owner(std::string_view canonical_handle) const;
    Result<Lookup> find(std::string_view handle, const std::string& name) const;
    Result<Lookup> look_beyond(std::string_view prefix) const;
    Result<std::optional<std::vector<handle::Value>>> compute(std::string_view handle,
                                                              std::string_view prefix) const;
    std::shared_ptr<const Template> read_template(std::string_view prefix) const;
    void put_counts(OnShard& shard, std::uint32_t index, store::Batch& batch);
    Result<std::optional<std::vector<handle::Value>>> values_at(const std::string& name) const;
    std::string record_of(std::string_view name, const std::vector<handle::Value>& values) const;
    Result<std::vector<handle::Value>> values_in(std::string_view name,
                                                 std::string_view record) const;

    store::Store& store_;
    io::Shards& shards_;
    std::vector<store::Lane*> lanes_;
    Settings settings_;
    Limits limits_;
    mutable io::PerShard<OnShard> on_shard_;
    io::SharedTally prefix_changes_;  // of prefix handles, since the start
    Statistics* statistics_ = nullptr;
    ValueSigner* signer_ = nullptr;
};

}  // namespace lineshaft::identity
