// What a signed-in client asks: simple and extended query ("Message Flow").
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "gate/pg/session.h"
#include "gate/pg/values.h"
#include "query/stand_ins.h"

namespace lineshaft::pg {
namespace {

using postgres::TransactionState;

/// Settings whose change clients are told.
constexpr std::string_view watched_names[] = {"application_name", "client_encoding", "DateStyle",
                                              "IntervalStyle",    "TimeZone",
                                              "standard_conforming_strings"};

bool is_word_in(std::string_view text, std::string_view upper_word) {
    std::string upper;
    for (const char c : text) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const auto at = upper.find(upper_word);
    return at != upper.npos;
}

/// Of a statement with the tag ROLLBACK: to a savepoint, which ends no transaction.
bool is_to_savepoint(std::string_view sql) {
    return sql.size() < 256 && is_word_in(sql, " TO ");
}

bool ends_transaction(std::string_view tag) {
    return tag == "COMMIT" || tag == "ROLLBACK" || tag == "END" || tag == "ABORT";
}

/// "30000", "30s", "1min"; nothing: no limit.
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || number <= 0) return std::nullopt;
    const std::string_view unit(end, text.data() + text.size());
    std::int64_t factor = 0;
    if (unit.empty() || unit == "ms") factor = 1;
    if (unit == "s") factor = 1'000;
    if (unit == "min") factor = 60'000;
    if (unit == "h") factor = 3'600'000;
    if (factor == 0 || number > INT32_MAX / factor) return std::nullopt;
    return std::chrono::milliseconds(number * factor);
}

}  // namespace

io::Task<void> Session::answer(postgres::Message message) {
    Step step;
    if (auto* query = std::get_if<postgres::Query>(&message)) {
        co_await answer_query(std::move(query->sql));
        co_return;
    }
    if (auto* parsed = std::get_if<postgres::Parse>(&message)) {
        step = co_await parse(std::move(*parsed));
    } else if (auto* bound = std::get_if<postgres::Bind>(&message)) {
        step = bind(std::move(*bound));
    } else if (const auto* described = std::get_if<postgres::Describe>(&message)) {
        step = describe(*described);
    } else if (auto* executed = std::get_if<postgres::Execute>(&message)) {
        step = co_await execute(std::move(*executed));
    } else if (const auto* closed = std::get_if<postgres::Close>(&message)) {
        close(*closed);
    } else if (std::holds_alternative<postgres::Sync>(message)) {
        sync();
    } else if (std::holds_alternative<postgres::FunctionCalled>(message)) {
        fail_statement({.sqlstate = "0A000", .message = "function calls are made with SELECT"});
        postgres::put_ready(out_, state_);
        co_return;
    }
    if (step) co_return;
    fail_statement(step.error());
    receiver_.skip_to_sync();
}

void Session::fail_statement(const query::Failure& failure) {
    ++here_.stats.failures;
    postgres::put_failure(out_, failure_of(failure));
    if (state_ == TransactionState::open) state_ = TransactionState::failed;
}

void Session::sync() {
    if (state_ == TransactionState::idle) drop_portals();
    postgres::put_ready(out_, state_);
}

// ---- Simple query -------------------------------------------------------------------------------

io::Task<void> Session::answer_query(std::string sql) {
    portals_.erase(std::string());
    statements_.erase(std::string());
    Step step;
    if (!is_utf8(sql)) {
        step = query::refuse("22021", "the statement is not UTF-8 text");
    } else {
        auto pieces = co_await door_.services.engine.split(std::move(sql));
        if (!pieces) {
            step = std::unexpected(std::move(pieces).error());
        } else if (pieces->empty()) {
            postgres::put_empty_query(out_);
        } else {
            for (auto& piece : *pieces) {
                step = co_await run_piece(std::move(piece));
                if (!step || is_gone_) break;
            }
        }
    }
    if (!step) fail_statement(step.error());
    if (state_ == TransactionState::idle) drop_portals();
    postgres::put_ready(out_, state_);
}

