// InfluxDB's write doors over HTTP, versions 1 and 2: line protocol becomes reports of machines.
// What a line means, every answer and every refusal: docs/protocols/influx.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/learner.h"
#include "io/http/server.h"
#include "io/per_shard.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "twin/plant.h"
#include "wire/influx/line.h"

namespace lineshaft::influx {

struct DoorLimits {
    std::size_t body_bytes_max = 16 << 20;     ///< of a request, also once decompressed; then 413
    std::size_t decoded_bytes_max = 64 << 20;  ///< bodies in work on one shard; then 503
    std::size_t samples_per_round = 20'000;    ///< handed to the plant at once
    std::size_t problems_told_max = 20;        ///< bad lines named in an answer
    std::size_t heads_kept_max = 200'000;      ///< series whose attributes are known, per shard
    Limits line;
};

struct DoorStats {
    std::uint64_t requests = 0;       ///< writes
    std::uint64_t lines = 0;          ///< read
    std::uint64_t samples = 0;        ///< stored
    std::uint64_t lines_refused = 0;  ///< not readable, or of a machine the token may not speak for
    std::uint64_t samples_refused = 0;   ///< by history: time, name, number of series, size
    std::uint64_t requests_refused = 0;  ///< as a whole: credentials, size, encoding, precision
    std::uint64_t requests_busy = 0;     ///< 503 or 429: to be sent again

    DoorStats& operator+=(const DoorStats& other);
};
std::span<const io::StatField<DoorStats>> stat_fields();

/// Serves /api/v2/write, /write, /query, /ping and /health. Everything outlives the HTTP server it
/// is added to. 204 means that every value is on disk; 400 names the lines that are not, the others
/// are; 503 and nothing else asks to send again.
class Door {
public:
    struct Services {
        twin::Plant& plant;
        catalog::Desk& desk;
        catalog::Learner& learner;
        trust::Porter& porter;
        io::Shards& shards;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;  ///< where refusals are noted
    };
    /// `machine_tags`: the tag that names a line's machine, the first that is present.
    Door(Services services, std::vector<std::string> machine_tags, std::string version,
         DoorLimits limits);
    ~Door();

    void add_routes(io::http::Router& router);
    io::Task<DoorStats> stats();

private:
    friend class Write;
    friend struct DoorSteps;
    struct OnShard;
    OnShard& here() { return on_shard_.here(); }

    Services services_;
    std::vector<std::string> machine_tags_;
    std::string version_;
    DoorLimits limits_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::influx
