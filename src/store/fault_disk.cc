// The machine's files under RocksDB, watched: what was written, what of it was synced, which names
// in a directory were. Model: after LevelDB's fault_injection_test (a file ends where it was last
// synced; a file whose directory was not synced is gone; a rename not synced is undone).
#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <sstream>
#include <thread>

#include "store/engine.h"
#include "store/faulty.h"

namespace lineshaft::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::uint64_t disk_sector_bytes = 512;

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace

struct FaultDisk::State {
    struct File {
        std::uint64_t written = 0;
        std::uint64_t synced = 0;
    };
    struct Rename {
        std::string from, to;
        std::optional<std::string> replaced;  // what `to` held
    };

    std::shared_mutex power;  // shared: an operation is under way
    mutable std::mutex mutex;
    std::map<std::string, File> files;
    std::vector<std::string> created;  // since their directory was synced
    std::vector<Rename> renamed;
    std::uint64_t operations = 0;
    std::uint64_t fail_at = 0;  // 0: not armed
    Fault fault = Fault::io_error;
    std::atomic<bool> has_power = true;
    std::optional<std::uint64_t> free_bytes;

    // What the next write or sync meets.
    IOStatus operate(const std::string& path) {
        const std::lock_guard lock(mutex);
        if (!has_power) return IOStatus::IOError("no power: " + path);
        ++operations;
        if (fail_at == 0 || operations < fail_at) return IOStatus::OK();
        if (fault == Fault::no_space) return IOStatus::NoSpace("pretended, at " + path);
        return IOStatus::IOError("pretended, at " + path);
    }
    void note_created(const std::string& path, std::uint64_t size, bool is_new) {
        const std::lock_guard lock(mutex);
        if (is_new) {
            files[path] = {};
            created.push_back(path);
        } else if (!files.contains(path)) {
            files[path] = {.written = size, .synced = size};
        }
    }
    void note_written(const std::string& path, std::uint64_t bytes) {
        const std::lock_guard lock(mutex);
        files[path].written += bytes;
    }
    void note_synced(const std::string& path) {
        const std::lock_guard lock(mutex);
        files[path].synced = files[path].written;
    }
    void note_directory_synced() {
        const std::lock_guard lock(mutex);
        created.clear();
        renamed.clear();
    }
    void note_deleted(const std::string& path) {
        const std::lock_guard lock(mutex);
        files.erase(path);
        std::erase(created, path);
    }
    void note_linked(const std::string& from, const std::string& to) {
        const std::lock_guard lock(mutex);
        files[to] = files[from];
        created.push_back(to);
    }
    void note_renamed(Rename rename) {
        const std::lock_guard lock(mutex);
        files[rename.to] = files[rename.from];
        files.erase(rename.from);
        std::replace(created.begin(), created.end(), rename.from, rename.to);
        renamed.push_back(std::move(rename));
    }
    void take_unsynced(Leaves leaves, std::uint64_t seed);
};

namespace {

class FaultFile final : public rocksdb::FSWritableFileWrapper {
public:
    FaultFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
              std::shared_ptr<FaultDisk::State> state)
        : FSWritableFileWrapper(file.get()),
          file_(std::move(file)),
          path_(std::move(path)),
          state_(std::move(state)) {}
    // Closing a file, which its end does too, sets its length to what the engine believes it is.
    ~FaultFile() override {
        const std::shared_lock under_way(state_->power);
        if (!state_->has_power) (void)file_.release();
    }

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        const bool has_power = state_->has_power;
        auto status = state_->operate(path_);
        // A failing disk often takes a part.
        const std::size_t taken = status.ok() ? data.size() : data.size() / 2;
        const Slice part(data.data(), taken);
        if (has_power) {
            auto appended = FSWritableFileWrapper::Append(part, options, debug);
            if (status.ok()) status = appended;
            state_->note_written(path_, taken);
        }
        return status;
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
        return Append(data, options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(path_);
        if (status.ok()) status = FSWritableFileWrapper::Sync(options, debug);
        if (status.ok()) state_->note_synced(path_);
        return status;
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return Sync(options, debug);
    }
    IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        if (!state_->has_power) return IOStatus::IOError("no power: " + path_);
        return FSWritableFileWrapper::Close(options, debug);
    }

private:
    std::unique_ptr<rocksdb::FSWritableFile> file_;
    const std::string path_;
    const std::shared_ptr<FaultDisk::State> state_;
};

class FaultDirectory final : public rocksdb::FSDirectoryWrapper {
public:
    FaultDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string path,
                   std::shared_ptr<FaultDisk::State> state)
        : FSDirectoryWrapper(std::move(directory)),
          path_(std::move(path)),
          state_(std::move(state)) {}
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return FsyncWithDirOptions(options, debug, {});
    }
    IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                                 const rocksdb::DirFsyncOptions&) override {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(path_);
        if (status.ok()) status = FSDirectoryWrapper::Fsync(options, debug);
        if (status.ok()) state_->note_directory_synced();
        return status;
    }