// What a known client asks in words that the engine has not is asked in ours.
io::Task<query::Outcome<query::PreparedPtr>> Session::understand(
    std::string sql, std::vector<query::Type> declared) {
    const std::string text = sql;
    auto prepared = co_await door_.services.engine.prepare(std::move(sql), declared, settings_);
    if (prepared || prepared.error().sqlstate == "42601") co_return prepared;
    auto other = query::stand_in(text);
    if (!other) co_return prepared;
    auto again = co_await door_.services.engine.prepare(std::move(*other), std::move(declared),
                                                        settings_);
    if (!again) co_return prepared;
    co_return again;
}

void Session::drop_portals() {
    std::erase_if(portals_, [](const auto& one) { return !one.second.is_held; });
}

io::Task<Session::Step> Session::run_piece(query::Engine::Piece piece) {
    if (auto words = cursor_words(piece.sql)) {
        auto done = co_await run_cursor(std::move(*words), piece.offset);
        co_return done;
    }
    const bool to_savepoint = is_to_savepoint(piece.sql);
    auto prepared = co_await understand(std::move(piece.sql), {});
    if (!prepared) {
        auto failure = std::move(prepared).error();
        if (failure.position > 0) failure.position += piece.offset;
        co_return std::unexpected(std::move(failure));
    }
    if (auto allowed = check_transaction(**prepared); !allowed) co_return allowed;
    if (!(*prepared)->parameters().empty()) {
        co_return query::refuse("42P02", "there is no parameter $1", 0,
                                "Parameters need a prepared statement.");
    }
    Portal portal;
    portal.prepared = *prepared;
    if ((*prepared)->kind() == query::Kind::empty) {
        postgres::put_empty_query(out_);
        co_return Step{};
    }
    const bool has_rows = !(*prepared)->columns().empty() ||
                          (*prepared)->kind() == query::Kind::rows;
    if (has_rows) {
        postgres::put_row_description(out_, columns_of((*prepared)->columns(), {}));
    } else if (auto done = do_here(**prepared, to_savepoint); done || done.error().sqlstate != "0A000") {
        co_return done;
    }
    auto done = co_await run_portal(&portal, 0);
    if (!done && done.error().position > 0) done.error().position += piece.offset;
    co_return done;
}

Session::Step Session::check_transaction(const query::Prepared& prepared) const {
    if (state_ != TransactionState::failed) return {};
    if (prepared.kind() == query::Kind::transaction && ends_transaction(prepared.tag())) return {};
    return query::refuse("25P02",
                         "current transaction is aborted, commands ignored until end of"
                         " transaction block");
}

Session::Step Session::do_here(const query::Prepared& prepared, bool is_to_savepoint) {
    std::string tag(prepared.tag());
    switch (prepared.kind()) {
        case query::Kind::set: {
            const auto& wanted = prepared.setting();
            const query::Session fresh;
            if (wanted.value) {
                auto set = settings_.set(wanted.name, *wanted.value);
                if (!set) return set;
            } else if (auto standard = fresh.show(wanted.name)) {
                auto set = settings_.set(wanted.name, *standard);
                if (!set) return set;
            }
            for (const auto name : watched_names) report(name);
            break;
        }
        case query::Kind::transaction: {
            const bool was_failed = state_ == TransactionState::failed;
            if (tag == "ROLLBACK" && is_to_savepoint) {
                if (was_failed) state_ = TransactionState::open;
            } else if (ends_transaction(tag)) {
                if (was_failed) tag = "ROLLBACK";
                state_ = TransactionState::idle;
                drop_portals();
            } else if (tag == "BEGIN" || tag == "START TRANSACTION") {
                state_ = TransactionState::open;
            }
            break;
        }
        case query::Kind::discard: {
            const std::string& name = prepared.setting().name;
            if (!name.empty() && tag.starts_with("DEALLOCATE")) {
                if (statements_.erase(name) == 0) {
                    return query::refuse("26000", fmt::format(
                                             "prepared statement \"{}\" does not exist", name));
                }
                break;
            }
            if (tag.starts_with("CLOSE")) {
                if (name.empty()) {
                    portals_.clear();
                } else {
                    portals_.erase(name);
                }
                break;
            }
            statements_.clear();
            if (tag.starts_with("DISCARD")) portals_.clear();
            break;
        }
        default: return query::refuse("0A000", "not done here");
    }
    postgres::put_command_complete(out_, tag);
    return {};
}

