#include "history/settle.h"

#include <algorithm>
#include <set>
#include <utility>

#include "history/days.h"
#include "history/seal.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t full_day_samples = 256;  // below, a day's samples join their month's chunk

struct Piece {
    std::string key;
    std::uint64_t ticket = 0;
    Columns samples;
};

// All samples of the pieces, ascending, of one instant the one with the highest ticket.
Columns joined(std::vector<Piece>& pieces) {
    std::ranges::sort(pieces, [](const Piece& a, const Piece& b) {
        return a.samples.at.front() < b.samples.at.front();
    });
    Columns all;
    const auto overlaps = [](const Piece& a, const Piece& b) {
        return a.samples.at.back() >= b.samples.at.front();
    };
    if (std::ranges::adjacent_find(pieces, overlaps) == pieces.end()) {
        for (const Piece& piece : pieces) all.append(piece.samples, 0, piece.samples.size());
        return all;
    }
    struct Place {
        std::int64_t at;
        std::uint64_t ticket;
        std::uint32_t piece;
        std::uint32_t index;
    };
    std::vector<Place> places;
    for (std::uint32_t piece = 0; piece < pieces.size(); ++piece) {
        const auto& at = pieces[piece].samples.at;
        for (std::uint32_t index = 0; index < at.size(); ++index)
            places.push_back({at[index], pieces[piece].ticket, piece, index});
    }
    std::ranges::sort(places, [](const Place& a, const Place& b) {
        return std::tie(a.at, a.ticket) < std::tie(b.at, b.ticket);
    });
    all.reserve(places.size());
    for (std::size_t index = 0; index < places.size(); ++index) {
        if (index + 1 < places.size() && places[index + 1].at == places[index].at) continue;
        all.push_from(pieces[places[index].piece].samples, places[index].index);
    }
    return all;
}

struct Stored {
    ChunkKey key;
    std::string bytes_of_key;
    ChunkHeader header;
    bool is_joined = false;
};

class Settling {
public:
    Settling(store::Store& store, const SettleLimits& limits, const OnDamage& on_damage)
        : store_(store),
          limits_(limits),
          on_damage_(on_damage),
          cursor_(store.scan(store::Family::history_chunks, "", "")) {}

    Result<void> add(SeriesId series) {
        std::vector<Piece> fresh = take_fresh(series);
        TRY_VOID(cursor_->status());
        if (fresh.empty()) return {};
        FreshCount& taken = settled_.taken[series];
        std::uint64_t ticket = 0;
        for (const Piece& piece : fresh) {
            ++taken.chunks;
            taken.samples += piece.samples.size();
            ticket = std::max(ticket, piece.ticket);
            removals_.push_back({piece.key, {}, true});
        }
        const Columns samples = joined(fresh);
        samples_ += samples.size();
        taken.oldest = {samples.at.front()};
        for (std::size_t from = 0; from < samples.size();) {
            const Month month = month_of({samples.at[from]});
            const std::size_t until =
                first_at(samples, from, start_of(static_cast<Month>(month + 1)));
            TRY_VOID(settle_month(series, month, samples, from, until, ticket));
            from = until;
        }
        return {};
    }

    // False when the batch is full before the end.
    Result<bool> thin(const ThinAsk& asked) {
        for (Month month = asked.from; month < asked.until;) {
            if (is_full()) return false;
            cursor_->seek(to_bytes({month, asked.series, Span::day, {INT64_MIN}, 0}));
            if (!cursor_->is_valid()) break;
            TRY(const ChunkKey key, parse_chunk_key(cursor_->key()));
            if (key.month != month || key.series != asked.series) {
                const bool is_past = key.month == month || key.series > asked.series;
                month = key.month == month_of_fresh
                            ? asked.until
                            : static_cast<Month>(key.month + (is_past ? 1 : 0));
                continue;
            }
            TRY_VOID(thin_month(asked.series, month, asked.step.count()));
            ++month;
        }
        return true;
    }

    bool is_full() const { return samples_ >= limits_.batch_samples_max; }

    Result<Settled> finish(std::size_t series_done) {
        cursor_.reset();
        for (auto& [month, entries] : months_) {
            std::vector<store::Entry> ascending;
            ascending.reserve(entries.size());
            for (auto& [key, entry] : entries) ascending.push_back(std::move(entry));
            TRY_VOID(store_.ingest(store::Family::history_chunks, ascending));
        }
        std::ranges::sort(removals_, {}, &store::Entry::key);
        if (!removals_.empty()) {
            TRY_VOID(store_.ingest(store::Family::history_chunks, removals_));
        }
        settled_.series_done = series_done;
        return std::move(settled_);
    }

