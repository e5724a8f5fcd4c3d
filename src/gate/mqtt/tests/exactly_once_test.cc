// Property: whatever connections and crashes do, what a publisher was acknowledged reaches the
// durable subscriber, QoS 2 exactly once and in order, QoS 1 at least once.
#include <map>
#include <random>

#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;

struct World {
    explicit World(unsigned seed) : random(seed) {
        Limits limits;
        limits.window_bytes = 512;
        limits.refill_bytes = 512;
        limits.trim_bytes = 2'000;
        limits.rewrite_bytes = 4'000;
        rigs.push_back(std::make_unique<Rig>(2, limits));
        for (int number = 0; number < 2; ++number) {
            publishers.push_back(
                std::make_unique<TestClient>(rig(), options("p" + std::to_string(number))));
        }
        reader = std::make_unique<TestClient>(rig(), options("reader"));
        reader->connect();
        reader->subscribe("#", 2);
        bystander = std::make_unique<TestClient>(rig(), options("bystander"));
        bystander->connect();
        bystander->subscribe("t/0", 1);
    }
    ~World() {  // clients leave before the broker they talk to
        publishers.clear();
        reader.reset();
        bystander.reset();
    }

    Rig& rig() { return *rigs.back(); }
    std::uint32_t dice(std::uint32_t sides) { return static_cast<std::uint32_t>(random() % sides); }
    Options options(const std::string& id) {
        return {.client_id = id,
                .clean = false,
                .expiry_s = 100'000,
                .receive_maximum = id == "reader" ? std::uint16_t{5} : std::uint16_t{0},
                .shard = dice(2)};
    }
    void publish() {
        const auto who = dice(2);
        TestClient& client = *publishers[who];
        if (client.is_closed()) client.connect(options("p" + std::to_string(who)));
        const int count = 1 + static_cast<int>(dice(8));
        for (int each = 0; each < count; ++each) {
            const int qos = 1 + static_cast<int>(dice(2));
            const std::string payload = "p" + std::to_string(who) + "/" + std::to_string(qos) +
                                        "/" + std::to_string(next++);
            ASSERT_TRUE(client.protocol
                            .publish(mqtt::Message("t/" + std::to_string(who),
                                                   payload + std::string(40, '.')),
                                     static_cast<mqtt::Qos>(qos))
                            .has_value());
            sent[payload] = qos;
        }
        client.go();
    }

    void crash() {
        for (auto& client : publishers) client->drop();
        reader->drop();
        bystander->drop();
        auto after = rig().crash();
        rig().close();
        rigs.push_back(std::move(after));
        for (auto& client : publishers) client->move_to(rig());
        reader->move_to(rig());
        bystander->move_to(rig());
    }

    void step() {
        switch (dice(14)) {
            case 0: rig().hold(); break;
            case 1:
            case 2: rig().release(); break;
            case 3: crash(); break;
            case 4: reader->drop(); break;
            case 5:
            case 6:
                rig().release();
                reader->connect(options("reader"));
                break;
            case 7: publishers[dice(2)]->drop(); break;
            case 8: rig().advance(io::Steady{1'100}); break;
            case 9:
                rig().release();
                rig().restart();
                break;
            default: publish(); break;
        }
    }

    void finish() {
        rig().release();
        for (int round = 0; round < 3; ++round) {
            for (std::uint32_t who = 0; who < 2; ++who)
                publishers[who]->connect(options("p" + std::to_string(who)));
            reader->connect(options("reader"));
            for (int turn = 0; turn < 50; ++turn) rig().settle();
        }
    }

    void judge() {
        std::map<std::string, int> got;
        std::map<char, int> last;
        for (const auto& each : reader->arrived) {
            const std::string payload(
                each.message.payload().substr(0, each.message.payload().find('.')));
            ++got[payload];
            if (payload[3] != '2') continue;
            const int number = std::stoi(payload.substr(5));
            EXPECT_LT(last[payload[1]], number + 1) << payload << " came out of order";
            last[payload[1]] = number;
        }
        for (std::uint32_t who = 0; who < 2; ++who)
            EXPECT_EQ(publishers[who]->protocol.unfinished(), 0u);
        for (const auto& [payload, qos] : sent) {
            EXPECT_GE(got[payload], 1) << payload << " was acknowledged and is lost";
            if (qos == 2) {
                EXPECT_EQ(got[payload], 1) << payload;
            }
        }
    }

    std::mt19937 random;
    std::vector<std::unique_ptr<Rig>> rigs;
    std::vector<std::unique_ptr<TestClient>> publishers;
    std::unique_ptr<TestClient> reader, bystander;
    std::map<std::string, int> sent;
    int next = 0;
};

class ExactlyOnce : public testing::TestWithParam<unsigned> {};

TEST_P(ExactlyOnce, HoldsUnderRandomDisconnectsAndCrashes) {
    World world(GetParam());
    for (int step = 0; step < 60 && !HasFatalFailure(); ++step) world.step();
    world.finish();
    world.judge();
    EXPECT_GT(world.sent.size(), 20u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, ExactlyOnce, testing::Range(1u, 13u));

}  // namespace
}  // namespace lineshaft::broker
