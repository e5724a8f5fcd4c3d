// Prometheus remote write 1.0 (prometheus.WriteRequest), read by hand: bytes in, series out. Pure.
// Source: prometheus.io/docs/specs/prw/remote_write_spec, prompb/remote.proto and types.proto.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace lineshaft::remote_write {

struct Limits {
    std::size_t labels_max = 128;       ///< one series
    std::size_t samples_max = 100'000;  ///< one series
    std::size_t series_max = 200'000;   ///< one request
};

struct Label {
    std::string_view name, value;
    bool operator==(const Label&) const = default;
};
struct Sample {
    double value = 0;
    std::int64_t millis = 0;  ///< since 1970
    bool operator==(const Sample&) const = default;
};
/// One series. Its views lie in the request.
struct TimeSeries {
    std::vector<Label> labels;  ///< as sent; the specification wants them ascending by name
    std::vector<Sample> samples;

    /// The value of that label, or empty.
    std::string_view label(std::string_view name) const;
};

/// What a request carried besides samples, which is not stored.
struct Skipped {
    std::uint64_t exemplars = 0;
    std::uint64_t histograms = 0;
    std::uint64_t metadata = 0;
    bool operator==(const Skipped&) const = default;
};

/// Prometheus' mark for "this series has ended": a NaN with this payload (value.StaleNaN).
inline constexpr std::uint64_t stale_bits = 0x7ff0000000000002;
bool is_stale_mark(double value);

/// Steps through a request, one series at a time, into the same vectors. Fields it does not know
/// are passed over, as protobuf wants. The request outlives the reader.
class RequestReader {
public:
    explicit RequestReader(Bytes request, const Limits& limits = {});

    /// False at the end. Errors: invalid (damaged, labels or values that are not UTF-8), exhausted
    /// (a limit); then the rest cannot be read.
    Result<bool> next();
    const TimeSeries& series() const { return series_; }  ///< after next() said true
    const Skipped& skipped() const { return skipped_; }

    // next() in steps, for who remembers labels by their bytes.
    /// To the next series, of which nothing is read yet.
    Result<bool> step();
    /// A series that was stepped over: one sample, its value first, behind what are its labels if
    /// nothing that stands there is read wrongly: who knows these bytes as the label_bytes() of a
    /// series knows that they are.
    struct Plain {
        Bytes message;
        std::size_t labels_size;
        Sample sample;
        Bytes labels() const { return message.first(labels_size); }
    };
    /// Steps over the next series, `room.size()` at most, as long as each looks like one of which
    /// label_bytes() was asked before. How many; 0: step() says what comes.
    std::size_t step_over(std::span<Plain> room);
    /// Back to a series that was stepped over, of which nothing is read yet.
    void go_back(Bytes message) {
        message_ = message;
        labels_size_ = not_known;
    }
    /// Its labels as sent. Empty when they cannot be told apart so: other fields stand before.
    Bytes label_bytes();
    /// Its samples alone; false: there are labels behind them, so read() it.
    Result<bool> read_samples();
    /// All of it, also after read_samples() said false.
    Result<void> read();
    /// After read(): label_bytes() is not all of its labels, so other series may begin the same.
    bool has_more_labels() const { return has_more_labels_; }

private:
    Bytes message_;  // of the series
    Bytes rest_;
    Limits limits_;
    std::size_t count_ = 0;
    static constexpr std::size_t not_known = SIZE_MAX;
    std::size_t labels_size_ = 0;  // or not_known
    std::size_t tail_size_ = 0;    // behind the labels of a series before
    bool has_more_labels_ = false;
    TimeSeries series_;
    Skipped skipped_;
};

}  // namespace lineshaft::remote_write
