#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <random>

#include "identity/tests/rig.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using namespace testing;
namespace right = handle::right;
using Kind = Change::Kind;

std::string url_of(const Lookup& found) {
    for (const Value& value : found.values) {
        if (value.type == "URL") return value.data;
    }
    return std::string(handle::words_of(found.answer));
}

io::Task<Result<Page>> derived_there(Registry* registry) {
    co_return registry->list_derived("88.1", "", 10);
}

TEST(Registry, CreatesResolvesChangesAndDeletes) {
    Rig rig;
    const auto made = rig.change(create("88.1/Abc", {url(1, "a")}));
    EXPECT_TRUE(made.is_good() && made.is_new);
    EXPECT_EQ(made.handle, "88.1/ABC");
    EXPECT_EQ(url_of(rig.look_up("88.1/abC")), "a");
    EXPECT_EQ(rig.change(create("88.1/ABC", {url(1, "b")})).answer, Answer::handle_exists);
    EXPECT_TRUE(rig.change(change_of(Kind::modify_values, "88.1/abc", {url(1, "c")})).is_good());
    EXPECT_EQ(url_of(rig.look_up("88.1/ABC")), "c");
    EXPECT_TRUE(rig.change(change_of(Kind::remove, "88.1/abc")).is_good());
    EXPECT_EQ(rig.look_up("88.1/ABC").answer, Answer::handle_not_found);
    EXPECT_EQ(rig.change(change_of(Kind::remove, "88.1/abc")).answer, Answer::handle_not_found);
    EXPECT_EQ(rig.change(create("99.1/x", {url(1, "a")})).answer, Answer::not_responsible);
    EXPECT_EQ(rig.look_up("99.1/x").answer, Answer::not_responsible);
    EXPECT_EQ(rig.change(create("88.1/\n", {url(1, "a")})).answer, Answer::invalid_handle);
    const auto log = rig.registry->transactions(0, 100);
    ASSERT_TRUE(log.has_value());
    std::vector<std::string> told;
    for (const auto& one : *log)
        told.push_back(std::to_string(int(one.action)) + " " + one.handle);
    EXPECT_EQ(told, (std::vector<std::string>{"4 88.1", "1 0.NA/88.1", "1 88.1/ABC", "3 88.1/ABC",
                                              "2 88.1/ABC"}));
    EXPECT_EQ(*rig.registry->last_transaction(), log->back().number);
}

TEST(Registry, CaseCountsWhereTheNodeSaysSo) {
    Rig rig(1, {}, {.is_case_sensitive = true});
    EXPECT_TRUE(rig.change(create("88.1/a", {url(1, "small")})).is_good());
    EXPECT_TRUE(rig.change(create("88.1/A", {url(1, "large")})).is_good());
    EXPECT_EQ(url_of(rig.look_up("88.1/a")), "small");
    EXPECT_EQ(url_of(rig.look_up("88.1/A")), "large");
    EXPECT_EQ(rig.look_up("0.na/88.1").answer, Answer::success);
}

io::Task<std::string> own_there(Registry* registry, std::string name) {
    const auto record = registry->own_record(name);
    co_return record ? record->key : "none";
}

TEST(Registry, TheShortWayOfALookupIsForHandlesOfItsOwnPrefixes) {
    Rig rig;
    EXPECT_TRUE(rig.change(create("88.1/Abc", {url(1, "a")})).is_good());
    const auto own = [&](std::string name) {
        return rig.run(own_there(rig.registry.get(), std::move(name)));
    };
    EXPECT_EQ(own("88.1/abC"), "h88.1/ABC");
    EXPECT_EQ(own("88.1/none"), "none");
    EXPECT_EQ(own("88/abc"), "none");
    EXPECT_EQ(own("0.NA/88.1"), "none");
    EXPECT_EQ(own("88.1"), "none");
    EXPECT_EQ(own("/"), "none");
    EXPECT_EQ(own(""), "none");
    EXPECT_TRUE(rig.run(rig.registry->unhome("88.1", operator_of_node)).is_good());
    EXPECT_EQ(own("88.1/ABC"), "none") << "it is in the store, but not for others to see";
}

