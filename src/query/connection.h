#pragma once
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "query/run.h"

struct sqlite3_stmt;

// SQLite's connection with its tables and functions: making one takes longer than most statements,
// so threads keep theirs. Inside query only.
namespace lineshaft::query {

/// Serves one statement at a time, on whatever thread.
class Connection {
public:
    /// One that this thread kept, or a new one. Null: no memory.
    static std::unique_ptr<Connection> take();
    /// Ends the statement, keeps the connection for this thread's next one.
    static void keep(std::unique_ptr<Connection> connection);
    ~Connection();
    Connection(const Connection&) = delete;

    void serve(Run* run) { slot_.run = run; }
    /// SQLite's outcome. `out` is the connection's own, ready to be bound.
    int prepare(const std::string& sql, sqlite3_stmt*& out);
    std::string_view said() const;  ///< what is wrong, in SQLite's words

private:
    struct Kept {
        std::string sql;
        sqlite3_stmt* statement;
    };
    Connection() = default;
    bool open();
    void end_statement();

    RunSlot slot_;
    sqlite3* handle_ = nullptr;
    std::list<Kept> kept_;             // the newest at the front
    sqlite3_stmt* running_ = nullptr;  // the front's, or one that is not kept
    bool is_running_kept_ = false;
};

}  // namespace lineshaft::query
