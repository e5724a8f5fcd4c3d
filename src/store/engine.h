#pragma once
#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "store/commit_thread.h"
#include "store/space.h"
#include "store/store.h"

namespace lineshaft::store {

/// What tests put in place of the machine's disk and of the end of the process.
struct Surroundings {
    std::shared_ptr<rocksdb::FileSystem> file_system;  ///< null: the machine's
    FatalHook on_fatal;                                ///< null: logs and ends the process
    Space::Probe free_bytes;                           ///< null: statvfs
    std::shared_ptr<rocksdb::SystemClock> clock;       ///< null: the machine's
};

Result<Opened> open_in(const std::string& directory, Limits limits, Durability durability,
                       Surroundings surroundings);

/// An exclusive claim on a directory, let go at the end of its life or of the process.
class DirectoryLock {
public:
    /// conflict: somebody has it. denied, unavailable: the lock file cannot be made.
    static Result<DirectoryLock> take(const std::string& directory);
    DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    DirectoryLock& operator=(DirectoryLock&&) = delete;
    ~DirectoryLock();

private:
    explicit DirectoryLock(int fd) : fd_(fd) {}
    int fd_;
};

/// Hears of failures in RocksDB's background jobs. Made before the database, tied to the engine
/// afterwards; what comes earlier waits.
class BackgroundWatch final : public rocksdb::EventListener {
public:
    explicit BackgroundWatch(FatalHook on_fatal) : on_fatal_(std::move(on_fatal)) {}
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;
    /// A failed write is never retried: what the disk holds is known again only after a start.
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status status,
                              bool* auto_recovery) override;
    /// A sorted file could not be written: ends the process, once the database is open. Before, the
    /// opening fails and says so.
    void on_failed_file(const rocksdb::Status& status) const;
    void note_opened() { is_opened_.store(true); }
    void tie(std::function<void(const rocksdb::Status&)> on_damage);
    void untie() { tie({}); }

private:
    const FatalHook on_fatal_;
    std::atomic<bool> is_opened_{false};
    std::mutex mutex_;
    std::function<void(const rocksdb::Status&)> on_damage_;
    rocksdb::Status early_;
};

/// The database as opened, before anything runs on it. Members end in reverse order.
struct Database {
    std::unique_ptr<rocksdb::Env> env;
    std::shared_ptr<BackgroundWatch> watch;
    std::unique_ptr<rocksdb::DB> db;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;  // by number_of(); 0 is "default"

    Database() = default;
    Database(Database&&) = default;
    Database& operator=(Database&&) = delete;
    ~Database();
    Result<std::optional<Guard>> read_guard() const;
    /// The error of a read; one of damage names the file, which RocksDB does not always do.
    Error read_error(const rocksdb::Status& status, const std::string& doing) const;
};

/// The store over RocksDB. See store.h for every promise.
class Engine final : public Store {
public:
    struct Start {
        std::string directory;
        Limits limits;
        Durability durability = Durability::synced;
        std::string damage;  ///< not empty: read-only
        Guard last;
    };
    Engine(DirectoryLock lock, Database database, Start start, Surroundings surroundings);
    ~Engine() override { close(); }

    /// Starts committing, unless read-only.
    Result<void> begin();

    void submit(Batch batch, Done done) override;
    std::uint64_t ticket() override;
    Result<std::optional<std::string>> get(Family family, std::string_view key) override;
    std::unique_ptr<Cursor> scan(Family family, std::string_view from,
                                 std::string_view until) override;
    Result<void> ingest(Family family, std::span<const Entry> ascending) override;
    Result<void> begin_new_log() override;
    Result<void> merge_files(Family family, std::string_view from,
                             std::string_view until) override;
    void stop_merging() override { is_merging_stopped_.store(true); }
    std::uint64_t size_bytes(Family family) override;
    Result<void> checkpoint(const std::string& directory) override;
    Stats stats() const override;
    bool is_read_only() const override { return is_read_only_.load(); }
    void close() override;
    std::string damage() const;

private:
    rocksdb::ColumnFamilyHandle* handle(Family family) const;
    Result<void> writable() const;
    Result<void> drop_old_files();
    std::uint64_t bytes_of_files(Family family, std::string_view from, std::string_view until) const;
    void mark_damaged(const rocksdb::Status& status);
    Result<void> write_sorted_file(const std::string& path, Family family,
                                   std::span<const Entry> ascending);
    std::uint64_t log_bytes() const;

    DirectoryLock lock_;
    const Start start_;
    std::optional<Database> database_;  // until close()
    mutable Space space_;
    const FatalHook on_fatal_;
    std::mutex chunk_files_;
    std::optional<CommitThread> commits_;  // none: read-only from the start
    std::atomic<bool> is_open_{true};
    std::atomic<bool> is_merging_stopped_{false};
    std::atomic<bool> is_read_only_;
    std::atomic<std::uint64_t> ingest_next_{1};
    std::atomic<std::uint64_t> read_only_ticket_;
    std::atomic<std::int64_t> cursors_{0};
    mutable std::mutex damage_mutex_;
    std::string damage_;
};

/// A cursor over one family; `alive` is decremented when it ends.
std::unique_ptr<Cursor> make_cursor(const Database& database, rocksdb::ColumnFamilyHandle* family,
                                    std::string_view from, std::string_view until,
                                    std::atomic<std::int64_t>& alive);
/// A cursor that stands nowhere and says why.
std::unique_ptr<Cursor> make_failed_cursor(Error why);

/// Sorted files being written; left over ones are removed at the next start.
inline constexpr std::string_view ingest_prefix = "ingest-";

}  // namespace lineshaft::store