TEST(Registry, RightsComeFromTheHandleItsPrefixAndGroups) {
    Rig rig;
    EXPECT_EQ(rig.change(create("88.1/A", {url(1, "a")}), nobody).answer,
              Answer::authentication_needed);
    EXPECT_EQ(rig.change(create("88.1/A", {url(1, "a")}), key("88.9/ME", 300)).answer,
              Answer::not_permitted);
    // The prefix's default admin is 300:0.NA/88.1.
    EXPECT_TRUE(rig.change(create("88.1/A", {url(1, "a"), admin(100, right::modify_value,
                                                               {"88.1/GROUP", 200})}),
                           key("0.na/88.1", 300))
                    .is_good());
    const auto members = handle::encode_vlist({{"88.1/GROUP2", 0}, {"88.9/me", 0}});
    const auto cycle = handle::encode_vlist({{"88.1/GROUP", 200}, {"88.9/DEEP", 7}});
    EXPECT_TRUE(rig.change(create("88.1/GROUP", {typed(200, "HS_VLIST", members)})).is_good());
    EXPECT_TRUE(rig.change(create("88.1/GROUP2", {typed(5, "HS_VLIST", cycle)})).is_good());
    const auto modify = change_of(Kind::modify_values, "88.1/A", {url(1, "b")});
    EXPECT_TRUE(rig.change(modify, key("88.9/ME", 300)).is_good());
    EXPECT_TRUE(rig.change(modify, key("88.9/DEEP", 7)).is_good());
    EXPECT_EQ(rig.change(modify, key("88.9/DEEP", 8)).answer, Answer::not_permitted);
    EXPECT_EQ(rig.change(change_of(Kind::remove, "88.1/A"), key("88.9/ME", 300)).answer,
              Answer::not_permitted);
    EXPECT_TRUE(rig.change(change_of(Kind::remove, "88.1/A"), key("0.NA/88.1", 300)).is_good());
}

TEST(Registry, GroupsInGroupsEnd) {
    Limits limits;
    limits.groups_depth_max = 2;
    Rig rig(1, limits);
    const auto group = [](std::string next) {
        return handle::encode_vlist({{std::move(next), 1}});
    };
    for (const auto& [name, next] : {std::pair("88.1/G1", "88.1/G2"), {"88.1/G2", "88.9/IN"}})
        EXPECT_TRUE(rig.change(create(name, {typed(1, "HS_VLIST", group(next))})).is_good());
    EXPECT_TRUE(rig.change(create("88.1/G0", {typed(1, "HS_VLIST", group("88.1/G1"))})).is_good());
    const auto named = [&](const char* who) {
        return rig.registry->rights_of({admin(1, right::add_value, {who, 1})}, {"88.9/IN", 1});
    };
    EXPECT_EQ(named("88.1/G2"), right::add_value);  // one group deep
    EXPECT_EQ(named("88.1/G1"), right::add_value);  // two
    EXPECT_EQ(named("88.1/G0"), 0);                 // three
}

TEST(Registry, DerivedPrefixesAreMadeByTheirParentAndRefer) {
    Rig rig;
    handle::Site site;
    site.servers.resize(1);
    const std::string where = handle::encode(site);
    EXPECT_EQ(rig.change(create("0.NA/88.1.7", {typed(1, "HS_SITE", where)}), key("88.9/X", 1)).answer,
              Answer::not_permitted);
    EXPECT_TRUE(rig.change(create("0.NA/88.1.7", {typed(1, "HS_SITE", where),
                                                  typed(2, "HS_SITE.PREFIX", where)}),
                           key("0.NA/88.1", 300))
                    .is_good());
    EXPECT_EQ(rig.look_up("0.NA/88.1.7").answer, Answer::success);
    const auto service = rig.look_up("88.1.7/EXC");
    EXPECT_EQ(service.answer, Answer::service_referral);
    EXPECT_EQ(service.referral, "0.NA/88.1.7");
    ASSERT_EQ(service.values.size(), 1u);
    EXPECT_EQ(service.values[0].type, "HS_SITE");
    const auto prefix = rig.look_up("0.NA/88.1.7.2");
    EXPECT_EQ(prefix.answer, Answer::prefix_referral);
    ASSERT_EQ(prefix.values.size(), 1u);
    EXPECT_EQ(prefix.values[0].type, "HS_SITE.PREFIX");
    EXPECT_EQ(rig.look_up("0.NA/88.1.8").answer, Answer::handle_not_found);
    EXPECT_EQ(rig.look_up("0.NA/88.2").answer, Answer::not_responsible);
    const auto derived = rig.run(derived_there(rig.registry.get()));
    ASSERT_TRUE(derived.has_value());
    EXPECT_EQ(derived->names, std::vector<std::string>{"0.NA/88.1.7"});
}

