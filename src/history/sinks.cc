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

constexpr double seconds = 1e-6;  // of microseconds

void add_number(Bucket& bucket, std::int64_t at, double value) {
    if (bucket.count++ == 0) {
        bucket.min = bucket.max = bucket.first = value;
        bucket.first_at = {at};
    } else {
        bucket.integral += bucket.last * (static_cast<double>(at - bucket.last_at.micros) * seconds);
    }
    bucket.min = std::min(bucket.min, value);
    bucket.max = std::max(bucket.max, value);
    bucket.sum += value;
    bucket.last = value;
    bucket.last_at = {at};
}

// Samples that lie behind those seen so far.
void note_seen(Bucket& bucket, Instant first, Instant last, std::size_t count) {
    if (bucket.count_all == 0) bucket.seen_from = first;
    bucket.count_all += count;
    bucket.seen_until = last;
}

// A run of believable numbers of one kind, nothing else between them.
template <class Number>
struct Run {
    const std::int64_t* at;
    const Number* values;

    double value(std::size_t index) const { return static_cast<double>(values[index]); }

    // The few before `end`, from `from` on; says where they end.
    std::size_t fold_few(std::size_t from, std::size_t until, std::int64_t end,
                         Statistics& into) const {
        double last = value(from);
        double min = last, max = last, sum = last, held = 0;
        std::size_t index = from + 1;
        for (; index < until && at[index] < end; ++index) {
            held += last * static_cast<double>(at[index] - at[index - 1]);
            last = value(index);
            min = last < min ? last : min;
            max = last > max ? last : max;
            sum += last;
        }
        into.count = static_cast<std::uint32_t>(index - from);
        into.min = min;
        into.max = max;
        into.sum = sum;
        into.integral = held * seconds;
        into.first = value(from);
        into.last = last;
        into.first_at = {at[from]};
        into.last_at = {at[index - 1]};
        return index;
    }

    // All, four of each side by side, so that no addition waits for the one before.
    void fold(std::size_t from, std::size_t until, Statistics& into) const {
        constexpr std::size_t ways = 4;
        double min[ways], max[ways], sum[ways] = {}, held[ways] = {};
        std::fill_n(min, ways, value(from));
        std::fill_n(max, ways, value(from));
        std::size_t index = from;
        for (; index + ways < until; index += ways) {
            for (std::size_t way = 0; way < ways; ++way) {
                const double one = value(index + way);
                min[way] = one < min[way] ? one : min[way];
                max[way] = one > max[way] ? one : max[way];
                sum[way] += one;
                held[way] += one * static_cast<double>(at[index + way + 1] - at[index + way]);
            }
        }
        for (; index < until; ++index) {
            const double one = value(index);
            min[0] = one < min[0] ? one : min[0];
            max[0] = one > max[0] ? one : max[0];
            sum[0] += one;
            if (index + 1 < until) held[0] += one * static_cast<double>(at[index + 1] - at[index]);
        }
        into.count = static_cast<std::uint32_t>(until - from);
        into.min = std::min(std::min(min[0], min[1]), std::min(min[2], min[3]));
        into.max = std::max(std::max(max[0], max[1]), std::max(max[2], max[3]));
        into.sum = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        into.integral = ((held[0] + held[1]) + (held[2] + held[3])) * seconds;
        into.first = value(from);
        into.last = value(until - 1);
        into.first_at = {at[from]};
        into.last_at = {at[until - 1]};
    }
};

