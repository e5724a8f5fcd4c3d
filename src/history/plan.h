#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "history/chunk.h"
#include "history/keys.h"
#include "store/store.h"

// Which chunks a read needs, found a day at a time, so that a read that stops early never looks at
// the rest of a year.
namespace lineshaft::history {

enum class Direction : std::int8_t { forward = 1, backward = -1 };

/// Instants as a read meets them: smaller is sooner in either direction.
inline std::int64_t turn_of(Direction direction, std::int64_t at) {
    return direction == Direction::forward ? at : -at;
}

/// A chunk a read will need. The bytes may be left out: then get them by key.
struct ChunkRef {
    std::string key;
    std::uint64_t ticket = 0;
    ChunkHeader header;
    std::string bytes;
    bool is_day = false;  ///< stands for all settled chunks of a UTC day; has no bytes of its own
};

/// Told about chunks that cannot be read: key and why.
using OnDamage = std::function<void(std::string_view key, const Error& why)>;

/// A cursor for the chunks of `window`, of any number of series one after the other: one view of
/// the store, so that what is settled meanwhile is met where it was or where it is, never lost.
std::unique_ptr<store::Cursor> chunk_cursor(store::Store& store, Window window);

/// Which months a cursor's view holds chunks of, of any series: few questions for many series.
struct Months {
    int first = 1, last = 0;  ///< first > last: none that is settled
};
/// Of a cursor of chunk_cursor that was not moved yet; moves it.
Months months_of(store::Cursor& cursor);

/// Lists a series' chunks that overlap a window, in the direction of reading: first what is fresh,
/// then month by month. Owner: one read, on one thread. `cursor`: of chunk_cursor for this window,
/// nobody else moves it meanwhile; `months`: of the same cursor; `may_be_fresh`: some of the series'
/// chunks may not be settled yet. Instants inside instant_min..instant_max only.
class ChunkPlan {
public:
    ChunkPlan(store::Cursor& cursor, const Months& months, bool may_be_fresh, SeriesId series,
              Window window, Direction direction, OnDamage on_damage);
    /// Whole days where their statistics are known (days.h); forward only, before the first load.
    void prefer_days() { prefers_days_ = true; }

    /// Appends the chunks of the next stretch that has any; false when there was none left.
    bool load(std::vector<ChunkRef>& into);
    /// No chunk still to come begins (in reading direction) before this turn.
    std::int64_t boundary() const { return boundary_; }
    bool is_exhausted() const { return is_exhausted_; }
    /// A chunk's bytes that were not kept. Nothing: the store could not be read.
    std::optional<std::string> bytes_of(const ChunkRef& chunk);
    /// The chunks that a day stands for.
    void load_chunks_of(const ChunkRef& day, std::vector<ChunkRef>& into);

private:
    bool load_days(std::vector<ChunkRef>& into);
    void take_day_chunks(std::int64_t day, std::vector<ChunkRef>& into);
    void load_fresh(std::vector<ChunkRef>& into);
    bool find_month();
    bool load_few(std::vector<ChunkRef>& into);
    void load_whole_month(std::vector<ChunkRef>& into);
    void load_month_chunks(std::vector<ChunkRef>& into);
    bool enter_days();
    void load_day(std::vector<ChunkRef>& into);
    void take(std::vector<ChunkRef>& into);
    bool is_inside(Span span) const;
    void step();
    void seek(const ChunkKey& key);
    void end();

    const SeriesId series_;
    const Window window_;
    const Direction direction_;
    const OnDamage on_damage_;
    store::Cursor& cursor_;
    std::string resume_;  // where the cursor stood before it fetched bytes
    const int first_month_, last_month_;  // first > last: there is nothing settled
    int month_;  // being read, or to be looked for
    bool is_fresh_loaded_ = false;
    bool in_days_ = false;
    bool prefers_days_ = false;
    bool has_days_ = false;                // of the month being read
    std::vector<std::int64_t> other_days_;  // that they do not tell of, the next at the back
    bool is_exhausted_ = false;
    std::int64_t boundary_ = 0;
    std::size_t kept_bytes_ = 0;
};

}  // namespace lineshaft::history
