// Which kind of statement it is, and what each kind needs.
#include "query/statement.h"

#include <fmt/format.h>

#include <array>

namespace lineshaft::query {
namespace {

struct TransactionWord {
    std::string_view kind, tag;
};
constexpr auto transaction_words = std::to_array<TransactionWord>({
    {"TRANS_STMT_BEGIN", "BEGIN"},
    {"TRANS_STMT_START", "START TRANSACTION"},
    {"TRANS_STMT_COMMIT", "COMMIT"},
    {"TRANS_STMT_ROLLBACK", "ROLLBACK"},
    {"TRANS_STMT_SAVEPOINT", "SAVEPOINT"},
    {"TRANS_STMT_RELEASE", "RELEASE"},
    {"TRANS_STMT_ROLLBACK_TO", "ROLLBACK"},
});

/// "CreateTableAsStmt" is a CREATE TABLE AS.
std::string words_of(std::string_view kind) {
    std::string out;
    if (kind.ends_with("Stmt")) kind.remove_suffix(4);
    for (const char letter : kind) {
        if (letter >= 'A' && letter <= 'Z' && !out.empty()) out += ' ';
        out += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
    }
    return out;
}

std::string value_of(const json::array& arguments) {
    std::string out;
    for (const Node& node : arguments) {
        const Node* constant = &node;
        while (kind_of(*constant) == "TypeCast") constant = &member(body_of(*constant), "arg");
        const json::object& body = body_of(*constant);
        if (!out.empty()) out += ", ";
        if (const Node& text = member(body, "sval"); text.is_object())
            out += text_of(text.get_object(), "sval");
        if (const Node& real = member(body, "fval"); real.is_object())
            out += text_of(real.get_object(), "fval");
        if (const Node& whole = member(body, "ival"); whole.is_object())
            out += std::to_string(number_of(whole.get_object(), "ival"));
        if (const Node& flag = member(body, "boolval"); flag.is_object())
            out += flag_of(flag.get_object(), "boolval") ? "on" : "off";
    }
    return out;
}

Outcome<void> take_rows(Statement& out, const Node& node, const std::string& sql,
                        std::vector<Type> declared, const Session& session,
                        const EngineLimits& limits, bool is_explain) {
    Analyser analyser(sql, session, std::move(declared), limits);
    TRY(Query query, analyser.query(node));
    for (const auto& type : analyser.parameters()) {
        out.inner_parameters_.push_back(type.value_or(T::text));
        out.parameters_.push_back(shown_type(out.inner_parameters_.back()));
    }
    out.uses_kernel_ = analyser.uses_kernel();
    out.sql_ = std::move(query.sql);
    if (auto direct = direct_of(body_of(node), sql, session))
        out.direct_ = std::make_shared<const Direct>(std::move(*direct));
    if (!is_explain) {
        out.columns_ = std::move(query.columns);
        out.types_ = std::move(query.types);
        return {};
    }
    std::string how = analyser.uses_kernel() ? "kernel" : "";
    if (analyser.reads_samples()) how += how.empty() ? "row by row" : ", and row by row";
    if (how.empty()) how = "row by row (samples are not asked)";
    out.lines_ = {how, "  " + (out.direct_ ? "straight from where it is kept" : out.sql_)};
    out.columns_ = {{"QUERY PLAN", Type::text}};
    out.types_ = {T::text};
    return {};
}

Outcome<void> take_set(Statement& out, const json::object& body) {
    const std::string_view how = text_of(body, "kind");
    out.kind_ = Kind::set;
    out.tag_ = how.starts_with("VAR_RESET") ? "RESET" : "SET";
    out.setting_.name = text_of(body, "name");
    out.setting_.is_local = flag_of(body, "is_local");
    if (how ==
        "VAR_SET_MULTI") {  // SET TRANSACTION ISOLATION LEVEL ...: nothing to do when reading
        out.kind_ = Kind::transaction;
        return {};
    }
    if (how == "VAR_SET_VALUE") out.setting_.value = value_of(list_of(body, "args"));
    if (how == "VAR_SET_CURRENT") return refuse("0A000", "SET ... FROM CURRENT is not supported");
    return {};
}

}  // namespace

Outcome<std::shared_ptr<const Statement>> understand(const std::string& sql,
                                                     std::vector<Type> declared,
                                                     const Session& session,
                                                     const EngineLimits& limits) {
    TRY(const Syntax syntax, parse(sql, limits));
    auto out = std::make_shared<Statement>();
    if (syntax.statements.empty()) {
        out->kind_ = Kind::empty;
        out->tag_.clear();
        return out;
    }
    if (syntax.statements.size() > 1)
        return refuse("42601", "cannot insert multiple commands into a prepared statement", {},
                      "Send one statement at a time.");
    if (declared.size() > limits.parameters_max) return refuse("54000", "too many parameters");
    const json::object& wrapped = syntax.statements[0].is_object()
                                      ? syntax.statements[0].get_object()
                                      : syntax.tree.get_object();
    const Node& node = member(wrapped, "stmt");
    const std::string_view kind = kind_of(node);
    const json::object& body = body_of(node);
    if (kind == "SelectStmt") {
        TRY_VOID(take_rows(*out, node, sql, std::move(declared), session, limits, false));
    } else if (kind == "ExplainStmt") {
        for (const Node& option : list_of(body, "options")) {
            if (text_of(body_of(option), "defname") == "analyze")
                return refuse("0A000", "EXPLAIN ANALYZE is not supported");
        }
        out->kind_ = Kind::explain;
        out->tag_ = "EXPLAIN";
        TRY_VOID(take_rows(*out, member(body, "query"), sql, std::move(declared), session, limits,
                           true));
    } else if (kind == "VariableShowStmt") {
        out->kind_ = Kind::show;
        out->tag_ = "SHOW";
        out->setting_.name = text_of(body, "name");
        TRY_VOID(session.show(out->setting_.name));
        out->columns_ = {
            {out->setting_.name == "timezone" ? "TimeZone" : out->setting_.name, Type::text}};
        out->types_ = {T::text};
    } else if (kind == "VariableSetStmt") {
        TRY_VOID(take_set(*out, body));
    } else if (kind == "TransactionStmt") {
        out->kind_ = Kind::transaction;
        out->tag_.clear();
        for (const auto& word : transaction_words) {
            if (word.kind == text_of(body, "kind")) out->tag_ = word.tag;
        }
        if (out->tag_.empty()) return refuse("0A000", "two-phase transactions are not supported");
    } else if (kind == "DiscardStmt" || kind == "DeallocateStmt" || kind == "ClosePortalStmt") {
        out->kind_ = Kind::discard;
        out->tag_ = kind == "DiscardStmt" ? "DISCARD ALL"
                    : kind == "DeallocateStmt"
                        ? (text_of(body, "name").empty() ? "DEALLOCATE ALL" : "DEALLOCATE")
                        : "CLOSE CURSOR";
        out->setting_.name = text_of(body, kind == "ClosePortalStmt" ? "portalname" : "name");
    } else {
        return refuse("25006",
                      fmt::format("cannot execute {} in a read-only transaction", words_of(kind)),
                      0, "SQL reads here: SELECT, VALUES, EXPLAIN and SHOW.");
    }
    return out;
}

Outcome<std::vector<Engine::Piece>> split_statements(const std::string& sql,
                                                     const EngineLimits& limits) {
    TRY(const Syntax syntax, parse(sql, limits));
    std::vector<Engine::Piece> pieces;
    for (const Node& node : syntax.statements) {
        if (!node.is_object()) continue;
        const auto from = static_cast<std::size_t>(number_of(node.get_object(), "stmt_location"));
        const auto size = static_cast<std::size_t>(number_of(node.get_object(), "stmt_len"));
        if (from > sql.size()) continue;
        pieces.push_back({sql.substr(from, size == 0 ? std::string::npos : size),
                          position_of(sql, static_cast<std::int64_t>(from)) - 1});
    }
    return pieces;
}

}  // namespace lineshaft::query
