#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "history/columns.h"
#include "history/history.h"

// History's door for whoever asks for many series, statement after statement, as SQL does: who is
// asked for is remembered while no series is born or erased, buckets come in pieces while workers go
// on, and all other shards are asked at once instead of one after the other, for waking a thread
// that sleeps costs more than reading what it has.
namespace lineshaft::history {

/// Series by machine and tag, and the shard that owns each. Immutable: shared by whoever asks for
/// the same.
struct SeriesList {
    std::vector<Series> series;
    std::vector<ShardIndex> owners;  ///< as long as `series`
};
using SeriesListPtr = std::shared_ptr<const SeriesList>;

/// An aggregate's buckets as they are found. Owner: one coroutine on the shard that began it. May be
/// dropped between two calls: what workers do for it ends soon.
class BucketPieces {
public:
    struct Piece {
        std::uint32_t first_group = 0;
        std::vector<std::vector<Bucket>> groups;  ///< of group first_group + n; empty: no more
    };
    virtual ~BucketPieces() = default;
    /// The groups that come next, whole. `time_max`: of waiting in this call; 0: none.
    /// Errors: as History::aggregate; then nothing more is to be asked.
    virtual io::Task<Result<Piece>> next(std::chrono::milliseconds time_max) = 0;
};

class Answers {
public:
    virtual ~Answers() = default;

    /// As History::chosen; `fits` is not asked. Remembered on the asking shard, a few thousand
    /// series at most.
    virtual io::Task<SeriesListPtr> listed(SeriesChoice choice) = 0;
    /// The newest sample of each of the list's series [first, until), in their order; INT64_MIN as
    /// its instant: nothing is stored, or it is erased. Errors: as History::read.
    virtual io::Task<Result<Columns>> newest_of(SeriesListPtr list, std::size_t first,
                                                std::size_t until) = 0;
    /// Begins; groups must ascend from 0, a group's series side by side and no number left out.
    /// Memory: the buckets of two pieces for each thread. `time_max` of the question is not looked
    /// at. Errors: as History::aggregate, but buckets are counted for a piece, not for all.
    virtual Result<std::unique_ptr<BucketPieces>> pieces(Aggregate question) = 0;
};

/// Lives as long as `history`.
Answers& answers_of(History& history);

}  // namespace lineshaft::history
