#include "app/mqtt_view.h"

#include <fmt/format.h>

#include "base/log.h"
#include "catalog/types.h"

namespace lineshaft::app {
namespace {

broker::ClientOrder order_of(std::string_view word) {
    if (word == "since") return broker::ClientOrder::since;
    if (word == "in") return broker::ClientOrder::messages_in;
    if (word == "out") return broker::ClientOrder::messages_out;
    if (word == "queued") return broker::ClientOrder::queued;
    if (word == "lost") return broker::ClientOrder::lost;
    return broker::ClientOrder::client;
}

std::optional<broker::ClientState> state_of(std::string_view word) {
    if (word == "connected") return broker::ClientState::connected;
    if (word == "sleeping") return broker::ClientState::sleeping;
    if (word == "gone") return broker::ClientState::gone;
    return std::nullopt;
}

std::string_view name_of(broker::ClientState state) {
    switch (state) {
        case broker::ClientState::connected: return "connected";
        case broker::ClientState::sleeping: return "sleeping";
        case broker::ClientState::gone: return "gone";
    }
    return "";
}

std::string_view listener_of(const broker::ClientRow& row) {
    if (row.address.empty()) return "";
    if (row.is_websocket) return row.is_encrypted ? "wss" : "ws";
    return row.is_encrypted ? "mqtts" : "mqtt";
}

api::MqttTraffic traffic_of(const broker::TrafficRates& rates) {
    return {rates.messages_in, rates.bytes_in, rates.messages_out, rates.bytes_out};
}

api::MqttTraffic traffic_of(const broker::Traffic& total) {
    return {static_cast<double>(total.messages_in), static_cast<double>(total.bytes_in),
            static_cast<double>(total.messages_out), static_cast<double>(total.bytes_out)};
}

api::MqttConnection connection_of(broker::ClientRow&& row) {
    api::MqttConnection out;
    out.listener = listener_of(row);
    out.id = std::move(row.client_id);
    out.principal = std::move(row.principal);
    out.machine = std::move(row.machine);
    out.address = std::move(row.address);
    out.port = row.port;
    out.state = name_of(row.state);
    out.protocol = row.version == mqtt::Version::v5_0 ? "5.0" : "3.1.1";
    out.is_durable = row.is_durable;
    out.is_full = row.is_full;
    out.is_paused = row.is_paused;
    out.keep_alive_s = row.keep_alive_s;
    if (row.expiry_s != mqtt::session_never_expires) out.expiry_s = row.expiry_s;
    out.since = row.changed;
    out.subscriptions = row.subscriptions;
    out.in_flight = row.in_flight;
    out.unanswered = row.unanswered;
    out.queued_messages = row.queued_messages;
    out.queued_bytes = row.queued_bytes;
    out.retained = row.retained;
    out.rates = traffic_of(row.rates);
    out.totals = traffic_of(row.total);
    for (std::size_t each = 0; each < broker::loss_count; ++each) {
        out.losses.emplace_back(broker::name_of(static_cast<broker::Loss>(each)), row.losses[each]);
    }
    if (row.ended) {
        out.ended = {row.ended->at, static_cast<std::uint8_t>(row.ended->reason),
                     std::string(mqtt::name_of(row.ended->reason)), std::string(row.ended->why)};
    }
    return out;
}

api::MqttMessage message_of(const broker::LastMessage& last) {
    const broker::Publication& what = *last.what;
    api::MqttMessage out;
    out.topic = what.message.topic();
    out.payload = what.message.payload();
    if (what.publisher) out.publisher = what.publisher->name;
    out.size_bytes = last.payload_bytes;
    out.qos = static_cast<int>(what.qos);
    out.is_retained = last.is_retained;
    out.at = what.received;
    if (what.expires != Instant{0}) out.expires_at = what.expires;
    return out;
}

void add_properties(api::MqttMessage& out, const mqtt::Message& message) {
    const auto properties = mqtt::properties_of(message.view());
    if (!properties) return;
    const auto text = [&](mqtt::PropertyId id) {
        return std::string(properties->text(id).value_or(""));
    };
    out.content_type = text(mqtt::PropertyId::content_type);
    out.response_topic = text(mqtt::PropertyId::response_topic);
    for (const mqtt::Property& each : properties->list()) {
        if (each.id == mqtt::PropertyId::user_property)
            out.user_properties.emplace_back(each.text, each.value);
    }
}

}  // namespace

io::Task<api::MqttConnectionPage> BrokerView::connections(OrganisationId organisation,
                                                          api::MqttConnectionQuery query) {
    broker::ClientQuery wanted{.organisation = organisation,
                               .text = std::move(query.text),
                               .state = state_of(query.state),
                               .order = order_of(query.order),
                               .after = std::move(query.after),
                               .count_max = query.count_max};
    auto page = co_await broker_.clients(std::move(wanted));
    api::MqttConnectionPage out;
    for (auto& row : page.rows) out.items.push_back(connection_of(std::move(row)));
    out.next = std::move(page.next);
    out.total = page.total;
    co_return out;
}

io::Task<Result<std::pair<api::MqttConnection, std::vector<api::MqttSubscription>>>>
BrokerView::connection(OrganisationId organisation, std::string id) {
    using Found = std::pair<api::MqttConnection, std::vector<api::MqttSubscription>>;
    auto detail = co_await broker_.client(organisation, std::move(id));
    if (!detail) co_return Result<Found>(std::unexpected(detail.error()));
    Found out;
    out.first = connection_of(std::move(detail->row));
    for (const auto& each : detail->subscriptions) {
        out.second.push_back(
            {each.filter, static_cast<int>(each.qos_max), each.no_local, each.retain_as_published});
    }
    co_return Result<Found>(std::move(out));
}

io::Task<Result<void>> BrokerView::end(trust::PrincipalPtr by, std::string id, bool forget) {
    auto ended = co_await broker_.end_client(by->organisation, id, forget);
    if (!ended) co_return ended;
    log::info("client {} was ended by {}", id, by->name);
    plant_.record({io::Shard::here().now(), by->organisation, "", "ended",
                   fmt::format("MQTT client {} by {}", id, by->name)});
    co_return ended;
}

io::Task<api::MqttTopicPage> BrokerView::topics(trust::PrincipalPtr who,
                                                std::optional<std::string> prefix,
                                                std::optional<std::string> after,
                                                std::size_t count_max) {
    auto page =
        co_await broker_.topics(std::move(who), std::move(prefix), std::move(after), count_max);
    api::MqttTopicPage out;
    for (auto& level : page.levels) {
        std::optional<api::MqttMessage> last;
        if (level.last.what) last = message_of(level.last);
        out.levels.push_back(
            {std::move(level.name), std::move(level.topic), level.has_more, std::move(last)});
    }
    out.next = std::move(page.next);
    out.is_whole = page.is_whole;
    out.since = page.since;
    co_return out;
}

io::Task<Result<api::MqttMessage>> BrokerView::topic(trust::PrincipalPtr who, std::string topic) {
    auto last = co_await broker_.topic(std::move(who), std::move(topic));
    if (!last) co_return Result<api::MqttMessage>(std::unexpected(last.error()));
    auto out = message_of(*last);
    add_properties(out, last->what->message);
    co_return Result<api::MqttMessage>(std::move(out));
}

io::Task<api::MqttSummary> BrokerView::summary() {
    auto stats = co_await broker_.stats();
    const auto level = static_cast<broker::LoadLevel>(stats.load_level);
    api::MqttSummary out{
        {static_cast<int>(stats.load_level), broker::name_of(level), broker::effect_of(level)}, {}};
    for (const auto& field : broker::stat_fields())
        out.numbers.emplace_back(field.name, stats.*field.member);
    co_return out;
}

void LoadWatch::load_changed(broker::LoadLevel from, broker::LoadLevel to, std::string_view cause) {
    const std::string text =
        to > from ? fmt::format("level {} of {}: {} ({})", static_cast<int>(to),
                                broker::load_levels - 1, broker::effect_of(to), cause)
                  : fmt::format("down to level {} of {}: {}", static_cast<int>(to),
                                broker::load_levels - 1, broker::effect_of(to));
    plant_.record({io::Shard::here().now(), catalog::default_organisation, "", "overload", text});
}

}  // namespace lineshaft::app
