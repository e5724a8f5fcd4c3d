#include "catalog/copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "catalog/checked_file.h"
#include "catalog/migrations.h"

namespace lineshaft::catalog {
namespace {

constexpr int busy_ms_max = 30'000;
constexpr int problems_max = 100;

struct CloseHandle {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;
struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Code code_of_copy(int result) {
    if (is_checksum_failure(result)) return Code::corrupt;
    switch (result & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Code::corrupt;
        case SQLITE_CANTOPEN: return Code::not_found;
        case SQLITE_FULL: return Code::exhausted;
        case SQLITE_PERM:
        case SQLITE_READONLY: return Code::denied;
        default: return Code::unavailable;
    }
}

std::unexpected<Error> failure(sqlite3* handle, const std::string& doing) {
    const int code = sqlite3_extended_errcode(handle);
    return fail(code_of_copy(code), fmt::format("{}: {}", doing, sqlite3_errmsg(handle)));
}

// Without checksums every row that can be made out is given, vouched for or not.
Result<Handle> open_existing(const std::string& path, bool with_checksums = true) {
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
                        with_checksums ? checked_vfs() : nullptr);
    Handle handle(raw);
    if (opened != SQLITE_OK) return failure(raw, "open " + path);
    sqlite3_busy_timeout(raw, busy_ms_max);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return handle;
}

// An empty file of ours, so that nobody else ever reads what is written to it.
Result<void> claim_new(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        const Code code = errno == EEXIST ? Code::conflict : Code::unavailable;
        return fail(code, fmt::format("make {}: {}", path, std::strerror(errno)));
    }
    ::close(file);
    return {};
}

Result<void> sync_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!is_synced) return fail(Code::unavailable, "sync " + path);
    return {};
}

Result<void> copy_pages(sqlite3* from, sqlite3* to, const std::string& path) {
    sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == nullptr) return failure(to, "copy to " + path);
    int stepped;
    do {  // all pages in one read transaction, so nobody's write makes it begin anew
        stepped = sqlite3_backup_step(backup, -1);
        if (stepped == SQLITE_BUSY || stepped == SQLITE_LOCKED) sqlite3_sleep(10);
    } while (stepped == SQLITE_BUSY || stepped == SQLITE_LOCKED);
    const int finished = sqlite3_backup_finish(backup);
    if (finished != SQLITE_OK) {
        return fail(code_of_copy(finished),
                    fmt::format("copy to {}: {}", path, sqlite3_errstr(finished)));
    }
    return {};
}

Result<void> copy_into(const std::string& from, const std::string& to) {
    TRY(const auto source, open_existing(from));
    TRY(const auto target, open_existing(to));
    if (has_checksums(source.get())) expect_checksums(target.get());
    return copy_pages(source.get(), target.get(), to);
}

void remove_file_set(const std::string& path) {
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) ::unlink((path + ending).c_str());
}

Result<Statement> prepare(sqlite3* handle, const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
        return failure(handle, "prepare");
    }
    return Statement(raw);
}

std::string text_of(sqlite3_stmt* statement, int column) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return text == nullptr ? "" : text;
}

Result<std::vector<std::string>> first_column(sqlite3* handle, const std::string& sql,
                                              int column = 0) {
    TRY(const auto statement, prepare(handle, sql));
    std::vector<std::string> texts;
    int stepped;
    while ((stepped = sqlite3_step(statement.get())) == SQLITE_ROW)
        texts.push_back(text_of(statement.get(), column));
    if (stepped != SQLITE_DONE) return failure(handle, "read");
    return texts;
}

Result<std::int64_t> version_in(sqlite3* handle) {
    TRY(const auto found,
        first_column(handle, "SELECT COALESCE(MAX(version), 0) FROM schema_version"));
    return found.empty() ? 0 : std::strtoll(found.front().c_str(), nullptr, 10);
}

// Copies one table row by row, in the order of row numbers, stepping over what cannot be read.
class TableCopy {
public:
    TableCopy(sqlite3* from, sqlite3* to, std::string table, std::vector<std::string> columns)
        : from_(from), to_(to), columns_(std::move(columns)) {
        rows_.table = std::move(table);
    }

    Result<TableRows> run() {
        std::string names, marks;
        for (const auto& column : columns_) {
            names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", column);
            marks += marks.empty() ? "?" : ", ?";
        }
        // NOT INDEXED and by row number: an index may be what is damaged.
        TRY(read_, prepare(from_, fmt::format("SELECT rowid, {} FROM \"{}\" NOT INDEXED"
                                              " WHERE rowid > ?1 ORDER BY rowid",
                                              names, rows_.table)));
        TRY(write_, prepare(to_, fmt::format("INSERT INTO \"{}\" ({}) VALUES ({})", rows_.table,
                                             names, marks)));
        std::int64_t after = 0, step = 1;
        while (!read_from(after)) {
            // Further and further, until something can be read again or there is nothing left.
            if (done_ > last_good_) step = 1;
            last_good_ = done_;
            after = std::max(after, done_) + step;
            if (step > std::int64_t{1} << 40) {
                rows_.cut_after = done_;
                break;
            }
            step *= 2;
        }
        return std::move(rows_);
    }

private:
    // False: an unreadable place came after row `done_`.
    bool read_from(std::int64_t after) {
        sqlite3_reset(read_.get());
        sqlite3_bind_int64(read_.get(), 1, after);
        bool is_first = true;
        for (;;) {
            const int stepped = sqlite3_step(read_.get());
            if (stepped == SQLITE_DONE) return true;
            if (stepped != SQLITE_ROW) {
                rows_.why = sqlite3_errmsg(from_);
                return false;
            }
            const std::int64_t row = sqlite3_column_int64(read_.get(), 0);
            if (is_first && after > done_)
                rows_.gap_rows += static_cast<std::uint64_t>(row - done_ - 1);
            is_first = false;
            done_ = row;
            insert();
        }
    }

