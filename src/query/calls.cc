// Every function a statement may call, one row each. What is not here does not exist.
#include <algorithm>
#include <array>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

using How = Call::How;
constexpr How aggregate = How::aggregate, window = How::window;

constexpr auto call_rows = std::to_array<Call>({
    // Numbers.
    {"abs", "n", '1', "abs($1)"},
    {"ceil", "f", 'f', "ceil($1)"},
    {"ceiling", "f", 'f', "ceil($1)"},
    {"floor", "f", 'f', "floor($1)"},
    {"trunc", "f", 'f', "trunc($1)"},
    {"round", "f", 'f', "round($1)"},
    {"round", "fi", 'f', "round($1, $2)"},
    {"sign", "f", 'f', "sign($1)"},
    {"sqrt", "f", 'f', "sqrt($1)"},
    {"power", "ff", 'f', "ls_power($1, $2)"},
    {"pow", "ff", 'f', "ls_power($1, $2)"},
    {"exp", "f", 'f', "exp($1)"},
    {"ln", "f", 'f', "ln($1)"},
    {"log", "f", 'f', "log10($1)"},
    {"log10", "f", 'f', "log10($1)"},
    {"mod", "nn", '=', "ls_mod($1, $2)"},
    {"sin", "f", 'f', "sin($1)"},
    {"cos", "f", 'f', "cos($1)"},
    {"tan", "f", 'f', "tan($1)"},
    {"atan2", "ff", 'f', "atan2($1, $2)"},
    {"radians", "f", 'f', "radians($1)"},
    {"degrees", "f", 'f', "degrees($1)"},
    {"pi", "", 'f', "pi()"},
    // Texts.
    {"lower", "t", 't', "ls_lower($1)"},
    {"upper", "t", 't', "ls_upper($1)"},
    {"length", "t", 'i', "length($1)"},
    {"char_length", "t", 'i', "length($1)"},
    {"octet_length", "t", 'i', "length(CAST($1 AS BLOB))"},
    {"substr", "ti", 't', "substr($1, $2)"},
    {"substr", "tii", 't', "substr($1, $2, $3)"},
    {"substring", "ti", 't', "substr($1, $2)"},
    {"substring", "tii", 't', "substr($1, $2, $3)"},
    {"left", "ti", 't', "substr($1, 1, $2)"},
    {"right", "ti", 't', "CASE WHEN $2 > 0 THEN substr($1, -$2) ELSE '' END"},
    {"replace", "ttt", 't', "replace($1, $2, $3)"},
    {"btrim", "t", 't', "trim($1)"},
    {"btrim", "tt", 't', "trim($1, $2)"},
    {"ltrim", "t", 't', "ltrim($1)"},
    {"ltrim", "tt", 't', "ltrim($1, $2)"},
    {"rtrim", "t", 't', "rtrim($1)"},
    {"rtrim", "tt", 't', "rtrim($1, $2)"},
    {"strpos", "tt", 'i', "instr($1, $2)"},
    {"position", "tt", 'i', "instr($1, $2)"},
    {"starts_with", "tt", 'b', "(substr($1, 1, length($2)) = $2)"},
    {"split_part", "tti", 't', "ls_split_part($1, $2, $3)"},
    {"concat", "s*", 't', "ls_concat($*)"},
    {"concat_ws", "ts*", 't', "ls_concat_ws($*)"},
    {"quote_ident", "t", 't', "ls_quote_ident($1)"},
    {"quote_literal", "t", 't', "quote($1)"},
    // Times.
    {"now", "", 'z', "ls_now()"},
    {"transaction_timestamp", "", 'z', "ls_now()"},
    {"statement_timestamp", "", 'z', "ls_now()"},
    {"clock_timestamp", "", 'z', "ls_now()"},
    {"extract", "tz", 'f', "ls_part($1, $2)"},
    {"extract", "tv", 'f', "ls_span_part($1, $2)"},
    {"date_part", "tz", 'f', "ls_part($1, $2)"},
    {"date_part", "tv", 'f', "ls_span_part($1, $2)"},
    {"to_timestamp", "f", 'z', "CAST(round($1 * 1000000) AS INTEGER)"},
    {"to_char", "zt", 't', "ls_to_char($1, $2, ls_zone())"},
    {"to_char", "ztt", 't', "ls_to_char($1, $2, $3)"},
    // Aggregates.
    {"count", "a", 'i', "count($1)", aggregate},
    {"sum", "i", 'i', "sum($1)", aggregate},
    {"sum", "f", 'f', "sum($1)", aggregate},
    {"sum", "v", 'v', "sum($1)", aggregate},
    {"avg", "f", 'f', "avg($1)", aggregate},
    {"min", "a", '1', "min($1)", aggregate},
    {"max", "a", '1', "max($1)", aggregate},
    {"first", "az", '1', "ls_first($1, $2)", aggregate},
    {"last", "az", '1', "ls_last($1, $2)", aggregate},
    {"bool_and", "b", 'b', "min($1)", aggregate},
    {"every", "b", 'b', "min($1)", aggregate},
    {"bool_or", "b", 'b', "max($1)", aggregate},
    {"stddev", "f", 'f', "ls_stddev_samp($1)", aggregate},
    {"stddev_samp", "f", 'f', "ls_stddev_samp($1)", aggregate},
    {"stddev_pop", "f", 'f', "ls_stddev_pop($1)", aggregate},
    {"variance", "f", 'f', "ls_var_samp($1)", aggregate},
    {"var_samp", "f", 'f', "ls_var_samp($1)", aggregate},
    {"var_pop", "f", 'f', "ls_var_pop($1)", aggregate},
    {"string_agg", "tt", 't', "group_concat($1, $2)", aggregate},
    // Windows.
    {"row_number", "", 'i', "row_number()", window},
    {"rank", "", 'i', "rank()", window},
    {"dense_rank", "", 'i', "dense_rank()", window},
    {"percent_rank", "", 'f', "percent_rank()", window},
    {"cume_dist", "", 'f', "cume_dist()", window},
    {"ntile", "i", 'i', "ntile($1)", window},
    {"lag", "a", '1', "lag($1)", window},
    {"lag", "ai", '1', "lag($1, $2)", window},
    {"lag", "aia", '1', "lag($1, $2, $3)", window},
    {"lead", "a", '1', "lead($1)", window},
    {"lead", "ai", '1', "lead($1, $2)", window},
    {"lead", "aia", '1', "lead($1, $2, $3)", window},
    {"first_value", "a", '1', "first_value($1)", window},
    {"last_value", "a", '1', "last_value($1)", window},
    {"nth_value", "ai", '1', "nth_value($1, $2)", window},
    // What clients of PostgreSQL ask. New rows for them go here.
    {"version", "", 't', "ls_version()"},
    {"current_database", "", 't', "ls_database()"},
    {"current_schema", "", 't', "'public'"},
    {"current_schemas", "b", 't', "CASE $1 WHEN 1 THEN '{pg_catalog,public}' ELSE '{public}' END"},
    {"current_setting", "t", 't', "ls_setting($1, 0)"},
    {"current_setting", "tb", 't', "ls_setting($1, $2)"},
    {"pg_backend_pid", "", 'i', "1"},
    {"pg_is_in_recovery", "", 'b', "0"},
    {"pg_postmaster_start_time", "", 'z', "ls_now()"},
    {"pg_get_userbyid", "i", 't', "ls_user()"},
    {"pg_table_is_visible", "i", 'b', "1"},
    {"pg_type_is_visible", "i", 'b', "1"},
    {"pg_function_is_visible", "i", 'b', "1"},
    {"pg_encoding_to_char", "i", 't', "'UTF8'"},
    {"format_type", "ii", 't', "ls_format_type($1)"},
    {"obj_description", "i", 't', "NULL"},
    {"obj_description", "it", 't', "NULL"},
    {"col_description", "ii", 't', "NULL"},
    {"shobj_description", "it", 't', "NULL"},
    {"pg_get_expr", "ti", 't', "NULL"},
    {"pg_get_expr", "tib", 't', "NULL"},
    {"pg_get_constraintdef", "i", 't', "NULL"},
    {"pg_get_constraintdef", "ib", 't', "NULL"},
    {"pg_get_indexdef", "i", 't', "NULL"},
    {"pg_get_viewdef", "i", 't', "NULL"},
    {"pg_relation_size", "i", 'i', "0"},
    {"pg_total_relation_size", "i", 'i', "0"},
    {"has_schema_privilege", "tt", 'b', "1"},
    {"has_table_privilege", "tt", 'b', "1"},
    {"has_table_privilege", "it", 'b', "1"},
    {"has_database_privilege", "tt", 'b', "1"},
    {"txid_current", "", 'i', "1"},
    {"pg_get_partkeydef", "i", 't', "NULL"},
    {"pg_get_function_result", "i", 't', "NULL"},
    {"pg_get_function_arguments", "i", 't', "NULL"},
    {"pg_stat_get_numscans", "i", 'i', "0"},
    {"pg_table_size", "i", 'i', "0"},
    {"pg_size_pretty", "n", 't', "CAST($1 AS TEXT)"},
    // Arrays are texts here, and those of the catalog are empty.
    {"array_to_string", "tt", 't', "$1"},
});

}  // namespace

std::span<const Call> calls() {
    return call_rows;
}

bool is_call(std::string_view name) {
    return std::ranges::any_of(call_rows, [name](const Call& row) { return row.name == name; });
}

}  // namespace lineshaft::query
