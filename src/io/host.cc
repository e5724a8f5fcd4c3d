#include "io/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace lineshaft::io {
namespace {

std::string text_of(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        const auto* four = reinterpret_cast<const sockaddr_in*>(address);
        if ((ntohl(four->sin_addr.s_addr) >> 16) == 0xa9fe) return {};  // 169.254/16
        ::inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
        if (IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) return {};
        ::inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
    }
    return text;
}

}  // namespace

std::string host_name() {
    char name[256] = "";
    if (::gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

std::vector<std::string> own_addresses() {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return {};
    std::vector<std::string> four, six;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0 ||
            (one->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        std::string text = text_of(one->ifa_addr);
        auto& list = one->ifa_addr->sa_family == AF_INET ? four : six;
        if (!text.empty() && std::ranges::find(list, text) == list.end()) {
            list.push_back(std::move(text));
        }
    }
    ::freeifaddrs(all);
    four.insert(four.end(), six.begin(), six.end());
    return four;
}

long changed_at(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return 0;
    return static_cast<long>(found.st_mtim.tv_sec * 1'000 + found.st_mtim.tv_nsec / 1'000'000);
}

}  // namespace lineshaft::io
