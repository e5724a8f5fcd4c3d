// Overload: three times as much as the server can take, beside a client that is measured.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "load_crowd.h"

namespace lineshaft::bench {
namespace {

using std::chrono::milliseconds;
constexpr auto version = mqtt::Version::v5_0;

// Publishers that keep a window of QoS 1 messages unanswered, each as fast as it is answered.
struct Pushers {
    Pushers(const Settings& its_settings, long window_size)
        : settings(its_settings),
          crowd(static_cast<std::uint16_t>(its_settings.number("port", 1883))),
          payload(64, 'x'),
          window(window_size) {
        crowd.on_frame = [this](Crowd::Client& client, const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::connack) {
                client.is_accepted = frame.body[1] == std::byte{0};
                ++(client.is_accepted ? accepted : refused);
                if (frame.body[1] == std::byte{0x97}) ++refused_quota;
                if (client.is_accepted) fill(client);
            } else if (frame.type() == mqtt::PacketType::puback) {
                --client.in_flight;
                const bool is_refused =
                    frame.body.size() > 2 && std::to_integer<int>(frame.body[2]) >= 0x80;
                ++(is_refused ? refused_publishes : acknowledged);
                if (client.in_flight <= window / 2) fill(client);
            } else if (frame.type() == mqtt::PacketType::disconnect) {
                ++disconnected;
            }
        };
    }
    void add(const std::string& name) {
        const long number = static_cast<long>(crowd.clients.size());
        crowd.add(number, connect_packet(name + std::to_string(number), true, version, settings));
    }
    void fill(Crowd::Client& client) {
        if (is_stopped) return;
        std::string batch;
        const std::string topic = "ramp/" + std::to_string(client.number % 100);
        for (; client.in_flight < window; ++client.in_flight) {
            if (++client.next_id == 0) client.next_id = 1;
            batch +=
                publish_packet(topic, payload, mqtt::Qos::at_least_once, client.next_id, version);
        }
        crowd.send(client, batch);
    }
    /// Messages acknowledged a second over so long.
    double run(double seconds, const std::function<void()>& also = {}) {
        const long before = acknowledged;
        const auto start = Clock::now();
        while (seconds_since(start) < seconds) {
            crowd.step(milliseconds(1));
            if (also) also();
        }
        return static_cast<double>(acknowledged - before) / seconds_since(start);
    }

    const Settings& settings;
    Crowd crowd;
    std::string payload;
    long window;
    bool is_stopped = false;
    long accepted = 0, refused = 0, refused_quota = 0, acknowledged = 0, refused_publishes = 0,
         disconnected = 0;
};

// A durable subscriber of everything, so that each acknowledgement waits for the disk.
class Reader {
public:
    explicit Reader(const Settings& settings)
        : thread_([this, &settings](std::stop_token stop) { run(settings, stop); }) {
        while (!is_ready_) std::this_thread::sleep_for(milliseconds(5));
    }
    long received() const { return received_; }

private:
    void run(const Settings& settings, const std::stop_token& stop) {
        Crowd crowd(static_cast<std::uint16_t>(settings.number("port", 1883)));
        auto& client = crowd.add(190 * 10'000, connect_packet("reader", false, version, settings));
        std::string acks;
        crowd.on_frame = [&](Crowd::Client& reader, const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::connack) {
                crowd.send(reader, subscribe_packet("ramp/#", mqtt::Qos::at_least_once, version));
            } else if (frame.type() == mqtt::PacketType::suback) {
                is_ready_ = true;
            } else if (frame.type() == mqtt::PacketType::publish) {
                ++received_;
                mqtt::encode(mqtt::Packet(mqtt::Ack{
                                 .type = mqtt::PacketType::puback,
                                 .packet_id = packet_id_of(frame, 2u + packet_id_of(frame, 0))}),
                             version, acks);
            }
        };
        while (!stop.stop_requested()) {
            crowd.step(milliseconds(20));
            if (!acks.empty()) crowd.send(client, std::exchange(acks, {}));
        }
    }

