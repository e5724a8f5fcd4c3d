// sim: the demo plant's clients over real sockets.
#include <fmt/format.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <future>
#include <utility>

#include "app/commands.h"
#include "app/sim/fleet.h"
#include "app/sim/hall.h"
#include "app/sim/sewing.h"
#include "base/bytes.h"
#include "base/log.h"
#include "io/files.h"
#include "io/http/client.h"
#include "io/listener.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/resources.h"
#include "io/signals.h"
#include "trust/secrets.h"
#include "wire/mqtt/client.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady connect_patience{10'000};
constexpr io::Steady usual_tick{200};  // how often a client steps when nothing arrives
constexpr io::Steady sewing_tick{20};
constexpr io::Steady retry_first{500};
constexpr io::Steady retry_max{8'000};
constexpr std::uint16_t keep_alive_s = 30;

// One simulated client and its connection. Lives on one shard, ends when `is_stopping`.
struct Line {
    Line(sim::Client& client, io::Address address, std::string password)
        : plant(client), server(std::move(address)), token(std::move(password)) {}

    sim::Client& plant;
    io::Address server;
    std::string token;
    bool is_stopping = false;
    std::unique_ptr<io::Stream> stream;
    mqtt::Client mqtt;
    io::Pause pause;
    io::Steady sent_at{0};
    io::Steady tick = usual_tick;
    std::function<void()> after_step = {};  ///< what the plant wants done besides speaking
};

void publish(Line& line, const std::vector<sim::Publication>& all) {
    for (const auto& one : all) {
        const auto queued = line.mqtt.publish({one.topic, {}, one.payload},
                                              static_cast<mqtt::Qos>(one.qos), one.retain);
        if (!queued)
            log::warn("sim {}: {} not sent: {}", line.plant.client_id(), one.topic,
                      queued.error().context);
    }
}

mqtt::Connect connect_packet(Line& line, Instant now) {
    mqtt::Connect connect;
    connect.version = mqtt::Version::v5_0;
    connect.keep_alive_s = keep_alive_s;
    connect.client_id = line.plant.client_id();
    connect.user_name = "demo plant";
    connect.password = line.token;
    if (const auto will = line.plant.will(now)) {
        connect.will.emplace();
        connect.will->message = mqtt::Message(will->topic, will->payload);
        connect.will->qos = static_cast<mqtt::Qos>(will->qos);
        connect.will->retain = will->retain;
    }
    return connect;
}

// False when the connection is over.
bool on_event(Line& line, mqtt::ClientEvent& event, Instant now) {
    if (const auto* connected = std::get_if<mqtt::Connected>(&event)) {
        if (mqtt::is_error(connected->connack.reason)) {
            log::error("sim {}: the node refused the connection: {}", line.plant.client_id(),
                       mqtt::name_of(connected->connack.reason));
            return false;
        }
        std::vector<mqtt::Subscription> wanted;
        for (auto& filter : line.plant.filters()) {
            wanted.push_back({.filter = std::move(filter), .qos_max = mqtt::Qos::at_least_once});
        }
        if (!wanted.empty())
            (void)line.mqtt.subscribe(std::move(wanted));  // commands only: the plant runs without
        publish(line, line.plant.connected(now));
    } else if (const auto* arrived = std::get_if<mqtt::Arrived>(&event)) {
        const auto& message = arrived->message;
        publish(line, line.plant.on_message(message.topic(), as_bytes(message.payload()), now));
    } else if (std::holds_alternative<mqtt::Ended>(event)) {
        return false;
    }
    return true;
}

void keep_alive(Line& line) {
    const auto after = line.mqtt.ping_after();
    if (after && io::Shard::here().clock().steady() - line.sent_at >= *after) line.mqtt.ping();
}

// One connection from CONNECT to its end.
io::Task<Result<void>> live(Line& line) {
    io::Shard& shard = io::Shard::here();
    line.mqtt.connect(connect_packet(line, shard.now()));
    while (!line.is_stopping) {
        const std::string output = line.mqtt.take_output();
        if (!output.empty()) {
            line.sent_at = shard.clock().steady();
            CO_TRY_VOID(co_await io::write_all(*line.stream, as_bytes(output), connect_patience));
        }
        auto input = co_await line.stream->read_some(line.tick);
        if (!input && input.error().code != Code::timeout) co_return std::unexpected(input.error());
        if (input) {
            auto events = line.mqtt.receive(*input);
            for (auto& event : events) {
                if (!on_event(line, event, shard.now()))
                    co_return fail(Code::unavailable, "the node ended the connection");
            }
        }
        if (line.mqtt.is_connected()) publish(line, line.plant.step(shard.now()));
        if (line.after_step) line.after_step();
        keep_alive(line);
    }
    publish(line, line.plant.goodbye(shard.now()));
    line.mqtt.disconnect();
    const std::string last = line.mqtt.take_output();
    co_return co_await io::write_all(*line.stream, as_bytes(last), connect_patience);
}

io::Task<void> run_line(Line* line) {
    io::Steady wait = retry_first;
    bool is_told = false;
    while (!line->is_stopping) {
        auto stream = co_await io::connect(line->server, connect_patience);
        if (stream) {
            line->stream = std::move(*stream);
            const io::Steady began = io::Shard::here().clock().steady();
            auto ended = co_await live(*line);
            line->stream->close();
            line->mqtt.lost();
            line->plant.lost();
            if (line->is_stopping) break;
            if (!ended)
                log::warn("sim {}: {}; connecting again", line->plant.client_id(),
                          ended.error().context);
            if (io::Shard::here().clock().steady() - began > retry_max) wait = retry_first;
            is_told = false;
        } else if (!std::exchange(is_told, true)) {
            log::warn("sim {}: {}; trying until the node is there, or give another --mqtt",
                      line->plant.client_id(), stream.error().context);
        }
        (void)line->plant.step(io::Shard::here().now());  // the plant lives on without the node
        co_await line->pause.wait(wait);
        wait = std::min(wait * 2, retry_max);
    }
}

void stop(Line& line) {
    line.is_stopping = true;
    line.pause.end();
}

// Everything of one run; lives on shard 0.
struct Plant {
    Plant(const SimWords& words, io::Address server, const std::string& token, Instant now)
        : hall({.seed = words.seed}, now),
          fleet({.seed = words.seed}, now),
          hall_line(hall, server, token),
          fleet_line(fleet, std::move(server), token) {}

    sim::Hall hall;
    sim::Fleet fleet;
    Line hall_line, fleet_line;
    io::Nursery nursery{"sim"};
    io::Wheel::Timer limit;
};

void start(Plant& plant, double seconds, const std::function<void()>& on_limit) {
    for (Line* line : {&plant.hall_line, &plant.fleet_line}) {
        plant.nursery.spawn(run_line(line), [line] { stop(*line); });
    }
    if (seconds > 0) {
        io::Shard::here().wheel().arm(
            plant.limit, io::Steady{static_cast<std::int64_t>(seconds * 1000)}, on_limit);
    }
}

io::Task<bool> finish(Plant* plant) {
    plant->limit.disarm();
    co_await plant->nursery.close();
    co_return true;
}

// Machines that sew, and the files they fetch.
struct SewingPlant {
    SewingPlant(const SewingWords& words, io::Address mqtt, io::Address files, const std::string& secret, Instant now)
        : hall(options_of(words), now), line(hall, std::move(mqtt), secret), http(std::move(files)), token(secret) {}

    static sim::SewingOptions options_of(const SewingWords& words) {
        sim::SewingOptions out;
        out.seed = words.seed, out.machines = words.machines, out.group = words.group, out.node = words.node;
        out.speed = words.speed, out.rpm = words.rpm, out.heads = words.heads, out.needles = words.needles;
        out.hoop_width_mm = out.hoop_height_mm = words.hoop_mm;
        out.stitches_between_breaks = words.stitches_between_breaks, out.operator_s = words.operator_s;
        out.frame_s = words.frame_s, out.corrupted = words.corrupted;
        out.report_every = std::chrono::milliseconds{words.report_ms};
        return out;
    }

    sim::SewingHall hall;
    Line line;
    io::Address http;
    std::string token;
    io::Nursery nursery{"sewing"};
    io::Wheel::Timer limit;
};

io::Task<void> fetch_file(SewingPlant* plant, sim::Fetch wanted) {
    std::vector<io::http::Field> headers;
    if (!plant->token.empty()) headers.push_back({"authorization", "Bearer " + plant->token});
    auto answer = co_await io::http::fetch(plant->http, "GET", wanted.target, std::move(headers), "", connect_patience);
    std::string bytes;
    if (answer && answer->status == 200) bytes = std::move(answer->body);
    else log::warn("sim: {} was not given: {}", wanted.target, answer ? fmt::format("{}", answer->status) : answer.error().context);
    plant->hall.maybe_corrupt(bytes);
    const std::string hash = to_hex(as_bytes(trust::text_of(trust::sha256(bytes))));
    plant->hall.on_file(wanted, std::move(bytes), hash, io::Shard::here().now());
}

void start_sewing(SewingPlant& plant, double seconds, const std::function<void()>& on_limit) {
    plant.line.tick = sewing_tick;
    plant.line.after_step = [&plant] {
        for (auto& fetch : plant.hall.take_fetches()) plant.nursery.spawn(fetch_file(&plant, std::move(fetch)));
    };
    plant.nursery.spawn(run_line(&plant.line), [&plant] { stop(plant.line); });
    if (seconds > 0)
        io::Shard::here().wheel().arm(plant.limit, io::Steady{static_cast<std::int64_t>(seconds * 1000)}, on_limit);
}

io::Task<bool> finish_sewing(SewingPlant* plant) {
    plant->limit.disarm();
    co_await plant->nursery.close();
    co_return true;
}

Result<std::string> token_of(const std::string& file) {
    std::string token;
    if (file.empty()) return token;
    TRY_VOID(io::check_private(file));
    TRY(token, io::read_file(file, 1024));
    while (!token.empty() && token.back() == '\n') token.pop_back();
    return token;
}

}  // namespace

