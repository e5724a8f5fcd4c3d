#include "wire/aemp/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "wire/aemp/elements.h"
#include "wire/aemp/tree.h"

namespace lineshaft::aemp {
namespace {

constexpr std::string_view instant_names[] = {"datetime", "datetimeUTC", "dateTimeStamp", "timestamp"};

bool is_missing(std::string_view text) {
    for (const std::string_view word : {"", "-", "--", "n/a", "na", "nan", "null", "none", "missing", "unknown"})
        if (same_name(text, word)) return true;
    return false;
}

/// A number as feeds write it: also with a decimal comma, also as an ISO 8601 duration (in hours).
std::optional<double> number_of(std::string_view text, bool& is_bent) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::string plain(text);
    if (plain.find('.') == std::string::npos && std::ranges::count(plain, ',') == 1) {
        std::ranges::replace(plain, ',', '.');
        is_bent = true;
    }
    const auto value = number_from<double>(plain);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

/// "P1DT2H30M" in hours. Years and months have no length and are refused.
std::optional<double> hours_of_duration(std::string_view text) {
    if (!text.starts_with('P') || text.size() < 3) return std::nullopt;
    double hours = 0;
    bool is_time = false, bent = false;
    for (std::size_t at = 1; at < text.size();) {
        if (text[at] == 'T') {
            is_time = true;
            ++at;
            continue;
        }
        const std::size_t unit = text.find_first_not_of("0123456789.,", at);
        if (unit == std::string_view::npos) return std::nullopt;
        const auto value = number_of(text.substr(at, unit - at), bent);
        const char letter = text[unit];
        if (!value || (letter != 'D' && !is_time)) return std::nullopt;
        if (letter == 'D') hours += *value * 24;
        else if (letter == 'H') hours += *value;
        else if (letter == 'M') hours += *value / 60;
        else if (letter == 'S') hours += *value / 3600;
        else return std::nullopt;
        at = unit + 1;
    }
    return hours;
}

/// Reads one document; keeps the notes.
class DocumentReader {
public:
    DocumentReader(const Limits& limits, std::vector<Note>& notes) : limits_(limits), notes_(notes) {}

    std::size_t equipment = 0;

    void note(std::string what) {
        if (notes_.size() < limits_.notes_max) notes_.push_back({equipment, std::move(what)});
    }

    std::string text(const Tree& tree, std::initializer_list<std::string_view> names) {
        const std::string_view found = tree.text_of(names);
        if (found.size() > limits_.text_bytes_max) {
            note(fmt::format("{}: longer than {} bytes, left out", *names.begin(), limits_.text_bytes_max));
            return {};
        }
        if (!is_utf8(found)) {
            note(fmt::format("{}: no UTF-8, left out", *names.begin()));
            return {};
        }
        std::string clean(found);
        for (char& c : clean)  // XML 1.0 has no place for most control characters
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        const auto first = clean.find_first_not_of(' ');
        return first == std::string::npos ? "" : clean.substr(first, clean.find_last_not_of(' ') - first + 1);
    }

    std::optional<Instant> instant(std::string_view text, std::string_view where) {
        if (is_missing(text) || text.starts_with("0001-01-01")) return std::nullopt;
        if (auto at = parse_rfc3339(text)) return *at;
        std::string zoned(text);
        if (zoned.size() > 10 && zoned[10] == ' ') zoned[10] = 'T';
        if (zoned.size() == 10) zoned += "T00:00:00";
        if (auto at = parse_rfc3339(zoned + "Z")) {
            note(fmt::format("{}: an instant without a zone, taken as UTC", where));
            return *at;
        }
        if (auto at = parse_rfc3339(zoned)) return *at;
        note(fmt::format("{}: an instant that is none", where));
        return std::nullopt;
    }

    std::optional<Instant> instant_of(const Tree& tree) {
        for (const std::string_view name : instant_names)
            if (const std::string_view text = tree.text_of({name}); !text.empty()) return instant(text, tree.name);
        return std::nullopt;
    }

