// The engine: threads, cursors, and SQLite underneath.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "io/counter.h"
#include "io/workers.h"
#include "query/connection.h"
#include "query/recent.h"
#include "query/run.h"
#include "query/stand_ins.h"
#include "query/statement.h"
#include "trust/rights.h"

namespace lineshaft::query {
namespace {

constexpr std::size_t batch_bytes_max = 8 << 20;  ///< a batch ends there, however few its rows

// Statements that were understood, of each shard.
constexpr std::size_t recent_max = 256, recent_bytes_max = 1 << 20;

struct Counts {
    io::Counter statements, failures, on_kernel, rows, open, running;
};

/// One more of something while it lives.
class Counted {
public:
    explicit Counted(io::Counter& counter) : counter_(counter) { counter_.add(1); }
    ~Counted() { counter_.add(-1); }
    Counted(const Counted&) = delete;

private:
    io::Counter& counter_;
};

/// Raised when any of several is.
class Stops {
public:
    std::stop_token token() const { return source_.get_token(); }
    void stop_with(std::stop_token token) {
        watches_.push_back(
            std::make_unique<std::stop_callback<Stop>>(std::move(token), Stop{&source_}));
    }

private:
    struct Stop {
        std::stop_source* source;
        void operator()() const noexcept { source->request_stop(); }
    };
    std::stop_source source_;
    std::vector<std::unique_ptr<std::stop_callback<Stop>>> watches_;
};

/// A parameter as the statement wants it. Errors: 22P02 and the like.
Outcome<Value> converted(Value value, T wanted, std::size_t number, const Session& session) {
    const Type type = shown_type(wanted);
    if (type_of(value) == Type::null || (type_of(value) == type && wanted != T::interval))
        return value;
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (wanted == T::interval) {
            TRY(const Span span, parse_span(*text));
            return Value(span.micros + span.months * 30 * micros_per_day);
        }
        auto parsed = parse_text(type, *text, session.time_zone);
        if (!parsed) parsed.error().message += fmt::format(" (parameter ${})", number);
        return parsed;
    }
    const auto* whole = std::get_if<std::int64_t>(&value);
    const auto* real = std::get_if<double>(&value);
    if (type == Type::float8 && whole != nullptr) return Value(static_cast<double>(*whole));
    if (type == Type::int8 && real != nullptr && *real == std::trunc(*real) &&
        std::abs(*real) < 9e18)
        return Value(static_cast<std::int64_t>(*real));
    if (type == Type::text) {
        std::string text;
        put_text(text, value, session.time_zone);
        return Value(std::move(text));
    }
    return refuse("42804", fmt::format("parameter ${} must be of type {}, not {}", number,
                                       name_of(type), name_of(type_of(value))));
}

/// SQLite's connection and statement, and what they use.
class Execution {
public:
    Execution(std::shared_ptr<const Statement> statement, std::vector<Value> parameters,
              history::History& history, Present& present, io::Shards& shards, Limits limits,
              Counts& counts)
        : run(history, present, shards),
          statement_(std::move(statement)),
          parameters_(std::move(parameters)),
          limits_(limits),
          counts_(counts) {
        run.stop = stops.token();
        run.meter.most = limits.memory_bytes_max;
    }
    ~Execution() {
        const Meter::Charge charge(run.meter);
        connection_ = nullptr;
    }
    Execution(const Execution&) = delete;

    Outcome<Batch> next(std::size_t rows_max) {
        const io::Steady began = run.shards.clock().steady();
        run.deadline = began + limits_.time_max - spent_;
        Outcome<Batch> batch = step(rows_max);
        spent_ += run.shards.clock().steady() - began;
        if (!batch) counts_.failures.add();
        if (batch) counts_.rows.add(static_cast<std::int64_t>(batch->rows));
        return batch;
    }

