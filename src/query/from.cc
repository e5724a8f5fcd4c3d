// FROM: tables, queries, joins, generate_series.
#include <fmt/format.h>

#include <algorithm>

#include "query/analyser.h"

namespace lineshaft::query {

Outcome<std::string> Analyser::from(const Node& node, Names& names) {
    const std::string_view kind = kind_of(node);
    const json::object& body = body_of(node);
    if (++work_ > work_max || ++depth_ > 100)
        return refuse_at("54001", "the statement is nested too deeply", -1);
    struct Back {
        std::size_t& depth;
        ~Back() { --depth; }
    } back{depth_};
    if (kind == "RangeVar") return from_table(body, names);
    if (kind == "JoinExpr") return join(body, names);
    if (kind == "RangeFunction") return from_function(body, names);
    if (kind != "RangeSubselect" || flag_of(body, "lateral"))
        return refuse_at(
            "0A000",
            fmt::format("{} in FROM is not supported", kind == "RangeSubselect" ? "LATERAL" : kind),
            -1);
    // It sees what is outside and WITH, not its neighbours.
    Names around;
    around.outer = names.outer;
    around.with = names.with;
    TRY(const Query inner, query(member(body, "subquery"), &around));
    const json::object& alias =
        member(body, "alias").is_object() ? member(body, "alias").get_object() : body;
    Range range;
    range.sql_name = new_name();
    range.alias = text_of(alias, "aliasname");
    const auto& given = list_of(alias, "colnames");
    for (std::size_t index = 0; index < inner.types.size(); ++index) {
        const std::string_view said = index < given.size() ? string_of(given[index]) : "";
        range.items.push_back({said.empty() ? inner.columns[index].name : std::string(said),
                               fmt::format("c{}", index + 1), inner.types[index]});
    }
    std::string sql = "(" + inner.sql + ") AS " + range.sql_name;
    names.ranges.push_back(std::move(range));
    return sql;
}

Outcome<std::string> Analyser::from_table(const json::object& body, Names& names) {
    const std::string_view schema = text_of(body, "schemaname"), name = text_of(body, "relname");
    const Node& alias = member(body, "alias");
    Range range;
    range.sql_name = new_name();
    range.alias = alias.is_object() ? text_of(alias.get_object(), "aliasname") : name;
    std::string table;
    for (Names* level = &names; level != nullptr && schema.empty() && table.empty();
         level = level->outer) {
        if (const auto found = level->with.find(name); found != level->with.end()) {
            table = found->second.sql_name;
            range.items = found->second.items;
        }
    }
    const auto take = [&](const TableShape& shape) {
        table = fmt::format("ls_{}_{}", shape.schema, shape.name);
        range.schema = shape.schema;
        for (const Column& column : shape.columns) {
            range.items.push_back(
                {column.name, column.name,
                 column.name == "attributes" ? T::json : inner_type(column.type)});
        }
    };
    for (const TableShape& shape : shown_tables()) {
        if (table.empty() && shape.name == name && (schema.empty() || schema == shape.schema))
            take(shape);
    }
    for (const SystemTable& system : system_tables()) {
        const bool fits =
            schema.empty() ? system.shape.schema == "pg_catalog" : schema == system.shape.schema;
        if (table.empty() && fits && system.shape.name == name) take(system.shape);
    }
    if (table.empty()) {
        return refuse_at("42P01",
                         fmt::format("relation \"{}{}{}\" does not exist", schema,
                                     schema.empty() ? "" : ".", name),
                         number_of(body, "location", -1),
                         "The tables are machines, tags, latest, samples and sites.");
    }
    range.is_samples = range.schema == "public" && name == "samples";
    range.is_machine_table = range.schema == "public" && (name == "samples" || name == "latest");
    if (alias.is_object()) {
        const auto& given = list_of(alias.get_object(), "colnames");
        for (std::size_t index = 0; index < std::min(given.size(), range.items.size()); ++index)
            range.items[index].name = string_of(given[index]);
        if (!given.empty()) range.is_samples = false;
    }
    std::string sql = fmt::format("{} AS {}", table, range.sql_name);
    if (names.kernel.is_wanted && range.is_samples) {
        for (const Range& other : names.ranges) names.kernel.has_failed |= other.is_kernel;
        range.is_kernel = true;
        sql = kernel_place;
    }
    names.ranges.push_back(std::move(range));
    return sql;
}

// generate_series(from, until[, step]), of numbers or instants.
Outcome<std::string> Analyser::from_function(const json::object& body, Names& names) {
    const auto& functions = list_of(body, "functions");
    const auto& items = functions.empty() ? functions : list_of(body_of(functions[0]), "items");
    if (functions.size() != 1 || items.empty() || kind_of(items[0]) != "FuncCall" ||
        last_name(list_of(body_of(items[0]), "funcname")) != "generate_series")
        return refuse_at("0A000", "of functions only generate_series can stand in FROM", -1);
    const std::int64_t at = location_of(items[0]);
    std::vector<Term> ends;
    Names around;
    around.outer = names.outer;
    for (const Node& argument : list_of(body_of(items[0]), "args")) {
        TRY(Term end, term(argument, around));
        ends.push_back(std::move(end));
    }
    if (ends.size() < 2 || ends.size() > 3)
        return refuse_at("42883", "generate_series has two or three arguments", at);
    const bool is_time = ends[0].type == T::timestamptz || ends[1].type == T::timestamptz;
    if (is_time && ends.size() == 2)
        return refuse_at("42883", "generate_series of instants needs a step", at);
    const T type = is_time ? T::timestamptz : T::int8;
    TRY(ends[0], as(std::move(ends[0]), type, "generate_series"));
    TRY(ends[1], as(std::move(ends[1]), type, "generate_series"));
    if (ends.size() == 3) {
        TRY(ends[2], as(std::move(ends[2]), is_time ? T::interval : T::int8, "generate_series"));
    }
    const std::string step = ends.size() == 3 ? ends[2].sql : "1";
    const json::object& alias =
        member(body, "alias").is_object() ? member(body, "alias").get_object() : body;
    Range range;
    range.sql_name = new_name();
    range.alias =
        text_of(alias, "aliasname").empty() ? "generate_series" : text_of(alias, "aliasname");
    const auto& given = list_of(alias, "colnames");
    range.items.push_back(
        {given.empty() ? range.alias : std::string(string_of(given[0])), "c1", type});
    const std::string inner = new_name();
    std::string sql = fmt::format(
        "(WITH RECURSIVE {0}(c1) AS (SELECT ls_begin({1}, {2}, {3}) UNION ALL SELECT c1 + {3} FROM "
        "{0} "
        "WHERE CASE WHEN {3} > 0 THEN c1 + {3} <= {2} ELSE c1 + {3} >= {2} END) "
        "SELECT c1 FROM {0} WHERE c1 IS NOT NULL) AS {4}",
        inner, ends[0].sql, ends[1].sql, step, range.sql_name);
    names.ranges.push_back(std::move(range));
    return sql;
}

Outcome<std::string> Analyser::join(const json::object& body, Names& names) {
    const std::string_view type = text_of(body, "jointype");
    const std::size_t left_from = names.ranges.size();
    TRY(const std::string left, from(member(body, "larg"), names));
    const std::size_t right_from = names.ranges.size();
    TRY(const std::string right, from(member(body, "rarg"), names));
    for (std::size_t index = left_from; index < names.ranges.size(); ++index) {
        // A row of aggregates that an outer join adds without samples would count as none.
        const bool may_be_null = type == "JOIN_FULL" ||
                                 (type == "JOIN_LEFT" && index >= right_from) ||
                                 (type == "JOIN_RIGHT" && index < right_from);
        if (names.ranges[index].is_kernel && may_be_null) names.kernel.has_failed = true;
    }
    const std::string_view word = type == "JOIN_LEFT"    ? "LEFT JOIN"
                                  : type == "JOIN_RIGHT" ? "RIGHT JOIN"
                                  : type == "JOIN_FULL"  ? "FULL JOIN"
                                                         : "JOIN";
    std::string condition_sql;
    const auto merge = [&](std::string_view column) -> Outcome<void> {
        Range* sides[2] = {nullptr, nullptr};
        Range::Item* items[2] = {nullptr, nullptr};
        for (std::size_t index = left_from; index < names.ranges.size(); ++index) {
            for (auto& item : names.ranges[index].items) {
                const std::size_t side = index < right_from ? 0 : 1;
                if (item.name != column || item.is_merged || items[side] != nullptr) continue;
                sides[side] = &names.ranges[index];
                items[side] = &item;
            }
        }
        if (items[0] == nullptr || items[1] == nullptr)
            return refuse_at(
                "42703",
                fmt::format("column \"{}\" specified in USING clause does not exist on both sides",
                            column),
                -1);
        for (const Range* side : sides) {
            if (!side->is_kernel) continue;
            names.kernel.has_failed |= column != "machine" && column != "tag";
            (column == "machine" ? names.kernel.has_machine : names.kernel.has_tag) = true;
        }
        condition_sql += fmt::format("{}{}.{} = {}.{}", condition_sql.empty() ? "" : " AND ",
                                     sides[0]->sql_name, quoted_name(items[0]->sql_name),
                                     sides[1]->sql_name, quoted_name(items[1]->sql_name));
        items[type == "JOIN_RIGHT" ? 0 : 1]->is_merged = true;
        return {};
    };
    if (flag_of(body, "isNatural"))
        return refuse_at("0A000", "NATURAL JOIN is not supported", -1, "Say USING (...).");
    for (const Node& column : list_of(body, "usingClause")) {
        TRY_VOID(merge(string_of(column)));
    }
    if (const Node& quals = member(body, "quals"); !quals.is_null()) {
        Names here;
        here.outer = names.outer;
        here.kernel = names.kernel;
        here.with = names.with;
        here.ranges.assign(names.ranges.begin() + static_cast<std::ptrdiff_t>(left_from),
                           names.ranges.end());
        TRY(const Term on, condition(quals, here, "JOIN/ON"));
        names.kernel = here.kernel;
        condition_sql = on.sql;
    }
    return fmt::format("{} {} {}{}", left, word, right,
                       condition_sql.empty() ? "" : " ON " + condition_sql);
}

}  // namespace lineshaft::query
