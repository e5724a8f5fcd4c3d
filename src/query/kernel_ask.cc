// What of a SELECT over samples history's kernel can do: aggregates of `value` in buckets of time,
// over the machines and tags that conditions name. The kernel gives rows that are aggregates
// already, as coarse as the statement allows; what stands around them (joins, HAVING, ORDER BY)
// stays SQL.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

/// An aggregate of `value` over rows that are aggregates. {} is the range's name.
struct KernelCall {
    std::string_view name, sql;
    T type;
};
constexpr auto kernel_calls = std::to_array<KernelCall>({
    {"count", "sum({0}.n)", T::int8},
    {"sum", "sum({0}.total)", T::float8},
    {"avg", "sum({0}.total)", T::float8},  // by sum(n)
    {"min", "min({0}.low)", T::float8},
    {"max", "max({0}.high)", T::float8},
    {"first", "ls_first({0}.first, {0}.first_at)", T::float8},
    {"last", "ls_last({0}.last, {0}.last_at)", T::float8},
});
/// The same of `time`.
constexpr auto kernel_time_calls = std::to_array<KernelCall>({
    {"min", "min({0}.seen_from)", T::timestamptz},
    {"max", "max({0}.seen_until)", T::timestamptz},
});

/// The other way round: 3 < time is time > 3.
std::string_view turned(std::string_view op) {
    if (op == "<") return ">";
    if (op == "<=") return ">=";
    if (op == ">") return "<";
    if (op == ">=") return "<=";
    return op;
}

std::string_view word_of_op(std::string_view op) {
    if (op == "<") return "lt";
    if (op == "<=") return "le";
    if (op == ">") return "gt";
    if (op == ">=") return "ge";
    return op == "=" ? "eq" : "";
}

}  // namespace

const Range* Analyser::samples_column(const Node& node, std::string_view column,
                                      Names& names) const {
    if (kind_of(node) != "ColumnRef") return nullptr;
    const auto& fields = list_of(body_of(node), "fields");
    if (fields.empty() || fields.size() > 2 || string_of(fields.back()) != column) return nullptr;
    const auto table = fields.size() > 1 ? string_of(fields.front()) : std::string_view();
    const Range* found = nullptr;
    for (const Range& range : names.ranges) {
        if (!table.empty() && range.alias != table) continue;
        const bool has_it =
            std::ranges::any_of(range.items, [&](const auto& item) { return item.name == column; });
        if (!has_it) continue;
        if (found != nullptr) return nullptr;  // ambiguous: the usual way says so
        found = &range;
    }
    return found != nullptr && found->is_kernel ? found : nullptr;
}

std::optional<Outcome<Term>> Analyser::kernel_call(std::string_view name, const json::object& body,
                                                   Names& names) {
    const bool is_plain = !flag_of(body, "agg_distinct") && !member(body, "over").is_object() &&
                          list_of(body, "agg_order").empty() &&
                          names.allows_aggregates && !names.is_inside_aggregate;
    const Range* samples = nullptr;
    for (const Range& range : names.ranges) {
        if (range.is_kernel) samples = &range;
    }
    if (!is_plain || samples == nullptr) return {};
    Term out;
    out.at = number_of(body, "location", -1);
    out.name = name;
    out.has_aggregate = true;
    out.is_constant = false;
    const auto& arguments = list_of(body, "args");
    if (name == "count" && counts_rows(body, names)) {
        out.sql = fmt::format("sum({}.n_all)", samples->sql_name);
        out.type = T::int8;
    } else {
        if (arguments.empty() || arguments.size() > 2) return {};
        const bool is_of_time = samples_column(arguments[0], "time", names) != nullptr;
        if (!is_of_time && samples_column(arguments[0], "value", names) == nullptr) return {};
        const bool is_edge = name == "first" || name == "last";
        if (arguments.size() == 2 &&
            (!is_edge || is_of_time || samples_column(arguments[1], "time", names) == nullptr))
            return {};
        const std::span<const KernelCall> rows =
            is_of_time ? std::span<const KernelCall>(kernel_time_calls) : kernel_calls;
        const auto row = std::ranges::find(rows, name, &KernelCall::name);
        if (row == rows.end()) return {};
        out.sql = fmt::format(fmt::runtime(row->sql), samples->sql_name);
        out.type = row->type;
    }
    return kernel_filtered(std::move(out), name, body, *samples, names);
}