    const Statement& statement() const { return *statement_; }
    Stops stops;
    Run run;

private:
    Outcome<Batch> step(std::size_t rows_max) {
        if (!run.may_go_on()) return std::unexpected(*run.failure);
        const Meter::Charge charge(run.meter);
        if (statement_->kind_ != Kind::rows) return said();
        Batch batch;
        batch.is_last = is_done_;
        if (is_done_) return batch;
        if (connection_ == nullptr) {
            TRY_VOID(open());
        }
        std::size_t bytes = 0;
        for (;;) {
            const int outcome = has_row_ ? SQLITE_ROW : sqlite3_step(prepared_);
            has_row_ = false;
            if (outcome == SQLITE_DONE) {
                batch.is_last = true;
                let_go();
                return batch;
            }
            if (outcome != SQLITE_ROW) return std::unexpected(failure(outcome));
            if (given_ >= limits_.rows_max) {
                batch.is_last = true;
                batch.is_truncated = true;
                let_go();
                return batch;
            }
            if (batch.rows == rows_max || bytes > batch_bytes_max) {
                has_row_ = true;
                return batch;
            }
            for (std::size_t index = 0; index < statement_->types_.size(); ++index) {
                const T type = statement_->types_[index];
                if (auto wrong = out_of_range(static_cast<int>(index), type))
                    return std::unexpected(std::move(*wrong));
                bytes += take(static_cast<int>(index), type, batch.values);
            }
            ++batch.rows;
            ++given_;
        }
    }

    /// SHOW and EXPLAIN.
    Outcome<Batch> said() {
        Batch batch;
        batch.is_last = true;
        if (statement_->kind_ == Kind::show) {
            TRY(std::string value, run.session.show(statement_->setting_.name));
            batch.values.emplace_back(std::move(value));
        }
        for (const std::string& line : statement_->lines_) batch.values.emplace_back(line);
        batch.rows = batch.values.size();
        return batch;
    }

    Outcome<void> open() {
        connection_ = Connection::take();
        if (connection_ == nullptr) return std::unexpected(failure(SQLITE_NOMEM));
        connection_->serve(&run);
        const int outcome = connection_->prepare(statement_->sql_, prepared_);
        if (outcome != SQLITE_OK) return std::unexpected(failure(outcome));
        // What the rewriting gave may only read: the last line of defence.
        if (sqlite3_stmt_readonly(prepared_) == 0) return refuse("25006", "SQL reads only");
        for (std::size_t index = 0; index < parameters_.size(); ++index)
            bind(static_cast<int>(index) + 1, parameters_[index]);
        return {};
    }

    /// The statement has ended well: its connection is good for the next.
    void let_go() {
        prepared_ = nullptr;
        Connection::keep(std::move(connection_));
        is_done_ = true;
    }

    void bind(int number, const Value& value) {
        switch (type_of(value)) {
            case Type::null: break;
            case Type::boolean:
                sqlite3_bind_int(prepared_, number, std::get<bool>(value) ? 1 : 0);
                break;
            case Type::int8:
                sqlite3_bind_int64(prepared_, number, std::get<std::int64_t>(value));
                break;
            case Type::float8:
                sqlite3_bind_double(prepared_, number, std::get<double>(value));
                break;
            case Type::timestamptz:
                sqlite3_bind_int64(prepared_, number, std::get<Instant>(value).micros);
                break;
            case Type::text: {
                const auto& text = std::get<std::string>(value);
                sqlite3_bind_text64(prepared_, number, text.data(), text.size(), SQLITE_STATIC,
                                    SQLITE_UTF8);
                break;
            }
            case Type::bytea: {
                const auto& bytes = std::get<ByteArray>(value).bytes;
                sqlite3_bind_blob64(prepared_, number, bytes.data(), bytes.size(), SQLITE_STATIC);
                break;
            }
        }
    }

    /// SQLite goes on with a double where integers end; PostgreSQL says so.
    std::optional<Failure> out_of_range(int index, T type) const {
        if (type != T::int8 && type != T::timestamptz) return {};
        const int kind = sqlite3_column_type(prepared_, index);
        if (kind == SQLITE_NULL) return {};
        const bool is_whole =
            kind != SQLITE_FLOAT || std::abs(sqlite3_column_double(prepared_, index)) < 9.2e18;
        if (type == T::int8 && !is_whole)
            return Failure{.sqlstate = "22003", .message = "bigint out of range"};
        if (type == T::timestamptz && !is_time_in_range(sqlite3_column_int64(prepared_, index)))
            return Failure{.sqlstate = "22008", .message = "timestamp out of range"};
        return {};
    }

