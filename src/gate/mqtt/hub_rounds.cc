// What waits for a commit: publishes, QoS 2 steps, session records. One record per round.
#include "base/log.h"
#include "gate/mqtt/codes.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

constexpr std::size_t entry_overhead_bytes = 64;

}  // namespace

Round& Hub::open_round() {
    if (!open_.is_open) {
        open_.is_open = true;
        opened_rounds_.push_back(shard.clock().steady());
        lane.then([this](const Result<void>& outcome) { on_commit(outcome); });
    }
    return open_;
}

void Hub::add_entry(std::shared_ptr<const Publication> what, std::uint32_t join,
                    std::uint64_t version) {
    Round& round = open_round();
    RoundEntry entry{.what = std::move(what), .join = join, .retained_version = version};
    entry.first = round.recipients.size();
    entry.logged = plan_.logged.size();
    entry.count = plan_.logged.size() + plan_.others.size();
    const auto move_in = [&round](std::vector<Recipient>& from,
                                  const std::vector<std::uint32_t>& homes) {
        for (Recipient& recipient : from) round.recipients.push_back(std::move(recipient));
        round.homes.insert(round.homes.end(), homes.begin(), homes.end());
    };
    move_in(plan_.logged, plan_.logged_homes);
    move_in(plan_.others, plan_.other_homes);
    std::size_t expected = 0;
    if (entry.logged != 0) {
        entry.log_index = round.logged_count++;
        expected = entry.what->message.bytes().size() + entry_overhead_bytes + entry.logged * 12;
    }
    if (version != 0) expected += entry.what->message.bytes().size() + entry_overhead_bytes;
    if (expected != 0) lane.expect(expected);
    if (join != 0 && joins_[join].session != nullptr) ++joins_[join].session->in_rounds;
    round.entries.push_back(std::move(entry));
}

void Hub::log_for(Session& session, std::vector<Letter> letters) {
    Round& round = open_round();
    for (Letter& letter : letters) {
        RoundEntry entry{.what = std::move(letter.what)};
        entry.first = round.recipients.size();
        entry.logged = entry.count = 1;
        entry.log_index = round.logged_count++;
        lane.expect(entry.what->message.bytes().size() + entry_overhead_bytes);
        round.recipients.push_back({.session = session.number,
                                    .qos = letter.qos,
                                    .retain = letter.retain,
                                    .subscription_ids = std::move(letter.subscription_ids)});
        round.homes.push_back(index);
        round.entries.push_back(std::move(entry));
    }
}

void Hub::after_commit(Session& session, Step step, std::uint16_t packet_id, Letter letter,
                       std::uint64_t token) {
    ++session.pins;
    open_round().steps.push_back({.session = &session,
                                  .step = step,
                                  .packet_id = packet_id,
                                  .token = token,
                                  .letter = std::move(letter)});
}

void Hub::progress_now(Session& session) {
    session.is_dirty = false;
    if (session.progress_due) return;
    session.progress_due = true;
    ++session.pins;
    open_round().progress.push_back(session.number);
}

void Hub::progress_soon(Session& session) {
    if (session.is_dirty || session.progress_due || !session.is_durable()) return;
    session.is_dirty = true;
    dirty_.push_back(session.number);
}

void Hub::record_now(Session& session) {
    if (session.record_due) return;
    session.record_due = true;
    ++session.pins;
    open_round().records.push_back(session.number);
}

// ---- Sealing ---------------------------------------------------------------------------------

void Hub::seal(store::Batch& batch) {
    retained.seal(batch);
    if (!open_.is_open) return;
    Round& round = open_;
    if (round.logged_count != 0) {
        round.ticket = common.store.ticket();
        MessageRecord record;
        for (const RoundEntry& entry : round.entries) {
            if (entry.log_index < 0) continue;
            record.add(static_cast<std::uint32_t>(entry.log_index), &round.recipients[entry.first],
                       entry.logged, *entry.what);
        }
        const std::string bytes = record.finish();
        batch.put(store::Family::mqtt_messages,
                  message_key(static_cast<std::uint16_t>(index), round.ticket), bytes);
        round.log_bytes = bytes.size();
    }
    for (const RoundEntry& entry : round.entries) {
        if (entry.retained_version == 0) continue;
        const Publication& what = *entry.what;
        batch.put(store::Family::mqtt_retained,
                  retained_key(what.message.topic(), entry.retained_version),
                  encode(RetainedRecord{
                      .publisher = what.publisher ? common.gatekeeper.reference(*what.publisher)
                                                  : std::string(),
                      .received = what.received,
                      .expires = what.expires,
                      .qos = what.qos,
                      .message = what.message}));
    }
    seal_sessions(batch, round);
    sealed_.push_back(std::exchange(open_, Round{}));
}

