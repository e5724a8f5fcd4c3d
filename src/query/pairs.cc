// Samples beside samples: FROM samples f JOIN samples v ON v.machine = f.machine AND v.time = f.time,
// where v is one tag and only conditions speak of it. Then v says which of f's samples count, which
// is a question to the kernel (history::Aggregate::beside), and f alone is left in FROM. What is not
// exactly so is left as it is, and is read row by row.
#include <algorithm>
#include <array>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

constexpr auto samples_columns =
    std::to_array<std::string_view>({"machine", "tag", "time", "value", "text", "quality"});

bool is_samples_table(const Node& node) {
    return kind_of(node) == "RangeVar" && text_of(body_of(node), "relname") == "samples";
}

std::string_view alias_of(const Node& table) {
    const Node& alias = member(body_of(table), "alias");
    return alias.is_object() ? text_of(alias.get_object(), "aliasname")
                             : text_of(body_of(table), "relname");
}

bool has_column_names(const Node& table) {
    const Node& alias = member(body_of(table), "alias");
    return alias.is_object() && !list_of(alias.get_object(), "colnames").empty();
}

void collect_samples(const Node& node, std::vector<const Node*>& into) {
    if (is_samples_table(node)) into.push_back(&node);
    if (kind_of(node) != "JoinExpr") return;
    collect_samples(member(body_of(node), "larg"), into);
    collect_samples(member(body_of(node), "rarg"), into);
}

/// Calls `each` with every column that is named below a node, outside of inner SELECTs.
template <class Each>
void for_columns(const Node& node, const Each& each) {
    if (node.is_array()) {
        for (const Node& one : node.get_array()) for_columns(one, each);
    } else if (node.is_object() && kind_of(node) != "SelectStmt") {
        if (kind_of(node) == "ColumnRef") each(list_of(body_of(node), "fields"));
        for (const auto& entry : node.get_object()) for_columns(entry.value(), each);
    }
}

/// An inner SELECT that may see both tables.
bool has_sublink(const Node& node) {
    if (node.is_array()) return std::ranges::any_of(node.get_array(), has_sublink);
    if (!node.is_object() || kind_of(node) == "SelectStmt") return false;
    return kind_of(node) == "SubLink" ||
           std::ranges::any_of(node.get_object(),
                               [](const auto& entry) { return has_sublink(entry.value()); });
}

bool mentions(const Node& node, std::string_view alias) {
    bool does = false;
    for_columns(node, [&](const json::array& fields) {
        does |= !fields.empty() && string_of(fields[0]) == alias;
    });
    return does;
}

/// alias.column
bool is_column_of(const Node& node, std::string_view alias, std::string_view column) {
    const auto& fields = list_of(body_of(node), "fields");
    return kind_of(node) == "ColumnRef" && fields.size() == 2 && string_of(fields[0]) == alias &&
           string_of(fields[1]) == column;
}

/// a.column = b.column, either way round.
bool is_equality(const Node& node, std::string_view a, std::string_view b, std::string_view column) {
    const json::object& body = body_of(node);
    if (kind_of(node) != "A_Expr" || text_of(body, "kind") != "AEXPR_OP" ||
        last_name(list_of(body, "name")) != "=")
        return false;
    const Node &left = member(body, "lexpr"), &right = member(body, "rexpr");
    return (is_column_of(left, a, column) && is_column_of(right, b, column)) ||
           (is_column_of(left, b, column) && is_column_of(right, a, column));
}

void split_conjunction(const Node& node, json::array& into) {
    if (node.is_null()) return;
    const bool is_and =
        kind_of(node) == "BoolExpr" && text_of(body_of(node), "boolop") == "AND_EXPR";
    if (!is_and) return into.push_back(node);
    for (const Node& part : list_of(body_of(node), "args")) split_conjunction(part, into);
}

