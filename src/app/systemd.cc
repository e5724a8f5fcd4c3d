#include "app/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "io/fd.h"

namespace lineshaft::app {

void tell_systemd(std::string_view state) {
    const char* named = std::getenv("NOTIFY_SOCKET");
    if (named == nullptr) return;
    const std::string_view path(named);
    sockaddr_un address{};
    if (path.size() < 2 || path.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';  // an abstract name
    const io::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const auto sent =
        socket.is_open()
            ? ::sendto(socket.number(), state.data(), state.size(), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr*>(&address), size)
            : -1;
    if (sent < 0) log::warn("systemd was not told {}", state);
}

}  // namespace lineshaft::app
