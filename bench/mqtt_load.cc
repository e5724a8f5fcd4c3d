// A load program for any MQTT broker, and our broker alone to run it against.
//   mqtt_load --serve DIR [--shards N]               prints its port and pid, serves until killed
//   mqtt_load --port P [--pid PID] [--publishers 10] [--subscribers 1] [--qos 1] [--count 100000]
//             [--payload 64] [--window 200] [--durable]
//             [--rate 10000]   messages a second of all publishers together: prints publish-to-ack
//             times
//   mqtt_load --port P --pid PID --idle 15000        resident bytes per idle connection
// Question: how many messages a second, and how many for each CPU-second of the server?
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gate/mqtt/broker.h"
#include "io/listener.h"
#include "wire/mqtt/packet.h"

namespace {

using namespace lineshaft;
using Clock = std::chrono::steady_clock;

struct Settings {
    std::map<std::string, std::string> text;
    long number(const std::string& name, long otherwise) const {
        const auto at = text.find(name);
        return at == text.end() ? otherwise : std::stol(at->second);
    }
    bool has(const std::string& name) const { return text.contains(name); }
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "mqtt_load: %s\n", why.c_str());
    std::exit(1);
}

// ---- The server alone ------------------------------------------------------------------------

class Everybody final : public broker::Gatekeeper {
public:
    io::Task<broker::Admission> admit(broker::Credentials) override {
        co_return broker::Admission{who_, mqtt::Reason::success};
    }
    bool may_publish(const trust::Principal&, std::string_view) const override { return true; }
    bool may_subscribe(const trust::Principal&, std::string_view) const override { return true; }
    bool may_receive(const trust::Principal&, std::string_view) const override { return true; }
    bool still_holds(const trust::Principal&) const override { return true; }
    std::string reference(const trust::Principal&) const override { return "everybody"; }
    trust::PrincipalPtr find(std::string_view) const override { return who_; }

private:
    trust::PrincipalPtr who_ = std::make_shared<trust::Principal>();
};

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const Settings& settings) {
    raise_descriptor_limit();
    auto opened = store::open(settings.text.at("serve"), {});
    if (!opened) die(opened.error().context);
    io::Shards shards(static_cast<unsigned>(settings.number("shards", 2)));
    Everybody everybody;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::vector<broker::Broker::Place> places;
    for (std::size_t index = 0; index < shards.size(); ++index) {
        lanes.push_back(
            std::make_unique<store::Lane>(*opened->store, shards.at(index), store::Lane::Limits{}));
        places.push_back({&shards.at(index), lanes.back().get()});
    }
    broker::Broker broker(places, *opened->store, everybody, {});
    if (auto loaded = broker.load(); !loaded) die(loaded.error().context);
    auto listener = io::Listener::open(
        shards, io::parse_address("127.0.0.1:0").value(), {},
        [&broker](std::unique_ptr<io::Stream> stream) { broker.serve(std::move(stream)); });
    if (!listener) die(listener.error().context);
    std::printf("%u %d\n", (*listener)->port(), ::getpid());
    std::fflush(stdout);
    for (;;) ::pause();  // ends by a signal, as a broker must bear
}

// ---- Connections -----------------------------------------------------------------------------

