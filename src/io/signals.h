#pragma once
#include <functional>
#include <memory>

#include "io/shard.h"

namespace lineshaft::io {

/// SIGINT and SIGTERM: the first calls `on_stop` on `shard`; a second ends the process at once
/// with 128 + its number, for a stop that hangs. One per process. Destroy before the shard ends.
class Signals {
public:
    Signals(Shard& shard, std::function<void()> on_stop);
    ~Signals();
    Signals(const Signals&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace lineshaft::io
