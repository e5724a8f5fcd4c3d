#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

// Failure on demand, for tests of everything that stands on the store.
namespace lineshaft::store {

/// A store that passes everything on to another, except what it was told to spoil. Thread-safe.
class FaultyStore final : public Store {
public:
    explicit FaultyStore(Store& inner);
    ~FaultyStore() override;

    /// The n-th submit from now (1 is the next) is answered with `why` and not written; once.
    void fail_submit(std::uint64_t nth, Error why);
    /// Every submit is refused with `exhausted` while full.
    void pretend_full(bool is_full);
    /// Answers are kept back until release(), which gives them, in order, on its caller's thread.
    void hold_answers();
    void release();
    std::size_t held() const;

    void submit(Batch batch, Done done) override;
    std::uint64_t ticket() override;
    Result<std::optional<std::string>> get(Family family, std::string_view key) override;
    std::unique_ptr<Cursor> scan(Family family, std::string_view from,
                                 std::string_view until) override;
    Result<void> ingest(Family family, std::span<const Entry> ascending) override;
    Result<void> begin_new_log() override;
    Result<void> merge_files(Family family, std::string_view from,
                             std::string_view until) override;
    void stop_merging() override;
    std::uint64_t size_bytes(Family family) override;
    Result<void> checkpoint(const std::string& directory) override;
    Stats stats() const override;
    bool is_read_only() const override;
    void close() override;  ///< releases, then closes the inner store

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// The disk under a store opened with open_on(): the machine's own files, but it knows what was
/// synced. Everything may be called from any thread. Outlives the stores opened on it.
class FaultDisk {
public:
    enum class Fault : std::uint8_t { io_error, no_space };
    /// What a power cut leaves of bytes that were written and not synced.
    enum class Leaves : std::uint8_t {
        nothing,       ///< files end where they were last synced
        a_prefix,      ///< the file ends somewhere inside the unsynced bytes
        some_sectors,  ///< the file keeps its length; sectors that were not written read as zeros
    };

    FaultDisk();
    ~FaultDisk();
    FaultDisk(const FaultDisk&) = delete;

    /// The n-th write or sync from now (1 is the next) and all after it fail, until heal().
    void fail_from(std::uint64_t nth, Fault fault);
    void heal();
    /// Writes and syncs so far.
    std::uint64_t operations() const;

    /// From now on nothing reaches the disk, and the files lose what a power cut takes; `seed`
    /// chooses where. The process is to end now, without closing the store.
    void cut_power(Leaves leaves, std::uint64_t seed = 1);

    /// What the store believes is free; nullopt: the truth.
    void pretend_free_bytes(std::optional<std::uint64_t> bytes);

    struct State;

private:
    friend Result<Opened> open_on(FaultDisk&, const std::string&, Limits, Durability,
                                  std::function<void(const std::string&)>);
    std::shared_ptr<State> state_;
};

/// As open(), on `disk`. `on_fatal` is called where the product would end the process; afterwards
/// the store answers `unavailable`.
Result<Opened> open_on(FaultDisk& disk, const std::string& directory, Limits limits,
                       Durability durability, std::function<void(const std::string&)> on_fatal);

/// Flips one bit of a file in place.
Result<void> flip_bit(const std::string& path, std::uint64_t byte, unsigned bit);

}  // namespace lineshaft::store
