#include "catalog/sql.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "base/check.h"
#include "base/hash.h"
#include "catalog/checked_file.h"

namespace lineshaft::catalog {
namespace {

constexpr const char* savepoints[] = {"BEGIN IMMEDIATE", "SAVEPOINT level_1", "SAVEPOINT level_2"};
constexpr const char* releases[] = {"COMMIT", "RELEASE level_1", "RELEASE level_2"};
constexpr const char* undoings[] = {"ROLLBACK", "ROLLBACK TO level_1; RELEASE level_1",
                                    "ROLLBACK TO level_2; RELEASE level_2"};

Code code_of(int sqlite_code) {
    if (is_checksum_failure(sqlite_code)) return Code::corrupt;
    switch (sqlite_code & 0xFF) {
        case SQLITE_CONSTRAINT: return Code::conflict;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Code::corrupt;
        case SQLITE_TOOBIG: return Code::invalid;
        case SQLITE_PERM:
        case SQLITE_AUTH: return Code::denied;
        default: return Code::unavailable;
    }
}

struct Bind {
    sqlite3_stmt* statement;
    int index;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
    int operator()(std::int64_t number) const {
        return sqlite3_bind_int64(statement, index, number);
    }
    int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
    // SQLITE_STATIC: the caller's view outlives the run, and reset() forgets it.
    int operator()(std::string_view text) const {
        return sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(),
                                   text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(Blob blob) const {
        if (blob.bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
        return sqlite3_bind_blob64(statement, index, blob.bytes.data(), blob.bytes.size(),
                                   SQLITE_STATIC);
    }
};

int bind_all(sqlite3_stmt* statement, Database::Parameters parameters) {
    int number = 0;
    for (const Parameter& parameter : parameters) {
        std::array<char, 8> name{'$'};
        *std::to_chars(name.data() + 1, name.data() + 6, ++number).ptr = '\0';
        const int index = sqlite3_bind_parameter_index(statement, name.data());
        CHECK(index > 0);
        const int result = std::visit(Bind{statement, index}, parameter.value());
        if (result != SQLITE_OK) return result;
    }
    CHECK(sqlite3_bind_parameter_count(statement) == number);
    return SQLITE_OK;
}

// A kept statement must not hold locks or the caller's views after its run.
struct ResetAtEnd {
    sqlite3_stmt* statement;
    ~ResetAtEnd() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};

}  // namespace

bool Row::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t Row::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}
double Row::real(int column) const {
    return sqlite3_column_double(statement_, column);
}
std::string Row::text(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
}
std::optional<std::string> Row::text_or_nothing(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
}
std::optional<double> Row::real_or_nothing(int column) const {
    return is_null(column) ? std::nullopt : std::optional(real(column));
}
std::optional<Instant> Row::instant_or_nothing(int column) const {
    return is_null(column) ? std::nullopt : std::optional(instant(column));
}
std::optional<bool> Row::bool_or_nothing(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column) != 0);
}

struct Database::Statements {
    std::unordered_map<std::string, sqlite3_stmt*, StringHash, std::equal_to<>> by_text;
    ~Statements() {
        for (auto& [text, statement] : by_text) sqlite3_finalize(statement);
    }
};

Database::~Database() {
    statements_.reset();
    const int closed = sqlite3_close(handle_);
    DCHECK(closed == SQLITE_OK);
    static_cast<void>(closed);
}

std::unexpected<Error> Database::failure(std::string_view what) const {
    return fail(code_of(sqlite3_extended_errcode(handle_)),
                fmt::format("{}: {}", what, sqlite3_errmsg(handle_)));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const Options& options) {
    std::unique_ptr<Database> database(new Database);
    database->statements_ = std::make_unique<Statements>();
    const int opened = sqlite3_open_v2(
        path.c_str(), &database->handle_,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        checked_vfs());
    if (opened != SQLITE_OK) return database->failure("open");
    begin_with_checksums(database->handle_);
    sqlite3_busy_timeout(database->handle_, options.busy_ms_max);
    sqlite3_limit(database->handle_, SQLITE_LIMIT_LENGTH, static_cast<int>(options.text_bytes_max));
    // The schema is ours: what a damaged or hostile file may bring along is not run.
    sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    TRY_VOID(
        database->script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 1000;"
                         "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -2000;"));
    return database;
}

Result<sqlite3_stmt*> Database::prepared(std::string_view sql) {
    if (const auto found = statements_->by_text.find(sql); found != statements_->by_text.end()) {
        return found->second;
    }
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) return failure("prepare");
    statements_->by_text.emplace(sql, statement);
    return statement;
}

Result<std::size_t> Database::query(std::string_view sql, Parameters parameters,
                                    const Visit& visit) {
    TRY(sqlite3_stmt * statement, prepared(sql));
    // A statement that is being walked cannot be run again from inside its visitor.
    CHECK(sqlite3_stmt_busy(statement) == 0);
    const ResetAtEnd reset{statement};
    if (bind_all(statement, parameters) != SQLITE_OK) return failure("bind");
    const Row row(statement);
    for (std::size_t rows = 0;; ++rows) {
        const int stepped = sqlite3_step(statement);
        if (stepped == SQLITE_DONE) return rows;
        if (stepped != SQLITE_ROW) return failure("run");
        visit(row);
    }
}

Result<std::size_t> Database::change(std::string_view sql, Parameters parameters) {
    TRY_VOID(query(sql, parameters, [](const Row&) {}));
    return static_cast<std::size_t>(sqlite3_changes64(handle_));
}

Result<void> Database::script(std::string_view sql) {
    const std::string text(sql);
    if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return failure("run");
    }
    return {};
}

Result<void> Database::checksum_pages() {
    return add_checksums(handle_);
}

Result<std::int64_t> Database::outside_version() {
    std::int64_t version = 0;
    TRY_VOID(query("PRAGMA data_version", {}, [&](const Row& row) { version = row.integer(0); }));
    return version;
}

Result<Transaction> Transaction::begin(Database& database) {
    CHECK(database.depth_ < static_cast<int>(std::size(savepoints)));
    TRY_VOID(database.script(savepoints[database.depth_]));
    ++database.depth_;
    return Transaction(database);
}

Transaction::~Transaction() {
    if (database_ == nullptr) return;
    --database_->depth_;
    // SQLite may have rolled back by itself (disk full); then there is nothing left to undo.
    if (sqlite3_get_autocommit(database_->handle_) == 0) {
        (void)database_->script(undoings[database_->depth_]);
    }
}

Result<void> Transaction::commit() {
    auto done = database_->script(releases[database_->depth_ - 1]);
    if (!done) return done;  // the destructor undoes it
    --database_->depth_;
    database_ = nullptr;
    return {};
}

}  // namespace lineshaft::catalog