private:
    const std::string path_;
    const std::shared_ptr<FaultDisk::State> state_;
};

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
public:
    explicit FaultFileSystem(std::shared_ptr<FaultDisk::State> state)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
    const char* Name() const override { return "LineshaftFaultFileSystem"; }

    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             IODebugContext* debug) override {
        return wrap(path, true, file, [&](auto* out) {
            return FileSystemWrapper::NewWritableFile(path, options, out, debug);
        });
    }
    IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                IODebugContext* debug) override {
        return wrap(path, false, file, [&](auto* out) {
            return FileSystemWrapper::ReopenWritableFile(path, options, out, debug);
        });
    }
    IOStatus ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSWritableFile>*,
                               IODebugContext*) override {
        return IOStatus::NotSupported("log files are not recycled");
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                          std::unique_ptr<rocksdb::FSDirectory>* directory,
                          IODebugContext* debug) override {
        auto status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
        if (status.ok()) {
            *directory = std::make_unique<FaultDirectory>(std::move(*directory), path, state_);
        }
        return status;
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                        IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(path);
        if (status.ok()) status = FileSystemWrapper::DeleteFile(path, options, debug);
        if (status.ok()) state_->note_deleted(path);
        return status;
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                        IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(from);
        if (!status.ok()) return status;
        FaultDisk::State::Rename rename{from, to, std::nullopt};
        if (std::filesystem::exists(to)) rename.replaced = read_file(to);
        status = FileSystemWrapper::RenameFile(from, to, options, debug);
        if (status.ok()) state_->note_renamed(std::move(rename));
        return status;
    }
    IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(from);
        if (status.ok()) status = FileSystemWrapper::LinkFile(from, to, options, debug);
        if (status.ok()) state_->note_linked(from, to);
        return status;
    }

private:
    template <class Open>
    IOStatus wrap(const std::string& path, bool is_new,
                  std::unique_ptr<rocksdb::FSWritableFile>* file, Open open) {
        const std::shared_lock under_way(state_->power);
        auto status = state_->operate(path);
        if (!status.ok()) return status;
        std::unique_ptr<rocksdb::FSWritableFile> opened;
        status = open(&opened);
        if (!status.ok()) return status;
        std::error_code failed;
        const auto size = std::filesystem::file_size(path, failed);
        state_->note_created(path, failed ? 0 : size, is_new);
        *file = std::make_unique<FaultFile>(std::move(opened), path, state_);
        return status;
    }

    const std::shared_ptr<FaultDisk::State> state_;
};

// RocksDB waits a second after each failure in the background, to spare a disk that never gets
// well.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
public:
    ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
    const char* Name() const override { return "LineshaftImpatientClock"; }
    void SleepForMicroseconds(int) override { std::this_thread::yield(); }
};

// Keeps the length; each sector that no sync covered is there or reads as zeros.
void lose_sectors(const std::string& path, std::uint64_t from, std::uint64_t until,
                  std::mt19937_64& random) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    while (from < until) {
        const std::uint64_t end =
            std::min(until, (from / disk_sector_bytes + 1) * disk_sector_bytes);
        const std::string zeros(end - from, '\0');
        if (random() % 2 == 0) {
            [[maybe_unused]] const auto written =
                ::pwrite(fd, zeros.data(), zeros.size(), static_cast<off_t>(from));
        }
        from = end;
    }
    ::close(fd);
}

}  // namespace

void FaultDisk::State::take_unsynced(Leaves leaves, std::uint64_t seed) {
    const std::lock_guard lock(mutex);
    std::mt19937_64 random(seed);
    std::error_code ignored;
    for (const auto& [path, file] : files) {
        if (file.synced >= file.written || !std::filesystem::exists(path)) continue;
        const std::uint64_t lost = file.written - file.synced;
        if (leaves == Leaves::some_sectors) {
            lose_sectors(path, file.synced, file.written, random);
        } else {
            const std::uint64_t kept = leaves == Leaves::a_prefix ? random() % (lost + 1) : 0;
            std::filesystem::resize_file(path, file.synced + kept, ignored);
        }
    }
    for (auto rename = renamed.rbegin(); rename != renamed.rend(); ++rename) {
        std::filesystem::remove(rename->to, ignored);
        if (rename->replaced) std::ofstream(rename->to, std::ios::binary) << *rename->replaced;
    }
    for (const std::string& path : created) std::filesystem::remove(path, ignored);
}

FaultDisk::FaultDisk() : state_(std::make_shared<State>()) {}
FaultDisk::~FaultDisk() = default;

void FaultDisk::fail_from(std::uint64_t nth, Fault fault) {
    const std::lock_guard lock(state_->mutex);
    state_->fail_at = state_->operations + nth;
    state_->fault = fault;
}

void FaultDisk::heal() {
    const std::lock_guard lock(state_->mutex);
    state_->fail_at = 0;
}

std::uint64_t FaultDisk::operations() const {
    const std::lock_guard lock(state_->mutex);
    return state_->operations;
}

void FaultDisk::cut_power(Leaves leaves, std::uint64_t seed) {
    state_->has_power = false;
    const std::unique_lock nothing_under_way(state_->power);
    state_->take_unsynced(leaves, seed);
}

void FaultDisk::pretend_free_bytes(std::optional<std::uint64_t> bytes) {
    const std::lock_guard lock(state_->mutex);
    state_->free_bytes = bytes;
}

Result<Opened> open_on(FaultDisk& disk, const std::string& directory, Limits limits,
                       Durability durability, std::function<void(const std::string&)> on_fatal) {
    auto state = disk.state_;
    Surroundings surroundings;
    surroundings.file_system = std::make_shared<FaultFileSystem>(state);
    surroundings.clock = std::make_shared<ImpatientClock>();
    surroundings.on_fatal = std::move(on_fatal);
    surroundings.free_bytes = [state, directory] {
        const std::lock_guard lock(state->mutex);
        if (state->free_bytes) return *state->free_bytes;
        return static_cast<std::uint64_t>(std::filesystem::space(directory).available);
    };
    return open_in(directory, limits, durability, std::move(surroundings));
}

}  // namespace lineshaft::store
