// Cursors that are declared by name and fetched from: portals that statements reach.
#include <fmt/format.h>

#include "gate/pg/session.h"
#include "gate/pg/values.h"

namespace lineshaft::pg {

using postgres::TransactionState;

io::Task<Session::Step> Session::run_cursor(CursorWords words, std::size_t offset) {
    if (state_ == TransactionState::failed) {
        co_return query::refuse("25P02", "current transaction is aborted, commands ignored until end of"
                                         " transaction block");
    }
    if (words.what == CursorWords::What::fetch) {
        auto fetched = co_await fetch(std::move(words));
        co_return fetched;
    }
    auto prepared = co_await understand(words.sql, {});
    if (!prepared) {
        auto failure = std::move(prepared).error();
        if (failure.position > 0) failure.position += offset + words.sql_offset;
        co_return std::unexpected(std::move(failure));
    }
    co_return declare(std::move(words), std::move(*prepared));
}

Session::Step Session::declare(CursorWords words, query::PreparedPtr prepared) {
    if (prepared->kind() != query::Kind::rows || !prepared->parameters().empty())
        return query::refuse("42P11", "a cursor is declared for a SELECT without parameters");
    if (!words.is_held && state_ != TransactionState::open)
        return query::refuse("25P01", "DECLARE CURSOR can only be used in transaction blocks", 0,
                             "BEGIN first, or declare it WITH HOLD.");
    if (portals_.contains(words.name))
        return query::refuse("42P03", fmt::format("cursor \"{}\" already exists", words.name));
    if (portals_.size() >= door_.limits.portals_max ||
        portal_bytes() + words.name.size() > door_.limits.portal_bytes_max)
        return query::refuse("53400", "too many open portals on this connection");
    Portal portal;
    portal.prepared = std::move(prepared);
    portal.bytes = words.name.size();
    portal.is_held = words.is_held;
    portals_.insert_or_assign(std::move(words.name), std::move(portal));
    postgres::put_command_complete(out_, "DECLARE CURSOR");
    return {};
}

io::Task<Session::Step> Session::fetch(CursorWords words) {
    if (words.is_backward) co_return query::refuse("55000", "cursor can only scan forward");
    Portal* portal = open_portal(words.name);
    if (portal == nullptr)
        co_return query::refuse("34000", fmt::format("cursor \"{}\" does not exist", words.name));
    postgres::put_row_description(out_, columns_of(portal->prepared->columns(), {}));
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

}  // namespace lineshaft::pg
