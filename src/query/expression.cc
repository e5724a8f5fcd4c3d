// Expressions: constants, columns, operators, conditions.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

constexpr std::size_t depth_max = 120;

Term joined(std::string_view op, const Term& left, const Term& right, T type, std::int64_t at) {
    Term out = made(fmt::format("({} {} {})", left.sql, op, right.sql), type, at);
    absorb(out, left);
    absorb(out, right);
    return out;
}

/// a + b + c without parentheses around a + b: SQLite's parser stacks what is nested.
Term chained(char chain, std::string_view op, Term left, const Term& right, T type,
             std::int64_t at) {
    if (left.chain == chain) left.sql = left.sql.substr(1, left.sql.size() - 2);
    Term out = joined(op, left, right, type, at);
    out.chain = chain;
    return out;
}

}  // namespace

struct Analyser::Depth {
    explicit Depth(std::size_t& here) : depth(here) { ++depth; }
    ~Depth() { --depth; }
    Depth(const Depth&) = delete;
    std::size_t& depth;
};

Outcome<Term> Analyser::term(const Node& node, Names& names) {
    const Depth guard(depth_);
    if (depth_ > depth_max) return refuse_at("54001", "the statement is nested too deeply", -1);
    if (++work_ > work_max)
        return refuse_at("54001", "the statement has too many queries inside each other", -1);
    TRY(Term found, term_inside(node, names));
    if (found.at < 0) found.at = location_of(node);
    if (found.is_bare && !names.is_inside_aggregate) {
        for (const auto& group : names.groups) {
            if (group == found.sql) found.is_bare = false;
        }
    }
    return found;
}

Outcome<Term> Analyser::term_inside(const Node& node, Names& names) {
    const std::string_view kind = kind_of(node);
    const json::object& body = body_of(node);
    const std::int64_t at = location_of(node);
    if (kind == "A_Const") return constant(node);
    if (kind == "ColumnRef") return column(body, names);
    if (kind == "ParamRef") return parameter(body);
    if (kind == "A_Expr") return operation(body, names);
    if (kind == "BoolExpr") return logic(body, names);
    if (kind == "FuncCall") return call(body, names);
    if (kind == "TypeCast") return cast(body, names);
    if (kind == "CaseExpr") return case_of(body, names);
    if (kind == "SubLink") return sublink(body, names);
    if (kind == "A_Indirection") return indirection(body, names, at);
    if (kind == "CollateClause") return term(member(body, "arg"), names);
    if (kind == "NullTest") {
        TRY(Term inside, term(member(body, "arg"), names));
        const bool is_null = text_of(body, "nulltesttype") == "IS_NULL";
        Term out = made(fmt::format("({} {})", inside.sql, is_null ? "IS NULL" : "IS NOT NULL"),
                        T::boolean, at);
        absorb(out, inside);
        return out;
    }
    if (kind == "BooleanTest") {
        TRY(Term inside, condition(member(body, "arg"), names, "IS TRUE"));
        const std::string_view test = text_of(body, "booltesttype");
        const std::string_view word = test == "IS_TRUE"        ? "IS 1"
                                      : test == "IS_NOT_TRUE"  ? "IS NOT 1"
                                      : test == "IS_FALSE"     ? "IS 0"
                                      : test == "IS_NOT_FALSE" ? "IS NOT 0"
                                      : test == "IS_UNKNOWN"   ? "IS NULL"
                                                               : "IS NOT NULL";
        Term out = made(fmt::format("({} {})", inside.sql, word), T::boolean, at);
        absorb(out, inside);
        return out;
    }
    if (kind == "CoalesceExpr" || kind == "MinMaxExpr") {
        std::vector<Term> terms;
        for (const Node& argument : list_of(body, "args")) {
            TRY(Term next, term(argument, names));
            terms.push_back(std::move(next));
        }
        const bool is_first = kind == "CoalesceExpr";
        const bool is_least = text_of(body, "op") == "IS_LEAST";
        const std::string_view name = is_first ? "coalesce" : is_least ? "least" : "greatest";
        const std::string_view function = is_first   ? (terms.size() == 1 ? "" : "coalesce")
                                          : is_least ? "ls_least"
                                                     : "ls_greatest";
        auto out = all_alike(std::move(terms), function, name, at);
        if (out) out->name = name;
        return out;
    }
    if (kind == "SQLValueFunction") {
        const std::string_view op = text_of(body, "op");
        struct Row {
            std::string_view op, sql, name;
            T type;
        };
        static constexpr auto rows = std::to_array<Row>({
            {"SVFOP_CURRENT_TIMESTAMP", "ls_now()", "current_timestamp", T::timestamptz},
            {"SVFOP_LOCALTIMESTAMP", "ls_now()", "localtimestamp", T::timestamptz},
            {"SVFOP_CURRENT_DATE", "ls_trunc('day', ls_now(), ls_zone())", "current_date",
             T::timestamptz},
            {"SVFOP_CURRENT_USER", "ls_user()", "current_user", T::text},
            {"SVFOP_CURRENT_ROLE", "ls_user()", "current_role", T::text},
            {"SVFOP_USER", "ls_user()", "user", T::text},
            {"SVFOP_SESSION_USER", "ls_user()", "session_user", T::text},
            {"SVFOP_CURRENT_CATALOG", "ls_database()", "current_catalog", T::text},
            {"SVFOP_CURRENT_SCHEMA", "'public'", "current_schema", T::text},
        });
        for (const Row& row : rows) {
            if (row.op != op) continue;
            Term out = made(std::string(row.sql), row.type, at);
            out.name = row.name;
            return out;
        }
    }
    return refuse_at("0A000", fmt::format("{} is not supported", kind.empty() ? "this" : kind), at);
}

