// Inside gate/telemetry: payloads of machines whose names are all remembered, so that none is
// built, looked up or sent along.
#pragma once
#include <optional>
#include <string_view>

#include "base/hash128.h"
#include "gate/telemetry/telemetry.h"
#include "history/points.h"
#include "twin/channel_cache.h"

namespace lineshaft::telemetry {

/// What channels of that machine are remembered by.
Hash128 machine_key(OrganisationId organisation, std::string_view machine);
Hash128 channel_key(const Hash128& machine, std::string_view name);

/// What one machine said; never empty.
struct KnownPoints {
    history::Points points;
    ShardIndex owner;
};

/// As parse. nothing: some name is not remembered, or parse() would give no sample, or an error.
std::optional<KnownPoints> parse_known(Bytes payload, Instant received, const Limits& limits,
                                       const twin::ChannelCache& channels, const Hash128& machine);

}  // namespace lineshaft::telemetry
