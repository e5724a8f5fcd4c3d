// Nonsense for as long as one likes, slowly enough that it disturbs nobody: what sane clients say,
// cut, doubled and flipped, on MQTT and HTTP. Prints the server's memory every ten seconds.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <random>

#include "load_crowd.h"

namespace lineshaft::bench {
namespace {

constexpr double patience_s = 0.3;
constexpr double line_every_s = 10;

using Random = std::minstd_rand;

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random()) % limit;
}

std::vector<std::string> mqtt_seeds(const Settings& settings) {
    std::vector<std::string> seeds;
    for (const auto version : {mqtt::Version::v3_1_1, mqtt::Version::v5_0}) {
        seeds.push_back(connect_packet("garbage", true, version, settings));
        seeds.push_back(subscribe_packet("a/+/#", mqtt::Qos::exactly_once, version));
        for (const auto qos :
             {mqtt::Qos::at_most_once, mqtt::Qos::at_least_once, mqtt::Qos::exactly_once}) {
            seeds.push_back(publish_packet("garbage/1", "nonsense", qos, 7, version, true));
        }
    }
    seeds.emplace_back("\xc0\0", 2);          // PINGREQ
    seeds.emplace_back("\x62\x02\0\7", 4);    // PUBREL
    seeds.emplace_back("\xf0\x02\x19\0", 4);  // AUTH
    seeds.emplace_back("\xe0\0", 2);          // DISCONNECT
    return seeds;
}

std::vector<std::string> http_seeds() {
    return {"GET /api/v1/machines?limit=5 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x\r\n\r\n",
            "POST /api/v1/telemetry HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
            "content-length: 27\r\n\r\n{\"name\":\"a\",\"password\":\"b\"}",
            "POST /write?db=a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
            "5\r\nm v=1\r\n0\r\n\r\n",
            "GET /mqtt HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-protocol: mqtt\r\n\r\n"};
}

std::string nonsense(Random& random, const std::vector<std::string>& seeds) {
    std::string bytes;
    if (below(random, 8) != 0) {
        // Half begin as they should, so that the rest gets further than the first packet.
        if (below(random, 2) == 0) bytes = seeds[0];
        for (std::size_t more = 1 + below(random, 4); more > 0; --more)
            bytes += seeds[below(random, seeds.size())];
        for (std::size_t flips = below(random, 6); flips > 0; --flips)
            bytes[below(random, bytes.size())] = static_cast<char>(random());
        if (below(random, 4) != 0) return bytes.substr(0, 1 + below(random, bytes.size()));
    }
    for (std::size_t more = 1 + below(random, 3'000); more > 0; --more)
        bytes.push_back(static_cast<char>(random()));
    return bytes;
}

struct Talk {
    int socket = -1;
    Clock::time_point begun;
};

}  // namespace

int run_garbage(const Settings& settings) {
    const double seconds = 60 * static_cast<double>(settings.number("garbage", 1));
    const double per_second = static_cast<double>(settings.number("rate", 500));
    const auto mqtt_port = static_cast<std::uint16_t>(settings.number("port", 1883));
    const auto http_port = static_cast<std::uint16_t>(settings.number("http", 0));
    const long pid = settings.number("pid", 0);
    const auto seed = static_cast<std::uint32_t>(settings.number("seed", 1));
    Random random(seed == 0 ? 1 : seed);
    const auto packets = mqtt_seeds(settings), requests = http_seeds();
    std::array<Talk, 16> talks;
    std::array<char, 4096> scratch;
    long begun = 0, answered = 0;
    double next_line = line_every_s, settled_mb = 0, most_mb = 0;
    const double cpu_before = cpu_seconds(pid);
    const auto start = Clock::now();
    const auto resident_mb = [pid] { return static_cast<double>(resident_bytes(pid)) / 1e6; };
    while (seconds_since(start) < seconds) {
        for (Talk& talk : talks) {
            if (talk.socket >= 0) {
                const auto count =
                    ::recv(talk.socket, scratch.data(), scratch.size(), MSG_DONTWAIT);
                if (count > 0) ++answered;
                const bool is_open = count > 0 || (count < 0 && errno == EAGAIN);
                if (is_open && seconds_since(talk.begun) < patience_s) continue;
                ::close(talk.socket);
                talk.socket = -1;
            }
            if (static_cast<double>(begun) >= per_second * seconds_since(start)) continue;
            const bool is_http = http_port != 0 && begun % 2 == 1;
            talk = {connect_to(is_http ? http_port : mqtt_port, 0, true), Clock::now()};
            ++begun;
            const std::string bytes = nonsense(random, is_http ? requests : packets);
            (void)::send(talk.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (begun % 3 != 0) ::shutdown(talk.socket, SHUT_WR);
        }
        ::poll(nullptr, 0, 4);
        const double spent = seconds_since(start);
        const double now_mb = resident_mb();
        if (settled_mb == 0 && spent > seconds / 5) settled_mb = most_mb = now_mb;
        if (settled_mb != 0) most_mb = std::max(most_mb, now_mb);
        if (spent < next_line) continue;
        next_line += line_every_s;
        std::fprintf(stderr, "%.0f s: %ld connections, resident %.1f MB\n", spent, begun, now_mb);
    }
    Report report(settings.has("json"));
    report.add("connections", static_cast<double>(begun));
    report.add("answers", static_cast<double>(answered));
    report.add("minutes", seconds / 60);
    report.add("settled_mb", settled_mb, " MB");  // after a fifth of the time
    report.add("most_mb", most_mb, " MB");
    report.add("last_mb", resident_mb(), " MB");
    report.add("cpu_s", cpu_seconds(pid) - cpu_before, " s");
    report.print("garbage");
    return 0;
}

}  // namespace lineshaft::bench
