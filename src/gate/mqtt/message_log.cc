#include "gate/mqtt/message_log.h"

#include <algorithm>
#include <limits>

#include "base/log.h"

namespace lineshaft::broker {
namespace {

constexpr std::uint32_t last_index = std::numeric_limits<std::uint32_t>::max();

const Recipient* recipient_of(const std::vector<Recipient>& set, SessionNumber session) {
    const auto at = std::ranges::find(set, session, &Recipient::session);
    return at == set.end() ? nullptr : &*at;
}

Letter letter_of(const MessageRecordView::Entry& entry, const Recipient& recipient,
                 Position position) {
    return Letter{.what = MessageRecordView::publication(entry),
                  .position = position,
                  .qos = recipient.qos,
                  .retain = recipient.retain,
                  .subscription_ids = recipient.subscription_ids};
}

}  // namespace

struct MessageLog::Scan {
    LogPlace* place = nullptr;
    std::unique_ptr<store::Cursor> cursor;
    std::uint64_t ticket = 0;  // of the record the cursor stands on; 0: at the end

    void look() {
        ticket = 0;
        if (!cursor->is_valid()) return;
        if (const auto at = parse_message_key(cursor->key())) ticket = at->ticket;
    }
};

// True: the whole record was read.
bool MessageLog::read_record(Scan& scan, const Request& request, std::vector<Letter>& letters,
                             std::size_t& letter_bytes) {
    LogPlace& place = *scan.place;
    const auto view = MessageRecordView::parse(scan.cursor->value());
    if (!view) {
        ++stats_.damaged_records;
        log::error("mqtt: message record {} of log {}: {}", scan.ticket, place.log,
                   view.error().context);
    } else {
        std::vector<const Recipient*> mine;
        for (const auto& set : view->sets()) mine.push_back(recipient_of(set, request.session));
        for (const auto& entry : view->entries()) {
            const Recipient* recipient = mine[entry.set];
            const Position position{scan.ticket, entry.index, place.log};
            if (recipient == nullptr || position <= place.read) continue;
            if (letter_bytes >= request.letter_bytes_max) return false;
            letters.push_back(letter_of(entry, *recipient, position));
            letter_bytes += letters.back().size_bytes();
            place.read = position;
        }
    }
    place.read = Position{scan.ticket, last_index, place.log};
    return true;
}

bool MessageLog::read(const Request& request, Mail& mail, std::vector<Letter>& letters) {
    if (request.scan_all) {
        for (const auto log : logs_) mail.place(log, request.session);
    }
    std::vector<Scan> scans;
    for (LogPlace& place : mail.logs) {
        if (!request.scan_all && place.heard <= place.read) continue;
        Scan scan{.place = &place,
                  .cursor = store_.scan(store::Family::mqtt_messages,
                                        message_key(place.log, place.read.ticket),
                                        message_key(static_cast<std::uint16_t>(place.log + 1), 0)),
                  .ticket = 0};
        scan.look();
        scans.push_back(std::move(scan));
    }
    std::size_t letter_bytes = 0;
    std::size_t scanned_bytes = 0;
    for (;;) {
        Scan* first = nullptr;
        for (Scan& scan : scans) {
            if (scan.ticket == 0) continue;
            if (!request.scan_all && scan.place->heard <= scan.place->read) continue;
            if (first == nullptr || scan.ticket < first->ticket) first = &scan;
        }
        if (first == nullptr) break;
        if (letter_bytes >= request.letter_bytes_max || scanned_bytes >= request.scan_bytes_max)
            return false;
        scanned_bytes += first->cursor->value().size();
        if (!read_record(*first, request, letters, letter_bytes)) return false;
        first->cursor->next();
        first->look();
    }
    for (Scan& scan : scans) {
        if (const auto status = scan.cursor->status(); !status) {
            ++stats_.damaged_records;
            log::error("mqtt: read log {}: {}", scan.place->log, status.error().context);
        }
        // What was heard of and is not there was trimmed or is damaged: it is not waited for.
        scan.place->read = std::max(scan.place->read, scan.place->heard);
    }
    return true;
}

std::optional<Letter> MessageLog::read_one(SessionNumber session, const Position& position) {
    const auto key = message_key(position.log, position.ticket);
    if (key != cached_key_) {
        auto value = store_.get(store::Family::mqtt_messages, key);
        if (!value || !*value) return std::nullopt;
        cached_key_.clear();
        cached_value_ = std::move(**value);
        auto view = MessageRecordView::parse(cached_value_);
        if (!view) return std::nullopt;
        cached_view_ = std::move(*view);
        cached_key_ = key;
    }
    const auto& entries = cached_view_.entries();
    const auto entry = std::ranges::find(entries, position.index, &MessageRecordView::Entry::index);
    if (entry == entries.end()) return std::nullopt;
    const Recipient* recipient = recipient_of(cached_view_.sets()[entry->set], session);
    if (recipient == nullptr) return std::nullopt;
    return letter_of(*entry, *recipient, position);
}

}  // namespace lineshaft::broker
