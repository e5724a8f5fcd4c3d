#include "history/replay.h"

#include "base/log.h"

namespace lineshaft::history {
namespace {

SeriesEntry* find_series(std::span<Part* const> parts, SeriesId series, Part*& owner) {
    for (Part* part : parts) {
        owner = part;
        if (SeriesEntry* entry = part->dictionary().series(series)) return entry;
    }
    return nullptr;
}

// All of the record or nothing of it.
Result<void> fold(const InboxRecord& record, std::uint64_t ticket, std::span<Part* const> parts) {
    std::vector<std::pair<Part*, SeriesEntry*>> owners;
    owners.reserve(record.series.size());
    for (const SeriesId series : record.series) {
        if (!owners.empty() && owners.back().second->id == series) {
            owners.push_back(owners.back());
            continue;
        }
        Part* owner = nullptr;
        SeriesEntry* entry = find_series(parts, series, owner);
        if (entry == nullptr) {
            return fail(Code::corrupt, "inbox record " + std::to_string(ticket) + ": series " +
                                           std::to_string(series.number()) + " is not known");
        }
        owners.emplace_back(owner, entry);
    }
    for (std::size_t index = 0; index < owners.size(); ++index) {
        owners[index].first->replay(*owners[index].second, record.samples, index);
    }
    return {};
}

}  // namespace

Result<Replayed> replay_inbox(store::Store& store, std::span<Part* const> parts) {
    Replayed replayed;
    const auto cursor =
        store.scan(store::Family::history_inbox, "", inbox_key(inbox_quarantine, 0));
    std::uint32_t shard = inbox_quarantine;
    std::uint64_t before = 0;
    for (; cursor->is_valid(); cursor->next()) {
        TRY(const InboxKey key, parse_inbox_key(cursor->key()));
        auto record = parse_inbox(key.ticket, as_bytes(cursor->value()));
        Result<void> folded;
        if (record) {
            if (key.shard == shard && record->header.previous != before) ++replayed.gaps;
            folded = fold(*record, key.ticket, parts);
        } else {
            folded = std::unexpected(record.error());
        }
        shard = key.shard;
        before = key.ticket;
        if (folded) {
            ++replayed.records;
            replayed.samples += record->series.size();
            parts[key.ticket % parts.size()]->replayed_bytes(cursor->value().size());
        } else {
            log::error("history: {}; set aside under quarantine, its samples are missing",
                       folded.error().context);
            replayed.damaged.push_back({key.ticket, std::string(cursor->value())});
        }
    }
    TRY_VOID(cursor->status());
    if (replayed.gaps > 0) {
        log::warn(
            "history: {} inbox records are missing between others: refused at the time (a full "
            "disk), or lost with a damaged log",
            replayed.gaps);
    }
    return replayed;
}

}  // namespace lineshaft::history
