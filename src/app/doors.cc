#include "app/doors.h"

#include "base/machine_id.h"
#include "io/http/server.h"
#include "io/http/websocket.h"

namespace lineshaft::app {
namespace {

constexpr std::string_view telemetry_root = "lineshaft/v1/";
constexpr std::string_view sparkplug_root = "spBv1.0/";

// True for "root…" and "<organisation>/root…".
bool is_under(std::string_view topic, std::string_view root) {
    if (topic.starts_with(root)) return true;
    const auto slash = topic.find('/');
    return slash != topic.npos && topic.substr(slash + 1).starts_with(root);
}

// The topic as its organisation writes it, without prefix. nothing: not the publisher's own.
std::optional<std::string_view> own_topic(const trust::Principal& who, std::string_view topic) {
    const std::string prefix = trust::TopicRights::prefix_of(who);
    if (!topic.starts_with(prefix)) return std::nullopt;
    return topic.substr(prefix.size());
}

}  // namespace

bool TelemetryTap::wants(std::string_view topic) const {
    return is_under(topic, telemetry_root);
}

void TelemetryTap::take(const std::shared_ptr<const broker::Publication>& publication, Done done) {
    const trust::Principal* who = publication->publisher.get();
    const auto own = who ? own_topic(*who, publication->message.topic()) : std::nullopt;
    const auto topic = own ? telemetry::parse_topic(*own) : fail(Code::not_found, "");
    if (!topic || topic->channel != "telemetry") {
        done({});
        return;
    }
    if (const auto good = check_machine_id(topic->machine); !good) {
        done(std::unexpected(good.error()));
        return;
    }
    inlet_.take({who->organisation, topic->machine, as_bytes(publication->message.payload()),
                 publication->received, publication},
                std::move(done));
}

bool SparkplugTap::wants(std::string_view topic) const {
    return is_under(topic, sparkplug_root);
}

void SparkplugTap::take(const std::shared_ptr<const broker::Publication>& publication, Done done) {
    const trust::Principal* who = publication->publisher.get();
    const auto own = who ? own_topic(*who, publication->message.topic()) : std::nullopt;
    if (!own || !own->starts_with(sparkplug_root)) {
        done({});
        return;
    }
    door_.take(who->organisation, std::string(*own), std::string(publication->message.payload()),
               publication->received, std::move(done));
}

void MachineWatch::connected(const Client& client) {
    const trust::Principal& who = client.principal;
    if (!who.is_machine() || parse_machine_id(who.machine)) return;  // Sparkplug has its own births
    plant_.presence(who.organisation, who.machine, twin::Source::json, twin::Presence::born,
                    "connected from " + client.peer.address);
}

void MachineWatch::disconnected(const Client& client, mqtt::Reason reason, std::string_view why) {
    const trust::Principal& who = client.principal;
    if (!who.is_machine() || parse_machine_id(who.machine)) return;
    const bool on_purpose = reason == mqtt::Reason::success;
    plant_.presence(who.organisation, who.machine, twin::Source::json,
                    on_purpose ? twin::Presence::goodbye : twin::Presence::died, std::string(why));
}

io::Task<void> serve_websocket(broker::Broker* broker, io::http::Request request,
                               std::unique_ptr<io::Stream> stream) {
    const std::string_view origin = request.header("origin");
    const auto scheme_end = origin.find("://");
    const bool is_foreign =
        !origin.empty() &&
        (scheme_end == origin.npos || origin.substr(scheme_end + 3) != request.header("host"));
    if (is_foreign) {
        auto refusal =
            io::http::problem(403, "Foreign origin", "Open the page under the node's own address.");
        co_await io::http::answer_refusal(std::move(stream), std::move(refusal));
        co_return;
    }
    std::string subprotocol = "mqtt";
    auto opened = co_await io::http::accept_websocket(std::move(request), std::move(stream),
                                                      std::move(subprotocol));
    if (opened) broker->serve(std::move(*opened), true);
}

}  // namespace lineshaft::app
