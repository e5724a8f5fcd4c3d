#include "io/resources.h"

#include <algorithm>
#include <thread>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

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

unsigned cores() {
    return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace lineshaft::io
