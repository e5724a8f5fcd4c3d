// JSON telemetry over HTTP: what MQTT machines publish, posted. docs/protocols/telemetry.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gate/telemetry/telemetry.h"
#include "io/http/server.h"
#include "io/per_shard.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "twin/plant.h"

namespace lineshaft::telemetry {

struct HttpLimits {
    std::size_t body_bytes_max = 16 << 20;     ///< of a request, also once decompressed; then 413
    std::size_t decoded_bytes_max = 64 << 20;  ///< bodies in work on one shard; then 503
    Limits payload;                            ///< of one JSON document, as over MQTT
};

struct HttpStats {
    std::uint64_t requests = 0;
    std::uint64_t samples = 0;           ///< stored
    std::uint64_t samples_refused = 0;   ///< by history: time, name, number of series, size
    std::uint64_t requests_refused = 0;  ///< as a whole: credentials, size, encoding, JSON
    std::uint64_t requests_busy = 0;     ///< 503 or 429: to be sent again

    HttpStats& operator+=(const HttpStats& other);
};
std::span<const io::StatField<HttpStats>> stat_fields();

/// Serves POST /api/v1/telemetry and /api/v1/telemetry/{machine}. Everything outlives the HTTP
/// server it is added to. A body with an error is refused as a whole; 204: every value is on disk;
/// 200 says how many were refused alone.
class HttpDoor {
public:
    struct Services {
        twin::Plant& plant;
        trust::Porter& porter;
        io::Shards& shards;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;  ///< where refusals are noted
    };
    HttpDoor(Services services, HttpLimits limits);
    ~HttpDoor();

    void add_routes(io::http::Router& router);
    io::Task<HttpStats> stats();

private:
    friend struct HttpSteps;
    struct OnShard;
    OnShard& here() { return on_shard_.here(); }

    Services services_;
    HttpLimits limits_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::telemetry
