#include "app/node.h"

#include <algorithm>

#include "app/running_node.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady rates_interval{1'000};

io::Task<bool> close_broker(broker::Broker* broker) {
    co_await broker->close();
    co_return true;
}

io::Task<bool> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed.has_value();
}

io::Task<bool> end_rates(io::Wheel::Timer* timer, io::Nursery* nursery) {
    timer->disarm();
    co_await nursery->close();
    co_return true;
}

}  // namespace

void RunningNode::watch_rates() {
    io::Shard::here().wheel().arm(rates_timer_, rates_interval, [this] {
        rates_nursery_->spawn(sample_rates());
        clock_watch_->look();
        watch_rates();
    });
}

io::Task<void> RunningNode::sample_rates() {
    auto broker = co_await broker_->stats();
    auto plant = co_await plant_->counters();
    const api::Rates rates =
        meter_.measure(broker, plant, store_->stats(), io::Shard::here().clock().steady());
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        shards_->at(index).post([this, index, rates] { on_shard_[index].rates = rates; });
    }
}

api::NodeFacts RunningNode::facts() const {
    const auto stats = store_->stats();
    return {std::string(version()),
            settings_.node_name,
            settings_.node_role,
            started_at_,
            settings_.store_durability,
            stats.is_accepting,
            store_->is_read_only(),
            options_.is_demo,
            damage_,
            banner_.listeners,
            shards_->size()};
}

bool RunningNode::is_ready() const {
    return naming_->is_ready() &&
           std::ranges::all_of(listeners_,
                               [](const auto& listener) { return listener->is_accepting(); });
}

io::Task<Result<api::SentCommand>> RunningNode::command(trust::PrincipalPtr,
                                                        twin::MachineState machine, std::string tag,
                                                        history::Value value) {
    if (machine.source == twin::Source::sparkplug) {
        auto sent = co_await door_->write(machine.organisation, machine.id, std::move(tag),
                                          std::move(value));
        if (!sent) co_return std::unexpected(sent.error());
        co_return api::SentCommand{sent->at, std::move(sent->topic)};
    }
    if (machine.source == twin::Source::thingsboard) {
        auto sent = co_await ingest_->thingsboard().set_value(machine.organisation, machine.id,
                                                              std::move(tag), std::move(value));
        if (!sent) co_return std::unexpected(sent.error());
        co_return api::SentCommand{sent->at, prefix_of(machine.organisation) + sent->topic};
    }
    const std::string topic =
        prefix_of(machine.organisation) + telemetry::command_topic(machine.id);
    const std::string id = trust::to_base64url(trust::random_bytes(12));
    broker::Outgoing out;
    out.message = mqtt::Message(topic, telemetry::encode_command(id, tag, value));
    auto published = co_await io::suspend<Result<void>>([&](io::Answer<Result<void>> answer) {
        auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
        broker_->publish(std::move(out), [kept](Result<void> done) { (*kept)(std::move(done)); });
    });
    if (!published) co_return std::unexpected(published.error());
    co_return api::SentCommand{io::Shard::here().now(), topic};
}

void RunningNode::tell_attributes(OrganisationId organisation, const std::string& machine,
                                  const std::vector<catalog::AttributeChange>& changes) {
    ingest_->thingsboard().tell_attributes(organisation, machine, changes);
}

io::Task<std::string> RunningNode::metrics() {
    auto broker = co_await broker_->stats();
    auto plant = co_await plant_->counters();
    auto history = co_await history_->stats();
    auto sparkplug = co_await door_->counters();
    auto ingest = co_await ingest_->metrics();
    auto naming = co_await naming_->metrics();
    auto fleet = co_await fleet_->metrics();
    std::string postgres;
    if (pg_) postgres = co_await pg_->metrics();
    co_return metrics_page(
        {broker, plant, history, sparkplug, store_->stats(), http_->stats(), facts()}) +
        ingest + naming + fleet + postgres + sql_->metrics() + certificates_->metrics() + quotas_->metrics(*desk_->snapshot());
}

void RunningNode::stop() {
    if (std::exchange(stopped_, true)) return;
    // What never came to be is skipped: a start may have failed half-way.
    for (auto& listener : listeners_) listener->close();
    if (rates_nursery_) {
        shards_->run_blocking(ShardIndex(0), end_rates(&rates_timer_, rates_nursery_.get()));
    }
    if (backups_) backups_->stop();
    if (certificates_) certificates_->close();
    if (pg_) pg_->close();
    if (sql_) sql_->close();
    if (http_) http_->close();
    if (naming_) naming_->close();
    if (backups_) backups_->close();
    if (orders_) orders_->close();
    if (erasures_) erasures_->close();
    if (fleet_) fleet_->close();
    if (door_ && !listeners_.empty()) door_->close();
    if (broker_) shards_->run_blocking(ShardIndex(0), close_broker(broker_.get()));
    if (ingest_) ingest_->close();
    if (telemetry_tap_) telemetry_tap_->close();
    if (plant_) plant_->close();
    if (porter_) porter_->close();
    if (audit_room_) audit_room_->close();
    if (history_) history_->close();
    for (std::size_t index = 0; index < lanes_.size(); ++index) {
        shards_->run_blocking(shards_->at(index).index(), flush_lane(lane_pointers_[index]));
    }
    designs_.reset();  // finishes what it digitises; its outcomes go to the catalog's worker
    catalog_worker_.reset();
    password_worker_.reset();
    sealers_.reset();
    if (shards_) shards_->stop();
    http_.reset();
    broker_.reset();
    history_.reset();
    lanes_.clear();
    if (store_) store_->close();
}

Result<std::unique_ptr<Node>> Node::start(const Settings& settings, Options options) {
    TRY_VOID(check(settings));
    auto node = std::make_unique<RunningNode>(settings, std::move(options));
    auto started = node->start();
    if (!started) {
        node->stop();
        return std::unexpected(started.error());
    }
    return std::unique_ptr<Node>(std::move(node));
}

std::string_view version() {
    return LINESHAFT_VERSION;
}

}  // namespace lineshaft::app