    std::atomic<long> received_{0};
    std::atomic<bool> is_ready_{false};
    std::jthread thread_;
};

// The measured client in a thread of its own: what the load program itself has to do does not delay it.
class CalmClient {
public:
    explicit CalmClient(const Settings& settings)
        : probe_(static_cast<std::uint16_t>(settings.number("port", 1883)), settings, 100),
          thread_([this](std::stop_token stop) {
              while (!stop.stop_requested()) {
                  {
                      const std::lock_guard lock(guard_);
                      probe_.step();
                  }
                  std::this_thread::sleep_for(std::chrono::microseconds(500));
              }
          }) {}
    double take_p99() {
        const std::lock_guard lock(guard_);
        return probe_.take_p99();
    }

private:
    std::mutex guard_;
    Probe probe_;
    std::jthread thread_;
};

// Connects like a new machine; gives CONNACK's reason, -1 without an answer.
int try_to_connect(const Settings& settings, long number) {
    Crowd crowd(static_cast<std::uint16_t>(settings.number("port", 1883)));
    int reason = -1;
    crowd.on_frame = [&](Crowd::Client&, const mqtt::Frame& frame) {
        if (frame.type() == mqtt::PacketType::connack) reason = std::to_integer<int>(frame.body[1]);
    };
    crowd.add(number, connect_packet("late-" + std::to_string(number), true, version, settings));
    const auto start = Clock::now();
    while (reason < 0 && crowd.open_count() > 0 && seconds_since(start) < 5)
        crowd.step(milliseconds(5));
    return reason;
}

}  // namespace

int run_ramp(const Settings& settings) {
    const long publishers = settings.number("publishers", 60);
    const double seconds = static_cast<double>(settings.number("seconds", 8));
    const long window = settings.number("window", 1'000);
    const Reader reader(settings);
    CalmClient probe(settings);
    Pushers base(settings, window);
    for (long each = 0; each < publishers; ++each) base.add("ramp-");
    base.run(2);
    (void)probe.take_p99();
    const double peak = base.run(seconds);
    const double peak_p99 = probe.take_p99();
    // Three times as many, and new machines all the time.
    for (long each = 0; each < publishers * 2; ++each) base.add("more-");
    Pushers newcomers(settings, 1);
    long tried = 0;
    const auto knock = [&] {
        if (newcomers.crowd.open_count() < 200) {
            newcomers.add("new-");
            ++tried;
        }
        newcomers.crowd.step(milliseconds(0));
        for (auto& client : newcomers.crowd.clients) {
            if (client.is_accepted && seconds_since(client.at) > 0.5) newcomers.crowd.close(client);
        }
    };
    const double held = base.run(seconds * 2, knock);
    const double held_p99 = probe.take_p99();
    // The extra load goes away; how soon is a new machine welcome and the probe as quick as before?
    newcomers.is_stopped = true;
    for (auto& client : newcomers.crowd.clients) newcomers.crowd.close(client);
    for (auto& client : base.crowd.clients) {
        if (client.number >= publishers) base.crowd.close(client);
    }
    const auto relieved = Clock::now();
    double recovered_s = -1;
    long late = 1;
    while (recovered_s < 0 && seconds_since(relieved) < 60) {
        base.run(0.5);
        const double p99 = probe.take_p99();
        if (try_to_connect(settings, late++) == 0 && p99 < peak_p99 * 2 + 5)
            recovered_s = seconds_since(relieved);
    }
    Report report(settings.has("json"));
    report.add("peak", peak, "/s");
    report.add("held", held, "/s");
    report.add("held_percent", 100 * held / peak, " %");
    report.add("peak_p99_ms", peak_p99, " ms");
    report.add("held_p99_ms", held_p99, " ms");
    report.add("newcomers", static_cast<double>(tried));
    report.add("refused_0x97", static_cast<double>(newcomers.refused_quota + base.refused_quota));
    report.add("refused_publishes", static_cast<double>(base.refused_publishes));
    report.add("acknowledged", static_cast<double>(base.acknowledged));
    report.add("server_cpu_s", cpu_seconds(settings.number("pid", 0)), " s");
    report.add("delivered_so_far", static_cast<double>(reader.received()));
    report.add("recovered_s", recovered_s, " s");
    report.print("ramp");
    return 0;
}

}  // namespace lineshaft::bench
