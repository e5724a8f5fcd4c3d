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
    {"count", "coalesce(sum({0}.n), 0)", T::int8},
    {"sum", "sum({0}.total)", T::float8},
    {"avg", "(sum({0}.total) / sum({0}.n))", T::float8},
    {"min", "min({0}.low)", T::float8},
    {"max", "max({0}.high)", T::float8},
    {"first", "ls_first({0}.first, {0}.first_at)", T::float8},
    {"last", "ls_last({0}.last, {0}.last_at)", T::float8},
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
    const bool is_plain = !flag_of(body, "agg_distinct") &&
                          !member(body, "agg_filter").is_object() &&
                          !member(body, "over").is_object() && list_of(body, "agg_order").empty() &&
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
    if (name == "count" && flag_of(body, "agg_star")) {
        out.sql = fmt::format("coalesce(sum({}.n_all), 0)", samples->sql_name);
        out.type = T::int8;
        return out;
    }
    const auto& arguments = list_of(body, "args");
    if (arguments.empty() || samples_column(arguments[0], "value", names) == nullptr) return {};
    const bool is_edge = name == "first" || name == "last";
    if (arguments.size() > (is_edge ? 2U : 1U)) return {};
    if (arguments.size() == 2 && samples_column(arguments[1], "time", names) == nullptr) return {};
    for (const KernelCall& row : kernel_calls) {
        if (row.name != name) continue;
        out.sql = fmt::format(fmt::runtime(row.sql), samples->sql_name);
        out.type = row.type;
        return out;
    }
    return {};
}

Outcome<bool> Analyser::kernel_predicate(const Node& node, Names& names) {
    if (kind_of(node) != "A_Expr") return false;
    const json::object& body = body_of(node);
    const std::string_view kind = text_of(body, "kind");
    std::string_view op = last_name(list_of(body, "name"));
    const Node* left = &member(body, "lexpr");
    const Node* right = &member(body, "rexpr");
    std::string on;
    const auto column_of = [&](const Node& side) -> std::string {
        for (const std::string_view column : {"time", "machine", "tag"}) {
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
    const bool is_time = on == "time";
    std::vector<const Node*> values;
    std::string word;
    if (kind == "AEXPR_OP" && !word_of_op(op).empty() && (is_time || op == "=")) {
        word = word_of_op(op);
        values.push_back(right);
    } else if (kind == "AEXPR_BETWEEN" && is_time) {
        word = "between";
    } else if (kind == "AEXPR_IN" && op == "=" && !is_time) {
        word = "in";
    } else if (kind == "AEXPR_LIKE" && op == "~~" && !is_time) {
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
        TRY(next, as(std::move(next), is_time ? T::timestamptz : T::text, on));
        sqls.push_back(std::move(next.sql));
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
