// Which SELECTs need no SQLite: read from PostgreSQL's tree, after the Analyser took it.
#include <algorithm>
#include <array>

#include "query/direct_words.h"

namespace lineshaft::query {
namespace {

using Op = Condition::Op;

constexpr auto value_aggregates = std::to_array<NamedItem>({{"count", What::count},
                                                            {"sum", What::sum},
                                                            {"avg", What::average},
                                                            {"min", What::low},
                                                            {"max", What::high},
                                                            {"first", What::first},
                                                            {"last", What::last}});

bool is_of_machine(What what) {
    return what == What::machine || (what >= What::attribute && what <= What::site);
}
bool is_dimension(What what) {
    return is_of_machine(what) || what == What::tag || what == What::bucket;
}
bool is_aggregate_item(What what) {
    return what >= What::count_all;
}

std::optional<Op> comparison_of(std::string_view op, bool is_turned) {
    if (op == "=") return Op::any;
    if (op == "<") return is_turned ? Op::more : Op::less;
    if (op == "<=") return is_turned ? Op::more_equal : Op::less_equal;
    if (op == ">") return is_turned ? Op::less : Op::more;
    if (op == ">=") return is_turned ? Op::less_equal : Op::more_equal;
    return {};
}

class DirectReader {
public:
    DirectReader(const std::string& sql, const Session& session) : constants_(sql, session) {}

    std::optional<Direct> read(const json::object& select) {
        static constexpr std::string_view others[] = {"withClause", "valuesLists", "intoClause",
                                                      "windowClause", "lockingClause"};
        for (const std::string_view other : others) {
            if (select.contains(other)) return {};
        }
        const std::string_view op = text_of(select, "op");
        if ((!op.empty() && op != "SETOP_NONE") ||
            text_of(select, "limitOption") == "LIMIT_OPTION_WITH_TIES")
            return {};
        const bool is_read = take_from(list_of(select, "fromClause")) &&
                             take_where(member(select, "whereClause"), out_.conditions) &&
                             take_targets(list_of(select, "targetList")) && take_groups(select) &&
                             take_having(member(select, "havingClause")) &&
                             take_order(list_of(select, "sortClause")) &&
                             take_bound(member(select, "limitCount"), out_.limit) &&
                             take_bound(member(select, "limitOffset"), out_.offset) && fits();
        if (!is_read) return {};
        return std::move(out_);
    }

private:
    bool take_from(const json::array& from) {
        if (!tables_.take(from)) return false;
        out_.from = tables_.from();
        out_.joins_machines = tables_.joins_machines();
        return true;
    }

    // ---- what stands in rows
    std::optional<Item> item_of(const Node& node) {
        const std::string_view kind = kind_of(node);
        if (kind == "ColumnRef") return tables_.column_of(node);
        if (kind == "FuncCall") return call_of(body_of(node));
        return tables_.attribute_of(node);
    }

    std::optional<Item> call_of(const json::object& call) {
        if (flag_of(call, "agg_distinct") || call.contains("over") || call.contains("agg_order") ||
            call.contains("agg_within_group") || out_.from == Direct::From::latest)
            return {};
        const std::string_view name = last_name(list_of(call, "funcname"));
        const auto& arguments = list_of(call, "args");
        if (name == "time_bucket" || name == "date_trunc") return bucket_of(name, call);
        auto item = aggregate_of(name, arguments, flag_of(call, "agg_star"));
        if (!item || !call.contains("agg_filter")) return item;
        std::vector<Condition> filter;
        if (!take_where(member(call, "agg_filter"), filter)) return {};
        for (const Condition& condition : filter) {
            if (condition.on.what != What::value && condition.on.what != What::quality) return {};
        }
        out_.filters.push_back(std::move(filter));
        item->filter = out_.filters.size();
        return item;
    }