    Thinned finish_thinning(std::size_t asks_done) {
        thinned_.asks_done = asks_done;
        return std::move(thinned_);
    }

private:
    static std::size_t first_at(const Columns& samples, std::size_t from, Instant at) {
        const auto begin = samples.at.begin();
        return static_cast<std::size_t>(std::lower_bound(begin + static_cast<std::ptrdiff_t>(from),
                                                         samples.at.end(), at.micros) -
                                        begin);
    }

    // Whole seals, the oldest first, until they are enough for one go.
    std::vector<Piece> take_fresh(SeriesId series) {
        std::vector<Stored> found;
        cursor_->seek(to_bytes({month_of_fresh, series, Span::day, {INT64_MIN}, 0}));
        for (; is_at(month_of_fresh, series); cursor_->next()) look(found);
        std::ranges::stable_sort(found, {}, [](const Stored& one) { return one.key.ticket; });
        std::vector<Piece> pieces;
        std::size_t samples = 0;
        for (std::size_t index = 0; index < found.size(); ++index) {
            const bool is_new_seal =
                index > 0 && found[index].key.ticket != found[index - 1].key.ticket;
            if (is_new_seal && samples >= limits_.series_samples_max) break;
            samples += found[index].header.count;
            load(found[index], pieces);
        }
        return pieces;
    }

    bool is_at(Month month, SeriesId series) const {
        if (!cursor_->is_valid()) return false;
        const auto key = parse_chunk_key(cursor_->key());
        return key && key->month == month && key->series == series;
    }

    // The chunk under the cursor.
    void look(std::vector<Stored>& found) {
        const auto header = parse_chunk_header(as_bytes(cursor_->value()));
        if (!header) return on_damage_(cursor_->key(), header.error());
        const auto key = parse_chunk_key(cursor_->key());
        found.push_back({*key, std::string(cursor_->key()), *header});
    }

    bool load(const Stored& chunk, std::vector<Piece>& into) {
        cursor_->seek(chunk.bytes_of_key);
        if (!cursor_->is_valid() || cursor_->key() != chunk.bytes_of_key) return false;
        Piece piece{chunk.bytes_of_key, chunk.key.ticket, {}};
        const auto header = reading_.decode(as_bytes(cursor_->value()), piece.samples);
        if (!header) {
            on_damage_(cursor_->key(), header.error());
            return false;
        }
        settled_.bytes_replaced += cursor_->value().size();
        into.push_back(std::move(piece));
        return true;
    }

    // Chunks of the month that begin on the days of [from, until], and those of several days.
    std::vector<Stored> stored_in(SeriesId series, Month month, std::int64_t from,
                                  std::int64_t until) {
        std::vector<Stored> found;
        const Instant day = start_of_day(day_of({from}));
        cursor_->seek(to_bytes({month, series, Span::day, day, 0}));
        for (; is_at(month, series); cursor_->next()) {
            const auto key = parse_chunk_key(cursor_->key());
            if (key->span != Span::day || day_of(key->first) > day_of({until})) break;
            look(found);
        }
        cursor_->seek(to_bytes({month, series, Span::month, {INT64_MIN}, 0}));
        for (; is_at(month, series); cursor_->next()) {
            if (parse_chunk_key(cursor_->key())->span != Span::month) break;
            look(found);
        }
        return found;
    }

    // How far what is written anew reaches, in all and on each day.
    struct Reach {
        std::int64_t first = INT64_MAX;
        std::int64_t last = INT64_MIN;
        void grow(std::int64_t from, std::int64_t until) {
            first = std::min(first, from);
            last = std::max(last, until);
        }
        bool overlaps(const ChunkHeader& chunk) const {
            return first <= chunk.last.micros && chunk.first.micros <= last;
        }
    };
    struct Reaches {
        Reach all;
        std::map<std::int64_t, Reach> days;
        std::vector<Reach> months;  // of chunks of several days
    };