    /// Appends a column's value; gives its size.
    std::size_t take(int index, T type, std::vector<Value>& out) {
        if (sqlite3_column_type(prepared_, index) == SQLITE_NULL) {
            out.emplace_back();
            return sizeof(Value);
        }
        switch (type) {
            case T::boolean: out.emplace_back(sqlite3_column_int(prepared_, index) != 0); break;
            case T::int8:
                out.emplace_back(std::int64_t{sqlite3_column_int64(prepared_, index)});
                break;
            case T::float8: out.emplace_back(sqlite3_column_double(prepared_, index)); break;
            case T::timestamptz:
                out.emplace_back(Instant{sqlite3_column_int64(prepared_, index)});
                break;
            case T::interval:
                out.emplace_back(text_of_span(sqlite3_column_int64(prepared_, index)));
                break;
            default: {
                const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_, index));
                std::string text(bytes == nullptr ? "" : bytes,
                                 static_cast<std::size_t>(sqlite3_column_bytes(prepared_, index)));
                const std::size_t size = text.size();
                if (type == T::bytea)
                    out.emplace_back(ByteArray{std::move(text)});
                else
                    out.emplace_back(std::move(text));
                return sizeof(Value) + size;
            }
        }
        return sizeof(Value);
    }

    /// What a table or function said first, else what SQLite did.
    Failure failure(int outcome) {
        if (run.failure) return *run.failure;
        if (run.meter.is_refused || (outcome & 0xff) == SQLITE_NOMEM) {
            return {.sqlstate = "53200",
                    .message = fmt::format("out of memory: the statement needs more than {} MiB",
                                           limits_.memory_bytes_max >> 20),
                    .hint = "Ask for less at once, or raise sql.memory."};
        }
        const std::string_view said =
            connection_ != nullptr ? connection_->said() : "cannot be opened";
        Failure out{.sqlstate = "XX000",
                    .message = fmt::format("the statement could not run: {}", said)};
        if (said.contains("stack overflow") || said.contains("too large") ||
            said.contains("too many") || said.contains("depth"))
            out.sqlstate = "54001";
        if (said.contains("may not be used as a window function") || said.contains("DISTINCT"))
            out.sqlstate = "0A000";
        if (said.contains("integer overflow"))
            out = {.sqlstate = "22003", .message = "bigint out of range"};
        if ((outcome & 0xff) == SQLITE_TOOBIG) out.sqlstate = "54000";
        return out;
    }

    const std::shared_ptr<const Statement> statement_;
    const std::vector<Value> parameters_;
    const Limits limits_;
    Counts& counts_;
    const Counted open_{counts_.open};
    std::unique_ptr<Connection> connection_;
    sqlite3_stmt* prepared_ = nullptr;  // the connection's
    io::Steady spent_{0};
    std::size_t given_ = 0;
    bool has_row_ = false, is_done_ = false;
};

class SqlEngine;

class SqlCursor final : public Cursor {
public:
    SqlCursor(SqlEngine& engine, std::shared_ptr<Execution> execution)
        : engine_(engine), execution_(std::move(execution)) {}
    std::span<const Column> columns() const override { return execution_->statement().columns_; }
    io::Task<Outcome<Batch>> next(std::size_t rows_max) override;

private:
    SqlEngine& engine_;
    std::shared_ptr<Execution> execution_;
};

/// Of a statement that needs no SQLite: it runs where it is asked.
class DirectCursor final : public Cursor {
public:
    DirectCursor(SqlEngine& engine, Counts& counts, std::shared_ptr<const Statement> statement,
                 DirectRun run, std::unique_ptr<Stops> stops)
        : engine_(engine),
          counts_(counts),
          statement_(std::move(statement)),
          stops_(std::move(stops)),
          rows_(std::move(run)) {}
    std::span<const Column> columns() const override { return statement_->columns_; }
    io::Task<Outcome<Batch>> next(std::size_t rows_max) override;

private:
    SqlEngine& engine_;
    Counts& counts_;
    const Counted open_{counts_.open};
    const std::shared_ptr<const Statement> statement_;
    const std::unique_ptr<Stops> stops_;
    DirectRows rows_;
};

class SqlEngine final : public Engine {
public:
    SqlEngine(catalog::Desk& desk, history::History& history, Present& present, io::Shards& shards,
              EngineLimits limits)
        : desk_(desk),
          history_(history),
          present_(present),
          shards_(shards),
          limits_(limits),
          workers_(std::make_unique<io::Workers>(
              "sql",
              io::Workers::Limits{.threads = limits.threads, .queued_max = limits.queued_max})) {
        for (std::size_t index = 0; index < shards.size(); ++index)
            known_.push_back(std::make_unique<Known>());
    }
    ~SqlEngine() override { close(); }

