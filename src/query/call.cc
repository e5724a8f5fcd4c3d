// Calls: functions, aggregates, windows, buckets of time.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "calendar/calendar.h"
#include "query/analyser.h"

namespace lineshaft::query {
namespace {

T type_of_letter(char letter) {
    switch (letter) {
        case 'b': return T::boolean;
        case 'i': return T::int8;
        case 'f': return T::float8;
        case 'z': return T::timestamptz;
        case 'v': return T::interval;
        case 'j': return T::json;
        case 'y': return T::bytea;
        default: return T::text;
    }
}

/// How many arguments a row takes at least and at most.
std::pair<std::size_t, std::size_t> arity(const Call& row) {
    if (row.arguments.ends_with('*')) return {row.arguments.size() - 1, 100};
    return {row.arguments.size(), row.arguments.size()};
}

char letter_of(const Call& row, std::size_t index) {
    const bool repeats = row.arguments.ends_with('*');
    const std::size_t most = row.arguments.size() - (repeats ? 2 : 1);
    return row.arguments[std::min(index, most)];
}

std::string filled(std::string_view sql, const std::vector<Term>& arguments) {
    std::string out;
    for (std::size_t at = 0; at < sql.size(); ++at) {
        if (sql[at] != '$') {
            out += sql[at];
            continue;
        }
        const char which = sql[++at];
        if (which == '*') {
            for (std::size_t index = 0; index < arguments.size(); ++index)
                out += (index > 0 ? ", " : "") + arguments[index].sql;
        } else {
            out += arguments[static_cast<std::size_t>(which - '1')].sql;
        }
    }
    return out;
}

constexpr std::array<std::string_view, 8> trunc_units{"second", "minute", "hour",    "day",
                                                      "week",   "month",  "quarter", "year"};

}  // namespace

Outcome<Term> Analyser::call(const json::object& body, Names& names) {
    const std::string_view name = last_name(list_of(body, "funcname"));
    const std::int64_t at = number_of(body, "location", -1);
    if (names.kernel.is_wanted) {
        if (auto found = kernel_call(name, body, names)) return std::move(*found);
    }
    TRY(auto already, special(name, body, names));
    if (already) {
        if (already->name.empty()) already->name = name;
        already->at = at;
        return std::move(*already);
    }
    bool is_known = false, is_aggregate = false;
    for (const Call& row : calls()) {
        if (row.name != name) continue;
        is_known = true;
        is_aggregate = is_aggregate || row.how == Call::How::aggregate;
    }
    if (!is_known) {
        return refuse_at("42883", fmt::format("function {} does not exist", name), at,
                         "The functions there are stand in docs/howto/sql.md.");
    }
    const bool has_over = member(body, "over").is_object();
    is_aggregate = is_aggregate && !has_over;
    if (is_aggregate && !names.allows_aggregates)
        return refuse_at("42803", fmt::format("aggregate function {} is not allowed here", name),
                         at);
    if (is_aggregate && names.is_inside_aggregate)
        return refuse_at("42803", "aggregate function calls cannot be nested", at);
    const bool was_inside =
        std::exchange(names.is_inside_aggregate, names.is_inside_aggregate || is_aggregate);
    std::vector<Term> arguments;
    std::optional<Failure> failed;
    for (const Node& argument : list_of(body, "args")) {
        auto next = term(argument, names);
        if (!next) {
            failed = std::move(next).error();
            break;
        }
        arguments.push_back(std::move(*next));
    }
    names.is_inside_aggregate = was_inside;
    if (failed) return std::unexpected(std::move(*failed));
    if (name == "count" && flag_of(body, "agg_star")) {
        static constexpr Call all{"count", "", 'i', "count(*)", Call::How::aggregate};
        return call_row(all, {}, body, names);
    }
    for (const Call& row : calls()) {
        const auto [least, most] = arity(row);
        if (row.name != name || arguments.size() < least || arguments.size() > most) continue;
        bool fits = true;
        for (std::size_t index = 0; index < arguments.size() && fits; ++index) {
            const char letter = letter_of(row, index);
            if (letter == 'n')
                fits = may_be(arguments[index], T::float8);
            else if (letter != 'a' && letter != 's')
                fits = may_be(arguments[index], type_of_letter(letter));
        }
        if (fits) return call_row(row, std::move(arguments), body, names);
    }
    std::string types;
    for (const Term& argument : arguments)
        types += fmt::format("{}{}", types.empty() ? "" : ", ",
                             argument.literal ? "unknown" : word_of(argument.type));
    return refuse_at("42883", fmt::format("function {}({}) does not exist", name, types), at,
                     "You might need to add explicit type casts.");
}

Outcome<Term> Analyser::call_row(const Call& row, std::vector<Term> arguments,
                                 const json::object& body, Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    const std::string what = fmt::format("an argument of {}", row.name);
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        Term& argument = arguments[index];
        const char letter = letter_of(row, index);
        T wanted = type_of_letter(letter);
        if (letter == 'n')
            wanted = is_number(argument.type) && !argument.literal ? argument.type : T::float8;
        if (letter == 'a') wanted = argument.type == T::null ? T::text : argument.type;
        if (letter == 's') {
            if (argument.literal || argument.parameter != 0) {
                TRY(argument, as(std::move(argument), T::text, what));
            }
            TRY(argument, cast_to(std::move(argument), T::text, "", at));
            continue;
        }
        TRY(argument, as(std::move(argument), wanted, what));
    }
    Term out;
    out.sql = filled(row.sql, arguments);
    out.at = at;
    out.name = row.name;
    out.type =
        row.result == '1' ? arguments[0].type
        : row.result == '='
            ? (arguments[0].type == T::int8 && arguments[1].type == T::int8 ? T::int8 : T::float8)
            : type_of_letter(row.result);
    for (const Term& argument : arguments) absorb(out, argument);
    const Node& window = member(body, "over");
    const bool is_aggregate = row.how == Call::How::aggregate && !window.is_object();
    if (row.how == Call::How::window && !window.is_object())
        return refuse_at("42809",
                         fmt::format("window function {} requires an OVER clause", row.name), at);
    if (row.how == Call::How::plain && window.is_object())
        return refuse_at(
            "42809", fmt::format("OVER specified, but {} is not a window function", row.name), at);
    if (flag_of(body, "agg_distinct")) out.sql.insert(out.sql.find('(') + 1, "DISTINCT ");
    if (!list_of(body, "agg_order").empty())
        return refuse_at("0A000", "ORDER BY inside an aggregate is not supported", at);
    if (const Node& filter = member(body, "agg_filter"); filter.is_object()) {
        const bool was_inside = std::exchange(names.is_inside_aggregate, true);
        auto condition_term = condition(filter, names, "FILTER");
        names.is_inside_aggregate = was_inside;
        if (!condition_term) return condition_term;
        out.sql += " FILTER (WHERE " + condition_term->sql + ")";
    }
    if (window.is_object()) {
        TRY(const std::string words, over(window.get_object(), names));
        out.sql += " OVER (" + words + ")";
        out.has_window = true;
        out.is_constant = false;
    }
    if (is_aggregate) {
        // The kernel's rows are aggregates of many: only what does not count rows is the same.
        static constexpr std::string_view counts_no_rows[] = {"min",   "max",     "bool_and",
                                                              "every", "bool_or"};
        names.kernel.has_failed |= !flag_of(body, "agg_distinct") &&
                                   std::ranges::find(counts_no_rows, row.name) ==
                                       std::end(counts_no_rows);
        if (!names.allows_aggregates)
            return refuse_at(
                "42803", fmt::format("aggregate function {} is not allowed here", row.name), at);
        out.has_aggregate = true;
        out.is_constant = false;
        out.is_bare = false;
    }
    if (row.how == Call::How::plain && row.sql.starts_with("ls_now")) out.is_constant = true;
    return out;
}

