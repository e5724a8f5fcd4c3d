// Connections and topics as the API tells them; what the broker says is pretended.
#include "api/mqtt_view.h"
#include "api/payload_view.h"
#include "rig.h"
#include "wire/sparkplug/payload.h"

namespace lineshaft::api::testing {
namespace {

MqttConnection press() {
    MqttConnection one;
    one.id = "press/1 #+";
    one.principal = "press line";
    one.address = "192.0.2.7";
    one.state = "connected";
    one.listener = "mqtts";
    one.protocol = "5.0";
    one.losses = {{"slow", 0}, {"refused_rights", 3}};
    one.ended = {Instant{0}, 0x8d, "keep alive timeout", ""};
    return one;
}

class FakeMqtt final : public MqttView {
public:
    io::Task<MqttConnectionPage> connections(OrganisationId organisation,
                                             MqttConnectionQuery query) override {
        asked = query;
        MqttConnectionPage page;
        if (organisation == home) page = {{press()}, "0~x", 7};
        co_return page;
    }
    io::Task<Result<std::pair<MqttConnection, std::vector<MqttSubscription>>>> connection(
        OrganisationId organisation, std::string id) override {
        using Found = std::pair<MqttConnection, std::vector<MqttSubscription>>;
        if (organisation != home || id != press().id)
            co_return Result<Found>(fail(Code::not_found, "no client " + id));
        Found found{press(), {{"a/#", 1, true, false}}};
        co_return Result<Found>(std::move(found));
    }
    io::Task<Result<void>> end(trust::PrincipalPtr, std::string id, bool forget) override {
        if (id != press().id) co_return Result<void>(fail(Code::not_found, "no client " + id));
        ended = forget ? 2 : 1;
        co_return Result<void>{};
    }
    io::Task<MqttTopicPage> topics(trust::PrincipalPtr, std::optional<std::string> under,
                                   std::optional<std::string>, std::size_t) override {
        prefix = under.value_or("(none)");
        MqttMessage last;
        last.payload = "\xff\x00binary";
        last.size_bytes = 8;
        MqttTopicPage page{
            {{"line", "line", true, {}}, {"raw", "raw", false, last}}, "raw", false, {}};
        co_return page;
    }
    io::Task<Result<MqttMessage>> topic(trust::PrincipalPtr, std::string topic) override {
        if (topic != "a/b") co_return Result<MqttMessage>(fail(Code::not_found, "none"));
        MqttMessage message;
        message.topic = topic;
        message.payload = R"({"x":1})";
        message.size_bytes = 7;
        message.user_properties = {{"unit", "mm"}};
        co_return Result<MqttMessage>(std::move(message));
    }
    io::Task<MqttSummary> summary() override {
        MqttSummary now{{2, "no_sessions", "new sessions are refused"}, {{"connections", 5}}};
        co_return now;
    }