    io::Task<Outcome<std::vector<Piece>>> split(std::string sql) override {
        const std::string text = sql;
        if (const auto* known = known_here().pieces.find(text)) co_return *known;
        auto work = [this, sql = std::move(sql)]() -> Result<Outcome<std::vector<Piece>>> {
            return split_statements(sql, limits_);
        };
        auto done = co_await on_worker<std::vector<Piece>>(std::move(work));
        if (done) known_here().pieces.put(text, *done, 2 * text.size());
        co_return done;
    }

    io::Task<Outcome<PreparedPtr>> prepare(std::string sql, std::vector<Type> declared,
                                           Session session) override {
        std::string key = session.time_zone + '\n';
        for (const Type type : declared) key += static_cast<char>('a' + static_cast<int>(type));
        key.append("\n").append(sql);
        if (const auto* known = known_here().statements.find(key)) co_return *known;
        auto work = [this, sql = std::move(sql), declared = std::move(declared),
                     session = std::move(session)]() -> Result<Outcome<PreparedPtr>> {
            auto found = understand(sql, declared, session, limits_);
            if (!found) {  // what known clients ask in words that are not ours
                if (const auto ours = stand_in(sql))
                    found = understand(*ours, declared, session, limits_);
            }
            if (!found) return Outcome<PreparedPtr>(std::unexpected(std::move(found).error()));
            return Outcome<PreparedPtr>(std::move(*found));
        };
        auto done = co_await on_worker<PreparedPtr>(std::move(work));
        if (!done) counts_.failures.add();
        if (done && (*done)->kind() != Kind::show)  // which depends on the session
            known_here().statements.put(std::move(key), *done, size_of(**done));
        co_return done;
    }

    Outcome<std::unique_ptr<Cursor>> execute(PreparedPtr prepared, std::vector<Value> parameters,
                                             Scope scope, Session session, Limits limits,
                                             io::StopFlagPtr cancel) override {
        auto statement = std::dynamic_pointer_cast<const Statement>(prepared);
        CHECK(statement != nullptr);
        const bool may_read =
            scope.who != nullptr &&
            (scope.who->kind == trust::PrincipalKind::node || scope.who->is_machine() ||
             trust::may(*scope.who, trust::Right::read));
        if (!may_read) return refuse("42501", "permission denied: this caller may not read");
        const Kind kind = statement->kind_;
        if (kind != Kind::rows && kind != Kind::show && kind != Kind::explain)
            return refuse("0A000", fmt::format("{} does nothing here", statement->tag_.empty()
                                                                           ? "an empty statement"
                                                                           : statement->tag_));
        const bool needs_them = kind == Kind::rows;
        if (needs_them && parameters.size() != statement->parameters_.size()) {
            return refuse("08P01", fmt::format("{} parameters were given, the statement has {}",
                                               parameters.size(), statement->parameters_.size()));
        }
        if (counts_.open.value() >= static_cast<std::int64_t>(limits_.cursors_max))
            return refuse("53300", "too many statements at once, try again");
        for (std::size_t index = 0; needs_them && index < parameters.size(); ++index) {
            TRY(parameters[index],
                converted(std::move(parameters[index]), statement->inner_parameters_[index],
                          index + 1, session));
        }
        counts_.statements.add();
        if (statement->uses_kernel_) counts_.on_kernel.add();
        const bool is_direct = kind == Kind::rows && statement->direct_ != nullptr &&
                               (!statement->direct_->needs_utc || session.time_zone == "UTC");
        if (is_direct) {
            return direct(std::move(statement), std::move(parameters), std::move(scope), limits,
                          cancel);
        }
        auto execution = std::make_shared<Execution>(std::move(statement), std::move(parameters),
                                                     history_, present_, shards_, limits, counts_);
        execution->run.scope = std::move(scope);
        execution->run.session = std::move(session);
        execution->run.catalog = desk_.snapshot();
        execution->run.home = io::Shard::here().index();
        execution->run.now = shards_.clock().now();
        execution->stops.stop_with(closing_.get_token());
        if (cancel != nullptr) execution->stops.stop_with(cancel->token());
        return std::make_unique<SqlCursor>(*this, std::move(execution));
    }

