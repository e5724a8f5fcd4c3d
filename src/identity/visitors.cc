#include "identity/visitors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

// Milliseconds to wait; 0: taken.
std::int64_t wait_of(io::Steady& paid_until, io::Steady now, std::int64_t price_ms,
                     std::int64_t burst) {
    const io::Steady from = std::max(paid_until, now);
    const std::int64_t over = (from - now).count() + price_ms - price_ms * burst;
    if (over > 0) return over;
    paid_until = from + io::Steady{price_ms};
    return 0;
}

}  // namespace

long VisitorRate::take(std::string_view address, io::Steady now) {
    const auto seconds = [](std::int64_t wait_ms) { return static_cast<long>((wait_ms + 999) / 1'000); };
    std::erase_if(paid_until_, [now](const auto& one) { return one.second <= now; });
    if (paid_until_.size() >= limits_.addresses_max && !paid_until_.contains(address)) {
        paid_until_.erase(std::ranges::min_element(
            paid_until_, {}, [](const auto& one) { return one.second; }));
    }
    io::Steady all = all_paid_until_;
    const auto wait_all =
        wait_of(all, now, hour_ms / limits_.all_per_hour, limits_.all_per_hour);
    if (wait_all > 0) return seconds(wait_all);
    io::Steady own{0};
    if (const auto found = paid_until_.find(address); found != paid_until_.end()) own = found->second;
    const auto wait = wait_of(own, now, hour_ms / limits_.per_hour, limits_.burst);
    if (wait > 0) return seconds(wait);
    paid_until_[std::string(address)] = own;
    all_paid_until_ = all;
    return 0;
}

std::string machine_handles(std::string_view prefix) {
    return fmt::format("{}/MACHINE.", handle::fold(prefix));
}

std::string machine_handle(std::string_view prefix, std::string_view machine) {
    std::string out = machine_handles(prefix) + handle::fold(machine);
    const bool has_capitals =
        std::ranges::any_of(machine, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (has_capitals) out += fmt::format("~{:08X}", hash64(machine) & 0xffff'ffff);
    return out;
}

}  // namespace lineshaft::identity
