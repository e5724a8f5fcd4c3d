#include "twin/part.h"

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "base/machine_id.h"

namespace lineshaft::twin {
namespace {

constexpr std::string_view events_tag = "$events";
constexpr Instant for_ever{INT64_MAX};
constexpr std::size_t events_recalled = 20;  // per machine, at start

// How an event stands in history: kind, newline, text.
history::Sample sample_of(const Event& event) {
    return {event.at, event.kind + "\n" + event.text, history::Quality::good};
}

}  // namespace

std::vector<TagValue> values_of(const Twin& twin) {
    std::vector<TagValue> values;
    values.reserve(twin.values().size());
    for (const auto& [tag, sample] : twin.values()) {
        if (!tag.starts_with('$')) values.push_back({tag, sample});
    }
    return values;
}

MachineNow now_of(const Twin& twin) {
    return {twin.state(), values_of(twin)};
}

Event event_of(OrganisationId organisation, const std::string& machine,
               const history::Sample& sample) {
    Event event{sample.at, organisation, machine, "", ""};
    if (const auto* line = std::get_if<std::string>(&sample.value)) {
        const auto newline = line->find('\n');
        event.kind = line->substr(0, newline);
        if (newline != std::string::npos) event.text = line->substr(newline + 1);
    }
    return event;
}

std::string Part::key_of(OrganisationId organisation, std::string_view machine) {
    return std::to_string(organisation.number()) + '/' + std::string(machine);
}

Part::Part(history::History& history, io::Shards& shards, io::Shard& shard, store::Lane& lane,
           const Observer& observer, const Limits& limits, std::vector<std::unique_ptr<Part>>& all)
    : history_(history),
      shards_(shards),
      shard_(shard),
      clock_step_(shard.clock()),
      lane_(lane),
      observer_(observer),
      limits_(limits),
      all_(all),
      mail_(shards, shard,
            [&all](io::Shard& receiver, std::vector<std::variant<Letter, Freight, Sighting>> mail) {
                Part& owner = *all[receiver.index().number()];
                for (auto& item : mail)
                    std::visit([&](auto& one) { owner.take(std::move(one)); }, item);
            }),
      replies_(shards, shard,
               [](io::Shard&, std::vector<Reply> mail) {
                   for (auto& reply : mail) reply.done(std::move(reply.result));
               }),
      freight_replies_(shards, shard,
                       [](io::Shard&, std::vector<FreightReply> mail) {
                           for (auto& reply : mail) reply.done(std::move(reply.told));
                       }),
      audience_(shards.size()) {}

std::size_t Part::machines_max() const {
    return std::max<std::size_t>(1, (limits_.machines_max + all_.size() - 1) / all_.size());
}

void Part::remember(OrganisationId organisation, const std::string& machine,
                    std::optional<Source> source) {
    // Where nobody knows, the door is learnt when it speaks again; until then the name's shape is a
    // good guess.
    const Source guess = machine.contains(':') ? Source::sparkplug : Source::json;
    make(key_of(organisation, machine), organisation, machine, source.value_or(guess)).is_loaded =
        false;
}

Part::Entry& Part::make(std::string key, OrganisationId organisation, const std::string& machine,
                        Source source) {
    auto& made = twins_[std::move(key)];
    made = std::make_shared<Entry>(organisation, machine, source);
    by_id_[organisation].emplace(made->twin.state().id, made.get());
    return *made;
}

void Part::start() {
    judge_all();
    nursery_.spawn(load());
}

io::Task<void> Part::close() {
    closing_ = true;
    judge_timer_.disarm();
    live_timer_.disarm();
    co_await nursery_.close();
}

void Part::send(Letter letter) {
    const ShardIndex owner = history_.owner(letter.report.organisation, letter.report.machine);
    mail_.send(owner, std::move(letter));
}

void Part::send(Sighting sighting) {
    const ShardIndex owner = history_.owner(sighting.organisation, sighting.machine);
    mail_.send(owner, std::move(sighting));
}

void Part::take(Letter letter) {
    ++counters_.reports;
    bool is_over_limit = false;
    auto appended = append(letter.report, is_over_limit);
    if (!appended) {
        counters_.refused += letter.report.samples.size();
        replies_.send(letter.origin, {std::move(letter.done), std::unexpected(appended.error())});
        return;
    }
    counters_.samples += appended->stored;
    counters_.refused += appended->refused();
    lane_.then([this, letter = std::move(letter), appended = *appended,
                taken = ++taken_](Result<void> durable) mutable {
        const bool is_believable = appended.stored > 0 || appended.refused() == 0;
        const auto& report = letter.report;
        const bool is_forgotten = was_forgotten(report.organisation, report.machine, taken);
        if (durable && is_believable && !is_forgotten) fold(report, letter.source);
        const auto known = twins_.find(key_of(report.organisation, report.machine));
        if (appended.refused() > 0 && known != twins_.end()) tell_refused(*known->second, appended);
        settle(report.organisation, report.machine);
        Result<history::Appended> result = appended;
        if (!durable) result = std::unexpected(durable.error());
        replies_.send(letter.origin, {std::move(letter.done), std::move(result)});
    });
}

// Whatever it answers with an error, nothing of the report was taken, and nobody is expected.
Result<history::Appended> Part::append(history::Report& report, bool& is_over_limit) {
    const std::string key = key_of(report.organisation, report.machine);
    if (!twins_.contains(key)) {
        TRY_VOID(check_machine_id(report.machine));
        const auto place = expect(report.organisation, key);
        is_over_limit = !place;
        if (!place) return std::unexpected(place.error());
    }
    auto appended = history_.append(report);
    if (!appended) settle(report.organisation, report.machine);
    return appended;
}

void Part::tell_refused(Entry& entry, const history::Appended& appended) {
    constexpr io::Steady silence{3'600'000};
    const std::pair<std::uint32_t, std::string_view> kinds[] = {
        {appended.refused_cardinality,
         "new tags: it has as many as history.series_per_machine_max allows, or the node as many "
         "as "
         "it may"},
        {appended.refused_time,
         "values whose time is before history.time_min, has expired, or is further ahead than "
         "history.future_max: is its clock right?"},
        {appended.refused_name + appended.refused_size,
         "values whose tag has no name or too long a name, or whose text is too long"}};
    const io::Steady now = shard_.clock().steady();
    const auto& state = entry.twin.state();
    for (std::size_t kind = 0; kind < entry.refusals_told.size(); ++kind) {
        auto& told = entry.refusals_told[kind];
        if (kinds[kind].first == 0 || (told && now - *told < silence)) continue;
        told = now;
        record({shard_.now(), state.organisation, state.id, "refused",
                std::string(kinds[kind].second)});
    }
}

// A place for a machine that was never heard of, taken before its first report is on disk. Each
// call is answered by one of settle().
Result<void> Part::expect(OrganisationId organisation, const std::string& key) {
    const auto known = expected_.find(key);
    if (known != expected_.end()) {
        ++known->second;
        return {};
    }
    if (twins_.size() + expected_.size() >= machines_max()) {
        return fail(Code::exhausted, "this node knows as many machines as it may");
    }
    if (observer_.admits_machine) {
        TRY_VOID(observer_.admits_machine(organisation));
    }
    expected_.emplace(key, 1);
    return {};
}

// One report of a machine that was expected is done. When it was the last and the machine did not
// come, its place is free again.
void Part::settle(OrganisationId organisation, const std::string& machine) {
    if (expected_.empty()) return;
    const auto found = expected_.find(key_of(organisation, machine));
    if (found == expected_.end() || --found->second > 0) return;
    expected_.erase(found);
    if (observer_.missed_machine) observer_.missed_machine(organisation);
}

bool Part::was_forgotten(OrganisationId organisation, const std::string& machine,
                         std::uint64_t taken) const {
    if (forgotten_.empty()) return false;
    const auto found = forgotten_.find(key_of(organisation, machine));
    return found != forgotten_.end() && taken <= found->second;
}

bool Part::forget(OrganisationId organisation, const std::string& machine, bool speaks_again) {
    const std::string key = key_of(organisation, machine);
    // Rounds end in their order: behind this one there are no letters of before.
    forgotten_[key] = taken_;
    lane_.then([this, key, taken = taken_](const Result<void>&) {
        const auto found = forgotten_.find(key);
        if (found != forgotten_.end() && found->second == taken) forgotten_.erase(found);
    });
    const auto is_its = [&](const auto& event) {
        return event.organisation == organisation && event.machine == machine;
    };
    std::erase_if(events_, is_its);
    std::erase_if(pending_.events, is_its);
    std::erase_if(pending_.machines, [&](const MachineState& state) {
        return state.organisation == organisation && state.id == machine;
    });
    if (expected_.erase(key) > 0 && observer_.missed_machine)
        observer_.missed_machine(organisation);
    const auto found = twins_.find(key);
    if (found == twins_.end()) return false;
    for (Outlet& outlet : outlets_) {
        if (outlet.entry == found->second.get()) outlet.entry = nullptr;
    }
    const Source source = found->second->twin.state().source;
    by_id_[organisation].erase(machine);
    twins_.erase(found);
    if (!speaks_again) return true;
    make(key, organisation, machine, source).is_loaded = false;
    if (observer_.discovered) observer_.discovered(organisation, machine, source, shard_.now());
    return true;
}

// History took out of the report what it refused.
void Part::fold(const history::Report& report, Source source) {
    Entry* known = entry(report.organisation, report.machine, source);
    if (known == nullptr) return;
    settle_clock();
    const Instant now = shard_.now();
    const bool is_watched =
        !watched_.empty() && watched_.contains(key_of(report.organisation, report.machine));
    std::vector<std::string> changed;
    const auto change = known->twin.fold(report.samples, now, is_watched ? &changed : nullptr);
    show_changed(*known, std::move(changed));
    after(*known, change, now);
}

void Part::show_changed(Entry& entry, std::vector<std::string> changed) {
    if (changed.empty()) return;
    const auto& state = entry.twin.state();
    if (entry.changed_tags.empty()) changed_.push_back(key_of(state.organisation, state.id));
    entry.changed_tags.insert(std::make_move_iterator(changed.begin()),
                              std::make_move_iterator(changed.end()));
    arm_live();
}

Part::Entry* Part::entry(OrganisationId organisation, const std::string& machine, Source source) {
    const std::string key = key_of(organisation, machine);
    const auto found = twins_.find(key);
    if (found != twins_.end()) {
        speaks_through(*found->second, source);
        return found->second.get();
    }
    if (!check_machine_id(machine)) return nullptr;
    // The place of a report on its way; else (a birth) one of its own.
    if (!expected_.contains(key) && !expect(organisation, key)) return nullptr;
    expected_.erase(key);
    Entry& made = make(key, organisation, machine, source);
    const Instant now = shard_.now();
    if (observer_.discovered) observer_.discovered(organisation, machine, source, now);
    record({now, organisation, machine, "discovered",
            "spoke for the first time over " + std::string(name_of(source))});
    return &made;
}

void Part::speaks_through(Entry& entry, Source source) {
    const auto& state = entry.twin.state();
    if (state.source == source) return;
    entry.twin.set_source(source);
    if (entry.told_sources.insert(source).second && observer_.changed_source)
        observer_.changed_source(state.organisation, state.id, source);
}

void Part::after(Entry& entry, const Twin::Change& change, Instant at) {
    const auto& state = entry.twin.state();
    for (const auto& fault : change.faults) {
        record(
            {at, state.organisation, state.id, fault.empty() ? "fault_cleared" : "fault", fault});
    }
    judge_clock(entry, change, at);
    if (change.summary) {
        entry.summary_due = true;
        arm_live();
    }
}

void Part::judge_clock(Entry& entry, const Twin::Change& change, Instant at) {
    if (change.is_fresh) return entry.clock.fresh();
    if (change.newest_late == Instant{}) return;
    const auto back_s = entry.clock.hear(change.newest_late, at, change.newest_known);
    constexpr io::Steady silence{600'000};
    const io::Steady now = shard_.clock().steady();
    if (!back_s || (entry.clock_told && now - *entry.clock_told < silence)) return;
    entry.clock_told = now;
    const auto& state = entry.twin.state();
    record({at, state.organisation, state.id, "clock", clock_text(*back_s)});
}

// What the machine said before is folded when it is on disk; its death waits until then, or the
// dead would be taken for heard.
void Part::take(Sighting sighting) {
    lane_.then([this, sighting = std::move(sighting), taken = ++taken_](const Result<void>&) {
        if (!was_forgotten(sighting.organisation, sighting.machine, taken)) fold(sighting);
    });
}

// A machine may hold several connections: one to listen, another for each thing it says. It is there
// from the first that comes until the last that goes, and only these two are told of.
bool Part::is_one_of_several(Entry& known, Presence presence) {
    if (presence == Presence::born) {
        return known.clients++ > 0 && known.twin.state().connection == Connection::online;
    }
    if (known.clients > 0) --known.clients;
    return known.clients > 0;
}

void Part::fold(const Sighting& sighting) {
    const auto& [organisation, machine, spoken, presence, text] = sighting;
    Source source = spoken;
    // A connection does not say in which form the machine will speak: what it spoke last stands.
    const auto before = twins_.find(key_of(organisation, machine));
    if (before != twins_.end() && source == Source::json)
        source = before->second->twin.state().source;
    // Nobody is discovered by leaving.
    if (before == twins_.end() && presence != Presence::born) return;
    Entry* known = entry(organisation, machine, source);
    if (known == nullptr) return;
    if (spoken == Source::json && is_one_of_several(*known, presence)) return;
    settle_clock();
    const Instant now = shard_.now();
    const auto change = known->twin.on_presence(presence, now);
    record({now, organisation, machine, presence == Presence::born ? "birth" : "death", text});
    after(*known, change, now);
}

void Part::record(Event event) {
    if (!event.machine.empty()) {
        const auto found = twins_.find(key_of(event.organisation, event.machine));
        if (found != twins_.end()) {
            // Two events of one machine never share an instant: history would keep one of them.
            auto& last = found->second->last_event;
            if (event.at <= last) event.at = last + std::chrono::microseconds{1};
            last = event.at;
        }
        history::Report report{event.organisation, event.machine, {}};
        report.samples.push_back({std::string(events_tag), sample_of(event)});
        auto kept = history_.append(report);
        if (!kept) log::warn("event of {} not stored: {}", event.machine, kept.error().context);
    }
    pending_.events.push_back(event);
    keep(std::move(event));
    arm_live();
}

void Part::keep(Event event) {
    events_.push_back(std::move(event));
    if (events_.size() > limits_.events_kept) events_.pop_front();
}

std::vector<MachineState> Part::machines(OrganisationId organisation) const {
    return machines_after(organisation, {}, SIZE_MAX).items;
}

MachinePage Part::machines_after(OrganisationId organisation, std::string_view after,
                                 std::size_t count_max) const {
    MachinePage page;
    const auto found = by_id_.find(organisation);
    if (found == by_id_.end()) return page;
    const auto& all = found->second;
    page.total = all.size();
    for (auto at = all.upper_bound(after); at != all.end() && page.items.size() < count_max; ++at)
        page.items.push_back(at->second->twin.state());
    return page;
}

const Twin* Part::known(OrganisationId organisation, std::string_view id) const {
    const auto all = by_id_.find(organisation);
    if (all == by_id_.end()) return nullptr;
    const auto found = all->second.find(id);
    return found != all->second.end() && found->second->is_loaded ? &found->second->twin : nullptr;
}

io::Task<Result<MachineState>> Part::machine(OrganisationId organisation, std::string id) {
    auto known = co_await loaded(organisation, id);
    if (known == nullptr) co_return fail(Code::not_found, "no machine \"" + id + "\"");
    co_return known->twin.state();
}

io::Task<Result<std::vector<TagValue>>> Part::values(OrganisationId organisation, std::string id) {
    auto known = co_await loaded(organisation, id);
    if (known == nullptr) co_return fail(Code::not_found, "no machine \"" + id + "\"");
    co_return values_of(known->twin);
}

io::Task<Result<MachineNow>> Part::machine_now(OrganisationId organisation, std::string id) {
    auto known = co_await loaded(organisation, id);
    if (known == nullptr) co_return fail(Code::not_found, "no machine \"" + id + "\"");
    co_return now_of(known->twin);
}

std::vector<Event> Part::events(OrganisationId organisation, Instant until,
                                std::size_t count_max) const {
    std::vector<Event> found;
    for (auto at = events_.rbegin(); at != events_.rend() && found.size() < count_max; ++at) {
        if (at->organisation == organisation && at->at <= until) found.push_back(*at);
    }
    return found;
}

void Part::watched(const std::string& key, int change) {
    auto& count = watched_[key];
    count = static_cast<unsigned>(static_cast<int>(count) + change);
    if (count == 0) watched_.erase(key);
}

void Part::audience(ShardIndex shard, int change) {
    auto& count = audience_[shard.number()];
    count = static_cast<unsigned>(static_cast<int>(count) + change);
}

void Part::settle_clock() {
    const auto step = clock_step_.take();
    if (step.count() == 0) return;
    for (auto& [key, entry] : twins_) entry->twin.clock_stepped(step);
}

// The machine with what history knows of it; null: nobody by that name.
io::Task<std::shared_ptr<Part::Entry>> Part::loaded(OrganisationId organisation,
                                                    std::string machine) {
    const auto found = twins_.find(key_of(organisation, machine));
    if (found == twins_.end()) co_return nullptr;
    auto known = found->second;
    if (!known->is_loaded) co_await load_machine(known);
    co_return known;
}

io::Task<void> Part::load() {
    std::vector<std::shared_ptr<Entry>> unknown;
    for (const auto& [key, entry] : twins_) {
        if (!entry->is_loaded) unknown.push_back(entry);
    }
    std::vector<Event> recalled;
    for (const auto& entry : unknown) {
        if (closing_) co_return;
        co_await load_machine(entry);
        auto events =
            co_await load_events(entry->twin.state().organisation, entry->twin.state().id);
        std::ranges::move(events, std::back_inserter(recalled));
        if (recalled.size() < 2 * limits_.events_kept) continue;
        merge_events(std::exchange(recalled, {}));
    }
    merge_events(std::move(recalled));
}

// Live values may be folded meanwhile: the twin keeps the newer of each.
io::Task<void> Part::load_machine(std::shared_ptr<Entry> entry) {
    const OrganisationId organisation = entry->twin.state().organisation;
    const std::string machine = entry->twin.state().id;
    auto all = co_await history_.series_of(organisation, machine);
    for (auto& series : all) {
        if (series.tag.starts_with('$')) continue;
        std::string tag = series.tag;
        auto last = co_await history_.last(std::move(series), for_ever);
        if (!last || !*last) continue;
        entry->twin.recall(std::move(tag), std::move(**last), shard_.now());
    }
    entry->is_loaded = true;
    entry->summary_due = true;
}

io::Task<std::vector<Event>> Part::load_events(OrganisationId organisation, std::string machine) {
    std::vector<Event> found;
    auto series = co_await history_.find(organisation, machine, std::string(events_tag));
    if (!series) co_return found;
    const Instant now = shard_.now();
    const Window last_day{now - std::chrono::hours{24}, now + std::chrono::hours{1}};
    auto samples = co_await history_.read(std::move(*series), last_day, events_recalled,
                                          history::History::Order::descending);
    if (!samples) co_return found;
    for (const auto& sample : *samples) found.push_back(event_of(organisation, machine, sample));
    co_return found;
}

// What happened while loading is in memory and in history: once is enough.
void Part::merge_events(std::vector<Event> recalled) {
    std::set<std::tuple<OrganisationId, std::string, Instant>> known;
    for (const auto& event : events_) known.emplace(event.organisation, event.machine, event.at);
    std::erase_if(recalled, [&](const Event& event) {
        const bool is_forgotten = !twins_.contains(key_of(event.organisation, event.machine));
        return is_forgotten || known.contains({event.organisation, event.machine, event.at});
    });
    std::ranges::move(recalled, std::back_inserter(events_));
    std::ranges::stable_sort(events_, {}, &Event::at);
    while (events_.size() > limits_.events_kept) events_.pop_front();
}

}  // namespace lineshaft::twin
