#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>

#include "base/tests/one_in.h"
#include "wire/mqtt/subscription_tree.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::mqtt {
namespace {

// A small alphabet, so that filters and topics meet often.
std::string random_path(std::mt19937& random, bool filter) {
    static const std::string levels[] = {"a", "b", "", "$s", "+"};
    std::string path;
    const auto depth = 1 + random() % 5;
    for (unsigned level = 0; level < depth; ++level) {
        if (level > 0) path += '/';
        path += levels[random() % (filter ? 5 : 4)];
    }
    if (filter && random() % 4 == 0) path = random() % 5 == 0 ? "#" : path + "/#";
    return path.empty() ? "a" : path;
}

// Property: the tree gives exactly what asking `matches` for every subscription gives.
TEST(SubscriptionTree, AgreesWithTheNaiveMatcher) {
    for (unsigned seed = 1; seed <= 20; seed += one_in(4)) {
        std::mt19937 random(seed);
        SubscriptionTree<int, int> tree;
        std::map<std::pair<std::string, int>, int> model;
        for (int step = 0; step < 2000; ++step) {
            const std::string filter = random_path(random, true);
            const int key = static_cast<int>(random() % 8);
            if (random() % 3 != 0) {
                const bool fresh = !model.contains({filter, key});
                model[{filter, key}] = step;
                ASSERT_EQ(tree.insert(filter, key, step), fresh) << "seed " << seed;
            } else {
                ASSERT_EQ(tree.erase(filter, key), model.erase({filter, key}) == 1)
                    << "seed " << seed;
            }
            ASSERT_EQ(tree.size(), model.size());
            const std::string topic = random_path(random, false);
            std::multiset<std::pair<int, int>> want, got;
            for (const auto& [at, value] : model) {
                if (matches(at.first, topic)) want.emplace(at.second, value);
            }
            tree.match(topic, [&](const auto& entry) { got.emplace(entry.key, entry.value); });
            ASSERT_EQ(got, want) << topic << " seed " << seed;
        }
        for (const auto& [at, value] : model) {
            ASSERT_NE(tree.find(at.first, at.second), nullptr);
            EXPECT_EQ(*tree.find(at.first, at.second), value);
            EXPECT_TRUE(tree.erase(at.first, at.second));
        }
        EXPECT_EQ(tree.size(), 0u);
        EXPECT_EQ(tree.node_count(), 1u) << "nodes are freed";
    }
}

TEST(TopicTree, AgreesWithTheNaiveMatcher) {
    for (unsigned seed = 1; seed <= 20; seed += one_in(4)) {
        std::mt19937 random(seed);
        TopicTree<std::string> tree;
        std::set<std::string> model;
        for (int step = 0; step < 2000; ++step) {
            const std::string topic = random_path(random, false);
            if (random() % 3 != 0) {
                ASSERT_EQ(!tree.insert(topic, topic), model.insert(topic).second);
            } else {
                ASSERT_EQ(tree.erase(topic).has_value(), model.erase(topic) == 1);
            }
            const std::string filter = random_path(random, true);
            std::multiset<std::string> want, got;
            for (const auto& each : model) {
                if (matches(filter, each)) want.insert(each);
            }
            tree.match(filter, [&](const std::string& each) { got.insert(each); });
            ASSERT_EQ(got, want) << filter << " seed " << seed;
        }
        for (const auto& topic : model) EXPECT_EQ(*tree.find(topic), topic);
        for (const auto& topic : model) EXPECT_TRUE(tree.erase(topic));
        EXPECT_EQ(tree.node_count(), 1u);
    }
}

// Bug 7: no walk recurses.
TEST(Bug07, TheTreeTakesTopicsOfThousandsOfLevels) {
    const std::string deep(65535, '/');
    SubscriptionTree<int, int> tree;
    tree.insert(deep, 1, 1);
    tree.insert("#", 2, 2);
    int found = 0;
    tree.match(deep, [&](const auto&) { ++found; });
    EXPECT_EQ(found, 2);
    EXPECT_TRUE(tree.erase(deep, 1));
    EXPECT_EQ(tree.node_count(), 2u);
    TopicTree<int> topics;
    topics.insert(deep, 1);
    found = 0;
    topics.match("#", [&](int) { ++found; });
    EXPECT_EQ(found, 1);
}

// Bug 18: the shared and the plain subscription of one filter live apart when kept in two trees;
// within one tree another key of the same filter stays.
TEST(Bug18, UnsubscribeTouchesOnlyItsOwnEntry) {
    SubscriptionTree<int, int> tree;
    tree.insert("a/b", 1, 10);
    tree.insert("a/b", 2, 20);
    EXPECT_TRUE(tree.erase("a/b", 1));
    EXPECT_FALSE(tree.erase("a/b", 1));
    EXPECT_FALSE(tree.erase("a", 2));
    EXPECT_EQ(*tree.find("a/b", 2), 20);
    // The parser is what tells them apart: the same filter, once with and once without a group.
    EXPECT_EQ(parse_filter("$share/g/a/b")->filter, "a/b");
    EXPECT_EQ(parse_filter("$share/g/a/b")->group, "g");
    EXPECT_FALSE(parse_filter("a/b")->is_shared());
}

TEST(LevelTree, PathOf) {
    LevelTree tree;
    for (const std::string_view path : {"a/b/c", "/", "a//", "+/#"}) {
        EXPECT_EQ(tree.path_of(tree.insert(path)), path);
    }
}

// Property: whatever comes and goes between the steps, what stays is found exactly once, what goes
// or comes at most once, and nothing else.
TEST(Walk, FindsWhatStaysOnceThoughTheTreeChanges) {
    for (unsigned seed = 1; seed <= 60; seed += one_in(4)) {
        std::mt19937 random(seed);
        TopicTree<std::string> tree;
        std::set<std::string> there, stayed, ever;
        const auto change = [&] {
            const std::string topic = random_path(random, false);
            if (random() % 2 != 0) {
                tree.insert(topic, topic);
                there.insert(topic);
                ever.insert(topic);
            } else {
                tree.erase(topic);
                there.erase(topic);
                stayed.erase(topic);
            }
        };
        for (int step = 0; step < 200; ++step) change();
        stayed = ever = there;
        const std::string filter = random_path(random, true);
        TopicTree<std::string>::Walk walk(tree, filter);
        std::multiset<std::string> found;
        const auto keep = [&found](const std::string& topic) { found.insert(topic); };
        while (!walk.go_on(1 + random() % 7, keep)) {
            for (auto changes = random() % 12; changes > 0; --changes) change();
        }
        for (const auto& topic : stayed) {
            EXPECT_EQ(found.count(topic), matches(filter, topic) ? 1u : 0u)
                << filter << " " << topic << " seed " << seed;
        }
        for (const auto& topic : found) {
            EXPECT_TRUE(ever.contains(topic) && matches(filter, topic)) << topic;
        }
    }
}

TEST(Walk, LooksAtNoMoreThanItIsTold) {
    TopicTree<int> tree;
    for (int topic = 0; topic < 1'000; ++topic) tree.insert("a/" + std::to_string(topic), topic);
    TopicTree<int>::Walk walk(tree, "#");
    int found = 0, steps = 1;
    for (; !walk.go_on(10, [&](int) { ++found; }); ++steps) EXPECT_LE(found, steps * 10);
    EXPECT_EQ(found, 1'000);
    EXPECT_EQ(steps, 101) << "with the level above them";
}

TEST(Walk, EndsWithItsTree) {
    auto tree = std::make_unique<TopicTree<int>>();
    for (int topic = 0; topic < 100; ++topic) tree->insert(std::to_string(topic), topic);
    TopicTree<int>::Walk walk(*tree, "+"), other(*tree, "#");
    int found = 0;
    const auto count = [&found](int) { ++found; };
    EXPECT_FALSE(walk.go_on(5, count));
    *tree = TopicTree<int>();
    EXPECT_TRUE(walk.go_on(5, count));
    tree.reset();
    EXPECT_TRUE(other.go_on(5, count));
    EXPECT_EQ(found, 5);
}

// A hundred thousand topics and back to nothing, whatever the order: tables grow in parts.
TEST(TopicTree, HoldsVeryManyAndLetsThemGo) {
    constexpr int count = 100'000;
    TopicTree<int> tree;
    const auto topic = [](int number) {
        return "kept/" + std::to_string(number % 1'000) + "/" + std::to_string(number);
    };
    for (int number = 0; number < count; ++number) tree.insert(topic(number), number);
    EXPECT_EQ(tree.size(), static_cast<std::size_t>(count));
    int found = 0;
    tree.match("kept/7/+", [&](int) { ++found; });
    EXPECT_EQ(found, count / 1'000);
    for (int number = 0; number < count; ++number) {
        const int each = static_cast<int>(std::int64_t{number} * 7'919 % count);
        ASSERT_EQ(tree.erase(topic(each)), each);
    }
    EXPECT_EQ(tree.node_count(), 1u);
}

}  // namespace
}  // namespace lineshaft::mqtt
