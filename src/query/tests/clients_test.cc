// What clients ask before their users do: catalog tables and stand-ins; and what is to be counted.
#include <gtest/gtest.h>

#include <set>

#include "query/pg_catalog.h"
#include "query/stand_ins.h"
#include "query/statement.h"
#include "query/tests/rig.h"

namespace lineshaft::query {
namespace {

Scope reader() {
    auto who = std::make_shared<trust::Principal>();
    who->kind = trust::PrincipalKind::token;
    who->organisation = OrganisationId(1);
    who->role = trust::Role::viewer;
    who->name = "reader";
    return {who};
}

TEST(PgCatalog, EveryRowHasAValueOfItsTypeInEveryColumn) {
    const Scope scope = reader();
    const Session session;
    std::set<std::pair<std::string_view, std::string_view>> names;
    for (const SystemTable& table : pg_catalog_tables()) {
        EXPECT_TRUE(names.emplace(table.shape.schema, table.shape.name).second) << table.shape.name;
        for (const auto& row : table.rows({scope, session})) {
            ASSERT_EQ(row.size(), table.shape.columns.size()) << table.shape.name;
            for (std::size_t at = 0; at < row.size(); ++at) {
                const Type type = type_of(row[at]);
                EXPECT_TRUE(type == Type::null || type == table.shape.columns[at].type)
                    << table.shape.name << "." << table.shape.columns[at].name;
            }
        }
    }
}

TEST(PgCatalog, NumbersLeadFromTablesToTheirColumnsTypesAndSchemas) {
    const Scope scope = reader();
    const Session session;
    const auto rows_of = [&](std::string_view name) {
        for (const SystemTable& table : pg_catalog_tables())
            if (table.shape.name == name) return table.rows({scope, session});
        ADD_FAILURE() << name;
        return SystemTable::Rows();
    };
    std::set<std::int64_t> classes, schemas, types;
    for (const auto& row : rows_of("pg_namespace")) schemas.insert(std::get<std::int64_t>(row[0]));
    for (const auto& row : rows_of("pg_type")) types.insert(std::get<std::int64_t>(row[0]));
    for (const auto& row : rows_of("pg_class")) {
        EXPECT_TRUE(classes.insert(std::get<std::int64_t>(row[0])).second);
        EXPECT_TRUE(schemas.contains(std::get<std::int64_t>(row[2])));
    }
    EXPECT_EQ(classes.size(), shown_tables().size() + system_tables().size());
    for (const auto& row : rows_of("pg_attribute")) {
        EXPECT_TRUE(classes.contains(std::get<std::int64_t>(row[0])));
        EXPECT_TRUE(types.contains(std::get<std::int64_t>(row[2])));
    }
}

constexpr std::string_view jdbc_type =
    "SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid"
    "   FROM pg_catalog.pg_type   LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r"
    " from pg_namespace as ns join ( select s.r, (current_schemas(false))[s.r] as nspname"
    " from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r"
    " using ( nspname ) ) as sp ON sp.nspoid = typnamespace  WHERE pg_type.oid = ";

TEST(StandIns, KeepTheirConstantsAndParameters) {
    const std::string end = "  ORDER BY sp.r, pg_type.oid DESC";
    const std::string ours = "SELECT false AS is_array, typtype, typname, oid FROM"
                             " pg_catalog.pg_type WHERE oid = ";
    EXPECT_EQ(stand_in(std::string(jdbc_type) + "1034" + end), ours + "1034");
    EXPECT_EQ(stand_in(std::string(jdbc_type) + "$1" + end), ours + "$1");
}

TEST(StandIns, QuoteWhatTheyKeep) {
    const std::string sql =
        "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\""
        " FROM information_schema.columns WHERE CASE WHEN array_length(parse_ident('a''b'),1) = 2"
        " THEN quote_ident(table_schema) = (parse_ident('a''b'))[1] AND quote_ident(table_name) ="
        " (parse_ident('a''b'))[2] ELSE quote_ident(table_name) = 'a''b' AND"
        " quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE"
        " trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting("
        "'search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1"
        ")) as i, string_to_array(current_setting('search_path'),',') s) END";
    const auto ours = stand_in(sql);
    ASSERT_TRUE(ours.has_value());
    EXPECT_TRUE(ours->contains("= 'a''b'")) << *ours;
    EXPECT_TRUE(understand(*ours, {}, {}, {}).has_value()) << *ours;
}

TEST(StandIns, AreForWhatIsKnownAlone) {
    EXPECT_EQ(stand_in("SELECT 1"), std::nullopt);
    EXPECT_EQ(stand_in("SELEC 1"), std::nullopt);
    EXPECT_EQ(stand_in(""), std::nullopt);
    EXPECT_EQ(stand_in(std::string("SELECT\0001", 8)), std::nullopt);
    EXPECT_EQ(stand_in(std::string(jdbc_type) + "1 -- " + std::string(20'000, 'x')), std::nullopt);
}

// What clients of PostgreSQL lean on.
TEST(PgCatalog, NumbersFormatAndPatternsThatClientsLeanOn) {
    const auto rig = testing::small_plant();
    const std::pair<std::string_view, std::string_view> statements[] = {
        {"SELECT attname FROM pg_attribute WHERE attrelid = 'samples'::regclass", "machine;tag;time;value;text;quality"},
        {"SELECT relname FROM pg_class WHERE oid = '\"public\".\"tags\"'::regclass::oid", "tags"},
        {"SELECT 'public.samples'::regclass", "public.samples"},
        {"SELECT (current_schemas(true))[1], ('{a,\"b c\"}'::text)[2]", "pg_catalog|b c"},
        {"SELECT ('{a}'::text)[2]", "-"},
        {"SELECT format('%I.%L %s %% %2$s', 'A b', 'it''s', NULL)", "\"A b\".'it''s'  % it's"},
        {"SELECT format('%s')", "22023 too few arguments for format()"},
        {"SELECT format('50%')", "22023 format() takes %s, %I, %L and %% here"},
        {"SELECT to_timestamp('2026-03-01 08:00:05.25', 'YYYY-MM-DD HH24:MI:SS.US')", "2026-03-01 08:00:05.25+00"},
        {"SELECT to_timestamp('20260301', 'YYYYMMDD')", "2026-03-01 00:00:00+00"},
        {"SELECT to_timestamp('12.3', 'SS.MS') - to_timestamp('12', 'SS')", "00:00:00.3"},
        {"SELECT to_timestamp('March', 'Month')", "0A000 to_timestamp() knows YYYY MM DD HH24 MI SS MS US here"},
        {"SELECT to_timestamp('x', 'YYYY')", "22007 the text does not fit its pattern"},
        {"SELECT width_bucket(5.35, 0.024, 10.06, 5), width_bucket(-1, 0, 10, 5), width_bucket(10, 0, 10, 5)", "3|0|6"},
        {"SELECT has_table_privilege('samples', 'INSERT')", "f"},
        {"SELECT has_table_privilege(current_user, 'samples', 'SELECT')", "t"}};
    for (const auto& [sql, want] : statements) EXPECT_EQ(rig->rows(std::string(sql)), want) << sql;
}

// Of the kernel's rows, each of which is many, what counts rows would be wrong.
TEST(SqlKernel, CountsSamplesNotItsRows) {
    const auto rig = testing::small_plant();
    EXPECT_EQ(rig->rows("SELECT count(1), count(machine), sum(1) FROM samples"), "405|405|405");
    EXPECT_EQ(rig->rows("SELECT count(DISTINCT machine), count(DISTINCT tag) FROM samples"), "3|5");
    EXPECT_EQ(rig->rows("SELECT count(*) FILTER (WHERE machine = 'robot') FROM samples"), "5");
    EXPECT_EQ(rig->rows("SELECT count(m.id) FROM samples s JOIN machines m ON m.id = s.machine WHERE "
                         "s.tag = 'speed'"),
              "200");
    EXPECT_EQ(rig->rows("SELECT DISTINCT machine, count(*) OVER () FROM samples WHERE tag = 'speed' "
                         "ORDER BY 1"),
              "press-1|200;press-2|200");
}

}  // namespace
}  // namespace lineshaft::query
