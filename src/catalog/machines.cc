// Sites and the machines that stand there.
#include <charconv>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/machine_id.h"
#include "catalog/names.h"
#include "catalog/sql_catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t source_bytes_max = 32;

Result<void> check_position(const std::optional<Position>& position) {
    if (!position) return {};
    // Written so that NaN fails.
    if (!(std::abs(position->latitude) <= 90)) {
        return fail(Code::invalid, "a latitude is between -90 and 90 degrees");
    }
    if (!(std::abs(position->longitude) <= 180)) {
        return fail(Code::invalid, "a longitude is between -180 and 180 degrees");
    }
    return {};
}

constexpr std::size_t shifts_max = 24;
constexpr std::chrono::minutes day_length{1440};
constexpr std::uint8_t every_weekday = 0x7f;

std::string text_of(const std::vector<SiteShift>& shifts) {
    std::string text;
    for (const SiteShift& shift : shifts)
        text += shift.weekdays == every_weekday
                    ? fmt::format("{} {}\n", shift.starts.count(), shift.name)
                    : fmt::format("{}:{} {}\n", shift.starts.count(), shift.weekdays, shift.name);
    return text;
}

std::vector<SiteShift> shifts_of(std::string_view text) {
    std::vector<SiteShift> shifts;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        int minutes = 0;
        std::uint8_t weekdays = every_weekday;
        const char* const line_end = line.data() + line.size();
        auto found = std::from_chars(line.data(), line_end, minutes);
        if (found.ec == std::errc() && found.ptr < line_end && *found.ptr == ':')
            found = std::from_chars(found.ptr + 1, line_end, weekdays);
        const auto read = static_cast<std::size_t>(found.ptr - line.data());
        if (found.ec != std::errc() || read >= line.size()) continue;
        shifts.push_back(
            {std::string(line.substr(read + 1)), std::chrono::minutes(minutes), weekdays});
    }
    return shifts;
}

bool is_of_day(std::chrono::minutes at) {
    return at.count() >= 0 && at < day_length;
}

Result<void> check_calendar(const SiteCalendar& calendar) {
    if (!is_of_day(calendar.day_starts))
        return fail(Code::invalid, "a day starts 0 to 1439 minutes after midnight");
    if (calendar.week_starts < 1 || calendar.week_starts > 7)
        return fail(Code::invalid, "a week starts on day 1 (Monday) to 7 (Sunday)");
    if (calendar.shifts.size() > shifts_max)
        return fail(Code::invalid, fmt::format("a day has at most {} shifts", shifts_max));
    for (std::size_t index = 0; index < calendar.shifts.size(); ++index) {
        const SiteShift& shift = calendar.shifts[index];
        TRY_VOID(check_text("a shift's name", shift.name, 64));
        if (shift.name.find('\n') != std::string::npos)
            return fail(Code::invalid, "a shift's name is one line");
        if (!is_of_day(shift.starts))
            return fail(Code::invalid, "a shift starts 0 to 1439 minutes after midnight");
        if (shift.weekdays > every_weekday)
            return fail(Code::invalid, "a week has seven days");
        if (index > 0 && shift.starts <= calendar.shifts[index - 1].starts)
            return fail(Code::invalid, "shifts stand in the order of their starts, each has its own");
    }
    return {};
}

Site site_of(const Row& row) {
    Site site{row.id<OrganisationId>(0), row.id<SiteId>(1), row.text(2), row.text(3), std::nullopt, {}};
    site.calendar.day_starts = std::chrono::minutes(row.integer(6));
    site.calendar.week_starts = static_cast<unsigned>(row.integer(7));
    site.calendar.shifts = shifts_of(row.text(8));
    if (!row.is_null(4) && !row.is_null(5)) site.position = Position{row.real(4), row.real(5)};
    return site;
}

Machine machine_of(const Row& row) {
    Machine machine;
    machine.organisation = row.id<OrganisationId>(0);
    machine.id = row.text(1);
    machine.name = row.text_or_nothing(2);
    machine.kind = row.text_or_nothing(3);
    if (!row.is_null(4)) machine.site = row.id<SiteId>(4);
    machine.adopted_at = row.instant_or_nothing(5);
    machine.source = row.text(6);
    machine.first_seen = row.instant(7);
    return machine;
}

