// A backup is: the catalog copied by SQLite, then a checkpoint of the store, then both and the other
// files of the data directory in one archive. The catalog first: what the store knows and the catalog
// does not is put right at the next start, and not the other way round.
#include "app/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "app/ask_node.h"
#include "app/node.h"
#include "base/log.h"
#include "catalog/copy.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/files.h"
#include "trust/running_digest.h"
#include "trust/secrets.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view snapshot_name = "snapshot";
constexpr std::string_view lock_name = "backup.lock";
constexpr std::string_view key_head = "lineshaft-backup-key-1 ";
constexpr std::size_t small_file_bytes_max = 64 << 20;
constexpr std::size_t read_bytes = 1 << 20;
constexpr io::Steady snapshot_patience{600'000};

// One backup at a time for a data directory, whoever makes it.
Result<io::Fd> lock_backups(const std::string& data) {
    const std::string path = fmt::format("{}/{}", data, lock_name);
    io::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open())
        return fail(Code::denied, fmt::format("cannot open {}: {}; run this as the node's user or root",
                                              path, std::strerror(errno)));
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
        return fail(Code::conflict, "another backup of " + data + " is under way: wait for its end");
    return file;
}

Result<std::string> target_of(const BackupJob& job, Instant now) {
    std::error_code failed;
    if (!fs::is_directory(job.to, failed)) return job.to;
    std::string stamp = to_rfc3339({now.micros / 1'000'000 * 1'000'000});
    std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
    std::string name = job.node.empty() ? "lineshaft" : job.node;
    for (char& c : name) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_plain) c = '-';
    }
    return fmt::format("{}/{}-{}.lsbackup", job.to, name, stamp);
}

struct Source {
    std::string path;  // in the archive
    std::string file;
    std::uint64_t size_bytes = 0;
    std::string content;  // of a small file that may change while it is read
    bool is_held = false;
};

// Nothing of a backup: what is made anew, what is somebody's backup, what a repair set aside.
bool is_left_out(const std::string& name) {
    for (const std::string_view one : {"store", "catalog.db", "catalog.db-wal", "catalog.db-shm",
                                       "node.sock", "backup.lock", "snapshot"}) {
        if (name == one) return true;
    }
    return name.ends_with(".lsbackup") || name.ends_with(".lsbackup.part") ||
           name.find(".damaged-") != name.npos || name.find(".repair-work") != name.npos;
}

Result<void> list_snapshot(const std::string& directory, std::vector<Source>& sources) {
    std::error_code failed;
    fs::recursive_directory_iterator walk(directory, failed), end;
    for (; !failed && walk != end; walk.increment(failed)) {
        if (!walk->is_regular_file()) continue;
        const std::string path = fs::relative(walk->path(), directory, failed).generic_string();
        sources.push_back({path, walk->path().string(), walk->file_size(), {}, false});
    }
    if (failed) return fail(Code::unavailable, "list " + directory + ": " + failed.message());
    return {};
}

// Keys, certificates and other small files beside the two databases.
Result<void> list_others(const std::string& data, std::vector<Source>& sources) {
    std::error_code failed;
    fs::recursive_directory_iterator walk(data, failed), end;
    for (; !failed && walk != end; walk.increment(failed)) {
        if (is_left_out(walk->path().filename().string())) {
            walk.disable_recursion_pending();
            continue;
        }
        if (!walk->is_regular_file(failed) || walk->is_symlink()) continue;
        const std::string path = fs::relative(walk->path(), data, failed).generic_string();
        auto content = io::read_file(walk->path().string(), small_file_bytes_max);
        if (!content && content.error().code == Code::not_found) continue;  // gone meanwhile
        if (!content) return std::unexpected(content.error());
        const std::uint64_t size = content->size();
        sources.push_back({path, walk->path().string(), size, std::move(*content), true});
    }
    if (failed) return fail(Code::unavailable, "list " + data + ": " + failed.message());
    return {};
}

class Copying {
public:
    Copying(ArchiveWriter& archive, const std::vector<Source>& sources, const ShowProgress& show)
        : archive_(archive), show_(show) {
        for (const auto& source : sources) total_ += source.size_bytes;
    }

    Result<BackupFile> copy(const Source& source) {
        TRY_VOID(archive_.begin_file(source.path, source.size_bytes));
        if (source.is_held) {
            TRY_VOID(put(source.content));
        } else {
            TRY_VOID(stream(source));
        }
        return BackupFile{source.path, source.size_bytes,
                          to_hex(as_bytes(trust::text_of(digest_.finish())))};
    }

private:
    Result<void> put(std::string_view bytes) {
        digest_.add(bytes);
        done_ += bytes.size();
        TRY_VOID(archive_.add(bytes));
        if (show_ && !show_(done_, total_)) return fail(Code::cancelled, "the backup was stopped");
        return {};
    }

