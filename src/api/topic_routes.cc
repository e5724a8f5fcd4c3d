// The topic browser: levels of topics with their last values, and one topic's payload in all views.
#include "api/mqtt_view.h"
#include "api/payload_view.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

json::object render_brief(const MqttMessage& message) {
    return {{"at", render_time(message.at)},
            {"size", message.size_bytes},
            {"qos", message.qos},
            {"retained", message.is_retained},
            {"preview", text_or_null(preview_of(message.payload))}};
}

json::object level_json(const MqttLevel& level) {
    json::value last = nullptr;
    if (level.last) last = render_brief(*level.last);
    return {{"name", level.name},
            {"topic", level.topic},
            {"has_more", level.has_more},
            {"last", std::move(last)}};
}

std::optional<std::string> asked(const http::Request& request, std::string_view name) {
    const auto found = request.asked(name);
    if (!found) return std::nullopt;
    return std::string(*found);
}

io::Task<Answer> list_topics(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    CO_TRY(const auto limit, limit_of(call.request, 200));
    auto page = co_await view->topics(call.principal, asked(call.request, "prefix"),
                                      asked(call.request, "cursor"), limit);
    json::array items;
    for (const MqttLevel& level : page.levels) items.push_back(level_json(level));
    json::value next = nullptr;
    if (page.next) next = json::value(*page.next);
    co_return reply(json::object{{"items", std::move(items)},
                                 {"next", std::move(next)},
                                 {"whole", page.is_whole},
                                 {"since", render_time(page.since)}});
}

io::Task<Answer> one_topic(Call call) {
    CO_TRY(MqttView * view, mqtt_of(call));
    auto found = co_await view->topic(call.principal, call.captured(0));
    if (!found) co_return std::unexpected(found.error());
    const MqttMessage& message = *found;
    json::object out = render_brief(message);
    out.erase("preview");
    out["topic"] = message.topic;
    out["publisher"] = text_or_null(message.publisher);
    out["expires_at"] = render_time(message.expires_at);
    out["content_type"] = text_or_null(message.content_type);
    out["response_topic"] = text_or_null(message.response_topic);
    json::array properties;
    for (const auto& [name, value] : message.user_properties)
        properties.push_back(json::array{name, value});
    out["user_properties"] = std::move(properties);
    json::object payload = payload_view(message.topic, message.payload);
    if (message.payload.size() < message.size_bytes) payload["cut"] = true;
    out["payload"] = std::move(payload);
    co_return reply(out);
}

}  // namespace

void add_topic_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/topics", &list_topics);
    serve(router, services, "GET", "/api/v1/topics/{topic}", &one_topic);
}

}  // namespace lineshaft::api
