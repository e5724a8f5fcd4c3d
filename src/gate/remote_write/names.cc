#include "gate/remote_write/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/machine_id.h"

namespace lineshaft::remote_write {
namespace {

constexpr std::string_view name_label = "__name__";

// Prometheus' text format: \, " and newline are escaped.
void append_value(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
}

// No longer than `bytes_max`: the beginning, and a checksum of the whole.
std::string shortened(const std::string& name, std::size_t bytes_max) {
    std::size_t kept = bytes_max - 17;
    while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xc0) == 0x80) --kept;
    return fmt::format("{}~{:016x}", std::string_view(name).substr(0, kept), hash64(name));
}

const Label* machine_label(const TimeSeries& series, std::span<const std::string> names) {
    for (const std::string& name : names) {
        const auto found = std::ranges::find(series.labels, std::string_view(name), &Label::name);
        if (found != series.labels.end() && !found->value.empty()) return &*found;
    }
    return nullptr;
}

std::string tag_of(const TimeSeries& series, std::string_view metric, const Label* without) {
    std::string tag(metric);
    char before = '{';
    for (const Label& label : series.labels) {
        if (&label == without || label.name == name_label) continue;
        tag += before;
        tag.append(label.name).append("=\"");
        append_value(tag, label.value);
        tag += '"';
        before = ',';
    }
    if (before == ',') tag += '}';
    return tag;
}

}  // namespace

Result<SeriesName> name_of(const TimeSeries& series, std::span<const std::string> machine_labels,
                           std::size_t tag_bytes_max) {
    const std::string_view metric = series.label(name_label);
    if (metric.empty()) return fail(Code::invalid, "a series without __name__");
    const Label* label = machine_label(series, machine_labels);
    if (label == nullptr) {
        return fail(Code::invalid, fmt::format("the series {} has none of the labels {}", metric,
                                               fmt::join(machine_labels, ", ")));
    }
    SeriesName name{machine_id_of(label->value), {}};
    TRY_VOID(check_machine_id(name.machine));
    if (std::ranges::is_sorted(series.labels, {}, &Label::name)) {
        name.tag = tag_of(series, metric, label);
    } else {
        // The specification wants them ascending; a sender that does not care gets the same tag.
        TimeSeries sorted{series.labels, {}};
        std::ranges::stable_sort(sorted.labels, {}, &Label::name);
        name.tag = tag_of(sorted, metric, machine_label(sorted, machine_labels));
    }
    if (name.tag.size() > tag_bytes_max) name.tag = shortened(name.tag, tag_bytes_max);
    return name;
}

}  // namespace lineshaft::remote_write
