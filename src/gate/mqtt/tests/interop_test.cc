// The broker on a real socket, with real shards and clock: crowds, and mosquitto's own clients.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "io/fd.h"
#include "io/listener.h"
#include "rig.h"

namespace lineshaft::broker {
namespace {

io::Task<bool> end_broker(Broker* broker) {
    co_await broker->close();
    co_return true;
}

io::Task<bool> flush_lane(store::Lane* lane) {
    auto done = co_await lane->flush();
    co_return done.has_value();
}

io::Task<Stats> stats_of(Broker* broker) {
    auto stats = co_await broker->stats();
    co_return stats;
}

class OnSockets : public testing::Test {
protected:
    void start(const Limits& limits) {
        auto opened = store::open(dir_.path("store"), {});
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        store_ = std::move(opened->store);
        std::vector<Broker::Place> places;
        for (unsigned index = 0; index < 2; ++index) {
            lanes_.push_back(
                std::make_unique<store::Lane>(*store_, shards_.at(index), store::Lane::Limits{}));
            places.push_back({&shards_.at(index), lanes_.back().get()});
        }
        broker_ = std::make_unique<Broker>(places, *store_, gate_, limits);
        ASSERT_TRUE(broker_->load().has_value());
        auto listener = io::Listener::open(
            shards_, io::parse_address("127.0.0.1:0").value(), {},
            [this](std::unique_ptr<io::Stream> stream) { broker_->serve(std::move(stream)); });
        ASSERT_TRUE(listener.has_value()) << listener.error().context;
        listener_ = std::move(*listener);
    }
    void TearDown() override {
        if (!broker_) return;
        if (listener_) listener_->close();
        shards_.run_blocking(ShardIndex(0), end_broker(broker_.get()));
        broker_.reset();
        for (unsigned index = 0; index < 2; ++index) {
            shards_.run_blocking(ShardIndex(index), flush_lane(lanes_[index].get()));
        }
        shards_.stop();
        lanes_.clear();
        store_->close();
    }
    Stats stats() { return shards_.run_blocking(ShardIndex(0), stats_of(broker_.get())); }
    io::Fd connected() {
        io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(listener_->port());
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket.number(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
        return socket;
    }
    static void say(const io::Fd& socket, std::string_view bytes) {
        EXPECT_EQ(::send(socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    /// So many bytes, however long they take.
    static std::string hear(const io::Fd& socket, std::size_t count) {
        std::string bytes(count, '\0');
        EXPECT_EQ(::recv(socket.number(), bytes.data(), count, MSG_WAITALL),
                  static_cast<ssize_t>(count));
        return bytes;
    }
    static std::string hello(int number) {
        return std::string("\x10\x0e\0\x04MQTT\x04\x02\0\0\0\x02", 14) +
               static_cast<char>('a' + number / 26) + static_cast<char>('a' + number % 26);
    }
    template <class Until>
    void await(Until until) {
        while (!until(stats())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    TempDir dir_;
    OpenGate gate_;
    std::unique_ptr<store::Store> store_;
    io::Shards shards_{2};
    std::vector<std::unique_ptr<store::Lane>> lanes_;
    std::unique_ptr<Broker> broker_;
    std::unique_ptr<io::Listener> listener_;
};

// Both halves of it: newcomers are read, and leavers noticed, at a pace, while one who has been
// there before is answered as ever.
TEST_F(OnSockets, CrowdsThatComeAndGoWaitForTheirPaceOthersDoNot) {
    constexpr int count = 40;
    Limits limits;
    limits.newcomer_reads_per_second = 100;  // of each shard, one at once
    limits.departures_per_second = 100;
    start(limits);
    const io::Fd other = connected();
    say(other, hello(count));
    EXPECT_EQ(hear(other, 4), std::string("\x20\x02\0\0", 4));
    std::vector<io::Fd> crowd;
    for (int number = 0; number < count; ++number) crowd.push_back(connected());
    await([this](const Stats&) { return listener_->stats().connections == count + 1; });

    const auto ping = [&other] {
        say(other, std::string_view("\xc0\0", 2));
        EXPECT_EQ(hear(other, 2), std::string("\xd0\0", 2));
    };
    const auto took = [](auto since) { return std::chrono::steady_clock::now() - since; };
    const auto came = std::chrono::steady_clock::now();
    for (int number = 0; number < count; ++number) say(crowd[std::size_t(number)], hello(number));
    ping();
    for (const auto& socket : crowd) EXPECT_EQ(hear(socket, 4), std::string("\x20\x02\0\0", 4));
    EXPECT_GE(took(came), std::chrono::milliseconds(150)) << "one shard has half of them or more";
    EXPECT_EQ(stats().sessions, count + 1u);

    const auto left = std::chrono::steady_clock::now();
    crowd.clear();
    ping();
    await([](const Stats& now) { return now.connections == 1; });
    EXPECT_GE(took(left), std::chrono::milliseconds(150));
    EXPECT_EQ(stats().sessions, 1u);
    ping();
}

TEST_F(OnSockets, ACrowdThatWaitsForItsPaceEndsWithTheBroker) {
    Limits limits;
    limits.newcomer_reads_per_second = limits.departures_per_second = 1;
    start(limits);
    std::vector<io::Fd> crowd;
    for (int number = 0; number < 20; ++number) crowd.push_back(connected());
    await([this](const Stats&) { return listener_->stats().connections == 20; });
    for (int number = 0; number < 20; ++number) say(crowd[std::size_t(number)], hello(number));
    crowd.resize(10);  // TearDown ends in no time what would take twenty seconds
}

class Mosquitto : public OnSockets, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        if (std::system("command -v mosquitto_pub mosquitto_sub > /dev/null 2>&1") != 0) {
            GTEST_SKIP() << "mosquitto-clients is not installed";
        }
        start(Limits{});
    }
    /// Runs "mosquitto_pub ARGS" or the like; what it printed.
    std::string run(const std::string& program, const std::string& args) {
        const std::string out = dir_.path("out");
        const std::string command = "timeout 20 " + program + " -h 127.0.0.1 -p " +
                                    std::to_string(listener_->port()) + " -V " + GetParam() + " " +
                                    args + " > " + out + " 2>&1";
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
        std::stringstream text;
        text << std::ifstream(out).rdbuf();
        return text.str();
    }
};

TEST_P(Mosquitto, PublishesAndSubscribesAtEveryQosThroughADurableSession) {
    run("mosquitto_sub", "-i sleeper -c -q 2 -t 'x/#' -E");
    for (const char* qos : {"1", "2"}) {
        run("mosquitto_pub", std::string("-t x/y -q ") + qos + " -m message" + qos);
    }
    EXPECT_EQ(run("mosquitto_sub", "-i sleeper -c -q 2 -t 'x/#' -C 2"), "message1\nmessage2\n");
}

TEST_P(Mosquitto, ReadsRetainedMessagesAndDeletesThem) {
    run("mosquitto_pub", "-t r/a -q 1 -r -m kept");
    EXPECT_EQ(run("mosquitto_sub", "-q 0 -t 'r/+' -C 1 -v"), "r/a kept\n");
    run("mosquitto_pub", "-t r/a -q 1 -r -n");
    run("mosquitto_pub", "-t r/b -q 1 -r -m other");
    EXPECT_EQ(run("mosquitto_sub", "-q 1 -t 'r/+' -C 1 -v"), "r/b other\n");
}

TEST_P(Mosquitto, SendsAThousandLinesInOrder) {
    run("mosquitto_sub", "-i reader -c -q 1 -t lines -E");
    std::ofstream lines(dir_.path("lines"));
    std::string want;
    for (int number = 0; number < 1000; ++number) {
        lines << "line " << number << "\n";
        want += "line " + std::to_string(number) + "\n";
    }
    lines.close();
    run("mosquitto_pub", "-t lines -q 1 -l < " + dir_.path("lines"));
    EXPECT_EQ(run("mosquitto_sub", "-i reader -c -q 1 -t lines -C 1000"), want);
}

INSTANTIATE_TEST_SUITE_P(Interop, Mosquitto, testing::Values("mqttv311", "mqttv5"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace lineshaft::broker