Outcome<std::string> Analyser::over(const json::object& asked, Names& names) {
    const json::object* found = &asked;
    if (const auto name = text_of(asked, "name");
        !name.empty() && names.windows != nullptr && asked.find("frameOptions") != asked.end()) {
        for (const Node& candidate : *names.windows) {
            if (text_of(body_of(candidate), "name") == name) found = &body_of(candidate);
        }
    }
    const json::object& window = *found;
    std::string out;
    for (const Node& node : list_of(window, "partitionClause")) {
        TRY(const Term part, term(node, names));
        out += (out.empty() ? "PARTITION BY " : ", ") + part.sql;
    }
    TRY(const std::string order, order_by(list_of(window, "orderClause"), names, nullptr));
    out += order;
    const std::int64_t frame = number_of(window, "frameOptions");
    if ((frame & 0x1) == 0) return out;
    if ((frame & 0x8) != 0) return refuse_at("0A000", "GROUPS frames are not supported", -1);
    const auto edge = [&](std::int64_t unbounded_back, std::int64_t unbounded_on, std::int64_t here,
                          std::int64_t back, std::string_view offset) -> Outcome<std::string> {
        if ((frame & unbounded_back) != 0) return "UNBOUNDED PRECEDING";
        if ((frame & unbounded_on) != 0) return "UNBOUNDED FOLLOWING";
        if ((frame & here) != 0) return "CURRENT ROW";
        TRY(Term distance, term(member(window, offset), names));
        return distance.sql + ((frame & back) != 0 ? " PRECEDING" : " FOLLOWING");
    };
    TRY(const std::string from, edge(0x20, 0x80, 0x200, 0x800, "startOffset"));
    TRY(const std::string until, edge(0x40, 0x100, 0x400, 0x1000, "endOffset"));
    return out +
           fmt::format(" {} BETWEEN {} AND {}", (frame & 0x4) != 0 ? "ROWS" : "RANGE", from, until);
}

