// A load program for the HTTP doors for data.
//   ingest_load MODE --port P --pid PID --token T [--samples 4000000] [--connections 4]
//               [--lines 1000] [--trucks 1000] [--json]
// Modes: --influx (line protocol, /api/v2/write) · --remote-write (Prometheus, 2,000 series a
// request) · --ndjson (/api/v1/telemetry).
// Question: how many samples a second, and how many for each CPU-second of the server, when every
// answer means "on disk"?
// Data: TSBS-iot-compatible trucks (8 tags; positions walk, the rest are whole numbers), 10 fields
// a line, one line a truck every 10 s from 2016-01-01. Made before the clock starts.
#include <fmt/format.h>
#include <snappy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <random>
#include <thread>
#include <vector>

#include "load.h"

namespace lineshaft::bench {
namespace {

constexpr long fields_per_line = 10;
constexpr std::int64_t begin_s = 1'451'606'400;
constexpr std::array<std::string_view, fields_per_line> names = {
    "latitude", "longitude",        "elevation",  "velocity",     "heading",
    "grade",    "fuel_consumption", "fuel_state", "current_load", "status"};

struct Truck {
    std::string tags;    // as Influx writes them
    std::string labels;  // as protobuf, without the metric's name
    std::string name;
    std::array<double, fields_per_line> values{};
};

class Fleet {
public:
    explicit Fleet(long trucks) : dice_(123) {
        constexpr std::array fleets = {"East", "West", "North", "South"};
        constexpr std::array drivers = {"Derek", "Rodney", "Albert", "Andy", "Seth", "Trish"};
        constexpr std::array models = {"F-150", "G-2000", "H-2"};
        constexpr std::array loads = {"2000", "5000", "1500"};
        constexpr std::array fuels = {"200", "300", "150"};
        constexpr std::array consumptions = {"15", "19", "12"};
        constexpr std::array versions = {"v1.0", "v1.5", "v2.0", "v2.3"};
        for (long index = 0; index < trucks; ++index) {
            const std::size_t model = pick(models.size());
            const std::vector<std::pair<std::string, std::string>> tags = {
                {"device_version", versions[pick(versions.size())]},
                {"driver", drivers[pick(drivers.size())]},
                {"fleet", fleets[pick(fleets.size())]},
                {"fuel_capacity", fuels[model]},
                {"load_capacity", loads[model]},
                {"machine", fmt::format("truck_{}", index)},
                {"model", models[model]},
                {"nominal_fuel_consumption", consumptions[model]}};
            Truck truck;
            truck.name = fmt::format("truck_{}", index);
            for (const auto& [key, value] : tags) {
                truck.tags += "," + key + "=" + value;
                truck.labels += label(key, value);
            }
            truck.values = {step(-90, 90), step(-180, 180), 100, 50, 90, 10, 25, 1, 500, 0};
            trucks_.push_back(std::move(truck));
        }
    }

    const Truck& next(std::int64_t& at_s) {
        Truck& truck = trucks_[at_ % trucks_.size()];
        at_s = begin_s + static_cast<std::int64_t>(at_ / trucks_.size()) * 10;
        ++at_;
        auto& value = truck.values;
        value[0] = walk(value[0], 0.005, -90, 90);
        value[1] = walk(value[1], 0.005, -180, 180);
        value[2] = std::trunc(walk(value[2], 10, 0, 5000));
        value[3] = std::trunc(walk(value[3], 10, 0, 100));
        value[4] = std::trunc(walk(value[4], 5, 0, 360));
        value[5] = std::trunc(walk(value[5], 5, 0, 100));
        value[6] = std::trunc(walk(value[6], 5, 0, 50) * 10) / 10;
        value[7] = std::trunc(std::max(0.0, value[7] - step(0, 0.001)) * 10) / 10;
        if (value[7] <= 0) value[7] = 1;
        if (pick(20) == 0) value[8] = std::trunc(step(0, 5000));
        value[9] = std::trunc(walk(value[9], 1, 0, 5));
        return truck;
    }

    /// message Label { string name = 1; string value = 2; } as field 1 of a TimeSeries.
    static std::string label(std::string_view name, std::string_view value) {
        std::string body;
        put_text(body, 0x0a, name);
        put_text(body, 0x12, value);
        std::string out;
        put_text(out, 0x0a, body);
        return out;
    }
    static void put_varint(std::string& out, std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
        out += static_cast<char>(value);
    }
    static void put_text(std::string& out, char tag, std::string_view text) {
        out += tag;
        put_varint(out, text.size());
        out += text;
    }

private:
    std::size_t pick(std::size_t count) { return dice_() % count; }
    double step(double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(dice_);
    }
    double walk(double value, double by, double low, double high) {
        return std::clamp(value + step(-by, by), low, high);
    }