Outcome<Term> Analyser::constant(const Node& node) {
    const json::object& body = body_of(node);
    const std::int64_t at = location_of(node);
    if (flag_of(body, "isnull")) return made("NULL", T::null, at);
    if (const Node& value = member(body, "ival"); value.is_object()) {
        if (value.get_object().contains("ival") || at < 0 ||
            sql_[static_cast<std::size_t>(at)] != '-')
            return made(std::to_string(number_of(value.get_object(), "ival")), T::int8, at);
        return negative(at);
    }
    if (const Node& value = member(body, "boolval"); value.is_object())
        return made(flag_of(value.get_object(), "boolval") ? "1" : "0", T::boolean, at);
    if (const Node& value = member(body, "fval"); value.is_object()) {
        const std::string_view text = text_of(value.get_object(), "fval");
        std::int64_t whole = 0;
        const auto end = text.data() + text.size();
        if (const auto [last, problem] = std::from_chars(text.data(), end, whole);
            problem == std::errc() && last == end)
            return made(std::to_string(whole), T::int8, at);
        double real = 0;
        if (const auto [last, problem] = std::from_chars(text.data(), end, real);
            problem == std::errc() && last == end)
            return made(constant_sql(real), T::float8, at);
        return refuse_at("22003", fmt::format("\"{}\" is out of range", text.substr(0, 80)), at);
    }
    if (const Node& value = member(body, "sval"); value.is_object()) {
        const std::string_view text = text_of(value.get_object(), "sval");
        Term out = made(quoted_text(text), T::text, at);
        out.literal = std::string(text);
        return out;
    }
    return refuse_at("0A000", "constants of bits are not supported", at);
}

// The parser's JSON leaves out integers that are not positive, so these are read where they stand.
Outcome<Term> Analyser::negative(std::int64_t at) const {
    const std::string_view rest = std::string_view(sql_).substr(static_cast<std::size_t>(at) + 1);
    const auto from = rest.find_first_not_of(" \t\r\n");
    std::int64_t number = 0;
    const bool is_there =
        from != std::string_view::npos &&
        std::from_chars(rest.data() + from, rest.data() + rest.size(), number).ec == std::errc();
    if (!is_there) return refuse_at("0A000", "write a number right behind its sign", at);
    return made("(-" + std::to_string(number) + ")", T::int8, at);
}

