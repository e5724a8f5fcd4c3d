#include "identity/statistics.h"

#include <algorithm>

#include "io/pause.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

constexpr char hour_kind = 's', missing_kind = 'n';
constexpr std::int64_t hour_us = 3'600'000'000, day_us = 24 * hour_us;
constexpr std::string_view others = "*";
constexpr std::size_t forgotten_at_once = 2'000;

std::uint32_t hour_of(Instant at) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(at.micros, 0) / hour_us);
}

// kind, hour (4), then of counts: prefix, shard (4); of missing names: shard (4).
std::string hour_key(char kind, std::uint32_t hour, std::string_view prefix = {}) {
    std::string out(1, kind);
    Writer to(out);
    to.put_be(hour);
    to.put(prefix);
    return out;
}
std::string with_shard(std::string key, std::uint32_t shard) {
    Writer(key).put_be(shard);
    return key;
}

struct Row {
    std::uint32_t hour = 0, shard = 0;
    std::string prefix;
    Counts counts;
};

Result<Row> read_row(std::string_view key, std::string_view value) {
    if (key.size() < 9) return fail(Code::corrupt, "a row of the naming statistics");
    Row out;
    Reader head(as_bytes(key.substr(1, 4))), tail(as_bytes(key.substr(key.size() - 4)));
    TRY(out.hour, head.take_be<std::uint32_t>());
    TRY(out.shard, tail.take_be<std::uint32_t>());
    out.prefix = key.substr(5, key.size() - 9);
    Reader in(as_bytes(value));
    for (auto* number : {&out.counts.registered, &out.counts.changed, &out.counts.deleted,
                         &out.counts.resolved, &out.counts.not_found}) {
        TRY(*number, in.take_varint());
    }
    return out;
}

using Names = std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>>;

Result<void> add_names(std::string_view value, Names& to) {
    Reader in(as_bytes(value));
    while (!in.at_end()) {
        TRY(const auto count, in.take_varint());
        TRY(const auto size, in.take_varint());
        TRY(const Bytes name, in.take(size));
        to[std::string(as_text(name))] += count;
    }
    return {};
}

std::string_view as_prefix(std::string_view name) {
    return name.substr(0, name.find('/'));
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
    registered += other.registered;
    changed += other.changed;
    deleted += other.deleted;
    resolved += other.resolved;
    not_found += other.not_found;
    return *this;
}

Statistics::Statistics(store::Store& store, io::Shards& shards, std::vector<store::Lane*> lanes,
                       Limits limits)
    : store_(store),
      shards_(shards),
      lanes_(std::move(lanes)),
      limits_(limits),
      on_shard_(shards) {}

Result<std::unique_ptr<Statistics>> Statistics::open(store::Store& store, io::Shards& shards,
                                                     std::vector<store::Lane*> lanes,
                                                     Limits limits) {
    std::unique_ptr<Statistics> out(new Statistics(store, shards, std::move(lanes), limits));
    auto loaded = out->load();
    if (!loaded) return std::unexpected(loaded.error());
    return out;
}

// The hour that was under way goes on. What shards counted that are no more stays as it is.
Result<void> Statistics::load() {
    const std::uint32_t hour = hour_of(shards_.clock().now());
    std::vector<OnShard> found(shards_.size());
    const auto rows =
        store_.scan(store::Family::identity, hour_key(hour_kind, hour), hour_key(hour_kind, hour + 1));
    for (; rows->is_valid(); rows->next()) {
        TRY(auto row, read_row(rows->key(), rows->value()));
        if (row.shard < found.size()) found[row.shard].prefixes[row.prefix] = row.counts;
    }
    TRY_VOID(rows->status());
    for (std::uint32_t index = 0; index < found.size(); ++index) {
        TRY(const auto names, store_.get(store::Family::identity,
                                         with_shard(hour_key(missing_kind, hour), index)));
        if (!names) continue;
        TRY_VOID(add_names(*names, found[index].missing));
    }
    const bool writes = !store_.is_read_only();
    shards_.run_everywhere([&](io::Shard& shard) {
        const auto index = shard.index().number();
        OnShard& own = on_shard_.here();
        own.hour = hour;
        own.prefixes = std::move(found[index].prefixes);
        own.missing = std::move(found[index].missing);
        lanes_[index]->join(
            [this, &own, index](store::Batch& batch) { seal(own, index, batch); });
        if (writes) shard.wheel().arm(own.timer, limits_.write_every, [this] { tick(); });
    });
    return {};
}

