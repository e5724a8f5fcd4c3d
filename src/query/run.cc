#include "query/run.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "query/values.h"
#include "trust/rights.h"

namespace lineshaft::query {
namespace {

// SQLite's own way to get memory, and what a thread's is charged to.
sqlite3_mem_methods usual_memory{};
thread_local Meter* charged = nullptr;

void* take_memory(int bytes) {
    if (charged != nullptr && charged->used + static_cast<std::size_t>(bytes) > charged->most) {
        charged->is_refused = true;
        return nullptr;
    }
    void* memory = usual_memory.xMalloc(bytes);
    if (memory != nullptr && charged != nullptr)
        charged->used += static_cast<std::size_t>(usual_memory.xSize(memory));
    return memory;
}

void give_memory_back(void* memory) {
    if (memory == nullptr) return;
    if (charged != nullptr)
        charged->give_back(static_cast<std::size_t>(usual_memory.xSize(memory)));
    usual_memory.xFree(memory);
}

void* change_memory(void* memory, int bytes) {
    const auto before = static_cast<std::size_t>(usual_memory.xSize(memory));
    const auto after = static_cast<std::size_t>(bytes);
    if (charged != nullptr && after > before && charged->used + after - before > charged->most) {
        charged->is_refused = true;
        return nullptr;
    }
    void* moved = usual_memory.xRealloc(memory, bytes);
    if (moved != nullptr && charged != nullptr) {
        charged->give_back(before);
        charged->used += static_cast<std::size_t>(usual_memory.xSize(moved));
    }
    return moved;
}

/// SQLite takes such a change only before its first use, so before main().
const bool is_metered = [] {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual_memory) != SQLITE_OK) return false;
    sqlite3_mem_methods metered = usual_memory;
    metered.xMalloc = &take_memory;
    metered.xFree = &give_memory_back;
    metered.xRealloc = &change_memory;
    // Its own counting, which nobody reads, would take one mutex for all threads at each allocation.
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &metered) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}();

}  // namespace

Meter::Charge::Charge(Meter& meter)
    : before_(std::exchange(charged, is_metered ? &meter : nullptr)) {}
Meter::Charge::~Charge() {
    charged = before_;
}

bool Meter::take(std::size_t bytes) {
    if (used + bytes > most) {
        is_refused = true;
        return false;
    }
    used += bytes;
    return true;
}

bool Run::sees(std::string_view machine) const {
    return !scope.who->is_machine() || trust::is_own_machine(*scope.who, machine);
}

std::chrono::milliseconds Run::time_left() const {
    return std::max(deadline - shards.clock().steady(), std::chrono::milliseconds{0});
}

bool Run::may_go_on() {
    if (stop.stop_requested())
        fail_with({.sqlstate = "57014", .message = "canceling statement due to user request"});
    else if (shards.clock().steady() >= deadline)
        fail_with({.sqlstate = "57014",
                   .message = "canceling statement due to statement timeout",
                   .hint = "Ask for less time or fewer machines, or raise sql.timeout."});
    return !failure;
}

