// Retention behind the front door: rules in, sweeps by the hour, and what each class takes. Rules
// and sweeps belong to shard 0; the parts hold what is in force.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "history/engine.h"

namespace lineshaft::history {
namespace {

constexpr std::int64_t days_of_doubt = 31;  // a clock that is so far ahead of the last sweep's

// Free coroutines, so that shards can call them.
io::Task<bool> adopt_there(Part* part, std::shared_ptr<const KeepTable> table) {
    part->adopt(std::move(table));
    co_return true;
}
io::Task<Result<void>> sweep_there(Part* part, io::Workers* worker) {
    auto swept = co_await part->sweep(*worker);
    co_return swept;
}
io::Task<History::Keeping> keeping_there(Part* part, SeriesId series) {
    co_return part->keeping(series);
}

struct ClassOf {
    SeriesId series;
    std::uint32_t number = 0;
    std::uint64_t fresh = 0;  ///< samples that are in no chunk yet
};
using Classes = std::vector<ClassOf>;
constexpr std::uint64_t fresh_bytes = 16;  ///< of a number and its time in the inbox

io::Task<Classes> classes_there(Part* part, std::shared_ptr<const Part::ClassNumbers> numbers) {
    Classes all;
    for (const auto& [series, number] : part->classes(*numbers)) {
        const SeriesEntry* entry = part->dictionary().series(series);
        const bool is_fresh = entry != nullptr && entry->head != nullptr;
        all.push_back({series, number, is_fresh ? entry->head->size() : 0});
    }
    co_return all;
}

// Reads the head of every chunk there is.
Result<std::vector<ClassSpace>> count_classes(store::Store& store, const Classes& classes,
                                              std::size_t count) {
    std::unordered_map<SeriesId, std::uint32_t> class_of;
    std::vector<ClassSpace> all(count);
    for (const ClassOf& one : classes) {
        class_of.emplace(one.series, one.number);
        ClassSpace& space = all[one.number];
        ++space.series;
        space.samples += one.fresh;
        space.bytes += one.fresh * fresh_bytes;
    }
    const auto cursor = store.scan(store::Family::history_chunks, "", "");
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_chunk_key(cursor->key());
        if (!key) continue;  // reading tells of it
        const auto found = class_of.find(key->series);
        if (found == class_of.end()) continue;
        ClassSpace& space = all[found->second];
        space.bytes += cursor->key().size() + cursor->value().size();
        if (key->span == Span::days) continue;
        ++space.chunks;
        if (const auto header = parse_chunk_header(as_bytes(cursor->value())))
            space.samples += header->count;
    }
    TRY_VOID(cursor->status());
    return all;
}

}  // namespace

// --- rules ---------------------------------------------------------------------------------------

io::Task<KeepRules> Engine::kept(OrganisationId organisation) {
    auto rules = co_await shards_.at(0).call(&kept_on_first, this, organisation);
    co_return rules;
}

io::Task<KeepRules> Engine::kept_on_first(Engine* engine, OrganisationId organisation) {
    const auto at = engine->keep_->rules.find(organisation);
    co_return at == engine->keep_->rules.end() ? KeepRules{} : at->second;
}

io::Task<Result<void>> Engine::keep(OrganisationId organisation, KeepRules rules) {
    if (auto good = check(rules); !good) co_return good;
    auto kept = co_await shards_.at(0).call(&keep_on_first, this, organisation, std::move(rules));
    co_return kept;
}

io::Task<Result<void>> Engine::keep_on_first(Engine* engine, OrganisationId organisation,
                                             KeepRules rules) {
    if (engine->is_keeping_)
        co_return fail(Code::conflict, "retention: somebody changes the classes just now");
    engine->is_keeping_ = true;
    store::Batch batch;
    const std::string key = keep_key(organisation);
    if (rules.empty()) {
        batch.remove(store::Family::history_series, key);
    } else {
        batch.put(store::Family::history_series, key, keep_record(organisation, rules));
    }
    batch.use_reserve();  // on a full disk rules make room
    auto stored = co_await submitted(engine->store_, std::move(batch));
    if (stored) {
        auto table = std::make_shared<KeepTable>(*engine->keep_);
        table->rules.erase(organisation);
        if (!rules.empty()) table->rules[organisation] = std::move(rules);
        engine->keep_ = table;
        for (auto& part : engine->parts_) {
            auto adopted = co_await part->shard().call(&adopt_there, part.get(), engine->keep_);
            CHECK(adopted);
        }
        engine->counted_at_.reset();
        engine->space_.clear();
        engine->arm_sweep(std::chrono::seconds(1));
    }
    engine->is_keeping_ = false;
    co_return stored;
}

io::Task<History::Keeping> Engine::keeping(Series series) {
    Part& part = part_of(series.organisation, series.machine);
    auto keeping = co_await part.shard().call(&keeping_there, &part, series.id);
    co_return keeping;
}

// --- sweeping ------------------------------------------------------------------------------------

void Engine::arm_sweep(io::Steady after) {
    if (nursery_.is_closing()) return;
    shards_.at(0).wheel().arm(sweep_timer_, after,
                              [this] { nursery_.spawn(sweep_in_background(this)); });
}

io::Task<void> Engine::sweep_in_background(Engine* engine) {
    auto swept = co_await sweep_on_first(engine);
    if (!swept && swept.error().code != Code::cancelled && swept.error().code != Code::conflict)
        log::warn("history: {}: will be tried again", swept.error().context);
    if (!engine->keep_->rules.empty()) engine->arm_sweep(engine->limits_.sweep_every);
}

