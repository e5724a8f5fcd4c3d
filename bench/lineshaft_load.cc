// The load program: trucks through every door, with a journal of what was acknowledged.
//   lineshaft_load DOOR --port P [--pid PID] [--token T] [--samples 4000000] [--connections 4] [--lines 1000]
//                  [--trucks 1000] [--seed 123] [--disorder] [--journal FILE] [--path PATH] [--json]
// Doors: --influx (line protocol) · --remote-write (Prometheus) · --ndjson (/api/v1/telemetry) · --mqtt-json (QoS 1, a line
// a message, --window 200 of them unanswered) · --sparkplug (QoS 1, DDATA of ten metrics, a device a truck; --batch 20 of a
// truck's lines in one; --node-batch 20: NDATA of the lines of so many trucks, whose fields are the edge node's own metrics).
//   lineshaft_load --check FILE, with the same other words: of each truck and field, how many samples the journal says were
// acknowledged, and their sum; one "machine,tag,count,sum" a line.
// Question: how many samples a second, and how many for each CPU-second of the server?
// Everything is made before the clock starts. The same words make the same data.
#include <fmt/format.h>
#include <poll.h>
#include <snappy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "load.h"
#include "trucks.h"
#include "wire/sparkplug/edge.h"

namespace lineshaft::bench {
namespace {

constexpr auto mqtt_version = mqtt::Version::v3_1_1;

std::string text_of(double value, std::size_t field) {
    return field < 2 ? fmt::format("{:.5f}", value) : fmt::format("{}", value);
}

/// What is acknowledged as one: an HTTP body or a message.
struct Piece {
    std::string bytes;
    std::size_t samples = 0;
};
using Entries = std::vector<Entry>;

std::string influx_body(const Fleet& fleet, const Entries& entries) {
    std::string body;
    for (const Entry& entry : entries) {
        body += "readings" + fleet.truck(entry.truck).tags;
        char before = ' ';
        for (std::size_t field = 0; field < truck_fields; ++field) {
            if ((entry.present >> field & 1) == 0) continue;
            body += before;
            body += fmt::format("{}={}", field_names[field], text_of(entry.values[field], field));
            before = ',';
        }
        body += fmt::format(" {}000000000\n", entry.at_s);
    }
    return body;
}

std::string json_of(const Entry& entry) {
    std::string values;
    for (std::size_t field = 0; field < truck_fields; ++field) {
        if ((entry.present >> field & 1) == 0) continue;
        values += fmt::format(R"({}"{}":{})", values.empty() ? "" : ",", field_names[field],
                              text_of(entry.values[field], field));
    }
    return fmt::format(R"("ts":{}000,"values":{{{}}}}})", entry.at_s, values);
}

std::string ndjson_body(const Fleet& fleet, const Entries& entries) {
    std::string body;
    for (const Entry& entry : entries)
        body += fmt::format(R"({{"machine":"{}",)", fleet.truck(entry.truck).name) + json_of(entry) + "\n";
    return body;
}

std::string remote_write_body(const Fleet& fleet, const Entries& entries) {
    std::string request;
    for (const Entry& entry : entries) {
        for (std::size_t field = 0; field < truck_fields; ++field) {
            if ((entry.present >> field & 1) == 0) continue;
            std::string series = label_of("__name__", fmt::format("readings_{}", field_names[field])) +
                                 fleet.truck(entry.truck).labels;
            std::string sample = "\x09";
            const auto bits = std::bit_cast<std::array<char, 8>>(entry.values[field]);
            sample.append(bits.data(), bits.size());
            sample += '\x10';
            put_varint(sample, static_cast<std::uint64_t>(entry.at_s) * 1000);
            put_field(series, 0x12, sample);
            put_field(request, 0x0a, series);
        }
    }
    std::string packed;
    snappy::Compress(request.data(), request.size(), &packed);
    return packed;
}

struct Door {
    std::string_view target, headers;
    std::string (*body)(const Fleet&, const Entries&);
    long lines;
};

std::optional<Door> http_door(const Settings& settings) {
    if (settings.has("influx")) return Door{"/api/v2/write?precision=ns", "", &influx_body, 1'000};
    if (settings.has("ndjson"))
        return Door{"/api/v1/telemetry", "Content-Type: application/x-ndjson\r\n", &ndjson_body, 1'000};
    if (settings.has("remote-write"))
        return Door{"/api/v1/write", "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n",
                    &remote_write_body, 200};
    return std::nullopt;
}

std::string packet_of(std::string_view topic, std::string_view payload, std::size_t number) {
    std::string out;
    const auto id = static_cast<std::uint16_t>(number % 65'535 + 1);
    mqtt::encode(mqtt::PublishView{.message = {topic, "", payload},
                                   .qos = mqtt::Qos::at_least_once,
                                   .packet_id = id},
                 mqtt_version, out);
    return out;
}

/// What each connection sends, in order, and what of it says nothing about trucks (births).
struct Plan {
    std::vector<std::vector<Piece>> by_connection;
    std::vector<Piece> openings;
};

// A gateway for each connection, with a device for each of its trucks, or all their fields as metrics of its own.
class Gateway {
public:
    Gateway(std::size_t number, const Fleet& fleet, std::size_t connections, bool is_one)
        : is_one_(is_one), edge_("load", fmt::format("gateway{}", number)) {
        names_.resize(fleet.size());
        for (std::size_t truck = number; truck < fleet.size(); truck += connections) {
            const std::string& name = fleet.truck(truck).name;
            for (std::size_t field = 0; field < truck_fields; ++field) {
                std::string& tag = names_[truck][field];
                tag = is_one ? fmt::format("{}/{}", name, field_names[field]) : std::string(field_names[field]);
                sparkplug::EdgeMetric metric;
                metric.definition.name = tag;
                metric.definition.type = sparkplug::DataType::float64;
                metric.value = 0.0;
                metric.at = Instant{1};
                if (!edge_.define(is_one ? "" : name, metric)) die("sparkplug: define");
            }
        }
        (void)edge_.will(Instant{1});
        for (const auto& birth : edge_.connected(Instant{1})) {
            opening.bytes += packet_of(birth.topic, birth.payload, opening.samples++);
        }
    }
    Piece data(const std::string& device, const Entries& entries, std::size_t number) {
        std::vector<sparkplug::Update> updates;
        Instant at;
        for (const Entry& entry : entries) {
            at = Instant{entry.at_s * 1'000'000};
            for (std::size_t field = 0; field < truck_fields; ++field) {
                if ((entry.present >> field & 1) != 0)
                    updates.push_back({names_[entry.truck][field], entry.values[field], at, false});
            }
        }
        const std::size_t samples = updates.size();
        auto published = edge_.data(is_one_ ? "" : device, std::move(updates), at);
        if (!published) die("sparkplug: " + published.error().context);
        return {packet_of(published->topic, published->payload, opening.samples + number), samples};
    }

    Piece opening;  ///< births; `samples` counts its packets

private:
    bool is_one_;
    std::vector<std::array<std::string, truck_fields>> names_;  ///< of its trucks
    sparkplug::Edge edge_;
};

// Each truck keeps to one connection, so that its time goes forward as the fleet's does.
Plan plan_messages(const Settings& settings, Fleet& fleet, std::size_t connections, std::size_t samples_wanted,
                   std::vector<std::vector<Entries>>* keeps) {
    Plan plan;
    plan.by_connection.resize(connections);
    if (keeps != nullptr) keeps->resize(connections);
    std::vector<Gateway> gateways;
    const bool is_sparkplug = settings.has("sparkplug");
    const bool is_node = is_sparkplug && settings.has("node-batch");
    for (std::size_t each = 0; each < connections && is_sparkplug; ++each) {
        gateways.emplace_back(each, fleet, connections, is_node);
        plan.openings.push_back(gateways.back().opening);
    }
    const auto add = [&](const Entries& entries) {
        const std::size_t truck = entries.front().truck, to = truck % connections;
        auto& mine = plan.by_connection[to];
        const std::string& name = fleet.truck(truck).name;
        if (is_sparkplug) {
            mine.push_back(gateways[to].data(name, entries, mine.size()));
        } else {
            const std::string payload = "{" + json_of(entries.front());
            mine.push_back({packet_of("lineshaft/v1/" + name + "/telemetry", payload, mine.size()),
                            entries.front().count()});
        }
        if (keeps != nullptr) (*keeps)[to].push_back(entries);
    };
    const long lines = is_sparkplug ? settings.number(is_node ? "node-batch" : "batch", 1) : 1;
    const auto batch = static_cast<std::size_t>(lines);
    std::vector<Entries> gathered(fleet.size());
    for (std::size_t made = 0; made < samples_wanted;) {
        const Entry entry = fleet.next();
        made += entry.count();
        Entries& mine = gathered[is_node ? entry.truck % connections : entry.truck];
        mine.push_back(entry);
        if (mine.size() < batch) continue;
        add(mine);
        mine.clear();
    }
    for (const Entries& rest : gathered) {
        if (!rest.empty()) add(rest);
    }
    return plan;
}

Plan plan_bodies(const Settings& settings, const Door& door, Fleet& fleet, std::size_t connections,
                 std::size_t samples_wanted, std::vector<std::vector<Entries>>* keeps) {
    Plan plan;
    plan.by_connection.resize(connections);
    if (keeps != nullptr) keeps->resize(connections);
    const auto lines = static_cast<std::size_t>(settings.number("lines", door.lines));
    const std::string token = settings.word("token", "");
    const std::string login = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
    std::size_t bodies = 0;
    for (std::size_t made = 0; made < samples_wanted; ++bodies) {
        Entries entries;
        Piece piece;
        for (std::size_t line = 0; line < lines; ++line) {
            entries.push_back(fleet.next());
            piece.samples += entries.back().count();
        }
        made += piece.samples;
        // --count only: nobody needs the bytes.
        if (keeps == nullptr) {
            const std::string body = door.body(fleet, entries);
            piece.bytes = fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}{}Content-Length: {}\r\n\r\n",
                                      settings.word("path", std::string(door.target)), door.headers, login,
                                      body.size()) +
                          body;
        } else {
            (*keeps)[bodies % connections].push_back(entries);
        }
        // Each connection takes every n-th body, so that time goes forward everywhere.
        plan.by_connection[bodies % connections].push_back(std::move(piece));
    }
    return plan;
}

Plan plan_of(const Settings& settings, Fleet& fleet, std::vector<std::vector<Entries>>* keeps) {
    const auto connections = static_cast<std::size_t>(settings.number("connections", 4));
    const auto samples = static_cast<std::size_t>(settings.number("samples", 4'000'000));
    if (const auto door = http_door(settings)) return plan_bodies(settings, *door, fleet, connections, samples, keeps);
    if (settings.has("mqtt-json") || settings.has("sparkplug"))
        return plan_messages(settings, fleet, connections, samples, keeps);
    die("one of --influx, --remote-write, --ndjson, --mqtt-json, --sparkplug");
}

/// "connection piece" a line, written through before the next is sent.
class Journal {
public:
    explicit Journal(const std::string& file) {
        if (file.empty()) return;
        out_ = std::fopen(file.c_str(), "w");
        if (out_ == nullptr) die("cannot write " + file);
    }
    ~Journal() {
        if (out_ != nullptr) std::fclose(out_);
    }
    void acknowledged(std::size_t connection, std::size_t piece) {
        if (out_ == nullptr) return;
        const std::lock_guard guard(guard_);
        std::fprintf(out_, "%zu %zu\n", connection, piece);
        std::fflush(out_);
    }

private:
    std::mutex guard_;
    std::FILE* out_ = nullptr;
};

struct Run {
    const Settings& settings;
    Journal journal;
    std::mutex guard;
    std::vector<double> waits_ms;
    std::size_t samples = 0;  ///< acknowledged
    bool was_cut = false;     ///< the server went away: what was acknowledged counts
};

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// The answer's head; 204 has no body.
bool is_204(int socket) {
    std::string head;
    std::array<char, 4096> piece;
    while (!head.contains("\r\n\r\n")) {
        const auto got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) return false;
        head.append(piece.data(), static_cast<std::size_t>(got));
    }
    if (!head.starts_with("HTTP/1.1 204")) die("not 204: " + head);
    return true;
}

int open_socket(const Run& run, std::size_t connection) {
    return connect_to(static_cast<std::uint16_t>(run.settings.number("port", 8080)), static_cast<long>(connection),
                      true);
}

void finish(Run& run, std::vector<double> waits, std::size_t samples, bool was_cut) {
    const std::lock_guard guard(run.guard);
    run.waits_ms.insert(run.waits_ms.end(), waits.begin(), waits.end());
    run.samples += samples;
    run.was_cut |= was_cut;
}

void send_bodies(Run& run, std::size_t connection, const std::vector<Piece>& pieces) {
    const int socket = open_socket(run, connection);
    std::vector<double> waits;
    std::size_t samples = 0, done = 0;
    for (; done < pieces.size(); ++done) {
        const auto sent = Clock::now();
        if (!send_all(socket, pieces[done].bytes) || !is_204(socket)) break;
        run.journal.acknowledged(connection, done);
        waits.push_back(seconds_since(sent) * 1000);
        samples += pieces[done].samples;
    }
    ::close(socket);
    finish(run, std::move(waits), samples, done < pieces.size());
}

/// Reads once; calls visit for each PUBACK and CONNACK. False: the server is gone.
template <class Visit>
bool read_packets(int socket, std::string& in, Visit visit) {
    const std::size_t before = in.size();
    in.resize(before + 64 * 1024);
    const auto got = ::recv(socket, in.data() + before, in.size() - before, 0);
    in.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) return false;
    std::size_t taken = 0;
    for (;;) {
        const auto frame = mqtt::next_frame(as_bytes(in).subspan(taken), 1 << 28);
        if (!frame) die("not MQTT");
        if (!*frame) break;
        visit(**frame);
        taken += (*frame)->size_bytes;
    }
    in.erase(0, taken);
    return true;
}

void send_messages(Run& run, std::size_t connection, const Piece& opening, const std::vector<Piece>& pieces) {
    const int socket = open_socket(run, connection);
    std::string in;
    Settings login = run.settings;
    if (login.has("token")) login.text["user"] = login.word("token", "");
    bool is_open = send_all(socket, connect_packet(fmt::format("load-{}", connection), true, mqtt_version, login));
    const auto window = static_cast<std::size_t>(run.settings.number("window", 200));
    std::size_t sent = 0, answered = 0, samples = 0, births_left = opening.samples;
    bool is_welcome = false;
    std::vector<Clock::time_point> due(pieces.size());
    std::vector<double> waits;
    while (is_open && (!is_welcome || births_left > 0 || answered < pieces.size())) {
        std::string batch;
        for (; is_welcome && births_left == 0 && sent < pieces.size() && sent - answered < window; ++sent) {
            due[sent] = Clock::now();
            batch += pieces[sent].bytes;
        }
        is_open = send_all(socket, batch) && read_packets(socket, in, [&](const mqtt::Frame& frame) {
                      if (frame.type() == mqtt::PacketType::connack) {
                          if (frame.body[1] != std::byte{0}) die("the server refused the connection");
                          is_welcome = true;
                          if (!send_all(socket, opening.bytes)) die("births");
                      } else if (frame.type() == mqtt::PacketType::puback && births_left > 0) {
                          --births_left;
                      } else if (frame.type() == mqtt::PacketType::puback) {
                          run.journal.acknowledged(connection, answered);
                          waits.push_back(seconds_since(due[answered]) * 1000);
                          samples += pieces[answered++].samples;
                      }
                  });
    }
    ::close(socket);
    finish(run, std::move(waits), samples, answered < pieces.size());
}

int load(const Settings& settings) {
    Fleet fleet(static_cast<std::size_t>(settings.number("trucks", 1'000)),
                static_cast<std::uint64_t>(settings.number("seed", 123)), settings.has("disorder"));
    const Plan plan = plan_of(settings, fleet, nullptr);
    const bool is_http = http_door(settings).has_value();
    std::size_t bytes = 0, made = 0;
    for (const auto& some : plan.by_connection) {
        for (const Piece& piece : some) {
            bytes += piece.bytes.size();
            made += piece.samples;
        }
    }
    const long pid = settings.number("pid", 0);
    Run run{settings, Journal(settings.word("journal", "")), {}, {}, 0, false};
    const auto cpu_before = cpu_seconds(pid);
    const auto start = Clock::now();
    {
        std::vector<std::jthread> senders;
        for (std::size_t each = 0; each < plan.by_connection.size(); ++each) {
            senders.emplace_back([&, each] {
                if (is_http) return send_bodies(run, each, plan.by_connection[each]);
                static const Piece nothing;
                send_messages(run, each, plan.openings.empty() ? nothing : plan.openings[each],
                              plan.by_connection[each]);
            });
        }
    }
    const double seconds = seconds_since(start);
    const double cpu = run.was_cut ? 0 : cpu_seconds(pid) - cpu_before;
    if (run.was_cut && !settings.has("journal")) die("the server closed a connection");
    auto& all = run.waits_ms;
    std::ranges::sort(all);
    const auto samples = static_cast<double>(run.samples);
    Report report(settings.has("json"));
    report.add("samples", samples);
    report.add("samples_per_s", samples / seconds, "/s");
    if (cpu > 0) report.add("samples_per_cpu_s", samples / cpu, "/CPU s");
    report.add("bytes_per_sample", static_cast<double>(bytes) / static_cast<double>(made));
    if (!all.empty()) report.add("p50_ms", all[all.size() / 2], "ms");
    if (!all.empty()) report.add("p99_ms", all[all.size() * 99 / 100], "ms");
    if (pid > 0 && !run.was_cut) report.add("resident_mb", static_cast<double>(resident_bytes(pid)) / 1e6);
    report.print("acknowledged");
    return 0;
}

int check(const Settings& settings) {
    Fleet fleet(static_cast<std::size_t>(settings.number("trucks", 1'000)),
                static_cast<std::uint64_t>(settings.number("seed", 123)), settings.has("disorder"));
    std::vector<std::vector<Entries>> entries;
    (void)plan_of(settings, fleet, &entries);
    struct Total {
        std::size_t count = 0;
        double sum = 0;
    };
    std::vector<std::array<Total, truck_fields>> totals(fleet.size());
    std::ifstream journal(settings.word("check", ""));
    std::size_t connection = 0, piece = 0;
    while (journal >> connection >> piece) {
        for (const Entry& entry : entries.at(connection).at(piece)) {
            for (std::size_t field = 0; field < truck_fields; ++field) {
                if ((entry.present >> field & 1) == 0) continue;
                Total& total = totals[entry.truck][field];
                ++total.count;
                total.sum += entry.values[field];
            }
        }
    }
    for (std::size_t truck = 0; truck < totals.size(); ++truck) {
        for (std::size_t field = 0; field < truck_fields; ++field) {
            const Total& total = totals[truck][field];
            if (total.count == 0) continue;
            std::fputs(fmt::format("{},{},{},{}\n", fleet.truck(truck).name, field_names[field], total.count, total.sum)
                           .c_str(),
                       stdout);
        }
    }
    return 0;
}

}  // namespace
}  // namespace lineshaft::bench

int main(int argc, char** argv) {
    using namespace lineshaft::bench;
    const Settings settings = read_settings(argc, argv);
    return settings.has("check") ? check(settings) : load(settings);
}