    bool is_to_join(const Stored& one, const Reaches& reaches) const {
        const bool is_small = one.header.count < limits_.chunk_samples_min;
        const auto among = [&](const Reach& reach) { return reach.overlaps(one.header); };
        if (std::ranges::any_of(reaches.months, among)) return true;
        if (one.key.span == Span::month)
            return is_small || std::ranges::any_of(reaches.days, [&](const auto& day) {
                       return day.second.overlaps(one.header);
                   });
        const auto day = reaches.days.find(day_of(one.header.first));
        return day != reaches.days.end() && (is_small || among(day->second));
    }

    // Marks what has to be written anew: what the samples lie among, what is small where they lie,
    // and, since all of it gets one ticket, whatever that overlaps in turn.
    Reach mark_joined(std::vector<Stored>& stored, const Columns& samples, std::size_t from,
                      std::size_t until) const {
        Reaches reaches;
        while (from < until) {
            const std::int64_t day = day_of({samples.at[from]});
            const std::size_t end = std::min(until, first_at(samples, from, start_of_day(day + 1)));
            reaches.days[day].grow(samples.at[from], samples.at[end - 1]);
            reaches.all.grow(samples.at[from], samples.at[end - 1]);
            from = end;
        }
        for (bool has_grown = true; has_grown;) {
            has_grown = false;
            for (Stored& one : stored) {
                if (one.is_joined || !is_to_join(one, reaches)) continue;
                one.is_joined = has_grown = true;
                const std::int64_t first = one.header.first.micros, last = one.header.last.micros;
                reaches.all.grow(first, last);
                if (one.key.span == Span::month) {
                    reaches.months.push_back({first, last});
                } else {
                    reaches.days[day_of(one.header.first)].grow(first, last);
                }
            }
        }
        return reaches.all;
    }

    Result<void> settle_month(SeriesId series, Month month, const Columns& samples,
                              std::size_t from, std::size_t until, std::uint64_t ticket) {
        std::int64_t first = samples.at[from], last = samples.at[until - 1];
        std::vector<Stored> stored;
        for (;;) {
            stored = stored_in(series, month, first, last);
            TRY_VOID(cursor_->status());
            const Reach reach = mark_joined(stored, samples, from, until);
            const bool is_all =
                day_of({reach.first}) >= day_of({first}) && day_of({reach.last}) <= day_of({last});
            first = std::min(first, reach.first);
            last = std::max(last, reach.last);
            if (is_all) break;
        }
        auto& entries = months_[month];
        std::vector<Piece> pieces(1);
        pieces[0].ticket = ticket;
        pieces[0].samples.append(samples, from, until);
        for (const Stored& one : stored) {
            if (!one.is_joined || !load(one, pieces)) continue;
            ticket = std::max(ticket, one.key.ticket);
            entries[one.bytes_of_key] = {one.bytes_of_key, {}, true};
        }
        const bool has_others = std::ranges::any_of(stored, [&](const Stored& one) {
            return !one.is_joined && one.header.last.micros >= first &&
                   one.header.first.micros <= last;
        });
        const Columns all = joined(pieces);
        const auto kinds = by_kind(all, 0, all.size());
        written_.clear();
        if (kinds.empty()) put_kind({month, series, Span::day, {}, ticket}, all, has_others);
        for (const Columns& kind : kinds)
            put_kind({month, series, Span::day, {}, ticket}, kind, true);
        return note_days(series, month, std::move(stored), day_of({first}), day_of({last}));
    }

    // Everything at once where chunks of several days lie among the others, else by days.
    Result<void> thin_month(SeriesId series, Month month, std::int64_t step) {
        const std::int64_t from = start_of(month).micros;
        const std::int64_t until = start_of(static_cast<Month>(month + 1)).micros - 1;
        std::vector<Stored> all = stored_in(series, month, from, until);
        TRY_VOID(cursor_->status());
        std::size_t count = 0;
        std::vector<Stored> wide;
        std::map<std::int64_t, std::vector<Stored>> days;
        for (Stored& one : all) {
            count += one.header.count;
            if (one.key.span == Span::month) wide.push_back(one);
            else days[day_of(one.header.first)].push_back(one);
        }
        Kept kept;
        if (!wide.empty() && count <= limits_.series_samples_max) {
            days.clear();
            thin_these(month, all, step, kept);
        }
        for (auto& [day, stored] : days) {
            const bool is_among_wide = std::ranges::any_of(wide, [&](const Stored& one) {
                return day_of(one.header.first) <= day && day <= day_of(one.header.last);
            });
            if (!is_among_wide) thin_these(month, stored, step, kept);
        }
        if (kept.chunks == 0) return {};
        thinned_.months.insert(month);
        // The days' statistics tell of what was there before; settling makes them anew.
        const std::string by_day = days_key(month, series);
        months_[month][by_day] = {by_day, {}, true};
        const auto kinds = by_kind(kept.samples, 0, kept.samples.size());
        const bool has_others = kept.chunks < all.size() || !kinds.empty();
        const ChunkKey key{month, series, Span::day, {}, kept.ticket};
        if (kinds.empty()) put_kind(key, kept.samples, has_others);
        for (const Columns& kind : kinds) put_kind(key, kind, true);
        return {};
    }

