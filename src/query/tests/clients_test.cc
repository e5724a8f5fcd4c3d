// What clients ask before their users do: catalog tables and stand-ins.
#include <gtest/gtest.h>

#include <set>

#include "query/pg_catalog.h"
#include "query/stand_ins.h"
#include "query/statement.h"

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

}  // namespace
}  // namespace lineshaft::query
