#pragma once
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "query/query.h"

// PostgreSQL's own parser (libpg_query), and small ways to walk what it gives. Inside query only.
namespace lineshaft::query {

namespace json = boost::json;

/// Statements as the parser's JSON: {"SelectStmt": {...}}.
struct Syntax {
    json::value tree;
    json::array statements;  ///< each {"stmt": node, "stmt_location", "stmt_len"}
};
/// Errors: 42601 (the parser's words and position), 54000 (longer than sql_bytes_max, or more than
/// sql_tokens_max), 54001 (too deep), 22021 (not UTF-8, or a zero byte).
Outcome<Syntax> parse(const std::string& sql, const EngineLimits& limits);

/// The position of a byte, in characters from 1; 0 for a place before the text.
std::size_t position_of(std::string_view sql, std::int64_t byte);

// A node is an object with one member, its kind; what is not there reads as null, "", 0 or false.
using Node = json::value;
std::string_view kind_of(const Node& node);
const json::object& body_of(const Node& node);
const Node& member(const json::object& body, std::string_view name);
std::string_view text_of(const json::object& body, std::string_view name);
std::int64_t number_of(const json::object& body, std::string_view name, std::int64_t otherwise = 0);
bool flag_of(const json::object& body, std::string_view name);
const json::array& list_of(const json::object& body, std::string_view name);
/// {"String": {"sval": "x"}}.
std::string_view string_of(const Node& node);
/// The last of a list of names: `count` of pg_catalog.count.
std::string_view last_name(const json::array& names);
/// Where a node begins, in bytes; -1: it does not say.
std::int64_t location_of(const Node& node);

}  // namespace lineshaft::query
