// mosquitto's own clients against the broker on a real socket, with real shards and clock.
#include <cstdlib>
#include <fstream>
#include <sstream>

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

class Mosquitto : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (std::system("command -v mosquitto_pub mosquitto_sub > /dev/null 2>&1") != 0) {
            GTEST_SKIP() << "mosquitto-clients is not installed";
        }
        auto opened = store::open(dir_.path("store"), {});
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        store_ = std::move(opened->store);
        std::vector<Broker::Place> places;
        for (unsigned index = 0; index < 2; ++index) {
            lanes_.push_back(
                std::make_unique<store::Lane>(*store_, shards_.at(index), store::Lane::Limits{}));
            places.push_back({&shards_.at(index), lanes_.back().get()});
        }
        broker_ = std::make_unique<Broker>(places, *store_, gate_, Limits{});
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

    TempDir dir_;
    OpenGate gate_;
    std::unique_ptr<store::Store> store_;
    io::Shards shards_{2};
    std::vector<std::unique_ptr<store::Lane>> lanes_;
    std::unique_ptr<Broker> broker_;
    std::unique_ptr<io::Listener> listener_;
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
