#pragma once
#include "gate/mqtt/hub.h"

namespace lineshaft::broker {

/// Fills the hubs from the store, before any shard uses them. Owner: Broker::load.
class Loader {
public:
    explicit Loader(Common& common);
    Result<void> run();
    Loaded take() { return std::move(loaded_); }

private:
    Result<void> load_logs();
    Result<void> load_sessions();
    Result<void> load_retained();
    void add_session(SessionNumber number, SessionRecord record, const ProgressRecord& progress);
    void damage(store::Family family, std::string_view key, std::string_view value,
                std::string_view why);

    Common& common_;
    Loaded loaded_;
    store::Batch set_aside_;
};

}  // namespace lineshaft::broker