TEST(Registry, HomesAndUnhomes) {
    Rig rig(3);
    EXPECT_EQ(rig.run(rig.registry->home("88.2", nobody)).answer, Answer::authentication_needed);
    EXPECT_EQ(rig.run(rig.registry->home("88.2", key("0.NA/88.1", 300))).answer,
              Answer::not_permitted);
    EXPECT_EQ(rig.run(rig.registry->home("88/2", operator_of_node)).answer, Answer::invalid_handle);
    EXPECT_TRUE(rig.run(rig.registry->home("88.b", operator_of_node)).is_good());
    EXPECT_TRUE(rig.change(create("88.B/A", {url(1, "a")})).is_good());
    rig.reopen(1);
    EXPECT_EQ(url_of(rig.look_up("88.b/a")), "a");
    EXPECT_TRUE(rig.run(rig.registry->unhome("88.b", operator_of_node)).is_good());
    EXPECT_EQ(rig.look_up("88.b/a").answer, Answer::not_responsible);
    EXPECT_TRUE(rig.run(rig.registry->home("88.b", operator_of_node)).is_good());
    EXPECT_EQ(url_of(rig.look_up("88.b/a")), "a");
}

io::Task<Result<Page>> list_there(Registry* registry, std::string after, std::size_t count) {
    co_return registry->list("88.1", after, count);
}

TEST(Registry, ListsByPages) {
    Limits limits;
    limits.page_max = 3;
    Rig rig(2, limits);
    EXPECT_TRUE(rig.run(rig.registry->home("88.10", operator_of_node)).is_good());
    EXPECT_TRUE(rig.change(create("88.10/X", {url(1, "a")})).is_good());
    for (int number = 0; number < 7; ++number)
        EXPECT_TRUE(rig.change(create("88.1/" + std::to_string(number), {url(1, "a")})).is_good());
    std::vector<std::string> names;
    for (std::string after;;) {
        const auto page = rig.run(list_there(rig.registry.get(), after, 100));
        ASSERT_TRUE(page.has_value());
        EXPECT_LE(page->names.size(), 3u);
        names.insert(names.end(), page->names.begin(), page->names.end());
        if (page->is_last) break;
        after = page->names.back();
    }
    ASSERT_EQ(names.size(), 7u);
    EXPECT_EQ(names.front(), "88.1/0");
    EXPECT_EQ(names.back(), "88.1/6");
    EXPECT_EQ(rig.count("88.1"), 7);
    EXPECT_EQ(rig.count("88.10"), 1);
}

TEST(Registry, MintsSuffixes) {
    Rig rig;
    Change mint = create("88.1/M-", {url(1, "a")});
    mint.mints_suffix = true;
    const auto first = rig.change(mint), second = rig.change(mint);
    EXPECT_TRUE(first.is_good() && second.is_good());
    EXPECT_NE(first.handle, second.handle);
    EXPECT_TRUE(first.handle.starts_with("88.1/M-"));
    EXPECT_EQ(url_of(rig.look_up(first.handle)), "a");
}

TEST(Registry, WhatFailedLeavesNothingBehind) {
    Rig rig(1);
    EXPECT_TRUE(rig.change(create("88.1/A", {url(1, "a")})).is_good());
    rig.faulty->fail_submit(1, {Code::exhausted, "full"});
    const auto failed = rig.change(create("88.1/B", {url(1, "b")}));
    EXPECT_EQ(failed.answer, Answer::too_busy);
    EXPECT_EQ(rig.look_up("88.1/B").answer, Answer::handle_not_found);
    EXPECT_EQ(rig.count("88.1"), 1);
    rig.faulty->fail_submit(1, {Code::exhausted, "full"});
    EXPECT_FALSE(rig.change(change_of(Kind::remove, "88.1/A")).is_good());
    EXPECT_EQ(url_of(rig.look_up("88.1/A")), "a");
    EXPECT_EQ(rig.count("88.1"), 1);
    EXPECT_TRUE(rig.change(create("88.1/B", {url(1, "b")})).is_good());
    rig.reopen(2);
    EXPECT_EQ(rig.count("88.1"), 2);
}

