// fault 4 in the catalog, copies of one in use, and what can be saved from a broken one.
#include "catalog/copy.h"

#include <gtest/gtest.h>

#include <random>

#include "catalog/catalog.h"
#include "catalog/checked_file.h"
#include "catalog/migrations.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

class CopyTest : public testing::Test {
protected:
    void make(int sites) {
        auto catalog = Catalog::open(path(), now);
        ASSERT_TRUE(catalog) << catalog.error().context;
        for (int number = 0; number < sites; ++number) add(**catalog, number);
    }
    static void add(Catalog& catalog, int number) {
        NewSite site;
        site.name = "site " + std::to_string(number);
        site.time_zone = "Asia/Shanghai";
        ASSERT_TRUE(catalog.create_site(OrganisationId(1), site));
    }
    static std::size_t sites_in(const std::string& path) {
        auto catalog = Catalog::open(path, now);
        EXPECT_TRUE(catalog) << catalog.error().context;
        return catalog ? (*catalog)->snapshot()->sites(OrganisationId(1)).size() : 0;
    }
    std::string path() const { return dir_.file(); }
    std::string other(const std::string& name) const { return dir_.file(name); }
    TempDir dir_;
};

TEST_F(CopyTest, ACopyOfACatalogInUseIsWholeAndHasItsChecksums) {
    auto catalog = Catalog::open(path(), now);
    ASSERT_TRUE(catalog);
    for (int number = 0; number < 200; ++number)
        add(**catalog, number);  // much of it in the log yet
    ASSERT_TRUE(copy_catalog(path(), other("copy.db")));
    add(**catalog, 200);
    EXPECT_EQ(sites_in(other("copy.db")), 200u);
    const auto pages = check_pages(other("copy.db"), false);
    ASSERT_TRUE(pages);
    EXPECT_TRUE(pages->empty());
    EXPECT_EQ(copy_catalog(path(), other("copy.db")).error().code, Code::conflict);
    EXPECT_FALSE(copy_catalog(other("nothing"), other("x.db")));
    EXPECT_EQ(*catalog_version(path()), static_cast<std::int64_t>(migrations().size()));
}

TEST_F(CopyTest, AFileOfAnEarlierVersionGetsChecksums) {
    {  // as it was before there were any
        std::string sql;
        for (const auto step : migrations()) sql += std::string(step);
        sql +=
            "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT);";
        for (std::size_t version = 1; version <= migrations().size(); ++version)
            sql += "INSERT INTO schema_version VALUES (" + std::to_string(version) + ", 0);";
        write(other("make.sql"), sql);
        const std::string command = "sqlite3 " + path() + " < " + other("make.sql");
        if (std::system("command -v sqlite3 > /dev/null") != 0) GTEST_SKIP() << "no sqlite3 here";
        ASSERT_EQ(std::system(command.c_str()), 0);
        ASSERT_EQ(std::system(("chmod 600 " + path()).c_str()), 0);
    }
    EXPECT_EQ(content(path())[20], 0);
    make(50);
    EXPECT_EQ(content(path())[20], 8);
    EXPECT_TRUE(check_pages(path(), false)->empty());
    EXPECT_EQ(sites_in(path()), 50u);
}

TEST_F(CopyTest, Fault4AFlippedBitIsNeverSilentAndIsMended) {
    make(300);
    const std::string whole = content(path());
    std::mt19937 random(11);
    int refused = 0;
    for (int trial = 0; trial < 120; ++trial) {
        std::string wrong = whole;
        const std::size_t byte =
            trial < 40 ? static_cast<std::size_t>(trial) : random() % whole.size();
        wrong[byte] = static_cast<char>(wrong[byte] ^ (1 << (random() % 8)));
        write(path(), wrong);
        auto catalog = Catalog::open(path(), now);
        if (catalog) {
            EXPECT_EQ((*catalog)->snapshot()->sites(OrganisationId(1)).size(), 300u) << byte;
        } else {
            ++refused;
        }
        if (catalog) catalog->reset();
        write(path(), wrong);  // an open one may have written meanwhile
        for (const char* ending : {"-wal", "-shm"}) std::remove((path() + ending).c_str());
        const auto pages = check_pages(path(), true);
        ASSERT_TRUE(pages);
        EXPECT_EQ(pages->size(), 1u) << byte;
        EXPECT_EQ(content(path()), whole) << byte;
    }
    EXPECT_GT(refused, 30);
}

TEST_F(CopyTest, RowsThatCanBeReadAreSaved) {
    make(300);
    std::string wrong = content(path());
    const std::size_t hit = wrong.find("site 150");
    ASSERT_NE(hit, wrong.npos);
    wrong.replace(hit / 4096 * 4096, 12, std::string(12, '\xa5'));
    write(path(), wrong);
    EXPECT_FALSE(check_catalog(path())->empty());
    const auto rows = salvage_catalog(path(), other("saved.db"), now);
    ASSERT_TRUE(rows) << rows.error().context;
    EXPECT_TRUE(check_catalog(other("saved.db"))->empty());
    const std::size_t kept = sites_in(other("saved.db"));
    EXPECT_GT(kept, 100u);
    EXPECT_LT(kept, 300u);
}

TEST_F(CopyTest, ASoundCatalogHasNothingToSay) {
    make(3);
    EXPECT_TRUE(check_catalog(path())->empty());
    EXPECT_TRUE(check_pages(path(), true)->empty());
    write(other("text"), std::string(10'000, 'x'));
    EXPECT_FALSE(check_catalog(other("text"))->empty());
    EXPECT_FALSE(salvage_catalog(other("text"), other("y.db"), now));
}

}  // namespace
}  // namespace lineshaft::catalog
