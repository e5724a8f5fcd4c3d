#pragma once
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "history/history.h"

// A history on a real store in a temporary directory, with as many shards as a test likes, that can
// be closed and opened again, also as after a kill.
namespace lineshaft::history::testing {

class TempDir {
public:
    TempDir() {
        path_ = (std::filesystem::temp_directory_path() / "history-XXXXXX").string();
        CHECK(::mkdtemp(path_.data()) != nullptr);
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    std::string store() const { return path_ + "/store"; }

private:
    std::string path_;
};

inline constexpr Instant now{1'768'478'400'000'000};  // 2026-01-15T12:00:00Z
inline constexpr OrganisationId organisation{1};

inline io::Task<Result<Appended>> append_there(History* history, store::Lane* lane, Report report) {
    auto appended = history->append(report);
    if (!appended || appended->stored == 0) co_return appended;
    auto durable = co_await lane->durable();
    if (!durable) co_return std::unexpected(durable.error());
    co_return appended;
}
inline io::Task<Result<void>> flush_there(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed;
}

/// Store, shards, lanes and history from open to close.
class Node {
public:
    Node(store::Store& store, unsigned shards, Limits limits, const io::Clock& clock)
        : shards_(shards, clock), workers_("seal", {.threads = 1}) {
        std::vector<store::Lane*> lanes;
        for (unsigned index = 0; index < shards; ++index) {
            lanes_.push_back(
                std::make_unique<store::Lane>(store, shards_.at(index), store::Lane::Limits{}));
            lanes.push_back(lanes_.back().get());
        }
        auto opened = History::open(store, shards_, lanes, workers_, limits);
        CHECK(opened.has_value());
        history_ = std::move(*opened);
    }
    ~Node() {
        for (std::size_t index = 0; index < lanes_.size(); ++index) {
            (void)shards_.run_blocking(
                ShardIndex(static_cast<std::uint32_t>(index)),
                flush_there(lanes_[index].get()));  // it may be meant to fail
        }
        history_->close();
        for (std::size_t index = 0; index < lanes_.size(); ++index) {
            (void)shards_.run_blocking(ShardIndex(static_cast<std::uint32_t>(index)),
                                       flush_there(lanes_[index].get()));
        }
        shards_.stop();
        history_.reset();
        lanes_.clear();
    }

    History& history() { return *history_; }
    io::Shards& shards() { return shards_; }
    store::Lane& lane(std::size_t index) { return *lanes_[index]; }

    /// On the owner's shard, until durable.
    Result<Appended> append(Report report) {
        const ShardIndex owner = history_->owner(report.organisation, report.machine);
        return shards_.run_blocking(
            owner, append_there(history_.get(), lanes_[owner.number()].get(), std::move(report)));
    }
    Result<Appended> append(const std::string& machine, const std::string& tag, Instant at,
                            Value value, Quality quality = Quality::good) {
        return append({organisation, machine, {{tag, {at, std::move(value), quality}}}});
    }

    template <class T>
    T ask(io::Task<T> question, std::uint32_t shard = 0) {
        return shards_.run_blocking(ShardIndex(shard), std::move(question));
    }
    Series find(const std::string& machine, const std::string& tag) {
        auto found = ask(history_->find(organisation, machine, tag));
        CHECK(found.has_value());
        return *found;
    }
    std::vector<Sample> read(const std::string& machine, const std::string& tag, Window window,
                             std::size_t count_max = 1'000'000,
                             History::Order order = History::Order::ascending) {
        auto samples = ask(history_->read(find(machine, tag), window, count_max, order));
        CHECK(samples.has_value());
        return *samples;
    }
    Result<void> seal() { return ask(history_->seal()); }
    Result<void> settle() { return ask(history_->settle()); }
    Stats stats() { return ask(history_->stats()); }

private:
    io::Shards shards_;
    io::Workers workers_;
    std::vector<std::unique_ptr<store::Lane>> lanes_;
    std::unique_ptr<History> history_;
};

/// A store and a node on it; `reopen` may change the number of shards.
class Rig {
public:
    /// `fast`: no disk sync per round; what these tests kill is this object, not the machine.
    explicit Rig(unsigned shards = 1, Limits limits = {},
                 store::Durability durability = store::Durability::fast)
        : limits_(limits), durability_(durability), clock_(now) {
        open_store();
        node_ = std::make_unique<Node>(*store_, shards, limits_, clock_);
    }
    ~Rig() {
        node_.reset();
        store_->close();
    }
    void reopen(unsigned shards) {
        node_.reset();
        store_->close();
        store_.reset();
        open_store();
        node_ = std::make_unique<Node>(*store_, shards, limits_, clock_);
    }
    Node& node() { return *node_; }
    Node* operator->() { return node_.get(); }
    store::Store& store() { return *store_; }
    std::string directory() const { return dir_.store(); }
    void write(store::Batch batch) {
        std::promise<Result<void>> answer;
        store_->submit(std::move(batch),
                       [&](Result<void> outcome) { answer.set_value(std::move(outcome)); });
        CHECK(answer.get_future().get().has_value());
    }
    /// One shard only: the clock moves on its thread.
    void advance(io::Steady by) {
        node_->shards().run_everywhere([&](io::Shard&) { clock_.advance(by); });
    }

    void step_wall(std::chrono::microseconds by) {
        node_->shards().run_everywhere([&](io::Shard&) { clock_.step_wall(by); });
    }

private:
    void open_store() {
        auto opened = store::open(dir_.store(), {}, durability_);
        CHECK(opened.has_value());
        store_ = std::move(opened->store);
    }
    TempDir dir_;
    Limits limits_;
    const store::Durability durability_;
    io::ManualClock clock_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Node> node_;
};

inline constexpr Window always{{INT64_MIN}, {INT64_MAX}};

}  // namespace lineshaft::history::testing
