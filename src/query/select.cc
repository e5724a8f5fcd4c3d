// SELECT and what stands in it, from WITH to LIMIT.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

bool calls_aggregate(const Node& node) {
    if (node.is_array()) return std::ranges::any_of(node.get_array(), calls_aggregate);
    if (!node.is_object()) return false;
    if (kind_of(node) == "SubLink" || kind_of(node) == "SelectStmt") return false;
    if (kind_of(node) == "FuncCall") {
        const std::string_view name = last_name(list_of(body_of(node), "funcname"));
        for (const Call& row : calls()) {
            if (row.name == name && row.how == Call::How::aggregate &&
                !member(body_of(node), "over").is_object())
                return true;
        }
        if (member(body_of(node), "agg_within_group").is_bool()) return true;
    }
    return std::ranges::any_of(node.get_object(),
                               [](const auto& entry) { return calls_aggregate(entry.value()); });
}

/// An aggregate among them has a FILTER.
bool has_filter(const Node& node) {
    if (node.is_array()) return std::ranges::any_of(node.get_array(), has_filter);
    if (!node.is_object()) return false;
    if (kind_of(node) == "SubLink" || kind_of(node) == "SelectStmt") return false;
    if (kind_of(node) == "FuncCall" && member(body_of(node), "agg_filter").is_object()) return true;
    return std::ranges::any_of(node.get_object(),
                               [](const auto& entry) { return has_filter(entry.value()); });
}

/// A table of that name directly in FROM.
bool names_table(const Node& node, std::string_view table) {
    if (kind_of(node) == "RangeVar") return text_of(body_of(node), "relname") == table;
    if (kind_of(node) != "JoinExpr") return false;
    return names_table(member(body_of(node), "larg"), table) ||
           names_table(member(body_of(node), "rarg"), table);
}

bool is_simple(const json::object& body) {
    return !body.contains("sortClause") && !body.contains("limitCount") &&
           !body.contains("limitOffset") && !body.contains("withClause") &&
           !body.contains("valuesLists") && text_of(body, "op") == "SETOP_NONE";
}

T merged(T left, T right) {
    if (left == right || right == T::null) return left;
    if (left == T::null) return right;
    const auto is_number = [](T type) { return type == T::int8 || type == T::float8; };
    if (is_number(left) && is_number(right)) return T::float8;
    return T::text;
}

}  // namespace

Outcome<Query> Analyser::query(const Node& statement, Names* outer) {
    const std::string_view kind = kind_of(statement);
    if (kind != "SelectStmt") {
        return refuse_at("25006", fmt::format("cannot execute {} here: SQL reads only", kind), -1);
    }
    return select(body_of(statement), outer);
}

Outcome<Query> Analyser::select(const json::object& body, Names* outer) {
    if (++depth_ > 60 || ++work_ > work_max)
        return refuse_at("54001", "the statement is nested too deeply", -1);
    struct Back {
        std::size_t& depth;
        ~Back() { --depth; }
    } back{depth_};
    if (body.contains("intoClause"))
        return refuse_at("25006", "cannot execute SELECT INTO: SQL reads only", -1);
    if (body.contains("lockingClause"))
        return refuse_at("25006", "cannot lock rows: SQL reads only", -1);
    if (text_of(body, "op") != "SETOP_NONE" && !text_of(body, "op").empty())
        return set_operation(body, outer);
    if (body.contains("valuesLists")) return values(body, outer);
    const bool reads_samples_here = std::ranges::any_of(
        list_of(body, "fromClause"), [](const Node& node) { return names_table(node, "samples"); });
    const bool aggregates = body.contains("groupClause") ||
                            calls_aggregate(member(body, "targetList")) ||
                            calls_aggregate(member(body, "havingClause"));
    // Rows that are alike are one: DISTINCT machines are those of the kernel's rows, too.
    if (reads_samples_here && (aggregates || body.contains("distinctClause"))) {
        Names names;
        names.outer = outer;
        names.kernel.is_wanted = true;
        names.kernel.has_filters = has_filter(member(body, "targetList")) ||
                                   has_filter(member(body, "havingClause")) ||
                                   has_filter(member(body, "sortClause"));
        const auto pair = samples_pair(body);
        auto found = attempt(pair ? pair->body : body, names, pair ? &*pair : nullptr);
        if (found && !names.kernel.has_failed && !names.is_outer_used) {
            uses_kernel_ = true;
            return found;
        }
    }
    reads_samples_ = reads_samples_ || reads_samples_here;
    Names names;
    names.outer = outer;
    return attempt(body, names);
}

