// A machine is to leave no trace in the catalog's files, and what stays is what must.
#include <gtest/gtest.h>

#include <filesystem>

#include "catalog/catalog.h"
#include "catalog/rows.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

constexpr Instant later = now + std::chrono::seconds(60);

struct ErasuresTest : testing::Test {
    TempDir dir;
    Limits limits{.erasures_kept = 2};
    std::unique_ptr<Catalog> catalog = open();

    std::unique_ptr<Catalog> open() {
        auto opened = Catalog::open(dir.file(), now, limits);
        EXPECT_TRUE(opened) << opened.error().context;
        return std::move(*opened);
    }
    void settle(const std::string& machine, const std::string& word) {
        EXPECT_TRUE(catalog->discover({ours, machine, "mqtt", now}));
        const std::vector<AttributeFact> facts{{ours, machine, "said", '"' + word + '"'}};
        EXPECT_TRUE(catalog->learn_attributes(facts));
        TagChange label;
        label.label = std::optional<std::string>(word);
        EXPECT_TRUE(catalog->change_tag(ours, machine, word + " tag", label));
    }
    // What it can sew, as it told and as people set it.
    void sew(const std::string& machine, const std::string& word) {
        for (const int is_told : {0, 1}) {
            EXPECT_TRUE(database_of(*catalog).change(
                "INSERT INTO sewing_machine (organisation, machine, is_told, is_enabled, heads,"
                " needles, hoop_width_mm, hoop_height_mm, rpm_max, dialect, delivery, folder,"
                " threads) VALUES ($1, $2, $3, 1, 1, 9, 300, 200, 900, 'dst', 0, $4, '')",
                {ours, machine, std::int64_t{is_told}, word + " folder"}));
        }
    }
    std::int64_t sewing_rows() {
        std::int64_t count = -1;
        EXPECT_TRUE(database_of(*catalog).query("SELECT COUNT(*) FROM sewing_machine", {},
                                                [&](const Row& row) { count = row.integer(0); }));
        return count;
    }
    TokenId give_token(const std::string& machine, char letter) {
        const auto token = catalog->create_token(
            ours, {std::string(1, letter), {}, machine, std::string(32, letter), "SCRAM", "ann"},
            now);
        EXPECT_TRUE(token);
        return token->id;
    }
    // Whether any file of the catalog holds the word.
    bool is_on_disk(const std::string& word) {
        for (const auto& entry :
             std::filesystem::directory_iterator(std::filesystem::path(dir.file()).parent_path())) {
            if (content(entry.path().string()).find(word) != std::string::npos) return true;
        }
        return false;
    }
    std::vector<Erasure> begin(std::vector<std::string> machines) {
        const auto made = catalog->begin_erasures(ours, {std::move(machines), 77, "ann"}, now);
        EXPECT_TRUE(made) << made.error().context;
        return made.value_or(std::vector<Erasure>{});
    }
};

TEST_F(ErasuresTest, AMachineLeavesEveryTableAtOnceAndTheFilesInTheEnd) {
    settle("press", "unmistakable");
    settle("lathe", "neighbourly");
    sew("press", "unmistakable");
    sew("lathe", "neighbourly");
    const TokenId token = give_token("press", 'p');
    give_token("lathe", 'l');
    ASSERT_TRUE(catalog->add_certificate(
        ours, {"press", "aa01", digest, digest, "unmistakable der", now, later, "ann"}, now));
    ASSERT_TRUE(catalog->create_enrolment(ours, {"press", digest, later, "ann"}, now));

    const auto rows = begin({"press", "never-heard"});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].tokens, std::vector{token});
    EXPECT_TRUE(rows[1].tokens.empty());
    EXPECT_EQ(catalog->snapshot()->machine(ours, "press"), nullptr);
    ASSERT_NE(catalog->snapshot()->machine(ours, "lathe"), nullptr);
    EXPECT_EQ(catalog->tokens(ours)->size(), 1u);
    EXPECT_EQ(sewing_rows(), 2) << "the other's, told and set";
    EXPECT_FALSE(catalog->find_enrolment(digest));
    EXPECT_TRUE(catalog->live_certificates(now)->empty());

    // A kill here: the next start knows what is left, and which sessions to end.
    catalog.reset();
    catalog = open();
    auto unfinished = catalog->unfinished_erasures();
    ASSERT_TRUE(unfinished);
    ASSERT_EQ(unfinished->size(), 2u);
    EXPECT_EQ(unfinished->front().machine, "press");
    EXPECT_EQ(unfinished->front().before, 77u);
    EXPECT_EQ(unfinished->front().tokens, std::vector{token});

    const std::vector ids{rows[0].id, rows[1].id};
    ASSERT_TRUE(catalog->end_erasures(ids, later));
    EXPECT_FALSE(is_on_disk("unmistakable"));
    EXPECT_TRUE(is_on_disk("neighbourly"));
    EXPECT_TRUE(catalog->unfinished_erasures()->empty());
    EXPECT_EQ(catalog->find_erasure(ours, rows[0].id)->done_at, later);
    EXPECT_EQ(catalog->find_erasure(OrganisationId(9), rows[0].id).error().code, Code::not_found);
    EXPECT_EQ(catalog->revoked_certificates(now)->front().serial, "aa01")
        << "for the revocation list";
    catalog.reset();
    catalog = open();
    EXPECT_EQ(catalog->snapshot()->machines(ours).size(), 1u);
    EXPECT_TRUE(*catalog->discover({ours, "press", "mqtt", later})) << "it is new";
    EXPECT_EQ(catalog->snapshot()->tag(ours, "press", "unmistakable tag"), nullptr);
    EXPECT_NE(catalog->snapshot()->tag(ours, "lathe", "neighbourly tag"), nullptr);
}

TEST_F(ErasuresTest, WhoCameBackKeepsItsNewToken) {
    settle("press", "first");
    give_token("press", 'a');
    const auto rows = begin({"press"});
    const TokenId kept = give_token("press", 'b');
    ASSERT_TRUE(catalog->end_erasures(std::vector{rows[0].id}, later));
    ASSERT_EQ(catalog->tokens(ours)->size(), 1u);
    EXPECT_EQ(catalog->tokens(ours)->front().id, kept);
}

TEST_F(ErasuresTest, OnlyTheNewestThatAreDoneAreKept) {
    for (int round = 0; round < 4; ++round) {
        const auto rows = begin({"press"});
        ASSERT_TRUE(catalog->end_erasures(std::vector{rows[0].id}, later));
    }
    begin({"lathe"});
    const auto all = catalog->erasures(ours, 100);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ(all->front().machine, "lathe");
    EXPECT_EQ(catalog->erasures(ours, 1)->size(), 1u);
    const auto refused = catalog->begin_erasures(ours, {{"a/b"}, 1, "ann"}, now);
    EXPECT_EQ(refused.error().code, Code::invalid);
}

}  // namespace
}  // namespace lineshaft::catalog
