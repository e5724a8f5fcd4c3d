#include "gate/pg/door.h"

#include "base/bytes.h"
#include "gate/pg/door_state.h"
#include "gate/pg/session.h"
#include "trust/secrets.h"

namespace lineshaft::pg {
namespace {

constexpr io::StatField<DoorStats> pg_fields[] = {
    {"connections", &DoorStats::connections},
    {"refused_login", &DoorStats::refused_login},
    {"refused_throttled", &DoorStats::refused_throttled},
    {"refused_plain", &DoorStats::refused_plain},
    {"refused_full", &DoorStats::refused_full},
    {"refused_silent", &DoorStats::refused_silent},
    {"protocol_errors", &DoorStats::protocol_errors},
    {"statements", &DoorStats::statements},
    {"failures", &DoorStats::failures},
    {"rows", &DoorStats::rows},
    {"sent_bytes", &DoorStats::sent_bytes},
    {"cancels", &DoorStats::cancels},
    {"cancels_refused", &DoorStats::cancels_refused},
    {"revoked", &DoorStats::revoked},
    {"idle_ended", &DoorStats::idle_ended},
    {"write_stalls", &DoorStats::write_stalls},
};

/// Process numbers are positive in clients' eyes and tell the shard: number % shards.
constexpr std::uint32_t rounds_max = 1u << 24;

io::Task<void> serve_session(std::unique_ptr<Session> session) {
    co_await session->run();
}

std::string key_text(std::uint32_t key) {
    std::string out;
    Writer(out).put_be(key);
    return out;
}

io::Task<bool> close_nursery(io::Nursery* nursery) {
    co_await nursery->close();
    co_return true;
}

}  // namespace

std::span<const io::StatField<DoorStats>> stat_fields() {
    return pg_fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    io::add_stats(*this, other, stat_fields());
    return *this;
}

Door::Door(Services services, PlainRule plain, Limits limits)
    : state_(std::make_unique<State>(std::move(services), plain, limits)) {}

Door::~Door() = default;

void Door::serve(std::unique_ptr<io::Stream> stream) {
    OnShard& here = state_->on_shard.here();
    if (here.nursery->is_closing() || !state_->arriving.take_place()) {
        if (!here.nursery->is_closing()) ++here.stats.refused_full;
        stream->close();
        return;
    }
    const auto shards = static_cast<std::uint32_t>(state_->services.shards.size());
    const std::uint32_t shard = io::Shard::here().index().number();
    std::uint32_t process = 0;
    do {
        here.next = here.next % (rounds_max - 1) + 1;
        process = here.next * shards + shard;
    } while (here.sessions.contains(process));
    auto session = std::make_unique<Session>(*state_, std::move(stream), process);
    Session* raw = session.get();
    here.sessions.emplace(process, raw);
    here.nursery->spawn(serve_session(std::move(session)), [&here, process] {
        const auto found = here.sessions.find(process);
        if (found == here.sessions.end()) return;
        found->second->end({.is_fatal = true,
                            .state = "57P01",
                            .message = "terminating connection: the node is stopping"});
    });
}

void Door::State::cancel(std::uint32_t process, std::uint32_t key) {
    const std::size_t shard = process % services.shards.size();
    services.shards.at(shard).post([this, process, key] {
        OnShard& there = on_shard.here();
        const auto found = there.sessions.find(process);
        const bool is_right = found != there.sessions.end() && found->second->who() &&
                              trust::same_secret(key_text(found->second->key()), key_text(key));
        if (!is_right) {
            ++there.stats.cancels_refused;
            return;
        }
        ++there.stats.cancels;
        found->second->cancel();
    });
}

std::size_t Door::recheck_here() {
    OnShard& here = state_->on_shard.here();
    std::size_t ended = 0;
    for (const auto& [process, session] : here.sessions) {
        if (!session->who() || state_->services.gatekeeper.still_holds(*session->who())) continue;
        ++ended;
        ++here.stats.revoked;
        session->end({.is_fatal = true,
                      .state = "57P01",
                      .message = "terminating connection: its token was revoked or changed",
                      .hint = "Sign in with a valid token."});
    }
    return ended;
}

io::Task<DoorStats> Door::stats() {
    auto sum = co_await state_->on_shard.sum<DoorStats>();
    co_return sum;
}

std::size_t Door::open() const {
    return static_cast<std::size_t>(state_->signed_in.count());
}

void Door::close() {
    auto& shards = state_->services.shards;
    std::vector<io::Nursery*> nurseries(shards.size());
    shards.run_everywhere([&](io::Shard& shard) {
        nurseries[shard.index().number()] = state_->on_shard.here().nursery.get();
    });
    for (std::size_t index = 0; index < shards.size(); ++index) {
        const ShardIndex where(static_cast<std::uint32_t>(index));
        (void)shards.run_blocking(where, close_nursery(nurseries[index]));
    }
}

}  // namespace lineshaft::pg
