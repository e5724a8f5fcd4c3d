#include "store/store.h"

#include <gtest/gtest.h>

#include "store/tests/temp_dir.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

TEST(Store, ReadsWhatWasCommittedAlsoAfterReopening) {
    TempDir dir;
    {
        auto opened = open(dir.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        Batch batch;
        batch.put(Family::identity, "a", "1");
        batch.put(Family::log, "a", "2");
        ASSERT_TRUE(submit(*opened->store, std::move(batch)));
        EXPECT_EQ(get(*opened->store, Family::identity, "a"), "1");
        EXPECT_EQ(get(*opened->store, Family::log, "a"), "2");
        EXPECT_EQ(get(*opened->store, Family::mqtt_retained, "a"), std::nullopt);
    }
    auto opened = open(dir.path(), {});
    ASSERT_TRUE(opened) << opened.error().context;
    EXPECT_EQ(opened->recovery.damage, "");
    EXPECT_EQ(opened->recovery.torn_tail_bytes, 0u);
    EXPECT_EQ(get(*opened->store, Family::identity, "a"), "1");
}

}  // namespace
}  // namespace lineshaft::store