    std::optional<Item> aggregate_of(std::string_view name, const json::array& arguments,
                                     bool is_star) const {
        if (name == "count" && is_star) return Item{What::count_all};
        if (arguments.empty() || arguments.size() > 2) return {};
        const auto of = tables_.column_of(arguments[0]);
        if (name == "count" && arguments.size() == 1 && counts_all(arguments[0], of))
            return Item{What::count_all};
        if (!of) return {};
        if (of->what == What::time && arguments.size() == 1) {
            if (name == "min") return Item{What::seen_from};
            if (name == "max") return Item{What::seen_until};
        }
        if (of->what != What::value) return {};
        const bool is_edge = name == "first" || name == "last";
        if (arguments.size() == 2) {
            const auto by = tables_.column_of(arguments[1]);
            if (!is_edge || !by || by->what != What::time) return {};
        }
        const auto what = what_of(value_aggregates, name);
        return what ? std::optional(Item{*what}) : std::nullopt;
    }

    // What is never NULL is counted as rows are.
    static bool counts_all(const Node& argument, const std::optional<Item>& column) {
        if (column) {
            return column->what == What::machine || column->what == What::tag ||
                   column->what == What::time || column->what == What::quality;
        }
        return kind_of(argument) == "A_Const" && !flag_of(body_of(argument), "isnull");
    }

    std::optional<Item> bucket_of(std::string_view name, const json::object& call) {
        const auto& arguments = list_of(call, "args");
        if (arguments.size() != 2 || call.contains("agg_filter")) return {};
        const auto time = tables_.column_of(arguments[1]);
        if (!time || time->what != What::time) return {};
        std::int64_t step = 0;
        if (name == "time_bucket") {
            const auto span = constants_.span_of(arguments[0]);
            if (!span || span->months != 0) return {};
            step = span->micros;
        } else {
            const Node& unit_node = member(body_of(arguments[0]), "sval");
            if (kind_of(arguments[0]) != "A_Const" || !unit_node.is_object()) return {};
            const std::string_view unit = text_of(unit_node.get_object(), "sval");
            if (unit == "second") step = micros_per_second;
            if (unit == "minute") step = 60 * micros_per_second;
            out_.needs_utc = out_.needs_utc || step == 0;
            if (unit == "hour") step = micros_per_hour;
            if (unit == "day") step = micros_per_day;
            if (unit == "week") step = 7 * micros_per_day;
        }
        constexpr std::int64_t step_max = 366'000 * micros_per_day;
        if (step <= 0 || step > step_max || (out_.step != 0 && out_.step != step)) return {};
        out_.step = step;
        return Item{What::bucket};
    }

    bool take_targets(const json::array& targets) {
        for (const Node& target : targets) {
            const json::object& body = body_of(target);
            const Node& value = member(body, "val");
            const auto& fields = list_of(body_of(value), "fields");
            if (kind_of(value) == "ColumnRef" && !fields.empty() &&
                kind_of(fields.back()) == "A_Star") {
                if (fields.size() != 1 || out_.joins_machines) return false;
                for (const NamedItem& column : sample_columns()) add(column.name, {column.what});
                continue;
            }
            auto item = item_of(value);
            if (!item) return false;
            std::string_view name = text_of(body, "name");
            if (name.empty() && !fields.empty()) name = string_of(fields.back());
            if (name.empty()) name = last_name(list_of(body_of(value), "funcname"));
            add(name.empty() ? "?column?" : name, std::move(*item));
        }
        out_.shown = out_.items.size();
        return out_.shown > 0;
    }
    void add(std::string_view name, Item item) {
        names_.emplace_back(name);
        out_.items.push_back(std::move(item));
    }

    // ---- GROUP BY, DISTINCT
    bool take_groups(const json::object& select) {
        const auto& groups = list_of(select, "groupClause");
        const auto& distinct = list_of(select, "distinctClause");
        const bool aggregates = std::ranges::any_of(
            out_.items, [](const Item& item) { return is_aggregate_item(item.what); });
        if (groups.empty() && distinct.empty() && !aggregates && !select.contains("havingClause"))
            return true;
        if (out_.from != Direct::From::samples) return false;
        out_.from = Direct::From::kernel;
        if (!distinct.empty()) {  // of what is not an aggregate, DISTINCT is GROUP BY everything
            const bool is_plain = distinct.size() == 1 && (!distinct[0].is_object() ||
                                                           distinct[0].get_object().empty());
            if (!is_plain || aggregates || !groups.empty()) return false;
            for (const Item& item : out_.items) add_group(item);
        }
        for (const Node& node : groups) {
            const auto item = of_target(node, false);
            if (!item) return false;
            add_group(*item);
        }
        out_.is_grouped = !out_.groups.empty();
        return std::ranges::all_of(out_.groups,
                                   [](const Item& item) { return is_dimension(item.what); });
    }
    void add_group(const Item& item) {
        if (std::ranges::find(out_.groups, item) == out_.groups.end()) out_.groups.push_back(item);
    }

