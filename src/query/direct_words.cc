#include "query/direct_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "query/system_tables.h"

namespace lineshaft::query {
namespace {

constexpr auto samples_say = std::to_array<NamedItem>({{"machine", What::machine},
                                                       {"tag", What::tag},
                                                       {"time", What::time},
                                                       {"value", What::value},
                                                       {"text", What::text},
                                                       {"quality", What::quality}});
constexpr auto machines_say = std::to_array<NamedItem>({{"id", What::machine},
                                                        {"name", What::name},
                                                        {"kind", What::kind},
                                                        {"site", What::site}});

bool is_column(const Node& node, std::string_view table, std::string_view column) {
    const auto& fields = list_of(body_of(node), "fields");
    if (kind_of(node) != "ColumnRef" || fields.empty() || fields.size() > 2) return false;
    const bool is_there = fields.size() == 1 || string_of(fields.front()) == table;
    return is_there && string_of(fields.back()) == column;
}

Fixed fixed_literal(Value value) {
    Fixed fixed;
    fixed.value = std::move(value);
    return fixed;
}

}  // namespace

std::span<const NamedItem> sample_columns() {
    return samples_say;
}

std::optional<What> what_of(std::span<const NamedItem> names, std::string_view name) {
    const auto found = std::ranges::find(names, name, &NamedItem::name);
    return found == names.end() ? std::nullopt : std::optional(found->what);
}

bool DirectTables::take(const json::array& from) {
    if (from.size() != 1) return false;
    if (kind_of(from[0]) == "RangeVar") return take_table(body_of(from[0])) && !main_.empty();
    if (kind_of(from[0]) != "JoinExpr") return false;
    const json::object& join = body_of(from[0]);
    if (text_of(join, "jointype") != "JOIN_INNER" || flag_of(join, "isNatural") ||
        join.contains("usingClause") || join.contains("alias"))
        return false;
    for (const std::string_view side : {"larg", "rarg"}) {
        const Node& table = member(join, side);
        if (kind_of(table) != "RangeVar" || !take_table(body_of(table))) return false;
    }
    if (main_.empty() || machines_.empty()) return false;
    joins_machines_ = true;
    return take_condition(member(join, "quals"));
}

// samples.machine = machines.id
bool DirectTables::take_condition(const Node& node) const {
    const json::object& quals = body_of(node);
    if (kind_of(node) != "A_Expr" || text_of(quals, "kind") != "AEXPR_OP" ||
        last_name(list_of(quals, "name")) != "=")
        return false;
    const Node &left = member(quals, "lexpr"), &right = member(quals, "rexpr");
    return (is_column(left, main_, "machine") && is_column(right, machines_, "id")) ||
           (is_column(left, machines_, "id") && is_column(right, main_, "machine"));
}

bool DirectTables::take_table(const json::object& table) {
    const std::string_view name = text_of(table, "relname");
    const std::string_view schema = text_of(table, "schemaname");
    if (!schema.empty() && schema != "public") return false;
    std::string alias(name);
    if (const Node& given = member(table, "alias"); given.is_object()) {
        if (given.get_object().contains("colnames")) return false;
        alias = text_of(given.get_object(), "aliasname");
    }
    if (name == "machines" && machines_.empty()) {
        machines_ = std::move(alias);
        return true;
    }
    if ((name != "samples" && name != "latest") || !main_.empty()) return false;
    from_ = name == "samples" ? Direct::From::samples : Direct::From::latest;
    main_ = std::move(alias);
    return true;
}

std::optional<Item> DirectTables::column_of(const Node& node) const {
    for (const NamedItem& column : samples_say) {
        if (is_column(node, main_, column.name)) return Item{column.what};
    }
    for (const NamedItem& column : machines_say) {
        if (joins_machines_ && is_column(node, machines_, column.name)) return Item{column.what};
    }
    return {};
}

// m.attributes ->> 'fleet'
std::optional<Item> DirectTables::attribute_of(const Node& node) const {
    const json::object& body = body_of(node);
    const bool is_attribute = joins_machines_ && kind_of(node) == "A_Expr" &&
                              text_of(body, "kind") == "AEXPR_OP" &&
                              last_name(list_of(body, "name")) == "->>" &&
                              is_column(member(body, "lexpr"), machines_, "attributes");
    const Node& key = member(body_of(member(body, "rexpr")), "sval");
    if (!is_attribute || kind_of(member(body, "rexpr")) != "A_Const" || !key.is_object()) return {};
    return Item{What::attribute, std::string(text_of(key.get_object(), "sval"))};
}

bool DirectTables::is_of_machines(const json::array& fields) const {
    const auto& columns = shown_tables()[0].columns;
    return joins_machines_ && fields.size() == 1 &&
           std::ranges::find(columns, string_of(fields[0]), &Column::name) != columns.end();
}

std::optional<Fixed> DirectConstants::fixed_of(const Node& node, Type type) const {
    const std::string_view kind = kind_of(node);
    const json::object& body = body_of(node);
    if (kind == "A_Const") return constant_of(node, type);
    if (kind == "ParamRef") {
        Fixed fixed;
        fixed.from = Fixed::From::parameter;
        fixed.parameter = static_cast<std::size_t>(number_of(body, "number"));
        return fixed;
    }
    if (kind == "TypeCast") {
        const Node& named = member(body, "typeName");
        if (!named.is_object()) return {};
        const std::string_view word = last_name(list_of(named.get_object(), "names"));
        const bool fits = (type == Type::timestamptz &&
                           (word == "timestamptz" || word == "timestamp")) ||
                          (type == Type::text && (word == "text" || word == "varchar")) ||
                          (type == Type::float8 && word == "float8");
        if (!fits || named.get_object().contains("arrayBounds")) return {};
        return constant_of(member(body, "arg"), type);
    }
    if (type != Type::timestamptz) return {};
    const bool is_now =
        (kind == "FuncCall" && last_name(list_of(body, "funcname")) == "now") ||
        (kind == "SQLValueFunction" && text_of(body, "op") == "SVFOP_CURRENT_TIMESTAMP");
    if (is_now) {
        Fixed fixed;
        fixed.from = Fixed::From::now;
        return fixed;
    }
    return kind == "A_Expr" ? moved_of(body) : std::optional<Fixed>();
}

// now() - interval '1 hour'
std::optional<Fixed> DirectConstants::moved_of(const json::object& body) const {
    const std::string_view op = last_name(list_of(body, "name"));
    if (text_of(body, "kind") != "AEXPR_OP" || (op != "-" && op != "+")) return {};
    auto from = fixed_of(member(body, "lexpr"), Type::timestamptz);
    const auto span = span_of(member(body, "rexpr"));
    if (!from || from->from != Fixed::From::now || !span || span->months != 0) return {};
    constexpr std::int64_t far = 100'000 * micros_per_day;
    if (std::abs(span->micros) > far || std::abs(from->micros) > far) return {};
    from->micros += op == "-" ? -span->micros : span->micros;
    return from;
}

std::optional<Span> DirectConstants::span_of(const Node& node) const {
    const Node* inside = &node;
    if (kind_of(node) == "TypeCast") {
        const Node& named = member(body_of(node), "typeName");
        if (!named.is_object() ||
            last_name(list_of(named.get_object(), "names")) != "interval" ||
            named.get_object().contains("typmods"))
            return {};
        inside = &member(body_of(node), "arg");
    }
    const Node& text = member(body_of(*inside), "sval");
    if (kind_of(*inside) != "A_Const" || !text.is_object()) return {};
    auto span = parse_span(text_of(text.get_object(), "sval"));
    return span ? std::optional(*span) : std::nullopt;
}

std::optional<Fixed> DirectConstants::constant_of(const Node& node, Type type) const {
    const json::object& body = body_of(node);
    if (kind_of(node) != "A_Const") return {};
    if (flag_of(body, "isnull")) return fixed_literal(Value());
    if (const Node& text = member(body, "sval"); text.is_object()) {
        if (type != Type::text && type != Type::timestamptz) return {};
        auto value =
            parse_text(type, text_of(text.get_object(), "sval"), session_.time_zone);
        return value ? std::optional(fixed_literal(std::move(*value))) : std::nullopt;
    }
    const std::int64_t at = location_of(node);
    if (const Node& whole = member(body, "ival"); whole.is_object()) {
        // The parser's JSON leaves out integers that are not positive.
        std::int64_t number = number_of(whole.get_object(), "ival");
        if (at >= 0 && sql_[static_cast<std::size_t>(at)] == '-') return {};
        if (type == Type::int8) return fixed_literal(number);
        return type == Type::float8 ? std::optional(fixed_literal(static_cast<double>(number)))
                                    : std::nullopt;
    }
    const Node& real = member(body, "fval");
    if (!real.is_object() || type != Type::float8) return {};
    const std::string_view text = text_of(real.get_object(), "fval");
    double number = 0;
    const auto end = text.data() + text.size();
    const auto [last, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || last != end) return {};
    return fixed_literal(number);
}

}  // namespace lineshaft::query
