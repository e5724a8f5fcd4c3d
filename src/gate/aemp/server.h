// The fleet as an AEMP 2.0 feed: snapshot by pages, one machine, time series, faults; signed in
// with OAuth2 client credentials or a token as such. Paths and dialect: docs/protocols/aemp.md.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/http/server.h"
#include "io/per_shard.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "trust/seal.h"
#include "wire/aemp/fleet.h"

namespace lineshaft::aemp {

/// What the feed is made of; `app` plugs it. Callable on any shard.
class FeedSource {
public:
    /// Every machine as it is now, by id; equipment_id is the machine's id.
    virtual io::Task<std::vector<Equipment>> machines(OrganisationId organisation) = 0;
    struct SeriesQuery {
        std::string machine;
        std::optional<Element> element{};  ///< nothing: places, or faults
        bool is_faults = false;
        Window window{};
        std::size_t count_max = 0, skip = 0;
    };
    /// Ascending. `is_more`: there is another page. Errors: not_found (machine), exhausted.
    struct SeriesPage {
        Series series;
        bool is_more = false;
    };
    virtual io::Task<Result<SeriesPage>> series(OrganisationId organisation, SeriesQuery query) = 0;
    virtual ~FeedSource() = default;
};

struct ServerLimits {
    std::size_t page_machines = 100;  ///< as the standard has it
    std::size_t page_readings = 1'000;
    std::int64_t window_days_max = 92;
    std::int64_t token_s = 3'600;  ///< an access token lasts
};

/// /aemp/... Owner: the program; outlives the HTTP server.
class Server {
public:
    struct Services {
        FeedSource& source;
        trust::Porter& porter;
        io::Shards& shards;
        trust::SealKey key;  ///< the node's
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;
    };
    Server(Services services, ServerLimits limits);
    void add_routes(io::http::Router& router);

private:
    friend struct ServerSteps;
    Services services_;
    ServerLimits limits_;
    trust::SealKey token_key_;
};

}  // namespace lineshaft::aemp
