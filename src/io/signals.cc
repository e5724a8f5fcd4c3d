#include "io/signals.h"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

namespace lineshaft::io {

struct Signals::State {
    Shard& shard;
    std::function<void()> on_stop;
    boost::asio::signal_set set;

    static void wait(const std::shared_ptr<State>& state) {
        state->set.async_wait([state](const boost::system::error_code& failed, int number) {
            if (failed) return;
            if (!state->on_stop) ::_exit(128 + number);
            std::exchange(state->on_stop, nullptr)();
            wait(state);
        });
    }
};

Signals::Signals(Shard& shard, std::function<void()> on_stop)
    : state_(new State{shard, std::move(on_stop),
                       boost::asio::signal_set(shard.loop(), SIGINT, SIGTERM)}) {
    shard.post([state = state_] { State::wait(state); });
}

Signals::~Signals() {
    state_->shard.post([state = state_] {
        boost::system::error_code ignored;  // nothing to cancel is fine
        state->set.cancel(ignored);
    });
}

}  // namespace lineshaft::io
