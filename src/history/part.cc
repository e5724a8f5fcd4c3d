#include "history/part.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t points_at_once = 32;
constexpr std::size_t spare_bytes_max = 4 << 20;  // of a record's room that is kept
constexpr std::size_t sample_bytes_min = 12;      // what a sample counts at least
constexpr std::size_t notes_max = 8;  // "$events" and the like beside a machine's own tags

std::size_t share(std::size_t whole, std::size_t shards) {
    return std::max<std::size_t>(1, whole / shards);
}

// Its machine is being erased.
template <class Entry>
bool is_going(const Entry& entry) {
    if constexpr (requires { entry.machine->is_condemned; }) return entry.machine->is_condemned;
    return false;
}

}  // namespace

Part::Part(store::Store& store, io::Shard& shard, std::size_t shards, store::Lane& lane,
           io::Workers& sealers, io::Workers& settlers, Limits limits, OnDamage on_damage)
    : store_(store),
      shard_(shard),
      shards_(shards),
      lane_(lane),
      sealers_(sealers),
      settlers_(settlers),
      limits_(limits),
      on_damage_(std::move(on_damage)),
      inbox_bytes_max_(share(limits.inbox_bytes_max, shards)),
      seal_bytes_(share(limits.seal_bytes, shards)) {}

void Part::replay(SeriesEntry& entry, const Columns& samples, std::size_t index) {
    if (entry.machine->is_condemned) return;
    entry.kind = samples.mark[index].kind();
    note_newest(entry, samples, index);
    if (head_of(entry).add(samples, index)) ++stats_.samples_replaced;
}

void Part::join() {
    lane_.join([this](store::Batch& batch) { write_round(batch); });
}

void Part::accept() {
    inbox_bytes_ -= std::exchange(untrimmed_bytes_, 0);
    is_accepting_ = true;
}

bool Part::is_instant_allowed(Instant at, Instant now) const {
    return at >= std::max(limits_.time_min, instant_min) && at <= instant_max &&
           at <= now + limits_.future_max;
}

// Null after counting why not. A known tag costs one look-up and allocates nothing.
SeriesEntry* Part::entry_for(MachineEntry*& machine, const Report& report, const TagSample& sample,
                             Appended& appended) {
    if (machine != nullptr) {
        if (SeriesEntry* known = Dictionary::series(*machine, sample.tag)) return known;
    }
    const auto is_name = [&](std::string_view name) {
        return !name.empty() && name.size() <= limits_.name_bytes_max && is_utf8(name);
    };
    if (!is_name(sample.tag) || (machine == nullptr && !is_name(report.machine))) {
        ++appended.refused_name;
        return nullptr;
    }
    const std::size_t notes = sample.tag.starts_with('$') ? notes_max : 0;
    if ((machine != nullptr && machine->series.size() >= limits_.series_per_machine_max + notes) ||
        dictionary_.size() >= share(limits_.series_max, shards_)) {
        ++appended.refused_cardinality;
        return nullptr;
    }
    if (machine == nullptr)
        machine = &dictionary_.machine_or_new(report.organisation, report.machine);
    ++appended.discovered;
    SeriesEntry& entry = dictionary_.add(*machine, sample.tag, SeriesId(store_.ticket()),
                                         kind_of(sample.sample.value));
    entry.newest.is_known = true;
    entry.rule = keep_->rule_of(report.organisation, report.machine, sample.tag);
    births_.add();
    return &entry;
}

void Part::Round::clear() {
    series.clear();
    samples.clear();
    unsure.clear();
    bytes = 0;
}

Part::Round& Part::open_round() {
    if (open_ == nullptr)
        open_ = spare_ != nullptr ? std::move(spare_) : std::make_unique<Round>();
    return *open_;
}

// Small as it may be in the record, a sample takes its place in heads.
void Part::add_bytes(Round& round, const InboxWriter::Size& before) {
    const InboxWriter::Size now = round.record.size();
    const std::size_t written = now.bytes - before.bytes;
    if (written == 0) return;
    const std::size_t bytes = std::max(written, (now.count - before.count) * sample_bytes_min);
    round.bytes += bytes;
    inbox_bytes_ += bytes;
    lane_.expect(written);
}

void Part::make_room(Round& round, std::size_t samples) {
    const std::size_t wanted = round.series.size() + samples;
    if (wanted <= round.room_samples()) return;
    round.series.reserve(std::max(wanted, 2 * round.room_samples()));
    round.samples.reserve(round.room_samples());
}

