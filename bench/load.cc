#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace lineshaft::bench {
namespace {

constexpr long clients_per_address = 10'000;

}  // namespace

Settings read_settings(int argc, char** argv) {
    Settings settings;
    for (int at = 1; at < argc; ++at) {
        std::string name = argv[at];
        if (!name.starts_with("--")) die("what is " + name + "?");
        name.erase(0, 2);
        const bool has_value = at + 1 < argc && std::string_view(argv[at + 1]).substr(0, 2) != "--";
        settings.text[name] = has_value ? argv[++at] : "";
    }
    return settings;
}

long Settings::number(const std::string& name, long otherwise) const {
    const auto at = text.find(name);
    return at == text.end() || at->second.empty() ? otherwise : std::stol(at->second);
}

std::string Settings::word(const std::string& name, const std::string& otherwise) const {
    const auto at = text.find(name);
    return at == text.end() ? otherwise : at->second;
}

void die(const std::string& why) {
    std::fprintf(stderr, "mqtt_load: %s\n", why.c_str());
    std::exit(1);
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds(long pid) {
    if (pid == 0) return 0;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string skipped;
    for (int field = 0; field < 13; ++field) stat >> skipped;
    double user = 0, system = 0;
    stat >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long resident_bytes(long pid) {
    std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
    long total = 0, resident = 0;
    statm >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

void Report::add(std::string_view name, double value, std::string_view unit) {
    char number[64];
    std::snprintf(number, sizeof number,
                  value >= 100 || value == static_cast<long>(value) ? "%.0f" : "%.2f", value);
    words_ += (words_.empty() ? "" : ", ") + std::string(name) + " " + number + std::string(unit);
    json_ += (json_.empty() ? "\"" : ",\"") + std::string(name) + "\":" + number;
}

void Report::print(std::string_view title) const {
    if (is_json_) {
        std::printf("{%s}\n", json_.c_str());
    } else {
        std::printf("%.*s: %s\n", static_cast<int>(title.size()), title.data(), words_.c_str());
    }
    std::fflush(stdout);
}

int connect_to(std::uint16_t port, long number, bool is_blocking) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) die(std::string("socket: ") + std::strerror(errno));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(number / clients_per_address % 200));
    const int on = 1;
    ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(socket, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0)
        die(std::string("bind: ") + std::strerror(errno));
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const linger hard{1, 0};  // no TIME_WAIT: the next run needs the ports
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!is_blocking) ::fcntl(socket, F_SETFL, O_NONBLOCK);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 &&
        errno != EINPROGRESS) {
        const int why = errno;
        ::close(socket);
        if (is_blocking) die(std::string("connect: ") + std::strerror(why));
        return -1;
    }
    return socket;
}

std::string connect_packet(const std::string& client_id, bool is_clean, mqtt::Version version,
                           const Settings& settings) {
    mqtt::Connect connect;
    connect.version = version;
    connect.client_id = client_id;
    connect.clean_start = is_clean;
    if (settings.has("user")) connect.user_name = settings.word("user", "");
    if (settings.has("password")) connect.password = settings.word("password", "");
    if (!is_clean && version == mqtt::Version::v5_0)
        connect.properties.add(mqtt::PropertyId::session_expiry_interval, std::uint32_t{3'600});
    std::string bytes;
    mqtt::encode(mqtt::Packet(connect), version, bytes);
    return bytes;
}

std::string subscribe_packet(const std::string& filter, mqtt::Qos qos, mqtt::Version version) {
    mqtt::Subscribe subscribe;
    subscribe.packet_id = 1;
    subscribe.subscriptions.push_back({.filter = filter, .qos_max = qos});
    std::string bytes;
    mqtt::encode(mqtt::Packet(subscribe), version, bytes);
    return bytes;
}

std::uint16_t packet_id_of(const mqtt::Frame& frame, std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(frame.body[at]) << 8 |
                                      std::to_integer<unsigned>(frame.body[at + 1]));
}

}  // namespace lineshaft::bench
