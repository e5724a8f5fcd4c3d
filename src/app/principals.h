#pragma once
#include "catalog/catalog.h"
#include "trust/principals.h"

namespace lineshaft::app {

/// trust's questions answered from the catalog's rows. Used on the catalog's worker, as the
/// catalog.
class CatalogPrincipals final : public trust::Principals {
public:
    explicit CatalogPrincipals(catalog::Catalog& catalog) : catalog_(catalog) {}

    Result<std::vector<trust::TokenRecord>> tokens() override;
    Result<std::vector<trust::CertificateRecord>> certificates() override;
    Result<trust::PersonRecord> find_person(std::string_view organisation,
                                            std::string_view name) override;
    Result<std::vector<trust::PersonRecord>> people() override;
    Result<void> use_totp_step(const trust::PersonRecord& person, std::int64_t step) override;
    Result<void> use_recovery_code(const trust::PersonRecord& person,
                                   const trust::Digest& sha256) override;
    Result<std::vector<trust::SessionRecord>> sessions() override;
    Result<void> keep(const std::vector<trust::SessionChange>& changes) override;
    Result<void> used(const std::vector<std::pair<TokenId, Instant>>& tokens) override;

private:
    std::string organisation_name(OrganisationId id);
    trust::PersonRecord record_of(const catalog::Person& person);

    catalog::Catalog& catalog_;
};

}  // namespace lineshaft::app
