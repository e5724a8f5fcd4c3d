#include "calendar/zone.h"

#include <date/tz.h>

#include <string>

#include "calendar/calendar.h"

namespace lineshaft::calendar {
namespace {

const date::time_zone& zone_behind(const void* zone) {
    return *static_cast<const date::time_zone*>(zone);
}

std::chrono::seconds whole_seconds(Instant at) {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(at.micros));
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
    if (!is_time_zone(name))
        return fail(Code::invalid, "no time zone is called \"" + std::string(name) + "\"");
    return Zone(date::locate_zone(name));
}

std::chrono::seconds Zone::offset_at(Instant at) const {
    return zone_behind(zone_).get_info(date::sys_seconds{whole_seconds(at)}).offset;
}

Instant Zone::from_local(Instant local) const {
    const auto seconds = whole_seconds(local);
    const auto rest = std::chrono::microseconds(local.micros) - seconds;
    const auto info = zone_behind(zone_).get_info(date::local_seconds{seconds});
    if (info.result == date::local_info::nonexistent)
        return {std::chrono::microseconds(info.second.begin.time_since_epoch()).count()};
    return {(std::chrono::microseconds(seconds - info.first.offset) + rest).count()};
}

}  // namespace lineshaft::calendar
