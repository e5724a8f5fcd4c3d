#include "gate/mqtt/pressure.h"

#include <fmt/format.h>

namespace lineshaft::broker {
namespace {

constexpr std::array<std::string_view, load_levels> level_names = {
    "normal", "no_tls", "no_sessions", "throttle_qos0", "drop_slow", "delay_acks"};

constexpr std::array<std::string_view, load_levels> effects = {
    "everything is accepted",
    "new TLS connections are refused",
    "new sessions are refused",
    "senders of QoS 0 are slowed down",
    "readers that do not keep up are disconnected",
    "acknowledgements are delayed"};

bool reaches(const LoadSigns& signs, const LoadLimits::Threshold& limit, double part,
             double memory_part) {
    const auto over = [part](auto sign, auto threshold) {
        return static_cast<double>(sign) >= part * static_cast<double>(threshold);
    };
    return over(signs.loop_lag.count(), limit.loop_lag.count()) ||
           over(signs.commit_wait.count(), limit.commit_wait.count()) ||
           over(signs.lane, limit.lane) || signs.memory >= memory_part * limit.memory;
}

}  // namespace

std::string_view name_of(LoadLevel level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::string_view effect_of(LoadLevel level) {
    return effects[static_cast<std::size_t>(level)];
}

LoadLevel LoadGauge::asked(const LoadSigns& signs) const {
    std::size_t level = 0;
    for (std::size_t each = 0; each < limits_.levels.size(); ++each) {
        if (reaches(signs, limits_.levels[each], 1, 1)) level = each + 1;
    }
    return static_cast<LoadLevel>(level);
}

bool LoadGauge::is_calm(const LoadSigns& signs) const {
    const auto index = static_cast<std::size_t>(level_);
    return index > 0 &&
           !reaches(signs, limits_.levels[index - 1], limits_.leave_at, limits_.leave_memory_at);
}

bool LoadGauge::step(const LoadSigns& signs, io::Steady now) {
    if (asked(signs) > level_) {
        is_calm_ = false;
        if (has_risen_ && now - risen_ < limits_.rise_every) return false;
        has_risen_ = true;
        risen_ = now;
        level_ = static_cast<LoadLevel>(static_cast<std::uint8_t>(level_) + 1);
        return true;
    }
    if (!is_calm(signs)) {
        is_calm_ = false;
        return false;
    }
    if (!is_calm_) {
        is_calm_ = true;
        calm_since_ = now;
        return false;
    }
    if (now - calm_since_ < limits_.fall_after) return false;
    calm_since_ = now;
    level_ = static_cast<LoadLevel>(static_cast<std::uint8_t>(level_) - 1);
    return true;
}

std::string describe(const LoadSigns& signs) {
    std::string text = fmt::format("the loop is {} ms late, a commit waits {} ms",
                                   signs.loop_lag.count(), signs.commit_wait.count());
    if (signs.lane > 0)
        text += fmt::format(", the commit lane was full {:.0f} % of the time", signs.lane * 100);
    if (signs.memory > 0) text += fmt::format(", memory is at {:.0f} %", signs.memory * 100);
    return text;
}

}  // namespace lineshaft::broker
