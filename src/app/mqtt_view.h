#pragma once
#include "api/mqtt_view.h"
#include "gate/mqtt/broker.h"
#include "twin/plant.h"

namespace lineshaft::app {

/// The broker as the API shows it. `broker` and `plant` outlive it.
class BrokerView final : public api::MqttView {
public:
    BrokerView(broker::Broker& broker, twin::Plant& plant) : broker_(broker), plant_(plant) {}

    io::Task<api::MqttConnectionPage> connections(OrganisationId organisation,
                                                  api::MqttConnectionQuery query) override;
    io::Task<Result<std::pair<api::MqttConnection, std::vector<api::MqttSubscription>>>> connection(
        OrganisationId organisation, std::string id) override;
    io::Task<Result<void>> end(trust::PrincipalPtr by, std::string id, bool forget) override;
    io::Task<api::MqttTopicPage> topics(trust::PrincipalPtr who, std::optional<std::string> prefix,
                                        std::optional<std::string> after,
                                        std::size_t count_max) override;
    io::Task<Result<api::MqttMessage>> topic(trust::PrincipalPtr who, std::string topic) override;
    io::Task<api::MqttSummary> summary() override;

private:
    broker::Broker& broker_;
    twin::Plant& plant_;
};

/// Changes of the load level become events of the plant.
class LoadWatch final : public broker::Observer {
public:
    explicit LoadWatch(twin::Plant& plant) : plant_(plant) {}
    void connected(const Client&) override {}
    void disconnected(const Client&, mqtt::Reason, std::string_view) override {}
    void load_changed(broker::LoadLevel from, broker::LoadLevel to,
                      std::string_view cause) override;

private:
    twin::Plant& plant_;
};

}  // namespace lineshaft::app