// ---- Extended query -----------------------------------------------------------------------------

std::size_t Session::statement_bytes() const {
    std::size_t sum = 0;
    for (const auto& [name, statement] : statements_) sum += statement.bytes;
    return sum;
}

std::size_t Session::portal_bytes() const {
    std::size_t sum = 0;
    for (const auto& [name, portal] : portals_) sum += portal.bytes;
    return sum;
}

io::Task<Session::Step> Session::parse(postgres::Parse message) {
    if (!is_utf8(message.sql) || !is_utf8(message.statement)) {
        co_return query::refuse("22021", "the statement is not UTF-8 text");
    }
    if (message.statement.empty()) statements_.erase(std::string());
    if (statements_.contains(message.statement)) {
        co_return query::refuse("42P05", fmt::format("prepared statement \"{}\" already exists",
                                                     message.statement));
    }
    const std::size_t bytes = message.sql.size() + message.statement.size();
    if (statements_.size() >= door_.limits.statements_max ||
        statement_bytes() + bytes > door_.limits.statement_bytes_max) {
        co_return query::refuse("53400", "too many prepared statements on this connection", 0,
                                "Close (DEALLOCATE) those that are not needed any more.");
    }
    if (auto words = cursor_words(message.sql)) {
        auto done = co_await parse_cursor(std::move(message), std::move(*words));
        co_return done;
    }
    std::vector<query::Type> declared;
    for (const auto type : message.types)
        declared.push_back(type_of(static_cast<postgres::Oid>(type)));
    const bool to_savepoint = is_to_savepoint(message.sql);
    auto prepared = co_await understand(message.sql, std::move(declared));
    if (!prepared) co_return std::unexpected(std::move(prepared).error());
    if (auto allowed = check_transaction(**prepared); !allowed) co_return allowed;
    Statement statement;
    statement.prepared = *prepared;
    statement.is_to_savepoint = to_savepoint;
    keep_statement(message, std::move(statement));
    co_return Step{};
}

void Session::keep_statement(const postgres::Parse& message, Statement statement) {
    statement.bytes = message.sql.size() + message.statement.size();
    if (statement.prepared != nullptr) {
        const auto types = statement.prepared->parameters();
        for (std::size_t index = 0; index < types.size(); ++index) {
            const auto said = index < message.types.size()
                                  ? static_cast<postgres::Oid>(message.types[index])
                                  : postgres::Oid::none;
            const bool is_known = type_of(said) != query::Type::null;
            statement.types.push_back(is_known ? said : oid_of(types[index]));
        }
    }
    statements_.insert_or_assign(message.statement, std::move(statement));
    postgres::put_parse_complete(out_);
}

