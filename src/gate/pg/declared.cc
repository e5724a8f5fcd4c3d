// Cursors that are declared by name and fetched from: portals that statements reach, in simple
// queries and in prepared ones, whose DECLARE may have parameters.
#include <fmt/format.h>

#include "gate/pg/session.h"
#include "gate/pg/values.h"

namespace lineshaft::pg {

using postgres::TransactionState;

Session::Step Session::check_not_failed() const {
    if (state_ != TransactionState::failed) return {};
    return query::refuse("25P02", "current transaction is aborted, commands ignored until end of"
                                  " transaction block");
}

io::Task<Session::Step> Session::run_cursor(CursorWords words, std::size_t offset) {
    if (auto allowed = check_not_failed(); !allowed) co_return allowed;
    if (words.what == CursorWords::What::fetch) {
        auto fetched = co_await fetch(std::move(words), {}, true);
        co_return fetched;
    }
    auto prepared = co_await understand(words.sql, {});
    if (!prepared) {
        auto failure = std::move(prepared).error();
        if (failure.position > 0) failure.position += offset + words.sql_offset;
        co_return std::unexpected(std::move(failure));
    }
    if (!(*prepared)->parameters().empty()) {
        co_return query::refuse("42P02", "there is no parameter $1", 0,
                                "Parameters need a prepared statement.");
    }
    co_return declare(std::move(words), std::move(*prepared), {});
}

Session::Step Session::declare(CursorWords words, query::PreparedPtr prepared,
                               std::vector<query::Value> values) {
    if (prepared->kind() != query::Kind::rows)
        return query::refuse("42P11", "a cursor is declared for a SELECT");
    if (!words.is_held && state_ != TransactionState::open)
        return query::refuse("25P01", "DECLARE CURSOR can only be used in transaction blocks", 0,
                             "BEGIN first, or declare it WITH HOLD.");
    if (portals_.contains(words.name))
        return query::refuse("42P03", fmt::format("cursor \"{}\" already exists", words.name));
    Portal portal;
    portal.prepared = std::move(prepared);
    portal.bytes = words.name.size();
    for (const query::Value& value : values) portal.bytes += bytes_of(value);
    portal.values = std::move(values);
    if (portals_.size() >= door_.limits.portals_max ||
        portal_bytes() + portal.bytes > door_.limits.portal_bytes_max)
        return query::refuse("53400", "too many open portals on this connection");
    portal.is_held = words.is_held;
    portals_.insert_or_assign(std::move(words.name), std::move(portal));
    postgres::put_command_complete(out_, "DECLARE CURSOR");
    return {};
}

io::Task<Session::Step> Session::fetch(CursorWords words, std::vector<postgres::Format> formats,
                                       bool is_described) {
    if (words.is_backward) co_return query::refuse("55000", "cursor can only scan forward");
    Portal* portal = open_portal(words.name);
    if (portal == nullptr)
        co_return query::refuse("34000", fmt::format("cursor \"{}\" does not exist", words.name));
    const auto columns = portal->prepared->columns();
    if (formats.size() > 1 && formats.size() != columns.size()) {
        co_return query::refuse("08P01", fmt::format("{} result formats for {} columns",
                                                     formats.size(), columns.size()));
    }
    portal->formats = std::move(formats);
    if (is_described) postgres::put_row_description(out_, columns_of(columns, {}));
    if (words.rows == 0) {
        postgres::put_command_complete(out_, "FETCH 0");
        co_return Step{};
    }
    if (!portal->stop) portal->stop = std::make_shared<io::StopFlag>();
    stop_ = portal->stop;
    bool is_suspended = false;
    auto sent = co_await send_rows(portal, words.rows.value_or(0), &is_suspended);
    stop_ = nullptr;
    if (!sent) {
        portal->cursor = nullptr;
        portal->is_done = true;
        co_return std::unexpected(std::move(sent).error());
    }
    here_.stats.rows += *sent;
    postgres::put_command_complete(out_, fmt::format("FETCH {}", *sent));
    co_return Step{};
}

// ---- Extended query -----------------------------------------------------------------------------

io::Task<Session::Step> Session::parse_cursor(postgres::Parse message, CursorWords words) {
    if (auto allowed = check_not_failed(); !allowed) co_return allowed;
    Statement statement;
    statement.cursor = words;
    if (words.what == CursorWords::What::declare) {
        std::vector<query::Type> said;
        for (const auto type : message.types)
            said.push_back(type_of(static_cast<postgres::Oid>(type)));
        auto prepared = co_await understand(std::move(words.sql), std::move(said));
        if (!prepared) {
            auto failure = std::move(prepared).error();
            if (failure.position > 0) failure.position += words.sql_offset;
            co_return std::unexpected(std::move(failure));
        }
        statement.prepared = std::move(*prepared);
    }
    keep_statement(message, std::move(statement));
    co_return Step{};
}

io::Task<Session::Step> Session::execute_cursor(Portal* portal) {
    if (auto allowed = check_not_failed(); !allowed) co_return allowed;
    if (portal->is_done)
        co_return query::refuse("55000", "a portal of DECLARE or FETCH is executed once");
    portal->is_done = true;
    const CursorWords words = *portal->cursor_words;
    if (words.what == CursorWords::What::declare)
        co_return declare(words, portal->prepared, std::move(portal->values));
    auto fetched = co_await fetch(words, portal->formats, false);
    co_return fetched;
}

// As far as its cursor is open by now; PostgreSQL says no more either.
void Session::put_columns_of_fetch(const CursorWords& words,
                                   const std::vector<postgres::Format>& formats) {
    const Portal* portal = open_portal(words.name);
    if (portal == nullptr || portal->prepared == nullptr)
        postgres::put_no_data(out_);
    else
        postgres::put_row_description(out_, columns_of(portal->prepared->columns(), formats));
}

}  // namespace lineshaft::pg
