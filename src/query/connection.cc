#include "query/connection.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace lineshaft::query {
namespace {

constexpr std::size_t connections_max = 2, statements_kept_max = 8, kept_sql_bytes_max = 8 << 10;

thread_local std::vector<std::unique_ptr<Connection>> idle_connections;

}  // namespace

std::unique_ptr<Connection> Connection::take() {
    if (!idle_connections.empty()) {
        auto kept = std::move(idle_connections.back());
        idle_connections.pop_back();
        return kept;
    }
    Meter own;  // it outlives the statement, which is not charged for it
    const Meter::Charge charge(own);
    std::unique_ptr<Connection> made(new Connection);
    if (!made->open()) return nullptr;
    return made;
}

void Connection::keep(std::unique_ptr<Connection> connection) {
    connection->end_statement();
    connection->slot_.run = nullptr;
    if (idle_connections.size() < connections_max)
        idle_connections.push_back(std::move(connection));
}

Connection::~Connection() {
    end_statement();
    for (const Kept& kept : kept_) sqlite3_finalize(kept.statement);
    sqlite3_close_v2(handle_);
}

bool Connection::open() {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_PRIVATECACHE;
    if (sqlite3_open_v2(":memory:", &handle_, flags, nullptr) != SQLITE_OK) return false;
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, 64 << 20);
    sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_exec(handle_, "PRAGMA temp_store = MEMORY", nullptr, nullptr, nullptr);
    sqlite3_progress_handler(
        handle_, 2'000,
        [](void* slot) {
            Run* run = static_cast<RunSlot*>(slot)->run;
            return run == nullptr || run->may_go_on() ? 0 : 1;
        },
        &slot_);
    return add_tables(handle_, slot_) && add_functions(handle_, slot_) &&
           add_text_functions(handle_, slot_);
}

int Connection::prepare(const std::string& sql, sqlite3_stmt*& out) {
    const auto known = std::ranges::find(kept_, sql, &Kept::sql);
    if (known != kept_.end()) {
        kept_.splice(kept_.begin(), kept_, known);
        out = running_ = kept_.front().statement;
        is_running_kept_ = true;
        return SQLITE_OK;
    }
    const int outcome = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &running_, nullptr);
    is_running_kept_ = false;
    out = running_;
    if (outcome != SQLITE_OK || sql.size() > kept_sql_bytes_max) return outcome;
    kept_.push_front({sql, running_});
    is_running_kept_ = true;
    if (kept_.size() > statements_kept_max) {
        sqlite3_finalize(kept_.back().statement);
        kept_.pop_back();
    }
    return outcome;
}

void Connection::end_statement() {
    sqlite3_stmt* statement = std::exchange(running_, nullptr);
    if (!is_running_kept_) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);  // its tables' cursors end here
    sqlite3_clear_bindings(statement);
    is_running_kept_ = false;
}

std::string_view Connection::said() const {
    return sqlite3_errmsg(handle_);
}

}  // namespace lineshaft::query
