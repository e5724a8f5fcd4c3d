// The thin wrapper over SQL. Statements use $1, $2, ... so that their text serves PostgreSQL too.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lineshaft::catalog {

struct Blob {
    std::string_view bytes;
};

/// What stands in for $n. Views live until the statement has run.
class Parameter {
public:
    using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Blob>;

    Parameter(std::int64_t number) : value_(number) {}
    Parameter(double number) : value_(number) {}
    Parameter(bool yes) : value_(std::int64_t{yes}) {}
    Parameter(Instant at) : value_(at.micros) {}
    Parameter(std::string_view text) : value_(text) {}
    Parameter(const std::string& text) : value_(std::string_view(text)) {}
    Parameter(const char*) = delete;  // would become a bool
    Parameter(Blob blob) : value_(blob) {}
    template <class Kind, class Number>
    Parameter(Id<Kind, Number> id) : value_(static_cast<std::int64_t>(id.number())) {}
    template <class T>
    Parameter(const std::optional<T>& value) {
        if (value) value_ = Parameter(*value).value_;
    }
    const Value& value() const { return value_; }

private:
    Value value_;
};

/// One row of an answer, read left to right by index; valid inside its visitor only. A column of
/// another type reads as SQLite converts it; what is stored is checked when it is written.
class Row {
public:
    explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;  ///< also a blob's bytes
    Instant instant(int column) const { return {integer(column)}; }
    std::optional<std::string> text_or_nothing(int column) const;
    std::optional<double> real_or_nothing(int column) const;
    std::optional<Instant> instant_or_nothing(int column) const;
    std::optional<bool> bool_or_nothing(int column) const;
    template <class IdType>
    IdType id(int column) const {
        return IdType(static_cast<typename IdType::number_type>(integer(column)));
    }

private:
    sqlite3_stmt* statement_;
};

/// One connection to one SQLite file. One thread at a time. Statements are prepared once and kept
/// by text, so texts are constants, never built from input.
/// Errors: conflict (a unique or foreign key), unavailable (busy, disk, not openable), corrupt,
/// invalid (a value past text_bytes_max), each with SQLite's sentence.
class Database {
public:
    using Parameters = std::initializer_list<Parameter>;
    using Visit = std::function<void(const Row&)>;

    struct Options {
        int busy_ms_max = 30'000;
        std::size_t text_bytes_max = 4 << 20;
    };
    /// Opens or makes the file and sets WAL, synchronous=FULL, foreign keys.
    static Result<std::unique_ptr<Database>> open(const std::string& path, const Options& options);
    ~Database();
    Database(const Database&) = delete;

    /// Runs one statement, showing each row. Returns the rows shown.
    Result<std::size_t> query(std::string_view sql, Parameters parameters, const Visit& visit);
    /// Runs one statement for its effect. Returns the rows changed.
    Result<std::size_t> change(std::string_view sql, Parameters parameters = {});
    /// Several statements without parameters: migrations.
    Result<void> script(std::string_view sql);

    /// Gives the pages of a file of an earlier version their checksums (checked_file.h).
    Result<void> checksum_pages();

    /// Grows when another connection has written.
    Result<std::int64_t> outside_version();
    bool in_transaction() const { return depth_ > 0; }

private:
    friend class Transaction;
    Database() = default;
    Result<sqlite3_stmt*> prepared(std::string_view sql);
    std::unexpected<Error> failure(std::string_view what) const;

    struct Statements;
    sqlite3* handle_ = nullptr;
    std::unique_ptr<Statements> statements_;
    int depth_ = 0;
};

/// All or nothing, from `begin` to `commit`; without commit it is undone. Inside another one it is
/// a savepoint. Write-locked from the start (BEGIN IMMEDIATE), so it never fails half way as busy.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    /// On disk when it returns, unless inside another one.
    Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace lineshaft::catalog