    std::optional<double> value(const Tree& tree, const ElementForm& form) {
        for (const Part& part : form.parts) {
            const Tree* child = tree.child(part.name);
            if (!child || is_missing(child->text)) continue;
            if (form.element == Element::engine_running) {
                if (same_name(child->text, "true") || child->text == "1" || same_name(child->text, "on")) return 1;
                if (same_name(child->text, "false") || child->text == "0" || same_name(child->text, "off")) return 0;
                note(fmt::format("{}: neither true nor false", tree.name));
                return std::nullopt;
            }
            bool is_bent = false;
            std::optional<double> number = number_of(child->text, is_bent);
            if (!number && form.unit == Unit::hours) number = hours_of_duration(child->text);
            if (!number) {
                note(fmt::format("{}: a value that is no number", tree.name));
                return std::nullopt;
            }
            if (is_bent) note(fmt::format("{}: a decimal comma", tree.name));
            return scaled(tree, form, *number * part.factor);
        }
        return std::nullopt;
    }

    std::optional<Reading> reading(const Tree& tree, const ElementForm& form) {
        const std::optional<double> number = value(tree, form);
        if (!number) return std::nullopt;
        if (*number < 0 || *number > form.value_max) {
            note(fmt::format("{}: {} is beyond what it can be, left out", tree.name, *number));
            return std::nullopt;
        }
        return Reading{instant_of(tree), *number};
    }

    std::optional<Location> location(const Tree& tree) {
        Location found;
        bool is_bent = false;
        const auto degrees = [&](std::string_view name) -> std::optional<double> {
            const std::string_view text = tree.text_of({name});
            return is_missing(text) ? std::nullopt : number_of(text, is_bent);
        };
        const auto latitude = degrees("Latitude"), longitude = degrees("Longitude");
        if (!latitude || !longitude) {
            note("Location: without latitude and longitude");
            return std::nullopt;
        }
        if (std::abs(*latitude) > 90 || std::abs(*longitude) > 180) {
            note("Location: not on the earth, left out");
            return std::nullopt;
        }
        if (*latitude == 0 && *longitude == 0) {
            note("Location: 0 degrees, 0 degrees: no fix, left out");
            return std::nullopt;
        }
        found.latitude = *latitude;
        found.longitude = *longitude;
        if (const auto altitude = degrees("Altitude")) {
            const std::string_view unit = tree.text_of({"AltitudeUnits", "AltitudeUnit"});
            const bool is_feet = same_name(unit, "feet") || same_name(unit, "foot") || same_name(unit, "ft");
            found.altitude_metres = *altitude * (is_feet ? 0.3048 : 1);
        }
        found.at = instant_of(tree);
        return found;
    }

    Fault fault(const Tree& tree) {
        Fault found;
        found.at = instant_of(tree);
        found.code = text(tree, {"CodeIdentifier", "Code", "Identifier"});
        found.description = text(tree, {"CodeDescription", "Description"});
        found.severity = text(tree, {"CodeSeverity", "Severity"});
        found.source = text(tree, {"CodeSource", "Source"});
        found.spn = number_from<std::uint32_t>(tree.text_of({"SPN"}));
        found.fmi = number_from<std::uint32_t>(tree.text_of({"FMI"}));
        if (!found.spn) split_code(found);
        // SPN has 19 bits, FMI 5 (SAE J1939-73).
        if (found.spn.value_or(0) >= 1u << 19 || found.fmi.value_or(0) >= 32) found.spn = found.fmi = std::nullopt;
        return found;
    }

private:
    /// "110-3", "110.3", "SPN110FMI3", "SPN 110 FMI 3".
    static void split_code(Fault& fault) {
        std::vector<std::string> numbers;
        bool was_digit = false;
        for (const char c : fault.code) {
            const bool is_digit = c >= '0' && c <= '9';
            if (is_digit && !was_digit) numbers.emplace_back();
            if (is_digit) numbers.back() += c;
            if (!is_digit && std::string_view("SPNFMIspnfmi -./:").find(c) == std::string_view::npos) return;
            was_digit = is_digit;
        }
        if (numbers.size() != 2) return;
        fault.spn = number_from<std::uint32_t>(numbers[0]);
        fault.fmi = number_from<std::uint32_t>(numbers[1]);
    }

