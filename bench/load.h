// What the modes of mqtt_load share.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "wire/mqtt/packet.h"

namespace lineshaft::bench {

using Clock = std::chrono::steady_clock;

/// --name value
struct Settings {
    std::map<std::string, std::string> text;
    long number(const std::string& name, long otherwise) const;
    bool has(const std::string& name) const { return text.contains(name); }
    std::string word(const std::string& name, const std::string& otherwise) const;
};

/// `--name [value]`, as often as there are; a word of another form ends the program with a sentence.
Settings read_settings(int argc, char** argv);

[[noreturn]] void die(const std::string& why);
void raise_descriptor_limit();

double seconds_since(Clock::time_point start);
/// User and system time of a process and its threads; 0 for pid 0.
double cpu_seconds(long pid);
long resident_bytes(long pid);

/// One line on standard output: words for people, or with --json one object for a script.
class Report {
public:
    explicit Report(bool is_json) : is_json_(is_json) {}
    void add(std::string_view name, double value, std::string_view unit = "");
    void print(std::string_view title) const;

private:
    bool is_json_;
    std::string words_, json_;
};

/// A connected non-blocking or blocking TCP socket. Clients of one load spread over 127.0.0.x, so
/// that ports suffice: `number` chooses the source address.
int connect_to(std::uint16_t port, long number, bool is_blocking);

std::string connect_packet(const std::string& client_id, bool is_clean, mqtt::Version version,
                           const Settings& settings);
std::string subscribe_packet(const std::string& filter, mqtt::Qos qos, mqtt::Version version);
std::uint16_t packet_id_of(const mqtt::Frame& frame, std::size_t at);

// The modes.
int serve(const Settings& settings);
int run_publish(const Settings& settings);
int run_idle(const Settings& settings);
int run_reconnect(const Settings& settings);
int run_ramp(const Settings& settings);
int run_flood(const Settings& settings);
int run_garbage(const Settings& settings);
int run_probe(const Settings& settings);
int run_sink(const Settings& settings);

}  // namespace lineshaft::bench
