// Inside gate/pg: one connection.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/pg/cursors.h"
#include "gate/pg/door_state.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "query/query.h"
#include "wire/postgres/receiver.h"
#include "wire/postgres/sender.h"

namespace lineshaft::pg {

/// One client from accept to close, on the shard that accepted it. Signs in alone; from then on a
/// second coroutine reads, so that a client that leaves is noticed while its statement runs. Ends
/// when the peer leaves, breaks the protocol, is silent or revoked, or the door closes.
class Session {
public:
    Session(Door::State& door, std::unique_ptr<io::Stream> stream, std::uint32_t process);
    ~Session();
    Session(const Session&) = delete;

    io::Task<void> run();

    /// Ends the statement under way, if any, with 57014.
    void cancel();
    /// Ends the connection soon, telling the client why if it listens.
    void end(postgres::Failure why);

    std::uint32_t process() const { return process_; }
    std::uint32_t key() const { return key_; }
    const trust::PrincipalPtr& who() const { return who_; }

private:
    struct Statement {
        query::PreparedPtr prepared;        // null: a FETCH
        std::optional<CursorWords> cursor;  // DECLARE, whose SELECT is `prepared`, or FETCH
        std::vector<postgres::Oid> types;  // of its parameters
        std::size_t bytes = 0;
        bool is_to_savepoint = false;  // ROLLBACK TO, which ends no transaction
    };
    struct Portal {
        query::PreparedPtr prepared;              // null: a FETCH
        std::optional<CursorWords> cursor_words;  // as of its statement
        std::vector<query::Value> values;
        std::vector<postgres::Format> formats;
        std::unique_ptr<query::Cursor> cursor;  // null: not begun, or done
        io::StopFlagPtr stop;                   // the cursor's
        std::size_t bytes = 0;
        bool is_to_savepoint = false;
        bool is_done = false;
        bool is_held = false;    // DECLARE … WITH HOLD
        bool is_lapsed = false;  // nobody fetched from it for too long
    };
    using Step = query::Outcome<void>;

    // ---- session.cc: coming in, reading and writing
    /// False: the connection is over.
    io::Task<bool> arrive();
    io::Task<bool> encrypt();
    io::Task<bool> sign_in();
    io::Task<bool> prove(const Known& known);
    io::Task<std::optional<postgres::Message>> next_of_login();
    void welcome();
    io::Task<void> read_on();
    io::Task<void> serve();
    io::Task<bool> flush();
    io::Task<void> refuse(postgres::Failure why);
    bool may_be_plain() const;
    query::Outcome<void> take_parameters();
    void apply_options(std::string_view options);

    // ---- statements.cc: one message each. Only the coroutine of run() changes statements_ and
    // portals_, so what it found there stays while it waits for the engine or the client.
    io::Task<void> answer(postgres::Message message);
    io::Task<void> answer_query(std::string sql);
    io::Task<query::Outcome<query::PreparedPtr>> understand(std::string sql,
                                                            std::vector<query::Type> declared);
    io::Task<Step> run_piece(query::Engine::Piece piece);
    io::Task<Step> run_cursor(CursorWords words, std::size_t offset);
    Step check_not_failed() const;
    Step declare(CursorWords words, query::PreparedPtr prepared, std::vector<query::Value> values);
    /// `is_described`: a simple query, whose rows begin with what they are.
    io::Task<Step> fetch(CursorWords words, std::vector<postgres::Format> formats,
                         bool is_described);
    io::Task<Step> execute_cursor(Portal* portal);
    io::Task<Step> parse_cursor(postgres::Parse message, CursorWords words);
    void put_columns_of_fetch(const CursorWords& words,
                              const std::vector<postgres::Format>& formats);
    void keep_statement(const postgres::Parse& message, Statement statement);
    /// Those that end with the transaction.
    void drop_portals();
    io::Task<Step> parse(postgres::Parse message);
    Step bind(postgres::Bind message);
    Step describe(const postgres::Describe& message);
    io::Task<Step> execute(postgres::Execute message);
    void close(const postgres::Close& message);
    void sync();
    /// Rows of `portal` to the client: at most `rows_max` (0: all). Gives how many.
    io::Task<query::Outcome<std::uint64_t>> send_rows(Portal* portal, std::uint64_t rows_max,
                                                      bool* is_suspended);
    io::Task<Step> run_portal(Portal* portal, std::uint64_t rows_max);
    /// SET, BEGIN and the like, which need no engine.
    Step do_here(const query::Prepared& prepared, bool is_to_savepoint);
    bool has_open_cursor() const;
    void lapse_cursors();
    Step check_transaction(const query::Prepared& prepared) const;
    void fail_statement(const query::Failure& failure);
    void report(std::string_view name);
    Portal* open_portal(std::string_view name);
    std::size_t statement_bytes() const;
    std::size_t portal_bytes() const;

    Door::State& door_;
    Door::OnShard& here_;
    std::unique_ptr<io::Stream> stream_;
    io::Stream* shaking_ = nullptr;  // while TLS has the stream
    const std::uint32_t process_;
    const std::uint32_t key_;
    const io::Steady began_;
    postgres::Receiver receiver_;
    std::string out_;

    postgres::Startup startup_;
    trust::PrincipalPtr who_;
    std::string account_;
    query::Session settings_;
    bool has_place_ = false;  // among those signed in

    postgres::TransactionState state_ = postgres::TransactionState::idle;
    std::map<std::string, Statement, std::less<>> statements_;
    std::map<std::string, Portal, std::less<>> portals_;
    io::StopFlagPtr stop_;  // of the statement under way
    std::map<std::string, std::string> reported_;

    io::Nursery reader_{"pg reader"};
    io::Pause input_;  // main waits for something to read
    io::Pause room_;   // the reader waits for room
    std::optional<postgres::Failure> ending_;
    bool is_gone_ = false;  // the peer
    bool is_over_ = false;
    bool is_writing_ = false;
};

}  // namespace lineshaft::pg
