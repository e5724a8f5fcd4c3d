#include "query/pg_catalog.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"

namespace lineshaft::query {
namespace {

using Rows = SystemTable::Rows;
using Row = std::vector<Value>;

// Numbers that PostgreSQL gives these itself, where clients know them by heart.
constexpr std::int64_t pg_catalog_oid = 11;
constexpr std::int64_t public_oid = 2'200;
constexpr std::int64_t information_schema_oid = 13'000;
constexpr std::int64_t role_oid = 10;
constexpr std::int64_t database_oid = 16'000;
constexpr std::int64_t heap_oid = 2;
constexpr std::int64_t default_tablespace_oid = 1'663;
constexpr std::int64_t utf8_number = 6;
constexpr std::int64_t first_shown_oid = 16'384;
constexpr std::int64_t first_system_oid = 12'000;

/// "oid:i relname:t relhasindex:b": i int8, t text, b boolean, f float8, z timestamptz.
TableShape shape(std::string_view schema, std::string_view name, std::string_view words) {
    TableShape made{schema, name, {}};
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        const std::string_view word = words.substr(0, end);
        words.remove_prefix(std::min(end + 1, words.size()));
        const auto colon = word.find(':');
        CHECK(colon != word.npos && colon + 2 == word.size());
        const char letter = word.back();
        const Type type = letter == 'i'   ? Type::int8
                          : letter == 'b' ? Type::boolean
                          : letter == 'f' ? Type::float8
                          : letter == 'z' ? Type::timestamptz
                                          : Type::text;
        made.columns.push_back({std::string(word.substr(0, colon)), type});
    }
    return made;
}

Value text(std::string_view value) {
    return std::string(value);
}
Value number(std::int64_t value) {
    return value;
}

std::string user_of(const Asker& asker) {
    if (!asker.session.user.empty()) return asker.session.user;
    return asker.scope.who ? asker.scope.who->name : std::string("nobody");
}

/// Every table of a statement's world with its number.
struct Relation {
    std::int64_t oid;
    const TableShape* shape;
    bool is_shown;
};
std::vector<Relation> relations() {
    std::vector<Relation> all;
    std::int64_t oid = first_shown_oid;
    for (const auto& one : shown_tables()) all.push_back({oid++, &one, true});
    oid = first_system_oid;
    for (const auto& one : system_tables()) all.push_back({oid++, &one.shape, false});
    return all;
}

std::int64_t namespace_oid(std::string_view schema) {
    if (schema == "pg_catalog") return pg_catalog_oid;
    if (schema == "information_schema") return information_schema_oid;
    return public_oid;
}

struct KnownType {
    std::int64_t oid;
    std::string_view name;
    std::int64_t bytes;
    std::string_view category, words;
};
constexpr KnownType known_types[] = {
    {16, "bool", 1, "B", "boolean"},
    {17, "bytea", -1, "U", "bytea"},
    {18, "char", 1, "Z", "\"char\""},
    {19, "name", 64, "S", "name"},
    {20, "int8", 8, "N", "bigint"},
    {21, "int2", 2, "N", "smallint"},
    {23, "int4", 4, "N", "integer"},
    {25, "text", -1, "S", "text"},
    {26, "oid", 4, "N", "oid"},
    {114, "json", -1, "U", "json"},
    {700, "float4", 4, "N", "real"},
    {701, "float8", 8, "N", "double precision"},
    {705, "unknown", -2, "X", "unknown"},
    {1042, "bpchar", -1, "S", "character"},
    {1043, "varchar", -1, "S", "character varying"},
    {1082, "date", 4, "D", "date"},
    {1114, "timestamp", 8, "D", "timestamp without time zone"},
    {1184, "timestamptz", 8, "D", "timestamp with time zone"},
    {1186, "interval", 16, "T", "interval"},
    {1700, "numeric", -1, "N", "numeric"},
    {3802, "jsonb", -1, "U", "jsonb"},
};
const KnownType& known_type(Type type) {
    const std::int64_t oid = oid_of(type);
    for (const auto& one : known_types)
        if (one.oid == oid) return one;
    return known_types[7];
}

// ---- pg_catalog ---------------------------------------------------------------------------------

Rows namespaces(const Asker&) {
    Rows rows;
    for (const auto& [oid, name] : {std::pair{pg_catalog_oid, "pg_catalog"},
                                    std::pair{public_oid, "public"},
                                    std::pair{information_schema_oid, "information_schema"}}) {
        rows.push_back({number(oid), text(name), number(role_oid), Value()});
    }
    return rows;
}

Rows classes(const Asker&) {
    Rows rows;
    for (const auto& [oid, table, is_shown] : relations()) {
        const auto columns = static_cast<std::int64_t>(table->columns.size());
        rows.push_back({number(oid),
                        text(table->name),
                        number(namespace_oid(table->schema)),
                        number(0),
                        number(0),
                        number(role_oid),
                        number(heap_oid),
                        number(oid),
                        number(0),
                        number(0),
                        -1.0,
                        number(0),
                        number(0),
                        false,
                        false,
                        text("p"),
                        text(is_shown ? "r" : "v"),
                        number(columns),
                        number(0),
                        false,
                        false,
                        false,
                        false,
                        false,
                        true,
                        text("n"),
                        false,
                        number(0),
                        number(0),
                        number(0),
                        Value(),
                        Value(),
                        Value()});
    }
    return rows;
}

Rows attributes(const Asker&) {
    Rows rows;
    for (const auto& [oid, table, is_shown] : relations()) {
        std::int64_t place = 0;
        for (const auto& column : table->columns) {
            const KnownType& type = known_type(column.type);
            rows.push_back({number(oid), text(column.name), number(type.oid), number(-1),
                            number(type.bytes), number(++place), number(0), number(-1), number(-1),
                            type.bytes > 0, text("p"), text("i"), text(""), false, false, false,
                            text(""), text(""), false, true, number(0), number(0), Value(),
                            Value(), Value()});
        }
    }
    return rows;
}

Rows types(const Asker&) {
    Rows rows;
    for (const auto& one : known_types) {
        rows.push_back({number(one.oid), text(one.name), number(pg_catalog_oid), number(role_oid),
                        number(one.bytes), one.bytes > 0, text("b"), text(one.category),
                        one.category == "N" && one.oid == 701, true, text(","), number(0),
                        number(0), number(0), text(fmt::format("{}in", one.name)),
                        text(fmt::format("{}out", one.name)), text("i"), text("p"), false,
                        number(0), number(-1), number(0), number(0), Value(), Value(), Value(), number(0),
                        number(0)});
    }
    return rows;
}

Rows databases(const Asker& asker) {
    return {{number(database_oid), text(asker.session.database), number(role_oid),
             number(utf8_number), text("c"), false, true, number(-1), number(0), number(0),
             number(default_tablespace_oid), text("C.UTF-8"), text("C.UTF-8"), Value(), Value(),
             Value()}};
}

Rows roles(const Asker& asker) {
    return {{text(user_of(asker)), false, true, false, false, true, false, number(-1),
             text("********"), Value(), false, Value(), number(role_oid)}};
}

Rows users(const Asker& asker) {
    return {{text(user_of(asker)), number(role_oid), false, false, false, false,
             text("********"), Value(), Value()}};
}

Rows methods(const Asker&) {
    return {{number(heap_oid), text("heap"), text("heap_tableam_handler"), text("t")}};
}

Rows tablespaces(const Asker&) {
    return {{number(default_tablespace_oid), text("pg_default"), number(role_oid), Value(),
             Value()}};
}

Rows collations(const Asker&) {
    return {{number(100), text("default"), number(pg_catalog_oid), number(role_oid), text("d"),
             true, number(-1), Value(), Value(), Value(), Value()}};
}

Rows settings(const Asker& asker) {
    constexpr std::string_view names[] = {
        "application_name", "client_encoding", "DateStyle", "default_transaction_read_only",
        "extra_float_digits", "integer_datetimes", "IntervalStyle", "max_identifier_length",
        "search_path", "server_encoding", "server_version", "server_version_num",
        "standard_conforming_strings", "statement_timeout", "TimeZone", "transaction_isolation"};
    Rows rows;
    for (const auto name : names) {
        const auto value = asker.session.show(name);
        if (!value) continue;
        rows.push_back({text(name), text(*value), Value(), text("Lineshaft"), Value(), Value(),
                        text("user"), text("string"), text("session"), Value(), Value(), Value(),
                        text(*value), text(*value), Value(), Value(), false});
    }
    return rows;
}

Rows listed_tables(const Asker& asker) {
    Rows rows;
    for (const auto& one : shown_tables()) {
        rows.push_back({text(one.schema), text(one.name), text(user_of(asker)), Value(), false,
                        false, false, false});
    }
    return rows;
}

// ---- information_schema -------------------------------------------------------------------------

Rows schemata(const Asker& asker) {
    Rows rows;
    for (const auto name : {"information_schema", "pg_catalog", "public"}) {
        rows.push_back({text(asker.session.database), text(name), text(user_of(asker)), Value(),
                        Value(), Value(), Value()});
    }
    return rows;
}

Rows schema_tables(const Asker& asker) {
    Rows rows;
    for (const auto& [oid, table, is_shown] : relations()) {
        rows.push_back({text(asker.session.database), text(table->schema), text(table->name),
                        text(is_shown ? "BASE TABLE" : "VIEW"), Value(), Value(), Value(), Value(),
                        Value(), text("NO"), text("NO"), Value()});
    }
    return rows;
}

Rows schema_columns(const Asker& asker) {
    Rows rows;
    for (const auto& [oid, table, is_shown] : relations()) {
        std::int64_t place = 0;
        for (const auto& column : table->columns) {
            const KnownType& type = known_type(column.type);
            const bool is_real = column.type == Type::float8;
            const bool is_number = is_real || column.type == Type::int8;
            const bool is_time = column.type == Type::timestamptz;
            rows.push_back({text(asker.session.database), text(table->schema), text(table->name),
                            text(column.name), number(++place), Value(), text("YES"),
                            text(type.words), Value(), Value(),
                            is_number ? number(is_real ? 53 : 64) : Value(),
                            is_number ? number(2) : Value(),
                            is_number && !is_real ? number(0) : Value(),
                            is_time ? number(6) : Value(), text(asker.session.database),
                            text("pg_catalog"), text(type.name), text("NO"), text("NO"),
                            text("NEVER"), text("NO")});
        }
    }
    return rows;
}

Rows character_sets(const Asker& asker) {
    return {{Value(), Value(), text("UTF8"), text("UCS"), text("UTF8"),
             text(asker.session.database), text("pg_catalog"), text("C.UTF-8")}};
}

Rows nothing(const Asker&) {
    return {};
}

// Columns as in PostgreSQL 15, chapter "System Catalogs", those that clients name; arrays and
// expressions are texts.
std::vector<SystemTable> make_tables() {
    std::vector<SystemTable> all;
    const auto add = [&](std::string_view schema, std::string_view name, std::string_view columns,
                         Rows (*rows)(const Asker&) = &nothing) {
        all.push_back({shape(schema, name, columns), rows});
    };
    const auto pg = [&](std::string_view name, std::string_view columns,
                        Rows (*rows)(const Asker&) = &nothing) {
        add("pg_catalog", name, columns, rows);
    };
    pg("pg_namespace", "oid:i nspname:t nspowner:i nspacl:t", &namespaces);
    pg("pg_class",
       "oid:i relname:t relnamespace:i reltype:i reloftype:i relowner:i relam:i relfilenode:i "
       "reltablespace:i relpages:i reltuples:f relallvisible:i reltoastrelid:i relhasindex:b "
       "relisshared:b relpersistence:t relkind:t relnatts:i relchecks:i relhasrules:b "
       "relhastriggers:b relhassubclass:b relrowsecurity:b relforcerowsecurity:b relispopulated:b "
       "relreplident:t relispartition:b relrewrite:i relfrozenxid:i relminmxid:i relacl:t "
       "reloptions:t relpartbound:t",
       &classes);
    pg("pg_attribute",
       "attrelid:i attname:t atttypid:i attstattarget:i attlen:i attnum:i attndims:i "
       "attcacheoff:i atttypmod:i attbyval:b attstorage:t attalign:t attcompression:t attnotnull:b "
       "atthasdef:b atthasmissing:b attidentity:t attgenerated:t attisdropped:b attislocal:b "
       "attinhcount:i attcollation:i attacl:t attoptions:t attfdwoptions:t",
       &attributes);
    pg("pg_type",
       "oid:i typname:t typnamespace:i typowner:i typlen:i typbyval:b typtype:t typcategory:t "
       "typispreferred:b typisdefined:b typdelim:t typrelid:i typelem:i typarray:i typinput:t "
       "typoutput:t typalign:t typstorage:t typnotnull:b typbasetype:i typtypmod:i typndims:i "
       "typcollation:i typdefaultbin:t typdefault:t typacl:t typreceive:i typsend:i",
       &types);
    pg("pg_database",
       "oid:i datname:t datdba:i encoding:i datlocprovider:t datistemplate:b datallowconn:b "
       "datconnlimit:i datfrozenxid:i datminmxid:i dattablespace:i datcollate:t datctype:t "
       "daticulocale:t datcollversion:t datacl:t",
       &databases);
    pg("pg_roles",
       "rolname:t rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b "
       "rolreplication:b rolconnlimit:i rolpassword:t rolvaliduntil:z rolbypassrls:b rolconfig:t "
       "oid:i",
       &roles);
    pg("pg_user",
       "usename:t usesysid:i usecreatedb:b usesuper:b userepl:b usebypassrls:b passwd:t "
       "valuntil:z useconfig:t",
       &users);
    pg("pg_am", "oid:i amname:t amhandler:t amtype:t", &methods);
    pg("pg_tablespace", "oid:i spcname:t spcowner:i spcacl:t spcoptions:t", &tablespaces);
    pg("pg_collation",
       "oid:i collname:t collnamespace:i collowner:i collprovider:t collisdeterministic:b "
       "collencoding:i collcollate:t collctype:t colliculocale:t collversion:t",
       &collations);
    pg("pg_settings",
       "name:t setting:t unit:t category:t short_desc:t extra_desc:t context:t vartype:t source:t "
       "min_val:t max_val:t enumvals:t boot_val:t reset_val:t sourcefile:t sourceline:i "
       "pending_restart:b",
       &settings);
    pg("pg_tables",
       "schemaname:t tablename:t tableowner:t tablespace:t hasindexes:b hasrules:b hastriggers:b "
       "rowsecurity:b",
       &listed_tables);
    pg("pg_views", "schemaname:t viewname:t viewowner:t definition:t");
    pg("pg_matviews", "schemaname:t matviewname:t matviewowner:t definition:t");
    pg("pg_description", "objoid:i classoid:i objsubid:i description:t");
    pg("pg_shdescription", "objoid:i classoid:i description:t");
    pg("pg_attrdef", "oid:i adrelid:i adnum:i adbin:t");
    pg("pg_index",
       "indexrelid:i indrelid:i indnatts:i indnkeyatts:i indisunique:b indisprimary:b "
       "indisexclusion:b indimmediate:b indisclustered:b indisvalid:b indisready:b indislive:b "
       "indisreplident:b indkey:t indcollation:t indclass:t indoption:t indexprs:t indpred:t");
    pg("pg_constraint",
       "oid:i conname:t connamespace:i contype:t condeferrable:b condeferred:b convalidated:b "
       "conrelid:i contypid:i conindid:i conparentid:i confrelid:i confupdtype:t confdeltype:t "
       "confmatchtype:t conislocal:b coninhcount:i connoinherit:b conkey:t confkey:t conbin:t");
    pg("pg_inherits", "inhrelid:i inhparent:i inhseqno:i inhdetachpending:b");
    pg("pg_policy",
       "oid:i polname:t polrelid:i polcmd:t polpermissive:b polroles:t polqual:t polwithcheck:t");
    pg("pg_statistic_ext",
       "oid:i stxrelid:i stxname:t stxnamespace:i stxowner:i stxstattarget:i stxkeys:t stxkind:t "
       "stxexprs:t");
    pg("pg_publication", "oid:i pubname:t pubowner:i puballtables:b pubinsert:b");
    pg("pg_publication_rel", "oid:i prpubid:i prrelid:i prqual:t prattrs:t");
    pg("pg_publication_namespace", "oid:i pnpubid:i pnnspid:i");
    pg("pg_trigger", "oid:i tgrelid:i tgname:t tgfoid:i tgtype:i tgenabled:t tgisinternal:b");
    pg("pg_rewrite", "oid:i rulename:t ev_class:i ev_type:t ev_enabled:t is_instead:b");
    pg("pg_proc",
       "oid:i proname:t pronamespace:i proowner:i prolang:i prokind:t proretset:b pronargs:i "
       "prorettype:i proargtypes:t prosrc:t");
    pg("pg_enum", "oid:i enumtypid:i enumsortorder:f enumlabel:t");
    pg("pg_extension", "oid:i extname:t extowner:i extnamespace:i extversion:t");
    pg("pg_foreign_table", "ftrelid:i ftserver:i ftoptions:t");
    pg("pg_foreign_server", "oid:i srvname:t srvowner:i srvfdw:i");
    pg("pg_depend",
       "classid:i objid:i objsubid:i refclassid:i refobjid:i refobjsubid:i deptype:t");
    pg("pg_auth_members", "roleid:i member:i grantor:i admin_option:b");
    pg("pg_sequence",
       "seqrelid:i seqtypid:i seqstart:i seqincrement:i seqmax:i seqmin:i seqcache:i seqcycle:b");
    pg("pg_range", "rngtypid:i rngsubtype:i rngmultitypid:i");
    pg("pg_stat_user_tables", "relid:i schemaname:t relname:t seq_scan:i n_live_tup:i n_dead_tup:i");
    pg("pg_language", "oid:i lanname:t lanowner:i");
    pg("pg_stat_activity", "datid:i datname:t pid:i usename:t application_name:t state:t query:t");
    pg("pg_partitioned_table", "partrelid:i partstrat:t partnatts:i");
    pg("pg_event_trigger", "oid:i evtname:t evtevent:t evtowner:i");
    const std::string_view info = "information_schema";
    add(info, "schemata",
        "catalog_name:t schema_name:t schema_owner:t default_character_set_catalog:t "
        "default_character_set_schema:t default_character_set_name:t sql_path:t",
        &schemata);
    add(info, "tables",
        "table_catalog:t table_schema:t table_name:t table_type:t self_referencing_column_name:t "
        "reference_generation:t user_defined_type_catalog:t user_defined_type_schema:t "
        "user_defined_type_name:t is_insertable_into:t is_typed:t commit_action:t",
        &schema_tables);
    add(info, "columns",
        "table_catalog:t table_schema:t table_name:t column_name:t ordinal_position:i "
        "column_default:t is_nullable:t data_type:t character_maximum_length:i "
        "character_octet_length:i numeric_precision:i numeric_precision_radix:i numeric_scale:i "
        "datetime_precision:i udt_catalog:t udt_schema:t udt_name:t is_self_referencing:t "
        "is_identity:t is_generated:t is_updatable:t",
        &schema_columns);
    add(info, "views", "table_catalog:t table_schema:t table_name:t view_definition:t");
    add(info, "table_constraints",
        "constraint_catalog:t constraint_schema:t constraint_name:t table_catalog:t "
        "table_schema:t table_name:t constraint_type:t");
    add(info, "key_column_usage",
        "constraint_catalog:t constraint_schema:t constraint_name:t table_catalog:t "
        "table_schema:t table_name:t column_name:t ordinal_position:i");
    add(info, "referential_constraints",
        "constraint_catalog:t constraint_schema:t constraint_name:t unique_constraint_catalog:t "
        "unique_constraint_schema:t unique_constraint_name:t match_option:t update_rule:t "
        "delete_rule:t");
    add(info, "constraint_column_usage",
        "table_catalog:t table_schema:t table_name:t column_name:t constraint_catalog:t "
        "constraint_schema:t constraint_name:t");
    add(info, "character_sets",
        "character_set_catalog:t character_set_schema:t character_set_name:t "
        "character_repertoire:t form_of_use:t default_collate_catalog:t "
        "default_collate_schema:t default_collate_name:t",
        &character_sets);
    add(info, "table_privileges",
        "grantor:t grantee:t table_catalog:t table_schema:t table_name:t privilege_type:t "
        "is_grantable:t with_hierarchy:t");
    add(info, "sequences", "sequence_catalog:t sequence_schema:t sequence_name:t data_type:t");
    add(info, "triggers",
        "trigger_catalog:t trigger_schema:t trigger_name:t event_object_schema:t "
        "event_object_table:t action_statement:t");
    add(info, "routines", "routine_catalog:t routine_schema:t routine_name:t routine_type:t");
    return all;
}

}  // namespace

std::span<const SystemTable> pg_catalog_tables() {
    static const std::vector<SystemTable> all = make_tables();
    return all;
}

std::optional<std::int64_t> relation_number(std::string_view name) {
    std::int64_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size()) return number;
    std::string plain(name);
    std::erase(plain, '"');
    for (const auto& [oid, table, is_shown] : relations()) {
        if (plain == table->name || plain == fmt::format("{}.{}", table->schema, table->name))
            return oid;
    }
    return {};
}

}  // namespace lineshaft::query
