#include "query/stand_ins.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "query/syntax.h"

namespace lineshaft::query {
namespace {

constexpr std::size_t bytes_max = 16 << 10;

/// Nothing: it cannot be parsed.
std::optional<std::uint64_t> fingerprint_of(const std::string& sql) {
    PgQueryFingerprintResult result = pg_query_fingerprint(sql.c_str());
    std::optional<std::uint64_t> number;
    if (result.error == nullptr) number = result.fingerprint;
    pg_query_free_fingerprint_result(result);
    return number;
}

struct Constant {
    std::int64_t at;
    std::string sql;
};

/// Texts and whole numbers as literals, parameters as they are, where they stand. To a fingerprint
/// they are all the same.
void collect(const Node& node, std::vector<Constant>& all) {
    if (node.is_array()) {
        for (const auto& one : node.get_array()) collect(one, all);
        return;
    }
    if (!node.is_object()) return;
    if (kind_of(node) == "ParamRef") {
        all.push_back({location_of(node), fmt::format("${}", number_of(body_of(node), "number"))});
        return;
    }
    if (kind_of(node) == "A_Const") {
        const json::object& body = body_of(node);
        if (const Node& value = member(body, "sval"); value.is_object()) {
            std::string literal = "'";
            for (const char letter : text_of(value.get_object(), "sval")) {
                literal += letter;
                if (letter == '\'') literal += letter;
            }
            all.push_back({location_of(node), literal + "'"});
        } else if (const Node& whole = member(body, "ival"); whole.is_object()) {
            all.push_back({location_of(node), std::to_string(number_of(whole.get_object(), "ival"))});
        }
        return;
    }
    for (const auto& member : node.get_object()) collect(member.value(), all);
}

// Grafana's question whether a schema is on the search path.
#define LINESHAFT_GRAFANA_SCHEMA                                                       \
    " quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '\"$user\"' THEN"    \
    " user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array("      \
    "current_setting('search_path'),','),1), array_upper(string_to_array("             \
    "current_setting('search_path'),','),1)) as i,"                                    \
    " string_to_array(current_setting('search_path'),',') s)"
#define LINESHAFT_GRAFANA_HIDDEN                                                       \
    " quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog',"           \
    " '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal',"          \
    " '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental')"

struct StandIn {
    std::string_view theirs;
    std::string_view ours;  ///< {0}, {1}: their constants, in the order they stand
};

// Each with the client that sends it. What is asked about (policies, publications, statistics)
// does not exist here, so the answers without rows are the whole truth.
constexpr StandIn stand_ins[] = {
    // Grafana, the query builder's tables (10 and later).
    {"SELECT CASE WHEN" LINESHAFT_GRAFANA_SCHEMA " THEN quote_ident(table_name) ELSE"
     " quote_ident(table_schema) || '.' || quote_ident(table_name) END AS \"table\""
     " FROM information_schema.tables WHERE" LINESHAFT_GRAFANA_HIDDEN
     " ORDER BY CASE WHEN" LINESHAFT_GRAFANA_SCHEMA " THEN 0 ELSE 1 END, 1",
     "SELECT quote_ident(table_name) AS \"table\" FROM information_schema.tables"
     " WHERE table_schema = 'public' ORDER BY 1"},
    // Grafana 9 and 10.
    {"select quote_ident(table_name) as \"table\" from information_schema.tables where"
     " quote_ident(table_schema) not in ('information_schema', 'pg_catalog',"
     " '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal',"
     " '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental')"
     " and" LINESHAFT_GRAFANA_SCHEMA,
     "SELECT quote_ident(table_name) AS \"table\" FROM information_schema.tables"
     " WHERE table_schema = 'public' ORDER BY 1"},
    // Grafana, a table's columns. {0}: its name.
    {"SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\""
     " FROM information_schema.columns WHERE CASE WHEN array_length(parse_ident('t'),1) = 2 THEN"
     " quote_ident(table_schema) = (parse_ident('t'))[1] AND quote_ident(table_name) ="
     " (parse_ident('t'))[2] ELSE quote_ident(table_name) = 't' AND" LINESHAFT_GRAFANA_SCHEMA
     " END",
     "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\""
     " FROM information_schema.columns WHERE quote_ident(table_name) = {0}"
     " OR table_schema || '.' || quote_ident(table_name) = {0}"
     " ORDER BY table_schema DESC, ordinal_position"},
    // psql 15, \d TABLE: row security.
    {"SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE"
     " pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any"
     " (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),"
     " pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid), CASE pol.polcmd WHEN 'r' THEN"
     " 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' END AS cmd"
     " FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '1' ORDER BY 1",
     "SELECT polname, polpermissive, polroles, polqual, polwithcheck, polcmd AS cmd"
     " FROM pg_catalog.pg_policy WHERE false"},
    // psql 15, \d TABLE: extended statistics.
    {"SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::"
     "pg_catalog.text AS nsp, stxname, pg_catalog.pg_get_statisticsobjdef_columns(oid) AS columns,"
     " 'd' = any(stxkind) AS ndist_enabled, 'f' = any(stxkind) AS deps_enabled, 'm' = any(stxkind)"
     " AS mcv_enabled, stxstattarget FROM pg_catalog.pg_statistic_ext WHERE stxrelid = '1'"
     " ORDER BY nsp, stxname",
     "SELECT oid, stxrelid, stxnamespace AS nsp, stxname, stxkeys AS columns, stxkind AS"
     " ndist_enabled, stxkind AS deps_enabled, stxkind AS mcv_enabled, stxstattarget"
     " FROM pg_catalog.pg_statistic_ext WHERE false"},
    // psql 15, \d TABLE: publications.
    {"SELECT pubname, NULL, NULL FROM pg_catalog.pg_publication p JOIN"
     " pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid JOIN pg_catalog.pg_class pc ON"
     " pc.relnamespace = pn.pnnspid WHERE pc.oid ='1' and pg_catalog.pg_relation_is_publishable("
     "'1') UNION SELECT pubname, pg_get_expr(pr.prqual, c.oid), (CASE WHEN pr.prattrs IS NOT NULL"
     " THEN (SELECT string_agg(attname, ', ') FROM pg_catalog.generate_series(0,"
     " pg_catalog.array_upper(pr.prattrs::pg_catalog.int2[], 1)) s, pg_catalog.pg_attribute WHERE"
     " attrelid = pr.prrelid AND attnum = prattrs[s]) ELSE NULL END) FROM"
     " pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid"
     " JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid WHERE pr.prrelid = '1' UNION SELECT"
     " pubname, NULL, NULL FROM pg_catalog.pg_publication p WHERE p.puballtables AND"
     " pg_catalog.pg_relation_is_publishable('1') ORDER BY 1",
     "SELECT pubname, NULL, NULL FROM pg_catalog.pg_publication WHERE false"},
    // psql 15, \du.
    {"SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,"
     " r.rolconnlimit, r.rolvaliduntil, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m"
     " JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof,"
     " r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'"
     " ORDER BY 1",
     "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit,"
     " rolvaliduntil, '{{}}' AS memberof, rolreplication, rolbypassrls FROM pg_catalog.pg_roles"
     " ORDER BY 1"},
    // JDBC, the type of a column it does not know: none of ours is an array.
    {"SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid"
     " FROM pg_catalog.pg_type LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r from"
     " pg_namespace as ns join ( select s.r, (current_schemas(false))[s.r] as nspname from"
     " generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r using ( nspname )"
     " ) as sp ON sp.nspoid = typnamespace WHERE pg_type.oid = 1 ORDER BY sp.r, pg_type.oid DESC",
     "SELECT false AS is_array, typtype, typname, oid FROM pg_catalog.pg_type WHERE oid = {3}"},
    // DBeaver: words that are reserved here besides SQL's.
    {"SELECT string_agg(word, ',' ) from pg_catalog.pg_get_keywords() where word <> ALL"
     " ('{a}'::text[])",
     "SELECT 'analyse,analyze,asc,bucket,desc,ilike,limit,offset,placing,returning'"
     " AS string_agg"},
};

#undef LINESHAFT_GRAFANA_SCHEMA
#undef LINESHAFT_GRAFANA_HIDDEN

using Index = std::unordered_map<std::uint64_t, const StandIn*>;
Index make_index() {
    Index index;
    for (const auto& one : stand_ins) {
        if (const auto number = fingerprint_of(std::string(one.theirs))) index[*number] = &one;
    }
    return index;
}

}  // namespace

std::optional<std::string> stand_in(std::string_view sql) {
    static const Index index = make_index();
    if (sql.size() > bytes_max || sql.contains('\0')) return std::nullopt;
    const std::string text(sql);
    const auto number = fingerprint_of(text);
    const auto found = number ? index.find(*number) : index.end();
    if (found == index.end()) return std::nullopt;
    const auto parsed = parse(text, {});
    if (!parsed) return std::nullopt;
    std::vector<Constant> constants;
    collect(parsed->tree, constants);
    std::ranges::sort(constants, {}, &Constant::at);
    fmt::dynamic_format_arg_store<fmt::format_context> arguments;
    for (const auto& one : constants) arguments.push_back(one.sql);
    for (std::size_t missing = constants.size(); missing < 8; ++missing) arguments.push_back("NULL");
    return fmt::vformat(found->second->ours, arguments);
}

}  // namespace lineshaft::query
