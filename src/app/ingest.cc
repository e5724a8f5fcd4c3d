#include "app/ingest.h"

#include <fmt/format.h>

#include "app/node.h"
#include "gate/thingsboard/names.h"
#include "trust/topic_rights.h"

namespace lineshaft::app {
namespace {

// What a request's body may be, for each of the HTTP doors.
template <class Limits>
Limits body_limits(const Settings& settings) {
    Limits limits;
    limits.body_bytes_max = static_cast<std::size_t>(settings.http_body_bytes_max);
    limits.decoded_bytes_max = std::max(limits.decoded_bytes_max, 2 * limits.body_bytes_max);
    return limits;
}

thingsboard::DoorLimits thingsboard_limits(const Settings& settings) {
    thingsboard::DoorLimits limits;
    limits.packet_bytes_max = static_cast<std::size_t>(settings.mqtt_packet_bytes_max);
    limits.inflight_max = static_cast<std::size_t>(settings.mqtt_inflight_max);
    return limits;
}

// What clients of InfluxDB take for a version of it.
std::string influx_version() {
    return fmt::format("2.7.0+lineshaft.{}", version());
}

Result<std::vector<history::TagSample>> parse_samples(Bytes payload, Instant received) {
    return telemetry::parse(payload, received, telemetry::Limits{});
}

void add_counter(std::string& page, std::string_view door, std::string_view name,
                 std::uint64_t value) {
    page += fmt::format("# TYPE lineshaft_{0}_{1}_total counter\nlineshaft_{0}_{1}_total {2}\n",
                        door, name, value);
}

io::Task<catalog::Learner::Stats> learner_stats(const catalog::Learner* learner) {
    co_return learner->stats();
}

}  // namespace

bool ThingsBoardTap::wants(std::string_view topic) const {
    return topic.contains("lineshaft/v1/") && topic.contains("/me/");
}

void ThingsBoardTap::take(const std::shared_ptr<const broker::Publication>& publication,
                          Done done) {
    const trust::Principal* who = publication->publisher.get();
    if (who == nullptr) return done({});  // what the node itself says goes down, not up
    std::string_view topic = publication->message.topic();
    const std::string prefix = trust::TopicRights::prefix_of(*who);
    if (!topic.starts_with(prefix)) return done({});
    const auto upward = thingsboard::parse_upward(topic.substr(prefix.size()));
    if (!upward) return done({});
    door_.take({who->organisation, upward->machine, upward->rest, publication->message.payload(),
                publication->received},
               std::move(done));
}

IngestDoors::IngestDoors(Rooms rooms, const Settings& settings, Publish publish)
    : learner_(rooms.desk, rooms.shards, catalog::Learner::Limits{}),
      influx_({rooms.plant, rooms.desk, learner_, rooms.porter, rooms.shards, rooms.loopback_role,
               rooms.audit},
              list_of(settings.influx_machine_tags), influx_version(),
              body_limits<influx::DoorLimits>(settings)),
      remote_write_({rooms.plant, rooms.porter, rooms.shards, rooms.loopback_role, rooms.audit},
                    list_of(settings.remote_write_machine_labels),
                    body_limits<remote_write::DoorLimits>(settings)),
      telemetry_({rooms.plant, rooms.porter, rooms.shards, rooms.loopback_role, rooms.audit},
                 body_limits<telemetry::HttpLimits>(settings)),
      thingsboard_(
          {rooms.shards, rooms.plant, rooms.desk, learner_, &parse_samples, std::move(publish)},
          thingsboard_limits(settings)),
      thingsboard_tap_(thingsboard_),
      shards_(rooms.shards) {}

void IngestDoors::add_routes(io::http::Router& router) {
    influx_.add_routes(router);
    remote_write_.add_routes(router);
    telemetry_.add_routes(router);
}

io::Task<std::string> IngestDoors::metrics() {
    std::string page;
    auto influx = co_await influx_.stats();
    for (const auto& field : influx::stat_fields())
        add_counter(page, "influx", field.name, influx.*field.member);
    auto remote_write = co_await remote_write_.stats();
    for (const auto& field : remote_write::stat_fields())
        add_counter(page, "remote_write", field.name, remote_write.*field.member);
    auto telemetry = co_await telemetry_.stats();
    for (const auto& field : telemetry::stat_fields())
        add_counter(page, "http_telemetry", field.name, telemetry.*field.member);
    auto thingsboard = co_await thingsboard_.stats();
    for (const auto& field : thingsboard::stat_fields())
        add_counter(page, "thingsboard", field.name, thingsboard.*field.member);
    catalog::Learner::Stats learned;
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        auto one = co_await shards_.at(index).call(&learner_stats, &learner_);
        learned.changed += one.changed;
        learned.refused += one.refused;
    }
    add_counter(page, "attributes", "changed", learned.changed);
    add_counter(page, "attributes", "refused", learned.refused);
    co_return page;
}

}  // namespace lineshaft::app
