// Opening: claim the directory, read the log ourselves (log_scan.cc), cut off a torn tail, then let
// RocksDB replay it. Damage opens read-only, where as much as possible can be read.
#include <fcntl.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "base/log.h"
#include "io/files.h"
#include "store/engine.h"
#include "store/log_scan.h"
#include "store/options.h"
#include "store/file_systems.h"
#include "store/recovery.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

namespace fs = std::filesystem;

constexpr unsigned format_version = 1;
constexpr std::string_view format_head = "lineshaft-store ";
constexpr std::string_view format_text = "lineshaft-store 1\n";

constexpr std::string_view next_step =
    "the store is open for reading only; keep a copy of the directory, then run `lineshaft repair`";

Error system_error(int number, const std::string& doing) {
    const std::string why = doing + ": " + std::system_category().message(number);
    if (number == EACCES || number == EPERM || number == EROFS) return {Code::denied, why};
    if (number == ENOSPC || number == EDQUOT) return {Code::exhausted, why};
    return {Code::unavailable, why};
}

[[noreturn]] void end_process(const std::string& why) {
    log::error(
        "store: {}; the process ends so that nothing unwritten is taken for written; start "
        "it again when the disk is well",
        why);
    std::_Exit(74);  // EX_IOERR
}

class File {
public:
    static Result<File> open(const std::string& path, int flags) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
        if (fd < 0) return std::unexpected(system_error(errno, "open " + path));
        return File(fd, path);
    }
    File(File&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int release() { return std::exchange(fd_, -1); }
    int fd() const { return fd_; }

    Result<std::vector<std::byte>> read_all() const {
        struct stat found{};
        if (::fstat(fd_, &found) != 0) return std::unexpected(system_error(errno, "read " + path_));
        std::vector<std::byte> bytes(static_cast<std::size_t>(found.st_size));
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto got =
                ::pread(fd_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return std::unexpected(system_error(errno, "read " + path_));
            if (got == 0) break;
            at += static_cast<std::size_t>(got);
        }
        bytes.resize(at);
        return bytes;
    }
    Result<void> cut(std::uint64_t size) const {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0 || ::fsync(fd_) != 0) {
            return std::unexpected(system_error(errno, "cut the torn tail of " + path_));
        }
        return {};
    }

private:
    File(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    int fd_;
    std::string path_;
};

Result<void> prepare_directory(const std::string& directory) {
    std::error_code failed;
    const bool is_new = fs::create_directories(directory, failed);
    if (failed) return std::unexpected(system_error(failed.value(), "create " + directory));
    if (is_new) {  // or a power cut may take the directory with all that was synced in it
        const fs::path parent = fs::absolute(directory).parent_path();
        TRY(const auto above, File::open(parent.string(), O_RDONLY | O_DIRECTORY));
        if (::fsync(above.fd()) != 0)
            return std::unexpected(system_error(errno, "sync " + parent.string()));
    }
    if (::chmod(directory.c_str(), 0700) != 0) {
        return std::unexpected(system_error(errno, "close " + directory + " to others"));
    }
    return {};
}

class ClockedEnv final : public rocksdb::EnvWrapper {
public:
    ClockedEnv(std::unique_ptr<rocksdb::Env> env, std::shared_ptr<rocksdb::SystemClock> clock)
        : EnvWrapper(std::move(env)) {
        system_clock_ = std::move(clock);
    }
};

rocksdb::DBOptions options_for(Mode mode, const OpenRequest& request, const Database& database) {
    auto options = database_options(request.limits, database.env.get(), database.watch);
    if (mode == Mode::write) return options;
    options.paranoid_checks = false;  // a bad sorted file fails its own reads only
    options.create_if_missing = false;
    options.create_missing_column_families = false;
    return options;
}

Result<void> leave_out_missing(const rocksdb::DBOptions& options, const std::string& directory,
                               std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
    std::vector<std::string> there;
    TRY_VOID(checked(rocksdb::DB::ListColumnFamilies(options, directory, &there),
                     "list the families in " + directory));
    std::erase_if(families, [&](const auto& family) {
        return std::ranges::find(there, family.name) == there.end();
    });
    return {};
}