void Part::take(SeriesEntry& entry, const Sample& sample) {
    Round& round = open_round();
    const InboxWriter::Size before = round.record.size();
    const std::uint64_t bits = round.samples.bits_of(sample.value);
    take(round, entry, sample.at.micros, Mark(kind_of(sample.value), sample.quality), bits);
    add_bytes(round, before);
}

// A text is in the round already. The caller counts the bytes.
void Part::take(Round& round, SeriesEntry& entry, std::int64_t at, Mark mark, std::uint64_t bits) {
    if (entry.kind != mark.kind()) {
        births_.add();
        entry.kind = mark.kind();
        entry.is_stored = false;
        entry.written_in = 0;
    }
    if (round.series.empty()) {
        lane_.then([this](const Result<void>& outcome) { finish_round(outcome); });
    }
    if (!entry.is_stored) round.unsure.push_back(&entry);
    round.record.add(
        entry.id, at, mark, bits,
        mark.kind() == Kind::text ? round.samples.text_of(bits) : std::string_view());
    round.samples.push(at, bits, mark);
    round.series.push_back(&entry);
}

Result<void> Part::check_room() {
    CHECK(io::Shard::here_or_null() == &shard_ && !is_closing_);
    if (!is_accepting_) {
        if (store_.is_read_only())
            return fail(Code::unavailable, "history: the store is read-only");
        return fail(Code::exhausted, "history: the inbox of the last run is not sealed yet");
    }
    if (inbox_bytes_ >= inbox_bytes_max_) {
        start_seal();
        return fail(Code::exhausted, "history: the inbox is full, a seal must end first");
    }
    return {};
}

void Part::count_refused(const Appended& appended) {
    stats_.samples_refused_time += appended.refused_time;
    stats_.samples_refused_name += appended.refused_name;
    stats_.samples_refused_cardinality += appended.refused_cardinality;
    stats_.samples_refused_size += appended.refused_size;
}

std::optional<SeriesId> Part::id_of(OrganisationId organisation, std::string_view machine,
                                    std::string_view tag) {
    MachineEntry* known = dictionary_.machine(organisation, machine);
    const SeriesEntry* entry = known == nullptr ? nullptr : Dictionary::series(*known, tag);
    return entry == nullptr ? std::nullopt : std::optional(entry->id);
}

// Whether there is nothing to be asked or noted about any of these, as of nearly all.
bool Part::are_usual(std::span<const Point> points, SeriesEntry* const* entries,
                     std::int64_t first, std::int64_t last) {
    for (const Point& point : points) {
        const SeriesEntry* entry = *entries++;
        if (point.at < first || point.at > last || entry == nullptr) return false;
        if (entry->kind != point.mark.kind() || entry->kind == Kind::text) return false;
        if (!entry->is_stored || entry->rule != nullptr || is_going(*entry)) return false;
    }
    return true;
}

void Part::take_all(Round& round, std::span<Point> points, SeriesEntry* const* entries) {
    if (round.series.empty()) {
        lane_.then([this](const Result<void>& outcome) { finish_round(outcome); });
    }
    round.record.add(points);
    round.series.insert(round.series.end(), entries, entries + points.size());
    Columns& samples = round.samples;
    const std::size_t before = samples.size();
    samples.at.resize(before + points.size());
    samples.bits.resize(before + points.size());
    samples.mark.resize(before + points.size());
    for (std::size_t index = 0; index < points.size(); ++index) {
        samples.at[before + index] = points[index].at;
        samples.bits[before + index] = points[index].bits;
        samples.mark[before + index] = points[index].mark;
        points[index].is_stored = true;
    }
}

