#include "io/resources.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>
#include <thread>

namespace lineshaft::io {
namespace {

// The kernel's table of descriptors doubles when it is full, and in a process of several threads
// whoever opens one then waits until all processors have seen the new table: 10 to 40 ms in which a
// shard does nothing. It never shrinks, so it is made large once: 8 bytes of the kernel's for each.
void widen_descriptor_table(rlim_t limit) {
    constexpr rlim_t enough = 1 << 16;
    const int some = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (some < 0) return;
    const int last = ::fcntl(some, F_DUPFD_CLOEXEC, static_cast<int>(std::min(limit, enough)) - 1);
    if (last >= 0) ::close(last);
    ::close(some);
}

}  // namespace

std::size_t prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    constexpr rlim_t enough = 1 << 20;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 1024;
    const rlim_t wanted = std::min(files.rlim_max, enough);
    if (files.rlim_cur < wanted) {
        rlimit raised = files;
        raised.rlim_cur = wanted;
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) files = raised;
    }
    widen_descriptor_table(files.rlim_cur);
    return files.rlim_cur;
}

std::size_t resident_bytes() {
    const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[64] = {};
    const auto count = ::read(file, text, sizeof text - 1);
    ::close(file);
    if (count <= 0) return 0;
    const std::string_view line(text, static_cast<std::size_t>(count));
    const auto space = line.find(' ');
    std::size_t pages = 0;
    if (space != line.npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), pages);
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

unsigned cores() {
    return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace lineshaft::io