    Result<void> stream(const Source& source) {
        const io::Fd file(::open(source.file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.is_open()) return fail(Code::unavailable, "cannot open " + source.file);
        buffer_.resize(read_bytes);
        for (std::uint64_t left = source.size_bytes; left > 0;) {
            const ssize_t got = ::read(file.number(), buffer_.data(),
                                       std::min<std::uint64_t>(left, buffer_.size()));
            if (got <= 0) return fail(Code::unavailable, "cannot read " + source.file);
            left -= static_cast<std::uint64_t>(got);
            TRY_VOID(put(std::string_view(buffer_).substr(0, static_cast<std::size_t>(got))));
        }
        return {};
    }

    ArchiveWriter& archive_;
    const ShowProgress& show_;
    trust::RunningDigest digest_;
    std::string buffer_;
    std::uint64_t done_ = 0, total_ = 0;
};

class Nowhere final : public ArchiveSink {
public:
    Result<void> begin_file(const std::string&, std::uint64_t) override { return {}; }
    Result<void> add(std::string_view) override { return {}; }
    Result<void> end_file() override { return {}; }
};

// Removes the snapshot however the backup ends.
struct SnapshotGuard {
    std::string directory;
    ~SnapshotGuard() {
        std::error_code ignored;  // the next backup removes it too
        fs::remove_all(directory, ignored);
    }
};

Result<Snapshot> snapshot_of(const std::string& data) {
    TRY(const auto answered, ask_node(data, "/api/v1/backups/snapshot", {}, snapshot_patience));
    if (answered) {
        const auto* sequence = answered->if_contains("sequence");
        const auto* directory = answered->if_contains("directory");
        if (sequence == nullptr || !sequence->is_number() || directory == nullptr ||
            !directory->is_string()) {
            return fail(Code::invalid, "the running node answered nonsense");
        }
        return Snapshot{fmt::format("{}/{}", data, snapshot_name),
                        sequence->to_number<std::uint64_t>()};
    }
    TRY(auto opened, store::open(data + "/store", {}));
    auto snapshot = take_snapshot(data, *opened.store);
    opened.store->close();
    return snapshot;
}

}  // namespace

Result<std::optional<trust::SealKey>> read_backup_key(const std::string& path) {
    if (path.empty()) return std::optional<trust::SealKey>{};
    TRY_VOID(io::check_private(path));
    TRY(auto text, io::read_file(path, 256));
    while (text.ends_with('\n')) text.pop_back();
    if (text.starts_with(key_head)) {
        const auto raw = trust::from_base64url(std::string_view(text).substr(key_head.size()));
        if (raw && raw->size() == trust::SealKey::bytes) {
            TRY(auto key, trust::SealKey::from(*raw));
            return std::optional(std::move(key));
        }
    }
    return fail(Code::invalid, path + " is no backup key; make one with `lineshaft backup new-key`");
}

ShowProgress progress_on_terminal(const char* doing, bool is_quiet) {
    if (is_quiet || ::isatty(STDERR_FILENO) == 0) return {};
    return [doing, shown = -1](std::uint64_t done, std::uint64_t total) mutable {
        const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
        if (percent == shown) return true;
        shown = percent;
        std::fprintf(stderr, "\r%s %3d %%%s", doing, percent, percent == 100 ? "\n" : "");
        std::fflush(stderr);
        return true;
    };
}

Result<Snapshot> take_snapshot(const std::string& data, store::Store& store) {
    if (store.is_read_only()) {
        return fail(Code::unavailable,
                    "the store is damaged and cannot be backed up: stop the node and run `lineshaft "
                    "repair`, or copy the directory by hand");
    }
    Snapshot snapshot{fmt::format("{}/{}", data, snapshot_name), 0};
    if (::mkdir(snapshot.directory.c_str(), 0700) != 0) {
        return fail(errno == EEXIST ? Code::conflict : Code::unavailable,
                    fmt::format("cannot make {}: {}", snapshot.directory, std::strerror(errno)));
    }
    const auto fill = [&]() -> Result<void> {
        TRY_VOID(catalog::copy_catalog(data + "/catalog.db", snapshot.directory + "/catalog.db"));
        snapshot.sequence = store.ticket();
        return store.checkpoint(snapshot.directory + "/store");
    };
    auto filled = fill();
    if (filled) return snapshot;
    std::error_code ignored;
    fs::remove_all(snapshot.directory, ignored);
    return std::unexpected(filled.error());
}

