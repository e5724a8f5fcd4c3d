#pragma once
#include <cstdint>
#include <functional>
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

/// The bucket that an instant lies in; asked in ascending order.
using BucketOf = std::function<Window(Instant at)>;
/// `step` long each, counted from `start`.
BucketOf steps_from(Instant start, std::chrono::microseconds step);
/// Between `edges`, which ascend and which every instant asked for lies between.
BucketOf between(std::vector<Instant> edges);

/// Aggregates per bucket; forward reads only.
class BucketSink final : public Sink {
public:
    BucketSink(BucketOf bucket_of, std::size_t buckets_max)
        : bucket_of_(std::move(bucket_of)), buckets_max_(buckets_max) {}
    bool take(const Columns& samples, std::size_t from, std::size_t until) override;
    bool take_whole(const ChunkHeader& chunk) override;
    bool is_overfull() const { return buckets_.size() > buckets_max_; }
    std::vector<Bucket>& buckets() { return buckets_; }

private:
    Bucket& bucket_at(std::int64_t at);

    const BucketOf bucket_of_;
    const std::size_t buckets_max_;
    std::int64_t bucket_until_ = INT64_MIN;  // of the newest bucket
    std::vector<Bucket> buckets_;
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