// The first from `from` on that is not before `end`; nearly always near.
std::size_t first_at(const std::vector<std::int64_t>& at, std::size_t from, std::size_t until,
                     std::int64_t end) {
    std::size_t step = 1;
    std::size_t low = from;
    while (low + step < until && at[low + step] < end) {
        low += step;
        step *= 2;
    }
    std::size_t high = std::min(until, low + step);
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (at[middle] < end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool is_one_mark(const std::vector<Mark>& mark, std::size_t from, std::size_t until) {
    unsigned differs = 0;
    for (std::size_t index = from; index < until; ++index)
        differs |= static_cast<unsigned>(mark[index].byte ^ mark[from].byte);
    return differs == 0;
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

Window Grid::at(Instant at, std::int64_t near) const {
    if (!edges_.empty()) {
        const auto until = std::ranges::upper_bound(edges_, at);
        return {*std::prev(until), *until};
    }
    const bool is_next = near != INT64_MIN && at.micros >= near && at.micros - near < step_;
    const std::int64_t from =
        is_next ? near : start_ + (at.micros - start_) / step_ * step_;
    const bool is_last = from > INT64_MAX - step_;
    return {{from}, {is_last ? INT64_MAX : from + step_}};
}

Bucket& BucketSink::bucket_at(std::int64_t at) {
    if (at >= bucket_until_ || buckets_.empty()) {
        const Window bucket = grid_.at({at}, bucket_until_);
        buckets_.emplace_back().start = bucket.from;
        bucket_until_ = bucket.until.micros;
    }
    return buckets_.back();
}

template <class Number>
bool BucketSink::take_plain(const Columns& samples, std::size_t from, std::size_t until) {
    constexpr std::size_t few = 24;
    const Run<Number> run{samples.at.data(), reinterpret_cast<const Number*>(samples.bits.data())};
    Statistics found;
    for (std::size_t index = from; index < until;) {
        Bucket& bucket = bucket_at(run.at[index]);
        if (is_overfull()) return false;
        std::size_t end = std::min(until, index + few);
        if (run.at[end - 1] >= bucket_until_ || end == until) {
            end = run.fold_few(index, end, bucket_until_, found);
        } else {
            end = first_at(samples.at, index, until, bucket_until_);
            run.fold(index, end, found);
        }
        if (std::isfinite(found.sum)) {
            note_seen(bucket, {run.at[index]}, {run.at[end - 1]}, end - index);
            append_to(bucket, found);
        } else {  // there may be what is not a number among them
            add_each(bucket, samples, index, end);
        }
        index = end;
    }
    return true;
}

void BucketSink::add_each(Bucket& bucket, const Columns& samples, std::size_t from,
                          std::size_t until) {
    note_seen(bucket, {samples.at[from]}, {samples.at[until - 1]}, until - from);
    for (std::size_t index = from; index < until; ++index) {
        if (!samples.mark[index].is_believable()) continue;
        const double value = samples.number(index);
        if (!std::isnan(value)) add_number(bucket, samples.at[index], value);
    }
}

bool BucketSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    const Mark mark = samples.mark[from];
    if (mark.is_believable() && mark.kind() != Kind::text &&
        is_one_mark(samples.mark, from, until)) {
        return mark.kind() == Kind::real ? take_plain<double>(samples, from, until)
                                         : take_plain<std::int64_t>(samples, from, until);
    }
    for (std::size_t index = from; index < until;) {
        Bucket& bucket = bucket_at(samples.at[index]);
        if (is_overfull()) return false;
        const std::size_t end = first_at(samples.at, index, until, bucket_until_);
        add_each(bucket, samples, index, end);
        index = end;
    }
    return true;
}

bool BucketSink::take_whole(const ChunkHeader& chunk) {
    const Statistics& numbers = chunk.numbers;
    if (numbers.count > 0 && !numbers.integral) return false;  // of version 1
    if (chunk.first.micros >= bucket_until_ || buckets_.empty()) {
        if (!grid_.at(chunk.first).contains(chunk.last)) return false;
    } else if (chunk.last.micros >= bucket_until_) {
        return false;
    }
    Bucket& bucket = bucket_at(chunk.first.micros);
    if (is_overfull()) return true;  // the next step ends it
    note_seen(bucket, chunk.first, chunk.last, chunk.count);
    if (numbers.count > 0) append_to(bucket, numbers);
    return true;
}

bool is_taken(const Only& only, const Columns& samples, std::size_t index) {
    const Mark mark = samples.mark[index];
    if ((only.qualities >> static_cast<unsigned>(mark.quality()) & 1) == 0) return false;
    return !only.are_numbers || (mark.is_believable() && mark.kind() != Kind::text &&
                                 only.takes(samples.number(index)));
}

bool OnlySink::take(const Columns& samples, std::size_t from, std::size_t until) {
    kept_.clear();
    for (std::size_t index = from; index < until; ++index) {
        if (is_taken(only_, samples, index))  // texts are only counted
            kept_.push(samples.at[index], samples.bits[index], samples.mark[index]);
    }
    return kept_.is_empty() || inside_.take(kept_, 0, kept_.size());
}

bool OnlySink::take_whole(const ChunkHeader& chunk) {
    if (!only_.are_numbers) return false;
    const Statistics& numbers = chunk.numbers;
    const bool are_out = numbers.count == 0 || numbers.max < only_.low || numbers.min > only_.high ||
                         (only_.is_low_out && numbers.max == only_.low) ||
                         (only_.is_high_out && numbers.min == only_.high);
    if (are_out) return true;
    constexpr unsigned believable = 3;
    const bool are_in = numbers.count == chunk.count && only_.takes(numbers.min) &&
                        only_.takes(numbers.max) && (only_.qualities & believable) == believable;
    return are_in && inside_.take_whole(chunk);
}

void BesideSink::begin(Merge& other) {
    other_ = &other;
    instants_.only = only_;
    instants_.at.clear();
    instants_.next = 0;
}

bool BesideSink::Instants::take(const Columns& samples, std::size_t from, std::size_t until) {
    for (std::size_t index = from; index < until; ++index) {
        if (is_taken(only, samples, index)) at.push_back(samples.at[index]);
    }
    return true;
}

// Whether an instant is there that was not passed yet.
bool BesideSink::has_next() {
    while (instants_.next == instants_.at.size()) {
        instants_.at.clear();
        instants_.next = 0;
        if (other_ == nullptr || is_to_stop_()) return false;
        if (!other_->step(instants_)) other_ = nullptr;
    }
    return true;
}

bool BesideSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    kept_.clear();
    for (std::size_t index = from; index < until && has_next();) {
        const std::size_t end = instants_.at.size();
        std::size_t next = instants_.next;
        while (index < until && next < end) {
            const std::int64_t at = samples.at[index], beside = instants_.at[next];
            if (at == beside) kept_.push(at, samples.bits[index], samples.mark[index]);
            index += at <= beside ? 1 : 0;
            next += beside <= at ? 1 : 0;
        }
        instants_.next = next;
    }
    return kept_.is_empty() || inside_.take(kept_, 0, kept_.size());
}

// Nothing of a chunk counts that lies where the other series has nothing.
bool BesideSink::take_whole(const ChunkHeader& chunk) {
    while (has_next()) {
        if (instants_.at[instants_.next] > chunk.last.micros) return true;
        if (instants_.at[instants_.next] >= chunk.first.micros) return false;
        ++instants_.next;
    }
    return true;
}

void append_to(Bucket& bucket, const Statistics& later) {
    if (bucket.count == 0) {
        bucket.min = later.min;
        bucket.max = later.max;
        bucket.first = later.first;
        bucket.first_at = later.first_at;
    } else {
        const std::int64_t gap = (later.first_at - bucket.last_at).count();
        bucket.integral += bucket.last * (static_cast<double>(gap) * seconds);
    }
    bucket.count += later.count;
    bucket.min = std::min(bucket.min, later.min);
    bucket.max = std::max(bucket.max, later.max);
    bucket.sum += later.sum;
    bucket.integral += *later.integral;
    bucket.last = later.last;
    bucket.last_at = later.last_at;
}

void join_to(Bucket& bucket, const Bucket& other) {
    if (other.count_all > 0) {
        const bool is_seen = bucket.count_all > 0;
        bucket.seen_from = is_seen ? std::min(bucket.seen_from, other.seen_from) : other.seen_from;
        bucket.seen_until =
            is_seen ? std::max(bucket.seen_until, other.seen_until) : other.seen_until;
        bucket.count_all += other.count_all;
    }
    if (other.count == 0) return;
    const bool is_first = bucket.count == 0;
    if (is_first || other.first_at < bucket.first_at) {
        bucket.first = other.first;
        bucket.first_at = other.first_at;
    }
    if (is_first || other.last_at > bucket.last_at) {
        bucket.last = other.last;
        bucket.last_at = other.last_at;
    }
    bucket.min = is_first ? other.min : std::min(bucket.min, other.min);
    bucket.max = is_first ? other.max : std::max(bucket.max, other.max);
    bucket.count += other.count;
    bucket.sum += other.sum;
    bucket.integral += other.integral;
}

void join_to(std::vector<Bucket>& buckets, const std::vector<Bucket>& others,
             std::vector<Bucket>& scratch) {
    std::size_t same = 0;  // machines that speak at one pace fill the same buckets
    while (same < others.size() && same < buckets.size() &&
           buckets[same].start == others[same].start)
        ++same;
    if (same == others.size()) {
        for (std::size_t index = 0; index < same; ++index) join_to(buckets[index], others[index]);
        return;
    }
    scratch.clear();
    auto one = buckets.begin();
    for (const Bucket& other : others) {
        while (one != buckets.end() && one->start < other.start) scratch.push_back(*one++);
        if (one != buckets.end() && one->start == other.start) {
            scratch.push_back(*one++);
            join_to(scratch.back(), other);
        } else {
            scratch.push_back(other);
        }
    }
    scratch.insert(scratch.end(), one, buckets.end());
    std::swap(buckets, scratch);
}

bool ColumnsSink::take(const Columns& samples, std::size_t from, std::size_t until) {
    samples_.append(samples, from, std::min(until, from + (count_max_ - samples_.size())));
    if (is_overfull()) return false;
    return samples_.size() < count_max_;
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
