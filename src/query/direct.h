#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/workers.h"
#include "query/run.h"
#include "query/syntax.h"

// SELECTs that need no SQLite: newest values, samples as they are, or history's aggregates, chosen
// by simple conditions, in simple order. They run on the shard that asks, without a thread's turn.
// What is read here the Analyser has accepted already, so names and types are right; whatever is
// not understood is left to SQLite, which gives the same rows. Inside query only.
namespace lineshaft::query {

/// A constant of a statement, known when it runs.
struct Fixed {
    enum class From : std::uint8_t { literal, parameter, now };
    From from = From::literal;
    Value value{};              ///< of a literal, typed as what it is compared with
    std::size_t parameter = 0;  ///< from 1
    std::int64_t micros = 0;    ///< behind now
};

/// What a row can tell: of a sample, of its machine as the catalog knows it, of many samples.
enum class What : std::uint8_t {
    machine, tag, time, value, text, quality,
    attribute, name, kind, site,
    bucket,
    count_all, count, sum, average, low, high, first, last, seen_from, seen_until
};
struct Item {
    What what = What::machine;
    std::string key{};       ///< of an attribute
    std::size_t filter = 0;  ///< of an aggregate: 0 of all that WHERE leaves, n of filters[n - 1]
    bool operator==(const Item&) const = default;
};

/// Conditions hold together. One that compares with NULL holds for nothing.
struct Condition {
    enum class Op : std::uint8_t { less, less_equal, more, more_equal, any, like, not_null };
    Item on;
    Op op = Op::any;
    std::vector<Fixed> values;  ///< any: one of these
};

struct Direct {
    enum class From : std::uint8_t { latest, samples, kernel };
    From from = From::latest;
    bool joins_machines = false;
    bool needs_utc = false;  ///< hours, days and weeks of the session's zone, while that is UTC
    std::vector<Condition> conditions{};
    std::vector<std::vector<Condition>> filters{};  ///< of value and quality
    std::vector<Item> items{};                      ///< what rows are made of
    std::size_t shown = 0;                          ///< so many of them are columns
    std::vector<Item> groups{};                     ///< of the kernel, the bucket among them
    bool is_grouped = false;                        ///< nothing found gives no row
    std::vector<Condition> having{};                ///< of aggregates that are numbers
    std::int64_t step = 0;                          ///< of buckets, microseconds; 0: none
    struct Order {
        std::size_t item = 0;
        bool is_down = false, are_nulls_first = false;
    };
    std::vector<Order> order{};
    std::optional<Fixed> limit{}, offset{};
};

/// Of a SELECT that the Analyser took. Nothing: it needs SQLite. Pure.
std::optional<Direct> direct_of(const json::object& select, const std::string& sql,
                                const Session& session);

/// What a statement under way is given.
struct DirectRun {
    std::shared_ptr<const Direct> ask;
    std::vector<Value> parameters;
    Scope scope;
    std::shared_ptr<const catalog::Snapshot> catalog;
    history::History* history = nullptr;
    const io::Clock* clock = nullptr;
    io::Workers* workers = nullptr;  ///< for what would hold up the shard
    Instant now{};
    Limits limits;
    std::stop_token stop;
};

struct DirectChoice;
class DirectSource;

/// Its rows, in pieces. Owner: one coroutine on one shard.
class DirectRows {
public:
    explicit DirectRows(DirectRun run);
    ~DirectRows();
    /// As Cursor::next.
    io::Task<Outcome<Batch>> next(std::size_t rows_max);

private:
    Outcome<void> begin();
    Outcome<void> may_go_on(io::Steady deadline) const;
    io::Task<Outcome<void>> more(io::Steady deadline, std::size_t wanted);
    io::Task<Outcome<void>> gather(io::Steady deadline);
    bool take_rows(Batch& batch, std::size_t rows_max);

    DirectRun run_;
    std::unique_ptr<DirectChoice> chosen_;
    std::unique_ptr<DirectSource> source_;
    std::vector<Value> page_;  // rows that wait, `items` wide
    std::size_t at_ = 0;       // the next value of the page
    bool is_over_ = false;     // the source has no more
    std::uint64_t skip_ = 0, left_ = UINT64_MAX;
    std::size_t given_ = 0, since_yield_ = 0, pages_ = 0;
    io::Steady spent_{0};
};

}  // namespace lineshaft::query