    MqttConnectionQuery asked;
    std::string prefix;
    int ended = 0;
};

TEST(Connections, AreListedFoundAndEnded) {
    Rig rig;
    EXPECT_EQ(rig.get("/api/v1/connections").status, 503u) << "no broker is plugged";
    FakeMqtt mqtt;
    rig.services->mqtt = &mqtt;
    const auto told =
        rig.get("/api/v1/connections?q=Press&state=sleeping&sort=in&limit=5&cursor=9~a");
    ASSERT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(told.at("/total"), 7);
    EXPECT_EQ(told.at("/next"), "0~x");
    EXPECT_EQ(told.at("/items/0/lost"), (json::value{{"refused_rights", 3}}));
    EXPECT_EQ(told.at("/items/0/lost_total"), 3);
    EXPECT_EQ(told.at("/items/0/ended/code"), 0x8d);
    EXPECT_EQ(mqtt.asked.text, "Press");
    EXPECT_EQ(mqtt.asked.state, "sleeping");
    EXPECT_EQ(mqtt.asked.order, "in");
    EXPECT_EQ(mqtt.asked.after, "9~a");
    EXPECT_EQ(mqtt.asked.count_max, 5u);
    EXPECT_EQ(rig.get("/api/v1/connections?state=lost").status, 422u);
    EXPECT_EQ(rig.get("/api/v1/connections?sort=x").status, 422u);
    const std::string path = "/api/v1/connections/press%2F1%20%23%2B";
    EXPECT_EQ(rig.get(path).at("/filters/0/filter"), "a/#");
    EXPECT_EQ(rig.get("/api/v1/connections/other").status, 404u);
    EXPECT_EQ(rig.ask("DELETE", path, rig.as("viewer")).status, 403u);
    EXPECT_EQ(rig.ask("DELETE", path, rig.as("auditor")).status, 403u);
    EXPECT_EQ(mqtt.ended, 0);
    EXPECT_EQ(rig.ask("DELETE", path, rig.as("operator")).status, 204u);
    EXPECT_EQ(mqtt.ended, 1);
    EXPECT_EQ(rig.ask("DELETE", path + "?forget=true", rig.as("engineer")).status, 204u);
    EXPECT_EQ(mqtt.ended, 2);
    EXPECT_EQ(rig.ask("DELETE", path + "?forget=1", rig.as("engineer")).status, 422u);
    EXPECT_EQ(rig.get("/api/v1/broker").at("/load/name"), "no_sessions");
    EXPECT_EQ(rig.get("/api/v1/broker").at("/numbers/connections"), 5);
}

TEST(Topics, AreLevelsAndPayloads) {
    Rig rig;
    FakeMqtt mqtt;
    rig.services->mqtt = &mqtt;
    auto told = rig.get("/api/v1/topics");
    ASSERT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(mqtt.prefix, "(none)");
    EXPECT_TRUE(told.at("/items/0/last").is_null());
    EXPECT_TRUE(told.at("/items/1/last/preview").is_null()) << "binary";
    EXPECT_FALSE(told.at("/whole").as_bool());
    EXPECT_EQ(told.at("/next"), "raw");
    (void)rig.get("/api/v1/topics?prefix=");
    EXPECT_EQ(mqtt.prefix, "") << "an empty first level";
    (void)rig.get("/api/v1/topics?prefix=a%2Fb");
    EXPECT_EQ(mqtt.prefix, "a/b");
    told = rig.get("/api/v1/topics/a%2Fb");
    ASSERT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(told.at("/payload/text"), R"({"x":1})");
    EXPECT_TRUE(told.at("/payload/json").as_bool());
    EXPECT_TRUE(told.at("/publisher").is_null());
    EXPECT_EQ(told.at("/user_properties/0/1"), "mm");
    EXPECT_EQ(rig.get("/api/v1/topics/none").status, 404u);
}

struct View {
    std::string_view name, topic;
    std::string payload;
    bool is_text, is_json, is_cut;
};

TEST(Payloads, AreTextJsonOrBytes) {
    const View cases[] = {
        {"empty", "t", "", true, false, false},
        {"words", "t", "on \xe2\x82\xac", true, false, false},
        {"a number", "t", "21.5", true, true, false},
        {"broken json", "t", R"({"a":)", true, false, false},
        {"half a letter", "t", "\xe2\x82", false, false, false},
        {"a zero", "t", std::string("a\0b", 3), false, false, false},
        {"text at its limit", "t", std::string(64 << 10, 'x'), true, false, false},
        {"text past it", "t", std::string((64 << 10) + 1, 'x'), true, false, true},
        {"long bytes", "t", std::string(5'000, '\xff'), false, false, true},
        {"deep json", "t", std::string(1'000, '['), true, false, false},
    };
    for (const View& each : cases) {
        const auto view = payload_view(each.topic, each.payload);
        EXPECT_EQ(view.at("text").is_string(), each.is_text) << each.name;
        EXPECT_EQ(view.at("json").as_bool(), each.is_json) << each.name;
        EXPECT_EQ(view.at("cut").as_bool(), each.is_cut) << each.name;
        EXPECT_LE(view.at("hex").as_string().size(), 8'192u) << each.name;
        EXPECT_TRUE(view.at("sparkplug").is_null()) << each.name;
    }
    EXPECT_EQ(payload_view("t", "\x01\xfe").at("hex"), "01fe");
    EXPECT_EQ(preview_of(std::string(79, 'a') + "\xe2\x82\xac"), std::string(79, 'a'));
    EXPECT_EQ(preview_of("\x01"), "");
}

TEST(Payloads, OfSparkplugAreDecoded) {
    sparkplug::Payload payload;
    payload.timestamp = 1'700'000'000'000;
    payload.seq = 3;
    payload.metrics.resize(3);
    auto& speed = payload.metrics[0];
    speed.name = "speed";
    speed.datatype = 10;
    speed.value = 81.5;
    auto& small = payload.metrics[1];
    small.alias = 7;
    small.datatype = 3;
    small.value = std::uint32_t{0xffffffff};
    auto& gone = payload.metrics[2];
    gone.name = "gone";
    gone.datatype = 12;
    gone.is_null = true;
    const auto bytes = sparkplug::encode(payload);
    for (const std::string topic : {"spBv1.0/g/NDATA/n", "acme/spBv1.0/g/NDATA/n"}) {
        const json::value view = payload_view(topic, bytes);
        ASSERT_TRUE(view.at("sparkplug").is_object()) << topic;
        EXPECT_EQ(view.at_pointer("/sparkplug/seq"), 3);
        EXPECT_EQ(view.at_pointer("/sparkplug/metrics/0/name"), "speed");
        EXPECT_EQ(view.at_pointer("/sparkplug/metrics/0/value"), 81.5);
        EXPECT_EQ(view.at_pointer("/sparkplug/metrics/1/alias"), 7);
        EXPECT_EQ(view.at_pointer("/sparkplug/metrics/1/value"), -1) << "an Int32";
        EXPECT_TRUE(view.at_pointer("/sparkplug/metrics/2/value").is_null());
    }
    EXPECT_TRUE(payload_view("other/topic", bytes).at("sparkplug").is_null());
    EXPECT_TRUE(payload_view("spBv1.0/g/NDATA/n", "not protobuf \xff").at("sparkplug").is_null());
}

}  // namespace
}  // namespace lineshaft::api::testing