// Several at a time, so that what each needs of memory is on its way before the first is taken.
// False: a series is not there any more.
bool Part::append_some(std::span<Point> points, const Points& all, Instant now,
                       Appended& appended) {
    std::array<SeriesEntry*, points_at_once> entries;
    for (const Point& point : points) __builtin_prefetch(dictionary_.where(point.series));
    for (std::size_t index = 0; index < points.size(); ++index) {
        entries[index] = dictionary_.series(points[index].series);
        __builtin_prefetch(entries[index]);  // null is harmless
        __builtin_prefetch(reinterpret_cast<const char*>(entries[index]) + sizeof(SeriesEntry) / 4);
    }
    const std::int64_t first = std::max(limits_.time_min, instant_min).micros;
    const std::int64_t last = std::min(now + limits_.future_max, instant_max).micros;
    Round& round = *open_;
    if (are_usual(points, entries.data(), first, last)) {
        take_all(round, points, entries.data());
        appended.stored += static_cast<std::uint32_t>(points.size());
        return true;
    }
    for (std::size_t index = 0; index < points.size(); ++index) {
        Point& point = points[index];
        const bool is_text = point.mark.kind() == Kind::text;
        if (point.at < first || point.at > last) {
            ++appended.refused_time;
            continue;
        }
        if (is_text && all.text_of(point).size() > limits_.text_bytes_max) {
            ++appended.refused_size;
            continue;
        }
        SeriesEntry* entry = entries[index];
        if (entry == nullptr || is_going(*entry)) return false;
        if (entry->rule != nullptr && point.at < kept_from(entry->rule, now).micros) {
            ++appended.refused_time;
            continue;
        }
        const std::uint64_t bits =
            is_text ? round.samples.add_text(all.text_of(point)) : point.bits;
        take(round, *entry, point.at, point.mark, bits);
        point.is_stored = true;
        ++appended.stored;
    }
    return true;
}

Result<Appended> Part::append(Points& points) {
    TRY_VOID(check_room());
    Appended appended;
    if (points.all.empty()) return appended;
    Round& round = open_round();
    const InboxWriter::Size before = round.record.size();
    make_room(round, points.all.size());
    const Instant now = shard_.now();
    bool is_whole = true;
    for (std::size_t from = 0; is_whole && from < points.all.size(); from += points_at_once) {
        const auto some = std::span(points.all).subspan(
            from, std::min(points_at_once, points.all.size() - from));
        is_whole = append_some(some, points, now, appended);
    }
    add_bytes(round, before);
    count_refused(appended);
    if (!is_whole) return fail(Code::not_found, "history: a series is not there any more");
    return appended;
}

Result<Appended> Part::append(Report& report) {
    TRY_VOID(check_room());
    Appended appended;
    const Instant now = shard_.now();
    MachineEntry* machine = dictionary_.machine(report.organisation, report.machine);
    std::size_t kept = 0;
    for (std::size_t index = 0; index < report.samples.size(); ++index) {
        TagSample& one = report.samples[index];
        const auto* text = std::get_if<std::string>(&one.sample.value);
        if (!is_instant_allowed(one.sample.at, now)) {
            ++appended.refused_time;
        } else if (text != nullptr && text->size() > limits_.text_bytes_max) {
            ++appended.refused_size;
        } else if (SeriesEntry* entry = entry_for(machine, report, one, appended)) {
            if (one.sample.at < kept_from(entry->rule, now)) {
                ++appended.refused_time;
                continue;
            }
            take(*entry, one.sample);
            ++appended.stored;
            if (kept != index) report.samples[kept] = std::move(one);
            ++kept;
        }
    }
    report.samples.resize(kept);
    count_refused(appended);
    return appended;
}

// The lane seals the round. A series whose record is not known to be on disk is written again by
// every round that carries it, because the round before may still fail.
void Part::write_round(store::Batch& batch) {
    if (open_ == nullptr || open_->series.empty()) return;
    Round& round = *open_;
    auto& unsure = round.unsure;
    std::erase_if(unsure, [](const SeriesEntry* entry) { return entry->is_stored; });
    std::sort(unsure.begin(), unsure.end());
    unsure.erase(std::unique(unsure.begin(), unsure.end()), unsure.end());
    round.ticket = store_.ticket();
    for (SeriesEntry* entry : unsure) {
        entry->written_in = round.ticket;
        batch.put(store::Family::history_series, series_key(entry->id), series_record(*entry));
    }
    const auto shard = shard_.index().number();
    const std::string_view record = round.record.finish(
        shard, static_cast<std::uint32_t>(shards_), round.ticket, ticket_before_);
    ticket_before_ = round.ticket;
    batch.put(store::Family::history_inbox, inbox_key(shard, round.ticket), record);
    under_way_.push_back(std::move(open_));
}

