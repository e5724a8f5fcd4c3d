#include "history/sinks.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lineshaft::history {
namespace {

std::size_t text_bytes_of(const Sample& sample) {
    const auto* text = std::get_if<std::string>(&sample.value);
    return text == nullptr ? 0 : text->size();
}

void add_number(Bucket& bucket, std::int64_t at, double value) {
    if (bucket.count++ == 0) {
        bucket.min = bucket.max = bucket.first = value;
        bucket.first_at = {at};
    }
    bucket.min = std::min(bucket.min, value);
    bucket.max = std::max(bucket.max, value);
    bucket.sum += value;
    bucket.last = value;
    bucket.last_at = {at};
}

}  // namespace

bool SampleSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    const std::size_t count = std::min(until - from, count_max_ - samples_.size());
    for (std::size_t done = 0; done < count; ++done) {
        const std::size_t index = direction_ == Direction::forward ? from + done : until - 1 - done;
        samples_.push_back(samples.sample(index));
        text_bytes_ += text_bytes_of(samples_.back());
        if (is_overfull()) return false;
    }
    return samples_.size() < count_max_;
}

BucketOf steps_from(Instant start, std::chrono::microseconds step) {
    return [start, step](Instant at) -> Window {
        const std::int64_t from = start.micros + (at - start).count() / step.count() * step.count();
        const bool is_last = from > INT64_MAX - step.count();
        return {{from}, {is_last ? INT64_MAX : from + step.count()}};
    };
}

BucketOf between(std::vector<Instant> edges) {
    return [edges = std::move(edges)](Instant at) -> Window {
        const auto until = std::ranges::upper_bound(edges, at);
        return {*std::prev(until), *until};
    };
}

Bucket& BucketSink::bucket_at(std::int64_t at) {
    if (at >= bucket_until_ || buckets_.empty()) {
        const Window bucket = bucket_of_({at});
        buckets_.push_back({});
        buckets_.back().start = bucket.from;
        bucket_until_ = bucket.until.micros;
    }
    return buckets_.back();
}

bool BucketSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    for (std::size_t index = from; index < until;) {
        Bucket& bucket = bucket_at(samples.at[index]);
        if (is_overfull()) return false;
        for (; index < until && samples.at[index] < bucket_until_; ++index) {
            ++bucket.count_all;
            if (!samples.mark[index].is_believable()) continue;
            const double value = samples.number(index);
            if (!std::isnan(value)) add_number(bucket, samples.at[index], value);
        }
    }
    return true;
}

bool BucketSink::take_whole(const ChunkHeader& chunk) {
    if (!bucket_of_(chunk.first).contains(chunk.last)) return false;
    Bucket& bucket = bucket_at(chunk.first.micros);
    if (is_overfull()) return true;  // the next step ends it
    bucket.count_all += chunk.count;
    const Statistics& numbers = chunk.numbers;
    if (numbers.count == 0) return true;
    if (bucket.count == 0) {
        bucket.min = numbers.min;
        bucket.max = numbers.max;
        bucket.first = numbers.first;
        bucket.first_at = numbers.first_at;
    }
    bucket.count += numbers.count;
    bucket.min = std::min(bucket.min, numbers.min);
    bucket.max = std::max(bucket.max, numbers.max);
    bucket.sum += numbers.sum;
    bucket.last = numbers.last;
    bucket.last_at = numbers.last_at;
    return true;
}

std::chrono::microseconds step_of(Window window, std::size_t columns_max) {
    const std::int64_t length = (window.until - window.from).count();
    const auto columns = static_cast<std::int64_t>(columns_max);
    return std::chrono::microseconds(
        std::max<std::int64_t>(1, length / columns + (length % columns != 0)));
}

ChangeSink::ChangeSink(Window window, std::size_t columns_max, std::size_t text_bytes_max)
    : from_(window.from),
      changes_max_(2 * columns_max),
      step_(step_of(window, columns_max)),
      text_bytes_max_(text_bytes_max) {}

bool ChangeSink::is_change(const Columns& samples, std::size_t index) const {
    if (before_.is_empty() || before_.mark[0] != samples.mark[index]) return true;
    if (samples.mark[index].kind() == Kind::text)
        return before_.text_at(0) != samples.text_at(index);
    return before_.bits[0] != samples.bits[index];
}

bool ChangeSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    for (std::size_t index = from; index < until; ++index) {
        if (!is_change(samples, index)) continue;
        before_.clear();
        before_.push_from(samples, index);
        add(samples.sample(index));
        if (is_overfull()) return false;
    }
    return true;
}

void ChangeSink::add(Sample sample) {
    text_bytes_ += text_bytes_of(sample);
    const std::size_t count = samples_.size();
    const bool has_two =
        is_thinned_ && count >= 2 && column_of(samples_[count - 2].at) == column_of(sample.at);
    if (has_two) {
        text_bytes_ -= text_bytes_of(samples_.back());
        samples_.back() = std::move(sample);
        return;
    }
    samples_.push_back(std::move(sample));
    if (!is_thinned_ && samples_.size() > changes_max_) thin();
}

void ChangeSink::thin() {
    is_thinned_ = true;
    text_bytes_ = 0;
    for (Sample& sample : std::exchange(samples_, {})) add(std::move(sample));
}

}  // namespace lineshaft::history
