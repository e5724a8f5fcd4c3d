#include "identity/bulk.h"

#include <fmt/format.h>

#include <algorithm>

#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

constexpr char job_kind = 'b', window_kind = 'w', refused_kind = 'x';
constexpr std::uint8_t job_layout = 1;
constexpr std::size_t minted_suffix_bytes = 10;  // 80 bits, as hexadecimal digits

std::string job_key(std::uint32_t organisation, std::string_view key) {
    std::string out(1, job_kind);
    Writer to(out);
    to.put_be(organisation);
    to.put(key);
    return out;
}
std::string row_key(char kind, std::uint64_t job, std::uint64_t row) {
    std::string out(1, kind);
    Writer to(out);
    to.put_be(job);
    to.put_be(row);
    return out;
}

void put_sized(Writer& out, std::string_view text) {
    out.put_varint(text.size());
    out.put(text);
}
Result<std::string> take_sized(Reader& in) {
    TRY(const auto size, in.take_varint());
    TRY(const Bytes bytes, in.take(size));
    return std::string(as_text(bytes));
}

std::string encode_job(const BulkJob& job) {
    std::string out;
    Writer to(out);
    to.put_be(job_layout);
    to.put_varint(job.number);
    put_sized(to, job.by);
    for (const std::uint64_t number :
         {static_cast<std::uint64_t>(job.begun_at.micros),
          static_cast<std::uint64_t>(job.changed_at.micros), job.rows, job.made, job.changed,
          job.kept, job.deleted, job.refused, std::uint64_t{job.is_done}}) {
        to.put_varint(number);
    }
    return out;
}

Result<BulkJob> decode_job(std::string_view key, std::string_view value) {
    BulkJob out;
    Reader name(as_bytes(key)), in(as_bytes(value));
    TRY(const auto kind, name.take_be<std::uint8_t>());
    TRY(out.organisation, name.take_be<std::uint32_t>());
    out.key = as_text(name.rest());
    TRY(const auto layout, in.take_be<std::uint8_t>());
    if (kind != job_kind || layout != job_layout)
        return fail(Code::corrupt, "a bulk job's record");
    TRY(out.number, in.take_varint());
    TRY(out.by, take_sized(in));
    std::uint64_t begun = 0, changed_at = 0, done = 0;
    for (auto* number : {&begun, &changed_at, &out.rows, &out.made, &out.changed, &out.kept,
                         &out.deleted, &out.refused, &done}) {
        TRY(*number, in.take_varint());
    }
    out.begun_at = Instant{static_cast<std::int64_t>(begun)};
    out.changed_at = Instant{static_cast<std::int64_t>(changed_at)};
    out.is_done = done != 0;
    return out;
}

std::uint64_t chained(std::uint64_t chain, std::uint64_t hash) {
    return hash64(std::string_view(reinterpret_cast<const char*>(&hash), sizeof hash), chain);
}

// The same suffix whenever the same row of the same job is sent.
std::string minted(const BulkRun& run, std::uint64_t row, std::string_view prefix) {
    const auto digest = trust::sha256(
        fmt::format("{}\n{}\n{}\n{}", run.job.organisation, run.job.key, row, prefix));
    return std::string(prefix) +
           handle::fold(to_hex(Bytes(digest).first(minted_suffix_bytes)));
}

void tally(BulkJob& job, RowState state) {
    switch (state) {
        case RowState::made: ++job.made; return;
        case RowState::changed: ++job.changed; return;
        case RowState::kept: ++job.kept; return;
        case RowState::deleted: ++job.deleted; return;
        case RowState::refused: ++job.refused; return;
    }
}

RowState state_of(const Change& change, const Outcome& outcome) {
    const bool removes = change.kind == Change::Kind::remove;
    if (removes && outcome.answer == handle::Answer::handle_not_found) return RowState::kept;
    if (!outcome.is_good()) return RowState::refused;
    if (outcome.was_kept) return RowState::kept;
    if (removes) return RowState::deleted;
    return outcome.is_new ? RowState::made : RowState::changed;
}

