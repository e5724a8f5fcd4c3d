#include "store/engine.h"

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/check.h"
#include "base/log.h"
#include "store/batch_rep.h"
#include "store/recovery.h"
#include "store/status.h"

namespace lineshaft::store {

Database::~Database() {
    if (!db) return;
    for (auto* handle : handles) {
        if (handle == nullptr) continue;              // a family that a rescue did not find
        (void)db->DestroyColumnFamilyHandle(handle);  // fails only for a null handle
    }
}

Result<std::optional<Guard>> Database::read_guard() const {
    std::string value;
    const auto status = db->Get({}, handles.front(), std::string(guard_key), &value);
    if (status.IsNotFound()) return std::optional<Guard>{};
    if (!status.ok()) return std::unexpected(read_error(status, "read the last commit's number"));
    const auto guard = decode_guard(value);
    if (!guard) return fail(Code::corrupt, "the store's last commit number has a wrong length");
    return guard;
}

Error Database::read_error(const rocksdb::Status& status, const std::string& doing) const {
    Error error = error_of(status, doing);
    if (error.code != Code::corrupt || error.context.find(".sst") != std::string::npos)
        return error;
    // The footer or another part that is read when a file is opened: find the file that does not.
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    for (const auto& file : files) {
        const std::string path = file.db_path + file.name;
        if (rocksdb::SstFileReader(db->GetOptions()).Open(path).IsCorruption()) {
            error.context += " in " + path;
        }
    }
    return error;
}

void BackgroundWatch::OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                                        rocksdb::Status* status) {
    // The commit thread sees its own failures as the status of its write.
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback) return;
    if (!is_damage(*status)) return on_fatal_(error_of(*status, "write in the background").context);
    const std::lock_guard lock(mutex_);
    if (on_damage_) {
        on_damage_(*status);
    } else {
        early_ = *status;
    }
}

void BackgroundWatch::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                           bool* auto_recovery) {
    *auto_recovery = false;
}

void BackgroundWatch::on_failed_file(const rocksdb::Status& status) const {
    if (is_opened_.load()) on_fatal_(error_of(status, "write in the background").context);
}

void BackgroundWatch::tie(std::function<void(const rocksdb::Status&)> on_damage) {
    const std::lock_guard lock(mutex_);
    on_damage_ = std::move(on_damage);
    if (on_damage_ && !early_.ok()) on_damage_(early_);
}

Engine::Engine(DirectoryLock lock, Database database, Start start, Surroundings surroundings)
    : lock_(std::move(lock)),
      start_(std::move(start)),
      database_(std::move(database)),
      space_(start_.directory, start_.limits.free_bytes_min, std::move(surroundings.free_bytes)),
      on_fatal_(std::move(surroundings.on_fatal)),
      is_read_only_(!start_.damage.empty()),
      read_only_ticket_(start_.last.tickets_end),
      damage_(start_.damage) {
    (void)space_.free_bytes();  // the first answer, before others may ask at once
}

Result<void> Engine::begin() {
    if (is_read_only()) return {};
    commits_.emplace(
        CommitThread::Wiring{.db = database_->db.get(),
                             .chunks = handle(Family::history_chunks),
                             .chunk_files = &chunk_files_,
                             .space = &space_,
                             .on_fatal = on_fatal_,
                             .on_damage = [this](const auto& status) { mark_damaged(status); }},
        start_.limits, start_.durability, start_.last);
    auto begun = commits_->begin();
    // Damage that a merge found in the meantime leaves a store that can be read.
    if (!begun && !is_read_only()) return begun;
    database_->watch->tie([this](const auto& status) { mark_damaged(status); });
    return {};
}

rocksdb::ColumnFamilyHandle* Engine::handle(Family family) const {
    return database_->handles[number_of(family)];
}

Result<void> Engine::writable() const {
    if (!is_open_.load()) return fail(Code::unavailable, "the store is closed");
    if (is_read_only()) return fail(Code::unavailable, "the store is read-only: " + damage());
    return {};
}

std::string Engine::damage() const {
    const std::lock_guard lock(damage_mutex_);
    return damage_;
}

