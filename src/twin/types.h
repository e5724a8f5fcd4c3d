#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "history/types.h"

namespace lineshaft::twin {

/// Which door a machine speaks through.
enum class Source : std::uint8_t { json, sparkplug, other, influx, remote_write, thingsboard };
std::string_view name_of(Source source);
std::optional<Source> source_named(std::string_view name);

/// online: heard within its expected silence. stale: silent too long, or its edge node died.
/// offline: said goodbye, or stale for an hour. What is known from disk only begins as stale.
enum class Connection : std::uint8_t { online, stale, offline };
std::string_view name_of(Connection connection);

struct Position {
    double latitude = 0;
    double longitude = 0;
    bool operator==(const Position&) const = default;
};

/// What a machine is doing now, without its values. A copy; safe to keep and to send to shards.
struct MachineState {
    OrganisationId organisation;
    std::string id;
    Source source = Source::other;
    Connection connection = Connection::stale;
    Instant last_seen;
    std::string state;  ///< newest value of the text tag `state`; empty: none
    std::string fault;  ///< newest value of the text tag `fault_code` or `fault`; empty: none
    std::optional<Position> position;
    std::size_t tags = 0;
};

/// A tag's newest value by its own instant.
struct TagValue {
    std::string tag;
    history::Sample sample;
};

struct Event {
    Instant at;
    OrganisationId organisation;
    std::string machine;  ///< empty: of the plant
    std::string kind;     ///< "discovered", "birth", "death", … : docs/protocols/http-api.md
    std::string text;
};

/// What a door learns about a machine besides its values.
enum class Presence : std::uint8_t {
    born,     ///< a birth certificate, or the first words of a session
    died,     ///< its edge node or connection was lost: stale
    goodbye,  ///< it left on purpose: offline
};

}  // namespace lineshaft::twin
