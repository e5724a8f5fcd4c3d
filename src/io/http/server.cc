#include "io/http/server.h"

#include "io/http/response.h"
#include "io/http/session.h"

namespace lineshaft::io::http {

struct Server::State {
    Shards& shards;
    Service service;
    bool is_closed = false;

    static Task<void> close_hall(Hall* hall) { co_await hall->nursery.close(); }
};

Server::Server(Shards& shards, std::shared_ptr<const Router> router, Limits limits)
    : state_(new State{shards, {router->table_, limits, {}}}) {
    for (std::size_t count = 0; count < shards.size(); ++count)
        state_->service.halls.emplace_back();
}

Server::~Server() {
    close();
}

Listener::OnStream Server::on_stream() {
    return [state = state_](std::unique_ptr<Stream> stream) {
        Service* const service = &state->service;
        Hall* const hall = &service->halls[Shard::here().index().number()];
        auto leash = std::make_shared<Leash>();
        leash->stream = stream.get();
        const Steady patience = service->limits.close_wait_max;
        hall->nursery.spawn(serve_connection(service, hall, std::move(stream), leash),
                            [leash, patience] { leash->stop(patience); });
    };
}

Server::Stats Server::stats() const {
    Stats out;
    for (const Hall& hall : state_->service.halls) {
        out.requests += hall.requests.load(std::memory_order_relaxed);
        out.refused += hall.refused.load(std::memory_order_relaxed);
        out.connections += hall.connections.load(std::memory_order_relaxed);
    }
    return out;
}

void Server::close() {
    if (std::exchange(state_->is_closed, true)) return;
    for (std::size_t index = 0; index < state_->service.halls.size(); ++index) {
        state_->shards.run_blocking(ShardIndex(std::uint32_t(index)),
                                    State::close_hall(&state_->service.halls[index]));
    }
}

Task<void> answer_refusal(std::unique_ptr<Stream> stream, Response refusal) {
    std::string text = serialise_head(refusal, Framing::length, refusal.body.size(),
                                      http_date(Shard::here().now()), false);
    text += refusal.body;
    auto written = co_await write_all(*stream, as_bytes(text), Steady{10'000});
    const Limits limits;
    if (written) co_await linger(*stream, limits, limits.linger_max);
    stream->close();
}

}  // namespace lineshaft::io::http
