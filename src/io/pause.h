#pragma once
#include <optional>

#include "io/shard.h"

namespace lineshaft::io {

/// Goes to the end of this shard's queue: between the pieces of work that takes milliseconds.
Task<void> let_others_run();

/// A sleep that can be cut short: for retries, tickers and "at most every" loops. One coroutine
/// waits at a time. Owner: one shard; nobody may be waiting when it is destroyed.
class Pause {
public:
    /// Resumes after `length` (up to one wheel slot late) with true, or early with false when
    /// end() is called. After end() every further wait returns false at once.
    Task<bool> wait(Steady length);

    /// Resumes the waiter early and for good: what a nursery calls to stop a child.
    void end();
    /// Resumes the waiter early, once; nothing when nobody waits.
    void wake();

private:
    void answer(bool whole);

    Wheel::Timer timer_;
    std::optional<Answer<bool>> waiter_;
    bool is_ended_ = false;
};

}  // namespace lineshaft::io