OwnerGuard::~OwnerGuard() {
    struct stat owner{};
    if (::geteuid() != 0 || ::stat(data_.c_str(), &owner) != 0 || owner.st_uid == 0) return;
    std::error_code failed;
    fs::recursive_directory_iterator walk(data_, failed), end;
    for (; !failed && walk != end; walk.increment(failed)) {
        struct stat found{};
        const std::string path = walk->path().string();
        if (::lstat(path.c_str(), &found) != 0 || found.st_uid != 0) continue;
        if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
            log::error("{} belongs to root and cannot be given to the node's user", path);
    }
}

void clear_snapshot(const std::string& data) {
    const std::string snapshot = fmt::format("{}/{}", data, snapshot_name);
    std::error_code ignored;
    if (!fs::exists(snapshot, ignored)) return;
    const auto lock = lock_backups(data);
    if (lock) fs::remove_all(snapshot, ignored);
}

Result<BackupMade> make_backup(const BackupJob& job) {
    TRY(const auto key, read_backup_key(job.key_file));
    TRY(const auto lock, lock_backups(job.data));
    const Instant now = io::Clock::system().now();
    BackupMade made;
    TRY(made.path, target_of(job, now));
    TRY(auto archive, ArchiveWriter::create(made.path, key));
    const SnapshotGuard guard{fmt::format("{}/{}", job.data, snapshot_name)};
    std::error_code ignored;
    fs::remove_all(guard.directory, ignored);  // of a backup that was killed
    TRY(const auto snapshot, job.snapshot());
    std::vector<Source> sources;
    TRY_VOID(list_snapshot(snapshot.directory, sources));
    TRY_VOID(list_others(job.data, sources));
    made.manifest = {std::string(version()), job.node, now, snapshot.sequence, 0, {}};
    TRY(made.manifest.schema, catalog::catalog_version(snapshot.directory + "/catalog.db"));
    Copying copying(archive, sources, job.show);
    for (const auto& source : sources) {
        // Asking for the version may have left SQLite's own files beside the copy.
        if (source.path.ends_with("-shm") || source.path.ends_with("-wal")) continue;
        TRY(auto file, copying.copy(source));
        made.manifest.files.push_back(std::move(file));
    }
    TRY_VOID(archive.finish(made.manifest));
    made.size_bytes = archive.size_bytes();
    Nowhere nowhere;
    auto verified = read_archive(made.path, key, nowhere, job.show);
    if (!verified) return std::unexpected(verified.error().in("read back"));
    return made;
}

Result<void> back_up(const BackupWords& words) {
    TRY_VOID(log::start(log::Level::error));  // to standard error: standard output is the path's
    std::error_code failed;
    if (!fs::is_regular_file(words.data + "/catalog.db", failed))
        return fail(Code::not_found, words.data + " is no data directory: no catalog.db there. Give the directory "
                                         "that the node was started with (serve --data DIR)");
    TRY_VOID(check_restored(words.data));
    const OwnerGuard owner(words.data);
    BackupJob job;
    job.data = words.data;
    job.to = words.to;
    job.key_file = words.key_file;
    job.snapshot = [&] { return snapshot_of(words.data); };
    job.show = progress_on_terminal("backup", words.is_quiet);
    TRY(const auto made, make_backup(job));
    if (words.key_file.empty() && !words.is_quiet) {
        std::fprintf(stderr,
                     "not encrypted: it holds the node's keys and password hashes in the clear. "
                     "Use --key FILE.\n");
    }
    if (!words.is_quiet) {
        std::fprintf(stderr, "%zu files, %llu bytes, read back and found whole\n",
                     made.manifest.files.size(),
                     static_cast<unsigned long long>(made.size_bytes));
    }
    std::printf("%s\n", made.path.c_str());
    return {};
}

Result<void> verify_backup(const VerifyWords& words) {
    TRY(const auto key, read_backup_key(words.key_file));
    Nowhere nowhere;
    TRY(const auto manifest,
        read_archive(words.from, key, nowhere, progress_on_terminal("verify", false)));
    std::uint64_t bytes = 0;
    for (const auto& file : manifest.files) bytes += file.size_bytes;
    std::printf("%s is whole: made %s by lineshaft %s, %zu files, %llu bytes\n", words.from.c_str(),
                to_rfc3339(manifest.created_at).c_str(), manifest.program.c_str(),
                manifest.files.size(), static_cast<unsigned long long>(bytes));
    return {};
}

Result<void> make_backup_key(const std::string& path) {
    std::error_code failed;
    if (fs::exists(path, failed)) return fail(Code::conflict, path + " exists already and may be the key of older backups: "
                                                            "give another name");
    const auto key = trust::SealKey::random();
    return io::write_private_file(
        path, std::string(key_head) + trust::to_base64url(key.raw()) + "\n");
}

}  // namespace lineshaft::app
