#pragma once
#include <memory>
#include <vector>

#include "io/http/server.h"
#include "io/shard.h"
#include "trust/audit.h"
#include "trust/office.h"
#include "trust/porter.h"
#include "trust/throttle.h"

// Enrolment over Secure Transport (RFC 7030): how machines get and renew certificates by
// themselves. Protocol page: docs/protocols/est.md.
namespace lineshaft::est {

struct Limits {
    std::size_t body_bytes_max = 24 * 1024;  ///< a request of 16 KiB in base64
    std::size_t under_way_max = 64;          ///< enrolments at once on one shard; then 503
    trust::ThrottleLimits throttle;          ///< wrong tokens, per address
    /// Renewals, per machine: a machine that renews in a loop fills no catalog.
    trust::ThrottleLimits renewals{.free_failures = 10,
                                   .wait_first = std::chrono::minutes(1),
                                   .account_wait_max = std::chrono::minutes(10),
                                   .address_wait_max = std::chrono::minutes(10),
                                   .forget_after = std::chrono::minutes(30)};
};

/// /.well-known/est/{cacerts, csrattrs, simpleenroll, simplereenroll}. TLS only, but for cacerts,
/// whose answer is public and proven by its fingerprint. Owner: the program; outlives the server.
class Door {
public:
    Door(trust::CertificateOffice& office, trust::Porter& porter, trust::Audit& audit,
         io::Shards& shards, Limits limits);
    void add_routes(io::http::Router& router);

    struct OnShard {
        explicit OnShard(const Limits& limits)
            : throttle(limits.throttle), renewals(limits.renewals) {}
        trust::LoginThrottle throttle, renewals;
        std::size_t under_way = 0;
    };
    trust::CertificateOffice& office;
    trust::Porter& porter;
    trust::Audit& audit;  ///< every certificate, before it is handed out; and refusals
    const Limits limits;
    OnShard& here() { return *on_shard_[io::Shard::here().index().number()]; }

private:
    std::vector<std::unique_ptr<OnShard>> on_shard_;
};

}  // namespace lineshaft::est