std::optional<double> latitude_of(const Site& site) {
    return site.position ? std::optional(site.position->latitude) : std::nullopt;
}
std::optional<double> longitude_of(const Site& site) {
    return site.position ? std::optional(site.position->longitude) : std::nullopt;
}

}  // namespace

Result<void> SqlCatalog::load_sites() {
    std::vector<Site> sites;
    TRY_VOID(
        database_->query("SELECT organisation, id, name, time_zone, latitude, longitude, day_starts,"
                         " week_starts, shifts FROM site ORDER BY organisation, id",
                         {}, [&](const Row& row) { sites.push_back(site_of(row)); }));
    sites_ = std::move(sites);
    touch();
    return {};
}

Result<Site> SqlCatalog::find_site(OrganisationId organisation, SiteId id) {
    std::optional<Site> site;
    TRY_VOID(
        database_->query("SELECT organisation, id, name, time_zone, latitude, longitude, day_starts,"
                         " week_starts, shifts FROM site WHERE organisation = $1 AND id = $2",
                         {organisation, id}, [&](const Row& row) { site = site_of(row); }));
    if (!site) return fail(Code::not_found, fmt::format("no site {}", id.number()));
    return *std::move(site);
}

Result<void> SqlCatalog::check_site(OrganisationId organisation, const Site& site) {
    TRY_VOID(check_text("a site's name", site.name, limits_.name_bytes_max));
    TRY_VOID(check_position(site.position));
    TRY_VOID(check_calendar(site.calendar));
    if (!is_time_zone(site.time_zone)) {
        return fail(Code::invalid, "time_zone is no IANA time zone, such as Europe/Berlin or UTC");
    }
    TRY(const std::size_t taken,
        count("SELECT COUNT(*) FROM site WHERE organisation = $1 AND name = $2 AND id <> $3",
              {organisation, site.name, site.id}));
    if (taken > 0) {
        return fail(Code::conflict, fmt::format("a site named {} exists already", site.name));
    }
    return {};
}

Result<Site> SqlCatalog::create_site(OrganisationId organisation, const NewSite& wanted) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(organisation));
    Site site{organisation, SiteId(0), wanted.name, wanted.time_zone, wanted.position,
              wanted.calendar};
    TRY_VOID(check_site(organisation, site));
    TRY(const std::size_t all,
        count("SELECT COUNT(*) FROM site WHERE organisation = $1", {organisation}));
    if (all >= limits_.sites_max) {
        return fail(Code::exhausted, fmt::format("there are {} sites, no more are allowed", all));
    }
    TRY(const std::int64_t id, next_id("site"));
    site.id = SiteId(static_cast<std::uint64_t>(id));
    TRY_VOID(database_->change(
        "INSERT INTO site (organisation, id, name, time_zone, latitude,"
        " longitude, day_starts, week_starts, shifts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {organisation, id, site.name, site.time_zone, latitude_of(site), longitude_of(site),
         static_cast<std::int64_t>(site.calendar.day_starts.count()),
         static_cast<std::int64_t>(site.calendar.week_starts), text_of(site.calendar.shifts)}));
    TRY_VOID(transaction.commit());
    TRY_VOID(load_sites());
    return site;
}

Result<Site> SqlCatalog::change_site(OrganisationId organisation, SiteId id,
                                     const SiteChange& change) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(Site site, find_site(organisation, id));
    if (change.name) site.name = *change.name;
    if (change.time_zone) site.time_zone = *change.time_zone;
    if (change.position) site.position = *change.position;
    if (change.calendar) site.calendar = *change.calendar;
    TRY_VOID(check_site(organisation, site));
    TRY_VOID(database_->change(
        "UPDATE site SET name = $3, time_zone = $4, latitude = $5,"
        " longitude = $6, day_starts = $7, week_starts = $8, shifts = $9"
        " WHERE organisation = $1 AND id = $2",
        {organisation, id, site.name, site.time_zone, latitude_of(site), longitude_of(site),
         static_cast<std::int64_t>(site.calendar.day_starts.count()),
         static_cast<std::int64_t>(site.calendar.week_starts), text_of(site.calendar.shifts)}));
    TRY_VOID(transaction.commit());
    TRY_VOID(load_sites());
    return site;
}

