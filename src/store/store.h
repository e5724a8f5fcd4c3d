#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

// The node's only storage engine behind an interface of ours: families of sorted keys, one commit
// thread, one synced write for everybody who asked meanwhile. Decision:
// docs/decisions/0004-store.md.
namespace lineshaft::store {

/// Who owns which keys. Names on disk: docs/formats/store.md.
enum class Family : std::uint8_t {
    history_series,  ///< "history.series": the dictionary
    history_inbox,   ///< "history.inbox": samples not sealed yet
    history_chunks,  ///< "history.chunks": sealed, sorted files
    identity,        ///< "identity"
    mqtt_sessions,   ///< "mqtt.sessions"
    mqtt_messages,   ///< "mqtt.messages"
    mqtt_retained,   ///< "mqtt.retained"
    log,             ///< "log": the tamper-evident log
};
inline constexpr std::size_t family_count = 8;
std::string_view name_of(Family family);

struct Limits {
    std::size_t block_cache_bytes = 16 << 20;
    std::size_t write_buffer_bytes = 32 << 20;  ///< memtables of all families together
    std::size_t log_bytes_max = 96 << 20;       ///< write-ahead log kept, so start stays short
    std::uint64_t free_bytes_min = 256 << 20;   ///< below: nothing new is acknowledged
    std::size_t batch_bytes_max = 64 << 20;     ///< one batch
    std::size_t queued_bytes_max = 128 << 20;   ///< all batches waiting for the commit thread
};

/// When a commit is answered: after the sync (the promise), or before it (labelled on the console).
enum class Durability : std::uint8_t { synced, fast };

/// Writes that become visible and durable together. Cheap to move; a moved-from batch is empty and
/// may be filled again. Owned by one thread at a time. Later writes of a batch win over earlier.
class Batch {
public:
    Batch();
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) noexcept;
    ~Batch();

    void put(Family family, std::string_view key, std::string_view value);
    void remove(Family family, std::string_view key);
    /// Removes from <= key < until.
    void remove_range(Family family, std::string_view from, std::string_view until);
    bool is_empty() const;
    std::size_t size_bytes() const;  ///< encoded: keys, values and a few bytes for each
    bool only_removes() const;       ///< no put: accepted on a nearly full disk
    /// For small records that must not wait for room: the audit log's, without which nobody may act,
    /// and those that go before a removal. Accepted on a nearly full disk as removals are, down to
    /// half the floor.
    void use_reserve();
    bool uses_reserve() const;

private:
    friend class EngineAccess;
    struct Rep;
    Rep& begin(char tag, Family family);
    std::unique_ptr<Rep> rep_;
};

/// Walks the keys inside its scan's bounds, in order, over one consistent view. Stands on the first
/// of them when created. Created, used and destroyed on one thread, before Store::close(); it pins
/// what it sees, so it is not kept for long.
class Cursor {
public:
    virtual bool is_valid() const = 0;  ///< false at the end, or after an error: ask status()
    virtual std::string_view key() const = 0;  ///< until the next move
    virtual std::string_view value() const = 0;
    virtual void next() = 0;
    virtual void previous() = 0;
    virtual void seek(std::string_view key) = 0;               ///< first key >= `key`
    virtual void seek_for_previous(std::string_view key) = 0;  ///< last key <= `key`
    virtual Result<void> status() const = 0;                   ///< corrupt: names file and offset
    virtual ~Cursor() = default;
};

/// One key and value for a sorted file, ascending by key and unique. A removal takes the key's
/// earlier value away; so a file replaces keys by others at once, or not at all.
struct Entry {
    std::string key;
    std::string value;
    bool is_removal = false;  ///< then `value` is empty
};

struct Stats {
    std::uint64_t commits = 0;  ///< synced writes
    std::uint64_t batches = 0;  ///< batches they carried
    std::uint64_t bytes_written = 0;
    std::uint64_t sync_micros_total = 0;
    std::uint64_t free_bytes = 0;
    std::uint64_t size_bytes = 0;    ///< on disk, all families and the log
    std::uint64_t queued_bytes = 0;  ///< waiting for the commit thread
    std::uint64_t refused = 0;       ///< batches answered `exhausted`
    bool is_accepting = true;        ///< false below free_bytes_min or read-only
    std::string damage;              ///< as Recovery::damage, and what was found since
};

