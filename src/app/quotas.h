#pragma once
#include <memory>
#include <optional>

#include "api/services.h"
#include "app/settings.h"
#include "catalog/catalog.h"
#include "io/shared_rate.h"

namespace lineshaft::app {

/// What each organisation may take of the node, and takes: asked on every shard, without waiting.
/// One row per organisation there can be, made at start, so a row never moves.
class Quotas final : public api::OrganisationQuotas {
public:
    /// With the organisations and machines there are. From no shard's thread.
    Quotas(const Settings& settings, const catalog::Snapshot& catalog);

    // Each counts its refusals.
    bool take_message(OrganisationId organisation, std::int64_t now_us);
    Result<void> take_samples(OrganisationId organisation, std::size_t count, std::int64_t now_us);
    Result<void> take_machine(OrganisationId organisation);
    void machine_gone(OrganisationId organisation);
    bool take_session(OrganisationId organisation);
    void session_loaded(OrganisationId organisation);
    void session_gone(OrganisationId organisation);
    bool take_retained(OrganisationId organisation, std::int64_t bytes);
    void retained_changed(OrganisationId organisation, std::int64_t bytes);

    api::OrganisationUse use(OrganisationId organisation) const override;
    void changed(const catalog::Organisation& organisation) override;
    /// Prometheus text, by organisation that was refused something.
    std::string metrics(const catalog::Snapshot& catalog) const;

private:
    struct Row {
        io::SharedRate messages, samples;
        io::SharedCount machines, sessions, retained_bytes;
        io::SharedTally refused_messages, refused_samples, refused_machines, refused_sessions;
        io::SharedTally refused_retained;
    };
    Row& row(OrganisationId organisation) const;

    const catalog::OrganisationLimits defaults_;
    const std::size_t size_;
    std::unique_ptr<Row[]> rows_;
};

}  // namespace lineshaft::app
