// Property: whatever a text says, it is understood or refused by name; what was understood is one
// statement that SQLite parses, reads only, and holds no name but ours.
#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "query/run.h"
#include "query/statement.h"

namespace {

using namespace lineshaft;

/// A connection with tables of the same names, empty: rewriting is looked at, not running.
sqlite3* connection_with_tables() {
    sqlite3* connection = nullptr;
    CHECK(sqlite3_open(":memory:", &connection) == SQLITE_OK);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    const auto add = [&](const query::TableShape& shape) {
        std::string sql = query::declaration_of(shape.columns);
        const std::string name = "ls_" + std::string(shape.schema) + "_" + std::string(shape.name);
        sql.replace(sql.find("x("), 1, name);
        CHECK(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    };
    for (const auto& shape : query::shown_tables()) add(shape);
    for (const auto& table : query::system_tables()) add(table.shape);
    return connection;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static sqlite3* const connection = connection_with_tables();
    if (size > 8'192) return 0;
    const std::string sql(reinterpret_cast<const char*>(data), size);
    const query::EngineLimits limits;
    (void)query::split_statements(sql, limits);
    const auto found = query::understand(sql, {}, {}, limits);
    if (!found) {
        CHECK(found.error().sqlstate.size() == 5 && !found.error().message.empty());
        CHECK(found.error().sqlstate != "XX000");
        return 0;
    }
    const auto& statement = **found;
    CHECK(statement.columns_.size() == statement.types_.size() || statement.types_.empty());
    if (statement.sql_.empty()) return 0;
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    const int outcome = sqlite3_prepare_v2(connection, statement.sql_.c_str(), -1, &prepared, &rest);
    if (outcome == SQLITE_OK) {
        CHECK(sqlite3_stmt_readonly(prepared) != 0);
        CHECK(rest != nullptr && *rest == '\0');
    } else {
        // Functions and the kernel's table are not here, and deep statements stack too much.
        const std::string said = sqlite3_errmsg(connection);
        CHECK(!said.contains("syntax error") && !said.contains("no such column"));
    }
    sqlite3_finalize(prepared);
    return 0;
}