// What is never NULL is counted as rows are.
bool Analyser::counts_rows(const json::object& body, Names& names) const {
    const auto& arguments = list_of(body, "args");
    if (flag_of(body, "agg_star")) return true;
    if (arguments.size() != 1) return false;
    if (kind_of(arguments[0]) == "A_Const") return !flag_of(body_of(arguments[0]), "isnull");
    return std::ranges::any_of(std::array{"machine", "tag", "time", "quality"},
                               [&](std::string_view column) {
                                   return samples_column(arguments[0], column, names) != nullptr;
                               });
}

// FILTER of an aggregate is a question of its own to the kernel, whose rows say which it was.
std::optional<Outcome<Term>> Analyser::kernel_filtered(Term out, std::string_view name,
                                                       const json::object& body,
                                                       const Range& samples, Names& names) {
    KernelAsk& ask = names.kernel;
    std::size_t filter = 0;
    if (const Node& node = member(body, "agg_filter"); node.is_object()) {
        const std::string key = json::serialize(node);
        const auto known = std::ranges::find(ask.filter_keys, key);
        filter = static_cast<std::size_t>(known - ask.filter_keys.begin()) + 1;
        if (known == ask.filter_keys.end()) {
            json::array predicates;
            auto is_taken = kernel_conditions(node, names, predicates);
            if (!is_taken) return Outcome<Term>(std::unexpected(std::move(is_taken).error()));
            if (!*is_taken) return {};
            ask.filter_keys.push_back(key);
            ask.filters.push_back(std::move(predicates));
        }
    }
    const auto of = [&](std::string_view sql) {
        return ask.has_filters
                   ? fmt::format("{} FILTER (WHERE {}.f = {})", sql, samples.sql_name, filter)
                   : std::string(sql);
    };
    if (name == "count") {
        const std::string_view column = out.sql.contains("n_all") ? "n_all" : "n";
        out.sql = fmt::format("coalesce({}, 0)",
                              of(fmt::format("sum({}.{})", samples.sql_name, column)));
    } else if (name == "avg") {
        out.sql = fmt::format("({} / {})", of(fmt::format("sum({}.total)", samples.sql_name)),
                              of(fmt::format("sum({}.n)", samples.sql_name)));
    } else {
        out.sql = of(out.sql);
    }
    return Outcome<Term>(std::move(out));
}

// Conditions on value and quality, joined by AND. False: there is another one among them.
Outcome<bool> Analyser::kernel_conditions(const Node& node, Names& names, json::array& into) {
    const auto before = into.size();
    const bool is_and =
        kind_of(node) == "BoolExpr" && text_of(body_of(node), "boolop") == "AND_EXPR";
    const json::array alone{node};
    std::swap(names.kernel.predicates, into);
    Outcome<bool> is_taken = true;
    for (const Node& part : is_and ? list_of(body_of(node), "args") : alone) {
        is_taken = kernel_predicate(part, names);
        if (!is_taken || !*is_taken) break;
    }
    std::swap(names.kernel.predicates, into);
    for (std::size_t index = before; is_taken && *is_taken && index < into.size(); ++index) {
        const std::string_view on = text_of(into[index].get_object(), "on");
        if (on != "value" && on != "quality") is_taken = false;
    }
    if (is_taken && !*is_taken) names.kernel.has_failed = true;
    return is_taken;
}

