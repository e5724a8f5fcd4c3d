// A client that is measured from a process of its own, so that whatever the load does, its own work
// does not delay it; and a server that costs next to nothing, to attack instead of a broker: what
// the measured client loses then is the attackers' processor time and nobody's fault.
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <unordered_map>

#include "base/bytes.h"
#include "load_crowd.h"

namespace lineshaft::bench {

// Prints "ready", then for each line on standard input what was measured since the last one; ends
// with the input, which is asked first: who ends both it and the server means no loss.
int run_probe(const Settings& settings) {
    Probe probe(static_cast<std::uint16_t>(settings.number("port", 1883)), settings,
                static_cast<double>(settings.number("rate", 400)));
    std::printf("ready\n");
    std::fflush(stdout);
    for (;;) {
        const auto wait = std::max(probe.due() - Clock::now(), Clock::duration{0});
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
        const timespec patience{ns / 1'000'000'000, ns % 1'000'000'000};
        std::array<pollfd, 2> ready{{{STDIN_FILENO, POLLIN, 0}, {probe.descriptor(), POLLIN, 0}}};
        ::ppoll(ready.data(), ready.size(), &patience, nullptr);
        char asked = 0;
        if (ready[0].revents != 0 && ::read(STDIN_FILENO, &asked, 1) <= 0) return 0;
        probe.step();
        if (ready[0].revents == 0) continue;
        const auto all = probe.take();
        const auto at = [&all](double part) {
            return all.empty()
                       ? 0
                       : all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
        };
        Report report(true);
        report.add("count", static_cast<double>(all.size()));
        report.add("p50_ms", at(0.5));
        report.add("p99_ms", at(0.99));
        report.add("max_ms", at(1));
        report.print("probe");
    }
}

namespace {

// What a server says at once to a packet; it remembers nothing.
void answer(const mqtt::Frame& frame, std::string& out) {
    const auto put_id = [&out](std::string_view head, std::uint16_t id) {
        out.append(head);
        out.push_back(static_cast<char>(id >> 8));
        out.push_back(static_cast<char>(id & 0xff));
    };
    if (frame.type() == mqtt::PacketType::connect) {
        const bool is_v5 = std::to_integer<int>(frame.body[6]) == 5;
        out.append(is_v5 ? std::string_view("\x20\x03\0\0\0", 5)
                         : std::string_view("\x20\x02\0\0", 4));
    } else if (frame.type() == mqtt::PacketType::publish && (frame.first & 0x06) != 0) {
        put_id("\x40\x02", packet_id_of(frame, 2u + packet_id_of(frame, 0)));
    } else if (frame.type() == mqtt::PacketType::subscribe) {
        put_id("\x90\x04", packet_id_of(frame, 0));
        out.append("\0\0", 2);
    }
}

}  // namespace

// Prints its port and pid; serves until it is killed.
int run_sink(const Settings&) {
    const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    if (::bind(door, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(door, 4096) != 0)
        die("the sink cannot listen");
    ::getsockname(door, reinterpret_cast<sockaddr*>(&where), &size);
    std::printf("%u %d\n", ntohs(where.sin_port), ::getpid());
    std::fflush(stdout);
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    const auto watch = [events](int socket) {
        epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
        ::epoll_ctl(events, EPOLL_CTL_ADD, socket, &wanted);
    };
    watch(door);
    std::unordered_map<int, std::string> unread;
    std::vector<char> buffer(64 << 10);
    const auto read = [&](int socket) {
        const auto count = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count <= 0) {
            unread.erase(socket);
            ::close(socket);
            return;
        }
        std::string& in = unread[socket];
        in.append(buffer.data(), static_cast<std::size_t>(count));
        std::size_t taken = 0;
        std::string out;
        for (;;) {
            const auto frame = mqtt::next_frame(as_bytes(in).subspan(taken), 1 << 28);
            if (!frame || !*frame) break;
            answer(**frame, out);
            taken += (*frame)->size_bytes;
        }
        in.erase(0, taken);
        if (!out.empty()) (void)::send(socket, out.data(), out.size(), MSG_NOSIGNAL);
    };
    std::array<epoll_event, 256> ready;
    for (;;) {
        const int count = ::epoll_wait(events, ready.data(), static_cast<int>(ready.size()), -1);
        for (int each = 0; each < count; ++each) {
            const int socket = ready[static_cast<std::size_t>(each)].data.fd;
            if (socket != door) {
                read(socket);
                continue;
            }
            for (int more = 0; more < 64; ++more) {
                const int taken = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
                if (taken < 0) break;
                watch(taken);
            }
        }
    }
}

}  // namespace lineshaft::bench
