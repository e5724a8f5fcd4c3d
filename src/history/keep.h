#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/store.h"

// How long, and how finely, the samples of a class of tags are kept. Nothing expires unless a rule
// says so. What has expired is out of sight at once, by the clock; its bytes go in a sweep, and
// every step of a sweep may be repeated: docs/decisions/0019-retention.md.
namespace lineshaft::history {

/// A class of tags and what becomes of it. A tag belongs to the first rule of its organisation that
/// fits; one that fits none is kept for ever, as it came.
struct KeepRule {
    std::string name;                     ///< 1..64 bytes, unique
    std::vector<std::string> tags;        ///< patterns, one must fit; `*` any bytes, `?` one
    std::vector<std::string> machines{};  ///< patterns, one must fit; empty: every machine
    std::uint32_t keep_days = 0;          ///< then samples expire; 0: never
    std::uint32_t full_days = 0;          ///< then they are thinned, a whole UTC month at a time
    std::uint32_t resolution_s = 0;       ///< to the last sample of each so many seconds; 0: never
    bool operator==(const KeepRule&) const = default;
};
using KeepRules = std::vector<KeepRule>;

struct KeepLimits {
    std::size_t rules_max = 64;     ///< of one organisation
    std::size_t patterns_max = 64;  ///< of one rule, tags and machines each
    std::size_t pattern_bytes_max = 256;
    std::uint32_t days_max = 36'525;         ///< a hundred years
    std::uint32_t resolution_s_max = 86'400;
};
/// Errors: invalid, in words for people.
Result<void> check(const KeepRules& rules, const KeepLimits& limits = {});

/// `*` stands for any bytes, `?` for one; linear in practice, never worse than pattern x text.
bool fits(std::string_view pattern, std::string_view text);
/// Null: none fits. What the node itself writes of a machine, tags that begin with $, is kept.
const KeepRule* rule_of(const KeepRules& rules, std::string_view machine, std::string_view tag);

/// What of a tag is kept at `now`: samples from here on; a UTC midnight, or INT64_MIN.
Instant kept_from(const KeepRule* rule, Instant now);
/// Samples before are thinned, or soon will be: the first of a UTC month, or INT64_MIN.
Instant thinned_until(const KeepRule* rule, Instant now);

/// The rules of all organisations; never changes once shared.
struct KeepTable {
    std::map<OrganisationId, KeepRules> rules;
    const KeepRule* rule_of(OrganisationId organisation, std::string_view machine,
                            std::string_view tag) const;
};

/// Records of family `history.series` beside the dictionary's: docs/formats/series.md.
inline constexpr std::string_view sweep_key = "\xfc";
inline constexpr std::string_view keep_keys = "\xfd";
std::string keep_key(OrganisationId organisation);
std::string keep_record(OrganisationId organisation, const KeepRules& rules);
/// Errors: corrupt, unsupported; named.
Result<KeepRules> parse_keep(std::string_view key, std::string_view record);
std::string sweep_record(std::int64_t day);
Result<std::int64_t> parse_sweep(std::string_view record);

struct KeepLoaded {
    std::shared_ptr<const KeepTable> table;
    std::optional<std::int64_t> swept_day;  ///< by the clock of the last sweep, days since 1970
};
/// Errors: corrupt, unsupported, the store's.
Result<KeepLoaded> load_keep(store::Store& store);

/// Series (ascending) that keep what is from `from` on, a UTC midnight.
struct Expired {
    std::vector<SeriesId> series;
    Instant from;
};
struct ExpiredCount {
    std::uint64_t chunks = 0, samples = 0, bytes = 0;
};

/// Finds, step by step, the chunks that hold nothing else than expired samples. Chunks that reach
/// over several days of the month in which `from` lies stay until the month has passed. Fresh ones
/// wait until they are settled.
class Expiry {
public:
    explicit Expiry(Expired what, std::size_t chunks_max = 4096)
        : what_(std::move(what)), chunks_max_(chunks_max) {}
    /// The next removals, of a bounded number of chunks; to be committed before the next step.
    /// Errors: the store's. Blocks.
    Result<store::Batch> step(store::Store& store);
    bool is_done() const { return is_done_; }
    /// Of all steps so far.
    const ExpiredCount& count() const { return count_; }

private:
    struct Range {
        std::uint16_t month;
        std::uint64_t series;
        bool is_whole;  ///< the series' month, else only until `from`
    };
    std::size_t walk(store::Cursor& cursor, const Range& range);
    store::Batch removals(store::Store& store, const std::vector<Range>& ranges) const;

    const Expired what_;
    const std::size_t chunks_max_;
    std::uint16_t month_ = 0;
    std::uint64_t next_ = 0;
    bool is_done_ = false;
    ExpiredCount count_;
};

/// What a class takes on disk.
struct ClassSpace {
    std::uint64_t series = 0, chunks = 0, samples = 0, bytes = 0;
};

}  // namespace lineshaft::history
