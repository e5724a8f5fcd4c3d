// Many connections: what an idle one costs, and how soon they are all back.
#include <cstdio>
#include <thread>

#include "load_crowd.h"

namespace lineshaft::bench {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t connecting_max = 500;  // at a time, so that no backlog overflows

// Waits until `is_done`, or dies when nothing happens for so long.
template <class Done>
void run_until(Crowd& crowd, Done is_done, double patience_s = 60) {
    const auto start = Clock::now();
    while (!is_done()) {
        crowd.step(milliseconds(20));
        if (seconds_since(start) > patience_s) die("nothing happens any more");
    }
}

long settled_bytes(long pid) {
    std::this_thread::sleep_for(milliseconds(1'500));
    return resident_bytes(pid);
}

// Connects clients and, stage by stage, makes them sessions with a subscription.
struct Idle {
    explicit Idle(const Settings& its_settings)
        : settings(its_settings),
          crowd(static_cast<std::uint16_t>(its_settings.number("port", 1883))) {
        crowd.on_frame = [this](Crowd::Client&, const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::connack) {
                ++(frame.body[1] == std::byte{0} ? accepted : refused);
            }
            if (frame.type() == mqtt::PacketType::suback) ++subscribed;
            if (frame.type() == mqtt::PacketType::publish) ++told;
        };
        crowd.on_closed = [this](Crowd::Client&) { ++closed; };
    }
    void open(long from, long until) {
        for (long number = from; number < until; ++number) {
            crowd.add(number, "");
            run_until(crowd, [&] {
                return std::size_t(number - from) <
                       connected() - std::size_t(from) + connecting_max;
            });
        }
        run_until(crowd, [&] { return connected() >= std::size_t(until); });
    }
    std::size_t connected() {
        while (known < crowd.clients.size() && crowd.clients[known].is_connected) ++known;
        return known;
    }
    void each(long from, long until, const std::function<std::string(long)>& packet, long& count) {
        for (long number = from; number < until; ++number) {
            crowd.send(crowd.clients[static_cast<std::size_t>(number)], packet(number));
            run_until(crowd, [&] { return count + refused + long(connecting_max) > number; });
        }
        run_until(crowd, [&] { return count + refused + closed >= until; });
    }
    /// One message to each of them; gives the seconds until the last has it.
    double tell_all(long until) {
        auto& speaker = crowd.add(198 * 10'000, connect_packet("idle-speaker", true,
                                                               mqtt::Version::v3_1_1, settings));
        const long accepted_before = accepted;
        run_until(crowd, [&] { return accepted > accepted_before; });
        const auto start = Clock::now();
        for (long number = 0; number < until; ++number) {
            crowd.send(speaker, publish_packet("idle/client/" + std::to_string(number), "wake up",
                                               mqtt::Qos::at_most_once, 0, mqtt::Version::v3_1_1));
            if (number % 500 == 0)
                run_until(crowd, [&] { return told + 10 * long(connecting_max) > number; });
        }
        run_until(crowd, [&] { return told >= until; });
        return seconds_since(start);
    }
    void connect(long from, long until) {
        each(
            from, until,
            [this](long number) {
                return connect_packet("idle-client-" + std::to_string(number), true,
                                      mqtt::Version::v3_1_1, settings);
            },
            accepted);
    }
    void subscribe(long from, long until) {
        each(
            from, until,
            [](long number) {
                return subscribe_packet("idle/client/" + std::to_string(number),
                                        mqtt::Qos::at_least_once, mqtt::Version::v3_1_1);
            },
            subscribed);
    }

    const Settings& settings;
    Crowd crowd;
    std::size_t known = 0;
    long accepted = 0, refused = 0, subscribed = 0, closed = 0, told = 0;
};

}  // namespace

