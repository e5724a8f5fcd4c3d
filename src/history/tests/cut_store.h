#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "store/store.h"

namespace lineshaft::history::testing {

/// Lets so many writes through, then none: to the store this is a kill.
class CutStore final : public store::Store {
public:
    CutStore(store::Store& inner, int writes_left) : inner_(inner), left_(writes_left) {}
    bool is_cut() const { return left_ < 0; }
    void mend() { left_ = 1'000'000; }
    std::function<void()> around_ingest;  ///< called on the worker, before and after

    void submit(store::Batch batch, Done done) override {
        if (batch.is_empty() || left_.fetch_sub(1) > 0)
            return inner_.submit(std::move(batch), std::move(done));
        left_ = -1;
        done(fail(Code::unavailable, "cut"));
    }
    Result<void> ingest(store::Family family, std::span<const store::Entry> ascending) override {
        if (around_ingest) around_ingest();
        if (left_.fetch_sub(1) > 0) {
            auto done = inner_.ingest(family, ascending);
            if (around_ingest) around_ingest();
            return done;
        }
        left_ = -1;
        return fail(Code::unavailable, "cut");
    }
    Result<void> begin_new_log() override { return unless_cut([&] { return inner_.begin_new_log(); }); }
    Result<void> merge_files(store::Family family, std::string_view from,
                             std::string_view until) override {
        return unless_cut([&] { return inner_.merge_files(family, from, until); });
    }
    void stop_merging() override {}
    std::uint64_t ticket() override { return inner_.ticket(); }
    Result<std::optional<std::string>> get(store::Family family, std::string_view key) override {
        return inner_.get(family, key);
    }
    std::unique_ptr<store::Cursor> scan(store::Family family, std::string_view from,
                                        std::string_view until) override {
        return inner_.scan(family, from, until);
    }
    std::uint64_t size_bytes(store::Family family) override { return inner_.size_bytes(family); }
    Result<void> checkpoint(const std::string& directory) override {
        return inner_.checkpoint(directory);
    }
    store::Stats stats() const override { return inner_.stats(); }
    bool is_read_only() const override { return false; }
    void close() override {}

private:
    Result<void> unless_cut(const std::function<Result<void>()>& work) {
        if (left_.fetch_sub(1) > 0) return work();
        left_ = -1;
        return fail(Code::unavailable, "cut");
    }
    store::Store& inner_;
    std::atomic<int> left_;
};

}  // namespace lineshaft::history::testing
