// For tests: SQL over a real store, history and catalog, with a small plant.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <latch>
#include <map>

#include "base/check.h"
#include "query/query.h"

namespace lineshaft::query::testing {

inline constexpr OrganisationId home{1};

inline io::Task<Result<void>> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed;
}

class FakePresent final : public Present {
public:
    io::Task<std::vector<Machine>> machines_after(OrganisationId organisation, std::string after,
                                                  std::size_t count_max) override {
        std::vector<Machine> all;
        for (const auto& machine : machines) {
            if (organisation == home && machine.id > after && all.size() < count_max)
                all.push_back(machine);
        }
        co_return all;
    }
    std::vector<Machine> machines;
};

/// A whole answer as text: "a|b;c|d", NULL as "-", times in UTC.
struct Told {
    std::vector<Column> columns;
    std::string rows;
    std::size_t count = 0;
    bool is_truncated = false, is_on_kernel = false;
    std::optional<Failure> failure;
    std::string state() const { return failure ? failure->sqlstate : ""; }
};

class Rig {
public:
    explicit Rig(unsigned shards = 2, EngineLimits limits = {});
    ~Rig();

    Told ask(const std::string& sql, std::vector<Value> parameters = {});
    Told ask(const std::string& sql, std::vector<Value> parameters, Scope scope, Limits limits = {},
             io::StopFlagPtr cancel = nullptr, std::vector<Type> declared = {});
    std::string rows(const std::string& sql, std::vector<Value> parameters = {}) {
        const Told told = ask(sql, std::move(parameters));
        return told.failure ? told.failure->sqlstate + " " + told.failure->message : told.rows;
    }
    void say(const std::string& machine, const std::string& tag, history::Value value, Instant at,
             history::Quality quality = history::Quality::good, OrganisationId organisation = home);
    void report(history::Report report);
    void seal() { EXPECT_TRUE(run(history->seal())); }
    template <class T>
    T run(io::Task<T> task) {
        return shards->run_blocking(ShardIndex(0), std::move(task));
    }
    void on_shard(std::uint32_t shard, std::function<void()> work) {
        std::latch done(1);
        shards->at(shard).post([&] {
            work();
            done.count_down();
        });
        done.wait();
    }
    static Scope role(trust::Role role, OrganisationId organisation = home);
    static Scope machine(const std::string& machine);

    std::filesystem::path dir;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<io::Shards> shards;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::unique_ptr<io::Workers> rows_worker, sealers;
    std::unique_ptr<history::History> history;
    std::unique_ptr<catalog::Desk> desk;
    FakePresent present;
    std::unique_ptr<Engine> engine;
    Session session;
};

/// Two sites, three machines of `default`, one of acme; 100 minutes of samples from 2026-03-28
/// 22:00 UTC, over the night in which Berlin's clocks are put on.
std::unique_ptr<Rig> small_plant();
inline constexpr Instant plant_begins{1'774'735'200'000'000};

}  // namespace lineshaft::query::testing