Result<void> SqlCatalog::remove_site(OrganisationId organisation, SiteId id) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(find_site(organisation, id));
    TRY(const std::size_t standing,
        count("SELECT COUNT(*) FROM machine WHERE organisation = $1 AND site = $2",
              {organisation, id}));
    if (standing > 0) {
        return fail(Code::conflict,
                    fmt::format("{} machines still stand there: move them first", standing));
    }
    TRY_VOID(database_->change("DELETE FROM site WHERE organisation = $1 AND id = $2",
                               {organisation, id}));
    TRY_VOID(transaction.commit());
    return load_sites();
}

Result<void> SqlCatalog::load_machines() {
    EntriesById entries;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, kind, site, adopted_at, source, first_seen FROM machine",
        {}, [&](const Row& row) {
            Machine machine = machine_of(row);
            auto& by_id = entries[machine.organisation];
            std::string id = machine.id;
            by_id[std::move(id)].machine = std::move(machine);
        }));
    TRY_VOID(database_->query(
        "SELECT organisation, machine, name, label, unit, low, high, writable, source_unit,"
        " source_low, source_high, source_writable FROM tag ORDER BY organisation, machine, name",
        {}, [&](const Row& row) {
            const auto by_id = entries.find(row.id<OrganisationId>(0));
            if (by_id == entries.end()) return;
            const auto entry = by_id->second.find(row.text(1));
            if (entry != by_id->second.end()) entry->second.tags.push_back(merged_tag(row, 2));
        }));
    TRY_VOID(load_all_attributes(entries));
    machines_.clear();
    for (auto& [organisation, by_id] : entries) {
        for (auto& [id, entry] : by_id) {
            machines_[organisation][id] = std::make_shared<const MachineEntry>(std::move(entry));
        }
    }
    touch();
    return {};
}

Result<Machine> SqlCatalog::find_machine(OrganisationId organisation, std::string_view id) {
    std::optional<Machine> machine;
    TRY_VOID(database_->query(
        "SELECT organisation, id, name, kind, site, adopted_at, source, first_seen FROM machine"
        " WHERE organisation = $1 AND id = $2",
        {organisation, id}, [&](const Row& row) { machine = machine_of(row); }));
    if (!machine) return fail(Code::not_found, "no such machine");
    return *std::move(machine);
}

Result<void> SqlCatalog::reload_machine(OrganisationId organisation, std::string_view id) {
    MachineEntry entry;
    TRY(entry.machine, find_machine(organisation, id));
    TRY_VOID(database_->query(
        "SELECT name, label, unit, low, high, writable, source_unit, source_low, source_high,"
        " source_writable FROM tag WHERE organisation = $1 AND machine = $2 ORDER BY name",
        {organisation, id}, [&](const Row& row) { entry.tags.push_back(merged_tag(row, 0)); }));
    TRY_VOID(load_attributes(organisation, id, entry));
    machines_[organisation][std::string(id)] =
        std::make_shared<const MachineEntry>(std::move(entry));
    touch();
    return {};
}

Result<void> SqlCatalog::check_new_machine(const Discovery& found) {
    TRY_VOID(check_machine_id(found.machine));
    TRY_VOID(check_text("a machine's source", found.source, source_bytes_max));
    const auto by_id = machines_.find(found.organisation);
    const std::size_t all = by_id == machines_.end() ? 0 : by_id->second.size();
    if (all >= limits_.machines_max) {
        return fail(Code::exhausted,
                    fmt::format("there are {} machines, no more are allowed", all));
    }
    return {};
}

