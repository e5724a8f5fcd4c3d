// The door over a real plant, with an edge node of wire/sparkplug on the other side.
#include <algorithm>

#include "gate/sparkplug/door.h"
#include "twin/tests/rig.h"
#include "wire/sparkplug/edge.h"

namespace lineshaft::sparkplug {
namespace {

using twin::testing::home;
using PlantRig = twin::testing::Rig;

io::Task<Result<void>> take_there(Door* door, Publication message, Instant received) {
    auto start = [&, door](io::Answer<Result<void>> answer) {
        auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
        door->take(home, message.topic, message.payload, received,
                   [kept](Result<void> done) { (*kept)(std::move(done)); });
    };
    auto taken = co_await io::suspend<Result<void>>(std::move(start));
    co_return taken;
}

EdgeMetric metric(std::string name, DataType type, Value value) {
    EdgeMetric out;
    out.definition.name = std::move(name);
    out.definition.type = type;
    out.value = std::move(value);
    out.at = io::Clock::system().now();
    return out;
}

class Hall {
public:
    explicit Hall(unsigned shards) : rig(shards), edge("hall", "emb:1", {}) {
        catalog_ = std::move(*catalog::Catalog::open(rig.scratch() + "/catalog.db", rig.now()));
        worker_ = std::make_unique<io::Workers>("catalog", io::Workers::Limits{});
        desk = std::make_unique<catalog::Desk>(*catalog_, *rig.shards, *worker_);
        Outlet outlet;
        outlet.publish = [this](OrganisationId, Publication publication, Outlet::Done done) {
            // Shard 0 keeps what was said, whoever said it.
            rig.shards->at(0).post([this, publication = std::move(publication)]() mutable {
                published_.push_back(std::move(publication));
            });
            if (done) done({});
        };
        DoorLimits limits;
        limits.wire.reorder_timeout = std::chrono::milliseconds{20};
        door = std::make_unique<Door>(*rig.shards, *rig.plant, *desk, std::move(outlet), limits,
                                      "host-1");
        door->start();
        EdgeMetric speed = metric("Speed", DataType::int16, std::int64_t{0});
        speed.definition.unit = "1/min";
        speed.definition.low = 0;
        speed.definition.high = 1000;
        EdgeMetric total = metric("Total", DataType::uint32, std::uint64_t{0});
        total.definition.read_only = true;
        EXPECT_TRUE(edge.define("", metric("Load", DataType::float64, 0.5)));
        EXPECT_TRUE(edge.define("m1", std::move(speed)));
        EXPECT_TRUE(edge.define("m1", std::move(total)));
    }
    ~Hall() {
        door->close();
        worker_.reset();
        rig.stop();
    }

    Result<void> give(const Publication& message, std::uint32_t shard = 0) {
        return rig.run(take_there(door.get(), message, rig.now()), shard);
    }
    void connect() {
        death_ = edge.will(rig.now());
        for (const auto& birth : edge.connected(rig.now())) {
            const auto taken = give(birth);
            EXPECT_TRUE(taken) << taken.error().context;
        }
    }
    Publication speed(std::int64_t value) {
        std::vector<Update> updates{{"Speed", value, rig.now()}};
        return *edge.data("m1", std::move(updates), rig.now());
    }
    const Publication& death() const { return death_; }
    std::vector<Publication> published() {
        std::vector<Publication> out;
        rig.on_shard(0, [&] { out = published_; });
        return out;
    }
    bool publishes(std::string_view topic) {
        return PlantRig::eventually([&] {
            const auto all = published();
            return std::ranges::find(all, topic, &Publication::topic) != all.end();
        });
    }
    history::Value newest(const std::string& machine, std::string_view tag) {
        const auto values = rig.run(rig.plant->values(home, machine));
        if (!values) return std::string("no machine");
        const auto found = std::ranges::find(*values, tag, &twin::TagValue::tag);
        return found == values->end() ? history::Value{std::string("no tag")} : found->sample.value;
    }
    twin::Connection connection(const std::string& machine) {
        return rig.run(rig.plant->machine(home, machine))->connection;
    }

