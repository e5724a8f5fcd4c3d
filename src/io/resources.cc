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
