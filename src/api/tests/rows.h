// For tests: trust's rows straight from a catalog, as `app` does it.
#pragma once
#include "catalog/catalog.h"
#include "trust/principals.h"

namespace lineshaft::api::testing {

class Rows final : public trust::Principals {
public:
    explicit Rows(catalog::Catalog& catalog) : catalog_(catalog) {}

    Result<std::vector<trust::TokenRecord>> tokens() override {
        TRY(const auto rows, catalog_.all_tokens());
        std::vector<trust::TokenRecord> out;
        for (const auto& row : rows) {
            TRY(const auto digest, trust::digest_of(row.sha256));
            out.push_back({row.organisation, name_of(row.organisation), row.id, row.name,
                           row.role ? trust::parse_role(*row.role) : std::nullopt,
                           row.machine.value_or(""), digest, row.scram_verifier});
        }
        return out;
    }
    Result<trust::PersonRecord> find_person(std::string_view organisation,
                                            std::string_view name) override {
        const auto snapshot = catalog_.snapshot();
        const auto* found = snapshot->organisation(organisation);
        if (found == nullptr) return fail(Code::not_found, "no such organisation");
        TRY(const auto person, catalog_.find_person(found->id, name));
        return record(person);
    }
    Result<std::vector<trust::PersonRecord>> people() override {
        return std::vector<trust::PersonRecord>{};
    }
    Result<std::vector<trust::SessionRecord>> sessions() override {
        return std::vector<trust::SessionRecord>{};
    }
    Result<void> use_totp_step(const trust::PersonRecord& person, std::int64_t step) override {
        return catalog_.use_totp_step(person.organisation, person.id, step);
    }
    Result<void> use_recovery_code(const trust::PersonRecord& person,
                                   const trust::Digest& sha256) override {
        return catalog_.use_recovery_code(person.organisation, person.id, trust::text_of(sha256));
    }
    Result<void> keep(const std::vector<trust::SessionChange>&) override { return {}; }
    Result<void> used(const std::vector<std::pair<TokenId, Instant>>& tokens) override {
        return catalog_.tokens_used(tokens);
    }

private:
    std::string name_of(OrganisationId id) {
        const auto snapshot = catalog_.snapshot();
        const auto* found = snapshot->organisation(id);
        return found == nullptr ? std::string() : found->name;
    }
    trust::PersonRecord record(const catalog::Person& person) {
        trust::PersonRecord out{person.organisation,
                                name_of(person.organisation),
                                person.id,
                                person.name,
                                trust::parse_role(person.role),
                                person.password_hash};
        if (person.totp && person.totp->confirmed_at) {
            out.totp = trust::PersonRecord::Totp{person.totp->sealed, person.totp->last_step};
        }
        return out;
    }
    catalog::Catalog& catalog_;
};

}  // namespace lineshaft::api::testing
