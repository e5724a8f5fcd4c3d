// Machines that sew as devices of one Sparkplug edge node.
#include <fmt/format.h>

#include <algorithm>

#include "app/sim/sewing.h"

namespace lineshaft::sim {
namespace {

using sparkplug::DataType;
using sparkplug::Value;

struct SewingMetric {
    std::string name;
    DataType type;
    std::string_view unit;
    bool is_writable = false;
    bool is_urgent = false;  ///< a change of it is told at once
};

std::vector<SewingMetric> sewing_metrics(const SewingOptions& options) {
    std::vector<SewingMetric> out{
        {"Machine/Heads", DataType::uint8, ""},
        {"Machine/Needles", DataType::uint8, ""},
        {"Machine/HoopWidth", DataType::float64, "mm"},
        {"Machine/HoopHeight", DataType::float64, "mm"},
        {"Machine/SpeedMax", DataType::uint16, "1/min"},
        {"Machine/Dialect", DataType::string, ""},
        {"Machine/Threads", DataType::string, ""},
        {"Job/Command", DataType::string, "", true},
        {"Job/Answer", DataType::string, "", false, true},
        {"Job/Id", DataType::string, "", false, true},
        {"Job/State", DataType::string, "", false, true},
        {"Job/Results", DataType::string, "", false, true},
        {"Design/Name", DataType::string, ""},
        {"Design/Hash", DataType::string, ""},
        {"Stitch/Current", DataType::uint32, ""},
        {"Stitch/Total", DataType::uint32, ""},
        {"Colour/Index", DataType::uint8, ""},
        {"Needle/Active", DataType::uint8, ""},
        {"Speed/rpm", DataType::uint16, "1/min"},
        {"Stop/Reason", DataType::string, "", false, true},
        {"Pieces/Done", DataType::uint32, "", false, true},
        {"state", DataType::string, "", false, true},
    };
    for (unsigned head = 1; head <= options.heads; ++head)
        out.push_back({fmt::format("Head/{}/ThreadBreaks", head), DataType::uint32, ""});
    return out;
}

// In the order of sewing_metrics.
std::vector<Value> sewing_values(const Sewer::Now& now, const SewingOptions& options) {
    std::vector<Value> out{std::uint64_t{options.heads},
                           std::uint64_t{options.needles},
                           options.hoop_width_mm,
                           options.hoop_height_mm,
                           std::uint64_t(options.rpm),
                           std::string("tajima"),
                           std::string("[]"),
                           now.command,
                           now.answer,
                           now.job,
                           now.job_state,
                           now.results,
                           now.design,
                           now.hash,
                           std::uint64_t{now.stitch},
                           std::uint64_t{now.total},
                           std::uint64_t{now.colour},
                           std::uint64_t{now.needle},
                           std::uint64_t{now.rpm},
                           now.stop,
                           std::uint64_t{now.pieces},
                           now.state};
    for (const auto count : now.breaks) out.emplace_back(std::uint64_t{count});
    return out;
}

std::string sewing_device(std::size_t index) {
    return fmt::format("m{}", index + 1);
}

}  // namespace

SewingHall::SewingHall(SewingOptions options, Instant start)
    : options_(std::move(options)),
      edge_(options_.group, options_.node, {.use_aliases = true, .primary_host = {}, .bd_seq = 0}) {
    Dice dice(options_.seed);
    const auto metrics = sewing_metrics(options_);
    for (unsigned index = 0; index < std::min(options_.machines, 400U); ++index) {
        places_.push_back(
            std::make_unique<Place>(Place{Sewer(dice.fork(), options_), {}, start, start}));
        places_.back()->told = sewing_values(places_.back()->sewer.now(), options_);
        for (std::size_t at = 0; at < metrics.size(); ++at) {
            sparkplug::EdgeMetric metric;
            metric.definition.name = metrics[at].name;
            metric.definition.type = metrics[at].type;
            metric.definition.unit = metrics[at].unit;
            metric.definition.read_only = !metrics[at].is_writable;
            metric.value = places_.back()->told[at];
            metric.at = start;
            (void)edge_.define(sewing_device(index),
                               std::move(metric));  // The table above is valid.
        }
    }
}

std::vector<Publication> SewingHall::step(Instant now) {
    std::vector<Publication> out;
    for (std::size_t index = 0; index < places_.size(); ++index) {
        places_[index]->sewer.step(now);
        report(index, now, out);
    }
    return out;
}

void SewingHall::report(std::size_t index, Instant at, std::vector<Publication>& out) {
    Place& place = *places_[index];
    static const auto urgent = [] {
        std::vector<bool> flags;
        for (const auto& metric : sewing_metrics({.heads = 64})) flags.push_back(metric.is_urgent);
        return flags;
    }();
    auto values = sewing_values(place.sewer.now(), options_);
    bool is_urgent = false, has_changed = false;
    for (std::size_t metric = 0; metric < values.size(); ++metric) {
        if (values[metric] == place.told[metric]) continue;
        has_changed = true;
        is_urgent |= urgent[metric];
    }
    // What ended and was not cleared is said again: the node may have missed it.
    const bool says_again =
        place.sewer.now().results != "[]" && at - place.results_at >= std::chrono::seconds{5};
    const bool is_time = at - place.told_at >= options_.report_every;
    if (!says_again && !(has_changed && (is_urgent || is_time))) return;
    const auto metrics = sewing_metrics(options_);
    std::vector<sparkplug::Update> updates;
    for (std::size_t metric = 0; metric < values.size(); ++metric) {
        const bool is_results = metrics[metric].name == "Job/Results";
        if (values[metric] == place.told[metric] && !(is_results && says_again)) continue;
        if (is_results) place.results_at = at;
        updates.push_back({metrics[metric].name, values[metric], at, false});
    }
    place.told = std::move(values);
    place.told_at = at;
    // Unavailable while not connected: the next birth carries the values.
    auto message = edge_.data(sewing_device(index), std::move(updates), at);
    if (message) out.push_back(*std::move(message));
}

std::vector<Publication> SewingHall::on_message(std::string_view topic, Bytes payload,
                                                Instant now) {
    std::vector<Publication> out;
    for (sparkplug::EdgeEvent& event : edge_.receive(topic, payload, now)) {
        if (auto* answer = std::get_if<Publication>(&event)) out.push_back(std::move(*answer));
        const auto* write = std::get_if<sparkplug::Write>(&event);
        const auto* text = write == nullptr ? nullptr : std::get_if<std::string>(&write->value);
        if (text == nullptr || write->metric != "Job/Command") continue;
        for (std::size_t index = 0; index < places_.size(); ++index) {
            if (sewing_device(index) != write->device) continue;
            const std::size_t before = fetches_.size();
            places_[index]->sewer.command(*text, now, fetches_);
            for (std::size_t at = before; at < fetches_.size(); ++at)
                fetches_[at].device = write->device;
            report(index, now, out);
        }
    }
    return out;
}

void SewingHall::on_file(const Fetch& fetch, std::string bytes, std::string_view sha256,
                         Instant now) {
    for (std::size_t index = 0; index < places_.size(); ++index) {
        if (sewing_device(index) == fetch.device)
            places_[index]->sewer.file(fetch.job, std::move(bytes), sha256, now);
        if (sewing_device(index) == fetch.device) return;
    }
}

void SewingHall::maybe_corrupt(std::string& bytes) {
    if (corrupted_ >= options_.corrupted || bytes.size() < 600) return;
    ++corrupted_;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
}

}  // namespace lineshaft::sim