TEST(Registry, OnlySoManyChangesOfAHandleWait) {
    Limits limits;
    limits.waiting_per_handle_max = 2;
    Rig rig(1, limits);
    rig.faulty->hold_answers();
    std::atomic<int> good{0}, busy{0}, other{0};
    rig.shards->run_everywhere([&](io::Shard& shard) {
        for (int number = 1; number <= 4; ++number) {
            Change add = create("88.1/A", {url(1, std::to_string(number))});
            add.overwrites = true;
            boost::asio::co_spawn(
                shard.loop(), rig.registry->change(std::move(add), operator_of_node),
                [&](std::exception_ptr, Outcome outcome) {
                    if (outcome.is_good()) ++good;
                    else if (outcome.answer == Answer::too_busy) ++busy;
                    else ++other;
                });
        }
    });
    while (busy == 0 || rig.faulty->held() == 0) std::this_thread::yield();
    EXPECT_EQ(good, 0);
    EXPECT_EQ(busy, 1);  // one under way, two wait
    rig.faulty->release();
    while (good + busy + other < 4) std::this_thread::yield();
    EXPECT_EQ(good, 3);
    EXPECT_EQ(url_of(rig.look_up("88.1/A")), "3");
}

// Random changes against a plain map, with kills in between: what was answered is there, nothing
// else is.
TEST(Registry, AgreesWithAModelThroughKills) {
    const unsigned seed = 20'261'122;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Rig rig(2);
    std::map<std::string, std::map<std::uint32_t, std::string>> model;
    const auto pick = [&](unsigned most) { return unsigned(random() % most); };
    for (int round = 0; round < 4; ++round) {
        for (int step = 0; step < 150; ++step) {
            const std::string name = "88.1/N" + std::to_string(pick(20));
            const std::uint32_t index = 1 + pick(4);
            const std::string text = std::to_string(random());
            const auto known = model.find(name);
            switch (pick(5)) {
                case 0: {
                    const bool good = rig.change(create(name, {url(index, text)})).is_good();
                    EXPECT_EQ(good, known == model.end());
                    if (good) model[name] = {{index, text}};
                    break;
                }
                case 1: {
                    const auto got = rig.change(change_of(Kind::add_values, name, {url(index, text)}));
                    const bool fits = known != model.end() && !known->second.contains(index);
                    EXPECT_EQ(got.is_good(), fits);
                    if (fits) known->second[index] = text;
                    break;
                }
                case 2: {
                    const auto got =
                        rig.change(change_of(Kind::modify_values, name, {url(index, text)}));
                    const bool fits = known != model.end() && known->second.contains(index);
                    EXPECT_EQ(got.is_good(), fits);
                    if (fits) known->second[index] = text;
                    break;
                }
                case 3: {
                    const auto got = rig.change(change_of(Kind::remove_values, name, {}, {index}));
                    const bool fits = known != model.end() && known->second.contains(index) &&
                                      known->second.size() > 1;
                    EXPECT_EQ(got.is_good(), fits);
                    if (fits) known->second.erase(index);
                    break;
                }
                default: {
                    const auto got = rig.change(change_of(Kind::remove, name));
                    EXPECT_EQ(got.is_good(), known != model.end());
                    if (got.is_good()) model.erase(name);
                }
            }
        }
        rig.reopen_as_killed(1 + pick(3));
        for (unsigned number = 0; number < 20; ++number) {
            const std::string name = "88.1/N" + std::to_string(number);
            const auto found = rig.look_up(name);
            std::map<std::uint32_t, std::string> got;
            for (const Value& value : found.values) got[value.index] = value.data;
            const auto known = model.find(name);
            EXPECT_EQ(found.answer == Answer::success, known != model.end()) << name;
            if (known != model.end()) {
                EXPECT_EQ(got, known->second) << name;
            }
        }
        EXPECT_EQ(rig.count("88.1"), std::int64_t(model.size()));
    }
}

}  // namespace
}  // namespace lineshaft::identity