Session::Step Session::bind(postgres::Bind message) {
    const auto found = statements_.find(message.statement);
    if (found == statements_.end()) {
        return query::refuse("26000", fmt::format("prepared statement \"{}\" does not exist",
                                                  message.statement));
    }
    const Statement& statement = found->second;
    const bool is_fetch = statement.prepared == nullptr;
    auto allowed = statement.cursor ? check_not_failed() : check_transaction(*statement.prepared);
    if (!allowed) return allowed;
    if (message.portal.empty()) portals_.erase(std::string());
    if (portals_.contains(message.portal)) {
        return query::refuse("42P03", fmt::format("cursor \"{}\" already exists", message.portal));
    }
    const auto types =
        is_fetch ? std::span<const query::Type>() : statement.prepared->parameters();
    if (message.values.size() != types.size()) {
        return query::refuse("08P01", fmt::format("{} parameters were bound, the statement has {}",
                                                  message.values.size(), types.size()));
    }
    // Those of FETCH are looked at where its cursor is known to be open.
    const std::size_t columns =
        is_fetch ? message.result_formats.size() : statement.prepared->columns().size();
    if (message.result_formats.size() > 1 && message.result_formats.size() != columns) {
        return query::refuse("08P01", fmt::format("{} result formats for {} columns",
                                                  message.result_formats.size(), columns));
    }
    Portal portal;
    portal.prepared = statement.prepared;
    portal.cursor_words = statement.cursor;
    portal.is_to_savepoint = statement.is_to_savepoint;
    for (std::size_t index = 0; index < types.size(); ++index) {
        auto value = parameter_of(message.values[index], types[index], statement.types[index],
                                  postgres::format_of(message.formats, index),
                                  settings_.time_zone);
        if (!value) {
            auto failure = std::move(value).error();
            failure.detail = fmt::format("Parameter ${}.", index + 1);
            return std::unexpected(std::move(failure));
        }
        portal.bytes += bytes_of(*value);
        portal.values.push_back(std::move(*value));
    }
    if (portals_.size() >= door_.limits.portals_max ||
        portal_bytes() + portal.bytes > door_.limits.portal_bytes_max) {
        return query::refuse("53400", "too many open portals on this connection");
    }
    portal.formats = std::move(message.result_formats);
    portals_.insert_or_assign(message.portal, std::move(portal));
    postgres::put_bind_complete(out_);
    return {};
}

Session::Portal* Session::open_portal(std::string_view name) {
    const auto found = portals_.find(name);
    return found == portals_.end() ? nullptr : &found->second;
}

Session::Step Session::describe(const postgres::Describe& message) {
    const query::Prepared* prepared = nullptr;
    const CursorWords* words = nullptr;
    std::vector<postgres::Format> formats;
    if (message.kind == postgres::Kind::statement) {
        const auto found = statements_.find(message.name);
        if (found == statements_.end()) {
            return query::refuse("26000", fmt::format("prepared statement \"{}\" does not exist",
                                                      message.name));
        }
        postgres::put_parameter_description(out_, found->second.types);
        prepared = found->second.prepared.get();
        if (found->second.cursor) words = &*found->second.cursor;
    } else {
        const Portal* portal = open_portal(message.name);
        if (portal == nullptr) {
            return query::refuse("34000",
                                 fmt::format("portal \"{}\" does not exist", message.name));
        }
        prepared = portal->prepared.get();
        if (portal->cursor_words) words = &*portal->cursor_words;
        formats = portal->formats;
    }
    if (words != nullptr) {
        if (words->what == CursorWords::What::fetch)
            put_columns_of_fetch(*words, formats);
        else
            postgres::put_no_data(out_);
        return {};
    }
    if (prepared->columns().empty() && prepared->kind() != query::Kind::rows) {
        postgres::put_no_data(out_);
    } else {
        postgres::put_row_description(out_, columns_of(prepared->columns(), formats));
    }
    return {};
}

io::Task<Session::Step> Session::execute(postgres::Execute message) {
    Portal* portal = open_portal(message.portal);
    if (portal == nullptr) {
        co_return query::refuse("34000",
                                fmt::format("portal \"{}\" does not exist", message.portal));
    }
    if (portal->cursor_words) {
        auto done = co_await execute_cursor(portal);
        co_return done;
    }
    // Kept alive whatever it does to the portals.
    const query::PreparedPtr prepared = portal->prepared;
    if (auto allowed = check_transaction(*prepared); !allowed) co_return allowed;
    if (prepared->kind() == query::Kind::empty) {
        postgres::put_empty_query(out_);
        co_return Step{};
    }
    if (prepared->columns().empty() && prepared->kind() != query::Kind::rows) {
        if (auto done = do_here(*prepared, portal->is_to_savepoint);
            done || done.error().sqlstate != "0A000") {
            co_return done;
        }
    }
    auto done = co_await run_portal(portal, message.rows_max);
    co_return done;
}

void Session::close(const postgres::Close& message) {
    if (message.kind == postgres::Kind::statement)
        statements_.erase(message.name);
    else
        portals_.erase(message.name);
    postgres::put_close_complete(out_);
}