    // What is left of the chunks of a month that are written anew.
    struct Kept {
        Columns samples;
        std::uint64_t ticket = 0;
        std::size_t chunks = 0;
    };

    void thin_these(Month month, const std::vector<Stored>& stored, std::int64_t step, Kept& kept) {
        std::size_t count = 0;
        for (const Stored& one : stored) count += one.header.count;
        if (count <= steps_of(stored, step)) return;
        std::vector<Piece> pieces;
        for (const Stored& one : stored) {
            if (!load(one, pieces)) continue;
            kept.ticket = std::max(kept.ticket, one.key.ticket);
            months_[month][one.bytes_of_key] = {one.bytes_of_key, {}, true};
            ++kept.chunks;
        }
        if (pieces.empty()) return;
        const Columns all = joined(pieces);
        const std::size_t before = kept.samples.size();
        for (std::size_t index = 0; index < all.size(); ++index) {
            const bool is_last = index + 1 == all.size() ||
                                 step_at(all.at[index], step) != step_at(all.at[index + 1], step);
            if (is_last) kept.samples.push_from(all, index);
        }
        samples_ += all.size();
        thinned_.samples += all.size() - (kept.samples.size() - before);
    }

    // That some chunk touches.
    static std::size_t steps_of(const std::vector<Stored>& stored, std::int64_t step) {
        std::vector<std::pair<std::int64_t, std::int64_t>> reaches;
        for (const Stored& one : stored) {
            reaches.emplace_back(step_at(one.header.first.micros, step),
                                 step_at(one.header.last.micros, step));
        }
        std::ranges::sort(reaches);
        std::int64_t steps = 0, reached = INT64_MIN;
        for (const auto& [first, last] : reaches) {
            steps += std::max<std::int64_t>(0, last - std::max(first - 1, reached));
            reached = std::max(reached, last);
        }
        return static_cast<std::size_t>(steps);
    }

    static std::int64_t step_at(std::int64_t at, std::int64_t step) {
        return at / step - (at % step < 0 ? 1 : 0);
    }

    // Of days [first, last] everything stored is known, of which some was joined.
    Result<void> note_days(SeriesId series, Month month, std::vector<Stored> stored,
                           std::int64_t first, std::int64_t last) {
        const std::string key = days_key(month, series);
        const std::int64_t month_first = day_of(start_of(month));
        Days days;
        cursor_->seek(key);
        const bool is_there = cursor_->is_valid() && cursor_->key() == key;
        const auto known = is_there ? parse_days(month, cursor_->value())
                                    : Result<Days>(fail(Code::not_found, "no days"));
        if (known) {
            days = *known;
        } else {
            std::set<std::string> joined_keys;
            for (const Stored& one : stored) {
                if (one.is_joined) joined_keys.insert(one.bytes_of_key);
            }
            first = month_first;
            last = day_of(start_of(static_cast<Month>(month + 1))) - 1;
            stored = stored_in(series, month, start_of(month).micros,
                               start_of(static_cast<Month>(month + 1)).micros - 1);
            TRY_VOID(cursor_->status());
            for (Stored& one : stored) one.is_joined = joined_keys.contains(one.bytes_of_key);
        }
        std::erase_if(stored, [](const Stored& one) { return one.is_joined; });
        stored.insert(stored.end(), written_.begin(), written_.end());
        if (!known) {
            std::uint64_t samples = 0;
            for (const Stored& one : stored) samples += one.header.count;
            if (samples < limits_.days_samples_min) return {};
        }
        std::ranges::sort(stored, {}, [](const Stored& one) { return one.header.first; });
        for (std::int64_t day = first; day <= last; ++day)
            note_day(days, static_cast<unsigned>(day - month_first), day, stored);
        months_[month][key] = {key, to_bytes(days), false};
        return {};
    }