Outcome<Term> Analyser::column(const json::object& body, Names& names) {
    const json::array& fields = list_of(body, "fields");
    const std::int64_t at = number_of(body, "location", -1);
    if (fields.empty() || kind_of(fields.back()) == "A_Star")
        return refuse_at("42601", "\"*\" cannot stand here", at);
    const std::string_view name = string_of(fields.back());
    const std::string_view table =
        fields.size() > 1 ? string_of(fields[fields.size() - 2]) : std::string_view();
    bool is_table_known = table.empty();
    for (Names* level = &names; level != nullptr; level = level->outer) {
        const Range* where = nullptr;
        const Range::Item* found = nullptr;
        for (const Range& range : level->ranges) {
            if (!table.empty() && range.alias != table) continue;
            is_table_known = true;
            for (const auto& item : range.items) {
                if (item.name != name || (item.is_merged && table.empty())) continue;
                if (found != nullptr)
                    return refuse_at("42702",
                                     fmt::format("column reference \"{}\" is ambiguous", name), at,
                                     "Put the table's name before it.");
                found = &item;
                where = &range;
            }
        }
        if (found == nullptr) continue;
        if (where->is_kernel) {
            if (name != "machine" && name != "tag") level->kernel.has_failed = true;
            (name == "machine" ? level->kernel.has_machine : level->kernel.has_tag) = true;
        }
        Term out = made(where->sql_name + "." + quoted_name(found->sql_name), found->type, at);
        out.is_constant = false;
        out.is_bare = level == &names && !names.is_inside_aggregate;
        if (level != &names) names.is_outer_used = true;
        out.name = name;
        return out;
    }
    if (!is_table_known)
        return refuse_at("42P01", fmt::format("missing FROM-clause entry for table \"{}\"", table),
                         at);
    return refuse_at("42703",
                     table.empty() ? fmt::format("column \"{}\" does not exist", name)
                                   : fmt::format("column {}.{} does not exist", table, name),
                     at);
}

Outcome<Term> Analyser::parameter(const json::object& body) {
    const std::int64_t number = number_of(body, "number");
    const std::int64_t at = number_of(body, "location", -1);
    if (number < 1 || static_cast<std::size_t>(number) > limits_.parameters_max)
        return refuse_at("54000", fmt::format("parameters are $1 to ${}", limits_.parameters_max),
                         at);
    const auto index = static_cast<std::size_t>(number);
    if (parameters_.size() < index) parameters_.resize(index);
    Term out = made("?" + std::to_string(number), T::text, at);
    if (parameters_[index - 1])
        out.type = *parameters_[index - 1];
    else
        out.parameter = index;
    return out;
}

bool Analyser::may_be(const Term& term, T type) const {
    if (term.type == type || is_untyped(term)) return true;
    if (type == T::float8) return term.type == T::int8;
    return type == T::text && term.type == T::json;
}

Outcome<Term> Analyser::as(Term term, T type, std::string_view what) {
    if (term.parameter != 0) {
        auto& known = parameters_[term.parameter - 1];
        if (!known) known = type;
        term.parameter = 0;
        term.type = *known;
    }
    if (term.literal && type != T::text && type != T::null)
        return cast_to(std::move(term), type, "", term.at);
    if (term.type == T::null) {
        term.type = type;
        return term;
    }
    if (!may_be(term, type)) {
        return refuse_at(
            "42804",
            fmt::format("{} must be of type {}, not {}", what, word_of(type), word_of(term.type)),
            term.at);
    }
    term.literal.reset();
    if (term.type == T::int8 && type == T::float8 && term.is_constant) {
        term.sql = fmt::format("CAST({} AS REAL)", term.sql);
    }
    term.type = type;
    return term;
}