class Socket {
public:
    explicit Socket(std::uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(number_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            die(std::string("connect: ") + std::strerror(errno));
        }
        const int on = 1;
        ::setsockopt(number_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Socket(Socket&& other) noexcept
        : number_(std::exchange(other.number_, -1)), in_(std::move(other.in_)) {}
    ~Socket() {
        if (number_ >= 0) ::close(number_);
    }
    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) die("the server closed a connection");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    /// Reads once and calls visit(frame) for each whole packet. False: nothing came in time.
    template <class Visit>
    bool read(std::chrono::microseconds patience, Visit visit) {
        pollfd ready{number_, POLLIN, 0};
        const timespec wait{patience.count() / 1'000'000, patience.count() % 1'000'000 * 1'000};
        if (::ppoll(&ready, 1, &wait, nullptr) <= 0) return false;
        const std::size_t before = in_.size();
        in_.resize(before + 256 * 1024);
        const auto count = ::recv(number_, in_.data() + before, in_.size() - before, 0);
        if (count <= 0) die("the server closed a connection");
        in_.resize(before + static_cast<std::size_t>(count));
        std::size_t taken = 0;
        for (;;) {
            const auto frame = mqtt::next_frame(as_bytes(in_).subspan(taken), 1 << 28);
            if (!frame) die("not MQTT");
            if (!*frame) break;
            visit(**frame);
            taken += (*frame)->size_bytes;
        }
        in_.erase(0, taken);
        return true;
    }
    void open(const std::string& client_id, bool is_durable) {
        mqtt::Connect connect;
        connect.version = mqtt::Version::v3_1_1;
        connect.client_id = client_id;
        connect.clean_start = !is_durable;
        std::string bytes;
        mqtt::encode(mqtt::Packet(connect), mqtt::Version::v3_1_1, bytes);
        write(bytes);
        wait_for(mqtt::PacketType::connack);
    }
    void subscribe(const std::string& filter, mqtt::Qos qos) {
        mqtt::Subscribe subscribe;
        subscribe.packet_id = 1;
        subscribe.subscriptions.push_back({.filter = filter, .qos_max = qos});
        std::string bytes;
        mqtt::encode(mqtt::Packet(subscribe), mqtt::Version::v3_1_1, bytes);
        write(bytes);
        wait_for(mqtt::PacketType::suback);
    }
    void wait_for(mqtt::PacketType type) {
        for (bool seen = false; !seen;) {
            if (!read(std::chrono::seconds(20),
                      [&](const mqtt::Frame& frame) { seen = seen || frame.type() == type; }))
                die("no answer");
        }
    }

private:
    int number_;
    std::string in_;
};

std::uint16_t packet_id_of(const mqtt::Frame& frame, std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(frame.body[at]) << 8 |
                                      std::to_integer<unsigned>(frame.body[at + 1]));
}

// ---- Load ------------------------------------------------------------------------------------

struct Load {
    std::uint16_t port = 0;
    int qos = 1;
    long count = 0;
    long window = 0;
    std::string payload;
    bool is_durable = false;
    double interval_s = 0;  ///< between messages of one publisher; 0: as fast as the window lets
    std::mutex latencies_guard;
    std::vector<double> latencies_ms;
    std::atomic<long> received{0};
    std::atomic<bool> is_over{false};
};

void publish(Load& load, int number) {
    Socket socket(load.port);
    socket.open("publisher-" + std::to_string(number), false);
    const std::string topic = "load/" + std::to_string(number);
    std::string batch;
    std::uint16_t id = 0;
    long sent = 0, finished = 0;
    while (finished < load.count) {
        batch.clear();
        const long room = load.qos == 0 ? 500 : load.window - (sent - finished);
        for (long each = 0; each < room && sent < load.count; ++each, ++sent) {
            if (++id == 0) id = 1;
            mqtt::encode(mqtt::PublishView{.message = {topic, "", load.payload},
                                           .qos = static_cast<mqtt::Qos>(load.qos),
                                           .packet_id = load.qos == 0 ? std::uint16_t{0} : id},
                         mqtt::Version::v3_1_1, batch);
        }
        if (!batch.empty()) socket.write(batch);
        if (load.qos == 0) {
            finished = sent;
            continue;
        }
        std::string releases;
        const bool came = socket.read(std::chrono::seconds(30), [&](const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::pubrec) {
                mqtt::encode(mqtt::Packet(mqtt::Ack{.type = mqtt::PacketType::pubrel,
                                                    .packet_id = packet_id_of(frame, 0)}),
                             mqtt::Version::v3_1_1, releases);
            } else {
                ++finished;
            }
        });
        if (!came) die("no acknowledgement in 30 s");
        if (!releases.empty()) socket.write(releases);
    }
}

void receive(Load& load, Socket socket) {
    while (!load.is_over) {
        std::string answers;
        long count = 0;
        socket.read(std::chrono::milliseconds(100), [&](const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::pubrel) {
                mqtt::encode(mqtt::Packet(mqtt::Ack{.type = mqtt::PacketType::pubcomp,
                                                    .packet_id = packet_id_of(frame, 0)}),
                             mqtt::Version::v3_1_1, answers);
                return;
            }
            if (frame.type() != mqtt::PacketType::publish) return;
            ++count;
            const int qos = frame.first >> 1 & 3;
            if (qos == 0) return;
            const auto type = qos == 1 ? mqtt::PacketType::puback : mqtt::PacketType::pubrec;
            mqtt::encode(
                mqtt::Packet(mqtt::Ack{
                    .type = type, .packet_id = packet_id_of(frame, 2u + packet_id_of(frame, 0))}),
                mqtt::Version::v3_1_1, answers);
        });
        if (!answers.empty()) socket.write(answers);
        load.received += count;
    }
}

// One message at a time at its due moment, whatever the server does: waiting counts.
void publish_paced(Load& load, int number) {
    Socket socket(load.port);
    socket.open("publisher-" + std::to_string(number), false);
    const std::string topic = "load/" + std::to_string(number);
    std::vector<Clock::time_point> due_by_id(65536);
    std::vector<double> latencies;
    const auto start = Clock::now();
    std::uint16_t id = 0;
    for (long sent = 0, finished = 0; finished < load.count;) {
        const auto due =
            start + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(load.interval_s * static_cast<double>(sent)));
        if (sent < load.count && Clock::now() >= due) {
            if (++id == 0) id = 1;
            due_by_id[id] = due;
            std::string packet;
            mqtt::encode(mqtt::PublishView{.message = {topic, "", load.payload},
                                           .qos = mqtt::Qos::at_least_once,
                                           .packet_id = id},
                         mqtt::Version::v3_1_1, packet);
            socket.write(packet);
            ++sent;
            continue;
        }
        // Sleeps rather than spins: the server needs the cores.
        const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(due - Clock::now());
        const auto patience = sent < load.count ? std::max(wait, std::chrono::microseconds(0))
                                                : std::chrono::seconds(5);
        socket.read(patience, [&](const mqtt::Frame& frame) {
            if (frame.type() != mqtt::PacketType::puback) return;
            ++finished;
            latencies.push_back(std::chrono::duration<double, std::milli>(
                                    Clock::now() - due_by_id[packet_id_of(frame, 0)])
                                    .count());
        });
    }
    const std::lock_guard lock(load.latencies_guard);
    load.latencies_ms.insert(load.latencies_ms.end(), latencies.begin(), latencies.end());
}