    Stats stats() const override {
        const auto number = [](const io::Counter& counter) {
            return static_cast<std::uint64_t>(counter.value());
        };
        return {number(counts_.statements), number(counts_.failures), number(counts_.on_kernel),
                number(counts_.rows), static_cast<std::size_t>(counts_.open.value())};
    }

    void close() override {
        if (workers_ == nullptr) return;
        closing_.request_stop();
        shards_.run_everywhere([](io::Shard&) {});  // after it nobody queues any more
        while (counts_.running.value() > 0)  // on shards, where it ends as soon
            shards_.run_everywhere([](io::Shard&) {});
        workers_.reset();  // finishes what is queued, which ends at once
    }
    bool is_closing() const { return closing_.stop_requested(); }

    template <class Answer, class Work>
    io::Task<Outcome<Answer>> on_worker(Work work) {
        if (is_closing()) co_return refuse("57P01", "the node is stopping");
        auto done = co_await workers_->run(std::move(work));
        if (!done) co_return refuse("53300", "too many statements at once, try again");
        if (!*done && done->error().sqlstate == "57014" && is_closing())
            co_return refuse("57P01", "the node is stopping");
        co_return std::move(*done);
    }

private:
    /// What was understood, of one shard.
    struct Known {
        Recent<PreparedPtr> statements{recent_max, recent_bytes_max};
        Recent<std::vector<Piece>> pieces{recent_max, recent_bytes_max / 4};
    };
    Known& known_here() { return *known_[io::Shard::here().index().number()]; }
    static std::size_t size_of(const Prepared& prepared) {
        const auto& statement = static_cast<const Statement&>(prepared);
        return 1'000 + 2 * statement.sql_.size() + 100 * statement.columns_.size();
    }

    std::unique_ptr<Cursor> direct(std::shared_ptr<const Statement> statement,
                                   std::vector<Value> parameters, Scope scope,
                                   const Limits& limits, const io::StopFlagPtr& cancel) {
        auto stops = std::make_unique<Stops>();
        stops->stop_with(closing_.get_token());
        if (cancel != nullptr) stops->stop_with(cancel->token());
        DirectRun run;
        run.ask = statement->direct_;
        run.parameters = std::move(parameters);
        run.scope = std::move(scope);
        run.catalog = desk_.snapshot();
        run.history = &history_;
        run.clock = &shards_.clock();
        run.workers = workers_.get();
        run.now = shards_.clock().now();
        run.limits = limits;
        run.stop = stops->token();
        return std::make_unique<DirectCursor>(*this, counts_, std::move(statement),
                                              std::move(run), std::move(stops));
    }

    catalog::Desk& desk_;
    history::History& history_;
    Present& present_;
    io::Shards& shards_;
    const EngineLimits limits_;
    Counts counts_;
    std::stop_source closing_;
    std::unique_ptr<io::Workers> workers_;
    std::vector<std::unique_ptr<Known>> known_;  // by shard
};

io::Task<Outcome<Batch>> DirectCursor::next(std::size_t rows_max) {
    CHECK(rows_max > 0);
    const Counted running(counts_.running);
    if (engine_.is_closing()) co_return refuse("57P01", "the node is stopping");
    auto batch = co_await rows_.next(rows_max);
    if (batch) counts_.rows.add(static_cast<std::int64_t>(batch->rows));
    if (!batch) counts_.failures.add();
    if (!batch && batch.error().sqlstate == "57014" && engine_.is_closing())
        co_return refuse("57P01", "the node is stopping");
    co_return batch;
}

io::Task<Outcome<Batch>> SqlCursor::next(std::size_t rows_max) {
    CHECK(rows_max > 0);
    auto work = [execution = execution_, rows_max]() -> Result<Outcome<Batch>> {
        return execution->next(rows_max);
    };
    auto done = co_await engine_.on_worker<Batch>(std::move(work));
    co_return done;
}

}  // namespace

std::unique_ptr<Engine> Engine::make(catalog::Desk& desk, history::History& history,
                                     Present& present, io::Shards& shards, EngineLimits limits) {
    return std::make_unique<SqlEngine>(desk, history, present, shards, limits);
}

}  // namespace lineshaft::query
