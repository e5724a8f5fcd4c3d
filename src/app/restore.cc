// The way back: an archive into an empty directory, which counts only when everything is proven.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "app/backup.h"
#include "base/log.h"
#include "io/fd.h"
#include "io/files.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view unfinished_name = "restore.unfinished";

// Files below a directory, each synced; directories 0700, files 0600.
class Directory final : public ArchiveSink {
public:
    explicit Directory(std::string root) : root_(std::move(root)) {}

    Result<void> begin_file(const std::string& path, std::uint64_t) override {
        path_ = root_ + "/" + path;
        TRY_VOID(make_parents(path));
        file_ = io::Fd(
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file_.is_open()) return failed("create");
        return {};
    }
    Result<void> add(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t count = ::write(file_.number(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed("write");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }
    Result<void> end_file() override {
        if (::fsync(file_.number()) != 0) return failed("sync");
        file_ = io::Fd();
        return {};
    }
    // Directories last, when all names are in them.
    Result<void> sync_all() {
        directories_.push_back(root_);
        for (const auto& directory : directories_) {
            const io::Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            path_ = directory;
            if (!opened.is_open() || ::fsync(opened.number()) != 0) return failed("sync");
        }
        return {};
    }

private:
    Result<void> make_parents(const std::string& path) {
        for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
            const std::string directory = root_ + "/" + path.substr(0, slash);
            if (std::ranges::find(directories_, directory) != directories_.end()) continue;
            if (::mkdir(directory.c_str(), 0700) != 0) {
                path_ = directory;
                return failed("make");
            }
            directories_.push_back(directory);
        }
        return {};
    }
    std::unexpected<Error> failed(const char* doing) const {
        const Code code = errno == ENOSPC || errno == EDQUOT ? Code::exhausted
                          : errno == EACCES                  ? Code::denied
                                                             : Code::unavailable;
        return fail(code, fmt::format("{} {}: {}", doing, path_,
                                      std::generic_category().message(errno)));
    }

    const std::string root_;
    std::string path_;
    io::Fd file_;
    std::vector<std::string> directories_;
};

Result<void> empty_again(const std::string& data) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(data, failed)) fs::remove_all(entry, failed);
    if (failed) return fail(Code::unavailable, "empty " + data + ": " + failed.message());
    return {};
}

}  // namespace

Result<void> restore(const RestoreWords& words) {
    TRY_VOID(log::start(log::Level::error));
    TRY(const auto key, read_backup_key(words.key_file));
    // Root restores into the directory of the node's user.
    std::error_code failed;
    if (::geteuid() != 0 || !fs::is_directory(words.data, failed)) {
        TRY_VOID(io::make_private_dir(words.data));
    }
    const OwnerGuard owner(words.data);
    const std::string unfinished = fmt::format("{}/{}", words.data, unfinished_name);
    const bool is_again = fs::exists(unfinished, failed);
    if (!is_again && !fs::is_empty(words.data, failed)) {
        return fail(Code::conflict, words.data + " is not empty, and a restore replaces nothing: "
                                                     "give an empty directory, or move this one away");
    }
    if (is_again) {
        TRY_VOID(empty_again(words.data));  // what a restore that was cut short left
    }
    TRY_VOID(io::write_private_file(unfinished, "a restore into this directory has not finished\n"));
    Directory directory(words.data);
    auto manifest =
        read_archive(words.from, key, directory, progress_on_terminal("restore", false));
    if (manifest) {
        auto synced = directory.sync_all();
        if (!synced) manifest = std::unexpected(synced.error());
    }
    if (!manifest) {
        (void)empty_again(words.data);  // the failure itself is what the person needs to hear
        return std::unexpected(manifest.error());
    }
    ::chmod(words.data.c_str(), 0700);
    ::unlink(unfinished.c_str());
    TRY_VOID(directory.sync_all());
    std::printf("%s: %zu files restored and proven; the backup is of %s\n", words.data.c_str(),
                manifest->files.size(), to_rfc3339(manifest->created_at).c_str());
    return {};
}

Result<void> check_restored(const std::string& data) {
    std::error_code failed;
    if (!fs::exists(fmt::format("{}/{}", data, unfinished_name), failed)) return {};
    return fail(Code::denied, "a restore into " + data +
                                  " has not finished: run `lineshaft restore` again, or empty it");
}

}  // namespace lineshaft::app
