// control 37: what an archive says is what was put into it, or it is refused.
#include "app/backup_archive.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "app/tests/archive_frames.h"
#include "trust/secrets.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

class Kept final : public ArchiveSink {
public:
    Result<void> begin_file(const std::string& path, std::uint64_t) override {
        current_ = &files[path];
        return {};
    }
    Result<void> add(std::string_view bytes) override {
        *current_ += bytes;
        return {};
    }
    Result<void> end_file() override { return {}; }
    std::map<std::string, std::string> files;

private:
    std::string* current_ = nullptr;
};

class ArchiveTest : public testing::TestWithParam<bool> {
protected:
    ArchiveTest() {
        std::string name = (fs::temp_directory_path() / "archive-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        if (GetParam()) key_ = trust::SealKey::random();
    }
    ~ArchiveTest() override { fs::remove_all(folder_); }

    void write(const std::map<std::string, std::string>& files) {
        fs::remove(path());
        auto archive = ArchiveWriter::create(path(), key_);
        ASSERT_TRUE(archive) << archive.error().context;
        Manifest manifest{"0.1.0", "hall", Instant{1'795'248'900'000'000}, 7, 1, {}};
        for (const auto& [name, text] : files) {
            ASSERT_TRUE(archive->begin_file(name, text.size()));
            ASSERT_TRUE(archive->add(text));
            manifest.files.push_back(
                {name, text.size(), to_hex(as_bytes(trust::text_of(trust::sha256(text))))});
        }
        ASSERT_TRUE(archive->finish(manifest));
    }
    Result<Manifest> read(Kept& kept) { return read_archive(path(), key_, kept, {}); }
    std::string bytes() const {
        std::ifstream in(path(), std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }
    void replace(const std::string& with) {
        std::ofstream(path(), std::ios::binary | std::ios::trunc) << with;
    }
    std::string path() const { return (folder_ / "a.lsbackup").string(); }

    fs::path folder_;
    std::optional<trust::SealKey> key_;
};

const std::map<std::string, std::string> some{
    {"catalog.db", std::string(300'000, 'c')}, {"node.key", ""}, {"store/000004.log", "log"},
    {"store/000009.sst", std::string(1'000, 's')}};

TEST_P(ArchiveTest, GivesBackWhatWasPutIn) {
    write(some);
    EXPECT_FALSE(fs::exists(path() + ".part"));
    Kept kept;
    const auto manifest = read(kept);
    ASSERT_TRUE(manifest) << manifest.error().context;
    EXPECT_EQ(kept.files, some);
    EXPECT_EQ(manifest->sequence, 7u);
    EXPECT_EQ(manifest->files.size(), some.size());
    EXPECT_EQ(bytes().find("catalog.db") == std::string::npos, GetParam()) << "only if encrypted";
}

TEST_P(ArchiveTest, NoChangeAndNoCutIsTaken) {
    write(some);
    const std::string whole = bytes();
    std::mt19937 random(3);
    for (int trial = 0; trial < 300; ++trial) {
        std::string wrong = whole;
        const std::size_t byte =
            trial < 60 ? static_cast<std::size_t>(trial) : random() % whole.size();
        wrong[byte] = static_cast<char>(wrong[byte] ^ (1 << (random() % 8)));
        replace(wrong);
        Kept kept;
        const auto read_back = read(kept);
        ASSERT_FALSE(read_back) << byte;
        EXPECT_NE(read_back.error().context.find("a.lsbackup"), std::string::npos);
    }
    for (std::size_t size = 0; size < whole.size(); size += 1 + random() % 6'000) {
        replace(whole.substr(0, size));
        Kept kept;
        EXPECT_FALSE(read(kept)) << size;
    }
    replace(whole + "x");
    Kept kept;
    EXPECT_FALSE(read(kept));
}

TEST_P(ArchiveTest, FramesCannotChangePlaces) {
    write({{"a", "first"}, {"b", "other"}});
    const std::string whole = bytes();
    // Header, then frames of a length and a body: the two data frames are equally long.
    std::vector<std::pair<std::size_t, std::size_t>> frames;
    for (std::size_t at = 50; at + 4 <= whole.size();) {
        const auto length =
            *Reader(as_bytes(std::string_view(whole).substr(at))).take_le<std::uint32_t>();
        frames.emplace_back(at, 4 + length);
        at += 4 + length;
    }
    ASSERT_GE(frames.size(), 5u);
    ASSERT_EQ(frames[1].second, frames[3].second);
    std::string swapped = whole;
    swapped.replace(frames[1].first, frames[1].second,
                    whole.substr(frames[3].first, frames[3].second));
    swapped.replace(frames[3].first, frames[3].second,
                    whole.substr(frames[1].first, frames[1].second));
    replace(swapped);
    Kept kept;
    EXPECT_EQ(read(kept).error().code, Code::corrupt);
}

TEST_P(ArchiveTest, NothingIsReplacedAndNothingHalfIsLeft) {
    write(some);
    EXPECT_EQ(ArchiveWriter::create(path(), key_).error().code, Code::conflict);
    const std::string other = (folder_ / "b").string();
    {
        auto archive = ArchiveWriter::create(other, key_);
        ASSERT_TRUE(archive);
        ASSERT_TRUE(archive->begin_file("a", 3));
    }
    EXPECT_FALSE(fs::exists(other));
    EXPECT_FALSE(fs::exists(other + ".part"));
}

TEST_P(ArchiveTest, AnotherKeyAndNoKeyAreTold) {
    write(some);
    Kept kept;
    const auto other = read_archive(path(), trust::SealKey::random(), kept, {});
    EXPECT_EQ(other.error().code, GetParam() ? Code::corrupt : Code::invalid);
    if (GetParam()) {
        EXPECT_EQ(read_archive(path(), {}, kept, {}).error().code, Code::invalid);
    }
}

INSTANTIATE_TEST_SUITE_P(PlainAndSealed, ArchiveTest, testing::Bool());

TEST(SafePath, LeadsNowhereElse) {
    for (const char* good : {"a", "store/000004.log", "a/b/c", "..a", "a.."}) EXPECT_TRUE(is_safe_path(good)) << good;
    for (const char* bad : {"", "/", "/a", "..", "a/../b", "a/..", "./a", "a//b", "a/", "a\\b"})
        EXPECT_FALSE(is_safe_path(bad)) << bad;
    EXPECT_FALSE(is_safe_path(std::string(256, 'a')));
    EXPECT_FALSE(is_safe_path(std::string_view("a\0b", 3)));
}

// Sound frames in an order of a stranger's: nothing is given to the sink that no manifest names.
TEST(Archive, AFileBehindTheManifestIsRefused) {
    using sound::archive_frame;
    const std::string name = (fs::temp_directory_path() / "archive-XXXXXX").string();
    std::string path = name;
    ::close(::mkstemp(path.data()));
    const std::string manifest =
        "M" + encode(Manifest{"0.1.0", "hall", Instant{1'795'248'900'000'000}, 7, 1, {}});
    const auto read = [&](std::initializer_list<std::string> bodies) {
        std::string file = sound::archive_header();
        std::uint64_t number = 0;
        for (const auto& body : bodies) file += archive_frame(number++, body);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << file;
        Kept kept;
        return read_archive(path, {}, kept, {});
    };
    EXPECT_TRUE(read({manifest, "E"}));
    for (const std::uint64_t size : {0U, 1U, 9U}) {
        const auto result = read({manifest, sound::file_body("store/x", size), "Dx", "E"});
        ASSERT_FALSE(result) << size;
        EXPECT_EQ(result.error().code, Code::corrupt);
    }
    EXPECT_FALSE(read({manifest, "Dx", "E"}));
    EXPECT_FALSE(read({manifest}));
    fs::remove(path);
}

}  // namespace
}  // namespace lineshaft::app
