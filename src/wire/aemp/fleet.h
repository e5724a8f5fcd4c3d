// AEMP 2.0 (ISO 15143-3) documents as values: a maker's fleet, page by page, XML or JSON, and back.
//
// Liberal in: any namespace or prefix, instants as attribute or child in any spelling, several units,
// decimal commas, missing and empty elements. Strict out: the standard's namespace, attribute
// `datetime`, UTC, metric units. What was bent to be read is told in notes. The standard's text is not
// public; shapes are those real servers send (docs/protocols/aemp.md).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::aemp {

/// What a machine counts or measures, in the unit told here, whatever the document's unit was.
enum class Element : std::uint8_t {
    operating_hours,          ///< h, since ever, as all that are cumulative
    idle_hours,               ///< h, engine on and no work
    idle_non_operating_hours, ///< h
    power_take_off_hours,     ///< h
    regeneration_hours,       ///< h, particle filter
    fuel_used,                ///< litre
    fuel_used_last_24,        ///< litre
    distance,                 ///< kilometre
    fuel_remaining,           ///< percent
    fuel_tank_capacity,       ///< litre
    def_remaining,            ///< percent
    load_factor_last_24,      ///< percent
    load_count,               ///< loads
    payload,                  ///< kilogram
    peak_speed_last_24,       ///< km/h
    engine_running,           ///< 0 or 1
};
inline constexpr std::size_t elements_count = 16;

/// The standard's name, "CumulativeOperatingHours". (The tank's capacity is a part of FuelRemaining.)
std::string_view name_of(Element element);
/// Any case; nothing when it is none.
std::optional<Element> element_of(std::string_view name);

/// `at` is missing when the document has no instant, or 0001-01-01: use the snapshot's.
struct Reading {
    std::optional<Instant> at = {};
    double value = 0;
    bool operator==(const Reading&) const = default;
};
struct Location {
    std::optional<Instant> at = {};
    double latitude = 0, longitude = 0;  ///< degrees, WGS 84
    std::optional<double> altitude_metres = {};
    bool operator==(const Location&) const = default;
};
/// A fault code; SPN and FMI as SAE J1939 counts them, when the code says so.
struct Fault {
    std::optional<Instant> at = {};
    std::string code = {}, description = {}, severity = {}, source = {};
    std::optional<std::uint32_t> spn = {}, fmi = {};
    bool operator==(const Fault&) const = default;
};

struct Equipment {
    std::string oem = {}, model = {}, equipment_id = {}, serial = {}, pin = {};
    std::optional<Instant> installed = {};
    std::optional<Location> location = {};
    std::array<std::optional<Reading>, elements_count> readings = {};
    std::vector<Fault> faults = {};

    std::optional<Reading>& operator[](Element e) { return readings[static_cast<std::size_t>(e)]; }
    const std::optional<Reading>& operator[](Element e) const { return readings[static_cast<std::size_t>(e)]; }
    bool operator==(const Equipment&) const = default;
};

struct Links {
    std::string self, prev, next, last;
    bool operator==(const Links&) const = default;
};

/// Something that was read with a guess, or not read: where, and what.
struct Note {
    std::size_t equipment = 0;
    std::string what;
    bool operator==(const Note&) const = default;
};

struct Fleet {
    std::optional<Instant> snapshot = {};
    Links links = {};
    std::vector<Equipment> equipment = {};
    std::vector<Note> notes = {};
};

/// A time series of one element, or of places or faults, of one machine.
struct Series {
    std::optional<Element> element = {};
    std::vector<Reading> readings = {};
    std::vector<Location> locations = {};
    std::vector<Fault> faults = {};
    Links links = {};
    std::vector<Note> notes = {};
};

struct Limits {
    std::size_t document_bytes_max = 16 << 20;
    std::size_t equipment_max = 1'000;   ///< of one page; the standard sends 100
    std::size_t readings_max = 20'000;   ///< of one page of a series
    std::size_t faults_max = 1'000;      ///< of one machine
    std::size_t notes_max = 200;         ///< further ones are not kept
    std::size_t text_bytes_max = 1'024;  ///< of one text; longer ones are left out with a note
    std::size_t depth_max = 16;
    std::size_t nodes_max = 400'000;     ///< elements of a document
};

/// A page of the fleet, or one machine. XML or JSON, told apart by the first character.
/// Errors: invalid (neither, or neither document), exhausted (a limit, by name).
Result<Fleet> decode_fleet(Bytes document, const Limits& limits = {});
/// A page of a time series. Errors: as above.
Result<Series> decode_series(Bytes document, const Limits& limits = {});

enum class Format { xml, json };
/// Of the document types a client accepts (RFC 9110, 12.5.1, without weights): XML unless JSON is
/// asked for first.
Format format_for(std::string_view accept);

std::string encode_fleet(const Fleet& fleet, Format format);
std::string encode_series(const Series& series, Format format);

/// By what machines are the same in any feed: maker and serial number, both without case, spaces and
/// dashes; without a serial number the PIN, else the equipment id. Empty when there is nothing.
std::string identity_of(const Equipment& equipment);

/// The newest of everything; of two readings without an instant, or of the same, the one of `newer`.
/// Cumulative elements that go back are kept and told in `notes`.
Equipment merge(const Equipment& older, const Equipment& newer, std::vector<std::string>& notes);

}  // namespace lineshaft::aemp