const calendar::Calendar* Run::calendar_of(std::string_view machine, std::string_view site) {
    calendar::Rules rules;
    rules.time_zone.clear();
    const auto take = [&rules](const catalog::Site& from) {
        rules.time_zone = from.time_zone;
        rules.day_starts = from.calendar.day_starts;
        rules.week_starts = from.calendar.week_starts;
        for (const auto& shift : from.calendar.shifts)
            rules.shifts.push_back({shift.name, shift.starts});
    };
    bool is_known = site.empty();
    if (!site.empty()) {
        for (const auto& candidate : catalog->sites(organisation())) {
            if (candidate.name != site) continue;
            take(candidate);
            is_known = true;
            break;
        }
    } else if (const auto* entry = catalog->machine(organisation(), machine); entry != nullptr) {
        if (entry->machine.site) {
            if (const auto* found = catalog->site(organisation(), *entry->machine.site))
                take(*found);
        }
    }
    if (!is_known) {
        fail_with(
            {.sqlstate = "42704", .message = fmt::format("site \"{}\" does not exist", site)});
        return nullptr;
    }
    if (rules.time_zone.empty()) rules.time_zone = session.time_zone;  // it stands nowhere yet
    std::string key =
        fmt::format("{} {} {}", rules.time_zone, rules.day_starts.count(), rules.week_starts);
    for (const auto& shift : rules.shifts)
        key += fmt::format("\n{} {}", shift.starts.count(), shift.name);
    for (const auto& [name, found] : calendars_) {
        if (name == key) return &found;
    }
    auto made = calendar::Calendar::make(std::move(rules));
    if (!made) {
        fail_with(failure_of(made.error()));
        return nullptr;
    }
    if (calendars_.capacity() == 0) calendars_.reserve(1'000);  // pointers stay
    if (calendars_.size() == calendars_.capacity()) calendars_.clear();
    calendars_.emplace_back(std::move(key), std::move(*made));
    return &calendars_.back().second;
}

Outcome<std::vector<history::Series>> series_chosen(Run& run, const SeriesChoice& choice) {
    history::SeriesChoice asked;
    asked.organisation = run.organisation();
    asked.machines = choice.machines;
    asked.tags = choice.tags;
    asked.fits = [who = run.scope.who, machine_likes = choice.machine_likes,
                  tag_likes = choice.tag_likes](std::string_view machine, std::string_view tag) {
        const auto is_alike = [](std::string_view name, const std::vector<std::string>& likes) {
            return std::ranges::all_of(likes,
                                       [&](const auto& like) { return is_like(name, like, false); });
        };
        if (tag.starts_with('$')) return false;
        if (who->is_machine() && !trust::is_own_machine(*who, machine)) return false;
        return is_alike(machine, machine_likes) && is_alike(tag, tag_likes);
    };
    if (!run.may_go_on()) return std::unexpected(*run.failure);
    auto all = run.wait(run.history.chosen(std::move(asked)));
    if (!run.meter.take(all.size() * sizeof(history::Series)))
        return refuse("53200", "out of memory: the statement is about too many series");
    return all;
}

std::optional<std::string> attribute_text(const catalog::MachineEntry* entry,
                                          std::string_view name) {
    if (entry == nullptr) return {};
    for (const auto* list : {&entry->attributes, &entry->shared}) {
        for (const auto& attribute : *list) {
            if (attribute.name == name) return plain_json(attribute.value);
        }
    }
    return {};
}

void tighten(history::Only& only, bool is_low, bool is_high, bool is_out, double number) {
    only.are_numbers = true;
    if (is_low && (number > only.low || (number == only.low && is_out))) {
        only.low = number;
        only.is_low_out = is_out;
    }
    if (is_high && (number < only.high || (number == only.high && is_out))) {
        only.high = number;
        only.is_high_out = is_out;
    }
}

std::uint8_t qualities_named(std::span<const std::string> names) {
    unsigned found = 0;
    for (unsigned quality = 0; quality < 4; ++quality) {
        const auto name = history::name_of(static_cast<history::Quality>(quality));
        if (std::ranges::find(names, name) != names.end()) found |= 1u << quality;
    }
    return static_cast<std::uint8_t>(found);
}

std::int64_t step_bucket(std::int64_t step, std::int64_t at) {
    const std::int64_t origin = bucket_origin % step;
    std::int64_t into = (at - origin) % step;
    if (into < 0) into += step;
    return at - into;
}

Instant month_bucket(std::int64_t months, Instant at) {
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::microseconds(at.micros));
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::int64_t month =
        (static_cast<int>(date.year()) - 2000) * 12LL + static_cast<unsigned>(date.month()) - 1;
    std::int64_t into = month % months;
    if (into < 0) into += months;
    return months_later(Instant{946'684'800'000'000}, month - into, "UTC");
}

Outcome<Instant> truncated(std::string_view unit, Instant at, std::string_view zone) {
    if (unit == "second") return Instant{step_bucket(micros_per_second, at.micros)};
    if (unit == "minute") return Instant{step_bucket(60 * micros_per_second, at.micros)};
    const bool is_utc = zone == "UTC";
    if (is_utc && unit == "hour") return Instant{step_bucket(micros_per_hour, at.micros)};
    if (is_utc && unit == "day") return Instant{step_bucket(micros_per_day, at.micros)};
    if (is_utc && unit == "week") return Instant{step_bucket(7 * micros_per_day, at.micros)};
    const Instant local = to_local(at, zone);
    if (unit == "hour")  // an hour that comes twice is two
        return Instant{at.micros - (local.micros - step_bucket(micros_per_hour, local.micros))};
    if (unit == "day") return from_local({step_bucket(micros_per_day, local.micros)}, zone);
    if (unit == "week") return from_local({step_bucket(7 * micros_per_day, local.micros)}, zone);
    const std::int64_t months = unit == "month"     ? 1
                                : unit == "quarter" ? 3
                                : unit == "year"    ? 12
                                                    : 0;
    if (months == 0) {
        return refuse("22023", fmt::format("unit \"{}\" not recognized", unit.substr(0, 40)), 0,
                      "Units are second, minute, hour, day, week, month, quarter and year.");
    }
    return from_local(month_bucket(months, local), zone);
}

bool is_like(std::string_view text, std::string_view pattern, bool ignores_case) {
    const auto lower = [&](char letter) {
        return ignores_case && letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32)
                                                              : letter;
    };
    const auto is_inside = [](char letter) { return (letter & 0xC0) == 0x80; };
    std::size_t at = 0, want = 0, star = std::string_view::npos, from = 0;
    while (at < text.size()) {
        if (want < pattern.size() && pattern[want] == '%') {
            star = want++;
            from = at;
            continue;
        }
        if (want < pattern.size() && pattern[want] == '_') {
            ++want;
            ++at;
            while (at < text.size() && is_inside(text[at])) ++at;
            continue;
        }
        const std::size_t letter = want < pattern.size() && pattern[want] == '\\' ? want + 1 : want;
        if (letter < pattern.size() && lower(pattern[letter]) == lower(text[at])) {
            want = letter + 1;
            ++at;
            continue;
        }
        if (star == std::string_view::npos) return false;
        want = star + 1;
        at = ++from;
    }
    while (want < pattern.size() && pattern[want] == '%') ++want;
    return want == pattern.size();
}

}  // namespace lineshaft::query