int run_idle(const Settings& settings) {
    const long pid = settings.number("pid", 0), count = settings.number("idle", 15'000);
    constexpr long warm = 200;
    Idle idle(settings);
    // The first few make what is made once.
    idle.open(0, warm);
    idle.connect(0, warm);
    idle.subscribe(0, warm);
    const long until = count + warm;
    const long before = settled_bytes(pid);
    // In parts small enough for the limit of sockets without CONNECT.
    constexpr long part = 2'000;
    long sockets = 0, sessions = 0, subscriptions = 0, last = before;
    double idle_s = 0;
    for (long from = warm; from < until; from += part) {
        const long to = std::min(from + part, until);
        const auto began = Clock::now();
        idle.open(from, to);
        const double opened_s = seconds_since(began);
        long now = settled_bytes(pid);
        sockets += now - std::exchange(last, now);
        auto middle = Clock::now();
        idle.connect(from, to);
        const double connected_s = seconds_since(middle);
        now = settled_bytes(pid);
        sessions += now - std::exchange(last, now);
        middle = Clock::now();
        idle.subscribe(from, to);
        idle_s += opened_s + connected_s + seconds_since(middle);
        now = settled_bytes(pid);
        subscriptions += now - std::exchange(last, now);
    }
    if (idle.refused + idle.closed != 0) die("some were refused");
    Report report(settings.has("json"));
    if (settings.has("tell")) {
        constexpr double rest_s = 5;
        const double cpu = cpu_seconds(pid);
        std::this_thread::sleep_for(std::chrono::duration<double>(rest_s));
        report.add("idle_cpu_percent", 100 * (cpu_seconds(pid) - cpu) / rest_s, " %");
        const double cpu_told = cpu_seconds(pid);
        report.add("told_s", idle.tell_all(until), " s");
        report.add("told_cpu_s", cpu_seconds(pid) - cpu_told, " s");
        report.add("told_mb", static_cast<double>(settled_bytes(pid)) / 1e6, " MB");
    }
    report.add("connections", static_cast<double>(count));
    report.add("bytes_each", static_cast<double>(last - before) / static_cast<double>(count));
    report.add("bytes_socket", static_cast<double>(sockets) / static_cast<double>(count));
    report.add("bytes_session", static_cast<double>(sessions) / static_cast<double>(count));
    report.add("bytes_subscription",
               static_cast<double>(subscriptions) / static_cast<double>(count));
    report.add("seconds", idle_s, " s");
    report.add("resident_mb", static_cast<double>(last) / 1e6, " MB");
    report.print("idle connections with one subscription");
    return 0;
}

int run_reconnect(const Settings& settings) {
    const long count = settings.number("reconnect", 15'000), pid = settings.number("pid", 0);
    const auto port = static_cast<std::uint16_t>(settings.number("port", 1883));
    const auto version = mqtt::Version::v5_0;
    const auto name = [](long number) { return "back-" + std::to_string(number); };
    long served = 0, refused = 0, resumed = 0;
    const auto serve_all = [&](bool is_first, std::size_t at_once) {
        served = refused = resumed = 0;
        Crowd crowd(port);
        std::deque<long> again;
        crowd.on_frame = [&](Crowd::Client& client, const mqtt::Frame& frame) {
            if (frame.type() == mqtt::PacketType::connack) {
                if (frame.body[1] != std::byte{0}) {
                    ++refused;
                    return;
                }
                client.is_accepted = true;
                if ((frame.body[0] & std::byte{1}) != std::byte{0}) ++resumed;
                if (!is_first) {
                    ++served;
                    return;
                }
                crowd.send(client, subscribe_packet("back/" + std::to_string(client.number),
                                                    mqtt::Qos::at_least_once, version));
            } else if (frame.type() == mqtt::PacketType::suback) {
                ++served;
            }
        };
        // Whoever is refused or cut off comes again, as clients do.
        crowd.on_closed = [&](Crowd::Client& client) { again.push_back(client.number); };
        const auto start = Clock::now();
        long next = 0;
        while (served < count) {
            while (next < count && crowd.open_count() - std::size_t(served) < at_once)
                crowd.add(next, connect_packet(name(next), false, version, settings)), ++next;
            for (; !again.empty() && crowd.open_count() - std::size_t(served) < at_once;
                 again.pop_front()) {
                crowd.add(again.front(),
                          connect_packet(name(again.front()), false, version, settings));
            }
            crowd.step(milliseconds(20));
            if (seconds_since(start) > 300) die("not all came back in 300 s");
        }
        return seconds_since(start);
    };
    serve_all(true, 500);
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const double cpu = cpu_seconds(pid);
    const double back_s = serve_all(false, static_cast<std::size_t>(count));
    Report report(settings.has("json"));
    report.add("clients", static_cast<double>(count));
    report.add("seconds", back_s, " s");
    report.add("resumed", static_cast<double>(resumed));
    report.add("refused_first", static_cast<double>(refused));
    report.add("cpu_s", cpu_seconds(pid) - cpu, " s");
    report.print("all back with their sessions");
    return 0;
}

}  // namespace lineshaft::bench
