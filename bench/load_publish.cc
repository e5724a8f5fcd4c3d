// Publishers and subscribers, a thread each: throughput, or with a rate the time until PUBACK.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "load_crowd.h"

namespace lineshaft::bench {
namespace {

constexpr auto version = mqtt::Version::v3_1_1;

class Socket {
public:
    explicit Socket(const Settings& settings)
        : settings_(settings),
          number_(connect_to(static_cast<std::uint16_t>(settings.number("port", 1883)), 0, true)) {}
    Socket(Socket&& other) noexcept
        : settings_(other.settings_),
          number_(std::exchange(other.number_, -1)),
          in_(std::move(other.in_)) {}
    ~Socket() {
        if (number_ >= 0) ::close(number_);
    }
    /// False: the server closed the connection.
    bool write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    /// Says goodbye and waits until the server has read everything: a hard close would lose it.
    void finish() {
        std::string bye;
        mqtt::encode(mqtt::Packet(mqtt::Disconnect{}), version, bye);
        if (!write(bye)) return;
        ::shutdown(number_, SHUT_WR);
        const auto start = Clock::now();
        while (seconds_since(start) < 30 &&
               read(std::chrono::seconds(1), [](const mqtt::Frame&) {}) != Read::closed) {
        }
    }
    enum class Read { came, nothing, closed };
    /// Reads once and calls visit(frame) for each whole packet.
    template <class Visit>
    Read read(std::chrono::microseconds patience, Visit visit) {
        pollfd ready{number_, POLLIN, 0};
        const timespec wait{patience.count() / 1'000'000, patience.count() % 1'000'000 * 1'000};
        if (::ppoll(&ready, 1, &wait, nullptr) <= 0) return Read::nothing;
        const std::size_t before = in_.size();
        in_.resize(before + 256 * 1024);
        const auto count = ::recv(number_, in_.data() + before, in_.size() - before, 0);
        if (count <= 0) {
            in_.resize(before);
            return Read::closed;
        }
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
        return Read::came;
    }
    void open(const std::string& client_id, bool is_durable) {
        if (!write(connect_packet(client_id, !is_durable, version, settings_))) die("no CONNECT");
        wait_for(mqtt::PacketType::connack);
    }
    void subscribe(const std::string& filter, mqtt::Qos qos) {
        if (!write(subscribe_packet(filter, qos, version))) die("no SUBSCRIBE");
        wait_for(mqtt::PacketType::suback);
    }

private:
    void wait_for(mqtt::PacketType type) {
        bool seen = false;
        while (!seen) {
            const auto got = read(std::chrono::seconds(20), [&](const mqtt::Frame& frame) {
                seen = seen || frame.type() == type;
                if (frame.type() == mqtt::PacketType::connack && frame.body[1] != std::byte{0})
                    die("the server refused the connection");
            });
            if (got != Read::came) die("no answer");
        }
    }

    const Settings& settings_;
    int number_;
    std::string in_;
};

struct Load {
    explicit Load(const Settings& its_settings)
        : settings(its_settings),
          qos(static_cast<mqtt::Qos>(its_settings.number("qos", 1))),
          count(its_settings.number("count", 100'000)),
          window(its_settings.number("window", 200)),
          payload(static_cast<std::size_t>(its_settings.number("payload", 64)), 'x'),
          slow_us(its_settings.number("slow-us", 0)) {}
    const Settings& settings;
    mqtt::Qos qos;
    long count;
    long window;
    std::string payload;
    long slow_us;
    double interval_s = 0;  ///< between messages of one publisher; 0: as fast as the window lets
    std::mutex latencies_guard;
    std::vector<double> latencies_ms;
    std::atomic<long> received{0};
    std::atomic<bool> is_over{false}, was_cut_off{false};
};

void put_ack(mqtt::PacketType type, std::uint16_t id, std::string& out) {
    mqtt::encode(mqtt::Packet(mqtt::Ack{.type = type, .packet_id = id}), version, out);
}

void publish(Load& load, int number) {
    Socket socket(load.settings);
    socket.open("publisher-" + std::to_string(number), false);
    const std::string topic = "load/" + std::to_string(number);
    std::string batch;
    std::uint16_t id = 0;
    long sent = 0, finished = 0;
    while (finished < load.count) {
        batch.clear();
        const bool is_qos0 = load.qos == mqtt::Qos::at_most_once;
        const long room = is_qos0 ? 500 : load.window - (sent - finished);
        for (long each = 0; each < room && sent < load.count; ++each, ++sent) {
            if (++id == 0) id = 1;
            mqtt::encode(mqtt::PublishView{.message = {topic, "", load.payload},
                                           .qos = load.qos,
                                           .packet_id = is_qos0 ? std::uint16_t{0} : id},
                         version, batch);
        }
        if (!batch.empty() && !socket.write(batch)) die("the server closed a publisher");
        if (is_qos0) {
            finished = sent;
            continue;
        }
        std::string releases;
        const auto got = socket.read(std::chrono::seconds(30), [&](const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::pubrec) {
                put_ack(mqtt::PacketType::pubrel, packet_id_of(frame, 0), releases);
            } else {
                ++finished;
            }
        });
        if (got != Socket::Read::came) die("no acknowledgement in 30 s");
        if (!releases.empty()) socket.write(releases);
    }
    socket.finish();
}

void receive(Load& load, Socket socket) {
    while (!load.is_over) {
        std::string answers;
        long count = 0;
        const auto got = socket.read(std::chrono::milliseconds(100), [&](const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::pubrel) {
                return put_ack(mqtt::PacketType::pubcomp, packet_id_of(frame, 0), answers);
            }
            if (frame.type() != mqtt::PacketType::publish) return;
            ++count;
            const int qos = frame.first >> 1 & 3;
            if (qos == 0) return;
            put_ack(qos == 1 ? mqtt::PacketType::puback : mqtt::PacketType::pubrec,
                    packet_id_of(frame, 2u + packet_id_of(frame, 0)), answers);
        });
        if (got == Socket::Read::closed) {
            load.was_cut_off = true;
            return;
        }
        if (!answers.empty()) socket.write(answers);
        load.received += count;
        if (load.slow_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(load.slow_us));
    }
}

// One message at a time at its due moment, whatever the server does: waiting counts.
void publish_paced(Load& load, int number) {
    Socket socket(load.settings);
    socket.open("publisher-" + std::to_string(number), false);
    const std::string topic = "load/" + std::to_string(number);
    std::vector<Clock::time_point> due_by_id(65'536);
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
            socket.write(
                publish_packet(topic, load.payload, mqtt::Qos::at_least_once, id, version));
            ++sent;
            continue;
        }
        // Sleeps rather than spins: the server needs the cores.
        const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(due - Clock::now());
        const auto patience = sent < load.count ? std::max(wait, std::chrono::microseconds(0))
                                                : std::chrono::seconds(5);
        const auto got = socket.read(patience, [&](const mqtt::Frame& frame) {
            if (frame.type() != mqtt::PacketType::puback) return;
            ++finished;
            latencies.push_back(1'000 * seconds_since(due_by_id[packet_id_of(frame, 0)]));
        });
        if (got == Socket::Read::closed) die("the server closed a publisher");
    }
    const std::lock_guard lock(load.latencies_guard);
    load.latencies_ms.insert(load.latencies_ms.end(), latencies.begin(), latencies.end());
}

void add_latencies(Load& load, Report& report) {
    auto& all = load.latencies_ms;
    if (all.empty()) return;
    std::ranges::sort(all);
    const auto at = [&all](double part) {
        return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    };
    report.add("p50_ms", at(0.5), " ms");
    report.add("p99_ms", at(0.99), " ms");
    report.add("p999_ms", at(0.999), " ms");
    report.add("max_ms", at(1), " ms");
}

}  // namespace

int run_publish(const Settings& settings) {
    Load load(settings);
    const bool is_fanout = settings.has("fanout");
    if (is_fanout) load.qos = mqtt::Qos::at_most_once;
    const long pid = settings.number("pid", 0);
    const auto publishers = static_cast<int>(is_fanout ? 1 : settings.number("publishers", 10));
    const auto subscribers = static_cast<int>(is_fanout ? settings.number("fanout", 100)
                                                        : settings.number("subscribers", 1));
    if (settings.has("rate"))
        load.interval_s = publishers / static_cast<double>(settings.number("rate", 10'000));
    const bool is_durable = settings.has("durable");
    std::vector<std::thread> readers, writers;
    for (int number = 0; number < subscribers; ++number) {
        Socket socket(settings);
        socket.open("subscriber-" + std::to_string(number), is_durable);
        socket.subscribe("load/#", load.qos);
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
    const double acknowledged_s = seconds_since(start);
    const double total = static_cast<double>(load.count) * publishers;
    const long want = static_cast<long>(total) * subscribers;
    long before = -1;
    auto last_change = Clock::now();
    while (load.received < want && !load.was_cut_off && seconds_since(last_change) < 5) {
        if (load.received != before) last_change = Clock::now();
        before = load.received;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const bool is_whole = load.received >= want;
    const double delivered_s = seconds_since(start) - (is_whole ? 0 : seconds_since(last_change));
    const double cpu = cpu_seconds(pid) - cpu_before;
    load.is_over = true;
    for (auto& reader : readers) reader.join();
    Report report(settings.has("json"));
    report.add("messages", total);
    report.add("acknowledged_per_s", total / acknowledged_s, "/s");
    report.add("delivered", static_cast<double>(load.received));
    report.add("wanted", static_cast<double>(want));
    report.add("delivered_per_s", static_cast<double>(load.received) / delivered_s, "/s");
    if (pid != 0) {
        report.add("cpu_s", cpu, " s");
        report.add("messages_per_cpu_s", total / cpu);
        report.add("delivered_per_cpu_s", static_cast<double>(load.received) / cpu);
    }
    if (load.was_cut_off) report.add("subscriber_cut_off", 1);
    add_latencies(load, report);
    report.print("qos " + std::to_string(static_cast<int>(load.qos)));
    return 0;
}

}  // namespace lineshaft::bench
