#include "history/erase.h"

#include <algorithm>

#include "base/log.h"
#include "history/inbox.h"

namespace lineshaft::history {
namespace {

std::string chunk_bound(Month month, std::uint64_t series) {
    std::string key;
    Writer write(key);
    write.put_be(month);
    write.put_be(series);
    return key;
}

bool contains(const std::vector<SeriesId>& ascending, SeriesId id) {
    return std::ranges::binary_search(ascending, id);
}

// The record without those series, as its round would have written it; empty: nothing is left.
std::string without(const InboxRecord& record, std::uint64_t ticket,
                    const std::vector<SeriesId>& series) {
    InboxWriter writer;
    const Columns& from = record.samples;
    for (std::size_t index = 0; index < record.series.size(); ++index) {
        if (contains(series, record.series[index])) continue;
        const Mark mark = from.mark[index];
        writer.add(record.series[index], from.at[index], mark, from.bits[index],
                   mark.kind() == Kind::text ? from.text_at(index) : std::string_view());
    }
    if (writer.count() == 0) return {};
    const InboxHeader& header = record.header;
    return std::string(writer.finish(header.shard, header.shards, ticket, header.previous));
}

}  // namespace

// One seek lands behind what was found last: on more of ours, which joins the range, or on somebody
// else's chunk, from which one more seek leads to the next of ours that may exist.
Result<store::Batch> Sweep::step(store::Store& store) {
    const auto cursor = store.scan(store::Family::history_chunks, chunk_bound(month_, next_), "");
    std::vector<Range> ranges;
    for (std::size_t seeks = 0; seeks < limits_.seeks_max && ranges.size() < limits_.ranges_max;
         ++seeks) {
        cursor->seek(chunk_bound(month_, next_));
        if (!cursor->is_valid()) {
            TRY_VOID(cursor->status());
            is_done_ = true;
            break;
        }
        TRY(const ChunkKey key, parse_chunk_key(cursor->key()));
        const std::uint64_t found = key.series.number();
        if (key.month == month_ && contains(series_, key.series)) {
            const bool is_next = !ranges.empty() && ranges.back().month == month_ &&
                                 ranges.back().until == next_;
            if (!is_next) ranges.push_back({month_, found, 0});
            ranges.back().until = next_ = found + 1;
            continue;
        }
        month_ = key.month;
        const auto ours = std::ranges::lower_bound(series_, key.series);
        if (ours != series_.end()) {
            next_ = ours->number();
        } else {
            ++month_;
            next_ = 0;
        }
    }
    return removals(store, ranges);
}

store::Batch Sweep::removals(store::Store& store, const std::vector<Range>& ranges) const {
    store::Batch batch;
    for (std::size_t at = 0; at < ranges.size();) {
        Litter litter{ranges[at].month, ranges[at].from, 0};
        for (; at < ranges.size() && ranges[at].month == litter.month; ++at) {
            litter.until = ranges[at].until;
            batch.remove_range(store::Family::history_chunks,
                               chunk_bound(litter.month, ranges[at].from),
                               chunk_bound(litter.month, ranges[at].until));
        }
        const std::string key = litter_key(litter, store.ticket());
        batch.put(store::Family::history_series, key, litter_record(key, litter));
    }
    return batch;
}

Result<Scrubbed> scrub_quarantine(store::Store& store, const std::vector<SeriesId>& series,
                                  store::Batch& batch) {
    Scrubbed scrubbed;
    const auto cursor =
        store.scan(store::Family::history_inbox, inbox_key(inbox_quarantine, 0), "");
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_inbox_key(cursor->key());
        const auto record = key ? parse_inbox(key->ticket, as_bytes(cursor->value()))
                                : Result<InboxRecord>(std::unexpected(key.error()));
        if (!record && record.error().code == Code::unsupported) continue;
        if (!record) {
            ++scrubbed.unreadable;
            batch.remove(store::Family::history_inbox, cursor->key());
            continue;
        }
        const bool has_some = std::ranges::any_of(
            record->series, [&](SeriesId id) { return contains(series, id); });
        if (!has_some) continue;
        ++scrubbed.rewritten;
        const std::string left = without(*record, key->ticket, series);
        if (left.empty()) {
            batch.remove(store::Family::history_inbox, cursor->key());
        } else {
            batch.put(store::Family::history_inbox, cursor->key(), left);
        }
    }
    TRY_VOID(cursor->status());
    return scrubbed;
}

Result<std::vector<LitterFound>> find_litter(store::Store& store) {
    std::vector<LitterFound> all;
    const auto cursor = store.scan(store::Family::history_series, litter_keys, erasure_keys);
    for (; cursor->is_valid(); cursor->next()) {
        TRY(const Litter litter, parse_litter(cursor->key(), cursor->value()));
        all.push_back({std::string(cursor->key()), litter});
    }
    TRY_VOID(cursor->status());
    return all;
}

Result<void> merge_litter(store::Store& store, const Litter& litter) {
    if (litter.month != month_of_families) {
        return store.merge_files(store::Family::history_chunks,
                                 chunk_bound(litter.month, litter.from),
                                 chunk_bound(litter.month, litter.until));
    }
    TRY_VOID(store.merge_files(store::Family::history_inbox, "", ""));
    return store.merge_files(store::Family::history_series, "", "");
}

}  // namespace lineshaft::history
