// Keeps the log short: what nobody is owed any more is removed from its old end, and when one
// sleeping session holds a long tail, the tail is rewritten without what is dead.
#include <algorithm>
#include <limits>

#include "base/log.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/hub_ask.h"

namespace lineshaft::broker {
namespace {

constexpr io::Steady orphan_pause{60'000};
constexpr std::size_t step_bytes = 4 << 20;  // read per turn of the loop
constexpr auto none = std::numeric_limits<std::uint64_t>::max();

struct Heard {
    Position position;
    std::uint32_t size_bytes = 0;
};

}  // namespace

struct Hub::Owed {
    SessionNumber session = 0;
    std::uint64_t low = 0;  // the lowest ticket it may need
    std::int64_t bytes = 0;
};

struct Hub::Rewrite {
    std::vector<Owed> owed;
    std::uint64_t from = 0;
    std::uint64_t until = 0;
    std::uint64_t bytes = 0;  // left
};

struct Hub::Count {
    std::vector<std::uint16_t> logs;
    std::uint64_t from = 0;
};

std::vector<Hub::Owed> Hub::owed_in(std::uint16_t log_number) {
    std::vector<Owed> owed;
    for (const auto& [number, session] : sessions) {
        if (session->is_over) continue;
        const auto low = session->low_ticket(log_number);
        if (low != none)
            owed.push_back({number, low, std::max<std::int64_t>(0, session->owed_bytes)});
    }
    const auto at = std::ranges::find(log.logs(), log_number);
    const auto place = static_cast<std::size_t>(at - log.logs().begin());
    for (const auto& [number, departed] : departed_)
        owed.push_back({number, departed.low[place], 0});
    return owed;
}

void Hub::trim() {
    if (is_trimming_ || is_scanning_ || is_closing) return;
    if (tail_.written_since_trim() < limits().trim_bytes) return;
    is_trimming_ = true;
    tail_.begin_trim();
    const auto mine = static_cast<std::uint16_t>(index);
    // Everything up to here has been announced to the sessions' hubs before they are asked.
    const auto until = tail_.last_ticket() + 1;
    ask_all<std::vector<Owed>>([mine](Hub& hub) { return hub.owed_in(mine); },
                               [this, until](std::vector<std::vector<Owed>> answers) {
                                   std::vector<Owed> all;
                                   for (auto& answer : answers)
                                       all.insert(all.end(), answer.begin(), answer.end());
                                   trim_below(until, std::move(all));
                               });
}

// Logs of shards that are no more: only removed, from the old end.
void Hub::trim_orphans() {
    const auto steady = shard.clock().steady();
    if (orphans_.empty() || is_scanning_ || is_closing || steady < next_orphans_) return;
    next_orphans_ = steady + orphan_pause;
    const auto orphans = orphans_;
    for (const std::uint16_t orphan : orphans) {
        ask_all<std::vector<Owed>>(
            [orphan](Hub& hub) { return hub.owed_in(orphan); },
            [this, orphan](std::vector<std::vector<Owed>> answers) {
                std::uint64_t low = none;
                for (const auto& answer : answers) {
                    for (const Owed& each : answer) low = std::min(low, each.low);
                }
                const auto next_log = static_cast<std::uint16_t>(orphan + 1);
                lane.batch().remove_range(
                    store::Family::mqtt_messages, message_key(orphan, 0),
                    low == none ? message_key(next_log, 0) : message_key(orphan, low));
                if (low == none) std::erase(orphans_, orphan);
            });
    }
}

void Hub::trim_below(std::uint64_t until, std::vector<Owed> owed) {
    const auto mine = static_cast<std::uint16_t>(index);
    std::uint64_t low = until;
    std::uint64_t owed_bytes = 0;
    for (const Owed& each : owed) {
        low = std::min(low, each.low);
        owed_bytes += static_cast<std::uint64_t>(each.bytes);
    }
    // Only what this run has not removed yet: a reader that is far behind would otherwise meet a
    // removal of everything before it for each trim there was.
    if (low > trimmed_to_) {
        lane.batch().remove_range(store::Family::mqtt_messages, message_key(mine, trimmed_to_),
                                  message_key(mine, low));
        trimmed_to_ = low;
        lane.then([this](const Result<void>& outcome) {
            if (!outcome) trimmed_to_ = 0;
        });
    }
    tail_.trimmed(low);
    const auto bound =
        limits().rewrite_bytes + 2 * std::max(owed_bytes, tail_.bytes_after_rewrite());
    if (tail_.bytes() <= bound) {
        is_trimming_ = false;
        return;
    }
    std::ranges::sort(owed, {}, &Owed::session);
    auto job = std::make_shared<Rewrite>();
    job->owed = std::move(owed);
    job->from = low;
    job->until = until;
    log::info("mqtt: rewriting {} bytes of log {}, of which {} are owed", tail_.bytes(), mine,
              owed_bytes);
    rewrite_step(job);
}

// The record without recipients that have it already; empty: nobody is left.
std::string Hub::rewritten(const MessageRecordView& view, std::uint64_t ticket,
                           const Rewrite& job) {
    std::vector<std::vector<Recipient>> sets;
    for (const auto& set : view.sets()) {
        auto& left = sets.emplace_back();
        for (const Recipient& recipient : set) {
            const auto at =
                std::ranges::lower_bound(job.owed, recipient.session, {}, &Owed::session);
            if (at != job.owed.end() && at->session == recipient.session && at->low <= ticket) {
                left.push_back(recipient);
            }
        }
    }
    MessageRecord record;
    for (const auto& entry : view.entries()) {
        if (sets[entry.set].empty()) continue;
        record.add(entry.index, sets[entry.set], *MessageRecordView::publication(entry));
    }
    return record.count() == 0 ? std::string() : record.finish();
}

void Hub::rewrite_step(const std::shared_ptr<Rewrite>& job) {
    const auto mine = static_cast<std::uint16_t>(index);
    std::size_t read_bytes = 0;
    const auto cursor = common.store.scan(
        store::Family::mqtt_messages, message_key(mine, job->from), message_key(mine, job->until));
    for (; cursor->is_valid() && read_bytes < step_bytes; cursor->next()) {
        const auto at = parse_message_key(cursor->key());
        const auto value = cursor->value();
        read_bytes += value.size();
        if (!at) continue;
        job->from = at->ticket + 1;
        const auto view = MessageRecordView::parse(value);
        if (!view) {
            job->bytes += value.size();
            continue;  // named when somebody reads it; nothing that cannot be read is removed here
        }
        const std::string left = rewritten(*view, at->ticket, *job);
        job->bytes += left.size();
        if (left.empty()) {
            lane.batch().remove(store::Family::mqtt_messages, cursor->key());
        } else if (left.size() < value.size()) {
            lane.batch().put(store::Family::mqtt_messages, cursor->key(), left);
        }
        ++stats.rewritten_records;
    }
    const bool is_done = !cursor->is_valid() || is_closing;
    lane.then([this, job, is_done](const Result<void>& outcome) {
        if (!is_done && outcome && !is_closing) return rewrite_step(job);
        if (is_done && outcome) tail_.rewritten(job->until - 1, job->bytes);
        is_trimming_ = false;
    });
}

// ---- After a start: what is owed, counted in the background ----------------------------------

void Hub::scan_logs() {
    is_scanning_ = true;
    auto job = std::make_shared<Count>();
    for (const auto number : log.logs()) {
        if (number % count() != index) continue;
        job->logs.push_back(number);
        if (number >= count()) orphans_.push_back(number);
    }
    count_step(job);
}

void Hub::count_step(const std::shared_ptr<Count>& job) {
    if (job->logs.empty() || is_closing) {
        is_scanning_ = false;
        return;
    }
    const auto number = job->logs.back();
    std::size_t read_bytes = 0;
    bool is_log_done = false;
    std::vector<std::pair<SessionNumber, Heard>> heard;
    {
        const auto cursor =
            common.store.scan(store::Family::mqtt_messages, message_key(number, job->from),
                              message_key(static_cast<std::uint16_t>(number + 1), 0));
        for (; cursor->is_valid() && read_bytes < step_bytes; cursor->next()) {
            const auto at = parse_message_key(cursor->key());
            read_bytes += cursor->value().size();
            if (!at) continue;
            job->from = at->ticket + 1;
            if (at->ticket >= common.run_start) continue;  // announced as it was written
            if (number == index) tail_.found(at->ticket, cursor->value().size());
            const auto view = MessageRecordView::parse(cursor->value());
            if (!view) {
                ++stats.damaged_records;
                log::error("mqtt: message record {} of log {}: {}", at->ticket, number,
                           view.error().context);
                continue;
            }
            for (const auto& entry : view->entries()) {
                for (const Recipient& recipient : view->sets()[entry.set]) {
                    heard.push_back({recipient.session,
                                     {Position{at->ticket, entry.index, number},
                                      static_cast<std::uint32_t>(entry.bytes.size() + 64)}});
                }
            }
        }
        is_log_done = !cursor->is_valid();
    }
    if (is_log_done) {
        job->logs.pop_back();
        job->from = 0;
    }
    for (std::uint32_t to = 0; to < count(); ++to) {
        post(to, [heard, is_log_done](Hub& hub) {
            for (const auto& [session, what] : heard) {
                if (Session* there = hub.find(session))
                    there->count_old(what.position, what.size_bytes);
            }
            if (is_log_done && ++hub.counted_logs_ == hub.log.logs().size()) hub.all_counted();
        });
    }
    shard.post([this, job] { count_step(job); });
}

// From here on a session of an earlier run that still sleeps knows what it is owed in each log.
void Hub::all_counted() {
    for (const auto& [number, session] : sessions) {
        if (session->is_over || session->link != nullptr || !session->mail) continue;
        session->know_counted(log.logs());
    }
}

}  // namespace lineshaft::broker