    void insert() {
        sqlite3_reset(write_.get());
        for (int column = 0; column < static_cast<int>(columns_.size()); ++column)
            sqlite3_bind_value(write_.get(), column + 1,
                               sqlite3_column_value(read_.get(), column + 1));
        if (sqlite3_step(write_.get()) == SQLITE_DONE) {
            ++rows_.kept;
        } else {
            ++rows_.refused;
            if (rows_.why.empty()) rows_.why = sqlite3_errmsg(to_);
        }
    }

    sqlite3* const from_;
    sqlite3* const to_;
    const std::vector<std::string> columns_;
    Statement read_, write_;
    std::int64_t done_ = 0, last_good_ = -1;
    TableRows rows_;
};

Result<std::vector<TableRows>> copy_tables(sqlite3* from, sqlite3* to) {
    TRY(const auto tables,
        first_column(to,
                     "SELECT name FROM sqlite_master WHERE type = 'table'"
                     " AND name NOT LIKE 'sqlite_%' AND name <> 'schema_version'"));
    std::vector<TableRows> all;
    for (const auto& table : tables) {
        const std::string ask = fmt::format("PRAGMA table_info(\"{}\")", table);
        TRY(const auto theirs, first_column(from, ask, 1));
        TRY(auto ours, first_column(to, ask, 1));
        std::erase_if(ours, [&](const auto& name) {
            return std::ranges::find(theirs, name) == theirs.end();
        });
        if (ours.empty()) continue;
        TRY(auto rows, TableCopy(from, to, table, std::move(ours)).run());
        all.push_back(std::move(rows));
    }
    return all;
}

Result<std::vector<TableRows>> salvage_into(const std::string& from, const std::string& to,
                                            Instant now) {
    TRY(const auto source, open_existing(from, /*with_checksums=*/false));
    const auto version = version_in(source.get());
    const auto steps = migrations();
    const std::size_t wanted = version && *version > 0
                                   ? std::min(static_cast<std::size_t>(*version), steps.size())
                                   : steps.size();
    {
        TRY(const auto database, Database::open(to, {}));
        TRY_VOID(migrate(*database, now, steps.first(wanted)));
    }
    TRY(const auto target, open_existing(to));
    if (sqlite3_exec(target.get(), "PRAGMA foreign_keys = OFF; BEGIN", nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
        return failure(target.get(), "write " + to);
    }
    TRY(auto rows, copy_tables(source.get(), target.get()));
    if (sqlite3_exec(target.get(), "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr,
                     nullptr) != SQLITE_OK) {
        return failure(target.get(), "write " + to);
    }
    return rows;
}

}  // namespace

Result<void> copy_catalog(const std::string& from, const std::string& to) {
    TRY_VOID(claim_new(to));
    auto copied = copy_into(from, to);
    if (copied) copied = sync_file(to);
    if (!copied) remove_file_set(to);
    return copied;
}

Result<std::int64_t> catalog_version(const std::string& path) {
    TRY(const auto handle, open_existing(path));
    TRY(const auto tables, first_column(handle.get(),
                                        "SELECT name FROM sqlite_master"
                                        " WHERE name = 'schema_version'"));
    if (tables.empty()) return std::int64_t{0};
    return version_in(handle.get());
}

Result<void> settle_catalog(const std::string& path) {
    TRY(const auto handle, open_existing(path));
    if (sqlite3_exec(handle.get(), "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
        return failure(handle.get(), "take in the log of " + path);
    }
    return {};
}

Result<std::vector<std::string>> check_catalog(const std::string& path) {
    auto handle = open_existing(path);
    if (!handle) {
        if (handle.error().code != Code::corrupt) return std::unexpected(handle.error());
        return std::vector<std::string>{handle.error().context};
    }
    auto said =
        first_column(handle->get(), fmt::format("PRAGMA integrity_check({})", problems_max));
    if (!said) {
        if (said.error().code == Code::unavailable) return said;
        return std::vector<std::string>{said.error().context};
    }
    if (said->size() == 1 && said->front() == "ok") said->clear();
    return said;
}

Result<std::vector<TableRows>> salvage_catalog(const std::string& from, const std::string& to,
                                               Instant now) {
    TRY_VOID(claim_new(to));
    auto rows = salvage_into(from, to, now);
    if (rows) {
        auto synced = sync_file(to);
        if (!synced) rows = std::unexpected(synced.error());
    }
    if (!rows) remove_file_set(to);
    return rows;
}

}  // namespace lineshaft::catalog