void Statistics::tick() {
    OnShard& shard = on_shard_.here();
    if (shard.is_closed) return;
    if (shard.is_dirty) {
        shard.is_due = true;
        lanes_[io::Shard::here().index().number()]->touch();
    }
    io::Shard::here().wheel().arm(shard.timer, limits_.write_every, [this] { tick(); });
}

void Statistics::seal(OnShard& shard, std::uint32_t index, store::Batch& batch) {
    if (!shard.is_due) return;
    shard.is_due = shard.is_dirty = false;
    for (const auto& [prefix, counts] : shard.prefixes) {
        std::string value;
        Writer to(value);
        for (const auto number : {counts.registered, counts.changed, counts.deleted,
                                  counts.resolved, counts.not_found}) {
            to.put_varint(number);
        }
        batch.put(store::Family::identity,
                  with_shard(hour_key(hour_kind, shard.hour, prefix), index), value);
    }
    std::string names;
    Writer to(names);
    for (const auto& [name, count] : shard.missing) {
        to.put_varint(count);
        to.put_varint(name.size());
        to.put(name);
    }
    if (!names.empty())
        batch.put(store::Family::identity, with_shard(hour_key(missing_kind, shard.hour), index),
                  names);
    if (index == 0) forget_old(shard, batch);
}

// Once an hour, and key by key: of a range that was removed every lookup of a handle would have to
// find out whether it covers that one.
void Statistics::forget_old(OnShard& shard, store::Batch& batch) {
    if (shard.hour < limits_.hours_kept || shard.forgotten_at == shard.hour) return;
    const std::uint32_t oldest = shard.hour - limits_.hours_kept;
    std::size_t count = 0;
    for (const char kind : {hour_kind, missing_kind}) {
        const auto row = store_.scan(store::Family::identity, hour_key(kind, 0),
                                     hour_key(kind, oldest));
        for (; row->is_valid() && count < forgotten_at_once; row->next(), ++count)
            batch.remove(store::Family::identity, row->key());
    }
    if (count < forgotten_at_once) shard.forgotten_at = shard.hour;
}

// What the last hour counted is written before it is forgotten.
void Statistics::turn_hour(OnShard& shard) {
    const std::uint32_t now = hour_of(io::Shard::here().now());
    if (now == shard.hour) return;
    if (shard.is_dirty && !shard.is_closed) {
        const auto index = io::Shard::here().index().number();
        shard.is_due = true;
        seal(shard, index, lanes_[index]->batch());
    }
    shard.prefixes.clear();
    shard.missing.clear();
    shard.hour = now;
}

Counts& Statistics::counts_of(std::string_view prefix) {
    OnShard& shard = on_shard_.here();
    turn_hour(shard);
    shard.is_dirty = true;
    if (const auto found = shard.prefixes.find(prefix); found != shard.prefixes.end())
        return found->second;
    if (shard.prefixes.size() >= limits_.prefixes_max) prefix = others;
    return shard.prefixes[std::string(prefix)];
}

// Space-saving (Metwally et al. 2005): a new name takes the place of the rarest, and its count, so
// none that is frequent is lost and no count is too low.
void Statistics::miss(OnShard& shard, std::string_view name) {
    if (name.size() > limits_.missing_bytes_max) return;
    if (const auto found = shard.missing.find(name); found != shard.missing.end()) {
        ++found->second;
        return;
    }
    std::uint64_t count = 1;
    if (shard.missing.size() >= limits_.missing_max) {
        const auto rarest = std::ranges::min_element(
            shard.missing, {}, [](const auto& one) { return one.second; });
        count += rarest->second;
        shard.missing.erase(rarest);
    }
    shard.missing.emplace(name, count);
}

void Statistics::asked(std::string_view name, const Lookup& found) {
    switch (found.answer) {
        case handle::Answer::success: ++counts_of(as_prefix(name)).resolved; return;
        case handle::Answer::service_referral:
        case handle::Answer::prefix_referral:
            ++counts_of(found.referral.substr(found.referral.find('/') + 1)).resolved;
            return;
        case handle::Answer::handle_not_found: ++counts_of(as_prefix(name)).not_found; break;
        default:
            if (!limits_.counts_foreign) return;
            ++counts_of(others).not_found;
    }
    miss(on_shard_.here(), name);
}

