#pragma once
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "io/shard.h"

namespace lineshaft::history {

/// What other shards are asked for at once. Owner: one coroutine on the asking shard; the work runs
/// on theirs and is no coroutine.
template <class T>
class Errands {
public:
    /// `place`: by which the asker knows the answer again.
    void send(io::Shard& to, std::size_t place, std::move_only_function<T()> work) {
        ++state_->running;
        to.post([state = state_, place, work = std::move(work),
                 home = &io::Shard::here()]() mutable {
            T answer = work();
            home->post([state = std::move(state), place, answer = std::move(answer)]() mutable {
                state->answers.emplace_back(place, std::move(answer));
                if (--state->running == 0 && state->wake) std::exchange(state->wake, nullptr)();
            });
        });
    }

    /// When all have come, in the order of their coming.
    io::Task<std::vector<std::pair<std::size_t, T>>> all() {
        if (state_->running > 0) {
            auto start = [state = state_](io::Answer<bool> answer) {
                auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
                state->wake = [kept] { (*kept)(true); };
            };
            auto woken = co_await io::suspend<bool>(std::move(start));
            (void)woken;
        }
        co_return std::move(state_->answers);
    }

private:
    struct State {
        std::size_t running = 0;
        std::vector<std::pair<std::size_t, T>> answers;
        std::function<void()> wake;
    };
    const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace lineshaft::history