Outcome<Term> Analyser::all_alike(std::vector<Term> terms, std::string_view function,
                                  std::string_view what, std::int64_t at, bool is_comparison) {
    T type = T::null;
    for (const Term& next : terms) {
        if (is_untyped(next)) continue;
        if (type == T::null || type == next.type) {
            type = next.type;
        } else if (is_number(type) && is_number(next.type)) {
            type = T::float8;
        } else if ((type == T::text || type == T::json) &&
                   (next.type == T::text || next.type == T::json)) {
            type = T::text;
        } else if (is_comparison) {
            return refuse_at("42883",
                             fmt::format("operator does not exist: {} {} {}", word_of(type), what,
                                         word_of(next.type)),
                             at, "You might need to add explicit type casts.");
        } else {
            return refuse_at("42804",
                             fmt::format("{} types {} and {} cannot be matched", what,
                                         word_of(type), word_of(next.type)),
                             next.at);
        }
    }
    if (type == T::null) type = T::text;
    Term out = made(function.empty() ? "" : std::string(function) + "(", type, at);
    bool is_first = true;
    for (Term& next : terms) {
        // Numbers of both kinds compare as they are, and tables see their own columns.
        const bool stays = is_number(next.type) && is_number(type) && !is_untyped(next);
        if (!stays) {
            TRY(next, as(std::move(next), type, what));
        }
        if (!is_first) out.sql += ", ";
        is_first = false;
        out.sql += next.sql;
        absorb(out, next);
    }
    if (!function.empty()) out.sql += ")";
    return out;
}

Outcome<Term> Analyser::compare(std::string_view op, Term left, Term right, std::int64_t at) {
    std::vector<Term> sides;
    // Numbers of tables are what columns of the catalog hold.
    if (left.relation && right.type == T::int8)
        left = made(std::to_string(*left.relation), T::int8, left.at);
    if (right.relation && left.type == T::int8)
        right = made(std::to_string(*right.relation), T::int8, right.at);
    sides.push_back(std::move(left));
    sides.push_back(std::move(right));
    // Reuses the unification; its list "a, b" is not what is wanted here.
    TRY(const Term both, all_alike(sides, "", op, at, true));
    for (Term& side : sides) {
        if (!is_number(side.type) || is_untyped(side)) {
            TRY(side, as(std::move(side), both.type, op));
        }
    }
    return joined(op == "!=" ? "<>" : op, sides[0], sides[1], T::boolean, at);
}

Outcome<Term> Analyser::arithmetic(std::string_view op, Term left, Term right, std::int64_t at) {
    const bool is_sum = op == "+" || op == "-";
    const auto is_time = [](const Term& term) {
        return term.type == T::timestamptz && !is_untyped(term);
    };
    const auto is_span = [](const Term& term) {
        return term.type == T::interval && !is_untyped(term);
    };
    if (is_sum && is_time(right) && !is_time(left) && op == "+") std::swap(left, right);
    if (is_sum && is_time(left)) {
        if (is_time(right) && op == "-") return chained('+', "-", left, right, T::interval, at);
        TRY(right, as(std::move(right), T::interval, op));
        if (right.span && right.span->months != 0) {
            const std::int64_t sign = op == "-" ? -1 : 1;
            Term out = made(fmt::format("ls_months_later({}, {}, {})", left.sql,
                                        sign * right.span->months, sign * right.span->micros),
                            T::timestamptz, at);
            absorb(out, left);
            return out;
        }
        return chained('+', op, std::move(left), right, T::timestamptz, at);
    }
    if (is_sum && (is_span(left) || is_span(right))) {
        TRY(left, as(std::move(left), T::interval, op));
        TRY(right, as(std::move(right), T::interval, op));
        return chained('+', op, std::move(left), right, T::interval, at);
    }
    if (op == "*" && is_span(right)) std::swap(left, right);
    if ((op == "*" || op == "/") && is_span(left)) {
        TRY(right, as(std::move(right), T::float8, op));
        Term out = made(
            fmt::format(fmt::runtime(op == "*" ? "CAST(({} * {}) AS INTEGER)"
                                               : "CAST(ls_div(CAST({} AS REAL), {}) AS INTEGER)"),
                        left.sql, right.sql),
            T::interval, at);
        absorb(out, left);
        absorb(out, right);
        return out;
    }
    if (is_untyped(left) && is_untyped(right)) {
        TRY(left, as(std::move(left), T::int8, op));
    }
    const T known = is_untyped(left) ? right.type : left.type;
    if (is_untyped(left)) {
        TRY(left, as(std::move(left), known, op));
    }
    if (is_untyped(right)) {
        TRY(right, as(std::move(right), known, op));
    }
    if (!is_number(left.type) || !is_number(right.type)) {
        return refuse_at("42883",
                         fmt::format("operator does not exist: {} {} {}", word_of(left.type), op,
                                     word_of(right.type)),
                         at, "You might need to add explicit type casts.");
    }
    const T type = left.type == T::int8 && right.type == T::int8 ? T::int8 : T::float8;
    if (is_sum) return chained('+', op, std::move(left), right, type, at);
    if (op == "*") return chained('*', op, std::move(left), right, type, at);
    const std::string_view function = op == "/" ? "ls_div" : op == "%" ? "ls_mod" : "ls_power";
    Term out = made(fmt::format("{}({}, {})", function, left.sql, right.sql),
                    op == "^" ? T::float8 : type, at);
    absorb(out, left);
    absorb(out, right);
    return out;
}

