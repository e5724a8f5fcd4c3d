// Attacks. Only the attackers: who is measured beside them is a process of its own (--probe).
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "load_crowd.h"

namespace lineshaft::bench {
namespace {

using std::chrono::milliseconds;
constexpr auto version = mqtt::Version::v5_0;
constexpr double silence_max_s = 5;  ///< nothing happens any more: the attack is over

struct Flood {
    const Settings& settings;
    Crowd crowd;
    long count;
    long begun = 0, accepted = 0, refused = 0, closed = 0, answers = 0, delivered = 0;
    Clock::time_point next{};
    std::map<int, long> reasons{};
    bool counts_connects = true;
    long outcomes() const { return (counts_connects ? accepted : 0) + refused + closed + answers; }
};

// New machines that all come at once and stay.
void flood_connect(Flood& flood) {
    for (int each = 0; each < 50 && flood.begun < flood.count; ++each, ++flood.begun) {
        flood.crowd.add(flood.begun, connect_packet("flood-" + std::to_string(flood.begun), true,
                                                    version, flood.settings));
    }
}

// New machines that all come at once and each tell their first value: a session, a twin, a series
// and a row of the catalog each. What counts is that value's acknowledgement.
void flood_fleet(Flood& flood) {
    flood.counts_connects = false;
    for (int each = 0; each < 50 && flood.begun < flood.count; ++each, ++flood.begun) {
        const std::string name = "newcomer-" + std::to_string(flood.begun);
        std::string hello = connect_packet(name, true, version, flood.settings);
        hello += publish_packet("lineshaft/v1/" + name + "/telemetry", R"({"speed":12.5})",
                                mqtt::Qos::at_least_once, 1, version);
        flood.crowd.add(flood.begun, std::move(hello));
    }
}

// Subscriptions to all that is retained, each read to its end (--kept messages, or until nothing
// comes any more) before the client's next.
void flood_hoard(Flood& flood) {
    flood.counts_connects = false;
    if (flood.crowd.clients.empty()) {
        for (long each = 0; each < std::min(10l, flood.count); ++each)
            flood.crowd.add(each, connect_packet("hoarder-" + std::to_string(each), true, version,
                                                 flood.settings));
    }
    const long kept = flood.settings.number("kept", 0);
    for (auto& client : flood.crowd.clients) {
        const bool is_quiet = client.next_id == 0 || client.in_flight >= kept ||
                              (client.in_flight >= 0 && seconds_since(client.at) > 0.5);
        if (!client.is_accepted || !is_quiet || flood.begun >= flood.count) continue;
        flood.crowd.send(client, subscribe_packet("kept/#", mqtt::Qos::at_most_once, version));
        client.next_id = 1;
        client.in_flight = -1;  // SUBACK
        client.at = Clock::now();
        ++flood.begun;
    }
}

// Sockets that never say a word.
void flood_half_open(Flood& flood) {
    for (int each = 0; each < 50 && flood.begun < flood.count; ++each, ++flood.begun)
        flood.crowd.add(flood.begun, "");
}

// A CONNECT that takes for ever: a byte of it twice a second.
void flood_slowloris(Flood& flood) {
    const std::string hello = connect_packet("slow", true, version, flood.settings);
    for (int each = 0; each < 50 && flood.begun < flood.count; ++each, ++flood.begun)
        flood.crowd.add(flood.begun, hello.substr(0, 1)).next_id = 1;
    if (Clock::now() < flood.next) return;
    flood.next = Clock::now() + milliseconds(500);
    for (auto& client : flood.crowd.clients) {
        if (client.next_id < hello.size() - 1)
            flood.crowd.send(client, hello.substr(client.next_id++, 1));
    }
}

// Retained topics as fast as they are taken, from one client.
void flood_retained(Flood& flood) {
    if (flood.crowd.clients.empty())
        flood.crowd.add(0, connect_packet("retainer", true, version, flood.settings));
    auto& client = flood.crowd.clients.front();
    if (!client.is_accepted) return;
    std::string batch;
    for (; client.in_flight < 500 && flood.begun < flood.count; ++client.in_flight, ++flood.begun) {
        if (++client.next_id == 0) client.next_id = 1;
        batch += publish_packet(
            "kept/" + std::to_string(flood.begun % 1'000) + "/" + std::to_string(flood.begun),
            "retained", mqtt::Qos::at_least_once, client.next_id, version, true);
    }
    if (!batch.empty()) flood.crowd.send(client, batch);
}

// Subscriptions made to cost: many wildcards each, from a hundred clients.
void flood_wildcard(Flood& flood) {
    if (flood.crowd.clients.empty()) {
        for (long each = 0; each < 100; ++each)
            flood.crowd.add(each, connect_packet("wild-" + std::to_string(each), true, version,
                                                 flood.settings));
    }
    for (auto& client : flood.crowd.clients) {
        if (!client.is_accepted || client.in_flight > 0 || flood.begun >= flood.count) continue;
        std::string filter = "probe";
        for (int level = 0; level < 20; ++level)
            filter += (flood.begun >> level & 1) != 0 ? "/+" : "/" + std::to_string(level);
        flood.crowd.send(client, subscribe_packet(filter + "/#", mqtt::Qos::at_most_once, version));
        ++client.in_flight;
        ++flood.begun;
    }
}

void count_frame(Flood& flood, Crowd::Client& client, const mqtt::Frame& frame) {
    if (frame.type() == mqtt::PacketType::disconnect) return;  // what follows is counted
    if (frame.type() == mqtt::PacketType::connack) {
        client.is_accepted = frame.body[1] == std::byte{0};
        ++(client.is_accepted ? flood.accepted : flood.refused);
        if (!client.is_accepted) ++flood.reasons[std::to_integer<int>(frame.body[1])];
        return;
    }
    if (frame.type() == mqtt::PacketType::publish) {
        ++flood.delivered;
        ++client.in_flight;
        client.at = Clock::now();
        return;
    }
    client.in_flight += frame.type() == mqtt::PacketType::suback && client.in_flight < 0 ? 1 : -1;
    ++flood.answers;
    const std::size_t at = frame.type() == mqtt::PacketType::suback ? 3 : 2;
    if (frame.body.size() > at && std::to_integer<int>(frame.body[at]) >= 0x80)
        ++flood.reasons[std::to_integer<int>(frame.body[at])];
}

}  // namespace

int run_flood(const Settings& settings) {
    const std::string kind = settings.word("kind", "connect");
    Flood flood{settings, Crowd(static_cast<std::uint16_t>(settings.number("port", 1883))),
                settings.number("flood", 10'000)};
    flood.crowd.on_frame = [&](Crowd::Client& client, const mqtt::Frame& frame) {
        count_frame(flood, client, frame);
    };
    flood.crowd.on_closed = [&](Crowd::Client&) { ++flood.closed; };
    const auto act = kind == "halfopen"    ? flood_half_open
                     : kind == "slowloris" ? flood_slowloris
                     : kind == "retained"  ? flood_retained
                     : kind == "wildcard"  ? flood_wildcard
                     : kind == "fleet"     ? flood_fleet
                     : kind == "hoard"     ? flood_hoard
                                           : flood_connect;
    // Whoever is attacked may say nothing: nothing is awaited but an outcome, and that not for
    // long.
    const double hold_s = kind == "halfopen" || kind == "slowloris" ? 13 : 2;
    const long pid = settings.number("pid", 0);
    const double cpu_before = cpu_seconds(pid), own_before = cpu_seconds(::getpid());
    const auto start = Clock::now();
    auto last = start;
    long settled = 0;
    while (seconds_since(start) < 300) {
        const long begun = flood.begun;
        act(flood);
        flood.crowd.step(milliseconds(1));
        const long now = flood.outcomes() + flood.delivered;
        if (now != settled || flood.begun != begun) last = Clock::now();
        settled = now;
        const bool is_begun = flood.begun >= flood.count;
        const bool is_over = is_begun && kind != "hoard" && flood.outcomes() >= flood.count;
        if (is_over || seconds_since(last) > (is_begun ? hold_s : silence_max_s)) break;
    }
    Report report(settings.has("json"));
    report.add("begun", static_cast<double>(flood.begun));
    report.add("accepted", static_cast<double>(flood.accepted));
    report.add("refused", static_cast<double>(flood.refused));
    report.add("closed", static_cast<double>(flood.closed));
    report.add("answers", static_cast<double>(flood.answers));
    report.add("delivered", static_cast<double>(flood.delivered));
    for (const auto& [reason, count] : flood.reasons) {
        char name[32];
        std::snprintf(name, sizeof name, "reason_0x%02x", static_cast<unsigned>(reason));
        report.add(name, static_cast<double>(count));
    }
    report.add("seconds", std::chrono::duration<double>(last - start).count(), " s");
    report.add("server_cpu_s", cpu_seconds(pid) - cpu_before, " s");
    report.add("attacker_cpu_s", cpu_seconds(::getpid()) - own_before, " s");
    report.add("resident_mb", static_cast<double>(resident_bytes(pid)) / 1e6, " MB");
    report.print("flood " + kind);
    return 0;
}

}  // namespace lineshaft::bench
