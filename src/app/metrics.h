#pragma once
#include <string>

#include "api/services.h"
#include "gate/mqtt/stats.h"
#include "store/store.h"
#include "wire/sparkplug/host.h"

namespace lineshaft::app {

/// Everything /metrics shows.
struct Measured {
    broker::Stats broker;
    twin::Counters plant;
    history::Stats history;
    sparkplug::HostCounters sparkplug;
    store::Stats store;
    io::http::Server::Stats http;
    api::NodeFacts facts;
};
/// Prometheus text format 0.0.4.
std::string metrics_page(const Measured& measured);

/// Turns counters into rates over the time between two calls.
class RateMeter {
public:
    api::Rates measure(const broker::Stats& broker, const twin::Counters& plant,
                       const store::Stats& store, io::Steady now);

private:
    api::Rates last_;
    std::uint64_t commits_ = 0, sync_micros_ = 0;
    io::Steady at_{0};
};

}  // namespace lineshaft::app