Outcome<bool> Analyser::kernel_predicate(const Node& node, Names& names) {
    if (kind_of(node) == "NullTest" &&
        text_of(body_of(node), "nulltesttype") == "IS_NOT_NULL" &&
        samples_column(member(body_of(node), "arg"), "value", names) != nullptr) {
        names.kernel.predicates.push_back(
            json::object{{"on", "value"}, {"op", "is"}, {"count", 0}});
        return true;
    }
    if (kind_of(node) != "A_Expr") return false;
    const json::object& body = body_of(node);
    const std::string_view kind = text_of(body, "kind");
    std::string_view op = last_name(list_of(body, "name"));
    const Node* left = &member(body, "lexpr");
    const Node* right = &member(body, "rexpr");
    std::string on;
    const auto column_of = [&](const Node& side) -> std::string {
        for (const std::string_view column : {"time", "machine", "tag", "value", "quality"}) {
            if (samples_column(side, column, names) != nullptr) return std::string(column);
        }
        return {};
    };
    on = column_of(*left);
    if (on.empty() && kind == "AEXPR_OP") {
        on = column_of(*right);
        std::swap(left, right);
        op = turned(op);
    }
    if (on.empty()) return false;
    const bool is_value = on == "value", is_ordered = on == "time" || is_value;
    const T type = on == "time" ? T::timestamptz : is_value ? T::float8 : T::text;
    std::vector<const Node*> values;
    std::string word;
    if (kind == "AEXPR_OP" && !word_of_op(op).empty() && (is_ordered || op == "=")) {
        word = word_of_op(op);
        values.push_back(right);
    } else if (kind == "AEXPR_BETWEEN" && is_ordered) {
        word = "between";
    } else if (kind == "AEXPR_IN" && op == "=" && !is_ordered) {
        word = "in";
    } else if (kind == "AEXPR_LIKE" && op == "~~" && !is_ordered && on != "quality") {
        word = "like";
        values.push_back(right);
    } else {
        return false;
    }
    if (values.empty()) {
        for (const Node& item : list_of(body_of(*right), "items")) values.push_back(&item);
    }
    std::vector<std::string> sqls;
    for (const Node* value : values) {
        TRY(Term next, term(*value, names));
        if (!next.is_constant || next.has_aggregate) return false;
        if (is_value && !is_number(next.type) && !is_untyped(next)) return false;
        TRY(next, as(std::move(next), type, on));
        sqls.push_back(is_value ? "ls_bits(" + next.sql + ")" : std::move(next.sql));
    }
    const auto add = [&](std::string_view how, std::size_t count) {
        names.kernel.predicates.push_back(json::object{{"on", on}, {"op", how}, {"count", count}});
    };
    if (word == "between") {
        if (sqls.size() != 2) return false;
        add("ge", 1);
        add("le", 1);
    } else {
        add(word, sqls.size());
    }
    for (auto& sql : sqls) names.kernel.arguments.push_back(std::move(sql));
    return true;
}

std::string Analyser::kernel_table(const Range& range, const KernelAsk& ask) const {
    json::object spec{
        {"machine", ask.has_machine}, {"tag", ask.has_tag}, {"predicates", ask.predicates}};
    if (!ask.beside.empty()) spec["beside"] = ask.beside;
    if (!ask.filters.empty()) spec["filters"] = ask.filters;
    if (ask.has_bucket) spec["bucket"] = ask.bucket;
    // A function of SQLite takes 127 arguments, a list of machines may be longer.
    const bool are_few = ask.arguments.size() <= 100;
    std::string values;
    for (const std::string& sql : ask.arguments)
        values += (values.empty() ? "" : ", ") + (are_few ? sql : "(" + sql + ")");
    const std::string list =
        are_few ? "json_array(" + values + ")"
                : "(SELECT json_group_array(column1) FROM (VALUES " + values + "))";
    return fmt::format("ls_kernel({}, {}) AS {}", quoted_text(json::serialize(spec)), list,
                       range.sql_name);
}

}  // namespace lineshaft::query