void Part::finish_round(const Result<void>& outcome) {
    CHECK(!under_way_.empty());
    auto round = std::move(under_way_.front());
    under_way_.pop_front();
    if (outcome) {
        wait(*round);
    } else {
        inbox_bytes_ -= round->bytes;
    }
    round->clear();
    const bool is_small = round->room_samples() <= 2 * folded_at_once &&
                          round->record.room_bytes() <= spare_bytes_max;
    if (spare_ == nullptr && is_small) spare_ = std::move(round);
    if (outcome && !is_sealing_ && head_bytes_ >= seal_bytes_) start_seal();
}

// What is on disk waits for being folded.
void Part::wait(Round& round) {
    for (SeriesEntry* entry : round.unsure) entry->is_stored |= entry->written_in == round.ticket;
    stats_.samples_stored += round.series.size();
    head_bytes_ += round.bytes;
    ticket_folded_ = round.ticket;
    if (waiting_series_.empty() && waiting_.at.capacity() <= round.samples.at.capacity()) {
        std::swap(waiting_, round.samples);
        std::swap(waiting_series_, round.series);
    } else {
        waiting_.append(round.samples, 0, round.samples.size());
        waiting_series_.insert(waiting_series_.end(), round.series.begin(), round.series.end());
    }
    if (waiting_series_.size() >= folded_at_once) fold_waiting();
    if (!timer_.is_armed() && !is_closing_) arm(limits_.seal_age_max);
}

// A machine's data that came over several connections is a little out of order: a head would have to
// move what it has for each that is late. Of equal instants the last to arrive stays the last.
void Part::put_in_order(const Columns& samples, std::vector<std::uint32_t>& chain) {
    constexpr std::size_t few = 32;
    const auto is_before = [&](std::uint32_t a, std::uint32_t b) {
        return samples.at[a] < samples.at[b];
    };
    if (chain.size() > few) {
        if (!std::is_sorted(chain.begin(), chain.end(), is_before))
            std::stable_sort(chain.begin(), chain.end(), is_before);
        return;
    }
    for (std::size_t index = 1; index < chain.size(); ++index) {
        const std::uint32_t one = chain[index];
        std::size_t place = index;
        for (; place > 0 && is_before(one, chain[place - 1]); --place)
            chain[place] = chain[place - 1];
        chain[place] = one;
    }
}

// First each series' samples become a chain, then series after series takes its chain: so a head is
// gone to once, not for each sample.
void Part::fold_waiting() {
    const std::size_t count = waiting_series_.size();
    if (count == 0) return;
    constexpr std::size_t ahead = 8;
    auto& [next, chain, entries] = folding_;
    next.resize(count);
    entries.clear();
    for (std::size_t index = 0; index < count; ++index) {
        if (index + ahead < count) {
            const SeriesEntry* soon = waiting_series_[index + ahead];
            __builtin_prefetch(soon);
            __builtin_prefetch(&soon->chain);
        }
        SeriesEntry& entry = *waiting_series_[index];
        if (entry.machine->is_condemned) continue;  // erased since it was taken
        const auto here = static_cast<std::uint32_t>(index);
        if (entry.chain.count == 0) {
            entries.push_back(&entry);
            entry.chain.first = here;
        } else {
            next[entry.chain.last] = here;
        }
        entry.chain.last = here;
        ++entry.chain.count;
    }
    for (std::size_t index = 0; index < entries.size(); ++index) {
        if (index + ahead < entries.size()) __builtin_prefetch(entries[index + ahead]->head.get());
        fold_waiting(*entries[index]);
    }
    waiting_.clear();
    waiting_series_.clear();
}

void Part::fold_waiting(SeriesEntry& entry) {
    auto& chain = folding_.chain;
    chain.resize(entry.chain.count);
    std::uint32_t at = entry.chain.first;
    for (std::uint32_t& one : chain) {
        one = at;
        at = folding_.next[at];
    }
    entry.chain = {};
    put_in_order(waiting_, chain);
    stats_.samples_replaced += head_of(entry).add(waiting_, chain);
    note_newest(entry, waiting_, chain.back());
}

// From the first sample of this run on; what chunks of before have is learnt when somebody asks.
void Part::note_newest(SeriesEntry& entry, const Columns& samples, std::size_t index) {
    NewestSample& newest = entry.newest;
    if (samples.at[index] < newest.at) return;
    newest.at = samples.at[index];
    newest.bits = samples.bits[index];
    newest.mark = samples.mark[index];
    if (newest.mark.kind() != Kind::text) return;
    if (newest.text == nullptr) newest.text = std::make_unique<std::string>();
    *newest.text = samples.text_at(index);
}

