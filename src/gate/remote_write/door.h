// Prometheus remote write 1.0 over HTTP: every series becomes a tag of a machine. Conformance and
// naming: docs/protocols/remote-write.md, docs/decisions/0011.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/http/server.h"
#include "io/per_shard.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "twin/plant.h"
#include "wire/remote_write/request.h"

namespace lineshaft::remote_write {

struct DoorLimits {
    std::size_t body_bytes_max = 16 << 20;     ///< of a request, also once decompressed; then 413
    std::size_t decoded_bytes_max = 64 << 20;  ///< bodies in work on one shard; then 503
    std::size_t samples_per_round = 20'000;    ///< handed to the plant at once
    std::size_t tag_bytes_max = 256;           ///< history's
    Limits request;
};

struct DoorStats {
    std::uint64_t requests = 0;
    std::uint64_t series = 0;
    std::uint64_t samples = 0;          ///< stored
    std::uint64_t series_refused = 0;   ///< no machine, or one the token may not speak for
    std::uint64_t samples_refused = 0;  ///< by history: time, name, number of series
    std::uint64_t exemplars_skipped = 0, histograms_skipped = 0, metadata_skipped = 0;
    std::uint64_t requests_refused = 0;  ///< as a whole: credentials, size, encoding, damage
    std::uint64_t requests_busy = 0;     ///< 503 or 429: to be sent again

    DoorStats& operator+=(const DoorStats& other);
};
std::span<const io::StatField<DoorStats>> stat_fields();

/// Serves POST /api/v1/write. Everything outlives the HTTP server it is added to. 204: every sample
/// is on disk. 4xx: sending it again cannot help, what was good is stored. 503: send it again.
class Door {
public:
    struct Services {
        twin::Plant& plant;
        trust::Porter& porter;
        io::Shards& shards;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;  ///< where refusals are noted
    };
    Door(Services services, std::vector<std::string> machine_labels, DoorLimits limits);
    ~Door();

    void add_routes(io::http::Router& router);
    io::Task<DoorStats> stats();

private:
    friend struct DoorSteps;
    struct OnShard;
    OnShard& here() { return on_shard_.here(); }

    Services services_;
    std::vector<std::string> machine_labels_;
    DoorLimits limits_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::remote_write