// ---- Rows ---------------------------------------------------------------------------------------

io::Task<Session::Step> Session::run_portal(Portal* portal, std::uint64_t rows_max) {
    bool is_suspended = false;
    if (!portal->stop) portal->stop = std::make_shared<io::StopFlag>();
    stop_ = portal->stop;
    auto sent = co_await send_rows(portal, rows_max, &is_suspended);
    stop_ = nullptr;
    if (!sent) {
        portal->cursor = nullptr;
        portal->is_done = true;
        co_return std::unexpected(std::move(sent).error());
    }
    here_.stats.rows += *sent;
    if (is_suspended) {
        postgres::put_portal_suspended(out_);
        co_return Step{};
    }
    const bool is_counted = portal->prepared->kind() == query::Kind::rows;
    const std::string tag(portal->prepared->tag());
    postgres::put_command_complete(out_, is_counted ? fmt::format("{} {}", tag, *sent) : tag);
    co_return Step{};
}

bool Session::has_open_cursor() const {
    return std::ranges::any_of(portals_, [](const auto& one) { return one.second.cursor != nullptr; });
}

void Session::lapse_cursors() {
    for (auto& [name, portal] : portals_) {
        if (!portal.cursor) continue;
        portal.cursor = nullptr;
        portal.is_lapsed = true;
    }
}

io::Task<query::Outcome<std::uint64_t>> Session::send_rows(Portal* portal, std::uint64_t rows_max,
                                                           bool* is_suspended) {
    std::uint64_t sent = 0;
    if (portal->is_lapsed) {
        co_return query::refuse("34000", "the cursor was closed: nobody fetched from it in time");
    }
    if (portal->is_done) co_return sent;
    if (!portal->cursor) {
        query::Limits limits = door_.limits.statement;
        if (const auto shown = settings_.show("statement_timeout")) {
            const auto wanted = parse_timeout(*shown);
            if (wanted) limits.time_max = std::min(limits.time_max, *wanted);
        }
        auto cursor = door_.services.engine.execute(portal->prepared, std::move(portal->values),
                                                    {who_}, settings_, limits, stop_);
        if (!cursor) co_return std::unexpected(std::move(cursor).error());
        ++here_.stats.statements;
        portal->cursor = std::move(*cursor);
    }
    const std::size_t columns = portal->prepared->columns().size();
    std::size_t batch_rows = std::min<std::size_t>(64, door_.limits.batch_rows);
    for (;;) {
        const std::size_t wanted =
            rows_max == 0 ? batch_rows : std::min<std::uint64_t>(batch_rows, rows_max - sent);
        auto batch = co_await portal->cursor->next(wanted);
        if (!batch) co_return std::unexpected(std::move(batch).error());
        std::size_t bytes = 0;
        for (std::size_t row = 0; row < batch->rows; ++row) {
            const std::size_t before = out_.size();
            postgres::RowWriter writer(out_);
            for (std::size_t column = 0; column < columns; ++column) {
                put_value(writer, out_, batch->values[row * columns + column],
                          postgres::format_of(portal->formats, column), settings_.time_zone);
            }
            writer.finish();
            bytes += out_.size() - before;
            if (out_.size() < door_.limits.output_bytes) continue;
            const bool is_flushed = co_await flush();
            if (!is_flushed) co_return query::refuse("57014", "the client is gone");
        }
        sent += batch->rows;
        // So many rows of this size as make a few writes; large ones are not gathered.
        batch_rows = std::clamp<std::size_t>(
            4 * door_.limits.output_bytes * std::max<std::size_t>(batch->rows, 1) / (bytes + 1), 1,
            door_.limits.batch_rows);
        if (batch->is_last) {
            portal->is_done = true;
            portal->cursor = nullptr;
            co_return sent;
        }
        if (rows_max > 0 && sent >= rows_max) {
            *is_suspended = true;
            co_return sent;
        }
        if (stop_->is_raised()) {
            co_return query::refuse("57014", "canceling statement due to user request");
        }
    }
}

}  // namespace lineshaft::pg
