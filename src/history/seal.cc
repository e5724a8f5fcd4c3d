#include "history/seal.h"

#include <algorithm>
#include <array>
#include <map>

#include "history/chunk.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t full_day_samples =
    256;  // below this a day's samples join their month's chunk

class Sealing {
public:
    Sealing(std::uint64_t ticket, std::size_t chunk_samples_max)
        : ticket_(ticket), chunk_samples_max_(std::min(chunk_samples_max, chunk_count_max)) {}

    void add(SeriesId series, const Columns& samples) {
        for (std::size_t from = 0; from < samples.size();) {
            const Month month = month_of({samples.at[from]});
            const std::size_t until =
                first_at(samples, from, start_of(static_cast<Month>(month + 1)));
            add_month(series, month, samples, from, until);
            from = until;
        }
    }

    std::vector<std::vector<store::Entry>> finish() {
        std::vector<std::vector<store::Entry>> lists;
        for (auto& [month, entries] : months_) {
            std::sort(entries.begin(), entries.end(),
                      [](const auto& a, const auto& b) { return a.key < b.key; });
            lists.push_back(std::move(entries));
        }
        return lists;
    }

private:
    static std::size_t first_at(const Columns& samples, std::size_t from, Instant at) {
        const auto begin = samples.at.begin();
        return static_cast<std::size_t>(std::lower_bound(begin + static_cast<std::ptrdiff_t>(from),
                                                         samples.at.end(), at.micros) -
                                        begin);
    }

    // A tag that changes its kind to and fro gives one chunk per kind, not one per change.
    void add_month(SeriesId series, Month month, const Columns& samples, std::size_t from,
                   std::size_t until) {
        const auto is_first_kind = [&](Mark mark) {
            return mark.kind() == samples.mark[from].kind();
        };
        const auto begin = samples.mark.begin();
        if (std::all_of(begin + static_cast<std::ptrdiff_t>(from),
                        begin + static_cast<std::ptrdiff_t>(until), is_first_kind)) {
            return add_kind(series, month, samples, from, until);
        }
        std::array<Columns, 4> by_kind;
        for (std::size_t index = from; index < until; ++index) {
            by_kind[static_cast<std::size_t>(samples.mark[index].kind())].push_from(samples, index);
        }
        for (const Columns& one : by_kind) {
            if (!one.is_empty()) add_kind(series, month, one, 0, one.size());
        }
    }

    void add_kind(SeriesId series, Month month, const Columns& samples, std::size_t from,
                  std::size_t until) {
        const std::int64_t days = day_of({samples.at[until - 1]}) - day_of({samples.at[from]}) + 1;
        if (days > 1 && until - from < static_cast<std::size_t>(days) * full_day_samples) {
            return add_pieces({month, series, Span::month, {}, ticket_}, samples, from, until);
        }
        while (from < until) {
            const std::int64_t day = day_of({samples.at[from]});
            const std::size_t end = std::min(until, first_at(samples, from, start_of_day(day + 1)));
            add_pieces({month, series, Span::day, {}, ticket_}, samples, from, end);
            from = end;
        }
    }

    void add_pieces(ChunkKey key, const Columns& samples, std::size_t from, std::size_t until) {
        const bool is_text = samples.mark[from].kind() == Kind::text;
        while (from < until) {
            std::size_t end = std::min(until, from + chunk_samples_max_);
            std::size_t text_bytes = 0;
            for (std::size_t index = from; is_text && index < end; ++index) {
                text_bytes += samples.text_at(index).size();
                if (text_bytes > chunk_text_bytes_max) end = std::max(index, from + 1);
            }
            key.first = {samples.at[from]};
            std::string chunk;
            codec_.encode(samples, from, end, chunk);
            months_[key.month].push_back({to_bytes(key), std::move(chunk)});
            from = end;
        }
    }

    const std::uint64_t ticket_;
    const std::size_t chunk_samples_max_;
    ChunkCodec codec_;
    std::map<Month, std::vector<store::Entry>> months_;
};

}  // namespace

const Columns* Snapshot::find(SeriesId series) const {
    const auto at = std::lower_bound(heads.begin(), heads.end(), series,
                                     [](const One& one, SeriesId id) { return one.series < id; });
    return at == heads.end() || at->series != series ? nullptr : &at->samples;
}

std::vector<std::vector<store::Entry>> encode_snapshot(const Snapshot& snapshot,
                                                       std::uint64_t ticket,
                                                       std::size_t chunk_samples_max) {
    Sealing sealing(ticket, chunk_samples_max);
    for (const Snapshot::One& one : snapshot.heads) sealing.add(one.series, one.samples);
    return sealing.finish();
}

Result<std::size_t> seal_snapshot(store::Store& store, const Snapshot& snapshot,
                                  std::size_t chunk_samples_max) {
    std::size_t chunks = 0;
    for (const auto& entries : encode_snapshot(snapshot, store.ticket(), chunk_samples_max)) {
        TRY_VOID(store.ingest(store::Family::history_chunks, entries));
        chunks += entries.size();
    }
    return chunks;
}

}  // namespace lineshaft::history
