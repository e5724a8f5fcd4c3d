#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/quotas.h"
#include "catalog/desk.h"
#include "gate/mqtt/gatekeeper.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "trust/topic_rights.h"

namespace lineshaft::app {

/// The broker's questions answered by trust: keys and rights of the shard that asks.
class TrustGatekeeper final : public broker::Gatekeeper {
public:
    TrustGatekeeper(trust::Porter& porter, catalog::Desk& desk,
                    std::optional<trust::Role> loopback_role, std::string host_id,
                    std::size_t shards);

    io::Task<broker::Admission> admit(broker::Credentials shown) override;
    bool may_publish(const trust::Principal& who, std::string_view topic) const override;
    bool may_subscribe(const trust::Principal& who, std::string_view filter) const override;
    bool may_receive(const trust::Principal& who, std::string_view topic) const override;
    bool still_holds(const trust::Principal& who) const override;
    std::string reference(const trust::Principal& who) const override;
    trust::PrincipalPtr find(std::string_view reference) const override;
    std::optional<std::string> topic_in(const trust::Principal& who,
                                        std::string_view topic) const override;
    std::optional<std::string> filter_in(const trust::Principal& who,
                                         std::string_view filter) const override;
    std::optional<std::string> topic_out(const trust::Principal& who,
                                         std::string_view topic) const override;

    /// Every reference by which sessions and retained messages of a machine are known.
    static std::vector<std::string> references_of(OrganisationId organisation,
                                                  std::string_view machine,
                                                  const std::vector<TokenId>& tokens);

    bool take_message(const trust::Principal& who) override;
    bool take_session(OrganisationId organisation) override;
    void session_loaded(OrganisationId organisation) override;
    void session_gone(OrganisationId organisation) override;
    bool take_retained(OrganisationId organisation, std::int64_t bytes) override;
    void retained_changed(OrganisationId organisation, std::int64_t bytes) override;

    /// Whose limits count, and who is told of refusals. Both outlive the broker; before load().
    void watch(Quotas& quotas, trust::Audit& audit) {
        quotas_ = &quotas;
        audit_ = &audit;
    }

    /// Calls `heard`, on the session's shard, when a machine subscribes to ThingsBoard's topics.
    /// Before the first client.
    void on_device(std::function<void(const trust::Principal&)> heard) { heard_ = std::move(heard); }

private:
    const trust::TopicRights& rights() const;

    // Rights as of one version of the catalog, made anew when organisations may have changed.
    struct OnShard {
        std::uint64_t version = 0;
        std::size_t organisations = 0;
        std::optional<trust::TopicRights> rights;
    };
    trust::Porter& porter_;
    catalog::Desk& desk_;
    std::optional<trust::Role> loopback_role_;
    std::string host_id_;
    mutable std::vector<OnShard> on_shard_;
    std::function<void(const trust::Principal&)> heard_;
    Quotas* quotas_ = nullptr;
    trust::Audit* audit_ = nullptr;
};

}  // namespace lineshaft::app
