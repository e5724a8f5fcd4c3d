#include "io/workers.h"

#include <pthread.h>
#include <sys/resource.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace lineshaft::io {

struct Workers::State {
    std::string name;
    Limits limits;
    mutable std::mutex guard;
    std::condition_variable wake;
    std::deque<std::move_only_function<void()>> queue;
    bool stopping = false;
    std::vector<std::jthread> threads;

    void serve() {
        std::unique_lock lock(guard);
        for (;;) {
            wake.wait(lock, [&] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            {
                auto work = std::move(queue.front());
                queue.pop_front();
                lock.unlock();
                work();
            }
            lock.lock();
        }
    }
};

Workers::Workers(std::string name, Limits limits) : state_(std::make_unique<State>()) {
    state_->name = std::move(name);
    state_->limits = limits;
    for (unsigned index = 0; index < limits.threads; ++index) {
        state_->threads.emplace_back([state = state_.get()] {
            // What `top -H` shows; the kernel keeps 15 letters.
            ::pthread_setname_np(::pthread_self(), state->name.substr(0, 15).c_str());
            // To Linux this is the thread alone. One that may not stand back works all the same.
            if (state->limits.nice > 0) (void)::setpriority(PRIO_PROCESS, 0, state->limits.nice);
            state->serve();
        });
    }
}

Workers::~Workers() {
    {
        const std::lock_guard lock(state_->guard);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    state_->threads.clear();
}

Task<bool> Workers::was_run_here(std::move_only_function<void()> job) {
    // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
    auto start = [this, job = std::move(job)](Answer<bool> answer) mutable {
        auto kept = std::make_shared<Answer<bool>>(std::move(answer));
        const bool is_queued = try_post([kept, job = std::move(job)]() mutable {
            job();
            (*kept)(true);
        });
        if (!is_queued) (*kept)(false);
    };
    auto was_run = co_await suspend<bool>(std::move(start));
    co_return was_run;
}

bool Workers::try_post(std::move_only_function<void()> work) {
    {
        const std::lock_guard lock(state_->guard);
        if (state_->stopping || state_->queue.size() >= state_->limits.queued_max) return false;
        state_->queue.push_back(std::move(work));
    }
    state_->wake.notify_one();
    return true;
}

std::size_t Workers::queued() const {
    const std::lock_guard lock(state_->guard);
    return state_->queue.size();
}

const std::string& Workers::name() const {
    return state_->name;
}

}  // namespace lineshaft::io