Outcome<Term> Analyser::operation(const json::object& body, Names& names) {
    const std::string_view kind = text_of(body, "kind");
    const std::string_view op = last_name(list_of(body, "name"));
    const std::int64_t at = number_of(body, "location", -1);
    if (kind == "AEXPR_IN" || kind.starts_with("AEXPR_BETWEEN") ||
        kind.starts_with("AEXPR_NOT_BETWEEN"))
        return list_operation(body, kind, names);
    if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") return any_of(body, kind, names);
    TRY(Term right, term(member(body, "rexpr"), names));
    if (member(body, "lexpr").is_null()) {
        if (op == "+") return right;
        if (op != "-")
            return refuse_at("0A000", fmt::format("operator {} is not supported", op), at);
        if (right.literal || right.parameter != 0) {
            TRY(right, as(std::move(right), T::float8, op));
        }
        if (!is_number(right.type) && right.type != T::interval)
            return refuse_at("42883",
                             fmt::format("operator does not exist: - {}", word_of(right.type)), at);
        Term out = made(fmt::format("(-{})", right.sql), right.type, at);
        absorb(out, right);
        if (right.span) out.span = Span{-right.span->months, -right.span->micros};
        return out;
    }
    TRY(Term left, term(member(body, "lexpr"), names));
    if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
        const bool is_not = kind == "AEXPR_NOT_DISTINCT";
        return compare(is_not ? "IS" : "IS NOT", std::move(left), std::move(right), at);
    }
    if (kind == "AEXPR_NULLIF") {
        std::vector<Term> terms;
        terms.push_back(std::move(left));
        terms.push_back(std::move(right));
        const T first = terms[0].type;
        TRY(Term out, all_alike(std::move(terms), "nullif", "nullif", at));
        if (is_number(first)) out.type = first;
        out.name = "nullif";
        return out;
    }
    struct Match {
        std::string_view op, sql;
    };
    static constexpr auto matches = std::to_array<Match>({
        {"~~", "({0} LIKE {1})"},
        {"!~~", "({0} NOT LIKE {1})"},
        {"~~*", "ls_ilike({0}, {1})"},
        {"!~~*", "(NOT ls_ilike({0}, {1}))"},
        {"~", "ls_match({0}, {1}, 0)"},
        {"!~", "(NOT ls_match({0}, {1}, 0))"},
        {"~*", "ls_match({0}, {1}, 1)"},
        {"!~*", "(NOT ls_match({0}, {1}, 1))"},
    });
    if (kind == "AEXPR_OP" || kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE") {
        for (const Match& match : matches) {
            if (match.op != op) continue;
            TRY(left, as(std::move(left), T::text, op));
            TRY(right, as(std::move(right), T::text, op));
            Term out =
                made(fmt::format(fmt::runtime(match.sql), left.sql, right.sql), T::boolean, at);
            absorb(out, left);
            absorb(out, right);
            return out;
        }
    }
    if (kind != "AEXPR_OP") return refuse_at("0A000", "this operator is not supported", at);
    if (op == "=" || op == "<>" || op == "!=" || op == "<" || op == ">" || op == "<=" || op == ">=")
        return compare(op, std::move(left), std::move(right), at);
    if (op == "+" || op == "-" || op == "*" || op == "/" || op == "%" || op == "^")
        return arithmetic(op, std::move(left), std::move(right), at);
    if (op == "||") {
        if (left.literal || left.parameter != 0) {
            TRY(left, as(std::move(left), T::text, op));
        }
        if (right.literal || right.parameter != 0) {
            TRY(right, as(std::move(right), T::text, op));
        }
        TRY(left, cast_to(std::move(left), T::text, "", at));
        TRY(right, cast_to(std::move(right), T::text, "", at));
        return chained('|', "||", std::move(left), right, T::text, at);
    }
    if (op == "->" || op == "->>") {
        TRY(left, as(std::move(left), T::json, op));
        if (right.type != T::int8) {
            TRY(right, as(std::move(right), T::text, op));
        }
        Term out = joined("->", left, right, op == "->" ? T::json : T::text, at);
        if (op == "->>") out.sql = "ls_plain" + out.sql;
        // One attribute of a machine is asked for alone: no JSON of all of them is made and read.
        for (const Range& range : names.ranges) {
            const bool is_of_it = op == "->>" && right.type == T::text && range.schema == "public" &&
                                  left.sql == range.sql_name + ".\"attributes\"";
            if (is_of_it)
                out.sql = fmt::format("ls_attribute({}.\"id\", {})", range.sql_name, right.sql);
        }
        return out;
    }
    return refuse_at("0A000", fmt::format("operator {} is not supported", op), at);
}

