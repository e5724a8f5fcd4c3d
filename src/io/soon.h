#pragma once
#include <functional>
#include <memory>

#include "io/clock.h"

namespace lineshaft::io {

class Shard;

/// A timer to the millisecond, for work that is done a little at a time so that others have the
/// processor in between: the wheel's slots are so wide that a whole crowd would have its turn at
/// once. It is a timer of the loop's own, so a shard has a few of them, never one for each client.
/// Owner: one shard. Goes by the machine's clock, also where the shard's is a ManualClock.
class Soon {
public:
    explicit Soon(Shard& shard);
    Soon(const Soon&) = delete;
    ~Soon();

    /// Calls `fire` on the shard after about `after`; what was armed before is forgotten. `fire`
    /// may arm again or destroy this.
    void arm(Steady after, std::function<void()> fire);
    void disarm();
    bool is_armed() const;

private:
    struct Waiting;
    std::shared_ptr<Waiting> waiting_;
};

}  // namespace lineshaft::io
