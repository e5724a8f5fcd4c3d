#include "history/seal.h"

#include <algorithm>

#include "history/chunk.h"

namespace lineshaft::history {
namespace {

void put_fresh(ChunkCodec& codec, SeriesId series, std::uint64_t ticket, std::size_t most,
               const Columns& samples, std::vector<store::Entry>& into) {
    for (std::size_t from = 0; from < samples.size();) {
        const std::size_t end = chunk_end(samples, from, samples.size(), most);
        std::string chunk;
        codec.encode(samples, from, end, chunk);
        into.push_back({to_bytes({month_of_fresh, series, Span::day, {samples.at[from]}, ticket}),
                        std::move(chunk)});
        from = end;
    }
}

}  // namespace

const Columns* Snapshot::find(SeriesId series) const {
    const auto at = std::lower_bound(heads.begin(), heads.end(), series,
                                     [](const One& one, SeriesId id) { return one.series < id; });
    return at == heads.end() || at->series != series ? nullptr : &at->samples;
}

std::size_t chunk_end(const Columns& samples, std::size_t from, std::size_t until,
                      std::size_t chunk_samples_max) {
    const std::size_t end = std::min(until, from + std::min(chunk_samples_max, chunk_count_max));
    if (samples.mark[from].kind() != Kind::text) return end;
    std::size_t text_bytes = 0;
    for (std::size_t index = from; index < end; ++index) {
        text_bytes += samples.text_at(index).size();
        if (text_bytes > chunk_text_bytes_max) return std::max(index, from + 1);
    }
    return end;
}

std::vector<Columns> by_kind(const Columns& samples, std::size_t from, std::size_t until) {
    const auto begin = samples.mark.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = samples.mark.begin() + static_cast<std::ptrdiff_t>(until);
    const Kind first = begin->kind();
    if (std::all_of(begin, end, [first](Mark mark) { return mark.kind() == first; })) return {};
    std::vector<Columns> kinds(4);
    for (std::size_t index = from; index < until; ++index) {
        kinds[static_cast<std::size_t>(samples.mark[index].kind())].push_from(samples, index);
    }
    std::erase_if(kinds, [](const Columns& one) { return one.is_empty(); });
    return kinds;
}

std::vector<store::Entry> encode_fresh(const Snapshot& snapshot, std::uint64_t ticket,
                                       std::size_t chunk_samples_max) {
    ChunkCodec codec(codec::Effort::quick);
    std::vector<store::Entry> entries;
    entries.reserve(snapshot.heads.size());
    for (const Snapshot::One& one : snapshot.heads) {
        const std::size_t before = entries.size();
        const auto kinds = by_kind(one.samples, 0, one.samples.size());
        if (kinds.empty()) {
            put_fresh(codec, one.series, ticket, chunk_samples_max, one.samples, entries);
            continue;
        }
        for (const Columns& kind : kinds)
            put_fresh(codec, one.series, ticket, chunk_samples_max, kind, entries);
        std::sort(entries.begin() + static_cast<std::ptrdiff_t>(before), entries.end(),
                  [](const auto& a, const auto& b) { return a.key < b.key; });
    }
    return entries;
}

Result<std::size_t> seal_snapshot(store::Store& store, const Snapshot& snapshot,
                                  std::size_t chunk_samples_max) {
    const auto entries = encode_fresh(snapshot, store.ticket(), chunk_samples_max);
    if (entries.empty()) return std::size_t{0};
    TRY_VOID(store.ingest(store::Family::history_chunks, entries));
    return entries.size();
}

}  // namespace lineshaft::history
