// MQTT sessions: who is connected or sleeping, what they do, how they ended; and ending one.
#include <algorithm>
#include <array>

#include "api/mqtt_view.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

json::object connection_json(const MqttTraffic& traffic) {
    return {{"messages_in", traffic.messages_in},
            {"bytes_in", traffic.bytes_in},
            {"messages_out", traffic.messages_out},
            {"bytes_out", traffic.bytes_out}};
}

json::object render_totals(const MqttTraffic& traffic) {
    return {{"messages_in", static_cast<std::uint64_t>(traffic.messages_in)},
            {"bytes_in", static_cast<std::uint64_t>(traffic.bytes_in)},
            {"messages_out", static_cast<std::uint64_t>(traffic.messages_out)},
            {"bytes_out", static_cast<std::uint64_t>(traffic.bytes_out)}};
}

json::object connection_json(const MqttConnection& connection) {
    json::object lost;
    std::uint64_t lost_total = 0;
    for (const auto& [reason, count] : connection.losses) {
        lost_total += count;
        if (count != 0) lost[text(reason)] = count;
    }
    json::value ended = nullptr;
    if (connection.ended) {
        ended = json::object{{"at", render_time(connection.ended->at)},
                             {"code", connection.ended->code},
                             {"reason", connection.ended->reason},
                             {"why", text_or_null(connection.ended->why)}};
    }
    json::value expiry = nullptr;
    if (connection.expiry_s) expiry = *connection.expiry_s;
    return {{"id", connection.id},
            {"principal", text_or_null(connection.principal)},
            {"machine", text_or_null(connection.machine)},
            {"address", text_or_null(connection.address)},
            {"port", connection.port},
            {"state", text(connection.state)},
            {"listener", text_or_null(connection.listener)},
            {"protocol", text(connection.protocol)},
            {"durable", connection.is_durable},
            {"full", connection.is_full},
            {"paused", connection.is_paused},
            {"keep_alive_s", connection.keep_alive_s},
            {"expiry_s", std::move(expiry)},
            {"since", render_time(connection.since)},
            {"subscriptions", connection.subscriptions},
            {"queued_messages", connection.queued_messages},
            {"queued_bytes", connection.queued_bytes},
            {"in_flight", connection.in_flight},
            {"unanswered", connection.unanswered},
            {"retained", connection.retained},
            {"rates", connection_json(connection.rates)},
            {"totals", render_totals(connection.totals)},
            {"lost", std::move(lost)},
            {"lost_total", lost_total},
            {"ended", std::move(ended)}};
}

// One of `allowed`, or empty when it was not asked for.
Result<std::string> word_of(const http::Request& request, std::string_view name,
                            std::initializer_list<std::string_view> allowed) {
    const auto asked = request.asked(name);
    if (!asked || asked->empty()) return std::string();
    if (std::ranges::find(allowed, *asked) != allowed.end()) return std::string(*asked);
    std::string all;
    for (const std::string_view one : allowed) all += (all.empty() ? "" : ", ") + std::string(one);
    return fail(Code::invalid, std::string(name) + " must be one of: " + all);
}

io::Task<Answer> list_connections(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    MqttConnectionQuery query;
    CO_TRY(query.count_max, limit_of(call.request));
    CO_TRY(query.state, word_of(call.request, "state", {"connected", "sleeping", "gone"}));
    CO_TRY(query.order,
           word_of(call.request, "sort", {"client", "since", "in", "out", "queued", "lost"}));
    query.text = call.request.asked("q").value_or("");
    query.after = call.request.asked("cursor").value_or("");
    auto page = co_await view->connections(call.organisation(), std::move(query));
    json::array items;
    for (const MqttConnection& connection : page.items) items.push_back(connection_json(connection));
    co_return reply(json::object{
        {"items", std::move(items)}, {"next", text_or_null(page.next)}, {"total", page.total}});
}

io::Task<Answer> one_connection(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    auto found = co_await view->connection(call.organisation(), call.captured(0));
    if (!found) co_return std::unexpected(found.error());
    json::object out = connection_json(found->first);
    json::array filters;
    for (const MqttSubscription& each : found->second) {
        filters.push_back(json::object{{"filter", each.filter},
                                       {"qos", each.qos_max},
                                       {"no_local", each.no_local},
                                       {"retain_as_published", each.retain_as_published}});
    }
    out["filters"] = std::move(filters);
    co_return reply(out);
}

io::Task<Answer> end(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    CO_TRY(const auto forget, word_of(call.request, "forget", {"true", "false"}));
    auto ended = co_await view->end(call.principal, call.captured(0), forget == "true");
    if (!ended) co_return std::unexpected(ended.error());
    co_return no_content();
}

io::Task<Answer> summary(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    auto now = co_await view->summary();
    json::object numbers;
    for (const auto& [name, value] : now.numbers) numbers[text(name)] = value;
    co_return reply(json::object{{"load",
                                  {{"level", now.load.level},
                                   {"name", text(now.load.name)},
                                   {"effect", text(now.load.effect)}}},
                                 {"numbers", std::move(numbers)}});
}

}  // namespace

void add_connection_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/broker", &summary);
    serve(router, services, "GET", "/api/v1/connections", &list_connections);
    serve(router, services, "GET", "/api/v1/connections/{id}", &one_connection);
    serve(router, services, "DELETE", "/api/v1/connections/{id}", &end);
}

}  // namespace lineshaft::api