/// Where they are equal anyway, the other's machine and time stand for these.
void rename(Node& node, std::string_view from, std::string_view to) {
    if (node.is_array()) {
        for (Node& one : node.get_array()) rename(one, from, to);
    } else if (node.is_object() && kind_of(node) != "SelectStmt") {
        if (is_column_of(node, from, "machine") || is_column_of(node, from, "time")) {
            json::array& fields =
                node.get_object().begin()->value().get_object()["fields"].get_array();
            fields[0].get_object().begin()->value().get_object()["sval"] = to;
            return;
        }
        for (auto& entry : node.get_object()) rename(entry.value(), from, to);
    }
}

/// One try: the second table leaves the statement.
struct Leaving {
    std::string_view kept, left;  // aliases
    json::array conditions{};     // of WHERE, and of the JOIN that goes
    bool by_using = false, is_gone = false;

    bool is_it(const Node& node) const { return is_samples_table(node) && alias_of(node) == left; }

    // Takes it out of a tree of inner joins.
    void take_from(Node& node) {
        if (kind_of(node) != "JoinExpr") return;
        const json::object& join = body_of(node);
        const bool is_right = is_it(member(join, "rarg"));
        const Node other = member(join, is_right ? "larg" : "rarg");
        if (!is_right && !is_it(member(join, "larg"))) {
            json::object& inside = node.get_object().begin()->value().get_object();
            take_from(inside["larg"]);
            take_from(inside["rarg"]);
            return;
        }
        if (text_of(join, "jointype") != "JOIN_INNER" || flag_of(join, "isNatural") ||
            join.contains("alias"))
            return;
        const auto& shared = list_of(join, "usingClause");
        if (!shared.empty()) {
            const auto names = [&](std::string_view name) {
                return std::ranges::any_of(
                    shared, [&](const Node& one) { return string_of(one) == name; });
            };
            if (shared.size() != 2 || !names("machine") || !names("time") ||
                !is_samples_table(other) || alias_of(other) != kept)
                return;
            by_using = true;
        }
        split_conjunction(member(join, "quals"), conditions);
        is_gone = true;
        node = other;
    }

    // Whether a name without a table could have meant a column of either.
    bool is_unclear(const json::object& body) const {
        const auto& targets = list_of(body, "targetList");
        const auto names_target = [&](const Node& node, bool is_of_column) {
            const auto& fields = list_of(body_of(node), "fields");
            if (kind_of(node) != "ColumnRef" || fields.size() != 1) return false;
            return std::ranges::any_of(targets, [&](const Node& target) {
                const std::string_view said = text_of(body_of(target), "name");
                const Node& value = member(body_of(target), "val");
                const auto& of = list_of(body_of(value), "fields");
                const bool is_column = kind_of(value) == "ColumnRef" && !of.empty() &&
                                       string_of(of.back()) == string_of(fields[0]);
                if (is_of_column) return is_column && (said.empty() || said == string_of(of.back()));
                return said.empty() ? is_column : said == string_of(fields[0]);
            });
        };
        bool is = false;
        const auto check = [&](const Node& node) {
            for_columns(node, [&](const json::array& fields) {
                if (fields.size() != 1) return;
                const std::string_view name = string_of(fields[0]);
                const bool is_shared = by_using && (name == "machine" || name == "time");
                is |= !is_shared && std::ranges::find(samples_columns, name) != samples_columns.end();
            });
        };
        for (const auto& entry : body) {
            if (entry.key() != "sortClause" && entry.key() != "groupClause") {
                check(entry.value());
                continue;
            }
            const bool is_group = entry.key() == "groupClause";
            for (const Node& item : list_of(body, entry.key())) {
                const Node& node = is_group ? item : member(body_of(item), "node");
                if (!names_target(node, is_group)) check(node);
            }
        }
        return is;
    }
};

