#include "trust/porter.h"

#include "base/log.h"

namespace lineshaft::trust {
namespace {

constexpr io::Steady tend_interval{5'000};

}  // namespace

// Free coroutines that run on shard 0, where sessions and throttle live.
struct PorterSteps {
    static io::Task<PrincipalPtr> find(Porter* porter, std::string secret) {
        porter->settle_clock();
        co_return porter->sessions_.find(secret, io::Shard::here().now());
    }
};

Porter::Porter(io::Shards& shards, io::Workers& rows, io::Workers& passwords,
               Principals& principals, Settings settings)
    : shards_(shards),
      rows_(rows),
      passwords_(passwords),
      principals_(principals),
      settings_(settings),
      clock_step_(shards.clock()),
      sessions_(settings.sessions),
      throttle_(settings.throttle) {
    for (std::size_t index = 0; index < shards.size(); ++index) {
        on_shard_.push_back(std::make_unique<OnShard>());
    }
}

Result<void> Porter::open() {
    TRY(const auto ring, load_ring());
    TRY(const auto people, principals_.people());
    TRY(const auto kept, principals_.sessions());
    shards_.run_everywhere([&](io::Shard& shard) {
        here().keys.replace(ring);
        here().asked_at = shard.now();
        watch_ends();
        if (shard.index() == ShardIndex(0)) {
            sessions_.restore(kept, people, shard.now());
            tend();
        }
    });
    return {};
}

Porter::OnShard& Porter::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

Keys& Porter::keys() {
    // While the node starts no shard runs yet and all hold the ring that open() gave them.
    return io::Shard::here_or_null() != nullptr ? here().keys : on_shard_.front()->keys;
}

void Porter::note_use(const Principal& principal) {
    here().use.note(principal, io::Shard::here().now());
    if (!here().timer.is_armed()) {
        io::Shard::here().wheel().arm(here().timer, tend_interval, [this] { save_use(); });
    }
}

void Porter::save_use() {
    auto used = here().use.take();
    if (used.empty()) return;
    (void)rows_.try_post([this, used = std::move(used)] {  // a later use writes a later time
        auto done = principals_.used(used);
        if (!done) log::warn("last use of tokens not written: {}", done.error().context);
    });
}

io::Task<PrincipalPtr> Porter::by_session(std::string secret) {
    co_return co_await shards_.at(0).call(&PorterSteps::find, this, std::move(secret));
}

io::Task<Result<std::string>> Porter::hash(std::string password) {
    auto work = [this, password = std::move(password)] {
        return hash_password(password, settings_.cost);
    };
    co_return co_await passwords_.run(std::move(work));
}

io::Task<Result<NewTokenSecret>> Porter::make_token() {
    co_return co_await passwords_.run([] { return Result<NewTokenSecret>(trust::make_token()); });
}

// The worker hands it out, so that a ring never overtakes one that was read after it.
io::Task<Result<void>> Porter::reload_tokens() {
    auto reload = [this]() -> Result<void> {
        TRY(const auto ring, load_ring());
        for (std::size_t index = 0; index < shards_.size(); ++index) {
            shards_.at(index).post(
                [keys = &on_shard_[index]->keys, ring] { keys->replace(ring); });
        }
        return {};
    };
    co_return co_await rows_.run(std::move(reload));
}

void Porter::settle_clock() {
    const auto step = clock_step_.take();
    if (step.count() != 0) sessions_.clock_stepped(step);
}

void Porter::tend() {
    if (closing_) return;
    io::Shard& shard = io::Shard::here();
    settle_clock();
    sessions_.sweep(shard.now());
    auto changes = sessions_.take_changes();
    if (!changes.empty()) {
        const bool queued = rows_.try_post([this, changes = std::move(changes)] {
            auto kept = principals_.keep(changes);
            if (!kept) log::warn("browser sessions not written: {}", kept.error().context);
        });
        if (!queued) log::warn("browser sessions not written: the catalog is busy");
    }
    shard.wheel().arm(on_shard_[0]->timer, tend_interval, [this] {
        save_use();
        tend();
    });
}

void Porter::close() {
    shards_.run_everywhere([this](io::Shard& shard) {
        save_use();
        if (shard.index() == ShardIndex(0)) {
            tend();
            closing_ = true;
        }
        here().timer.disarm();
        here().ends_timer.disarm();
    });
}

}  // namespace lineshaft::trust