Outcome<Query> Analyser::attempt(const json::object& body, Names& names,
                                 const SamplesPair* pair) {
    names.windows = &list_of(body, "windowClause");
    TRY(std::string sql, with(body, names));
    std::string from_sql;
    for (const Node& node : list_of(body, "fromClause")) {
        TRY(const std::string next, from(node, names));
        from_sql += (from_sql.empty() ? " FROM " : ", ") + next;
    }
    TRY(const std::string where_sql, where(member(body, "whereClause"), names));
    if (pair != nullptr) {
        TRY_VOID(take_pair(*pair, names));
    }
    names.is_grouped = body.contains("groupClause") ||
                       calls_aggregate(member(body, "targetList")) || body.contains("havingClause");
    names.allows_aggregates = true;
    std::vector<Term> targets;
    const auto read_targets = [&]() -> Outcome<void> {
        targets.clear();
        for (const Node& target : list_of(body, "targetList")) {
            TRY(const Term last, star_or_term(target, names, targets));
        }
        return {};
    };
    TRY_VOID(read_targets());
    if (names.is_grouped) {
        TRY_VOID(group_by(body, names, targets));
        TRY_VOID(read_targets());
        TRY_VOID(check_grouping(targets, names));
    }
    if (targets.empty()) return refuse_at("0A000", "a SELECT without columns is not supported", -1);
    Query out;
    std::string list;
    for (std::size_t index = 0; index < targets.size(); ++index) {
        Term& target = targets[index];
        if (target.parameter != 0) {
            TRY(target, as(std::move(target), T::text, "a column"));
        }
        list += fmt::format("{}{} AS c{}", index > 0 ? ", " : "", target.sql, index + 1);
        out.types.push_back(target.type);
        out.columns.push_back(
            {target.name.empty() ? "?column?" : target.name, shown_type(target.type)});
    }
    const bool is_of_rows = !names.is_grouped && std::ranges::any_of(targets, &Term::has_window);
    names.kernel.has_failed = names.kernel.has_failed || is_of_rows;
    const auto& distinct = list_of(body, "distinctClause");
    if (!distinct.empty() && distinct[0].is_object() && !distinct[0].get_object().empty()) {
        return refuse_at("0A000", "DISTINCT ON is not supported", location_of(distinct[0]),
                         "The newest value of every tag stands in the table latest.");
    }
    sql += fmt::format("SELECT {}{}", distinct.empty() ? "" : "DISTINCT ", list);
    std::string having;
    if (const Node& node = member(body, "havingClause"); !node.is_null()) {
        TRY(const Term condition_term, condition(node, names, "HAVING"));
        if (condition_term.is_bare) {
            TRY_VOID(check_grouping({condition_term}, names));
        }
        having = " HAVING " + condition_term.sql;
    }
    std::string groups;
    for (const std::string& group : names.groups)
        groups += (groups.empty() ? " GROUP BY " : ", ") + group;
    TRY(const std::string order, order_by(list_of(body, "sortClause"), names, &targets));
    names.allows_aggregates = false;
    TRY(const std::string bounds, limit(body, names));
    if (names.kernel.is_wanted) {
        for (const Range& range : names.ranges) {
            if (!range.is_kernel) continue;
            const auto place = from_sql.find(kernel_place);
            if (place == std::string::npos) continue;
            from_sql.replace(place, kernel_place.size(), kernel_table(range, names.kernel));
        }
    }
    // Without groups an aggregate gives one row; HAVING needs to be told so.
    if (groups.empty() && !having.empty()) groups = " GROUP BY NULL";
    out.sql = sql + from_sql + where_sql + groups + having + order + bounds;
    return out;
}