// What ends a job instead of refusing one row: it would be the same for all that follow.
bool is_of_node(const Outcome& outcome) {
    return outcome.answer == handle::Answer::too_busy || outcome.answer == handle::Answer::error;
}

}  // namespace

std::string_view name_of(RowState state) {
    switch (state) {
        case RowState::made: return "made";
        case RowState::changed: return "changed";
        case RowState::kept: return "kept";
        case RowState::deleted: return "deleted";
        case RowState::refused: return "refused";
    }
    return "";
}

struct BulkSteps {
    // The oldest jobs give way.
    static void make_room(BulkJobs& jobs, std::uint32_t organisation, store::Batch& batch) {
        auto all = jobs.jobs(organisation);
        if (!all || all->size() < jobs.limits_.jobs_max) return;
        for (std::size_t at = jobs.limits_.jobs_max - 1; at < all->size(); ++at) {
            const BulkJob& old = (*all)[at];
            const auto key = job_key(organisation, old.key);
            if (jobs.running_.contains(key)) continue;
            batch.remove(store::Family::identity, key);
            for (const char kind : {window_kind, refused_kind})
                batch.remove_range(store::Family::identity, row_key(kind, old.number, 0),
                                   row_key(kind, old.number + 1, 0));
        }
    }

    static Result<void> place(const BulkJobs& jobs, BulkRun& run, std::uint64_t from) {
        run.next_row = from;
        if (from == 1) return {};
        if (from > run.job.rows + 1)
            return fail(Code::conflict,
                        fmt::format("row {} is the next one, not {}", run.job.rows + 1, from));
        TRY(const auto before, jobs.window_at(run.job.number, from - 1));
        if (!before || before->first + before->states.size() != from)
            return fail(Code::conflict, fmt::format("rows were not cut before {}: send from 1 or {}",
                                                    from, run.job.rows + 1));
        run.chain = before->chain_after;
        return {};
    }

    static io::Task<Result<BulkRun>> begin(BulkJobs* jobs, std::uint32_t organisation,
                                           std::string key, std::string by, std::uint64_t from) {
        const std::string name = job_key(organisation, key);
        if (jobs->running_.contains(name))
            co_return fail(Code::conflict, "rows are being sent with that key already");
        if (jobs->running_.size() >= jobs->limits_.running_max)
            co_return fail(Code::exhausted, "too many bulk jobs at once: try again soon");
        BulkRun run;
        auto known = jobs->job(organisation, key);
        if (!known && known.error().code != Code::not_found)
            co_return std::unexpected(known.error());
        if (known) {
            run.job = std::move(*known);
            CO_TRY_VOID(place(*jobs, run, from));
        } else {
            if (from != 1) co_return fail(Code::conflict, "no rows of that key are known: from row 1");
            run.job.number = jobs->store_.ticket();
            run.job.organisation = organisation;
            run.job.key = key;
            run.job.by = std::move(by);
            run.job.begun_at = io::Shard::here().now();
        }
        jobs->running_.insert(name);
        run.job.changed_at = io::Shard::here().now();
        store::Batch& batch = jobs->lane_.batch();
        if (!known) make_room(*jobs, organisation, batch);
        batch.put(store::Family::identity, name, encode_job(run.job));
        auto done = co_await jobs->lane_.durable();
        if (!done) {
            jobs->running_.erase(name);
            co_return std::unexpected(done.error());
        }
        co_return run;
    }

    static io::Task<Result<void>> write(BulkJobs* jobs, BulkJob job, std::uint64_t first,
                                        std::string window, std::vector<Receipt> refused) {
        store::Batch& batch = jobs->lane_.batch();
        batch.put(store::Family::identity, row_key(window_kind, job.number, first), window);
        for (const Receipt& one : refused)
            batch.put(store::Family::identity, row_key(refused_kind, job.number, one.row), one.why);
        batch.put(store::Family::identity, job_key(job.organisation, job.key), encode_job(job));
        auto done = co_await jobs->lane_.durable();
        co_return done;
    }

    static io::Task<Result<void>> end(BulkJobs* jobs, BulkJob job) {
        const std::string name = job_key(job.organisation, job.key);
        jobs->lane_.batch().put(store::Family::identity, name, encode_job(job));
        auto done = co_await jobs->lane_.durable();
        jobs->running_.erase(name);
        co_return done;
    }