    std::optional<double> scaled(const Tree& tree, const ElementForm& form, double number) {
        if (form.unit_name.empty()) return number;
        const std::string_view unit = tree.text_of({form.unit_name});
        if (unit.empty()) return number;
        if (const auto factor = factor_of(form.unit, unit)) return number * *factor;
        note(fmt::format("{}: a unit we do not know, left out", tree.name));
        return std::nullopt;
    }

    const Limits& limits_;
    std::vector<Note>& notes_;
};

void read_links(const Tree& tree, DocumentReader& reader, Links& links) {
    for (const Tree& child : tree.children) {
        if (!same_name(child.name, "Links") && !same_name(child.name, "Link")) continue;
        const std::string_view rel = child.text_of({"rel"});
        std::string href = reader.text(child, {"href"});
        if (same_name(rel, "self")) links.self = std::move(href);
        else if (same_name(rel, "prev") || same_name(rel, "previous")) links.prev = std::move(href);
        else if (same_name(rel, "next")) links.next = std::move(href);
        else if (same_name(rel, "last")) links.last = std::move(href);
    }
}

Result<Equipment> read_equipment(const Tree& tree, DocumentReader& reader, const Limits& limits) {
    Equipment found;
    const Tree* header = tree.child("EquipmentHeader");
    const Tree& names = header ? *header : tree;
    found.oem = reader.text(names, {"OEMName", "OEM", "Make"});
    found.model = reader.text(names, {"Model"});
    found.equipment_id = reader.text(names, {"EquipmentID"});
    found.serial = reader.text(names, {"SerialNumber", "Serial"});
    found.pin = reader.text(names, {"PIN"});
    found.installed = reader.instant(names.text_of({"UnitInstallDateTime"}), "UnitInstallDateTime");
    for (const Tree& child : tree.children) {
        if (same_name(child.name, "Location")) {
            if (auto location = reader.location(child)) found.location = *location;
        } else if (same_name(child.name, "FaultCode") || same_name(child.name, "FaultCodes")) {
            if (found.faults.size() >= limits.faults_max) return fail(Code::exhausted, "more faults than faults_max");
            found.faults.push_back(reader.fault(child));
        } else {
            for (const ElementForm& form : forms()) {
                if (!is_named(form, child.name)) continue;
                auto reading = reader.reading(child, form);
                if (!reading) continue;
                auto& kept = found[form.element];
                if (kept && kept->at && reading->at && *reading->at < *kept->at) continue;  // said twice: the newer
                kept = *reading;
            }
        }
    }
    const auto &operating = found[Element::operating_hours], &idle = found[Element::idle_hours];
    if (operating && idle && idle->value > operating->value + 0.01)
        reader.note("CumulativeIdleHours: more than CumulativeOperatingHours");
    return found;
}

bool has_names(const Tree& tree) { return tree.child("EquipmentHeader") || tree.child("SerialNumber"); }

}  // namespace

Result<Fleet> decode_fleet(Bytes document, const Limits& limits) {
    TRY(const Tree parsed, parse_tree(document, limits));
    const Tree* tree = &parsed;
    if (const Tree* inner = tree->child("Fleet"); inner && !inner->children.empty()) tree = inner;
    Fleet fleet;
    DocumentReader reader(limits, fleet.notes);
    fleet.snapshot = reader.instant(tree->text_of({"snapshotTime", "SnapshotDateTime"}), "snapshotTime");
    read_links(*tree, reader, fleet.links);
    std::vector<const Tree*> all;
    if (has_names(*tree)) all.push_back(tree);
    else
        for (const Tree& child : tree->children)
            if (same_name(child.name, "Equipment") || (child.name.empty() && has_names(child))) all.push_back(&child);
    if (all.empty() && !same_name(tree->name, "Fleet") && !tree->child("Links") && !tree->child("snapshotTime"))
        return fail(Code::invalid, "neither a fleet nor a machine of ISO 15143-3");
    if (all.size() > limits.equipment_max)
        return fail(Code::exhausted, fmt::format("{} machines on one page, at most {}", all.size(), limits.equipment_max));
    for (const Tree* one : all) {
        TRY(Equipment equipment, read_equipment(*one, reader, limits));
        if (identity_of(equipment).empty()) reader.note("EquipmentHeader: nothing to tell it apart by");
        fleet.equipment.push_back(std::move(equipment));
        ++reader.equipment;
    }
    return fleet;
}

Result<Series> decode_series(Bytes document, const Limits& limits) {
    TRY(const Tree parsed, parse_tree(document, limits));
    const Tree* tree = &parsed;
    if (tree->name.empty() && tree->children.size() == 1 && !tree->children[0].children.empty()) tree = &tree->children[0];
    Series series;
    DocumentReader reader(limits, series.notes);
    read_links(*tree, reader, series.links);
    bool is_one = false;
    if (constexpr std::string_view suffix = "Messages"; tree->name.ends_with(suffix)) {
        const std::string_view of = std::string_view(tree->name).substr(0, tree->name.size() - suffix.size());
        for (const ElementForm& form : forms())
            if (!series.element && is_named(form, of)) series.element = form.element;
    }
    for (const Tree& child : tree->children) {
        if (series.readings.size() + series.locations.size() + series.faults.size() >= limits.readings_max)
            return fail(Code::exhausted, fmt::format("more than {} readings on one page", limits.readings_max));
        if (same_name(child.name, "Location")) {
            is_one = true;
            if (auto location = reader.location(child)) series.locations.push_back(*location);
        } else if (same_name(child.name, "FaultCode") || same_name(child.name, "FaultCodes")) {
            is_one = true;
            series.faults.push_back(reader.fault(child));
        } else {
            for (const ElementForm& form : forms()) {
                if (!is_named(form, child.name) || (series.element && *series.element != form.element)) continue;
                auto reading = reader.reading(child, form);
                is_one = true;
                if (!series.element && form.element != Element::fuel_tank_capacity) series.element = form.element;
                if (reading && series.element == form.element) series.readings.push_back(*reading);
            }
        }
    }
    if (!is_one && tree->name.find("Messages") == std::string::npos && !tree->child("Links"))
        return fail(Code::invalid, "no time series of ISO 15143-3");
    return series;
}

std::string identity_of(const Equipment& equipment) {
    const auto plain = [](std::string_view text) {
        std::string out;
        for (const char c : text)
            if (c != ' ' && c != '-' && c != '_') out += c >= 'a' && c <= 'z' ? char(c - 32) : c;
        return out;
    };
    const std::string serial = plain(equipment.serial), pin = plain(equipment.pin), id = plain(equipment.equipment_id);
    if (!serial.empty()) return plain(equipment.oem) + '|' + serial;
    if (!pin.empty()) return "PIN|" + pin;
    return id.empty() ? "" : plain(equipment.oem) + "|ID|" + id;
}

Equipment merge(const Equipment& older, const Equipment& newer, std::vector<std::string>& notes) {
    Equipment merged = newer;
    const auto keep = [](std::string& mine, const std::string& theirs) {
        if (mine.empty()) mine = theirs;
    };
    keep(merged.oem, older.oem);
    keep(merged.model, older.model);
    keep(merged.equipment_id, older.equipment_id);
    keep(merged.serial, older.serial);
    keep(merged.pin, older.pin);
    if (!merged.installed) merged.installed = older.installed;
    const auto is_newer = [](const auto& a, const auto& b) { return a->at && (!b->at || *a->at > *b->at); };
    if (older.location && (!merged.location || is_newer(older.location, merged.location))) merged.location = older.location;
    for (const ElementForm& form : forms()) {
        const auto& before = older[form.element];
        auto& now = merged[form.element];
        if (!before) continue;
        if (!now || is_newer(before, now)) now = before;
        else if (form.is_cumulative && now->value < before->value)
            notes.push_back(fmt::format("{}: goes back from {} to {}", name_of(form.element), before->value, now->value));
    }
    for (const Fault& fault : older.faults)
        if (std::ranges::find(merged.faults, fault) == merged.faults.end()) merged.faults.push_back(fault);
    return merged;
}

}  // namespace lineshaft::aemp