bool Part::put_newest(SeriesId series, Columns& into) {
    fold_waiting();
    const SeriesEntry* entry = dictionary_.series(series);
    const bool is_there = entry != nullptr && !entry->machine->is_condemned;
    const bool has_any = is_there && entry->newest.at != INT64_MIN;
    const bool has_expired = has_any && entry->rule != nullptr &&
                             entry->newest.at < kept_from(entry->rule, shard_.now()).micros;
    if (!has_any || has_expired) {
        into.push(INT64_MIN, 0, Mark());
        return !is_there || has_expired || entry->newest.is_known;
    }
    const NewestSample& newest = entry->newest;
    const bool is_text = newest.mark.kind() == Kind::text;
    into.push(newest.at, is_text ? into.add_text(*newest.text) : newest.bits, newest.mark);
    return newest.is_known;
}

// What was folded meanwhile is newer, or the same.
void Part::learn_newest(SeriesId series, const std::optional<Sample>& stored) {
    fold_waiting();
    SeriesEntry* entry = dictionary_.series(series);
    if (entry == nullptr) return;
    entry->newest.is_known = true;
    if (!stored || stored->at.micros <= entry->newest.at) return;
    Columns one;
    one.push(*stored);
    note_newest(*entry, one, 0);
}

Head& Part::head_of(SeriesEntry& entry) {
    if (entry.head == nullptr) {
        entry.head = std::make_unique<Head>(entry.usual_head);
        with_head_.push_back(&entry);
    }
    return *entry.head;
}

HeadView Part::view(SeriesId series, Window window, std::size_t count_max, bool is_descending) {
    fold_waiting();
    HeadView view;
    SeriesEntry* entry = dictionary_.series(series);
    view.is_gone = entry != nullptr && entry->machine->is_condemned;
    if (view.is_gone) return view;
    if (entry != nullptr) view.from = kept_from(entry->rule, shard_.now());
    window.from = std::max(window.from, view.from);
    if (window.from >= window.until) return view;
    const auto copy = [&](const Columns& from, Columns& into) {
        const auto index_of = [&](Instant at) {
            return static_cast<std::size_t>(
                std::lower_bound(from.at.begin(), from.at.end(), at.micros) - from.at.begin());
        };
        std::size_t first = index_of(window.from);
        std::size_t until = index_of(window.until);
        if (until - first > count_max) {
            (is_descending ? first : until) = is_descending ? until - count_max : first + count_max;
        }
        into.append(from, first, until);
    };
    view.may_be_fresh = !knows_fresh_ || fresh_.contains(series);
    if (snapshot_ != nullptr) {
        if (const Columns* sealing = snapshot_->find(series)) copy(*sealing, view.sealing);
    }
    if (entry != nullptr && entry->head != nullptr) copy(entry->head->settled(), view.head);
    return view;
}

void Part::add_to(Stats& stats) {
    fold_waiting();
    stats.samples_stored += stats_.samples_stored;
    stats.samples_refused_time += stats_.samples_refused_time;
    stats.samples_refused_name += stats_.samples_refused_name;
    stats.samples_refused_cardinality += stats_.samples_refused_cardinality;
    stats.samples_refused_size += stats_.samples_refused_size;
    stats.samples_replaced += stats_.samples_replaced;
    stats.series += dictionary_.size();
    stats.chunks_sealed += stats_.chunks_sealed;
    stats.seals_failed += stats_.seals_failed;
    stats.chunks_settled += stats_.chunks_settled;
    stats.samples_expired += stats_.samples_expired;
    stats.samples_thinned += stats_.samples_thinned;
    for (const auto& [series, count] : fresh_) stats.samples_fresh += count.samples;
    stats.inbox_bytes += inbox_bytes_;
    stats.head_samples += snapshot_ != nullptr ? snapshot_->samples : 0;
    for (const SeriesEntry* entry : with_head_) {
        stats.head_samples += entry->head->size();
        stats.samples_replaced += entry->head->late_replaced();
    }
}

void Part::add_to(History::Purging& purging) const {
    purging.machines += dictionary_.condemned_machines();
    purging.series += dictionary_.condemned_series();
}

}  // namespace lineshaft::history
