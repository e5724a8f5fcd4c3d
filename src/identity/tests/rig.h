// For tests: a registry over a real store, with any number of shards, that can be reopened.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/check.h"
#include "identity/registry.h"
#include "store/faulty.h"

namespace lineshaft::identity::testing {

using handle::Answer;
using handle::Value;

inline const Authority operator_of_node{true, {}};
inline const Authority nobody{};
inline Authority key(std::string handle, std::uint32_t index) {
    return {false, handle::Reference{std::move(handle), index}};
}

inline Value url(std::uint32_t index, std::string text) {
    Value out;
    out.index = index;
    out.type = "URL";
    out.data = std::move(text);
    return out;
}
inline Value typed(std::uint32_t index, std::string type, std::string data) {
    Value out = url(index, std::move(data));
    out.type = std::move(type);
    return out;
}
inline Value admin(std::uint32_t index, std::uint16_t rights, handle::Reference who) {
    return typed(index, "HS_ADMIN", handle::encode(handle::Admin{rights, std::move(who)}));
}

inline Change create(std::string name, std::vector<Value> values) {
    Change out;
    out.handle = std::move(name);
    out.values = std::move(values);
    return out;
}
inline Change change_of(Change::Kind kind, std::string name, std::vector<Value> values = {},
                        std::vector<std::uint32_t> indexes = {}) {
    Change out = create(std::move(name), std::move(values));
    out.kind = kind;
    out.indexes = std::move(indexes);
    return out;
}

inline io::Task<Result<void>> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed;
}
inline io::Task<bool> told(bool answer) {
    co_return answer;
}
inline io::Task<Result<Lookup>> look_there(Registry* registry, std::string name) {
    co_return registry->look_up(name);
}

class Rig {
public:
    explicit Rig(unsigned shard_count = 2, Limits limits = {}, Registry::Settings settings = {})
        : limits_(limits), settings_(settings) {
        std::string name = (std::filesystem::temp_directory_path() / "identity-XXXXXX").string();
        CHECK(::mkdtemp(name.data()) != nullptr);
        dir_ = name;
        open(dir_ / "store", shard_count);
        EXPECT_TRUE(run(registry->home("88.1", operator_of_node)).is_good());
    }
    ~Rig() {
        close();
        std::filesystem::remove_all(dir_);
    }
    void reopen(unsigned shard_count) {
        close();
        open(dir_ / "store", shard_count);
    }
    /// As after kill -9: what the files are now, without the store's goodbye.
    void reopen_as_killed(unsigned shard_count) {
        const auto copy = dir_ / ("killed-" + std::to_string(++copies_));
        std::filesystem::copy(store_dir_, copy, std::filesystem::copy_options::recursive);
        close();
        open(copy, shard_count);
    }

    template <class T>
    T run(io::Task<T> task, std::uint32_t shard = 0) {
        return shards->run_blocking(ShardIndex(shard), std::move(task));
    }
    Outcome change(Change wish, Authority by = operator_of_node) {
        return run(registry->change(std::move(wish), std::move(by)));
    }
    Lookup look_up(const std::string& name) {
        auto found = run(look_there(registry.get(), name));
        EXPECT_TRUE(found.has_value());
        return found.value_or(Lookup{});
    }
    std::int64_t count(const std::string& prefix) { return run(registry->count(prefix)); }

    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::FaultyStore> faulty;  // in front of it
    std::unique_ptr<io::Shards> shards;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::unique_ptr<Registry> registry;

private:
    void open(const std::filesystem::path& where, unsigned shard_count) {
        store_dir_ = where;
        store = std::move(store::open(where.string(), {})->store);
        faulty = std::make_unique<store::FaultyStore>(*store);
        shards = std::make_unique<io::Shards>(shard_count);
        std::vector<store::Lane*> pointers;
        for (unsigned index = 0; index < shard_count; ++index) {
            lanes.push_back(
                std::make_unique<store::Lane>(*faulty, shards->at(index), store::Lane::Limits{}));
            pointers.push_back(lanes.back().get());
        }
        auto opened = Registry::open(*faulty, *shards, pointers, settings_, limits_);
        CHECK(opened.has_value());
        registry = std::move(*opened);
    }
    void close() {
        for (auto& lane : lanes)
            (void)shards->run_blocking(ShardIndex(std::uint32_t(&lane - lanes.data())),
                                       flush_lane(lane.get()));
        shards->stop();
        registry.reset();
        lanes.clear();
        shards.reset();
        faulty.reset();
        store.reset();
    }

    Limits limits_;
    Registry::Settings settings_;
    std::filesystem::path dir_, store_dir_;
    int copies_ = 0;
};

}  // namespace lineshaft::identity::testing
