#include "catalog/learner.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace lineshaft::catalog {

struct Learner::OnShard {
    /// By organisation, machine and name: the last word counts.
    std::map<std::tuple<OrganisationId, std::string, std::string>, AttributeFact, std::less<>>
        waiting;
    std::vector<Waiter> waiters;
    io::Wheel::Timer timer;
    io::Steady wrote_at{0};  // when the last transaction was handed over
    bool is_writing = false;
    bool is_closed = false;
    Stats stats;
};

Learner::Learner(Desk& desk, io::Shards& shards, Limits limits)
    : desk_(desk), shards_(shards), limits_(limits) {
    for (std::size_t index = 0; index < shards.size(); ++index)
        on_shard_.push_back(std::make_unique<OnShard>());
}

Learner::~Learner() = default;

Learner::OnShard& Learner::here() const {
    return *on_shard_[io::Shard::here().index().number()];
}

void Learner::note(OrganisationId organisation, std::string_view machine, std::string_view name,
                   std::string value) {
    OnShard& place = here();
    const auto catalog = desk_.snapshot();
    const MachineEntry* known = catalog->machine(organisation, machine);
    const Attribute* before = known == nullptr ? nullptr : known->attribute(name);
    // While something waits, what the catalog has may be about to be replaced.
    if (before != nullptr && before->value == value && place.waiting.empty() && !place.is_writing) {
        return;
    }
    const auto waits = place.waiting.find(std::tuple(organisation, machine, name));
    if (waits != place.waiting.end()) {
        waits->second.value = std::move(value);
        return;
    }
    if (place.waiting.size() >= limits_.waiting_max || place.is_closed) {
        ++place.stats.refused;
        return;
    }
    keep(place, {organisation, std::string(machine), std::string(name), std::move(value), 0});
    flush_soon(place);
}

// What was noted since then stands.
void Learner::keep(OnShard& place, AttributeFact fact) {
    std::tuple key(fact.organisation, fact.machine, fact.name);
    place.waiting.try_emplace(std::move(key), std::move(fact));
}

void Learner::then(Done done) {
    OnShard& place = here();
    if (place.is_closed) return done(fail(Code::unavailable, "the node is closing"));
    if (place.waiting.empty() && !place.is_writing) return done({});
    place.waiters.push_back({std::move(done)});
    flush_soon(place);
}

void Learner::flush_soon(OnShard& place) {
    if (place.is_writing || place.timer.is_armed()) return;
    io::Shard& shard = io::Shard::here();
    const io::Steady rested = shard.clock().steady() - place.wrote_at;
    // At least one turn of the wheel, so that what one request says goes together.
    const io::Steady wait = std::max(io::Steady{1}, limits_.interval - rested);
    shard.wheel().arm(place.timer, wait, [this, &place] { flush(place); });
}

void Learner::flush(OnShard& place) {
    io::Shard& shard = io::Shard::here();
    place.is_writing = true;
    place.wrote_at = shard.clock().steady();
    auto outcome = std::make_shared<Result<Catalog::Learned>>();
    auto waiters = std::make_shared<std::vector<Waiter>>(std::exchange(place.waiters, {}));
    std::vector<AttributeFact> facts;
    facts.reserve(place.waiting.size());
    for (auto& [key, fact] : std::exchange(place.waiting, {})) facts.push_back(std::move(fact));
    const bool queued =
        desk_.post([&shard, &place, outcome, facts = std::move(facts)](Catalog& catalog) {
            *outcome = catalog.learn_attributes(facts);
            if (!*outcome) return;
            // Ahead of the new snapshot, so that whoever sees what was written finds it counted.
            shard.post([&place, changed = (*outcome)->changed, refused = (*outcome)->refused] {
                place.stats.changed += changed;
                place.stats.refused += refused;
            });
        });
    const auto finish = [this, &place, waiters](Result<Catalog::Learned>& told) {
        flushed(place, told, std::move(*waiters));
    };
    // A second job, so that this shard has the new snapshot before it hears that it is written.
    const auto written = [&shard, finish, outcome](Catalog&) {
        shard.post([finish, outcome] { finish(*outcome); });
    };
    if (queued && desk_.post(written)) return;
    shard.post([finish] {  // the first may be under way all the same
        Result<Catalog::Learned> busy = fail(Code::exhausted, "the catalog is busy, try again");
        finish(busy);
    });
}

// Leaves in `waiters` those who have waited for all that was noted before them.
void Learner::try_again(OnShard& place, std::vector<AttributeFact> early,
                        std::vector<Waiter>& waiters) {
    const std::size_t dropped = std::erase_if(early, [&](AttributeFact& fact) {
        return place.is_closed || ++fact.tries >= limits_.tries_max;
    });
    place.stats.refused += dropped;
    place.stats.early += early.size();
    if (early.empty()) return;
    const auto last = std::ranges::partition(
        waiters, [&](Waiter& one) { return ++one.tries >= limits_.tries_max; });
    place.waiters.insert(place.waiters.begin(), std::make_move_iterator(last.begin()),
                         std::make_move_iterator(last.end()));
    waiters.erase(last.begin(), last.end());
    for (AttributeFact& fact : early) keep(place, std::move(fact));
}

void Learner::flushed(OnShard& place, Result<Catalog::Learned>& outcome,
                      std::vector<Waiter> waiters) {
    place.is_writing = false;
    if (outcome) {
        try_again(place, std::move(outcome->early), waiters);
    } else {
        log::warn("attributes of machines not stored: {}", outcome.error().context);
    }
    for (Waiter& one : waiters) {
        if (outcome)
            one.done({});
        else
            one.done(std::unexpected(outcome.error()));
    }
    if (!place.waiting.empty() || !place.waiters.empty()) flush_soon(place);
}

Learner::Stats Learner::stats() const {
    return here().stats;
}

void Learner::close() {
    shards_.run_everywhere([this](io::Shard&) {
        OnShard& place = here();
        place.is_closed = true;
        place.timer.disarm();
        if (!place.is_writing && !place.waiting.empty()) flush(place);
    });
}

}  // namespace lineshaft::catalog
