// For tests: a plant over a real store and history, with any number of shards, that can be
// reopened.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <latch>
#include <thread>

#include "base/check.h"
#include "store/faulty.h"
#include "twin/plant.h"

namespace lineshaft::twin::testing {

inline constexpr OrganisationId home{1}, acme{2};

inline io::Task<Result<void>> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed;
}

inline io::Task<Result<history::Appended>> report_there(Plant* plant, history::Report report,
                                                        Source source) {
    auto start = [plant, source, &report](io::Answer<Result<history::Appended>> answer) {
        auto kept = std::make_shared<io::Answer<Result<history::Appended>>>(std::move(answer));
        plant->report(std::move(report), source,
                      [kept](Result<history::Appended> stored) { (*kept)(std::move(stored)); });
    };
    auto stored = co_await io::suspend<Result<history::Appended>>(std::move(start));
    co_return stored;
}

class Rig {
public:
    explicit Rig(unsigned shard_count = 1, Limits limits = {}) : limits_(limits) {
        std::string name = (std::filesystem::temp_directory_path() / "twin-XXXXXX").string();
        CHECK(::mkdtemp(name.data()) != nullptr);
        dir_ = name;
        open(shard_count);
    }
    ~Rig() {
        stop();
        std::filesystem::remove_all(dir_);
    }
    /// For what must outlive the shards' loops: ends them before the rig's own end.
    void stop() {
        if (plant) close();
    }
    std::string scratch() const { return dir_.string(); }
    void reopen(unsigned shard_count) {
        close();
        open(shard_count);
    }

    template <class T>
    T run(io::Task<T> task, std::uint32_t shard = 0) {
        return shards->run_blocking(ShardIndex(shard), std::move(task));
    }
    void on_shard(std::uint32_t shard, std::function<void()> work) {
        std::latch done(1);
        shards->at(shard).post([&] {
            work();
            done.count_down();
        });
        done.wait();
    }
    Result<history::Appended> report(history::Report report, Source source = Source::json,
                                     std::uint32_t shard = 0) {
        return run(report_there(plant.get(), std::move(report), source), shard);
    }
    Result<history::Appended> say(const std::string& machine, const std::string& tag,
                                  history::Value value, Instant at) {
        return report({home, machine, {{tag, {at, std::move(value), history::Quality::good}}}});
    }
    /// Returns when it has been seen.
    void presence(const std::string& machine, Presence presence, const std::string& text = "") {
        on_shard(0, [&] { plant->presence(home, machine, Source::json, presence, text); });
        settle();
    }
    /// Waits for what shard 0 has sent to be seen.
    void settle() {
        on_shard(0, [] {});  // the mail has left behind this
        for (std::uint32_t index = 0; index < shards->size(); ++index)
            (void)run(flush_lane(lanes[index].get()), index);
    }
    /// Asks until `is_good`; false after ten seconds.
    template <class Predicate>
    static bool eventually(Predicate is_good) {
        for (int attempt = 0; attempt < 1000; ++attempt) {
            if (is_good()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        return false;
    }
    Instant now() const { return io::Clock::system().now(); }

    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::FaultyStore> faulty;  // in front of it
    std::unique_ptr<io::Shards> shards;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::unique_ptr<io::Workers> sealers;
    std::unique_ptr<history::History> history;
    std::unique_ptr<Plant> plant;
    std::atomic<int> places{0}, places_max{1'000'000};  // as an organisation's limit of machines
    std::atomic<int> discovered{0}, changed_sources{0};
    std::optional<Source> last_source;  ///< of every machine of earlier runs

private:
    void open(unsigned shard_count) {
        store = std::move(store::open((dir_ / "store").string(), {})->store);
        faulty = std::make_unique<store::FaultyStore>(*store);
        shards = std::make_unique<io::Shards>(shard_count);
        std::vector<store::Lane*> pointers;
        for (unsigned index = 0; index < shard_count; ++index) {
            lanes.push_back(
                std::make_unique<store::Lane>(*faulty, shards->at(index), store::Lane::Limits{}));
            pointers.push_back(lanes.back().get());
        }
        sealers = std::make_unique<io::Workers>("seals", io::Workers::Limits{});
        history = std::move(*history::History::open(*faulty, *shards, pointers, *sealers, {}));
        Observer observer{
            [this](OrganisationId, const std::string&, Source, Instant) { ++discovered; }};
        observer.admits_machine = [this](OrganisationId) -> Result<void> {
            if (places >= places_max) return fail(Code::exhausted, "no place");
            ++places;
            return {};
        };
        observer.missed_machine = [this](OrganisationId) { --places; };
        observer.changed_source = [this](OrganisationId, const std::string&, Source) {
            ++changed_sources;
        };
        observer.last_source = [this](OrganisationId, std::string_view) { return last_source; };
        plant = Plant::open(*history, *shards, pointers, std::move(observer), limits_);
    }
    void close() {
        plant->close();
        for (std::size_t index = 0; index < lanes.size(); ++index) {
            (void)shards->run_blocking(shards->at(index).index(), flush_lane(lanes[index].get()));
        }
        history->close();
        for (std::size_t index = 0; index < lanes.size(); ++index) {
            (void)shards->run_blocking(shards->at(index).index(), flush_lane(lanes[index].get()));
        }
        sealers.reset();
        shards->stop();
        plant.reset();
        history.reset();
        lanes.clear();
        faulty.reset();
        store->close();
        store.reset();
    }
    std::filesystem::path dir_;
    Limits limits_;
};

}  // namespace lineshaft::twin::testing
