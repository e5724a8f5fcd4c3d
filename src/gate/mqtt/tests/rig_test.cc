// The rig itself (rig.h), and that it works.
#include "rig.h"

#include <thread>

namespace lineshaft::broker {

// ---- Client ----------------------------------------------------------------------------------

TestClient::TestClient(Rig& rig, Options options)
    : protocol({}, options.acknowledges), rig_(&rig), options_(std::move(options)) {}

TestClient::~TestClient() {
    drop();
}

io::Task<void> read_client(TestClient* client) {
    for (;;) {
        auto bytes = co_await client->stream_->read_some(io::for_ever);
        if (!bytes) break;
        client->unread_.append(as_text(*bytes));
        if (client->reads_) client->take();
        if (!client->is_stalled_) continue;
        auto on = co_await io::suspend<bool>(
            [client](io::Answer<bool> answer) { client->waiting_.emplace(std::move(answer)); });
        (void)on;
    }
    client->peer_gone_ = true;
    client->is_reading_ = false;
}

void TestClient::take() {
    const std::string bytes = std::exchange(unread_, {});
    for (auto& event : protocol.receive(as_bytes(bytes))) {
        if (auto* connected = std::get_if<mqtt::Connected>(&event)) connacks.push_back(*connected);
        if (auto* message = std::get_if<mqtt::Arrived>(&event)) arrived.push_back(*message);
        if (auto* done = std::get_if<mqtt::Published>(&event)) published.push_back(*done);
        if (auto* answer = std::get_if<mqtt::Answered>(&event)) answered.push_back(*answer);
        if (auto* end = std::get_if<mqtt::Ended>(&event)) ended.push_back(*end);
    }
    if (stream_ != nullptr && protocol.output_bytes() != 0) {
        const std::string out = protocol.take_output();
        (void)stream_->try_write(as_bytes(out));
    }
}

void TestClient::connect() {
    drop();
    io::Peer peer{.address = "memory", .is_loopback = options_.is_local};
    auto [here, there] = io::memory_streams(options_.capacity, peer);
    stream_ = std::move(here);
    peer_gone_ = false;
    reads_ = true;
    unread_.clear();
    mqtt::Connect connect{.version = options_.version,
                          .clean_start = options_.clean,
                          .keep_alive_s = options_.keep_alive_s,
                          .client_id = options_.client_id,
                          .will = options_.will,
                          .user_name = options_.user,
                          .password = std::nullopt,
                          .properties = {}};
    if (options_.version == mqtt::Version::v5_0) {
        if (options_.expiry_s != 0) {
            connect.properties.add(mqtt::PropertyId::session_expiry_interval, options_.expiry_s);
        }
        if (options_.receive_maximum != 0) {
            connect.properties.add(mqtt::PropertyId::receive_maximum,
                                   std::uint32_t{options_.receive_maximum});
        }
        if (options_.packet_bytes_max != 0) {
            connect.properties.add(mqtt::PropertyId::maximum_packet_size,
                                   options_.packet_bytes_max);
        }
    }
    protocol.connect(std::move(connect));
    is_reading_ = true;
    auto server = std::make_shared<std::unique_ptr<io::Stream>>(std::move(there));
    rig_->on(options_.shard, [this, server] {
        rig_->nurseries[options_.shard]->spawn(read_client(this), [this] { stream_->close(); });
        rig_->broker->serve(std::move(*server));
    });
    go();
}

void TestClient::go() {
    if (stream_ != nullptr) {
        const std::string out = protocol.take_output();
        if (!out.empty()) (void)stream_->try_write(as_bytes(out));
    }
    rig_->settle();
}

std::uint16_t TestClient::publish(const std::string& topic, const std::string& payload, int qos,
                                  bool retain, std::optional<std::uint32_t> expiry_s) {
    auto id = protocol.publish(mqtt::Message(topic, payload), static_cast<mqtt::Qos>(qos), retain,
                               expiry_s);
    EXPECT_TRUE(id.has_value());
    go();
    return id.value_or(0);
}

void TestClient::subscribe(const std::string& filter, int qos, std::uint32_t id) {
    subscribe(mqtt::Subscription{.filter = filter, .qos_max = static_cast<mqtt::Qos>(qos)}, id);
}

void TestClient::subscribe(mqtt::Subscription wish, std::uint32_t id) {
    mqtt::Properties properties;
    if (id != 0) properties.add(mqtt::PropertyId::subscription_identifier, id);
    EXPECT_TRUE(protocol.subscribe({std::move(wish)}, std::move(properties)).has_value());
    go();
}

void TestClient::unsubscribe(const std::string& filter) {
    EXPECT_TRUE(protocol.unsubscribe({filter}).has_value());
    go();
}

void TestClient::disconnect(mqtt::Reason reason) {
    protocol.disconnect(reason);
    go();
    drop();
}

void TestClient::stall(bool on) {
    is_stalled_ = on;
    rig_->on(options_.shard, [this] {
        if (is_stalled_ || !waiting_) return;
        auto go_on = std::move(*waiting_);
        waiting_.reset();
        go_on(true);
    });
    rig_->settle();
}

void TestClient::drop() {
    if (stream_ == nullptr) return;
    rig_->on(options_.shard, [this] { stream_->close(); });
    stall(false);
    rig_->settle();
    EXPECT_FALSE(is_reading_);
    stream_.reset();
    protocol.lost();
}

void TestClient::send_raw(std::string_view bytes) {
    (void)stream_->try_write(as_bytes(bytes));
    rig_->settle();
}

void TestClient::reads(bool on) {
    reads_ = on;
    if (on) take();
    rig_->settle();
}

std::vector<std::string> TestClient::payloads() const {
    std::vector<std::string> list;
    for (const auto& each : arrived) list.emplace_back(each.message.payload());
    return list;
}

std::size_t TestClient::count(const std::string& payload) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        arrived, [&](const auto& each) { return each.message.payload() == payload; }));
}