Outcome<std::optional<Term>> Analyser::special(std::string_view name, const json::object& body,
                                               Names& names) {
    if (name == "time_bucket" || name == "date_trunc" || name == "site_bucket") {
        auto made = bucket(name, body, names);
        if (!made) return std::unexpected(std::move(made).error());
        return std::optional<Term>(std::move(*made));
    }
    if (member(body, "agg_within_group").is_bool()) return percentile(name, body, names);
    if (name == "timezone") {
        return refuse_at("0A000", "AT TIME ZONE is not supported", number_of(body, "location", -1),
                         "Use date_trunc('day', time, 'Asia/Shanghai') or to_char(time, 'HH24:MI', "
                         "'Asia/Shanghai').");
    }
    // first(value): by the time of its row.
    const auto& arguments = list_of(body, "args");
    if ((name == "first" || name == "last") && arguments.size() == 1 &&
        kind_of(arguments[0]) == "ColumnRef") {
        const auto& fields = list_of(body_of(arguments[0]), "fields");
        json::array time;
        if (fields.size() > 1) time.push_back(fields[fields.size() - 2]);
        time.push_back(json::object{{"String", {{"sval", "time"}}}});
        json::object again = body;
        again["args"] = json::array{arguments[0], json::object{{"ColumnRef", {{"fields", time}}}}};
        auto made = call(again, names);
        if (!made) return std::unexpected(std::move(made).error());
        return std::optional<Term>(std::move(*made));
    }
    return std::optional<Term>();
}

Outcome<std::optional<Term>> Analyser::percentile(std::string_view name, const json::object& body,
                                                  Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    const auto& arguments = list_of(body, "args");
    const auto& order = list_of(body, "agg_order");
    if ((name != "percentile_cont" && name != "percentile_disc") || arguments.size() != 1 ||
        order.size() != 1)
        return refuse_at("0A000", fmt::format("{} WITHIN GROUP is not supported", name), at);
    if (!names.allows_aggregates || names.is_inside_aggregate)
        return refuse_at("42803", fmt::format("aggregate function {} is not allowed here", name),
                         at);
    names.kernel.has_failed = true;
    TRY(Term part, term(arguments[0], names));
    TRY(part, as(std::move(part), T::float8, "a percentile"));
    names.is_inside_aggregate = true;
    auto value = term(member(body_of(order[0]), "node"), names);
    names.is_inside_aggregate = false;
    if (!value) return std::unexpected(value.error());
    TRY(Term number, as(std::move(*value), T::float8, "a percentile's value"));
    const bool is_back = text_of(body_of(order[0]), "sortby_dir") == "SORTBY_DESC";
    Term out;
    out.sql = fmt::format("ls_{}({}, {})", name, number.sql,
                          is_back ? fmt::format("(1.0 - {})", part.sql) : part.sql);
    out.type = T::float8;
    out.has_aggregate = true;
    out.is_constant = false;
    return std::optional<Term>(std::move(out));
}

