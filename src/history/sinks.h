#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "history/merge.h"
#include "history/types.h"

// What reads do with samples: collect them, aggregate them into buckets, keep only the changes.
namespace lineshaft::history {

/// The first `count_max` samples in reading direction.
class SampleSink final : public Sink {
public:
    SampleSink(Direction direction, std::size_t count_max, std::size_t text_bytes_max)
        : direction_(direction), count_max_(count_max), text_bytes_max_(text_bytes_max) {}
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool is_overfull() const { return text_bytes_ > text_bytes_max_; }
    std::vector<Sample>& samples() { return samples_; }

private:
    const Direction direction_;
    const std::size_t count_max_;
    const std::size_t text_bytes_max_;
    std::size_t text_bytes_ = 0;
    std::vector<Sample> samples_;
};

/// Which bucket an instant lies in.
class Grid {
public:
    /// `step` long each, counted from `start`, at which or after every instant asked for lies.
    Grid(Instant start, std::chrono::microseconds step)
        : start_(start.micros), step_(step.count()) {}
    /// Between `edges`, which ascend and which every instant asked for lies between.
    explicit Grid(std::vector<Instant> edges) : edges_(std::move(edges)) {}
    /// `near`: where some bucket ends, perhaps this one's beginning; it saves a division.
    Window at(Instant at, std::int64_t near = INT64_MIN) const;
    /// About how long a bucket is.
    std::chrono::microseconds typical_step() const {
        if (edges_.empty()) return std::chrono::microseconds(step_);
        const auto all = static_cast<std::uint64_t>(edges_.back().micros) -
                         static_cast<std::uint64_t>(edges_.front().micros);
        const auto each = std::min<std::uint64_t>(all / (edges_.size() - 1), INT64_MAX);
        return std::chrono::microseconds(static_cast<std::int64_t>(each));
    }

private:
    std::int64_t start_ = 0;
    std::int64_t step_ = 1;
    std::vector<Instant> edges_;
};

/// Aggregates per bucket; forward reads only, of one series.
class BucketSink final : public Sink {
public:
    BucketSink(Grid grid, std::size_t buckets_max)
        : grid_(std::move(grid)), buckets_max_(buckets_max) {}
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool take_whole(const ChunkHeader& chunk) override;
    bool is_overfull() const { return buckets_.size() > buckets_max_; }
    std::vector<Bucket>& buckets() { return buckets_; }
    /// For the next series.
    void clear() {
        buckets_.clear();
        bucket_until_ = INT64_MIN;
    }

private:
    Bucket& bucket_at(std::int64_t at);
    template <class Number>
    bool take_plain(const Columns& samples, std::size_t from, std::size_t until);
    static void add_each(Bucket& bucket, const Columns& samples, std::size_t from,
                         std::size_t until);

    const Grid grid_;
    const std::size_t buckets_max_;
    std::int64_t bucket_until_ = INT64_MIN;  // of the newest bucket
    std::vector<Bucket> buckets_;
};

/// Hands on what counts; a chunk of which nothing does is not decoded. Forward reads only.
class OnlySink final : public Sink {
public:
    OnlySink(const Only& only, BucketSink& inside) : only_(only), inside_(inside) {}
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool take_whole(const ChunkHeader& chunk) override;

private:
    const Only only_;
    BucketSink& inside_;
    Columns kept_;
};

/// Hands on what has a sample beside it: one of another series, of the same instant, that counts.
/// The other series is read as far as the first one is, its instants of a few chunks in memory.
/// Forward reads only.
class BesideSink final : public Sink {
public:
    /// `is_to_stop`: asked between two steps of the other series.
    BesideSink(const Only& only, std::function<bool()> is_to_stop, Sink& inside)
        : only_(only), is_to_stop_(std::move(is_to_stop)), inside_(inside) {}
    /// Begins with the next pair; `other` lives until the one after.
    void begin(Merge& other);
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool take_whole(const ChunkHeader& chunk) override;

private:
    /// Of the other series, what counts.
    class Instants final : public Sink {
    public:
        bool take(const Columns& samples, std::size_t from, std::size_t until) override;
        Only only;
        std::vector<std::int64_t> at;
        std::size_t next = 0;
    };
    bool has_next();

    const Only only_;
    const std::function<bool()> is_to_stop_;
    Sink& inside_;
    Merge* other_ = nullptr;  // nothing: it has come to its end
    Instants instants_;
    Columns kept_;
};

/// Whether a sample is one of those that count.
bool is_taken(const Only& only, const Columns& samples, std::size_t index);

/// Adds what lies later in the same bucket of the same series.
void append_to(Bucket& bucket, const Statistics& later);
/// Adds the same bucket of another series, one that is named later.
void join_to(Bucket& bucket, const Bucket& other);
/// The same for whole answers, both ascending. `scratch` is storage.
void join_to(std::vector<Bucket>& buckets, const std::vector<Bucket>& others,
             std::vector<Bucket>& scratch);

/// Samples as they are, the first `count_max`; forward reads only.
class ColumnsSink final : public Sink {
public:
    ColumnsSink(std::size_t count_max, std::size_t text_bytes_max)
        : count_max_(count_max), text_bytes_max_(text_bytes_max) {}
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool is_overfull() const { return samples_.text.size() > text_bytes_max_; }
    Columns& samples() { return samples_; }

private:
    const std::size_t count_max_;
    const std::size_t text_bytes_max_;
    Columns samples_;
};

/// Samples whose value or quality differs from the one before; forward reads only. Over
/// 2 x columns_max of them: the first and last of each column.
class ChangeSink final : public Sink {
public:
    ChangeSink(Window window, std::size_t columns_max, std::size_t text_bytes_max);
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool is_overfull() const { return text_bytes_ > text_bytes_max_; }
    std::vector<Sample>& samples() { return samples_; }

private:
    bool is_change(const Columns& samples, std::size_t index) const;
    void add(Sample sample);
    std::int64_t column_of(Instant at) const { return (at - from_) / step_; }
    void thin();

    const Instant from_;
    const std::size_t changes_max_;
    const std::chrono::microseconds step_;
    const std::size_t text_bytes_max_;
    std::size_t text_bytes_ = 0;
    Columns before_;  // the sample before, alone
    bool is_thinned_ = false;
    std::vector<Sample> samples_;
};

/// Splits a window into at most `columns_max` steps.
std::chrono::microseconds step_of(Window window, std::size_t columns_max);

}  // namespace lineshaft::history
