#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "io/task.h"

namespace lineshaft::io {

class Shard;

/// A timer of the kernel's precision, for work that is done a little at a time so that others have
/// the processor in between: the wheel's slots are so wide that a whole crowd would have its turn at
/// once. It is a timer of the loop's own, so a shard has a few of them, never one for each client.
/// Owner: one shard. Goes by the machine's clock, also where the shard's is a ManualClock.
class Soon {
public:
    explicit Soon(Shard& shard);
    Soon(const Soon&) = delete;
    ~Soon();

    /// Calls `fire` on the shard after about `after`; what was armed before is forgotten. `fire`
    /// may arm again or destroy this.
    void arm(std::chrono::microseconds after, std::move_only_function<void()> fire);
    void disarm();
    /// Resumes the caller after about `after`. Nobody disarms or arms again meanwhile.
    Task<void> wait(std::chrono::microseconds after);
    bool is_armed() const;

private:
    struct Waiting;
    std::shared_ptr<Waiting> waiting_;
};

}  // namespace lineshaft::io