Outcome<Query> Analyser::set_operation(const json::object& body, Names* outer) {
    Names names;
    names.outer = outer;
    TRY(const std::string prefix, with(body, names));
    const auto side = [&](std::string_view name) -> Outcome<Query> {
        const json::object& inner = member(body, name).get_object();
        TRY(Query found, select(inner, &names));
        if (!is_simple(inner)) found.sql = "SELECT * FROM (" + found.sql + ")";
        return found;
    };
    if (!member(body, "larg").is_object() || !member(body, "rarg").is_object())
        return refuse_at("42601", "a side is missing", -1);
    TRY(Query left, side("larg"));
    TRY(const Query right, side("rarg"));
    if (left.types.size() != right.types.size())
        return refuse_at("42601", "each query must have the same number of columns", -1);
    for (std::size_t index = 0; index < left.types.size(); ++index) {
        left.types[index] = merged(left.types[index], right.types[index]);
        left.columns[index].type = shown_type(left.types[index]);
    }
    const std::string_view op = text_of(body, "op");
    const bool is_all = flag_of(body, "all");
    const std::string_view word = op == "SETOP_UNION"       ? (is_all ? " UNION ALL " : " UNION ")
                                  : op == "SETOP_INTERSECT" ? " INTERSECT "
                                                            : " EXCEPT ";
    if (is_all && op != "SETOP_UNION")
        return refuse_at("0A000", "INTERSECT ALL and EXCEPT ALL are not supported", -1);
    std::vector<Term> targets;
    for (std::size_t index = 0; index < left.types.size(); ++index) {
        Term target;
        target.type = left.types[index];
        target.name = left.columns[index].name;
        targets.push_back(std::move(target));
    }
    TRY(const std::string order, order_by(list_of(body, "sortClause"), names, &targets));
    TRY(const std::string bounds, limit(body, names));
    left.sql = prefix + left.sql + std::string(word) + right.sql + order + bounds;
    return left;
}

Outcome<Query> Analyser::values(const json::object& body, Names* outer) {
    Names names;
    names.outer = outer;
    TRY(const std::string prefix, with(body, names));
    Query out;
    std::string rows;
    for (const Node& list : list_of(body, "valuesLists")) {
        const auto& items = list_of(body_of(list), "items");
        if (!rows.empty() && items.size() != out.types.size())
            return refuse_at("42601", "VALUES lists must all be the same length", -1);
        rows += rows.empty() ? "VALUES (" : ", (";
        for (std::size_t index = 0; index < items.size(); ++index) {
            TRY(Term item, term(items[index], names));
            if (item.parameter != 0) {
                TRY(item, as(std::move(item), T::text, "VALUES"));
            }
            if (index == out.types.size()) out.types.push_back(item.type);
            out.types[index] = merged(out.types[index], item.type);
            rows += (index > 0 ? ", " : "") + item.sql;
        }
        rows += ")";
    }
    std::vector<Term> targets;
    for (std::size_t index = 0; index < out.types.size(); ++index) {
        Term target;
        target.type = out.types[index];
        target.name = fmt::format("column{}", index + 1);
        out.columns.push_back({target.name, shown_type(target.type)});
        out.sql += fmt::format("{}column{} AS c{}", index > 0 ? ", " : "", index + 1, index + 1);
        targets.push_back(std::move(target));
    }
    TRY(const std::string order, order_by(list_of(body, "sortClause"), names, &targets));
    TRY(const std::string bounds, limit(body, names));
    out.sql = fmt::format("{}SELECT {} FROM ({}){}{}", prefix, out.sql, rows, order, bounds);
    return out;
}

Outcome<std::string> Analyser::with(const json::object& body, Names& names) {
    const Node& clause = member(body, "withClause");
    if (!clause.is_object()) return std::string();
    const bool is_recursive = flag_of(clause.get_object(), "recursive");
    std::string sql = is_recursive ? "WITH RECURSIVE " : "WITH ";
    bool is_first = true;
    for (const Node& node : list_of(clause.get_object(), "ctes")) {
        if (!is_first) sql += ", ";
        is_first = false;
        TRY_VOID(with_one(body_of(node), is_recursive, names, sql));
    }
    return sql + " ";
}

Outcome<void> Analyser::with_one(const json::object& one, bool is_recursive, Names& names,
                                 std::string& sql) {
    const std::string name(text_of(one, "ctename"));
    const Node& statement = member(one, "ctequery");
    Range range;
    range.sql_name = new_name();
    range.alias = name;
    const auto take_columns = [&](const Query& query) {
        range.items.clear();
        const auto& given = list_of(one, "aliascolnames");
        for (std::size_t index = 0; index < query.types.size(); ++index) {
            const std::string_view said = index < given.size() ? string_of(given[index]) : "";
            range.items.push_back({said.empty() ? query.columns[index].name : std::string(said),
                                   fmt::format("c{}", index + 1), query.types[index]});
        }
    };
    // A recursive query knows its own columns from its first part.
    if (is_recursive && kind_of(statement) == "SelectStmt" &&
        text_of(body_of(statement), "op") == "SETOP_UNION" &&
        member(body_of(statement), "larg").is_object()) {
        TRY(const Query first, select(member(body_of(statement), "larg").get_object(), &names));
        take_columns(first);
        names.with[name] = range;
    }
    TRY(const Query whole, query(statement, &names));
    take_columns(whole);
    sql += range.sql_name + "(";
    for (std::size_t index = 0; index < range.items.size(); ++index)
        sql += fmt::format("{}c{}", index > 0 ? ", " : "", index + 1);
    sql += ") AS (" + whole.sql + ")";
    names.with[name] = std::move(range);
    return {};
}