    PlantRig rig;
    Edge edge;
    std::unique_ptr<catalog::Desk> desk;
    std::unique_ptr<Door> door;

private:
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<io::Workers> worker_;
    std::vector<Publication> published_;  // of shard 0
    Publication death_;
};

const std::string node_id = "hall:emb%3A1";
const std::string device_id = "hall:emb%3A1:m1";

TEST(Door, BirthsBecomeMachinesValuesAndTags) {
    for (const unsigned shards : {1u, 3u}) {
        Hall hall(shards);
        hall.connect();
        EXPECT_EQ(hall.newest(node_id, "Load"), history::Value{0.5});
        EXPECT_EQ(hall.newest(device_id, "Speed"), history::Value{std::int64_t{0}});
        EXPECT_EQ(hall.connection(device_id), twin::Connection::online);
        EXPECT_TRUE(hall.give(hall.speed(700), shards - 1));
        EXPECT_EQ(hall.newest(device_id, "Speed"), history::Value{std::int64_t{700}});
        EXPECT_TRUE(PlantRig::eventually([&] {
            bool is_learnt = false;
            hall.rig.on_shard(0, [&] {
                const auto catalog = hall.desk->snapshot();
                const auto* speed = catalog->tag(home, device_id, "Speed");
                const auto* total = catalog->tag(home, device_id, "Total");
                is_learnt = speed && total && speed->unit == "1/min" && speed->low == 0.0 &&
                            speed->high == 1000.0 && speed->writable == true &&
                            total->writable == false;
            });
            return is_learnt;
        }));
        const auto counters = hall.rig.run(hall.door->counters());
        EXPECT_EQ(counters.births, 2u);
        EXPECT_EQ(counters.messages, 3u);
        const auto events =
            hall.rig.run(hall.rig.plant->events(home, device_id, hall.rig.now(), 10));
        EXPECT_NE(std::ranges::find(events, "birth", &twin::Event::kind), events.end());
    }
}

TEST(Door, AnnouncesItselfAsHost) {
    Hall hall(2);
    ASSERT_TRUE(hall.publishes("spBv1.0/STATE/host-1"));
    const auto said = hall.published().front();
    EXPECT_TRUE(said.retain);
    EXPECT_EQ(said.qos, 1);
    EXPECT_TRUE(parse_state(said.payload)->online);
}

TEST(Door, AGapAsksForRebirth) {
    Hall hall(2);
    hall.connect();
    (void)hall.speed(1);  // lost on its way
    EXPECT_TRUE(hall.give(hall.speed(2)));
    ASSERT_TRUE(hall.publishes("spBv1.0/hall/NCMD/emb:1"));
    EXPECT_TRUE(PlantRig::eventually(
        [&] { return hall.newest(device_id, "Speed") == history::Value{std::int64_t{2}}; }));
    for (const auto& command : hall.published()) {
        for (const auto& event :
             hall.edge.receive(command.topic, as_bytes(command.payload), hall.rig.now())) {
            const auto* answer = std::get_if<Publication>(&event);
            if (answer == nullptr) continue;
            EXPECT_TRUE(hall.give(*answer));
        }
    }
    EXPECT_EQ(hall.rig.run(hall.door->counters()).births, 4u);
    EXPECT_TRUE(PlantRig::eventually([&] {
        const auto events = hall.rig.run(hall.rig.plant->events(home, node_id, hall.rig.now(), 10));
        return std::ranges::find(events, "gap", &twin::Event::kind) != events.end() &&
               std::ranges::find(events, "rebirth", &twin::Event::kind) != events.end();
    }));
}

TEST(Door, UnbornNodesAreAskedForTheirBirths) {
    Hall hall(1);
    (void)hall.edge.will(hall.rig.now());
    (void)hall.edge.connected(hall.rig.now());
    EXPECT_TRUE(hall.give(hall.speed(1)));
    EXPECT_TRUE(hall.publishes("spBv1.0/hall/NCMD/emb:1"));
}

TEST(Door, ADeathMakesTheNodeAndItsDevicesStale) {
    Hall hall(3);
    hall.connect();
    EXPECT_TRUE(hall.give(hall.death()));
    EXPECT_TRUE(PlantRig::eventually([&] {
        return hall.connection(node_id) == twin::Connection::stale &&
               hall.connection(device_id) == twin::Connection::stale;
    }));
    const auto refused = hall.rig.run(hall.door->write(home, device_id, "Speed", std::int64_t{5}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
}

TEST(Door, ADevicesOwnDeathIsAGoodbye) {
    Hall hall(1);
    hall.connect();
    EXPECT_TRUE(hall.give(*hall.edge.device_died("m1", hall.rig.now())));
    EXPECT_TRUE(PlantRig::eventually(
        [&] { return hall.connection(device_id) == twin::Connection::offline; }));
    EXPECT_EQ(hall.connection(node_id), twin::Connection::online);
}

TEST(Door, AWriteBecomesACommand) {
    for (const unsigned shards : {1u, 3u}) {
        Hall hall(shards);
        hall.connect();
        const auto sent =
            hall.rig.run(hall.door->write(home, device_id, "Speed", std::int64_t{650}));
        ASSERT_TRUE(sent) << sent.error().context;
        EXPECT_EQ(sent->topic, "spBv1.0/hall/DCMD/emb:1/m1");
        ASSERT_TRUE(hall.publishes(sent->topic));
        const auto command = hall.published().back();
        const auto events =
            hall.edge.receive(command.topic, as_bytes(command.payload), hall.rig.now());
        ASSERT_EQ(events.size(), 1u);
        const auto* write = std::get_if<Write>(&events[0]);
        ASSERT_NE(write, nullptr);
        EXPECT_EQ(write->device, "m1");
        EXPECT_EQ(write->metric, "Speed");
        EXPECT_EQ(write->value, Value{std::int64_t{650}});

        const std::tuple<std::string, std::string, history::Value, Code> refusals[] = {
            {device_id, "None", 1.0, Code::not_found},
            {"hall:emb%3A1:m2", "Speed", 1.0, Code::not_found},
            {"json-machine", "Speed", 1.0, Code::not_found},
            {device_id, "Speed", std::string("fast"), Code::invalid},
            {device_id, "Speed", std::int64_t{40'000}, Code::invalid},
            {device_id, "Total", std::int64_t{1}, Code::denied},
        };
        for (const auto& [machine, tag, value, code] : refusals) {
            const auto refused = hall.rig.run(hall.door->write(home, machine, tag, value));
            ASSERT_FALSE(refused) << machine << " " << tag;
            EXPECT_EQ(refused.error().code, code)
                << machine << " " << tag << ": " << refused.error().context;
        }
    }
}

TEST(Door, MalformedMessagesAreInvalidAndForeignOnesIgnored) {
    Hall hall(2);
    hall.connect();
    const std::pair<std::string, std::string> bad[] = {
        {"spBv1.0/hall/NBIRTH/other", "\xff\xff\xff"},
        {"spBv1.0/hall/WRONG/emb:1", ""},
        {"spBv1.0/hall/DDATA/emb:1/m1", std::string("\x0a\x7f", 2)}};
    for (const auto& [topic, payload] : bad) {
        const auto taken = hall.give({topic, payload});
        ASSERT_FALSE(taken) << topic;
        EXPECT_EQ(taken.error().code, Code::invalid) << topic;
        EXPECT_FALSE(taken.error().context.empty());
    }
    EXPECT_TRUE(hall.give({"spBv1.0/STATE/other", "{}"}));
    EXPECT_TRUE(hall.give({"spBv1.0/hall/NCMD/emb:1", "\xff"}));
    EXPECT_EQ(hall.connection(node_id), twin::Connection::online);
    EXPECT_TRUE(hall.give(hall.speed(9)));
    EXPECT_EQ(hall.newest(device_id, "Speed"), history::Value{std::int64_t{9}});
}

}  // namespace
}  // namespace lineshaft::sparkplug