    bool take_having(const Node& node) {
        if (node.is_null()) return true;
        const json::object& body = body_of(node);
        if (kind_of(node) == "BoolExpr" && text_of(body, "boolop") == "AND_EXPR") {
            const auto& parts = list_of(body, "args");
            return std::ranges::all_of(parts,
                                       [&](const Node& part) { return take_having(part); });
        }
        if (kind_of(node) != "A_Expr" || text_of(body, "kind") != "AEXPR_OP" ||
            out_.from != Direct::From::kernel)
            return false;
        const Node *left = &member(body, "lexpr"), *right = &member(body, "rexpr");
        const bool is_turned = kind_of(*left) != "FuncCall";
        if (is_turned) std::swap(left, right);
        const auto how = comparison_of(last_name(list_of(body, "name")), is_turned);
        const auto item = kind_of(*left) == "FuncCall" ? item_of(*left) : std::optional<Item>();
        const bool is_number = item && is_aggregate_item(item->what) &&
                               item->what != What::seen_from && item->what != What::seen_until;
        if (!how || !is_number) return false;
        auto value = constants_.fixed_of(*right, Type::float8);
        if (!value) return false;
        out_.having.push_back({*item, *how, {std::move(*value)}});
        return true;
    }

    // A number is a column's place; a name is a column's of a table first, or of the answer.
    std::optional<Item> of_target(const Node& node, bool is_answer_first) {
        if (const Node& number = member(body_of(node), "ival"); kind_of(node) == "A_Const") {
            if (!number.is_object()) return {};
            const std::int64_t place = number_of(number.get_object(), "ival");
            if (place < 1 || static_cast<std::size_t>(place) > out_.shown) return {};
            return out_.items[static_cast<std::size_t>(place) - 1];
        }
        const auto& fields = list_of(body_of(node), "fields");
        const auto named = [&]() -> std::optional<Item> {
            if (kind_of(node) != "ColumnRef" || fields.size() != 1) return {};
            const auto found = std::ranges::find(names_, string_of(fields[0]));
            if (found == names_.end()) return {};
            return out_.items[static_cast<std::size_t>(found - names_.begin())];
        };
        if (is_answer_first) {
            if (auto item = named()) return item;
        }
        if (auto item = item_of(node)) return item;
        return tables_.is_of_machines(fields) ? std::optional<Item>() : named();
    }

    // ---- ORDER BY, LIMIT
    bool take_order(const json::array& items) {
        for (const Node& node : items) {
            const json::object& body = body_of(node);
            const std::string_view direction = text_of(body, "sortby_dir");
            if (direction == "SORTBY_USING") return false;
            const auto item = of_target(member(body, "node"), true);
            if (!item) return false;
            Direct::Order order;
            order.item = place_of(*item);
            order.is_down = direction == "SORTBY_DESC";
            const std::string_view nulls = text_of(body, "sortby_nulls");
            order.are_nulls_first =
                nulls == "SORTBY_NULLS_FIRST" || (nulls != "SORTBY_NULLS_LAST" && order.is_down);
            out_.order.push_back(order);
        }
        // Groups come as GROUP BY names them where nobody says.
        if (out_.from != Direct::From::kernel || !items.empty()) return true;
        for (const Item& group : out_.groups) out_.order.push_back({place_of(group)});
        return true;
    }
    std::size_t place_of(const Item& item) {
        const auto found = std::ranges::find(out_.items, item);
        if (found != out_.items.end())
            return static_cast<std::size_t>(found - out_.items.begin());
        out_.items.push_back(item);
        return out_.items.size() - 1;
    }

    bool take_bound(const Node& node, std::optional<Fixed>& into) {
        if (node.is_null() || flag_of(body_of(node), "isnull")) return true;
        into = constants_.fixed_of(node, Type::int8);
        return into.has_value();
    }