    static io::Task<std::set<std::string>> running(BulkJobs* jobs, std::uint32_t organisation) {
        std::set<std::string> out;
        const std::string from = job_key(organisation, "");
        for (const auto& name : jobs->running_) {
            if (name.starts_with(from)) out.insert(name.substr(from.size()));
        }
        co_return out;
    }

    static std::string handle_of(const BulkJobs& jobs, const BulkRun& run, std::uint64_t number,
                                 const BulkRow& row) {
        if (!row.why.empty()) return {};
        return jobs.registry_.canonical(row.change.mints_suffix
                                            ? minted(run, number, row.change.handle)
                                            : row.change.handle);
    }

    // Rows that were done before: what became of them is told again.
    static Result<std::vector<Receipt>> retell(const BulkJobs& jobs, BulkRun& run,
                                               const std::vector<BulkRow>& rows) {
        TRY(const auto window, jobs.window_at(run.job.number, run.next_row));
        const std::size_t skipped = window ? run.next_row - window->first : 0;
        if (!window || skipped + rows.size() > window->states.size())
            return fail(Code::corrupt, "the record of a bulk job");
        std::uint64_t chain = run.chain;
        for (const BulkRow& row : rows) chain = chained(chain, row.hash);
        if (skipped + rows.size() == window->states.size() && chain != window->chain_after)
            return fail(Code::conflict,
                        "the rows differ from those that were sent with this key before");
        run.chain = chain;
        std::vector<Receipt> out;
        for (std::size_t at = 0; at < rows.size(); ++at) {
            const std::uint64_t number = run.next_row + at;
            Receipt one{number, static_cast<RowState>(window->states[skipped + at]),
                        handle_of(jobs, run, number, rows[at]),
                        {}};
            if (one.state == RowState::refused) {
                TRY(auto why, jobs.store_.get(store::Family::identity,
                                              row_key(refused_kind, run.job.number, number)));
                one.why = why.value_or("");
            }
            out.push_back(std::move(one));
        }
        run.next_row += rows.size();
        return out;
    }
};

io::Task<Result<BulkRun>> BulkJobs::begin(std::uint32_t organisation, std::string key,
                                          std::string by, std::uint64_t from) {
    auto run = co_await shards_.at(0).call(&BulkSteps::begin, this, organisation, std::move(key),
                                           std::move(by), from);
    co_return run;
}

Result<std::optional<BulkJobs::Window>> BulkJobs::window_at(std::uint64_t job,
                                                            std::uint64_t row) const {
    const auto at = store_.scan(store::Family::identity, row_key(window_kind, job, 0),
                                row_key(window_kind, job + 1, 0));
    at->seek_for_previous(row_key(window_kind, job, row));
    TRY_VOID(at->status());
    if (!at->is_valid()) return std::optional<Window>();
    Window out;
    Reader name(as_bytes(at->key().substr(9))), in(as_bytes(at->value()));
    TRY(out.first, name.take_be<std::uint64_t>());
    TRY(out.chain_after, in.take_be<std::uint64_t>());
    out.states = as_text(in.rest());
    if (row >= out.first + out.states.size()) return std::optional<Window>();
    return std::optional(std::move(out));
}

Result<std::size_t> BulkJobs::window(const BulkRun& run) const {
    if (run.next_row > run.job.rows) return limits_.window_rows;
    TRY(const auto known, window_at(run.job.number, run.next_row));
    if (!known) return fail(Code::corrupt, "the record of a bulk job");
    return known->states.size() - (run.next_row - known->first);
}