// ---- Rig -------------------------------------------------------------------------------------

Rig::Rig(unsigned shard_count, Limits its_limits, std::string from,
         std::shared_ptr<OpenGate> its_gate)
    : clock(std::make_shared<io::ManualClock>(Instant::from_millis(1'790'000'000'000))),
      gate(std::move(its_gate)),
      limits(its_limits) {
    for (unsigned index = 0; index < shard_count; ++index) {
        shards.push_back(std::make_unique<io::Shard>(ShardIndex(index), *clock));
        nurseries.push_back(std::make_unique<io::Nursery>("test clients"));
    }
    auto opened = store::open(from.empty() ? dir.path("store") : from, {}, store::Durability::fast);
    if (!opened) {
        ADD_FAILURE() << opened.error().context;
        std::abort();
    }
    inner = std::move(opened->store);
    store = std::make_unique<store::FaultyStore>(*inner);
    open();
}

void Rig::open() {
    std::vector<Broker::Place> places;
    for (auto& shard : shards) {
        lanes.push_back(std::make_unique<store::Lane>(*store, *shard, store::Lane::Limits{}));
        places.push_back({shard.get(), lanes.back().get()});
    }
    broker = std::make_unique<Broker>(places, *store, *gate, limits);
    for (Tap* tap : taps) broker->add(*tap);
    for (Observer* observer : observers) broker->add(*observer);
    auto result = broker->load();
    EXPECT_TRUE(result.has_value()) << result.error().context;
    if (result) loaded = *result;
    settle();
}

namespace {

io::Task<bool> flush(store::Lane* lane) {
    auto done = co_await lane->flush();
    (void)done;
    co_return true;
}

io::Task<bool> close_broker(Broker* broker) {
    co_await broker->close();
    co_return true;
}

io::Task<bool> close_nursery(io::Nursery* nursery) {
    co_await nursery->close();
    co_return true;
}

}  // namespace

void Rig::close() {
    if (!broker) return;
    store->pretend_full(false);
    release();
    run(close_broker(broker.get()));
    settle();
    broker.reset();
    lanes.clear();
}

Rig::~Rig() {
    close();
    for (std::uint32_t index = 0; index < nurseries.size(); ++index) {
        run(close_nursery(nurseries[index].get()), index);
    }
    store->close();
}

void Rig::restart() {
    close();
    open();
}

std::unique_ptr<Rig> Rig::crash(std::optional<Limits> other_limits) {
    const std::string copy = dir.path("copy" + std::to_string(copies++));
    EXPECT_TRUE(inner->checkpoint(copy).has_value());
    auto after = std::make_unique<Rig>(static_cast<unsigned>(shards.size()),
                                       other_limits.value_or(limits), copy, gate);
    return after;
}

void Rig::settle() {
    // Three times: what a commit set going may need another one.
    for (int round = 0; round < 3; ++round) {
        for (int turn = 0; turn < 4; ++turn) {
            for (auto& shard : shards) shard->run(true);
        }
        if (!is_holding) {
            flush_lanes();
            continue;
        }
        // What is submitted gets committed; nobody is told.
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    for (auto& shard : shards) shard->run(true);
}

void Rig::hold() {
    is_holding = true;
    store->hold_answers();
}

void Rig::release() {
    is_holding = false;
    store->release();
    settle();
}

void Rig::flush_lanes() {
    for (std::uint32_t index = 0; index < lanes.size(); ++index)
        run(flush(lanes[index].get()), index);
}

void Rig::advance(io::Steady by) {
    // In steps, as time goes: a timer that is armed by another one fires when it is due.
    const auto step = std::max<io::Steady>(io::Steady{50}, by / 64);
    for (io::Steady gone{0}; gone < by; gone += step) {
        clock->advance(std::min(step, by - gone));
        for (auto& shard : shards) on(shard->index().number(), [&shard] { shard->wheel().turn(); });
    }
    settle();
}

void Rig::on(std::uint32_t shard, std::function<void()> work) {
    shards[shard]->post([work = std::move(work)] { work(); });
    shards[shard]->run(true);
}

namespace {

io::Task<Stats> ask_stats(Broker* broker) {
    auto stats = co_await broker->stats();
    co_return stats;
}

io::Task<std::vector<ClientRow>> ask_clients(Broker* broker) {
    ClientQuery query{.count_max = 1000};
    auto page = co_await broker->clients(std::move(query));
    co_return page.rows;
}

}  // namespace

Stats Rig::stats() {
    return run(ask_stats(broker.get()));
}
std::vector<ClientRow> Rig::clients() {
    return run(ask_clients(broker.get()));
}

TEST(Rig, ConnectsSubscribesAndDelivers) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader"}), writer(rig, {.client_id = "writer"});
    reader.connect();
    writer.connect();
    ASSERT_EQ(reader.connacks.size(), 1u);
    EXPECT_EQ(reader.connacks[0].connack.reason, mqtt::Reason::success);
    reader.subscribe("plant/+/temp", 2);
    ASSERT_EQ(reader.answered.size(), 1u);
    for (int qos : {0, 1, 2}) writer.publish("plant/a/temp", "q" + std::to_string(qos), qos);
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"q0", "q1", "q2"}));
    EXPECT_EQ(writer.published.size(), 2u);
    EXPECT_EQ(writer.protocol.unfinished(), 0u);
}

}  // namespace lineshaft::broker