io::Task<Result<void>> Engine::sweep() {
    auto swept = co_await shards_.at(0).call(&sweep_on_first, this);
    co_return swept;
}

// A clock that is set a century ahead must not cost a century of samples: until somebody has had a
// day to set it right, what looks expired is only out of sight.
Result<void> Engine::check_clock() {
    const io::Shard& shard = io::Shard::here();
    const std::int64_t today = day_of(shard.now());
    if (!swept_day_ || today <= *swept_day_ + days_of_doubt) {
        clock_doubted_.reset();
        return {};
    }
    if (!clock_doubted_) clock_doubted_ = shard.clock().steady();
    if (shard.clock().steady() - *clock_doubted_ >= limits_.sweep_patience) return {};
    return fail(Code::unavailable,
                "retention: the clock is " + std::to_string(today - *swept_day_) +
                    " days ahead of the last sweep's; nothing is removed until it has been so for " +
                    std::to_string(limits_.sweep_patience.count()) + " hours");
}

io::Task<Result<void>> Engine::sweep_on_first(Engine* engine) {
    if (engine->is_sweeping_) co_return fail(Code::conflict, "retention: a sweep is under way");
    if (engine->keep_->rules.empty()) co_return Result<void>{};
    if (engine->store_.is_read_only())
        co_return fail(Code::unavailable, "retention: the store is read-only");
    if (auto good = engine->check_clock(); !good) co_return good;
    engine->is_sweeping_ = true;
    auto swept = co_await engine->sweep_parts();
    engine->counted_at_.reset();  // whoever asks for the space next has it counted anew
    engine->is_sweeping_ = false;
    co_return swept;
}

io::Task<Result<void>> Engine::sweep_parts() {
    const std::int64_t today = day_of(io::Shard::here().now());
    Result<void> outcome;
    for (auto& part : parts_) {
        auto swept = co_await part->shard().call(&sweep_there, part.get(), &erasers_);
        if (!swept && outcome) outcome = std::move(swept);
    }
    // Also after an error: on a full disk this is what makes room.
    if (!is_purging_ && !nursery_.is_closing()) {
        is_purging_ = true;
        auto merged = co_await merge_all();
        is_purging_ = false;
        if (!merged && outcome) outcome = std::move(merged);
    }
    if (!outcome) co_return outcome;
    if (swept_day_ == today) co_return outcome;
    store::Batch batch;
    batch.put(store::Family::history_series, sweep_key, sweep_record(today));
    batch.use_reserve();
    auto noted = co_await submitted(store_, std::move(batch));
    if (noted) swept_day_ = today;
    co_return noted;
}

// --- space ---------------------------------------------------------------------------------------

io::Task<History::Space> Engine::space(OrganisationId organisation) {
    auto space = co_await shards_.at(0).call(&space_on_first, this, organisation);
    co_return space;
}

io::Task<History::Space> Engine::space_on_first(Engine* engine, OrganisationId organisation) {
    const Instant now = io::Shard::here().now();
    const auto& counted = engine->counted_at_;
    const bool is_old = !counted || now < *counted || now - *counted > engine->limits_.space_age_max;
    if (is_old && !engine->is_counting_ && !engine->nursery_.is_closing()) {
        engine->is_counting_ = true;
        engine->nursery_.spawn(count_space(engine));
    }
    const auto found = engine->space_.find(organisation);
    co_return found == engine->space_.end() ? Space{} : found->second;
}

io::Task<void> Engine::count_space(Engine* engine) {
    const auto table = engine->keep_;
    auto numbers = std::make_shared<Part::ClassNumbers>();
    const auto machines = co_await engine->machines();
    for (const Machine& machine : machines) {
        if (numbers->contains({machine.organisation, ""})) continue;
        const auto number = [&] { return static_cast<std::uint32_t>(numbers->size()); };
        numbers->emplace(std::pair(machine.organisation, std::string()), number());
        const auto rules = table->rules.find(machine.organisation);
        if (rules == table->rules.end()) continue;
        for (const KeepRule& rule : rules->second)
            numbers->emplace(std::pair(machine.organisation, rule.name), number());
    }
    auto classes = std::make_shared<Classes>();
    for (auto& part : engine->parts_) {
        auto some = co_await part->shard().call(&classes_there, part.get(), numbers);
        classes->insert(classes->end(), some.begin(), some.end());
    }
    auto count = [store = &engine->store_, classes, size = numbers->size()] {
        return count_classes(*store, *classes, size);
    };
    auto counted = co_await engine->settlers_.run(std::move(count));
    engine->is_counting_ = false;
    if (!counted || engine->keep_ != table) co_return;  // somebody asks again
    engine->counted_at_ = io::Shard::here().now();
    engine->space_.clear();
    for (const auto& [name, number] : *numbers) {
        const OrganisationId organisation = name.first;
        Space& space = engine->space_[organisation];
        if (space.counted_at) continue;
        space.counted_at = engine->counted_at_;
        const auto rules = table->rules.find(organisation);
        if (rules != table->rules.end()) {
            for (const KeepRule& rule : rules->second)
                space.classes.emplace_back(rule.name,
                                           (*counted)[numbers->at({organisation, rule.name})]);
        }
        space.classes.emplace_back("", (*counted)[numbers->at({organisation, ""})]);
    }
}

}  // namespace lineshaft::history