Outcome<Term> Analyser::star_or_term(const Node& target, Names& names, std::vector<Term>& out) {
    const json::object& body = body_of(target);
    const Node& value = member(body, "val");
    const auto& fields = list_of(body_of(value), "fields");
    if (kind_of(value) != "ColumnRef" || fields.empty() || kind_of(fields.back()) != "A_Star") {
        TRY(Term found, term(value, names));
        if (const auto name = text_of(body, "name"); !name.empty()) found.name = name;
        out.push_back(found);
        return found;
    }
    const std::string_view table =
        fields.size() > 1 ? string_of(fields[fields.size() - 2]) : std::string_view();
    const std::size_t before = out.size();
    for (const Range& range : names.ranges) {
        if (!table.empty() && range.alias != table) continue;
        names.kernel.has_failed |= range.is_kernel;
        for (const auto& item : range.items) {
            if (item.is_merged && table.empty()) continue;
            Term column_term;
            column_term.sql = range.sql_name + "." + quoted_name(item.sql_name);
            column_term.type = item.type;
            column_term.name = item.name;
            column_term.is_constant = false;
            column_term.is_bare =
                std::ranges::find(names.groups, column_term.sql) == names.groups.end();
            column_term.at = location_of(value);
            out.push_back(std::move(column_term));
        }
    }
    if (out.size() == before)
        return refuse_at(table.empty() ? "42601" : "42P01",
                         table.empty()
                             ? "SELECT * with no tables specified is not valid"
                             : fmt::format("missing FROM-clause entry for table \"{}\"", table),
                         location_of(value));
    return out.back();
}

Outcome<std::string> Analyser::where(const Node& node, Names& names) {
    if (node.is_null()) return std::string();
    const bool is_and =
        kind_of(node) == "BoolExpr" && text_of(body_of(node), "boolop") == "AND_EXPR";
    if (!names.kernel.is_wanted) {
        TRY(const Term all, condition(node, names, "WHERE"));
        return " WHERE " + all.sql;
    }
    std::string sql;
    const auto one = [&](const Node& part) -> Outcome<void> {
        TRY(const bool is_taken, kernel_predicate(part, names));
        if (is_taken) return {};
        TRY(const Term left, condition(part, names, "WHERE"));
        sql += (sql.empty() ? " WHERE " : " AND ") + left.sql;
        return {};
    };
    if (!is_and) {
        TRY_VOID(one(node));
        return sql;
    }
    for (const Node& part : list_of(body_of(node), "args")) {
        TRY_VOID(one(part));
    }
    return sql;
}

Outcome<void> Analyser::group_by(const json::object& body, Names& names,
                                 std::vector<Term>& targets) {
    names.groups.clear();
    std::vector<std::string> groups;
    const auto add = [&](const Term& group) -> Outcome<void> {
        if (group.has_aggregate || group.has_window)
            return refuse_at("42803", "aggregate functions are not allowed in GROUP BY", group.at);
        if (!group.is_constant) groups.push_back(group.sql);
        return {};
    };
    for (const Node& node : list_of(body, "groupClause")) {
        if (kind_of(node) == "GroupingSet")
            return refuse_at("0A000", "grouping sets are not supported", location_of(node));
        if (const Node& number = member(body_of(node), "ival");
            kind_of(node) == "A_Const" && number.is_object()) {
            const auto place = number_of(number.get_object(), "ival");
            if (place < 1 || static_cast<std::size_t>(place) > targets.size())
                return refuse_at("42P10",
                                 fmt::format("GROUP BY position {} is not in select list", place),
                                 location_of(node));
            TRY_VOID(add(targets[static_cast<std::size_t>(place) - 1]));
            continue;
        }
        auto found = term(node, names);
        const auto& fields = list_of(body_of(node), "fields");
        if (!found && kind_of(node) == "ColumnRef" && fields.size() == 1) {
            const auto named = std::ranges::find_if(
                targets, [&](const Term& target) { return target.name == string_of(fields[0]); });
            if (named != targets.end()) {
                TRY_VOID(add(*named));
                continue;
            }
        }
        if (!found) return std::unexpected(std::move(found).error());
        TRY_VOID(add(*found));
    }
    names.groups = std::move(groups);
    return {};
}

