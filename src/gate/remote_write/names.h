// Which machine and which tag a Prometheus series is (docs/decisions/0011).
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/remote_write/request.h"

namespace lineshaft::remote_write {

struct SeriesName {
    std::string machine, tag;
};

/// machine: the value of the first of `machine_labels` that the series has. tag: the metric's name,
/// then every other label as Prometheus writes them, ascending: `cpu_seconds_total{cpu="0"}`; of a
/// name over tag_bytes_max the end is a checksum. The same labels, the same names, always.
/// Errors: invalid (no metric name, no such label, no good machine id).
Result<SeriesName> name_of(const TimeSeries& series, std::span<const std::string> machine_labels,
                           std::size_t tag_bytes_max);

}  // namespace lineshaft::remote_write
