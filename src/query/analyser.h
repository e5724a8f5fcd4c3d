#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/syntax.h"
#include "query/system_tables.h"
#include "query/values.h"

// From PostgreSQL's tree to SQLite's dialect: every name is resolved, every expression has a type
// before anything runs. Pure: no I/O, no clock. Inside query only.
namespace lineshaft::query {

/// Types inside statements: what clients see, and what only expressions have.
enum class T : std::uint8_t {
    null,
    boolean,
    int8,
    float8,
    text,
    timestamptz,
    bytea,
    interval,  ///< microseconds; shown as text
    json,      ///< JSON text; shown as text
};
Type shown_type(T type);
T inner_type(Type type);
/// PostgreSQL's name for messages: "bigint", "timestamp with time zone".
std::string_view word_of(T type);

/// An expression in SQLite's words.
struct Term {
    std::string sql;
    T type = T::null;
    std::int64_t at = -1;                  ///< where it begins in the statement, in bytes
    std::optional<std::string> literal{};  ///< a quoted text without a type yet
    std::size_t parameter = 0;             ///< $n without a type yet
    std::optional<Span> span{};            ///< of a constant interval
    std::optional<std::int64_t> relation{};  ///< a table's number, of 'samples'::regclass
    bool is_constant = true;               ///< no column in it
    bool has_aggregate = false;
    bool is_bare = false;  ///< a column stands outside of aggregates and of what is grouped by
    bool has_window = false;
    std::string name{};  ///< what the column is called where nobody says
    char chain = 0;      ///< the operator its outer parentheses may go for: + or *
};

Term made(std::string sql, T type, std::int64_t at);
/// `out` is made of `from` too.
void absorb(Term& out, const Term& from);
bool is_untyped(const Term& term);
bool is_number(T type);

/// A table or query in FROM.
struct Range {
    std::string sql_name;  ///< ours, so that no two are the same
    std::string alias, schema;
    struct Item {
        std::string name, sql_name;
        T type;
        bool is_merged = false;  ///< by USING: the other side's stands for both
    };
    std::vector<Item> items;
    bool is_samples = false, is_machine_table = false;
    bool is_kernel = false;
};

/// What the kernel is asked, while one SELECT over samples is understood.
struct KernelAsk {
    bool is_wanted = false;
    bool has_machine = false, has_tag = false, has_bucket = false;
    std::string bucket_key{};  ///< the bucket as it was written; another one does not fit
    json::object bucket{};
    json::array predicates{};  ///< {"on","op"}; their values are `arguments`, in order
    std::vector<std::string> arguments{};
    json::array beside{};  ///< the same of samples that must stand beside these; not empty: wanted
    bool has_filters = false;              ///< some aggregate has a FILTER
    json::array filters{};                 ///< of aggregates, each as `predicates`
    std::vector<std::string> filter_keys{};  ///< as they were written
    bool has_failed = false;  ///< something only rows can tell
};

/// A SELECT over samples twice, of which one only says which samples of the other count.
struct SamplesPair {
    json::object body{};     ///< the SELECT with the other alone
    std::string kept, left;  ///< their aliases
    json::array conditions{};  ///< on the one that left
};
/// Nothing: it is not one (pairs.cc).
std::optional<SamplesPair> samples_pair(const json::object& body);

/// One SELECT's names; inner ones see outer ones.
struct Names {
    Names* outer = nullptr;
    std::vector<Range> ranges{};
    std::map<std::string, Range, std::less<>> with{};  ///< WITH queries
    bool is_grouped = false, allows_aggregates = false, is_inside_aggregate = false;
    std::vector<std::string> groups{};  ///< SQL of what is grouped by
    KernelAsk kernel{};
    bool is_outer_used = false;
    const json::array* windows = nullptr;  ///< WINDOW w AS (...)
};

struct Query {
    std::string sql;
    std::vector<Column> columns;
    std::vector<T> types;  ///< of the columns
};

/// A function row: how a call becomes SQL. Arguments: b i f t z (timestamptz) v (interval) j (json)
/// y (bytea) a (any) n (int8 or float8) s (anything that has a text); the last one with '*'
/// repeats. Result: the same letters; '1' the type of the first argument, '=' one type for all.
struct Call {
    std::string_view name, arguments;
    char result;
    std::string_view sql;  ///< $1.. stand for arguments, $* for all of them
    enum class How : std::uint8_t { plain, aggregate, window } how = How::plain;
};
std::span<const Call> calls();

class Analyser {
public:
    Analyser(const std::string& sql, const Session& session, std::vector<Type> declared,
             const EngineLimits& limits);

    /// SELECT, VALUES, WITH.
    Outcome<Query> query(const Node& statement, Names* outer = nullptr);
    const std::vector<std::optional<T>>& parameters() const { return parameters_; }
    bool uses_kernel() const { return uses_kernel_; }
    bool reads_samples() const { return reads_samples_; }

