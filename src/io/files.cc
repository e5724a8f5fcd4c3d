#include "io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "io/socket.h"

namespace lineshaft::io {
namespace {

std::unexpected<Error> file_failure(std::string_view doing, const std::string& path) {
    const int number = errno;
    Code code = Code::unavailable;
    if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
    if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
    if (number == EISDIR) code = Code::invalid;
    if (number == ENOSPC || number == EDQUOT) code = Code::exhausted;
    return fail(code,
                std::string(doing) + " " + path + ": " + std::generic_category().message(number));
}

Result<void> write_whole(int file, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t count = ::write(file, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_failure("write", path);
        content.remove_prefix(std::size_t(count));
    }
    return {};
}

Result<void> sync_directory_of(const std::string& path) {
    std::string parent = std::filesystem::path(path).parent_path().string();
    if (parent.empty()) parent = ".";
    const Fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) return file_failure("open", parent);
    if (::fsync(directory.number()) != 0) return file_failure("sync", parent);
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return file_failure("open", path);
    std::string out;
    char block[16 * 1024];
    for (;;) {
        const ssize_t count = ::read(file.number(), block, sizeof(block));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_failure("read", path);
        if (count == 0) return out;
        if (out.size() + std::size_t(count) > bytes_max) {
            return fail(Code::exhausted,
                        "read " + path + ": longer than " + std::to_string(bytes_max) + " bytes");
        }
        out.append(block, std::size_t(count));
    }
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
    std::string temporary = path + ".XXXXXX";
    const Fd file(::mkostemp(temporary.data(), O_CLOEXEC));  // creates it 0600
    if (!file.is_open()) return file_failure("create a file beside", path);
    auto written = write_whole(file.number(), content, path);
    if (written && ::fsync(file.number()) != 0) written = file_failure("sync", path);
    if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
        written = file_failure("rename to", path);
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return sync_directory_of(path);
}

Result<void> make_private_dir(const std::string& path) {
    std::error_code failed;
    const auto parent = std::filesystem::absolute(path, failed).lexically_normal().parent_path();
    if (!failed) std::filesystem::create_directories(parent, failed);
    if (failed) {
        errno = failed.value();
        return file_failure("make", parent.string());
    }
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory_of(path);
    if (errno != EEXIST) return file_failure("make", path);
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return file_failure("look at", path);
    if (!S_ISDIR(found.st_mode)) return fail(Code::conflict, path + " is there and no directory");
    if (found.st_uid != ::geteuid()) {
        return fail(Code::denied, path +
                                      " belongs to another user; start as that user or choose "
                                      "another directory");
    }
    return {};
}

Result<void> check_private(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return file_failure("look at", path);
    if ((found.st_mode & 077) != 0) {
        return fail(Code::denied, path + " is open to other users; run: chmod go= " + path);
    }
    return {};
}

}  // namespace lineshaft::io