std::vector<rocksdb::ColumnFamilyHandle*> by_number(
    std::vector<rocksdb::ColumnFamilyHandle*> handles) {
    std::vector<rocksdb::ColumnFamilyHandle*> all(family_count + 1, nullptr);
    for (auto* handle : handles) {
        if (handle->GetName() == rocksdb::kDefaultColumnFamilyName) all[0] = handle;
        for (std::size_t number = 1; number <= family_count; ++number) {
            if (handle->GetName() == name_of(static_cast<Family>(number - 1)))
                all[number] = handle;
        }
    }
    return all;
}

}  // namespace

Result<Contents> list_files(const std::string& directory) {
    Contents contents;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(directory, failed)) {
        const std::string name = entry.path().filename();
        const std::string extension = entry.path().extension();
        if (name == "CURRENT") contents.has_current = true;
        if (name.starts_with(ingest_prefix)) fs::remove(entry.path(), failed);
        if (extension == ".sst" || extension == ".log") contents.stray = entry.path();
        if (extension != ".log") continue;
        const std::string stem = entry.path().stem();
        const bool is_number = !stem.empty() && std::ranges::all_of(stem, [](unsigned char c) {
            return std::isdigit(c) != 0;
        });
        if (is_number && stem.size() <= 18)
            contents.logs.emplace_back(std::stoull(stem), entry.path());
    }
    if (failed) return std::unexpected(system_error(failed.value(), "list " + directory));
    std::ranges::sort(contents.logs);
    return contents;
}

Result<void> check_format(const std::string& directory) {
    const std::string path = directory + "/" + std::string(format_name);
    if (!fs::exists(path)) return {};
    TRY(const auto text, read_whole(path));
    if (text == format_text) return {};
    unsigned version = 0;
    const std::string_view number =
        text.starts_with(format_head) ? std::string_view(text).substr(format_head.size()) : "";
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), version);
    if (failed != std::errc() || std::string_view(end, number.data() + number.size()) != "\n" ||
        version <= format_version) {
        return fail(Code::corrupt,
                    path + " is damaged: it should say \"lineshaft-store 1\"; `lineshaft repair` "
                           "mends it");
    }
    return fail(Code::unsupported,
                fmt::format("{} was written by a newer Lineshaft (store format {}, this one knows "
                            "{}): start that version, or restore a backup made by this one",
                            directory, version, format_version));
}

Result<std::string> read_whole(const std::string& path) {
    TRY(const auto file, File::open(path, O_RDONLY));
    TRY(const auto bytes, file.read_all());
    return std::string(as_text(bytes));
}

Result<Database> open_database(const OpenRequest& request, Mode mode, Texts replaced) {
    Database database;
    auto files = request.surroundings.file_system;
    if (!files) files = rocksdb::FileSystem::Default();
    if (mode == Mode::without_logs) files = without_logs(std::move(files));
    if (mode == Mode::read_only) files = with_replaced(std::move(files), std::move(replaced));
    database.watch = std::make_shared<BackgroundWatch>(request.surroundings.on_fatal);
    files = with_told_failures(
        std::move(files), request.directory,
        [watch = database.watch](const auto& status) { watch->on_failed_file(status); });
    database.env =
        rocksdb::NewCompositeEnv(private_files(with_checked_footers(std::move(files))));
    if (request.surroundings.clock) {
        database.env =
            std::make_unique<ClockedEnv>(std::move(database.env), request.surroundings.clock);
    }
    const auto options = options_for(mode, request, database);
    auto families = family_descriptors(request.limits);
    if (mode == Mode::rescue) {
        TRY_VOID(leave_out_missing(options, request.directory, families));
    }

    rocksdb::DB* db = nullptr;
    const auto status =
        mode == Mode::write
            ? rocksdb::DB::Open(options, request.directory, families, &database.handles, &db)
            : rocksdb::DB::OpenForReadOnly(options, request.directory, families, &database.handles,
                                           &db);
    TRY_VOID(checked(status, "open the store in " + request.directory));
    database.db.reset(db);
    database.watch->note_opened();
    if (mode == Mode::rescue) database.handles = by_number(std::move(database.handles));
    for (std::size_t number = 0; number < database.handles.size(); ++number) {
        // Only what is written names families by number; a rebuilt list of files may have others.
        if (mode != Mode::write || database.handles[number]->GetID() == number) continue;
        return fail(Code::corrupt, "open the store in " + request.directory + ": family " +
                                       families[number].name + " has an unexpected number");
    }
    return database;
}