void Engine::mark_damaged(const rocksdb::Status& status) {
    const std::string found = status.ToString() +
                              "; nothing more is written; stop the node and run "
                              "`lineshaft repair`";
    {
        const std::lock_guard lock(damage_mutex_);
        if (!damage_.empty()) return;
        damage_ = found;
    }
    is_read_only_.store(true);
    log::error("store: {}", found);
    commits_->refuse({Code::unavailable, "the store is read-only: " + found});
}

void Engine::submit(Batch batch, Done done) {
    if (auto can = writable(); !can) return done(std::move(can));
    commits_->submit(std::move(batch), std::move(done));
}

std::uint64_t Engine::ticket() {
    return commits_ ? commits_->ticket() : read_only_ticket_.fetch_add(1);
}

Result<std::optional<std::string>> Engine::get(Family family, std::string_view key) {
    if (!is_open_.load()) return fail(Code::unavailable, "the store is closed");
    std::string value;
    const auto status =
        database_->db->Get({}, handle(family), rocksdb::Slice(key.data(), key.size()), &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (!status.ok()) {
        return std::unexpected(
            database_->read_error(status, "read " + std::string(name_of(family))));
    }
    return std::optional(std::move(value));
}

std::unique_ptr<Cursor> Engine::scan(Family family, std::string_view from, std::string_view until) {
    if (!is_open_.load()) return make_failed_cursor({Code::unavailable, "the store is closed"});
    return make_cursor(*database_, handle(family), from, until, cursors_);
}

Result<void> Engine::write_sorted_file(const std::string& path, Family family,
                                       std::span<const Entry> ascending) {
    const rocksdb::Options options = database_->db->GetOptions(handle(family));
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(options), options, handle(family));
    TRY_VOID(checked(writer.Open(path), "create " + path));
    for (const Entry& entry : ascending) {
        const auto status = entry.is_removal ? writer.Delete(entry.key)
                                             : writer.Put(entry.key, entry.value);
        TRY_VOID(checked(status, "write " + path));
    }
    return checked(writer.Finish(), "finish " + path);  // syncs
}

Result<void> Engine::ingest(Family family, std::span<const Entry> ascending) {
    TRY_VOID(writable());
    if (ascending.empty()) return fail(Code::invalid, "a sorted file needs at least one entry");
    std::uint64_t bytes = 0;
    for (const Entry& entry : ascending) bytes += entry.key.size() + entry.value.size();
    if (!space_.has_room(false, bytes)) {
        return fail(Code::exhausted, "the disk is nearly full (store.free_bytes_min)");
    }
    const std::string path = start_.directory + "/" + std::string(ingest_prefix) +
                             std::to_string(ingest_next_.fetch_add(1)) + ".tmp";
    auto outcome = write_sorted_file(path, family, ascending);
    if (outcome) {
        rocksdb::IngestExternalFileOptions options;
        options.move_files = true;
        options.failed_move_fall_back_to_copy = true;
        options.write_global_seqno = false;
        const std::lock_guard lock(chunk_files_);
        outcome = checked(database_->db->IngestExternalFile(handle(family), {path}, options),
                          "take in " + path);
    }
    if (outcome) return {};
    std::error_code ignored;  // it is removed at the next start as well
    std::filesystem::remove(path, ignored);
    // Out of order is the caller's, damage is in what was read; the rest is a failed write.
    const Code code = outcome.error().code;
    if (code != Code::invalid && code != Code::corrupt) on_fatal_(outcome.error().context);
    return outcome;
}

// Files that nothing refers to are gone when this returns, not some time later. Its two calls are
// counted by RocksDB, so a checkpoint that holds deletions back meanwhile still does.
Result<void> Engine::drop_old_files() {
    TRY_VOID(checked(database_->db->DisableFileDeletions(), "drop old files"));
    return checked(database_->db->EnableFileDeletions(/*force=*/false), "drop old files");
}

Result<void> Engine::begin_new_log() {
    TRY_VOID(writable());
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    for (auto* family : database_->handles) {
        if (family != nullptr) families.push_back(family);
    }
    rocksdb::FlushOptions options;
    options.wait = true;
    TRY_VOID(checked(database_->db->Flush(options, families), "flush"));
    return drop_old_files();
}