Outcome<void> Analyser::check_grouping(const std::vector<Term>& targets, const Names&) const {
    for (const Term& target : targets) {
        if (!target.is_bare) continue;
        return refuse_at("42803",
                         fmt::format("column \"{}\" must appear in the GROUP BY clause or be used "
                                     "in an aggregate function",
                                     target.name.empty() ? target.sql : target.name),
                         target.at);
    }
    return {};
}

Outcome<std::string> Analyser::order_by(const json::array& items, Names& names,
                                        const std::vector<Term>* targets) {
    std::string out;
    for (const Node& item : items) {
        const json::object& body = body_of(item);
        const Node& node = member(body, "node");
        std::string sql;
        std::optional<std::size_t> place;
        const Node& number = member(body_of(node), "ival");
        const auto& fields = list_of(body_of(node), "fields");
        if (targets != nullptr && kind_of(node) == "A_Const" && number.is_object()) {
            const auto asked = number_of(number.get_object(), "ival");
            if (asked < 1 || static_cast<std::size_t>(asked) > targets->size())
                return refuse_at("42P10",
                                 fmt::format("ORDER BY position {} is not in select list", asked),
                                 location_of(node));
            place = static_cast<std::size_t>(asked) - 1;
        } else if (targets != nullptr && kind_of(node) == "ColumnRef" && fields.size() == 1) {
            const auto named = std::ranges::find_if(
                *targets, [&](const Term& target) { return target.name == string_of(fields[0]); });
            if (named != targets->end()) place = static_cast<std::size_t>(named - targets->begin());
        }
        if (place) {
            sql = (*targets)[*place].sql;
            if (sql.empty() || (*targets)[*place].is_constant) sql = std::to_string(*place + 1);
        } else {
            TRY(const Term found, term(node, names));
            if (found.is_bare && names.is_grouped) {
                TRY_VOID(check_grouping({found}, names));
            }
            if (found.is_constant) continue;
            sql = found.sql;
        }
        const bool is_down = text_of(body, "sortby_dir") == "SORTBY_DESC";
        const std::string_view nulls = text_of(body, "sortby_nulls");
        // Columns of samples that are never NULL come in order from the table itself.
        bool is_never_null = false;
        for (const Range& range : names.ranges) {
            for (const std::string_view column : {"time", "machine", "tag"})
                is_never_null |=
                    range.is_samples && sql == range.sql_name + "." + quoted_name(column);
        }
        out += (out.empty() ? " ORDER BY " : ", ") + sql + (is_down ? " DESC" : "");
        if (is_never_null) continue;
        const bool are_first =
            nulls == "SORTBY_NULLS_FIRST" || (nulls != "SORTBY_NULLS_LAST" && is_down);
        out += are_first ? " NULLS FIRST" : " NULLS LAST";
    }
    return out;
}

Outcome<std::string> Analyser::limit(const json::object& body, Names& names) {
    std::string out;
    const auto one = [&](std::string_view member_name) -> Outcome<std::string> {
        const Node& node = member(body, member_name);
        if (node.is_null() || flag_of(body_of(node), "isnull")) return std::string();
        TRY(Term count, term(node, names));
        if (!count.is_constant)
            return refuse_at("42P10", "argument of LIMIT must not contain variables", count.at);
        TRY(count, as(std::move(count), T::int8, "LIMIT"));
        return fmt::format("ls_limit({})", count.sql);
    };
    if (text_of(body, "limitOption") == "LIMIT_OPTION_WITH_TIES")
        return refuse_at("0A000", "WITH TIES is not supported", -1);
    TRY(const std::string count, one("limitCount"));
    TRY(const std::string offset, one("limitOffset"));
    if (!count.empty()) out = " LIMIT " + count;
    if (!offset.empty()) out += (count.empty() ? " LIMIT -1 OFFSET " : " OFFSET ") + offset;
    return out;
}

}  // namespace lineshaft::query