Result<Sorted> look_at_sorted_files(const OpenRequest& request, const Contents& contents) {
    Sorted sorted;
    if (!contents.has_current) return sorted;
    const auto database = open_database(request, Mode::without_logs);
    if (!database) {
        const Code code = database.error().code;
        if (code == Code::corrupt) sorted.damage = database.error().context;
        // `invalid`: the first start ended before all families were made; nothing was committed.
        if (code == Code::corrupt || code == Code::invalid) return sorted;
        return std::unexpected(database.error());
    }
    const auto guard = database->read_guard();
    if (!guard) {
        sorted.damage = guard.error().context;
    } else if (*guard) {
        sorted.commit = (*guard)->commit;
    }
    database->db->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &sorted.logs_from);
    return sorted;
}

namespace {

// The list of files first: if it is damaged, RocksDB may forget files and then delete them.
Result<std::string> judge_manifest(const OpenRequest& request, const Contents& contents) {
    if (!contents.has_current) return std::string();
    TRY(const auto current, File::open(request.directory + "/CURRENT", O_RDONLY));
    TRY(const auto name, current.read_all());
    std::string path = request.directory + "/" + std::string(as_text(name));
    while (path.ends_with('\n')) path.pop_back();
    if (!fs::exists(path)) {
        return fail(Code::corrupt,
                    request.directory + "/CURRENT names " + path + ", which is missing");
    }
    TRY(const auto file, File::open(path, O_RDWR));
    TRY(const auto bytes, file.read_all());
    const LogScan scan = scan_manifest(bytes);
    if (scan.verdict == LogScan::Verdict::torn) {
        TRY_VOID(file.cut(scan.whole_bytes));
        log::warn("store: {}: cut off {} bytes that were never synced", path,
                  bytes.size() - scan.whole_bytes);
    }
    if (scan.verdict != LogScan::Verdict::damaged) return std::string();
    return fmt::format("{} is damaged at byte {}: {}", path, scan.trouble_at, scan.why);
}

struct LogsFound {
    Recovery recovery;
    std::uint64_t last_commit = 0;
    std::string torn_path;
    std::uint64_t torn_whole_bytes = 0;
    Texts salvaged;  // what is whole in logs that are not
};

void note_damage(LogsFound& found, std::string_view what) {
    if (!found.recovery.damage.empty()) return;
    found.recovery.damage = fmt::format("{}; {}", what, next_step);
}

void add_scan(LogsFound& found, const std::string& path, Bytes bytes) {
    const LogScan scan = scan_log(bytes);
    if (!found.torn_path.empty()) {
        note_damage(found, fmt::format("{} ends inside a commit at byte {}, though {} follows",
                                       found.torn_path, found.torn_whole_bytes, path));
    }
    if (scan.commits > 0 && scan.first_commit > found.last_commit + 1) {
        note_damage(found, fmt::format("commits {} to {} are missing before {}",
                                       found.last_commit + 1, scan.first_commit - 1, path));
    }
    found.last_commit = std::max(found.last_commit, scan.last_commit);
    if (scan.verdict != LogScan::Verdict::whole) found.salvaged[path] = salvage_log(bytes).log;
    if (scan.verdict == LogScan::Verdict::damaged) {
        note_damage(found,
                    fmt::format("{} is damaged at byte {}: {}", path, scan.trouble_at, scan.why));
    } else if (scan.verdict == LogScan::Verdict::torn) {
        found.torn_path = path;
        found.torn_whole_bytes = scan.whole_bytes;
        found.recovery.torn_tail_bytes = bytes.size() - scan.whole_bytes;
        found.recovery.torn_file = path;
    }
}

Result<LogsFound> read_logs(const Contents& contents, const Sorted& sorted) {
    LogsFound found;
    found.last_commit = sorted.commit;
    if (!sorted.damage.empty()) note_damage(found, sorted.damage);
    for (const auto& [number, path] : contents.logs) {
        if (number < sorted.logs_from) continue;  // RocksDB is about to delete it
        TRY(const auto file, File::open(path, O_RDONLY));
        TRY(const auto bytes, file.read_all());
        if (!bytes.empty()) add_scan(found, path, bytes);
    }
    if (!found.recovery.damage.empty()) {  // then nothing is cut off
        found.torn_path.clear();
        found.recovery.torn_file.clear();
        found.recovery.torn_tail_bytes = 0;
    }
    return found;
}

Result<std::unique_ptr<Engine>> start(DirectoryLock lock, Database database, const OpenRequest& request,
                                      Durability durability, const Recovery& recovery,
                                      Guard guard) {
    std::random_device entropy;
    guard.run = (std::uint64_t{entropy()} << 32) | entropy();
    auto engine = std::make_unique<Engine>(
        std::move(lock), std::move(database),
        Engine::Start{request.directory, request.limits, durability, recovery.damage, guard},
        request.surroundings);
    TRY_VOID(engine->begin());
    return engine;
}

// nullopt: RocksDB found damage, or brought back less than the log holds; noted in `found`.
Result<std::optional<Database>> open_for_writing(const OpenRequest& request, LogsFound& found) {
    auto opened = open_database(request, Mode::write);
    if (!opened && opened.error().code != Code::corrupt) {
        return std::unexpected(std::move(opened).error());
    }
    if (!opened) {
        note_damage(found, opened.error().context);
        return std::optional<Database>{};
    }
    const auto guard = opened->read_guard();
    if (!guard) {
        note_damage(found, guard.error().context);
        return std::optional<Database>{};
    }
    const std::uint64_t commit = *guard ? (*guard)->commit : 0;
    if (commit >= found.last_commit) return std::optional<Database>(*std::move(opened));
    note_damage(found, fmt::format("the log in {} ends with commit {}, but only {} came back",
                                   request.directory, found.last_commit, commit));
    return std::optional<Database>{};
}

struct Recovered {
    Database database;
    Recovery recovery;
};

// The order matters: the log is judged before RocksDB may change or drop anything.
Result<Recovered> recover(const OpenRequest& request) {
    TRY(const auto contents, list_files(request.directory));
    if (!contents.has_current && !contents.stray.empty()) {
        return fail(Code::corrupt, request.directory + "/CURRENT is missing, though " +
                                       contents.stray + " exists");
    }
    TRY(const auto manifest_damage, judge_manifest(request, contents));
    TRY(auto sorted, look_at_sorted_files(request, contents));
    if (!manifest_damage.empty()) sorted.damage = manifest_damage;
    TRY(auto found, read_logs(contents, sorted));
    if (!found.torn_path.empty()) {
        TRY(const auto file, File::open(found.torn_path, O_RDWR));
        TRY_VOID(file.cut(found.torn_whole_bytes));
        log::warn("store: {}: cut off {} bytes of a commit that was never acknowledged",
                  found.torn_path, found.recovery.torn_tail_bytes);
    }
    if (found.recovery.damage.empty()) {
        TRY(auto writing, open_for_writing(request, found));
        if (writing) return Recovered{std::move(*writing), std::move(found.recovery)};
    }
    TRY(auto reading, open_database(request, Mode::read_only, std::move(found.salvaged)));
    return Recovered{std::move(reading), std::move(found.recovery)};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
    TRY(auto file, File::open(directory + "/lineshaft.lock", O_RDWR | O_CREAT));
    if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return std::unexpected(system_error(errno, "lock " + directory));
        return fail(Code::conflict, directory + " is in use by another process: stop the node that "
                                                "runs on it, or give another data directory");
    }
    return DirectoryLock(file.release());
}