std::uint64_t Engine::bytes_of_files(Family family, std::string_view from,
                                     std::string_view until) const {
    std::vector<rocksdb::LiveFileMetaData> files;
    database_->db->GetLiveFilesMetaData(&files);
    std::uint64_t bytes = 0;
    for (const auto& file : files) {
        const bool is_inside = file.column_family_name == name_of(family) &&
                               file.largestkey >= from &&
                               (until.empty() || file.smallestkey < until);
        if (is_inside) bytes += file.size;
    }
    return bytes;
}

Result<void> Engine::merge_files(Family family, std::string_view from, std::string_view until) {
    TRY_VOID(writable());
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;  // the engine's own merges go on beside it
    options.max_subcompactions = 1;
    // A removal whose file touches the one below only at its edge is moved down beside it, not
    // merged with it: so the last level is rewritten as well.
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    options.canceled = &is_merging_stopped_;
    if (!space_.has_room(true, bytes_of_files(family, from, until))) {
        return fail(Code::exhausted,
                    "merge files: the disk has no room for them beside those they replace");
    }
    const rocksdb::Slice first(from.data(), from.size()), end(until.data(), until.size());
    const auto status = database_->db->CompactRange(options, handle(family),
                                                    from.empty() ? nullptr : &first,
                                                    until.empty() ? nullptr : &end);
    if (status.IsIncomplete() || is_merging_stopped_.load()) {
        return fail(Code::cancelled, "merge files: the store is closing");
    }
    TRY_VOID(checked(status, "merge files of " + std::string(name_of(family))));
    return drop_old_files();
}

std::uint64_t Engine::size_bytes(Family family) {
    if (!is_open_.load()) return 0;
    std::uint64_t files = 0, memory = 0;
    database_->db->GetIntProperty(handle(family), rocksdb::DB::Properties::kLiveSstFilesSize,
                                  &files);
    database_->db->GetIntProperty(handle(family), rocksdb::DB::Properties::kCurSizeAllMemTables,
                                  &memory);
    return files + memory;
}

Result<void> Engine::checkpoint(const std::string& directory) {
    if (!is_open_.load()) return fail(Code::unavailable, "the store is closed");
    if (::access(directory.c_str(), F_OK) == 0) {
        return fail(Code::conflict, "checkpoint: " + directory + " exists already");
    }
    rocksdb::Checkpoint* made = nullptr;
    TRY_VOID(checked(rocksdb::Checkpoint::Create(database_->db.get(), &made), "checkpoint"));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    TRY_VOID(checked(checkpoint->CreateCheckpoint(directory), "checkpoint to " + directory));
    std::error_code failed;  // RocksDB knows nothing of this file
    std::filesystem::copy_file(start_.directory + "/" + std::string(format_name),
                               directory + "/" + std::string(format_name), failed);
    if (failed) return fail(Code::unavailable, "checkpoint: copy FORMAT: " + failed.message());
    if (::chmod(directory.c_str(), 0700) != 0) {
        return fail(Code::denied, "checkpoint: cannot close " + directory + " to others");
    }
    return {};
}

std::uint64_t Engine::log_bytes() const {
    std::uint64_t total = 0;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(start_.directory, failed)) {
        if (entry.path().extension() != ".log") continue;
        const auto bytes = entry.file_size(failed);
        if (!failed) total += bytes;
    }
    return total;
}

Stats Engine::stats() const {
    Stats stats;
    if (commits_) commits_->add_to(stats);
    stats.free_bytes = space_.free_bytes();
    stats.is_accepting = writable().has_value() && space_.has_room(false);
    stats.damage = damage();
    if (!is_open_.load()) return stats;
    stats.size_bytes = log_bytes();
    for (auto* family : database_->handles) {
        std::uint64_t files = 0;
        database_->db->GetIntProperty(family, rocksdb::DB::Properties::kLiveSstFilesSize, &files);
        stats.size_bytes += files;
    }
    return stats;
}

void Engine::close() {
    if (!is_open_.exchange(false)) return;
    CHECK(cursors_.load() == 0);
    if (commits_) commits_->close();
    if (database_->watch) database_->watch->untie();
    database_.reset();
}

}  // namespace lineshaft::store