Result<bool> SqlCatalog::insert_machine(const Discovery& found) {
    TRY(const std::size_t added,
        database_->change("INSERT INTO machine (organisation, id, source, first_seen)"
                          " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                          {found.organisation, found.machine, found.source, found.at}));
    return added > 0;
}

Result<bool> SqlCatalog::discover(const Discovery& found) {
    const auto by_id = machines_.find(found.organisation);
    if (by_id != machines_.end() && by_id->second.contains(found.machine)) return false;
    TRY_VOID(check_new_machine(found));
    TRY(auto transaction, Transaction::begin(*database_));
    TRY_VOID(check_organisation(found.organisation));
    TRY(const bool is_new, insert_machine(found));
    TRY_VOID(transaction.commit());
    TRY_VOID(reload_machine(found.organisation, found.machine));
    return is_new;
}

Result<bool> SqlCatalog::change_source(OrganisationId organisation, std::string_view id,
                                       std::string_view source) {
    TRY_VOID(check_text("a door's name", source, source_bytes_max));
    TRY(const Machine machine, find_machine(organisation, id));
    if (machine.source == source) return false;
    TRY_VOID(database_->change("UPDATE machine SET source = $3 WHERE organisation = $1 AND id = $2",
                               {organisation, id, source}));
    TRY_VOID(reload_machine(organisation, id));
    return true;
}

Result<Catalog::Ensured> SqlCatalog::ensure_machines(std::span<const Discovery> found) {
    // So many are read again one by one, more of them all at once.
    constexpr std::size_t single_max = 4'096;
    Ensured ensured;
    std::vector<const Discovery*> added;
    TRY(auto transaction, Transaction::begin(*database_));
    std::map<OrganisationId, std::size_t> room;
    std::set<OrganisationId> asked;
    for (const Discovery& one : found) asked.insert(one.organisation);
    for (const Organisation& organisation : organisations_) {
        if (!asked.contains(organisation.id)) continue;
        TRY(const std::size_t all,
            count("SELECT COUNT(*) FROM machine WHERE organisation = $1", {organisation.id}));
        room[organisation.id] = limits_.machines_max - std::min(all, limits_.machines_max);
    }
    for (const Discovery& one : found) {
        const auto left = room.find(one.organisation);
        const bool is_allowed = left != room.end() && check_machine_id(one.machine) &&
                                check_text("", one.source, source_bytes_max);
        if (!is_allowed) {
            ++ensured.refused;
            continue;
        }
        if (left->second == 0) {
            TRY(const std::size_t known,
                count("SELECT COUNT(*) FROM machine WHERE organisation = $1 AND id = $2",
                      {one.organisation, one.machine}));
            ensured.refused += known == 0 ? 1 : 0;
            continue;
        }
        TRY(const bool is_new, insert_machine(one));
        if (!is_new) continue;
        ++ensured.added;
        --left->second;
        if (added.size() <= single_max) added.push_back(&one);
    }
    TRY_VOID(transaction.commit());
    if (added.size() > single_max) {
        TRY_VOID(load_machines());
        return ensured;
    }
    for (const Discovery* one : added) {
        TRY_VOID(reload_machine(one->organisation, one->machine));
    }
    return ensured;
}

Result<Machine> SqlCatalog::change_machine(OrganisationId organisation, std::string_view id,
                                           const MachineChange& change, Instant now) {
    TRY(auto transaction, Transaction::begin(*database_));
    TRY(Machine machine, find_machine(organisation, id));
    if (change.name) machine.name = *change.name;
    if (change.kind) machine.kind = *change.kind;
    if (change.site) machine.site = *change.site;
    if (machine.name) {
        TRY_VOID(check_text("a machine's name", *machine.name, limits_.name_bytes_max));
    }
    if (machine.kind) {
        TRY_VOID(check_text("a machine's kind", *machine.kind, limits_.name_bytes_max));
    }
    if (machine.site) {
        TRY_VOID(find_site(organisation, *machine.site));
    }
    if (change.adopted) {
        const Instant since = machine.adopted_at.value_or(now);
        machine.adopted_at = *change.adopted ? std::optional(since) : std::nullopt;
    }
    TRY_VOID(database_->change(
        "UPDATE machine SET name = $3, kind = $4, site = $5, adopted_at = $6"
        " WHERE organisation = $1 AND id = $2",
        {organisation, id, machine.name, machine.kind, machine.site, machine.adopted_at}));
    TRY_VOID(transaction.commit());
    TRY_VOID(reload_machine(organisation, id));
    return machine;
}

}  // namespace lineshaft::catalog