Outcome<Term> Analyser::bucket(std::string_view name, const json::object& body, Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    const json::array& nodes = list_of(body, "args");
    if (nodes.size() < 2 || nodes.size() > 3 || (name == "time_bucket" && nodes.size() != 2)) {
        return refuse_at(
            "42883",
            fmt::format("function {} does not exist with {} arguments", name, nodes.size()), at,
            "There are time_bucket(interval, time), date_trunc(unit, time[, zone]) and "
            "site_bucket(unit, time[, site]).");
    }
    TRY(Term first, term(nodes[0], names));
    const Range* samples =
        names.kernel.is_wanted ? samples_column(nodes[1], "time", names) : nullptr;
    Term time;
    if (samples != nullptr) {
        time.type = T::timestamptz;  // never read: the kernel knows
    } else {
        TRY(time, term(nodes[1], names));
        TRY(time, as(std::move(time), T::timestamptz, "a bucket's time"));
    }
    std::optional<Term> third;
    if (nodes.size() == 3) {
        TRY(Term more, term(nodes[2], names));
        TRY(third, as(std::move(more), T::text, "a zone or site"));
    }
    json::object ask;
    const auto literal_of = [&](const Node& node) -> std::optional<std::string> {
        const Node& text = member(body_of(node), "sval");
        if (kind_of(node) != "A_Const" || !text.is_object()) return {};
        return std::string(text_of(text.get_object(), "sval"));
    };
    Outcome<Term> out = time;
    if (name == "time_bucket") {
        TRY(first, as(std::move(first), T::interval, "time_bucket's width"));
        if (first.span && first.span->months == 0 && first.span->micros <= 0)
            return refuse_at("22023", "a bucket's width must be longer than nothing", first.at);
        if (first.span && first.span->months != 0 && first.span->micros != 0)
            return refuse_at("22023", "a bucket's width is of months, or of days and less",
                             first.at);
        Term made = time;
        if (first.span && first.span->months != 0) {
            made.sql = fmt::format("ls_month_bucket({}, {})", first.span->months, time.sql);
            ask = {{"kind", "months"}, {"count", first.span->months}};
        } else {
            made.sql = fmt::format("ls_bucket({}, {})", first.sql, time.sql);
            if (first.span) ask = {{"kind", "step"}, {"micros", first.span->micros}};
        }
        out = std::move(made);
    } else if (name == "date_trunc") {
        TRY(first, as(std::move(first), T::text, "date_trunc's unit"));
        const auto unit = literal_of(nodes[0]);
        if (unit && std::ranges::find(trunc_units, *unit) == trunc_units.end())
            return refuse_at("22023", fmt::format("unit \"{}\" not recognized", *unit), first.at,
                             "Units are second, minute, hour, day, week, month, quarter and year.");
        Term made = time;
        made.sql = fmt::format("ls_trunc({}, {}, {})", first.sql, time.sql,
                               third ? third->sql : "ls_zone()");
        const auto zone = nodes.size() == 3 ? literal_of(nodes[2]) : std::optional<std::string>("");
        if (unit && zone) ask = {{"kind", "trunc"}, {"unit", *unit}, {"zone", *zone}};
        out = std::move(made);
    } else {
        TRY(first, as(std::move(first), T::text, "site_bucket's unit"));
        const auto unit = literal_of(nodes[0]);
        if (unit && !calendar::unit_of(*unit))
            return refuse_at("22023", fmt::format("unit \"{}\" not recognized", *unit), first.at,
                             "Units are hour, shift, day, week, month and year.");
        const auto site = nodes.size() == 3 ? literal_of(nodes[2]) : std::optional<std::string>("");
        if (unit && site) ask = {{"kind", "site"}, {"unit", *unit}, {"site", *site}};
        std::vector<Term> arguments{first, time};
        if (third) arguments.push_back(*third);
        if (samples == nullptr) out = site_bucket(std::move(arguments), nodes[1], names, at);
    }
    if (!out) return out;
    out->name = name;
    if (samples == nullptr) return out;
    const std::string key = json::serialize(ask);
    if (ask.empty() || (names.kernel.has_bucket && names.kernel.bucket_key != key)) {
        names.kernel.has_failed = true;
        return out;
    }
    names.kernel.has_bucket = true;
    names.kernel.bucket_key = key;
    names.kernel.bucket = ask;
    out->sql = samples->sql_name + ".bucket";
    out->type = T::timestamptz;
    out->is_constant = false;
    out->is_bare = !names.is_inside_aggregate;
    out->chain = 0;
    return out;
}

// The calendar is of the machine's site, so the row that the time is of has to have a machine.
Outcome<Term> Analyser::site_bucket(std::vector<Term> arguments, const Node& time, Names& names,
                                    std::int64_t at) {
    std::string machine = "NULL";
    if (arguments.size() < 3) {
        if (kind_of(time) == "ColumnRef") {
            const auto& fields = list_of(body_of(time), "fields");
            const auto table =
                fields.size() > 1 ? string_of(fields[fields.size() - 2]) : std::string_view();
            for (const Range& range : names.ranges) {
                const bool has_it = std::ranges::any_of(range.items, [&](const auto& item) {
                    return item.name == string_of(fields.back());
                });
                if (range.is_machine_table && has_it && (table.empty() || range.alias == table))
                    machine = range.sql_name + ".\"machine\"";
            }
        }
        if (machine == "NULL") {
            return refuse_at("42883", "whose site's calendar is not known here", at,
                             "Name the site: site_bucket('day', time, 'Shanghai').");
        }
    }
    Term out = arguments[1];
    absorb(out, arguments[0]);
    out.sql = fmt::format("ls_site_bucket({}, {}, {}, {})", arguments[0].sql, arguments[1].sql,
                          machine, arguments.size() > 2 ? arguments[2].sql : "NULL");
    out.chain = 0;
    return out;
}

}  // namespace lineshaft::query