    std::unexpected<Failure> refuse_at(std::string_view state, std::string message,
                                       std::int64_t byte, std::string hint = {}) const;

private:
    struct Depth;
    // select.cc
    Outcome<Query> select(const json::object& body, Names* outer);
    Outcome<Query> attempt(const json::object& body, Names& names,
                           const SamplesPair* pair = nullptr);
    Outcome<void> take_pair(const SamplesPair& pair, Names& names);
    Outcome<Query> set_operation(const json::object& body, Names* outer);
    Outcome<Query> values(const json::object& body, Names* outer);
    Outcome<std::string> with(const json::object& body, Names& names);
    Outcome<void> with_one(const json::object& one, bool is_recursive, Names& names,
                           std::string& sql);
    Outcome<std::string> from(const Node& node, Names& names);
    Outcome<std::string> from_table(const json::object& body, Names& names);
    Outcome<std::string> from_function(const json::object& body, Names& names);
    Outcome<std::string> join(const json::object& body, Names& names);
    Outcome<Term> star_or_term(const Node& target, Names& names, std::vector<Term>& out);
    Outcome<std::string> where(const Node& node, Names& names);
    Outcome<void> group_by(const json::object& body, Names& names, std::vector<Term>& targets);
    Outcome<std::string> order_by(const json::array& items, Names& names,
                                  const std::vector<Term>* targets);
    Outcome<std::string> limit(const json::object& body, Names& names);
    Outcome<void> check_grouping(const std::vector<Term>& targets, const Names& names) const;

    // expression.cc
    Outcome<Term> term(const Node& node, Names& names);
    Outcome<Term> term_inside(const Node& node, Names& names);
    Outcome<Term> constant(const Node& node);
    Outcome<Term> negative(std::int64_t at) const;
    Outcome<Term> column(const json::object& body, Names& names);
    Outcome<Term> parameter(const json::object& body);
    Outcome<Term> operation(const json::object& body, Names& names);
    Outcome<Term> list_operation(const json::object& body, std::string_view kind, Names& names);
    Outcome<Term> any_of(const json::object& body, std::string_view kind, Names& names);
    Outcome<Term> arithmetic(std::string_view op, Term left, Term right, std::int64_t at);
    Outcome<Term> compare(std::string_view op, Term left, Term right, std::int64_t at);
    Outcome<Term> logic(const json::object& body, Names& names);
    Outcome<Term> condition(const Node& node, Names& names, std::string_view what);
    Outcome<Term> case_of(const json::object& body, Names& names);
    Outcome<Term> sublink(const json::object& body, Names& names);
    Outcome<Term> indirection(const json::object& body, Names& names, std::int64_t at);
    Outcome<Term> cast(const json::object& body, Names& names);
    Outcome<Term> cast_to(Term term, T type, std::string_view word, std::int64_t at);
    Outcome<Term> all_alike(std::vector<Term> terms, std::string_view function,
                            std::string_view what, std::int64_t at, bool is_comparison = false);
    Outcome<T> type_named(const json::object& type, std::int64_t at) const;

    // call.cc
    Outcome<Term> call(const json::object& body, Names& names);
    Outcome<Term> call_row(const Call& row, std::vector<Term> arguments, const json::object& body,
                           Names& names);
    Outcome<std::string> over(const json::object& window, Names& names);
    Outcome<std::optional<Term>> special(std::string_view name, const json::object& body,
                                         Names& names);
    Outcome<Term> bucket(std::string_view name, const json::object& body, Names& names);
    Outcome<Term> truncate(Term unit, Term time, std::optional<Term> zone, std::int64_t at);
    Outcome<Term> site_bucket(std::vector<Term> arguments, const Node& time, Names& names,
                              std::int64_t at);
    Outcome<std::optional<Term>> percentile(std::string_view name, const json::object& body,
                                            Names& names);

    // kernel_ask.cc
    std::optional<Outcome<Term>> kernel_call(std::string_view name, const json::object& body,
                                             Names& names);
    std::optional<Outcome<Term>> kernel_filtered(Term out, std::string_view name,
                                                 const json::object& body, const Range& samples,
                                                 Names& names);
    bool counts_rows(const json::object& body, Names& names) const;
    Outcome<bool> kernel_conditions(const Node& node, Names& names, json::array& into);
    Outcome<bool> kernel_predicate(const Node& node, Names& names);
    const Range* samples_column(const Node& node, std::string_view column, Names& names) const;
    std::string kernel_table(const Range& range, const KernelAsk& ask) const;

    // What an argument becomes where `type` is asked for. Errors: 42804.
    Outcome<Term> as(Term term, T type, std::string_view what);
    bool may_be(const Term& term, T type) const;
    std::string new_name();

    const std::string& sql_;
    const Session& session_;
    const EngineLimits& limits_;
    std::vector<std::optional<T>> parameters_;
    static constexpr std::size_t work_max = 100'000;
    std::size_t names_made_ = 0, depth_ = 0, work_ = 0;
    bool uses_kernel_ = false, reads_samples_ = false;
};

/// Stands where a kernel's table will, once it is known what it is asked.
inline constexpr std::string_view kernel_place = "\x01kernel\x01";

std::string quoted_text(std::string_view text);  ///< 'it''s'
std::string quoted_name(std::string_view name);  ///< "a ""b"""
/// A constant in SQLite's words.
std::string constant_sql(const Value& value);

}  // namespace lineshaft::query
