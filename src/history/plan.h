#pragma once
#include <functional>
#include <memory>
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
};

/// Told about chunks that cannot be read: key and why.
using OnDamage = std::function<void(std::string_view key, const Error& why)>;

/// Lists a series' chunks that overlap a window, in the direction of reading. Owner: one read, on
/// one thread, ending before the store closes. Instants inside instant_min..instant_max only.
class ChunkPlan {
public:
    ChunkPlan(store::Store& store, SeriesId series, Window window, Direction direction,
              OnDamage on_damage);

    /// Appends the chunks of the next stretch that has any; false when there was none left.
    bool load(std::vector<ChunkRef>& into);
    /// No chunk still to come begins (in reading direction) before this turn.
    std::int64_t boundary() const { return boundary_; }
    bool is_exhausted() const { return is_exhausted_; }

private:
    bool find_month();
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
    std::unique_ptr<store::Cursor> cursor_;
    int month_;  // being read, or to be looked for
    bool in_days_ = false;
    bool is_exhausted_ = false;
    std::int64_t boundary_ = 0;
    std::size_t kept_bytes_ = 0;
};

}  // namespace lineshaft::history
