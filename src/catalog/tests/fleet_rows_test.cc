// What a change of a fleet stores, and under which Idempotency-Key: all of it, or nothing.
#include "catalog/fleet_rows.h"
#include "fixtures.h"

namespace lineshaft::catalog {
namespace {

class FleetRows : public testing::Test {
protected:
    void SetUp() override { open(); }
    void open() {
        catalog.reset();
        Limits limits;
        limits.answers_max = 2;
        catalog = Catalog::open(dir.file(), now, limits).value();
    }
    KeptAnswer kept(const std::string& name, std::string body, int status = 201) const {
        return {{ours, "token:1", "POST /fleet/requests", name, digest}, {status, std::move(body)}, now};
    }
    /// What is answered for the key; nothing: it was never used.
    std::string remembered(const std::string& name) {
        bool was_new = false;
        const auto answer = catalog->once(kept(name, "").key, now, [&] {
            was_new = true;
            return Result<Answer>(fail(Code::unsupported, "not yet"));
        });
        return was_new ? "" : answer ? answer->body : answer.error().context;
    }
    std::vector<std::string> rows() {
        std::vector<std::string> all;
        const auto stored = fleet_rows(*catalog);
        for (const FleetRow& row : *stored) all.push_back(row.kind + " " + row.id + " " + *row.body);
        return all;
    }

    TempDir dir;
    std::unique_ptr<Catalog> catalog;
};

TEST_F(FleetRows, AChangeAndThatItWasDoneAreOneTransaction) {
    const std::vector<FleetRow> asked{{ours, "request", "7", "{}"}};
    std::vector<CrossingRow> crossed{{0, ours, now, "exc-1", "4", true}};
    const KeptAnswer first = kept("k1", R"({"id":"7"})");
    ASSERT_TRUE(keep_fleet_change(*catalog, asked, crossed, &first));
    open();  // as after a crash
    EXPECT_EQ(rows(), std::vector<std::string>{"request 7 {}"});
    EXPECT_EQ(remembered("k1"), R"({"id":"7"})");
    EXPECT_EQ(crossings(*catalog, ours, {})->size(), 1u);

    // What cannot be stored leaves no word that it was done.
    const std::vector<FleetRow> broken{{ours, "request", "8", "{}"}, {OrganisationId(77), "request", "9", "{}"}};
    const KeptAnswer second = kept("k2", R"({"id":"8"})");
    EXPECT_FALSE(keep_fleet_change(*catalog, broken, {}, &second)) << "there is no organisation 77";
    EXPECT_EQ(remembered("k2"), "");
    EXPECT_EQ(rows().size(), 1u);
}

TEST_F(FleetRows, TheWholeAnswerTakesThePlaceOfTheFirst) {
    ASSERT_TRUE(keep_answer(*catalog, kept("k1", "first")));
    ASSERT_TRUE(keep_answer(*catalog, kept("k1", "whole")));
    ASSERT_TRUE(keep_answer(*catalog, kept("k1", "whole")));
    EXPECT_EQ(remembered("k1"), "whole");
    ASSERT_TRUE(keep_answer(*catalog, kept("k1", std::string(2 << 20, 'x'))));
    EXPECT_EQ(remembered("k1"), brief_answer) << "one that is too long is kept in brief";
}

TEST_F(FleetRows, ChangesAreStoredWhenNoKeyCanBeKeptAnyMore) {
    ASSERT_TRUE(keep_answer(*catalog, kept("k1", "1")));
    ASSERT_TRUE(keep_answer(*catalog, kept("k2", "2")));
    EXPECT_EQ(code_of(keep_answer(*catalog, kept("k3", "3"))), Code::exhausted);
    const KeptAnswer third = kept("k3", "3");
    const std::vector<FleetRow> asked{{ours, "request", "7", "{}"}};
    ASSERT_TRUE(keep_fleet_change(*catalog, asked, {}, &third));
    EXPECT_EQ(rows().size(), 1u);
    EXPECT_EQ(remembered("k1"), "1");
}

}  // namespace
}  // namespace lineshaft::catalog
