#pragma once
#include <functional>
#include <string>

#include "app/backup_archive.h"
#include "store/store.h"

// Copies of a whole node, made while it runs, and the way back. How to: docs/howto/backup.md.
namespace lineshaft::app {

struct BackupWords {
    std::string data;
    std::string to;        ///< a file that does not exist, or a directory to put one into
    std::string key_file;  ///< empty: not encrypted
    bool is_quiet = false;
};
/// Makes one, reads it back and prints its path. A node that runs on `data` goes on; one that is
/// stopped is opened for the time. Errors: conflict (another backup is under way, or the file
/// exists), unavailable (the store is damaged: repair first), exhausted (disk full).
Result<void> back_up(const BackupWords& words);

/// Reads every byte of a backup. Errors as read_archive.
struct VerifyWords {
    std::string from;
    std::string key_file;
};
Result<void> verify_backup(const VerifyWords& words);

struct RestoreWords {
    std::string from;
    std::string data;  ///< missing or empty
    std::string key_file;
};
/// Nothing in `data` counts before everything is there and proven: until then a file says so and a
/// node refuses to start on it. Errors: conflict (`data` is not empty), and as read_archive.
Result<void> restore(const RestoreWords& words);

/// Makes a key for backups: 32 random bytes as base64url, 0600. Errors: conflict (it exists).
Result<void> make_backup_key(const std::string& path);

/// nullopt for an empty path. Errors: invalid (no such key), denied (others may read it), not_found.
Result<std::optional<trust::SealKey>> read_backup_key(const std::string& path);

/// "backup  43 %" on a terminal, nothing elsewhere.
ShowProgress progress_on_terminal(const char* doing, bool is_quiet);

/// denied: a restore into `data` has not finished. Called before a node opens anything there.
Result<void> check_restored(const std::string& data);

/// DATA/snapshot: the catalog, then the store, each as of one moment; hard links where possible,
/// so it costs little until merges remove what it holds.
struct Snapshot {
    std::string directory;
    std::uint64_t sequence = 0;
};
/// conflict: there is one already. Blocks. Errors: as Store::checkpoint, copy_catalog.
Result<Snapshot> take_snapshot(const std::string& data, store::Store& store);

/// At its end gives what root made below `data` to the owner of `data`, so that a command of the
/// administrator's leaves nothing that the node's user cannot open. For others than root: nothing.
class OwnerGuard {
public:
    explicit OwnerGuard(std::string data) : data_(std::move(data)) {}
    ~OwnerGuard();
    OwnerGuard(const OwnerGuard&) = delete;

private:
    const std::string data_;
};

/// Removes the snapshot that a killed backup left; one under way is let be. Blocks.
void clear_snapshot(const std::string& data);

struct BackupJob {
    std::string data;
    std::string to;  ///< as BackupWords
    std::string key_file;
    std::string node;  ///< the node's name, for the manifest and the file's name
    std::function<Result<Snapshot>()> snapshot;
    ShowProgress show;  ///< may be empty
};
struct BackupMade {
    std::string path;
    std::uint64_t size_bytes = 0;
    Manifest manifest;
};
/// The whole of it, for the command line and for a running node alike. Blocks.
Result<BackupMade> make_backup(const BackupJob& job);

}  // namespace lineshaft::app
