#include "io/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "io/resources.h"
#include "stream_pair.h"

namespace lineshaft::io {
namespace {

unsigned mode_of(const std::string& path) {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777u : 0u;
}

TEST(Files, APrivateFileIsReplacedAsAWholeAndIsPrivate) {
    TempDir dir;
    const std::string path = dir / "secret";
    ASSERT_TRUE(write_private_file(path, "one").has_value());
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_TRUE(check_private(path).has_value());
    ASSERT_TRUE(write_private_file(path, "second").has_value());
    EXPECT_EQ(read_file(path, 6).value(), "second");
    EXPECT_EQ(read_file(path, 5).error().code, Code::exhausted);
    ::chmod(path.c_str(), 0640);
    EXPECT_EQ(check_private(path).error().code, Code::denied);
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir / ""))
        ++entries;
    EXPECT_EQ(entries, 1u) << "no temporary file is left";
}

TEST(Files, ErrorsSayWhatIsWrong) {
    TempDir dir;
    EXPECT_EQ(read_file(dir / "none", 1).error().code, Code::not_found);
    EXPECT_EQ(read_file(dir / "", 1).error().code, Code::invalid);
    EXPECT_EQ(write_private_file(dir / "no/where", "x").error().code, Code::not_found);
    EXPECT_EQ(check_private(dir / "none").error().code, Code::not_found);
    EXPECT_TRUE(read_file(dir / "none", 1).error().context.contains(dir / "none"));
}

TEST(Files, APrivateDirectoryIsMadeOnceWithItsParents) {
    TempDir dir;
    const std::string path = dir / "a/b";
    ASSERT_TRUE(make_private_dir(path).has_value());
    EXPECT_EQ(mode_of(path), 0700u);
    EXPECT_TRUE(make_private_dir(path).has_value());
    ASSERT_TRUE(write_private_file(dir / "file", "x").has_value());
    EXPECT_EQ(make_private_dir(dir / "file").error().code, Code::conflict);
}

TEST(Resources, FilesMayBeOpenedUpToTheHardLimit) {
    const std::size_t limit = prepare_process();
    EXPECT_GE(limit, 1024u);
    // ... and none of them makes the others wait while the kernel's table grows.
    std::ifstream status("/proc/self/status");
    std::size_t room = 0;
    for (std::string word; status >> word && room == 0;) {
        if (word == "FDSize:") status >> room;
    }
    EXPECT_GE(room, std::min<std::size_t>(limit, 1 << 16));
}

}  // namespace
}  // namespace lineshaft::io
