#include "trust/running_digest.h"

#include <gtest/gtest.h>

namespace lineshaft::trust {
namespace {

TEST(RunningDigest, PiecesAndTheWholeHaveOneDigest) {
    const std::string text(100'000, 'x');
    for (const std::size_t piece : {1, 63, 64, 65, 4096, 100'000}) {
        RunningDigest digest;
        for (std::size_t at = 0; at < text.size(); at += piece)
            digest.add(std::string_view(text).substr(at, piece));
        EXPECT_EQ(digest.finish(), sha256(text)) << piece;
        digest.add("abc");
        EXPECT_EQ(digest.finish(), sha256("abc")) << "it begins anew";
    }
    EXPECT_EQ(RunningDigest().finish(), sha256(""));
}

}  // namespace
}  // namespace lineshaft::trust