DirectoryLock::~DirectoryLock() {
    if (fd_ >= 0) ::close(fd_);
}

Result<Opened> open_in(const std::string& directory, Limits limits, Durability durability,
                       Surroundings surroundings) {
    if (!surroundings.on_fatal) surroundings.on_fatal = end_process;
    TRY_VOID(prepare_directory(directory));
    TRY(auto lock, DirectoryLock::take(directory));
    TRY_VOID(check_format(directory));
    const OpenRequest request{directory, limits, surroundings};
    TRY(auto recovered, recover(request));
    const std::string format = directory + "/" + std::string(format_name);
    if (recovered.recovery.damage.empty() && !fs::exists(format)) {
        TRY_VOID(io::write_private_file(format, format_text));
    }
    if (!recovered.recovery.damage.empty()) log::error("store: {}", recovered.recovery.damage);
    // Unreadable only where damage has been noted; then nothing is written and the default will do.
    const auto last = recovered.database.read_guard();
    const Guard guard = last ? last->value_or(Guard{.tickets_end = 1}) : Guard{.tickets_end = 1};
    recovered.recovery.commits = guard.commit;
    TRY(auto engine, start(std::move(lock), std::move(recovered.database), request, durability,
                           recovered.recovery, guard));
    recovered.recovery.damage = engine->damage();
    return Opened{std::move(engine), std::move(recovered.recovery)};
}

Result<Opened> open(const std::string& directory, Limits limits, Durability durability) {
    return open_in(directory, limits, durability, {});
}

}  // namespace lineshaft::store
