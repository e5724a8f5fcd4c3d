#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "history/plan.h"

// Chunks, the snapshot being sealed and the head as one series: in order, one sample per instant.
namespace lineshaft::history {

/// What a read does with the samples it meets.
class Sink {
public:
    /// Samples [from, until) of `samples`; backward reads meet them from the back. False: enough.
    virtual bool take(const Columns& samples, std::size_t from, std::size_t until) = 0;
    /// A chunk nothing else overlaps, inside the window: true if its statistics will do.
    virtual bool take_whole(const ChunkHeader&) { return false; }
    virtual ~Sink() = default;
};

/// Merges sources lazily: a chunk is decoded when the read arrives at it and dropped when passed,
/// so memory is what overlaps at one instant. Of equal instants the source of the highest rank
/// wins. Complexity: O(1) per run of samples that nothing else overlaps, O(sources) per sample
/// elsewhere.
class Merge {
public:
    /// `cursor`, `months`, `may_be_fresh`: as ChunkPlan's.
    Merge(store::Cursor& cursor, const Months& months, bool may_be_fresh, ChunkCodec& codec,
          SeriesId series, Window window, Direction direction, OnDamage on_damage);

    /// Adds samples from memory; a higher rank than any chunk's ticket. Before the first step.
    void add(Columns samples, std::uint64_t rank);

    /// As ChunkPlan's; before the first step.
    void prefer_days() { plan_.prefer_days(); }

    /// Feeds `sink` a little more; false at the end, or when it has enough.
    bool step(Sink& sink);
    /// Work done since the last time asked, in samples decoded; for yielding to others.
    std::size_t take_cost() { return std::exchange(cost_, 0); }

private:
    struct Source {
        std::uint64_t rank = 0;
        std::int64_t first_turn = 0;  // in reading direction
        std::int64_t last_turn = 0;
        std::optional<ChunkRef> chunk;  // until opened
        Columns samples;
        std::size_t done = 0;  // samples met, from the reading direction's front
        std::size_t until = 0;
    };

    std::int64_t turn_at(const Source& source, std::size_t done) const;
    std::int64_t next_turn() const;
    bool load_until(std::int64_t turn);
    void wait(Source source);
    void wait_for(std::vector<ChunkRef> found);
    bool open_next();
    bool is_alone(const Source& source) const;
    bool emit(Sink& sink, Source& source, std::size_t count);
    bool emit_run(Sink& sink, Source& source);
    bool emit_one(Sink& sink);
    void drop_finished();

    ChunkCodec& codec_;
    const Window window_;
    const Direction direction_;
    const OnDamage on_damage_;
    ChunkPlan plan_;
    std::vector<Source> waiting_;  // the next at the back
    std::vector<Source> open_;
    std::size_t cost_ = 0;
};

}  // namespace lineshaft::history
