// What clients of PostgreSQL find in pg_catalog and information_schema. More tables: more rows of
// the array below. Numbers (oids) are of this run of the program; clients only join with them.
#include "query/system_tables.h"

#include <algorithm>
#include <array>

#include "query/analyser.h"

namespace lineshaft::query {
namespace {

using Rows = SystemTable::Rows;
using enum Type;

constexpr std::int64_t pg_catalog_oid = 11, public_oid = 2200, information_schema_oid = 13'000;
constexpr std::int64_t owner_oid = 10, database_oid = 16'384, first_table_oid = 16'400;

struct TypeRow {
    std::int64_t oid;
    std::string_view name;
    std::int64_t bytes;
    std::string_view category;
};
constexpr auto type_rows = std::to_array<TypeRow>({
    {16, "bool", 1, "B"}, {17, "bytea", -1, "U"}, {18, "char", 1, "Z"}, {19, "name", 64, "S"},
    {20, "int8", 8, "N"}, {21, "int2", 2, "N"}, {23, "int4", 4, "N"}, {25, "text", -1, "S"},
    {26, "oid", 4, "N"}, {114, "json", -1, "U"}, {700, "float4", 4, "N"}, {701, "float8", 8, "N"},
    {1042, "bpchar", -1, "S"}, {1043, "varchar", -1, "S"}, {1082, "date", 4, "D"},
    {1114, "timestamp", 8, "D"}, {1184, "timestamptz", 8, "D"}, {1186, "interval", 16, "T"},
    {1700, "numeric", -1, "N"}, {3802, "jsonb", -1, "U"},
});

std::string user_of(const Asker& asker) {
    return asker.session.user.empty() ? asker.scope.who->name : asker.session.user;
}

std::int64_t oid_of_schema(std::string_view schema) {
    return schema == "public" ? public_oid : schema == "pg_catalog" ? pg_catalog_oid : information_schema_oid;
}

/// Calls `each` for every table with its number.
template <class Each>
void each_table(const Each& each) {
    std::int64_t oid = first_table_oid;
    for (const TableShape& shape : shown_tables()) each(shape, oid++);
    for (const SystemTable& table : system_tables()) each(table.shape, oid++);
}

std::string word(std::string_view view) {
    return std::string(view);
}

Rows pg_namespace(const Asker&) {
    return {{pg_catalog_oid, word("pg_catalog"), owner_oid, {}},
            {public_oid, word("public"), owner_oid, {}},
            {information_schema_oid, word("information_schema"), owner_oid, {}}};
}

Rows pg_database(const Asker& asker) {
    return {{database_oid, asker.session.database, owner_oid, std::int64_t{6}, word("C"), word("C"), false, true,
             std::int64_t{-1}, {}}};
}

Rows pg_roles(const Asker& asker) {
    return {{owner_oid, user_of(asker), false, true, false, false, true, std::int64_t{-1}, {}}};
}

Rows pg_type(const Asker&) {
    Rows rows;
    for (const TypeRow& row : type_rows) {
        rows.push_back({row.oid, word(row.name), pg_catalog_oid, owner_oid, row.bytes, word("b"), word(row.category),
                        true, word(","), std::int64_t{0}, std::int64_t{0}, std::int64_t{0}, std::int64_t{0},
                        false, std::int64_t{-1}, word(row.name) + "in", {}});
    }
    return rows;
}

Rows pg_class(const Asker&) {
    Rows rows;
    each_table([&](const TableShape& shape, std::int64_t oid) {
        rows.push_back({oid, word(shape.name), oid_of_schema(shape.schema), std::int64_t{0}, owner_oid,
                        word(shape.schema == "public" ? "r" : "v"), std::int64_t(shape.columns.size()), 0.0,
                        false, false, false, word("p"), std::int64_t{0}, false, false, word("d"), {}, std::int64_t{0},
                        std::int64_t{0}, std::int64_t{0}, false, {}, {}, false});
    });
    return rows;
}

Rows pg_attribute(const Asker&) {
    Rows rows;
    each_table([&](const TableShape& shape, std::int64_t oid) {
        std::int64_t number = 0;
        for (const Column& column : shape.columns) {
            rows.push_back({oid, column.name, oid_of(column.type), std::int64_t{-1}, ++number, std::int64_t{-1},
                            false, false, false, word(""), word(""), std::int64_t{0}, {}, true, std::int64_t{0}});
        }
    });
    return rows;
}

Rows pg_settings(const Asker& asker) {
    Rows rows;
    for (const std::string_view name :
         {"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "extra_float_digits",
          "integer_datetimes", "IntervalStyle", "max_identifier_length", "search_path", "server_encoding", "server_version",
          "server_version_num", "standard_conforming_strings", "statement_timeout", "TimeZone", "transaction_isolation"}) {
        auto value = asker.session.show(name);
        rows.push_back({word(name), value ? Value(*value) : Value(), {}, word("Session"), word(""), word("user"), word("string"), word("default")});
    }
    return rows;
}

Rows none(const Asker&) {
    return {};
}

Rows schemata(const Asker& asker) {
    Rows rows;
    for (const std::string_view name : {"information_schema", "pg_catalog", "public"})
        rows.push_back({asker.session.database, word(name), user_of(asker)});
    return rows;
}

Rows tables(const Asker& asker) {
    Rows rows;
    each_table([&](const TableShape& shape, std::int64_t) {
        rows.push_back({asker.session.database, word(shape.schema), word(shape.name),
                        word(shape.schema == "public" ? "BASE TABLE" : "VIEW"), word("NO")});
    });
    return rows;
}

Rows columns(const Asker& asker) {
    Rows rows;
    each_table([&](const TableShape& shape, std::int64_t) {
        std::int64_t number = 0;
        for (const Column& column : shape.columns) {
            rows.push_back({asker.session.database, word(shape.schema), word(shape.name), column.name, ++number, {},
                            word("YES"), word(word_of(inner_type(column.type))), word(name_of(column.type)), {}, {}, {},
                            {}, word("NO")});
        }
    });
    return rows;
}

}  // namespace

std::int64_t oid_of(Type type) {
    switch (type) {
        case boolean: return 16;
        case int8: return 20;
        case float8: return 701;
        case timestamptz: return 1184;
        case bytea: return 17;
        case null:
        case Type::text: break;
    }
    return 25;
}

std::span<const SystemTable> system_tables() {
    static const std::vector<SystemTable> all{
        {{"pg_catalog", "pg_namespace", {{"oid", int8}, {"nspname", Type::text}, {"nspowner", int8}, {"nspacl", Type::text}}},
         &pg_namespace},
        {{"pg_catalog", "pg_database",
          {{"oid", int8}, {"datname", Type::text}, {"datdba", int8}, {"encoding", int8}, {"datcollate", Type::text},
           {"datctype", Type::text}, {"datistemplate", boolean}, {"datallowconn", boolean}, {"datconnlimit", int8}, {"datacl", Type::text}}},
         &pg_database},
        {{"pg_catalog", "pg_roles",
          {{"oid", int8}, {"rolname", Type::text}, {"rolsuper", boolean}, {"rolinherit", boolean}, {"rolcreaterole", boolean},
           {"rolcreatedb", boolean}, {"rolcanlogin", boolean}, {"rolconnlimit", int8}, {"rolvaliduntil", timestamptz}}},
         &pg_roles},
        {{"pg_catalog", "pg_user", {{"usesysid", int8}, {"usename", Type::text}, {"usecreatedb", boolean}, {"usesuper", boolean}}},
         [](const Asker& asker) { return Rows{{owner_oid, user_of(asker), false, false}}; }},
        {{"pg_catalog", "pg_type",
          {{"oid", int8}, {"typname", Type::text}, {"typnamespace", int8}, {"typowner", int8}, {"typlen", int8},
           {"typtype", Type::text}, {"typcategory", Type::text}, {"typisdefined", boolean}, {"typdelim", Type::text},
           {"typrelid", int8}, {"typelem", int8}, {"typarray", int8}, {"typbasetype", int8}, {"typnotnull", boolean},
           {"typtypmod", int8}, {"typinput", Type::text}, {"typdefault", Type::text}}},
         &pg_type},
        {{"pg_catalog", "pg_class",
          {{"oid", int8}, {"relname", Type::text}, {"relnamespace", int8}, {"reltype", int8}, {"relowner", int8},
           {"relkind", Type::text}, {"relnatts", int8}, {"reltuples", float8}, {"relhasindex", boolean}, {"relhasrules", boolean},
           {"relhastriggers", boolean}, {"relpersistence", Type::text}, {"relchecks", int8}, {"relrowsecurity", boolean},
           {"relforcerowsecurity", boolean}, {"relreplident", Type::text}, {"relacl", Type::text}, {"reltablespace", int8},
           {"relam", int8}, {"reloftype", int8}, {"relispartition", boolean}, {"reloptions", Type::text},
           {"relpartbound", Type::text}, {"relhassubclass", boolean}}},
         &pg_class},
        {{"pg_catalog", "pg_attribute",
          {{"attrelid", int8}, {"attname", Type::text}, {"atttypid", int8}, {"attlen", int8}, {"attnum", int8}, {"atttypmod", int8},
           {"attnotnull", boolean}, {"atthasdef", boolean}, {"attisdropped", boolean}, {"attidentity", Type::text},
           {"attgenerated", Type::text}, {"attcollation", int8}, {"attacl", Type::text}, {"attislocal", boolean}, {"attinhcount", int8}}},
         &pg_attribute},
        {{"pg_catalog", "pg_settings",
          {{"name", Type::text}, {"setting", Type::text}, {"unit", Type::text}, {"category", Type::text}, {"short_desc", Type::text},
           {"context", Type::text}, {"vartype", Type::text}, {"source", Type::text}}},
         &pg_settings},
        {{"pg_catalog", "pg_index",
          {{"indexrelid", int8}, {"indrelid", int8}, {"indisunique", boolean}, {"indisprimary", boolean}, {"indisclustered", boolean},
           {"indisvalid", boolean}, {"indisreplident", boolean}, {"indkey", Type::text}, {"indpred", Type::text}, {"indexprs", Type::text}}},
         &none},
        {{"pg_catalog", "pg_constraint",
          {{"oid", int8}, {"conname", Type::text}, {"connamespace", int8}, {"contype", Type::text}, {"conrelid", int8},
           {"conindid", int8}, {"confrelid", int8}, {"conkey", Type::text}, {"confkey", Type::text}}},
         &none},
        {{"pg_catalog", "pg_attrdef", {{"oid", int8}, {"adrelid", int8}, {"adnum", int8}, {"adbin", Type::text}}}, &none},
        {{"pg_catalog", "pg_description", {{"objoid", int8}, {"classoid", int8}, {"objsubid", int8}, {"description", Type::text}}}, &none},
        {{"pg_catalog", "pg_proc",
          {{"oid", int8}, {"proname", Type::text}, {"pronamespace", int8}, {"proowner", int8}, {"prokind", Type::text}, {"prorettype", int8}}},
         &none},
        {{"pg_catalog", "pg_range", {{"rngtypid", int8}, {"rngsubtype", int8}}}, &none},
        {{"pg_catalog", "pg_enum", {{"oid", int8}, {"enumtypid", int8}, {"enumsortorder", float8}, {"enumlabel", Type::text}}}, &none},
        {{"pg_catalog", "pg_extension", {{"oid", int8}, {"extname", Type::text}, {"extnamespace", int8}, {"extversion", Type::text}}}, &none},
        {{"pg_catalog", "pg_am", {{"oid", int8}, {"amname", Type::text}}}, &none},
        {{"pg_catalog", "pg_inherits", {{"inhrelid", int8}, {"inhparent", int8}, {"inhseqno", int8}}}, &none},
        {{"information_schema", "schemata", {{"catalog_name", Type::text}, {"schema_name", Type::text}, {"schema_owner", Type::text}}}, &schemata},
        {{"information_schema", "tables",
          {{"table_catalog", Type::text}, {"table_schema", Type::text}, {"table_name", Type::text}, {"table_type", Type::text},
           {"is_insertable_into", Type::text}}},
         &tables},
        {{"information_schema", "columns",
          {{"table_catalog", Type::text}, {"table_schema", Type::text}, {"table_name", Type::text}, {"column_name", Type::text},
           {"ordinal_position", int8}, {"column_default", Type::text}, {"is_nullable", Type::text}, {"data_type", Type::text},
           {"udt_name", Type::text}, {"character_maximum_length", int8}, {"numeric_precision", int8}, {"numeric_scale", int8},
           {"datetime_precision", int8}, {"is_updatable", Type::text}}},
         &columns},
        {{"information_schema", "key_column_usage", {{"constraint_name", Type::text}, {"table_schema", Type::text}, {"table_name", Type::text}, {"column_name", Type::text}, {"ordinal_position", int8}}}, &none},
        {{"information_schema", "table_constraints", {{"constraint_name", Type::text}, {"table_schema", Type::text}, {"table_name", Type::text}, {"constraint_type", Type::text}}}, &none},
    };
    return all;
}

}  // namespace lineshaft::query
