// A broker on memory streams: shards turned by the test, a clock the test moves, a real store.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include "gate/mqtt/broker.h"
#include "io/nursery.h"
#include "io/shared_rate.h"
#include "store/faulty.h"
#include "wire/mqtt/client.h"

namespace lineshaft::broker {

class TempDir {
public:
    TempDir() {
        // In memory where there is such a place: nothing here is about the disk's own speed.
        const std::filesystem::path fast = "/dev/shm";
        const auto parent =
            std::filesystem::exists(fast) ? fast : std::filesystem::temp_directory_path();
        std::string pattern = (parent / "broker-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    std::string path(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// Lets everybody in as the principal of their user name; rights are what the test takes away.
class OpenGate final : public Gatekeeper {
public:
    io::Task<Admission> admit(Credentials shown) override {
        const std::string user(shown.user_name.value_or("anyone"));
        if (refused_users.contains(user)) {
            co_return Admission{nullptr, mqtt::Reason::bad_user_name_or_password};
        }
        co_return Admission{find(user), mqtt::Reason::success};
    }
    bool may_publish(const trust::Principal& who, std::string_view topic) const override {
        return is_allowed(no_publish, who, topic);
    }
    bool may_subscribe(const trust::Principal& who, std::string_view filter) const override {
        return is_allowed(no_subscribe, who, filter);
    }
    bool may_receive(const trust::Principal& who, std::string_view topic) const override {
        return is_allowed(no_receive, who, topic);
    }
    bool still_holds(const trust::Principal& who) const override {
        return !revoked.contains(who.name);
    }
    std::string reference(const trust::Principal& who) const override { return who.name; }
    trust::PrincipalPtr find(std::string_view reference) const override {
        const std::string name(reference);
        if (revoked.contains(name)) return nullptr;
        auto& known = people_[name];
        if (!known) {
            auto made = std::make_shared<trust::Principal>();
            made->kind = trust::PrincipalKind::token;
            made->organisation = OrganisationId(name.starts_with("acme") ? 2 : 1);
            made->name = name;
            known = std::move(made);
        }
        return known;
    }

    bool take_retained(OrganisationId, std::int64_t bytes) override {
        return retained_bytes.take(bytes);
    }
    void retained_changed(OrganisationId, std::int64_t bytes) override {
        retained_bytes.add(bytes);
    }
    io::SharedCount retained_bytes;  ///< of all organisations; no limit unless the test sets one

    using Rule = std::pair<std::string, std::string>;  ///< user name ("" all), topic filter
    std::vector<Rule> no_publish, no_subscribe, no_receive;
    std::set<std::string> revoked, refused_users;

private:
    static bool is_allowed(const std::vector<Rule>& rules, const trust::Principal& who,
                           std::string_view topic) {
        if (who.kind == trust::PrincipalKind::nobody) return false;
        for (const auto& [user, filter] : rules) {
            if ((user.empty() || user == who.name) &&
                (mqtt::matches(filter, topic) || filter == topic))
                return false;
        }
        return true;
    }
    mutable std::map<std::string, trust::PrincipalPtr> people_;
};

class Rig;

/// A client of the rig: what it sent was written to the stream, what came is kept.
class TestClient {
public:
    struct Options {
        std::string client_id = "client";
        mqtt::Version version = mqtt::Version::v5_0;
        bool clean = true;
        std::uint32_t expiry_s = 0;  ///< 5.0
        std::string user = "anyone";
        std::optional<mqtt::Will> will = {};
        std::uint16_t keep_alive_s = 0;
        std::uint16_t receive_maximum = 0;
        std::uint32_t packet_bytes_max = 0;
        bool acknowledges = true;
        std::size_t capacity = 1 << 20;  ///< of the pipe, each way
        std::uint32_t shard = 0;
        bool is_local = true;
    };

    TestClient(Rig& rig, Options options);
    ~TestClient();
    TestClient(const TestClient&) = delete;

    /// Opens a stream and sends CONNECT.
    void connect();
    /// The next connect goes to another rig.
    void move_to(Rig& rig) { rig_ = &rig; }
    void connect(Options options) {
        options_ = std::move(options);
        connect();
    }
    /// Writes what the protocol has to say, then lets everything happen.
    void go();
    std::uint16_t publish(const std::string& topic, const std::string& payload, int qos,
                          bool retain = false, std::optional<std::uint32_t> expiry_s = {});
    void subscribe(const std::string& filter, int qos, std::uint32_t id = 0);
    void subscribe(mqtt::Subscription wish, std::uint32_t id = 0);
    void unsubscribe(const std::string& filter);
    void disconnect(mqtt::Reason reason = mqtt::Reason::success);
    /// The cable is cut: no DISCONNECT.
    void drop();
    void send_raw(std::string_view bytes);
    /// While false nothing is taken from the stream.
    void reads(bool on);
    /// While true nothing is taken from the socket: what the broker writes fills it.
    void stall(bool on);
    /// What came and was not read yet goes to the protocol.
    void take();

    std::vector<std::string> payloads() const;
    std::size_t count(const std::string& payload) const;
    bool is_closed() const { return stream_ == nullptr || !stream_->is_open() || peer_gone_; }

    mqtt::Client protocol;
    std::vector<mqtt::Connected> connacks;
    std::vector<mqtt::Arrived> arrived;
    std::vector<mqtt::Published> published;
    std::vector<mqtt::Answered> answered;
    std::vector<mqtt::Ended> ended;

private:
    friend io::Task<void> read_client(TestClient* client);
    Rig* rig_;
    Options options_;
    std::unique_ptr<io::Stream> stream_;
    bool reads_ = true;
    bool is_stalled_ = false;
    std::optional<io::Answer<bool>> waiting_;  // while stalled
    bool is_reading_ = false;
    bool peer_gone_ = false;
    std::string unread_;
};

class Rig {
public:
    explicit Rig(unsigned shards = 1, Limits limits = {}, std::string from = {},
                 std::shared_ptr<OpenGate> gate = std::make_shared<OpenGate>());
    ~Rig();

    /// Turns every shard until nothing is left to do, commits included.
    void settle();
    void advance(io::Steady by);
    /// Closes the broker and opens it again on the same store.
    void restart();
    /// What a kill would leave now: opens a broker on a copy of what is on disk.
    std::unique_ptr<Rig> crash(std::optional<Limits> limits = {});
    void close();
    /// Commits happen, but nobody hears of it until release().
    void hold();
    void release();
    Stats stats();
    std::vector<ClientRow> clients();
    template <class T>
    T run(io::Task<T> task, std::uint32_t shard = 0);
    void on(std::uint32_t shard, std::function<void()> work);

    TempDir dir;
    std::shared_ptr<io::ManualClock> clock;
    std::shared_ptr<OpenGate> gate;
    std::vector<std::unique_ptr<io::Shard>> shards;
    std::vector<std::unique_ptr<io::Nursery>> nurseries;
    std::unique_ptr<store::Store> inner;
    std::unique_ptr<store::FaultyStore> store;
    std::vector<std::unique_ptr<store::Lane>> lanes;
    std::unique_ptr<Broker> broker;
    std::vector<Tap*> taps;
    std::vector<Observer*> observers;
    Loaded loaded;
    Limits limits;
    unsigned copies = 0;
    bool is_holding = false;

private:
    void open();
    void flush_lanes();
};

template <class T>
T Rig::run(io::Task<T> task, std::uint32_t shard) {
    auto future =
        boost::asio::co_spawn(shards[shard]->loop(), std::move(task), boost::asio::use_future);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        for (auto& each : shards) each->run(true);
        if (std::chrono::steady_clock::now() > until) {
            ADD_FAILURE() << "nothing happens any more";
            std::abort();
        }
    }
    return future.get();
}

}  // namespace lineshaft::broker
