#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "gate/mqtt/broker.h"
#include "gate/mqtt/hub_ask.h"

namespace lineshaft::broker {

/// Inside a Broker.
struct Broker::State {
    Common common;
    bool is_loaded = false;
    bool is_closed = false;

    Hub& here() {
        Hub& hub = *common.hubs.at(io::Shard::here().index().number());
        CHECK(&hub.shard == &io::Shard::here());
        return hub;
    }
};

/// Runs `question` on every hub; gives the answers by hub.
template <class T>
io::Task<std::vector<T>> ask(Hub& hub, std::function<T(Hub&)> question) {
    auto answers = co_await io::suspend<std::vector<T>>([&](io::Answer<std::vector<T>> answer) {
        hub.ask_all<T>(std::move(question),
                       [kept = std::make_shared<io::Answer<std::vector<T>>>(std::move(answer))](
                           std::vector<T> list) { (*kept)(std::move(list)); });
    });
    co_return answers;
}

}  // namespace lineshaft::broker