void Statistics::shown(std::string_view prefix) {
    ++counts_of(prefix).resolved;
}

void Statistics::changed(std::string_view name, Action action) {
    Counts& counts = counts_of(as_prefix(name));
    switch (action) {
        case Action::create: ++counts.registered; return;
        case Action::update: ++counts.changed; return;
        case Action::remove: ++counts.deleted; return;
        case Action::home:
        case Action::unhome: return;
    }
}

struct StatisticsSteps {
    static io::Task<bool> write_here(Statistics* statistics) {
        auto& shard = statistics->on_shard_.here();
        if (!shard.is_dirty || shard.is_closed) co_return true;
        store::Lane& lane = *statistics->lanes_[io::Shard::here().index().number()];
        shard.is_due = true;
        lane.touch();
        auto done = co_await lane.durable();
        if (!done) shard.is_dirty = true;
        co_return done.has_value();
    }
    static io::Task<bool> write_everywhere(Statistics* statistics) {
        bool all = true;
        for (std::size_t index = 0; index < statistics->shards_.size(); ++index) {
            auto done = co_await statistics->shards_.at(index).call(&write_here, statistics);
            all = all && done;
        }
        co_return all;
    }
};

io::Task<Result<Statistics::Report>> Statistics::report(Query query) {
    (void)co_await StatisticsSteps::write_everywhere(this);
    Report out;
    std::map<std::string, Counts> prefixes;
    std::map<std::int64_t, Counts> periods;
    const std::uint32_t first = hour_of(query.from);
    const std::uint32_t past = hour_of(Instant{query.until.micros + hour_us - 1});
    const auto rows =
        store_.scan(store::Family::identity, hour_key(hour_kind, first), hour_key(hour_kind, past));
    for (std::size_t count = 0; rows->is_valid(); rows->next()) {
        if (++count > limits_.rows_max)
            co_return fail(Code::exhausted, "too much for one report: ask for a shorter time");
        CO_TRY(const auto row, read_row(rows->key(), rows->value()));
        if (!query.prefix.empty() && row.prefix != query.prefix) continue;
        const std::int64_t at = std::int64_t{row.hour} * hour_us;
        periods[query.by_day ? at / day_us * day_us : at] += row.counts;
        prefixes[row.prefix] += row.counts;
        out.totals += row.counts;
    }
    CO_TRY_VOID(rows->status());
    for (const auto& [at, counts] : periods) out.periods.push_back({Instant{at}, counts});
    for (auto& [prefix, counts] : prefixes) out.prefixes.emplace_back(prefix, counts);
    co_return out;
}

io::Task<Result<std::vector<std::pair<std::string, std::uint64_t>>>> Statistics::missing(
    Instant from, Instant until, std::size_t count_max) {
    (void)co_await StatisticsSteps::write_everywhere(this);
    Names names;
    const auto rows =
        store_.scan(store::Family::identity, hour_key(missing_kind, hour_of(from)),
                    hour_key(missing_kind, hour_of(Instant{until.micros + hour_us - 1})));
    for (; rows->is_valid(); rows->next()) {
        CO_TRY_VOID(add_names(rows->value(), names));
    }
    CO_TRY_VOID(rows->status());
    std::vector<std::pair<std::string, std::uint64_t>> out(names.begin(), names.end());
    std::ranges::sort(out, [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    if (out.size() > count_max) out.resize(count_max);
    co_return out;
}

void Statistics::close() {
    bool was_open = false;
    shards_.run_everywhere([&](io::Shard& shard) {
        OnShard& own = on_shard_.here();
        if (shard.index().number() == 0) was_open = !own.is_closed;
    });
    if (!was_open) return;
    if (!store_.is_read_only())
        (void)shards_.run_blocking(ShardIndex(0), StatisticsSteps::write_everywhere(this));
    shards_.run_everywhere([this](io::Shard&) {
        OnShard& own = on_shard_.here();
        own.is_closed = true;
        own.timer.disarm();
    });
}

}  // namespace lineshaft::identity
