#include "query/syntax.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>

#include "base/bytes.h"

namespace lineshaft::query {
namespace {

// The parser's trees are walked by recursion, its own and ours: this is how deep.
constexpr std::size_t json_depth_max = 1'000;

bool is_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '$' ||
           static_cast<signed char>(letter) < 0;
}

/// Everything that may nest: words and operators; not commas, and not what stands in quotes. A
/// rough count that needs no lexer: it only has to be an upper bound of what the parser stacks.
std::size_t tokens_of(std::string_view sql) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < sql.size(); ++at) {
        const char letter = sql[at];
        if (letter == '\'' || letter == '"') {
            const auto end = sql.find(letter, at + 1);
            if (end == std::string_view::npos) return count;
            at = end;
        } else if (is_word(letter)) {
            const bool is_number = letter >= '0' && letter <= '9';
            while (at + 1 < sql.size() && is_word(sql[at + 1])) ++at;
            if (!is_number) ++count;
        } else if (letter != ' ' && letter != '\t' && letter != '\n' && letter != '\r' &&
                   letter != ',' && letter != ';') {
            ++count;
        }
    }
    return count;
}

struct ParserResult {
    PgQueryParseResult found;
    explicit ParserResult(const std::string& sql) : found(pg_query_parse(sql.c_str())) {}
    ~ParserResult() { pg_query_free_parse_result(found); }
    ParserResult(const ParserResult&) = delete;
};

const Node null_node;
const json::object no_members;
const json::array no_items;

}  // namespace

std::size_t position_of(std::string_view sql, std::int64_t byte) {
    if (byte < 0) return 0;
    const auto before = sql.substr(0, std::min(sql.size(), static_cast<std::size_t>(byte)));
    return 1 + static_cast<std::size_t>(std::ranges::count_if(
                   before, [](char letter) { return (letter & 0xC0) != 0x80; }));
}

Outcome<Syntax> parse(const std::string& sql, const EngineLimits& limits) {
    if (sql.size() > limits.sql_bytes_max) {
        return refuse("54000", fmt::format("the statement has {} bytes, {} are allowed", sql.size(),
                                           limits.sql_bytes_max));
    }
    if (!is_utf8(sql) || sql.find('\0') != std::string::npos)
        return refuse("22021", "the statement is not UTF-8 text");
    if (const auto tokens = tokens_of(sql); tokens > limits.sql_tokens_max) {
        return refuse("54000",
                      fmt::format("the statement has {} words and operators, {} are allowed",
                                  tokens, limits.sql_tokens_max),
                      0, "Hand long lists in as one parameter, or ask in several statements.");
    }
    const ParserResult parsed(sql);
    if (parsed.found.error != nullptr) {
        const auto& error = *parsed.found.error;
        const std::string_view message = error.message != nullptr ? error.message : "syntax error";
        const bool is_depth = message.find("stack depth") != std::string_view::npos ||
                              message.find("memory exhausted") != std::string_view::npos;
        return refuse(is_depth ? "54001" : "42601",
                      is_depth ? "the statement is nested too deeply" : std::string(message),
                      error.cursorpos > 0 ? static_cast<std::size_t>(error.cursorpos) : 0);
    }
    json::error_code problem;
    json::parse_options options;
    options.max_depth = json_depth_max;
    Syntax syntax;
    syntax.tree = json::parse(parsed.found.parse_tree, problem, {}, options);
    if (problem == json::error::too_deep)
        return refuse("54001", "the statement is nested too deeply");
    if (problem || !syntax.tree.is_object())
        return refuse("XX000", "the parser's answer cannot be read: " + problem.message());
    syntax.statements = list_of(syntax.tree.get_object(), "stmts");
    return syntax;
}

std::string_view kind_of(const Node& node) {
    if (!node.is_object() || node.get_object().empty()) return {};
    return node.get_object().begin()->key();
}

const json::object& body_of(const Node& node) {
    if (!node.is_object() || node.get_object().empty()) return no_members;
    const Node& inside = node.get_object().begin()->value();
    return inside.is_object() ? inside.get_object() : no_members;
}

const Node& member(const json::object& body, std::string_view name) {
    const Node* found = body.if_contains(name);
    return found == nullptr ? null_node : *found;
}

std::string_view text_of(const json::object& body, std::string_view name) {
    const Node& found = member(body, name);
    return found.is_string() ? std::string_view(found.get_string()) : std::string_view();
}

std::int64_t number_of(const json::object& body, std::string_view name, std::int64_t otherwise) {
    const Node& found = member(body, name);
    return found.is_int64() ? found.get_int64() : otherwise;
}

bool flag_of(const json::object& body, std::string_view name) {
    const Node& found = member(body, name);
    return found.is_bool() && found.get_bool();
}

const json::array& list_of(const json::object& body, std::string_view name) {
    const Node& found = member(body, name);
    return found.is_array() ? found.get_array() : no_items;
}

std::string_view string_of(const Node& node) {
    return kind_of(node) == "String" ? text_of(body_of(node), "sval") : std::string_view();
}

std::string_view last_name(const json::array& names) {
    return names.empty() ? std::string_view() : string_of(names.back());
}

std::int64_t location_of(const Node& node) {
    return number_of(body_of(node), "location", -1);
}

}  // namespace lineshaft::query