std::optional<SamplesPair> without(const json::object& body, std::string_view kept,
                                   std::string_view left) {
    Leaving leaving{.kept = kept, .left = left};
    split_conjunction(member(body, "whereClause"), leaving.conditions);
    SamplesPair pair{.body = body, .kept = std::string(kept), .left = std::string(left)};
    json::array tables;
    const auto& from = list_of(body, "fromClause");
    for (Node table : from) {
        if (leaving.is_it(table) && from.size() > 1) {
            leaving.is_gone = true;
            continue;
        }
        leaving.take_from(table);
        tables.push_back(std::move(table));
    }
    if (!leaving.is_gone) return {};
    bool is_same_machine = leaving.by_using, is_same_time = leaving.by_using;
    json::array others;
    for (Node& one : leaving.conditions) {
        const bool is_machine = is_equality(one, kept, left, "machine");
        const bool is_time = is_equality(one, kept, left, "time");
        is_same_machine |= is_machine;
        is_same_time |= is_time;
        if (is_machine || is_time) continue;
        rename(one, left, kept);
        (mentions(one, left) ? pair.conditions : others).push_back(std::move(one));
    }
    if (!is_same_machine || !is_same_time) return {};
    pair.body["fromClause"] = std::move(tables);
    pair.body.erase("whereClause");
    if (others.size() == 1) pair.body["whereClause"] = std::move(others[0]);
    if (others.size() > 1) {
        pair.body["whereClause"] = json::object{
            {"BoolExpr", json::object{{"boolop", "AND_EXPR"}, {"args", std::move(others)}}}};
    }
    for (auto& entry : pair.body) rename(entry.value(), left, kept);
    if (leaving.is_unclear(pair.body)) return {};
    for (const auto& entry : pair.body) {
        if (mentions(entry.value(), left)) return {};
    }
    bool is_alone = true;  // conditions on it name nothing else
    for_columns(pair.conditions, [&](const json::array& fields) {
        is_alone &= fields.size() == 2 && string_of(fields[0]) == left;
    });
    return is_alone ? std::optional(std::move(pair)) : std::nullopt;
}

}  // namespace

std::optional<SamplesPair> samples_pair(const json::object& body) {
    std::vector<const Node*> tables;
    for (const Node& node : list_of(body, "fromClause")) collect_samples(node, tables);
    const bool sees_inside = std::ranges::any_of(
        body, [](const auto& entry) { return has_sublink(entry.value()); });
    if (tables.size() != 2 || sees_inside || has_column_names(*tables[0]) || has_column_names(*tables[1]) ||
        text_of(body_of(*tables[0]), "schemaname") != text_of(body_of(*tables[1]), "schemaname"))
        return {};
    const std::string_view first = alias_of(*tables[0]), second = alias_of(*tables[1]);
    if (first == second) return {};
    auto pair = without(body, first, second);
    return pair ? std::move(pair) : without(body, second, first);
}

Outcome<void> Analyser::take_pair(const SamplesPair& pair, Names& names) {
    const auto is_kept = [&](const Range& range) {
        return range.is_kernel && range.alias == pair.kept;
    };
    const auto kept = std::ranges::find_if(names.ranges, is_kept);
    if (kept == names.ranges.end()) {  // samples is something of WITH
        names.kernel.has_failed = true;
        return {};
    }
    Names there;
    there.ranges.push_back(*kept);
    there.ranges[0].alias = pair.left;
    there.kernel.is_wanted = true;
    std::size_t tags = 0;
    for (const Node& condition : pair.conditions) {
        TRY(const bool is_taken, kernel_predicate(condition, there));
        names.kernel.has_failed |= !is_taken;
    }
    for (const Node& one : there.kernel.predicates) {
        if (text_of(one.get_object(), "on") != "tag") continue;
        ++tags;
        names.kernel.has_failed |= text_of(one.get_object(), "op") != "eq";
    }
    // Two tags of one instant would be two rows.
    names.kernel.has_failed |= tags != 1;
    names.kernel.beside = std::move(there.kernel.predicates);
    for (auto& sql : there.kernel.arguments) names.kernel.arguments.push_back(std::move(sql));
    return {};
}

}  // namespace lineshaft::query