void print_latencies(Load& load) {
    auto& all = load.latencies_ms;
    if (all.empty()) return;
    std::ranges::sort(all);
    const auto at = [&all](double part) {
        return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    };
    std::printf("publish to ack: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n", at(0.5),
                at(0.99), at(0.999), at(1));
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

int run_load(const Settings& settings) {
    Load load;
    load.port = static_cast<std::uint16_t>(settings.number("port", 1883));
    load.qos = static_cast<int>(settings.number("qos", 1));
    load.count = settings.number("count", 100'000);
    load.window = settings.number("window", 200);
    load.payload.assign(static_cast<std::size_t>(settings.number("payload", 64)), 'x');
    load.is_durable = settings.has("durable");
    const long pid = settings.number("pid", 0);
    const auto publishers = static_cast<int>(settings.number("publishers", 10));
    const auto subscribers = static_cast<int>(settings.number("subscribers", 1));
    if (settings.has("rate"))
        load.interval_s = publishers / static_cast<double>(settings.number("rate", 10'000));
    std::vector<std::thread> readers, writers;
    for (int number = 0; number < subscribers; ++number) {
        Socket socket(load.port);
        socket.open("subscriber-" + std::to_string(number), load.is_durable);
        socket.subscribe("load/#", static_cast<mqtt::Qos>(load.qos));
        readers.emplace_back(
            [&load, socket = std::move(socket)]() mutable { receive(load, std::move(socket)); });
    }
    const auto start = Clock::now();
    const double cpu_before = cpu_seconds(pid);
    for (int number = 0; number < publishers; ++number) {
        writers.emplace_back([&load, number] {
            load.interval_s > 0 ? publish_paced(load, number) : publish(load, number);
        });
    }
    for (auto& writer : writers) writer.join();
    const double acknowledged_s = std::chrono::duration<double>(Clock::now() - start).count();
    const long want = load.count * publishers * subscribers;
    long before = -1;
    auto last_change = Clock::now();
    while (load.received < want && Clock::now() - last_change < std::chrono::seconds(3)) {
        if (load.received != before) last_change = Clock::now();
        before = load.received;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const double delivered_s = std::chrono::duration<double>(Clock::now() - start).count();
    const double cpu = cpu_seconds(pid) - cpu_before;
    load.is_over = true;
    for (auto& reader : readers) reader.join();
    const double total = static_cast<double>(load.count) * publishers;
    std::printf("qos %d: %.0f messages, %.0f/s acknowledged, %ld of %ld delivered, %.0f/s",
                load.qos, total, total / acknowledged_s, load.received.load(), want,
                static_cast<double>(load.received.load()) / delivered_s);
    if (pid != 0) std::printf("; server %.2f CPU s, %.0f messages per CPU s", cpu, total / cpu);
    std::printf("\n");
    print_latencies(load);
    return 0;
}

int run_idle(const Settings& settings) {
    raise_descriptor_limit();
    const auto port = static_cast<std::uint16_t>(settings.number("port", 1883));
    const long pid = settings.number("pid", 0), count = settings.number("idle", 15'000);
    std::vector<Socket> sockets;
    const long warm = 200;
    long before = 0;
    const auto start = Clock::now();
    for (long number = 0; number < count + warm; ++number) {
        if (number == warm) before = resident_bytes(pid);
        sockets.emplace_back(port);
        sockets.back().open("idle-client-" + std::to_string(number), false);
        sockets.back().subscribe("idle/client/" + std::to_string(number), mqtt::Qos::at_least_once);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const long after = resident_bytes(pid);
    std::printf(
        "%ld idle connections in %.1f s: %ld resident bytes each (%ld MiB before, %ld MiB after)\n",
        count, seconds, (after - before) / count, before >> 20, after >> 20);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int at = 1; at < argc; ++at) {
        std::string name = argv[at];
        if (!name.starts_with("--")) die("what is " + name + "?");
        name.erase(0, 2);
        const bool has_value = at + 1 < argc && std::string_view(argv[at + 1]).substr(0, 2) != "--";
        settings.text[name] = has_value ? argv[++at] : "";
    }
    if (settings.has("serve")) return serve(settings);
    if (settings.has("idle")) return run_idle(settings);
    return run_load(settings);
}
