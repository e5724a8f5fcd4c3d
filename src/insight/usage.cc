#include "insight/usage.h"

#include <algorithm>
#include <array>

namespace lineshaft::insight {

MeterUse hours_worked(std::span<const MeterReading> readings, Window window) {
    MeterUse use;
    if (window.until <= window.from) return use;
    double covered_s = 0;
    const MeterReading* before = nullptr;
    for (const MeterReading& reading : readings) {
        if (before && reading.at <= before->at) continue;
        if (!before) {
            before = &reading;
            continue;
        }
        const MeterReading& from = *before;
        before = &reading;
        const Instant first = std::max(from.at, window.from), last = std::min(reading.at, window.until);
        if (first >= last) continue;
        const double step_s = std::chrono::duration<double>(reading.at - from.at).count();
        const double inside_s = std::chrono::duration<double>(last - first).count();
        double hours = reading.hours - from.hours;
        if (!(hours >= 0)) {
            ++use.resets;
            continue;
        }
        covered_s += inside_s;
        if (hours > step_s / 3600 * 1.02) {
            ++use.clipped;
            hours = step_s / 3600;
        }
        use.hours += std::min(hours, step_s / 3600) * inside_s / step_s;
    }
    use.covered_share = covered_s / std::chrono::duration<double>(window.until - window.from).count();
    return use;
}

std::string_view name_of(Use use) {
    constexpr std::array<std::string_view, 5> names{"working", "idle", "off", "fault", "silent"};
    return names[static_cast<std::size_t>(use)];
}

Use use_of(const Signals& signals, const UseRules& rules) {
    if (signals.has_fault) return Use::fault;
    const bool is_running = signals.is_running.value_or(signals.rpm.value_or(0) >= rules.running_rpm);
    if (!is_running) return Use::off;
    const bool is_working = signals.rpm.value_or(0) >= rules.working_rpm ||
                            signals.load_percent.value_or(0) >= rules.working_load_percent ||
                            signals.speed_kmh.value_or(0) >= rules.working_speed_kmh;
    return is_working ? Use::working : Use::idle;
}

std::optional<double> UseTimes::utilisation() const {
    const double seen = of(Use::working) + of(Use::idle) + of(Use::off) + of(Use::fault);
    return seen > 0 ? std::optional(of(Use::working) / seen) : std::nullopt;
}
std::optional<double> UseTimes::idle_ratio() const {
    const double running = of(Use::working) + of(Use::idle);
    return running > 0 ? std::optional(of(Use::idle) / running) : std::nullopt;
}

UseTimes use_times(std::span<const UseFrom> spells, Window window, std::int64_t silent_after_s) {
    const auto seconds = [](std::int64_t micros) { return static_cast<double>(micros) / 1e6; };
    UseTimes times;
    double told = 0;
    for (std::size_t i = 0; i < spells.size(); ++i) {
        std::int64_t end = spells[i].at.micros + silent_after_s * 1'000'000;
        if (i + 1 < spells.size()) end = std::min(end, spells[i + 1].at.micros);
        const std::int64_t inside = std::min(end, window.until.micros) -
                                    std::max(spells[i].at.micros, window.from.micros);
        if (inside <= 0) continue;
        times.seconds[static_cast<std::size_t>(spells[i].use)] += seconds(inside);
        told += seconds(inside);
    }
    const double whole = seconds(window.until.micros - window.from.micros);
    times.seconds[static_cast<std::size_t>(Use::silent)] += std::max(0.0, whole - told);
    return times;
}

}  // namespace lineshaft::insight