    std::mt19937_64 dice_;
    std::vector<Truck> trucks_;
    std::size_t at_ = 0;
};

std::string text_of(double value, std::size_t field) {
    return field < 2 ? fmt::format("{:.5f}", value) : fmt::format("{}", value);
}

std::string influx_body(Fleet& fleet, long lines) {
    std::string body;
    for (long line = 0; line < lines; ++line) {
        std::int64_t at_s = 0;
        const Truck& truck = fleet.next(at_s);
        body += "readings" + truck.tags;
        for (std::size_t field = 0; field < names.size(); ++field) {
            body += field == 0 ? ' ' : ',';
            body += fmt::format("{}={}", names[field], text_of(truck.values[field], field));
        }
        body += fmt::format(" {}000000000\n", at_s);
    }
    return body;
}

std::string ndjson_body(Fleet& fleet, long lines) {
    std::string body;
    for (long line = 0; line < lines; ++line) {
        std::int64_t at_s = 0;
        const Truck& truck = fleet.next(at_s);
        body += fmt::format(R"({{"machine":"{}","ts":{}000,"values":{{)", truck.name, at_s);
        for (std::size_t field = 0; field < names.size(); ++field) {
            body += fmt::format(R"({}"{}":{})", field == 0 ? "" : ",", names[field],
                                text_of(truck.values[field], field));
        }
        body += "}}\n";
    }
    return body;
}

std::string remote_write_body(Fleet& fleet, long lines) {
    std::string request;
    for (long line = 0; line < lines; ++line) {
        std::int64_t at_s = 0;
        const Truck& truck = fleet.next(at_s);
        for (std::size_t field = 0; field < names.size(); ++field) {
            std::string series =
                Fleet::label("__name__", fmt::format("truck_{}", names[field])) + truck.labels;
            std::string sample = "\x09";
            const auto bits = std::bit_cast<std::array<char, 8>>(truck.values[field]);
            sample.append(bits.data(), bits.size());
            sample += '\x10';
            Fleet::put_varint(sample, static_cast<std::uint64_t>(at_s) * 1000);
            Fleet::put_text(series, 0x12, sample);
            Fleet::put_text(request, 0x0a, series);
        }
    }
    std::string packed;
    snappy::Compress(request.data(), request.size(), &packed);
    return packed;
}

struct Way {
    std::string_view target, headers;
    std::string (*body)(Fleet&, long);
};

Way way_of(const Settings& settings) {
    if (settings.has("influx")) return {"/api/v2/write?precision=ns", "", &influx_body};
    if (settings.has("ndjson"))
        return {"/api/v1/telemetry", "Content-Type: application/x-ndjson\r\n", &ndjson_body};
    if (settings.has("remote-write"))
        return {"/api/v1/write",
                "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n",
                &remote_write_body};
    die("one of --influx, --ndjson, --remote-write");
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) die("the server closed a connection");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

// The answer's head; 204 has no body.
void expect_204(int socket) {
    std::string head;
    std::array<char, 4096> piece;
    while (!head.contains("\r\n\r\n")) {
        const auto got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) die("the server closed a connection");
        head.append(piece.data(), static_cast<std::size_t>(got));
    }
    if (!head.starts_with("HTTP/1.1 204")) die("not 204: " + head);
}

int run(const Settings& settings) {
    const Way way = way_of(settings);
    const long lines = settings.number("lines", settings.has("remote-write") ? 200 : 1'000);
    const long connections = settings.number("connections", 4);
    const long bodies =
        std::max(connections, settings.number("samples", 4'000'000) / fields_per_line / lines);
    const long pid = settings.number("pid", 0);
    Fleet fleet(settings.number("trucks", 1'000));
    std::vector<std::string> requests;
    std::size_t bytes = 0;
    for (long index = 0; index < bodies; ++index) {
        const std::string body = way.body(fleet, lines);
        bytes += body.size();
        requests.push_back(fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}"
                                       "Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
                                       way.target, way.headers, settings.word("token", ""),
                                       body.size()) +
                           body);
    }
    const auto cpu_before = cpu_seconds(pid);
    const auto start = Clock::now();
    std::vector<std::vector<double>> waits(static_cast<std::size_t>(connections));
    {
        std::vector<std::jthread> senders;
        for (long each = 0; each < connections; ++each) {
            senders.emplace_back([&, each] {
                const int socket = connect_to(
                    static_cast<std::uint16_t>(settings.number("port", 8080)), each, true);
                auto& mine = waits[static_cast<std::size_t>(each)];
                // Each connection takes every n-th body, so that time goes forward everywhere.
                for (auto at = static_cast<std::size_t>(each); at < requests.size();
                     at += static_cast<std::size_t>(connections)) {
                    const auto sent = Clock::now();
                    send_all(socket, requests[at]);
                    expect_204(socket);
                    mine.push_back(seconds_since(sent) * 1000);
                }
                ::close(socket);
            });
        }
    }
    const double seconds = seconds_since(start);
    const double cpu = cpu_seconds(pid) - cpu_before;
    std::vector<double> all;
    for (const auto& some : waits) all.insert(all.end(), some.begin(), some.end());
    std::ranges::sort(all);
    const auto samples = static_cast<double>(bodies * lines * fields_per_line);
    Report report(settings.has("json"));
    report.add("samples", samples);
    report.add("samples_per_s", samples / seconds, "/s");
    if (cpu > 0) report.add("samples_per_cpu_s", samples / cpu, "/CPU s");
    report.add("bytes_per_sample", static_cast<double>(bytes) / samples);
    report.add("p50_ms", all[all.size() / 2], "ms");
    report.add("p99_ms", all[all.size() * 99 / 100], "ms");
    report.print(way.target);
    return 0;
}

}  // namespace
}  // namespace lineshaft::bench

int main(int argc, char** argv) {
    using namespace lineshaft::bench;
    Settings settings;
    for (int at = 1; at < argc; ++at) {
        std::string name = argv[at];
        if (!name.starts_with("--")) die("what is " + name + "?");
        name.erase(0, 2);
        const bool has_value = at + 1 < argc && std::string_view(argv[at + 1]).substr(0, 2) != "--";
        settings.text[name] = has_value ? argv[++at] : "";
    }
    return run(settings);
}