io::Task<Result<std::vector<Receipt>>> BulkJobs::take(BulkRun* run, std::vector<BulkRow> rows) {
    if (run->next_row <= run->job.rows) co_return BulkSteps::retell(*this, *run, rows);
    std::vector<Receipt> receipts(rows.size());
    std::vector<Change> changes;
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < rows.size(); ++at) {
        Receipt& one = receipts[at];
        one.row = run->next_row + at;
        one.handle = BulkSteps::handle_of(*this, *run, one.row, rows[at]);
        run->chain = chained(run->chain, rows[at].hash);
        if (!rows[at].why.empty()) {
            one.state = RowState::refused;
            one.why = std::move(rows[at].why);
            continue;
        }
        Change change = std::move(rows[at].change);
        change.handle = one.handle;
        change.mints_suffix = false;
        changes.push_back(std::move(change));
        places.push_back(at);
    }
    std::vector<bool> removes;
    for (const Change& change : changes) removes.push_back(change.kind == Change::Kind::remove);
    const Authority by{true, {}};
    auto outcomes = co_await registry_.change_many(std::move(changes), by);
    for (std::size_t at = 0; at < outcomes.size(); ++at) {
        if (is_of_node(outcomes[at]))
            co_return fail(Code::exhausted,
                           fmt::format("row {}: {}", receipts[places[at]].row, outcomes[at].message));
        Change kind;
        if (removes[at]) kind.kind = Change::Kind::remove;
        Receipt& one = receipts[places[at]];
        one.state = state_of(kind, outcomes[at]);
        if (one.state != RowState::refused) continue;
        one.why = outcomes[at].message.empty() ? std::string(handle::words_of(outcomes[at].answer))
                                               : std::move(outcomes[at].message);
    }
    BulkJob job = run->job;
    std::string window;
    Writer(window).put_be(run->chain);
    std::vector<Receipt> refused;
    for (const Receipt& one : receipts) {
        window += static_cast<char>(one.state);
        tally(job, one.state);
        if (one.state == RowState::refused) refused.push_back(one);
    }
    job.rows += receipts.size();
    job.changed_at = io::Shard::here().now();
    job.is_done = false;
    auto written = co_await shards_.at(0).call(&BulkSteps::write, this, job, run->next_row,
                                               std::move(window), std::move(refused));
    if (!written) co_return std::unexpected(written.error());
    run->next_row += receipts.size();
    run->job = std::move(job);
    co_return receipts;
}

io::Task<Result<BulkJob>> BulkJobs::end(BulkRun* run, bool is_whole) {
    if (is_whole) run->job.is_done = true;
    run->job.changed_at = io::Shard::here().now();
    auto done = co_await shards_.at(0).call(&BulkSteps::end, this, run->job);
    if (!done) co_return std::unexpected(done.error());
    co_return run->job;
}

io::Task<std::set<std::string>> BulkJobs::running(std::uint32_t organisation) {
    auto keys = co_await shards_.at(0).call(&BulkSteps::running, this, organisation);
    co_return keys;
}

Result<BulkJob> BulkJobs::job(std::uint32_t organisation, std::string_view key) const {
    const std::string name = job_key(organisation, key);
    TRY(const auto record, store_.get(store::Family::identity, name));
    if (!record) return fail(Code::not_found, "no bulk job has that key");
    return decode_job(name, *record);
}

Result<std::vector<BulkJob>> BulkJobs::jobs(std::uint32_t organisation) const {
    std::vector<BulkJob> out;
    const std::string from = job_key(organisation, "");
    const std::string until = job_key(organisation + 1, "");
    const auto at = store_.scan(store::Family::identity, from, until);
    for (; at->is_valid(); at->next()) {
        TRY(auto one, decode_job(at->key(), at->value()));
        out.push_back(std::move(one));
    }
    TRY_VOID(at->status());
    std::ranges::sort(out, std::greater{}, &BulkJob::number);
    return out;
}

Result<std::vector<Receipt>> BulkJobs::refused(const BulkJob& job, std::uint64_t after,
                                               std::size_t count_max) const {
    std::vector<Receipt> out;
    const auto at = store_.scan(store::Family::identity,
                                row_key(refused_kind, job.number, after + 1),
                                row_key(refused_kind, job.number + 1, 0));
    for (; at->is_valid() && out.size() < count_max; at->next()) {
        Reader name(as_bytes(at->key().substr(9)));
        TRY(const auto row, name.take_be<std::uint64_t>());
        out.push_back({row, RowState::refused, {}, std::string(at->value())});
    }
    TRY_VOID(at->status());
    return out;
}

}  // namespace lineshaft::identity