void Hub::seal_sessions(store::Batch& batch, Round& round) {
    for (const SessionNumber number : round.progress) {
        const auto at = sessions.find(number);
        if (at == sessions.end() || at->second->is_over) continue;
        Session& session = *at->second;
        session.progress_due = false;
        if (session.is_durable()) {
            batch.put(store::Family::mqtt_sessions, progress_key(number),
                      encode(session.progress()));
        }
    }
    for (const SessionNumber number : round.records) {
        const auto at = sessions.find(number);
        if (at == sessions.end() || at->second->is_over) continue;
        Session& session = *at->second;
        session.record_due = false;
        if (session.is_durable()) {
            session.is_stored = true;
            batch.put(store::Family::mqtt_sessions, session_key(number), encode(session.record()));
        }
    }
}

// ---- After the commit ------------------------------------------------------------------------

void Hub::on_commit(const Result<void>& outcome) {
    Round round = sealed_.pop_front();
    opened_rounds_.erase(opened_rounds_.begin());
    if (!outcome) {
        log::warn("mqtt: a round of {} messages was not stored: {}", round.entries.size(),
                  outcome.error().context);
    } else if (round.logged_count != 0) {
        ++stats.rounds;
        stats.logged_messages += round.logged_count;
        stats.logged_bytes += round.log_bytes;
        tail_.wrote(round.ticket, round.log_bytes);
    }
    for (RoundEntry& entry : round.entries) commit_entry(round, entry, outcome);
    for (CommitStep& step : round.steps) commit_step(step, outcome);
    const auto unpin = [&](const std::vector<SessionNumber>& numbers, bool is_progress) {
        for (const SessionNumber number : numbers) {
            const auto at = sessions.find(number);
            if (at == sessions.end()) continue;
            Session& session = *at->second;
            --session.pins;
            if (!outcome && !session.is_over && session.is_durable()) {
                is_progress ? progress_soon(session) : records_again_.push_back(number);
            }
            unpinned(session);
        }
    };
    unpin(round.progress, true);
    unpin(round.records, false);
    for (std::uint32_t to = 0; to < count(); ++to) send_box(to);
    wakes_left_ = paused_calm_.count() + paused_links_.count();
    wake_some();
}

void Hub::commit_entry(Round& round, RoundEntry& entry, const Result<void>& outcome) {
    if (entry.join != 0 && joins_[entry.join].session != nullptr)
        --joins_[entry.join].session->in_rounds;
    if (outcome) {
        for (std::size_t each = 0; each < entry.count; ++each) {
            const bool is_logged = each < entry.logged;
            const Position position =
                is_logged ? Position{.ticket = round.ticket,
                                     .index = static_cast<std::uint32_t>(entry.log_index),
                                     .log = static_cast<std::uint16_t>(index)}
                          : Position{};
            deliver(round.recipients[entry.first + each], round.homes[entry.first + each],
                    entry.what, position);
        }
    } else {
        ++stats.publishes_refused_store;
        if (Session* publisher = find(entry.what->session)) publisher->lose(Loss::refused_store);
    }
    if (entry.retained_version != 0)
        retained_committed(entry.what, entry.retained_version, outcome);
    if (entry.join != 0) join_done(entry.join, outcome);
}

void Hub::commit_step(CommitStep& step, const Result<void>& outcome) {
    Session& session = *step.session;
    --session.pins;
    if (!session.is_over && session.link != nullptr) {
        if (!outcome) {
            steps_again_.push_back(std::move(step));
            steps_again_.back().session = &session;
            ++session.pins;
            return;
        }
        auto& connection = session.link->connection;
        switch (step.step) {
            case Step::nothing: break;
            case Step::transmit:
                session.transmit(step.packet_id, step.letter, step.token, false);
                break;
            case Step::release: connection.release(step.packet_id); break;
            case Step::pubcomp:
                std::erase(session.held_ids().released, step.packet_id);
                connection.pubcomp(step.packet_id);
                break;
        }
        flush_soon(*session.link);
    }
    unpinned(session);
}