Outcome<Term> Analyser::condition(const Node& node, Names& names, std::string_view what) {
    TRY(Term found, term(node, names));
    if (found.literal || found.parameter != 0 || found.type == T::null)
        return as(std::move(found), T::boolean, what);
    if (found.type != T::boolean) {
        return refuse_at("42804",
                         fmt::format("argument of {} must be type boolean, not type {}", what,
                                     word_of(found.type)),
                         found.at);
    }
    return found;
}

Outcome<Term> Analyser::logic(const json::object& body, Names& names) {
    const std::string_view op = text_of(body, "boolop");
    const std::int64_t at = number_of(body, "location", -1);
    const std::string_view word = op == "AND_EXPR" ? " AND " : op == "OR_EXPR" ? " OR " : "NOT ";
    Term out = made("(", T::boolean, at);
    bool is_first = true;
    for (const Node& argument : list_of(body, "args")) {
        TRY(const Term next, condition(argument, names, op == "NOT_EXPR" ? "NOT" : "AND and OR"));
        if (!is_first || op == "NOT_EXPR") out.sql += word;
        is_first = false;
        out.sql += next.sql;
        absorb(out, next);
    }
    out.sql += ")";
    return out;
}

Outcome<Term> Analyser::case_of(const json::object& body, Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    std::vector<Term> conditions, results;
    const Node& subject = member(body, "arg");
    for (const Node& when : list_of(body, "args")) {
        const json::object& arm = body_of(when);
        if (subject.is_null()) {
            TRY(Term next, condition(member(arm, "expr"), names, "CASE/WHEN"));
            conditions.push_back(std::move(next));
        } else {
            TRY(Term left, term(subject, names));
            TRY(Term right, term(member(arm, "expr"), names));
            TRY(Term next, compare("=", std::move(left), std::move(right), at));
            conditions.push_back(std::move(next));
        }
        TRY(Term result, term(member(arm, "result"), names));
        results.push_back(std::move(result));
    }
    if (!member(body, "defresult").is_null()) {
        TRY(Term result, term(member(body, "defresult"), names));
        results.push_back(std::move(result));
    }
    TRY(const Term kinds, all_alike(results, "", "CASE", at));
    Term out = made("CASE", kinds.type, at);
    for (std::size_t index = 0; index < results.size(); ++index) {
        TRY(const Term result, as(std::move(results[index]), kinds.type, "CASE"));
        if (index < conditions.size()) {
            out.sql += " WHEN " + conditions[index].sql + " THEN " + result.sql;
            absorb(out, conditions[index]);
        } else {
            out.sql += " ELSE " + result.sql;
        }
        absorb(out, result);
    }
    out.sql = "(" + out.sql + " END)";
    out.name = "case";
    return out;
}

}  // namespace lineshaft::query
