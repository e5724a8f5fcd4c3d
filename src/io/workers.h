#pragma once
#include <functional>
#include <memory>
#include <string>

#include "io/task.h"

namespace lineshaft::io {

/// Named threads for work that blocks (SQL, hashing, sealing, solving). The queue is bounded:
/// a full one refuses with `exhausted`, so slow work never takes the shards with it.
class Workers {
public:
    struct Limits {
        unsigned threads = 1;
        std::size_t queued_max = 1024;
        int nice = 0;  ///< 0..19: how far these threads stand back when the processors are busy
    };
    Workers(std::string name, Limits limits);
    ~Workers();  ///< finishes what is queued, then joins
    Workers(const Workers&) = delete;

    /// Queues `work`; false when the queue is full. Thread-safe. `work` must not throw.
    bool try_post(std::move_only_function<void()> work);
    std::size_t queued() const;

    /// Runs `work()` (not a coroutine, returns Result<T>) on a worker and resumes on the caller's
    /// shard with what it returned. Errors: exhausted (queue full), and the work's own.
    template <class Work>
    Task<std::invoke_result_t<Work>> run(Work work) {
        using T = std::invoke_result_t<Work>;
        return run_kept<T>(std::move_only_function<T()>(std::move(work)));
    }
    const std::string& name() const;

private:
    template <class T>  // not of Work: one coroutine for all that return the same
    Task<T> run_kept(std::move_only_function<T()> work) {
        std::optional<T> value;
        std::move_only_function<void()> job = [&value, work = std::move(work)]() mutable {
            value.emplace(work());
        };
        auto was_run = co_await was_run_here(std::move(job));
        if (!was_run) co_return fail(Code::exhausted, name() + " is busy, try again");
        co_return std::move(*value);
    }
    Task<bool> was_run_here(std::move_only_function<void()> job);  // false: the queue is full

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lineshaft::io