// The disk refused: once more, with the next tick.
void Hub::repeat_steps() {
    for (const SessionNumber number : std::exchange(records_again_, {})) {
        if (Session* session = find(number)) record_now(*session);
    }
    for (CommitStep& step : std::exchange(steps_again_, {})) {
        Session& session = *step.session;
        --session.pins;
        if (session.is_over || session.link == nullptr) {
            unpinned(session);
            continue;
        }
        progress_now(session);
        after_commit(session, step.step, step.packet_id, std::move(step.letter), step.token);
    }
}

// ---- Joins -----------------------------------------------------------------------------------

std::uint32_t Hub::make_join(Origin& origin, std::shared_ptr<const Publication> what) {
    if (joins_.empty()) joins_.emplace_back();  // 0 means none
    std::uint32_t join = 0;
    if (free_joins_.empty()) {
        join = static_cast<std::uint32_t>(joins_.size());
        joins_.emplace_back();
    } else {
        join = free_joins_.back();
        free_joins_.pop_back();
    }
    Join& made = joins_[join];
    made.session = origin.session;
    made.waits = 1;  // for route itself
    if (origin.session != nullptr) {
        made.sequence = origin.session->owe_answer(origin.packet_id, what->qos);
        if (origin.session->version == mqtt::Version::v3_1_1) made.what = std::move(what);
    }
    made.done = std::move(origin.done);
    return join;
}

void Hub::join_done(std::uint32_t join, const Result<void>& outcome) {
    Join& waiting = joins_[join];
    if (!outcome && !waiting.error) waiting.error = outcome.error();
    if (--waiting.waits != 0) return;
    if (waiting.tapped) return after_taps(join);
    Join over = std::exchange(waiting, Join{});
    free_joins_.push_back(join);
    if (over.done) {
        over.done(over.error ? Result<void>(std::unexpected(*over.error)) : Result<void>{});
    }
    if (over.session == nullptr) return;
    over.session->answer(over.sequence,
                         over.error ? publish_reason(over.error->code) : over.success,
                         std::move(over.what));
}

// ---- Retained --------------------------------------------------------------------------------

void Hub::retain(const std::shared_ptr<const Publication>& what, std::uint64_t version) {
    post(owner_of(what->message.topic()), [what, version, room = plan_.retained](Hub& owner) {
        owner.retained.set(what, version, room);
    });
}

void Hub::retained_committed(const std::shared_ptr<const Publication>& what, std::uint64_t version,
                             const Result<void>& outcome) {
    const bool is_stored = outcome.has_value();
    post(owner_of(what->message.topic()), [what, version, is_stored](Hub& owner) {
        const auto topic = what->message.topic();
        if (is_stored) {
            owner.retained.committed(topic, version);
        } else {
            owner.refused_retained(std::string(topic), version);
        }
    });
}

void Hub::refused_retained(const std::string& topic, std::uint64_t version) {
    std::vector<RetainedShelf::Version> before;
    const auto cursor = common.store.scan(store::Family::mqtt_retained, retained_key(topic, 0),
                                          retained_key(topic, version));
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_retained_key(cursor->key());
        const auto record = decode_retained(cursor->value());
        if (!key || !record) continue;  // load() names damage; the next older one counts
        before.push_back({retained_publication(*record), key->version});
    }
    retained.refused(topic, version, std::move(before));
}

std::shared_ptr<const Publication> Hub::retained_publication(const RetainedRecord& record) const {
    auto what = std::make_shared<Publication>();
    what->message = record.message;
    if (!record.publisher.empty()) {
        what->publisher = common.gatekeeper.find(record.publisher);
        if (!what->publisher) what->publisher = common.nobody;
    }
    what->received = record.received;
    what->expires = record.expires;
    what->qos = record.qos;
    what->retain = true;
    return what;
}

}  // namespace lineshaft::broker
