// A door on one shard, an engine that answers what tests ask, and a client that speaks by hand.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "gate/pg/door.h"
#include "io/pause.h"
#include "trust/scram.h"
#include "trust/secrets.h"
#include "wire/postgres/tests/client_half.h"

namespace lineshaft::pg {

/// "rows N": numbers from 1. "wait": until it is stopped. "types": one row with a value of each
/// type. "echo": its parameter. "bad": a syntax error at letter 3. "divide": fails after one row.
class FakeEngine final : public query::Engine {
public:
    io::Task<query::Outcome<std::vector<Piece>>> split(std::string sql) override;
    io::Task<query::Outcome<query::PreparedPtr>> prepare(std::string sql,
                                                         std::vector<query::Type> declared,
                                                         query::Session session) override;
    query::Outcome<std::unique_ptr<query::Cursor>> execute(
        query::PreparedPtr prepared, std::vector<query::Value> parameters, query::Scope scope,
        query::Session session, query::Limits limits, io::StopFlagPtr cancel) override;
    Stats stats() const override { return {}; }
    void close() override {}

    std::size_t rows_made = 0;  ///< shard 0
    std::size_t waiting = 0;
    std::size_t open = 0;
};

class FakeGate final : public Gatekeeper {
public:
    Known find(std::string_view user, std::string_view database, const io::Peer&) const override;
    bool still_holds(const trust::Principal& who) const override {
        return !revoked.contains(who.name);
    }
    io::Task<io::Steady> may_try(std::string, std::string) override { co_return wait; }
    io::Task<void> admitted(trust::PrincipalPtr, std::string, std::string) override {
        ++admissions;
        co_return;
    }
    void refused(std::string_view user, const io::Peer&, std::string_view why) override {
        refusals.push_back(std::string(user) + ": " + std::string(why));
    }

    static constexpr std::string_view password = "ls_secret";
    std::set<std::string> revoked;
    std::vector<std::string> refusals;
    io::Steady wait{0};
    int admissions = 0;
};

struct Reply {
    char type = 0;
    std::string body;
    std::string field(char name) const;  ///< of an ErrorResponse
    bool operator==(const Reply&) const = default;
};

class Rig {
public:
    explicit Rig(Limits limits = {}, PlainRule plain = {})
        : door({shards, engine, gate, nullptr, "stranger"}, plain, limits) {}
    ~Rig() { door.close(); }
    DoorStats stats() { return shards.run_blocking(ShardIndex(0), door.stats()); }
    std::size_t recheck() {
        std::size_t ended = 0;
        shards.run_everywhere([&](io::Shard&) { ended += door.recheck_here(); });
        return ended;
    }
    /// Lets the shard work until `is_so`, asked on it.
    void until(std::function<bool()> is_so);

    io::Shards shards{1};
    FakeEngine engine;
    FakeGate gate;
    Door door;
};

class Client {
public:
    explicit Client(Rig& rig, io::Peer peer = {.address = "127.0.0.1", .is_loopback = true},
                    std::size_t capacity = 64 * 1024);
    ~Client();
    void send(const std::string& bytes);
    void send(const postgres::Message& message) { send(postgres::ClientHalf::write(message)); }
    /// One byte, as SSLRequest is answered.
    std::string read_bytes(std::size_t count);
    Reply read();
    /// Up to and with the first of `type`, or the end of the connection.
    std::vector<Reply> read_until(char type);
    std::vector<Reply> ask(const std::string& sql) {
        send(postgres::Query{sql});
        return read_until('Z');
    }
    bool is_at_end();
    void leave();

    /// Startup and SCRAM; what came up to ReadyForQuery or the end.
    std::vector<Reply> sign_in(const std::string& user = "grafana",
                               std::string_view password = FakeGate::password,
                               std::vector<std::pair<std::string, std::string>> more = {});
    std::uint32_t process = 0, key = 0;

private:
    bool fill(std::size_t count);
    Rig& rig_;
    std::unique_ptr<io::Stream> stream_;
    std::string buffer_;
};

/// The types of replies in order, "TDDCZ".
std::string types_of(const std::vector<Reply>& replies);
/// A text or number of a DataRow; "NULL" for null.
std::vector<std::string> values_of(const Reply& row);

}  // namespace lineshaft::pg
