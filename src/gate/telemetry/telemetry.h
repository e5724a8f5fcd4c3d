#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "history/types.h"

// JSON telemetry: what plain MQTT machines publish. Pure: bytes in, samples out.
// Grammar and examples: docs/protocols/telemetry.md.
namespace lineshaft::telemetry {

struct Limits {
    std::size_t payload_bytes_max = 2 << 20;
    std::size_t samples_max = 50'000;  ///< one message
    std::size_t depth_max = 8;         ///< nesting of values
    std::size_t name_bytes_max = 256;  ///< a flattened name
};

/// `lineshaft/v1/<machine>/<channel>` with any organisation prefix already taken off.
struct Topic {
    std::string_view machine;
    std::string_view channel;  ///< "telemetry", "command"
};
/// Errors: not_found (no topic of ours).
Result<Topic> parse_topic(std::string_view topic);
std::string command_topic(std::string_view machine);

/// Understands `{"ts":…,"values":{…}}`, an array of them, or a bare `{name: value}`. `received` is
/// the instant of samples without `ts`. Nested objects become dotted names ("position.lat"), arrays
/// stay JSON text, null is a sample of quality `missing`, whole numbers over 2^53 stay integers.
/// Errors: invalid, naming what and where ("ts of entry 3 …"); nothing is taken from a payload
/// that has one.
Result<std::vector<history::TagSample>> parse(Bytes payload, Instant received,
                                              const Limits& limits);

/// What one machine says in a payload that names its machines.
struct Named {
    std::string machine;
    std::vector<history::TagSample> samples;
};
/// As parse, but every entry has a member `machine`: `{"machine":"press-7","ts":…,"values":{…}}`.
/// `documents`: several payloads, one per line (NDJSON); the limits hold for each.
Result<std::vector<Named>> parse_named(Bytes payload, Instant received, const Limits& limits);
Result<std::vector<Named>> parse_named_lines(std::string_view documents, Instant received,
                                             const Limits& limits);
/// parse over lines.
Result<std::vector<history::TagSample>> parse_lines(std::string_view documents, Instant received,
                                                    const Limits& limits);

/// `{"id":…,"values":{tag:value}}`, as the machine receives it.
std::string encode_command(std::string_view id, std::string_view tag, const history::Value& value);

}  // namespace lineshaft::telemetry
