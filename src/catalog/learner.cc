#include "catalog/learner.h"

#include "base/log.h"

namespace lineshaft::catalog {

struct Learner::OnShard {
    std::vector<AttributeFact> waiting;
    std::vector<Done> waiters;
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
    if (place.waiting.size() >= limits_.waiting_max || place.is_closed) {
        ++place.stats.refused;
        return;
    }
    place.waiting.push_back(
        {organisation, std::string(machine), std::string(name), std::move(value)});
    flush_soon(place);
}

void Learner::then(Done done) {
    OnShard& place = here();
    if (place.is_closed) return done(fail(Code::unavailable, "the node is closing"));
    if (place.waiting.empty() && !place.is_writing) return done({});
    place.waiters.push_back(std::move(done));
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
    auto waiters = std::make_shared<std::vector<Done>>(std::exchange(place.waiters, {}));
    const bool queued =
        desk_.post([outcome, facts = std::exchange(place.waiting, {})](Catalog& catalog) {
            *outcome = catalog.learn_attributes(facts);
        });
    const auto finish = [this, &place, outcome, waiters] {
        flushed(place, *outcome, std::move(*waiters));
    };
    // A second job, so that this shard has the new snapshot before it hears that it is written.
    if (!queued || !desk_.post([&shard, finish](Catalog&) { shard.post(finish); })) {
        *outcome = fail(Code::exhausted, "the catalog is busy, try again");
        shard.post(finish);
    }
}

void Learner::flushed(OnShard& place, const Result<Catalog::Learned>& outcome,
                      std::vector<Done> waiters) {
    place.is_writing = false;
    if (outcome) {
        place.stats.changed += outcome->changed;
        place.stats.refused += outcome->refused;
    } else {
        log::warn("attributes of machines not stored: {}", outcome.error().context);
    }
    for (Done& done : waiters) {
        if (outcome)
            done({});
        else
            done(std::unexpected(outcome.error()));
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
