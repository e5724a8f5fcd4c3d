#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/compact_text.h"
#include "base/hash.h"
#include "base/number_table.h"

namespace lineshaft {
namespace {

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t at = 0; at < size; ++at) text += static_cast<char>(at * 37 + 1);
    return text;
}

TEST(CompactText, TakesEightBytes) {
    EXPECT_EQ(sizeof(CompactText), 8u);
}

TEST(CompactText, IsWhatItWasMadeOf) {
    for (const std::size_t size : {0, 1, 6, 7, 8, 9, 15, 16, 255, 256, 70'000}) {
        const std::string text = text_of(size);
        const CompactText compact{text};
        EXPECT_EQ(compact.view(), text) << size;
        EXPECT_EQ(compact.empty(), size == 0);
        EXPECT_TRUE(compact == text);
        EXPECT_TRUE(compact == CompactText(text));
        EXPECT_FALSE(compact == CompactText(text + "x"));
    }
    EXPECT_EQ(CompactText().view(), "");
    const std::string zeros("\0\0\0", 3);
    EXPECT_EQ(CompactText(zeros).view(), zeros);
    EXPECT_FALSE(CompactText(zeros).empty());
}

TEST(CompactText, IsCopiedMovedAndReplaced) {
    for (const std::size_t size : {3, 30}) {
        const std::string text = text_of(size);
        CompactText first{text};
        CompactText copy = first;
        EXPECT_EQ(copy, first);
        CompactText moved = std::move(first);
        EXPECT_EQ(moved.view(), text);
        EXPECT_TRUE(first.empty());  // NOLINT: that is what it promises
        copy = CompactText("something longer than seven letters");
        EXPECT_EQ(moved.view(), text);
        CompactText& self = moved;
        moved = self;
        EXPECT_EQ(moved.view(), text);
        moved = CompactText();
        EXPECT_TRUE(moved.empty());
    }
}

TEST(CompactText, IsAKeyThatIsAskedForByText) {
    std::unordered_map<CompactText, int, StringHash, std::equal_to<>> map;
    map.emplace(CompactText("one"), 1);
    map.emplace(CompactText("a longer key than that"), 2);
    EXPECT_EQ(map.find(std::string("one"))->second, 1);
    EXPECT_EQ(map.find(std::string_view("a longer key than that"))->second, 2);
    EXPECT_EQ(map.find(std::string("two")), map.end());
}

// Property: against a set, with hashes that collide often.
TEST(NumberTable, AgreesWithASet) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        const std::uint32_t spread = seed % 2 == 0 ? 7 : 1'000;
        const auto hash_of = [spread](std::uint32_t number) { return number % spread * 64; };
        NumberTable table;
        std::set<std::uint32_t> model;
        for (int step = 0; step < 3'000; ++step) {
            const auto number = static_cast<std::uint32_t>(random() % 300);
            const auto found = table.find(hash_of(number),
                                          [number](std::uint32_t each) { return each == number; });
            ASSERT_EQ(found != NumberTable::none, model.contains(number)) << seed << " " << step;
            if (found == NumberTable::none && random() % 3 != 0) {
                table.insert(hash_of(number), number, hash_of);
                model.insert(number);
            } else if (found != NumberTable::none && random() % 2 == 0) {
                table.erase(hash_of(number), number, hash_of);
                model.erase(number);
            }
            ASSERT_EQ(table.size(), model.size());
        }
        for (const std::uint32_t number : std::vector(model.begin(), model.end()))
            table.erase(hash_of(number), number, hash_of);
        EXPECT_EQ(table.size(), 0u);
        EXPECT_EQ(table.find(0, [](std::uint32_t) { return true; }), NumberTable::none);
    }
}

}  // namespace
}  // namespace lineshaft
