#include "app/sql_room.h"

#include <fmt/format.h>

#include "base/log.h"

namespace lineshaft::app {

query::Limits sql_limits(const Settings& settings) {
    return {.time_max = std::chrono::seconds{settings.sql_timeout_s},
            .memory_bytes_max = static_cast<std::size_t>(settings.sql_memory)};
}

namespace {

/// A statement with what it was given. It begins once those machines are in the catalog that were on
/// their way when it was asked for: what it sees of the catalog is taken then.
class LaterCursor final : public query::Cursor {
public:
    struct Given {
        query::PreparedPtr prepared;
        std::vector<query::Value> parameters;
        query::Scope scope;
        query::Session session;
        query::Limits limits;
        io::StopFlagPtr cancel;
    };
    LaterCursor(catalog::Desk& desk, query::Engine& engine, Given given)
        : desk_(desk), engine_(engine), given_(std::move(given)), prepared_(given_.prepared) {}

    std::span<const query::Column> columns() const override { return prepared_->columns(); }
    io::Task<query::Outcome<query::Batch>> next(std::size_t rows_max) override {
        if (cursor_ == nullptr) {
            auto nothing = [](catalog::Catalog&) -> Result<void> { return {}; };
            auto settled = co_await desk_.run(nothing);  // comes behind them
            if (!settled) log::warn("sql: newcomers may be missing: {}", settled.error().context);
            auto begun = engine_.execute(std::move(given_.prepared), std::move(given_.parameters),
                                         std::move(given_.scope), std::move(given_.session),
                                         given_.limits, std::move(given_.cancel));
            if (!begun) co_return std::unexpected(std::move(begun).error());
            cursor_ = std::move(*begun);
        }
        auto batch = co_await cursor_->next(rows_max);
        co_return batch;
    }

private:
    catalog::Desk& desk_;
    query::Engine& engine_;
    Given given_;
    const query::PreparedPtr prepared_;
    std::unique_ptr<query::Cursor> cursor_;
};

/// Also a statement that was prepared long before sees the machines that have spoken.
class WithNewcomers final : public query::Engine {
public:
    WithNewcomers(catalog::Desk& desk, const io::Counter& coming,
                  std::unique_ptr<query::Engine> engine)
        : desk_(desk), coming_(coming), engine_(std::move(engine)) {}

    io::Task<query::Outcome<std::vector<Piece>>> split(std::string sql) override {
        return engine_->split(std::move(sql));
    }
    io::Task<query::Outcome<query::PreparedPtr>> prepare(std::string sql,
                                                         std::vector<query::Type> declared,
                                                         query::Session session) override {
        auto prepared =
            co_await engine_->prepare(std::move(sql), std::move(declared), std::move(session));
        co_return prepared;
    }
    query::Outcome<std::unique_ptr<query::Cursor>> execute(
        query::PreparedPtr prepared, std::vector<query::Value> parameters, query::Scope scope,
        query::Session session, query::Limits limits, io::StopFlagPtr cancel) override {
        if (coming_.value() > 0) {
            return std::make_unique<LaterCursor>(
                desk_, *engine_,
                LaterCursor::Given{std::move(prepared), std::move(parameters), std::move(scope),
                                   std::move(session), limits, std::move(cancel)});
        }
        return engine_->execute(std::move(prepared), std::move(parameters), std::move(scope),
                                std::move(session), limits, std::move(cancel));
    }
    Stats stats() const override { return engine_->stats(); }
    void close() override { engine_->close(); }

private:
    catalog::Desk& desk_;
    const io::Counter& coming_;
    const std::unique_ptr<query::Engine> engine_;
};

}  // namespace

SqlRoom::SqlRoom(catalog::Desk& desk, history::History& history, twin::Plant& plant,
                 io::Shards& shards, const io::Counter& coming)
    : plant_(plant),
      engine_(std::make_unique<WithNewcomers>(
          desk, coming, query::Engine::make(desk, history, *this, shards))) {}

io::Task<std::vector<query::Present::Machine>> SqlRoom::machines_after(OrganisationId organisation,
                                                                       std::string after,
                                                                       std::size_t count_max) {
    auto page = co_await plant_.machines_after(organisation, std::move(after), count_max);
    std::vector<Machine> machines;
    machines.reserve(page.items.size());
    for (auto& state : page.items) {
        Machine machine;
        machine.id = std::move(state.id);
        machine.connection = twin::name_of(state.connection);
        machine.state = std::move(state.state);
        machine.fault = std::move(state.fault);
        machine.source = twin::name_of(state.source);
        machine.last_seen = state.last_seen;
        if (state.position) {
            machine.latitude = state.position->latitude;
            machine.longitude = state.position->longitude;
        }
        machines.push_back(std::move(machine));
    }
    co_return machines;
}

std::string SqlRoom::metrics() const {
    const auto stats = engine_->stats();
    return fmt::format(
        "# TYPE lineshaft_sql_statements_total counter\nlineshaft_sql_statements_total {}\n"
        "# TYPE lineshaft_sql_failures_total counter\nlineshaft_sql_failures_total {}\n"
        "# TYPE lineshaft_sql_kernel_total counter\nlineshaft_sql_kernel_total {}\n"
        "# TYPE lineshaft_sql_rows_total counter\nlineshaft_sql_rows_total {}\n"
        "# TYPE lineshaft_sql_open gauge\nlineshaft_sql_open {}\n",
        stats.statements, stats.failures, stats.on_kernel, stats.rows, stats.open);
}

}  // namespace lineshaft::app