Result<void> simulate_sewing(const SewingWords& words) {
    TRY_VOID(log::start(log::Level::info));
    (void)io::prepare_process();
    if (words.ends_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const bool is_sane = words.speed > 0 && words.rpm >= 50 && words.rpm <= 5'000 && words.machines >= 1 && words.machines <= 400 &&
                         words.heads >= 1 && words.heads <= 64 && words.needles >= 1 && words.needles <= 64;
    if (!is_sane)
        return fail(Code::invalid, "sim embroidery: --machines is 1 to 400, --heads and --needles 1 to 64, "
                                   "--rpm 50 to 5000, --speed above 0");
    TRY(const auto mqtt_address, io::parse_address(words.mqtt));
    TRY(const auto http_address, io::parse_address(words.http));
    TRY(const std::string token, token_of(words.token_file));
    io::Shards shards(1);
    std::promise<void> over;
    const auto end = [&over, done = std::make_shared<bool>(false)] {
        if (!std::exchange(*done, true)) over.set_value();
    };
    std::unique_ptr<SewingPlant> plant;
    std::unique_ptr<io::Signals> signals;
    shards.run_everywhere([&](io::Shard& shard) {
        signals = std::make_unique<io::Signals>(shard, end);
        plant = std::make_unique<SewingPlant>(words, mqtt_address, http_address, token, shard.now());
        start_sewing(*plant, words.seconds, end);
    });
    over.get_future().wait();
    shards.run_blocking(ShardIndex(0), finish_sewing(plant.get()));
    shards.run_everywhere([&](io::Shard&) { signals.reset(); });
    return {};
}

Result<void> simulate(const SimWords& words) {
    TRY_VOID(log::start(log::Level::info));
    (void)io::prepare_process();  // two connections need few files
    // Else the next demo's plant and this one would take each other's client ids for ever.
    // Else the next demo's plant and this one would take each other's client ids for ever.
    if (words.ends_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    TRY(const auto server, io::parse_address(words.mqtt));
    TRY(const std::string token, token_of(words.token_file));
    io::Shards shards(1);
    std::promise<void> over;
    const auto end = [&over, done = std::make_shared<bool>(false)] {
        if (!std::exchange(*done, true)) over.set_value();
    };
    std::unique_ptr<Plant> plant;
    std::unique_ptr<io::Signals> signals;
    shards.run_everywhere([&](io::Shard& shard) {
        signals = std::make_unique<io::Signals>(shard, end);
        plant = std::make_unique<Plant>(words, server, token, shard.now());
        start(*plant, words.seconds, end);
    });
    over.get_future().wait();
    shards.run_blocking(ShardIndex(0), finish(plant.get()));
    shards.run_everywhere([&](io::Shard&) { signals.reset(); });
    return {};
}

}  // namespace lineshaft::app
