#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "catalog/catalog.h"

namespace lineshaft::catalog {
namespace {

class Designs : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("lineshaft_designs_" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        open();
    }
    void TearDown() override {
        catalog_.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        catalog_.reset();
        Limits limits;
        limits.designs_max = 2;
        catalog_ = Catalog::open((folder_ / "catalog.db").string(), now_, limits).value();
    }

    std::filesystem::path folder_;
    std::unique_ptr<Catalog> catalog_;
    const Instant now_{1'000'000};
    const OrganisationId home_{1};
};

TEST_F(Designs, AreMadeFinishedListedAndRemoved) {
    const auto first = catalog_->create_design(home_, {"Rose", 7, "ann"}, now_).value();
    EXPECT_EQ(first.state, DesignState::working);
    const std::string stitches("LA:\0\xf3", 5);
    ASSERT_TRUE(catalog_->finish_design(home_, first.id,
                                        {DesignState::ready, R"({"stitches":1})", stitches}));
    open();  // it is on disk
    const auto found = catalog_->find_design(home_, first.id).value();
    EXPECT_EQ(found.state, DesignState::ready);
    EXPECT_EQ(found.name, "Rose");
    EXPECT_EQ(found.run, 7);
    EXPECT_EQ(found.facts, R"({"stitches":1})");
    EXPECT_EQ(found.created_by, "ann");
    EXPECT_EQ(catalog_->design_stitches(home_, first.id), stitches);

    const auto second = catalog_->create_design(home_, {"Star", 7, "ann"}, now_).value();
    EXPECT_EQ(catalog_->create_design(home_, {"Moon", 7, "ann"}, now_).error().code,
              Code::exhausted);
    EXPECT_EQ(catalog_->designs(home_, {}, 1)->front().id, second.id);
    EXPECT_EQ(catalog_->designs(home_, second.id, 10)->front().id, first.id);
    ASSERT_TRUE(catalog_->restart_design(home_, second.id, 8));
    EXPECT_EQ(catalog_->find_design(home_, second.id)->run, 8);
    EXPECT_EQ(catalog_->restart_design(home_, first.id, 8).error().code, Code::not_found);

    const OrganisationId other = catalog_->create_organisation("other", now_)->id;
    EXPECT_EQ(catalog_->find_design(other, first.id).error().code, Code::not_found);
    EXPECT_EQ(catalog_->remove_design(other, first.id).error().code, Code::not_found);
    ASSERT_TRUE(catalog_->remove_design(home_, first.id));
    EXPECT_EQ(catalog_->design_stitches(home_, first.id).error().code, Code::not_found);
    EXPECT_EQ(catalog_->finish_design(home_, first.id, {}).error().code, Code::not_found);
}

}  // namespace
}  // namespace lineshaft::catalog
