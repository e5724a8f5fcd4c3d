#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load.h"

namespace lineshaft::bench {

/// Many clients on one thread. What is sent waits in memory when the socket is full. Callbacks may
/// send and close; a closed client's socket is gone, its record stays.
class Crowd {
public:
    struct Client {
        long number = 0;
        int socket = -1;
        bool is_connected = false;  ///< TCP
        bool is_accepted = false;   ///< CONNACK 0; set by the mode
        std::string in, out;
        std::uint16_t next_id = 0;
        int lost = 0;  ///< how the server left: an errno, 0 for an orderly end
        long in_flight = 0;
        Clock::time_point at;  ///< for the mode
    };
    explicit Crowd(std::uint16_t port);
    ~Crowd();
    Crowd(const Crowd&) = delete;

    /// Begins to connect; `hello` is sent first.
    Client& add(long number, std::string hello);
    void send(Client& client, std::string_view bytes);
    void close(Client& client);
    /// Handles what is ready; waits at most so long for the first.
    void step(std::chrono::milliseconds patience);
    std::size_t open_count() const { return open_; }
    /// Readable when step() has something to do.
    int descriptor() const { return poll_; }

    std::function<void(Client&, const mqtt::Frame&)> on_frame;
    std::function<void(Client&)> on_closed;
    std::deque<Client> clients;

private:
    void flush(Client& client);
    void read(Client& client);
    void watch(Client& client, bool is_new);

    std::uint16_t port_;
    int poll_;
    std::size_t open_ = 0;
    std::vector<char> buffer_;
};

/// A v3.1.1 or 5.0 PUBLISH.
std::string publish_packet(const std::string& topic, std::string_view payload, mqtt::Qos qos,
                           std::uint16_t id, mqtt::Version version, bool retain = false);

/// Publishes QoS 1 at a fixed rate from one client and keeps the times until PUBACK.
class Probe {
public:
    Probe(std::uint16_t port, const Settings& settings, double per_second);
    /// Publishes what is due and takes what came; never waits longer than a millisecond.
    void step();
    /// When the next message is due.
    Clock::time_point due() const { return due_; }
    int descriptor() const { return crowd_.descriptor(); }
    /// What was measured since the last call, ascending, in ms.
    std::vector<double> take();
    double take_p99();

private:
    Crowd crowd_;
    Crowd::Client* client_;
    Clock::duration every_;
    Clock::time_point due_;
    std::vector<Clock::time_point> sent_;
    std::vector<double> times_ms_;
};

}  // namespace lineshaft::bench
