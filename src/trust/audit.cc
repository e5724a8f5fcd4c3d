#include "trust/audit.h"

#include <algorithm>

#include "base/log.h"

namespace lineshaft::trust {
namespace {

constexpr std::int64_t clock_step_ms = 1'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t raw_count_max = 10'000;

char folded(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool contains(std::string_view text, std::string_view part) {
    const auto found = std::ranges::search(
        text, part, [](char a, char b) { return folded(a) == folded(b); });
    return part.empty() || !found.empty();
}

bool matches(const AuditRecord& record, const Audit::Query& query) {
    if (record.organisation != query.organisation) return false;
    if (query.outcome && record.outcome != *query.outcome) return false;
    if (query.from && record.at < *query.from) return false;
    if (query.until && record.at >= *query.until) return false;
    return record.action.starts_with(query.what) && contains(record.who, query.who) &&
           (contains(record.target, query.text) || contains(record.detail, query.text));
}

Result<Audit::Page> look(AuditReader reader, const Audit::Query& query, std::size_t scanned_max) {
    Audit::Page page;
    TRY(std::uint64_t at, reader.size());
    if (query.before) at = std::min(at, *query.before);
    for (std::size_t scanned = 0; at > 0; ++scanned) {
        if (page.lines.size() >= query.count_max || scanned >= scanned_max) {
            page.next = at;
            break;
        }
        --at;
        TRY(AuditRecord record, reader.record(at));
        if (matches(record, query)) page.lines.push_back({at, std::move(record)});
    }
    return page;
}

}  // namespace

struct Audit::Waiting {
    AuditRecord record;
    std::optional<io::Answer<Result<void>>> answer;  // nothing: a note
};

struct AuditSteps {
    static io::Task<Result<void>> record(Audit* audit, AuditRecord record) {
        auto start = [audit, &record](io::Answer<Result<void>> answer) {
            audit->put({std::move(record), std::move(answer)});
        };
        auto done = co_await io::suspend<Result<void>>(std::move(start));
        co_return done;
    }
    static io::Task<Audit::Stats> stats(Audit* audit) {
        auto stats = audit->stats_;
        stats.records = audit->log_ ? audit->log_->size() : 0;
        co_return stats;
    }
    static io::Task<bool> close(Audit* audit) {
        if (audit->left_out_ > 0) {
            AuditRecord rest = audit_of(node_principal(), "", "audit.left_out", "");
            audit->stamp(rest);
            rest.left_out = std::exchange(audit->left_out_, 0);
            audit->put({std::move(rest), std::nullopt});
        }
        auto start = [audit](io::Answer<bool> answer) {
            if (!audit->busy_) return answer(true);
            auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
            audit->idle_.push_back([kept] { (*kept)(true); });
        };
        auto done = co_await io::suspend<bool>(std::move(start));
        co_return done;
    }
};

Audit::Audit(io::Shards& shards, store::Store& store, AuditLog* log, io::Workers& readers,
             AuditLimits limits)
    : shards_(shards), store_(store), log_(log), readers_(readers), limits_(limits) {}

Audit::~Audit() = default;

void Audit::stamp(AuditRecord& record) const {
    const io::Clock& clock = io::Shard::here().clock();
    record.at = clock.now();
    record.steady_ms = clock.steady().count();
    record.clock = clock.state();
}

io::Task<Result<void>> Audit::record(AuditRecord record) {
    stamp(record);
    auto done = co_await shards_.at(0).call(&AuditSteps::record, this, std::move(record));
    co_return done;
}

void Audit::note(AuditRecord record) {
    stamp(record);
    shards_.at(0).post([this, record = std::move(record)]() mutable {
        if (!take_note()) {
            ++left_out_;
            ++stats_.notes_left_out;
            return;
        }
        record.left_out = std::exchange(left_out_, 0);
        put({std::move(record), std::nullopt});
    });
}

// Each note owes the time in which one is allowed; the debt may be as long as a burst.
bool Audit::take_note() {
    const std::int64_t now = io::Shard::here().clock().steady().count();
    const std::int64_t price = minute_ms / std::max(1U, limits_.notes_per_minute);
    note_debt_ms_ = std::max<std::int64_t>(0, note_debt_ms_ - (now - noted_at_ms_));
    noted_at_ms_ = now;
    if (note_debt_ms_ + price > price * static_cast<std::int64_t>(limits_.notes_burst)) {
        return false;
    }
    note_debt_ms_ += price;
    return true;
}

void Audit::put(Waiting waiting) {
    if (log_ == nullptr || waiting_.size() >= limits_.waiting_max) {
        const Error why = log_ ? Error{Code::exhausted, "the audit log is behind: try again"}
                               : Error{Code::corrupt, "the audit log is damaged"};
        ++stats_.refused;
        log::error("audit: {} was not recorded: {}", waiting.record.action, why.context);
        if (waiting.answer) (*waiting.answer)(std::unexpected(why));
        return;
    }
    waiting_.push_back(std::move(waiting));
    pump();
}

void Audit::pump() {
    if (busy_ || waiting_.empty()) {
        if (!busy_) {
            for (auto& told : std::exchange(idle_, {})) told();
        }
        return;
    }
    busy_ = true;
    under_way_ = std::exchange(waiting_, {});
    std::vector<AuditRecord> records;
    for (Waiting& each : under_way_) {
        AuditRecord& record = each.record;
        const std::int64_t difference = record.at.millis() - record.steady_ms;
        const std::int64_t step = difference - wall_less_steady_ms_.value_or(difference);
        if (step >= clock_step_ms || step <= -clock_step_ms) record.stepped_ms = step;
        wall_less_steady_ms_ = difference;
        records.push_back(record);
    }
    staged_ = log_->stage(records);
    store_.submit(std::move(staged_.batch), [this](Result<void> done) {
        shards_.at(0).post([this, done = std::move(done)]() mutable { settle(std::move(done)); });
    });
}

void Audit::settle(Result<void> done) {
    if (done) {
        log_->adopt(std::move(staged_));
    } else {
        stats_.refused += under_way_.size();
        log::error("audit: {} records could not be written: {}", under_way_.size(),
                   done.error().context);
        done = std::unexpected(done.error().in("it cannot be recorded in the audit log"));
    }
    busy_ = false;
    for (Waiting& each : std::exchange(under_way_, {})) {
        if (each.answer) (*each.answer)(done);
    }
    pump();
}

io::Task<Result<Audit::Page>> Audit::search(Query query) {
    query.count_max = std::min(query.count_max, limits_.page_max);
    auto work = [reader = AuditReader{store_}, query = std::move(query),
                 scanned_max = limits_.scanned_max] { return look(reader, query, scanned_max); };
    auto page = co_await readers_.run(std::move(work));
    co_return page;
}

io::Task<Result<std::string>> Audit::checkpoint() {
    auto work = [reader = AuditReader{store_}] { return reader.checkpoint(); };
    auto note = co_await readers_.run(std::move(work));
    co_return note;
}

io::Task<Result<Audit::Consistency>> Audit::consistency(std::uint64_t old_size) {
    auto work = [reader = AuditReader{store_}, old_size,
                 key = log_ ? log_->public_key() : std::string()]() -> Result<Consistency> {
        TRY(const std::string note, reader.checkpoint());
        TRY(const Checkpoint last, open_checkpoint(note, key));
        TRY(auto proof, consistency_proof(old_size, last.size, reader.nodes()));
        return Consistency{last.size, last.root, std::move(proof)};
    };
    auto found = co_await readers_.run(std::move(work));
    co_return found;
}

io::Task<Result<std::vector<std::string>>> Audit::raw(std::uint64_t from, std::size_t count_max) {
    auto work = [reader = AuditReader{store_}, from,
                 count = std::min(count_max, raw_count_max)]() -> Result<std::vector<std::string>> {
        TRY(const std::uint64_t size, reader.size());
        std::vector<std::string> records;
        for (std::uint64_t at = from; at < size && records.size() < count; ++at) {
            TRY(std::string bytes, reader.raw(at));
            records.push_back(std::move(bytes));
        }
        return records;
    };
    auto records = co_await readers_.run(std::move(work));
    co_return records;
}

io::Task<Audit::Stats> Audit::stats() {
    auto stats = co_await shards_.at(0).call(&AuditSteps::stats, this);
    co_return stats;
}

void Audit::close() {
    (void)shards_.run_blocking(ShardIndex(0), AuditSteps::close(this));
}

}  // namespace lineshaft::trust