/// Thread-safe. Failure of the engine's own write or sync ends the process (restart recovers);
/// it is never retried. Ends with close(), which answers everything still queued.
class Store {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    /// Queues `batch`; `done` is called on the commit thread once it is on disk
    /// (Durability::synced), in the order of submit. An empty batch waits for everything before it.
    /// A refusal is answered before submit returns, on the caller's thread. Use it through Lane
    /// rather than directly. exhausted: disk space under the floor, or the queue is full (nothing
    /// was written). Batches that only remove, and those that use_reserve(), are accepted down to
    /// half the floor, so that space can be made. invalid: over batch_bytes_max. unavailable:
    /// closed, read-only or failed.
    virtual void submit(Batch batch, Done done) = 0;

    /// A number greater than every one given before, in this run and all earlier ones; from 1.
    /// After a kill there may be a jump of about a million. Thread-safe and almost never waits.
    virtual std::uint64_t ticket() = 0;

    /// nullopt: no such key. Reads what has been committed. May touch the disk.
    virtual Result<std::optional<std::string>> get(Family family, std::string_view key) = 0;
    /// Bounds are half-open; an empty `until` means to the end of the family.
    virtual std::unique_ptr<Cursor> scan(Family family, std::string_view from,
                                         std::string_view until) = 0;

    /// Writes `ascending` into a sorted file past the log, syncs it and makes it part of the
    /// family, above everything there. Blocks: call on a worker. Waits for a flush where unflushed
    /// keys of the family overlap, so keep families that are ingested free of single puts. invalid:
    /// empty, or keys not strictly ascending. exhausted, unavailable: as submit.
    virtual Result<void> ingest(Family family, std::span<const Entry> ascending) = 0;

    // Erasing. The engine keeps what was removed or replaced in its log until the memory behind it
    // is flushed, and in sorted files until they are merged.
    /// Flushes every family, so that no log file that was written before this call is left.
    /// Blocks: call on a worker. Errors: unavailable (closed, read-only, or a flush failed).
    virtual Result<void> begin_new_log() = 0;
    /// Merges the files of from <= key < until (`until` empty: to the end), so that nothing that was
    /// removed there before this call is left in any file, as soon as no cursor of before is alive.
    /// Rewrites what shares files with the range: takes as long as that. Blocks: call on a worker
    /// of its own. Errors: as begin_new_log; cancelled (stop_merging); exhausted (no room for the
    /// files as they will be beside those there are).
    virtual Result<void> merge_files(Family family, std::string_view from,
                                     std::string_view until) = 0;
    /// From now on merge_files ends early. Thread-safe.
    virtual void stop_merging() = 0;

    /// Bytes a family (or a key range in it) takes on disk, roughly.
    virtual std::uint64_t size_bytes(Family family) = 0;

    /// A consistent copy in `directory` (must not exist), hard links where possible. Blocks.
    virtual Result<void> checkpoint(const std::string& directory) = 0;
    virtual Stats stats() const = 0;
    /// True when damage in the middle of the log allowed reading only.
    virtual bool is_read_only() const = 0;
    /// Commits what is queued, answers everybody, and ends the commit thread. May be called twice;
    /// the destructor calls it. No cursor may be alive and no other call under way.
    virtual void close() = 0;
    virtual ~Store() = default;
};

/// What opening found, for the start-up log and the console.
struct Recovery {
    std::uint64_t torn_tail_bytes = 0;  ///< of the last log file: never acknowledged
    std::string torn_file;              ///< its name, when bytes were cut off
    std::uint64_t commits = 0;          ///< number of the last whole commit found, over all runs
    std::string damage;                 ///< not empty: read-only; names file, offset and next step
};

struct Opened {
    std::unique_ptr<Store> store;
    Recovery recovery;
};

/// Opens or creates the store in `directory` (made 0700, files 0600) and replays its log. A tail
/// torn by a crash is cut off; damage anywhere else opens read-only and says so in Recovery.
/// Errors: conflict (another process has it), denied, corrupt (not even readable: names the file),
/// exhausted (no space to start), unavailable (the disk refuses).
Result<Opened> open(const std::string& directory, Limits limits,
                    Durability durability = Durability::synced);

}  // namespace lineshaft::store
