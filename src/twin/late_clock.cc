#include "twin/late_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace lineshaft::twin {
namespace {

struct Saying {
    std::string_view begins, goes_on;
    std::int64_t sign;
};
constexpr Saying sayings[] = {{"its clock stands ", " s back", 1}, {"its clock stood ", " s ahead", -1}};
constexpr std::int64_t second_us = 1'000'000;

}  // namespace

std::optional<std::int64_t> LateClock::hear(Instant said, Instant heard, Instant known) {
    const std::int64_t least_us = least_s * second_us;
    const std::int64_t back_us = heard.micros - said.micros, ahead_us = known.micros - heard.micros;
    const std::int64_t by_clock = said.micros - said_.micros, by_ours = heard.micros - heard_.micros;
    const bool goes_on =
        count_ > 0 && std::abs(by_clock - by_ours) <= std::max(second_us, by_ours / 2);
    said_ = said;
    heard_ = heard;
    if (back_us < least_us && ahead_us < least_us) {
        count_ = 0;
        return std::nullopt;
    }
    count_ = goes_on ? std::min(count_ + 1, reports_min + 1) : 1;
    if (count_ != reports_min) return std::nullopt;
    return (back_us >= least_us ? back_us : -ahead_us) / second_us;
}

std::string clock_text(std::int64_t seconds_back) {
    const Saying& saying = sayings[seconds_back < 0 ? 1 : 0];
    const std::int64_t seconds = seconds_back * saying.sign;
    return fmt::format("{}{}{} ({:.1f} h): what it says is older than what is known", saying.begins,
                       seconds, saying.goes_on, double(seconds) / 3600);
}

std::optional<std::int64_t> seconds_back(std::string_view text) {
    for (const Saying& saying : sayings) {
        if (!text.starts_with(saying.begins)) continue;
        const std::string_view number = text.substr(saying.begins.size());
        std::int64_t seconds = 0;
        const auto [end, problem] =
            std::from_chars(number.data(), number.data() + number.size(), seconds);
        const auto rest = number.substr(static_cast<std::size_t>(end - number.data()));
        if (problem == std::errc() && rest.starts_with(saying.goes_on)) return seconds * saying.sign;
    }
    return std::nullopt;
}

}  // namespace lineshaft::twin
