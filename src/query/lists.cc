// Values among others: IN, BETWEEN, ANY, subqueries.
#include <fmt/format.h>

#include "query/analyser.h"

namespace lineshaft::query {

Outcome<Term> Analyser::list_operation(const json::object& body, std::string_view kind,
                                       Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    const bool is_in = kind == "AEXPR_IN";
    const bool is_not = is_in ? last_name(list_of(body, "name")) == "<>" : kind.contains("NOT");
    std::vector<Term> terms;
    TRY(Term left, term(member(body, "lexpr"), names));
    terms.push_back(std::move(left));
    for (const Node& item : list_of(body_of(member(body, "rexpr")), "items")) {
        TRY(Term next, term(item, names));
        terms.push_back(std::move(next));
    }
    if (terms.size() < 2) return refuse_at("42601", "a list is empty", at);
    TRY(const Term kinds, all_alike(terms, "", is_in ? "IN" : "BETWEEN", at, true));
    for (Term& next : terms) {
        if (is_number(next.type) && !is_untyped(next)) continue;
        TRY(next, as(std::move(next), kinds.type, "a list"));
    }
    Term out = made("", T::boolean, at);
    for (const Term& next : terms) absorb(out, next);
    const std::string_view word = is_not ? "NOT " : "";
    if (is_in) {
        std::string list;
        for (std::size_t index = 1; index < terms.size(); ++index)
            list += (index > 1 ? ", " : "") + terms[index].sql;
        out.sql = fmt::format("({} {}IN ({}))", terms[0].sql, word, list);
    } else if (terms.size() != 3) {
        return refuse_at("42601", "BETWEEN has two ends", at);
    } else if (kind.ends_with("SYM")) {
        out.sql = fmt::format("({} {}BETWEEN min({}, {}) AND max({}, {}))", terms[0].sql, word,
                              terms[1].sql, terms[2].sql, terms[1].sql, terms[2].sql);
    } else {
        out.sql =
            fmt::format("({} {}BETWEEN {} AND {})", terms[0].sql, word, terms[1].sql, terms[2].sql);
    }
    return out;
}

// x = ANY (list): of an ARRAY as IN, of anything else as PostgreSQL's text of an array: {a,b}.
Outcome<Term> Analyser::any_of(const json::object& body, std::string_view kind, Names& names) {
    const std::int64_t at = number_of(body, "location", -1);
    const std::string_view op = last_name(list_of(body, "name"));
    const bool is_any = kind == "AEXPR_OP_ANY";
    if (!(is_any && op == "=") && !(!is_any && (op == "<>" || op == "!=")))
        return refuse_at("0A000", "only = ANY and <> ALL are supported", at);
    const Node* list = &member(body, "rexpr");
    while (kind_of(*list) == "TypeCast") list = &member(body_of(*list), "arg");
    if (kind_of(*list) == "A_ArrayExpr" && !list_of(body_of(*list), "elements").empty()) {
        const json::object in{
            {"kind", "AEXPR_IN"},
            {"name", json::array{json::object{{"String", {{"sval", is_any ? "=" : "<>"}}}}}},
            {"lexpr", member(body, "lexpr")},
            {"rexpr", json::object{{"List", {{"items", list_of(body_of(*list), "elements")}}}}},
            {"location", at}};
        return list_operation(in, "AEXPR_IN", names);
    }
    TRY(Term left, term(member(body, "lexpr"), names));
    TRY(Term right, term(*list, names));
    TRY(right, as(std::move(right), T::text, "ANY"));
    if (is_untyped(left)) {
        TRY(left, as(std::move(left), T::text, "ANY"));
    }
    const std::string_view each = left.type == T::int8     ? "CAST(value AS INTEGER)"
                                  : left.type == T::float8 ? "CAST(value AS REAL)"
                                                           : "value";
    Term out = made(fmt::format("({} {}IN (SELECT {} FROM json_each(ls_array({}))))", left.sql,
                                is_any ? "" : "NOT ", each, right.sql),
                    T::boolean, at);
    absorb(out, left);
    absorb(out, right);
    return out;
}

Outcome<Term> Analyser::sublink(const json::object& body, Names& names) {
    const std::string_view kind = text_of(body, "subLinkType");
    const std::int64_t at = number_of(body, "location", -1);
    TRY(const Query inner, query(member(body, "subselect"), &names));
    Term out = made("(" + inner.sql + ")", T::boolean, at);
    out.is_constant = false;
    if (kind == "EXISTS_SUBLINK") {
        out.sql = "(EXISTS " + out.sql + ")";
        out.name = "exists";
        return out;
    }
    if (inner.types.size() != 1)
        return refuse_at("42601", "subquery must return only one column", at);
    if (kind == "EXPR_SUBLINK") {
        out.type = inner.types[0];
        out.name = inner.columns[0].name;
        return out;
    }
    const std::string_view op = last_name(list_of(body, "operName"));
    const bool is_in = kind == "ANY_SUBLINK" && (op.empty() || op == "=");
    if (!is_in && !(kind == "ALL_SUBLINK" && op == "<>"))
        return refuse_at("0A000", "this kind of subquery is not supported", at);
    TRY(Term left, term(member(body, "testexpr"), names));
    if (is_untyped(left)) {
        TRY(left, as(std::move(left), inner.types[0], "IN"));
    }
    out.sql = fmt::format("({} {}IN {})", left.sql, is_in ? "" : "NOT ", out.sql);
    absorb(out, left);
    return out;
}

// (array)[n] of an array, which is a text here. (row).n of what clients make of indexes, which there
// are none of.
Outcome<Term> Analyser::indirection(const json::object& body, Names& names, std::int64_t at) {
    const auto& steps = list_of(body, "indirection");
    TRY(Term inside, term(member(body, "arg"), names));
    const bool is_one = steps.size() == 1 && inside.type == T::text;
    if (is_one && (string_of(steps[0]) == "n" || string_of(steps[0]) == "x")) {
        Term out = made("NULL", T::int8, at);
        absorb(out, inside);
        out.name = string_of(steps[0]);
        return out;
    }
    const json::object& step = steps.empty() ? body : body_of(steps[0]);
    if (!is_one || kind_of(steps[0]) != "A_Indices" || flag_of(step, "is_slice"))
        return refuse_at("0A000", "parts of a row or an array are not supported here", at);
    TRY(Term place, term(member(step, "uidx"), names));
    TRY(place, as(std::move(place), T::int8, "a subscript"));
    Term out = made(fmt::format("json_extract(ls_array({}), '$[' || ({} - 1) || ']')", inside.sql,
                                place.sql),
                    T::text, at);
    absorb(out, inside);
    absorb(out, place);
    out.name = inside.name;
    return out;
}

}  // namespace lineshaft::query