    bool fits() const {
        for (const Item& item : out_.items) {
            const bool is_aggregate = is_aggregate_item(item.what);
            if (out_.from != Direct::From::kernel) {
                if (is_aggregate || item.what == What::bucket) return false;
            } else if (!is_aggregate &&
                       std::ranges::find(out_.groups, item) == out_.groups.end()) {
                return false;
            }
        }
        if (out_.from != Direct::From::samples || out_.order.empty()) return true;
        // Rows as they are come by series; by time alone where there is one.
        const auto is_one = [&](What what) {
            return std::ranges::any_of(out_.conditions, [&](const Condition& condition) {
                return condition.on.what == what && condition.op == Op::any &&
                       condition.values.size() == 1;
            });
        };
        return out_.order.size() == 1 && out_.items[out_.order[0].item].what == What::time &&
               is_one(What::machine) && is_one(What::tag);
    }

    // ---- WHERE
    bool take_where(const Node& node, std::vector<Condition>& into) {
        if (node.is_null()) return true;
        const json::object& body = body_of(node);
        if (kind_of(node) == "BoolExpr" && text_of(body, "boolop") == "AND_EXPR") {
            const auto& parts = list_of(body, "args");
            return std::ranges::all_of(parts,
                                       [&](const Node& part) { return take_where(part, into); });
        }
        if (kind_of(node) == "NullTest") {
            const auto on = tables_.column_of(member(body, "arg"));
            if (!on || on->what != What::value || text_of(body, "nulltesttype") != "IS_NOT_NULL")
                return false;
            into.push_back({*on, Op::not_null, {}});
            return true;
        }
        return kind_of(node) == "A_Expr" && take_comparison(body, into);
    }

    bool take_comparison(const json::object& body, std::vector<Condition>& into) {
        const std::string_view kind = text_of(body, "kind");
        const std::string_view op = last_name(list_of(body, "name"));
        const Node *left = &member(body, "lexpr"), *right = &member(body, "rexpr");
        std::optional<Item> on = plain_item(*left);
        const bool is_turned = !on && kind == "AEXPR_OP";
        if (is_turned) {
            std::swap(left, right);
            on = plain_item(*left);
        }
        if (!on) return false;
        const bool is_time = on->what == What::time;
        const bool is_text = !is_time && on->what != What::value;
        const Type type = is_time ? Type::timestamptz : is_text ? Type::text : Type::float8;
        const auto take = [&](Op how, const Node& node) {
            auto value = constants_.fixed_of(node, type);
            if (value) into.push_back({*on, how, {std::move(*value)}});
            return value.has_value();
        };
        if (kind == "AEXPR_OP") {
            const auto how = comparison_of(op, is_turned);
            if (!how || (is_text && *how != Op::any)) return false;
            return take(*how, *right);
        }
        if (kind == "AEXPR_LIKE" && op == "~~" &&
            (on->what == What::machine || on->what == What::tag))
            return take(Op::like, *right);
        const auto& items = list_of(body_of(*right), "items");
        if (kind == "AEXPR_BETWEEN" && !is_text && items.size() == 2)
            return take(Op::more_equal, items[0]) && take(Op::less_equal, items[1]);
        if (kind != "AEXPR_IN" || op != "=" || !is_text) return false;
        Condition any{*on, Op::any, {}};
        for (const Node& item : items) {
            auto value = constants_.fixed_of(item, type);
            if (!value) return false;
            any.values.push_back(std::move(*value));
        }
        into.push_back(std::move(any));
        return !items.empty();
    }

    // What a condition can be about.
    std::optional<Item> plain_item(const Node& node) {
        if (kind_of(node) == "FuncCall") return {};
        auto item = item_of(node);
        if (item && item->what == What::text) return {};
        return item;
    }

    const DirectConstants constants_;
    DirectTables tables_;
    Direct out_;
    std::vector<std::string> names_;  // of the columns shown
};

}  // namespace

std::optional<Direct> direct_of(const json::object& select, const std::string& sql,
                                const Session& session) {
    return DirectReader(sql, session).read(select);
}

}  // namespace lineshaft::query