    static void note_day(Days& days, unsigned number, std::int64_t day,
                         const std::vector<Stored>& stored) {
        days.days.erase(number);
        days.others &= ~(1u << number);
        const Instant from = start_of_day(day), until = start_of_day(day + 1);
        std::optional<ChunkHeader> whole = ChunkHeader{};
        bool is_touched = false;
        for (const Stored& one : stored) {
            if (one.header.last < from || one.header.first >= until) continue;
            is_touched = true;
            if (whole && one.key.span == Span::month) whole.reset();
            if (whole) whole = behind(*whole, one.header);
        }
        if (!is_touched) return;
        if (whole) {
            days.days[number] = *whole;
        } else {
            days.others |= 1u << number;
        }
    }

    void put_kind(ChunkKey key, const Columns& samples, bool by_day) {
        const std::int64_t days = day_of({samples.at.back()}) - day_of({samples.at.front()}) + 1;
        if (!by_day && days > 1 &&
            samples.size() < static_cast<std::size_t>(days) * full_day_samples) {
            key.span = Span::month;
            return put_pieces(key, samples, 0, samples.size());
        }
        for (std::size_t from = 0; from < samples.size();) {
            const std::int64_t day = day_of({samples.at[from]});
            const std::size_t end = first_at(samples, from, start_of_day(day + 1));
            put_pieces(key, samples, from, end);
            from = end;
        }
    }

    // Of about the same size, so that none is left over.
    void put_pieces(ChunkKey key, const Columns& samples, std::size_t from, std::size_t until) {
        const std::size_t most = std::min(limits_.chunk_samples_max, chunk_count_max);
        const std::size_t count = (until - from + most - 1) / most;
        const std::size_t each = (until - from + count - 1) / count;
        while (from < until) {
            const std::size_t end = chunk_end(samples, from, until, each);
            key.first = {samples.at[from]};
            std::string bytes = to_bytes(key);
            std::string chunk;
            writing_.encode(samples, from, end, chunk);
            if (const auto header = parse_chunk_header(as_bytes(chunk)))
                written_.push_back({key, bytes, *header});
            months_[key.month][bytes] = {bytes, std::move(chunk), false};
            ++settled_.chunks;
            from = end;
        }
    }

    store::Store& store_;
    const SettleLimits limits_;
    const OnDamage& on_damage_;
    std::unique_ptr<store::Cursor> cursor_;
    ChunkCodec reading_;
    ChunkCodec writing_;
    std::map<Month, std::map<std::string, store::Entry>> months_;
    std::vector<store::Entry> removals_;  // of fresh ones
    std::vector<Stored> written_;         // of the month being settled
    std::size_t samples_ = 0;
    Settled settled_;
    Thinned thinned_;
};

std::string fresh_bound() {
    std::string key;
    Writer(key).put_be(month_of_fresh);
    return key;
}

}  // namespace

Result<Settled> settle(store::Store& store, std::span<const SeriesId> series,
                       const SettleLimits& limits, const OnDamage& on_damage) {
    Settling settling(store, limits, on_damage);
    std::size_t done = 0;
    while (done < series.size() && !settling.is_full()) {
        TRY_VOID(settling.add(series[done]));
        ++done;
    }
    return settling.finish(done);
}

Result<Thinned> thin(store::Store& store, std::span<const ThinAsk> asked,
                     const SettleLimits& limits, const OnDamage& on_damage) {
    Settling settling(store, limits, on_damage);
    std::size_t done = 0;
    for (bool is_whole = true; done < asked.size() && is_whole;) {
        TRY(is_whole, settling.thin(asked[done]));
        if (is_whole) ++done;
    }
    TRY_VOID(settling.finish(done));
    return settling.finish_thinning(done);
}

Result<std::map<SeriesId, FreshCount>> find_fresh(store::Store& store, std::uint64_t until) {
    std::map<SeriesId, FreshCount> found;
    const auto cursor = store.scan(store::Family::history_chunks, fresh_bound(), "");
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_chunk_key(cursor->key());
        const auto header = parse_chunk_header(as_bytes(cursor->value()));
        if (!key || !header) continue;  // reading tells of it
        if (key->ticket >= until) continue;
        FreshCount& count = found[key->series];
        ++count.chunks;
        count.samples += header->count;
    }
    TRY_VOID(cursor->status());
    return found;
}

Result<void> merge_fresh(store::Store& store) {
    return store.merge_files(store::Family::history_chunks, fresh_bound(), "");
}

}  // namespace lineshaft::history
