// The catalog over SQL. Its functions are spread over files by noun.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/sql.h"

namespace lineshaft::catalog {

inline constexpr std::size_t digest_bytes = 32;  // of every SHA-256 that is kept

class SqlCatalog final : public Catalog {
public:
    SqlCatalog(std::unique_ptr<Database> database, const Limits& limits)
        : database_(std::move(database)), limits_(limits) {}

    /// Makes what every catalog has and reads everything. Once, after the migrations.
    Result<void> begin(Instant now);
    Database& database() { return *database_; }  ///< rows.h

    std::shared_ptr<const Snapshot> snapshot() override;
    Result<bool> refresh() override;

    Result<Organisation> create_organisation(std::string_view name, Instant now) override;
    Result<Organisation> change_organisation(OrganisationId, const OrganisationChange&) override;

    Result<Site> create_site(OrganisationId, const NewSite&) override;
    Result<Site> change_site(OrganisationId, SiteId, const SiteChange&) override;
    Result<void> remove_site(OrganisationId, SiteId) override;

    Result<bool> discover(const Discovery&) override;
    Result<bool> change_source(OrganisationId organisation, std::string_view machine,
                               std::string_view source) override;
    Result<Ensured> ensure_machines(std::span<const Discovery>) override;
    Result<Machine> change_machine(OrganisationId, std::string_view machine, const MachineChange&,
                                   Instant now) override;
    Result<std::vector<Erasure>> begin_erasures(OrganisationId, const NewErasure&,
                                                Instant now) override;
    Result<std::vector<Erasure>> unfinished_erasures() override;
    Result<std::vector<Erasure>> erasures(OrganisationId, std::size_t count_max) override;
    Result<Erasure> find_erasure(OrganisationId, std::uint64_t id) override;
    Result<void> end_erasures(std::span<const std::uint64_t> ids, Instant now) override;
    Result<Tag> change_tag(OrganisationId, std::string_view machine, std::string_view tag,
                           const TagChange&) override;
    Result<bool> learn_tags(OrganisationId, std::string_view machine,
                            std::span<const TagFacts>) override;

    Result<Learned> learn_attributes(std::span<const AttributeFact>) override;
    Result<std::vector<Attribute>> share_attributes(OrganisationId, std::string_view machine,
                                                    std::span<const AttributeChange>) override;

    Result<Person> create_person(OrganisationId, const NewPerson&, Instant now) override;
    Result<std::vector<Person>> people(OrganisationId) override;
    Result<Person> find_person(OrganisationId, std::string_view name) override;
    Result<Person> find_person(OrganisationId, PersonId) override;
    Result<Person> change_role(OrganisationId, PersonId, std::string_view role) override;
    Result<void> change_password(OrganisationId, PersonId, std::string_view hash) override;
    Result<void> remove_person(OrganisationId, PersonId) override;
    Result<void> person_seen(OrganisationId, PersonId, Instant at) override;

    Result<void> offer_totp(OrganisationId, PersonId, std::string_view sealed) override;
    Result<void> confirm_totp(OrganisationId, PersonId, std::int64_t step,
                              std::span<const std::string> recovery_sha256, Instant now) override;
    Result<void> remove_totp(OrganisationId, PersonId) override;
    Result<void> use_totp_step(OrganisationId, PersonId, std::int64_t step) override;
    Result<void> use_recovery_code(OrganisationId, PersonId, std::string_view sha256) override;

    Result<void> offer_setup(std::string_view secret_sha256) override;
    Result<bool> setup_needed() override;
    Result<Person> set_up(std::string_view secret_sha256, const NewPerson&, Instant now) override;

    Result<Token> create_token(OrganisationId, const NewToken&, Instant now) override;
    Result<std::vector<Token>> tokens(OrganisationId) override;
    Result<std::vector<Token>> all_tokens() override;
    Result<void> revoke_token(OrganisationId, TokenId, Instant now) override;
    Result<void> tokens_used(std::span<const std::pair<TokenId, Instant>>) override;

    Result<CertificateId> add_certificate(OrganisationId, const NewCertificate&,
                                          Instant now) override;
    Result<std::vector<Certificate>> certificates(OrganisationId, std::string_view machine,
                                                  std::optional<CertificateId> before,
                                                  std::size_t count_max) override;
    Result<Certificate> find_certificate(OrganisationId, std::string_view serial) override;
    Result<std::vector<Certificate>> live_certificates(Instant now) override;
    Result<std::vector<Certificate>> revoked_certificates(Instant now) override;
    Result<void> revoke_certificate(OrganisationId, std::string_view serial, std::string_view by,
                                    Instant now) override;
    Result<void> certificate_warned(CertificateId, int days) override;

    Result<void> create_enrolment(OrganisationId, const NewEnrolment&, Instant now) override;
    Result<Enrolment> find_enrolment(std::string_view sha256) override;
    Result<CertificateId> spend_enrolment(std::string_view sha256, const NewCertificate&,
                                          Instant now) override;

    Result<Design> create_design(OrganisationId, const NewDesign&, Instant now) override;
    Result<void> finish_design(OrganisationId, std::uint64_t id, const DesignOutcome&) override;
    Result<void> restart_design(OrganisationId, std::uint64_t id, std::int64_t run) override;
    Result<Design> find_design(OrganisationId, std::uint64_t id) override;
    Result<std::string> design_stitches(OrganisationId, std::uint64_t id) override;
    Result<std::vector<Design>> designs(OrganisationId, std::optional<std::uint64_t> before,
                                        std::size_t count_max) override;
    Result<void> remove_design(OrganisationId, std::uint64_t id) override;

    Result<std::vector<Session>> sessions() override;
    Result<void> save_session(const Session&) override;
    Result<void> remove_session(std::string_view sha256) override;

    Result<std::string> setting(std::string_view key) override;
    Result<void> set_setting(std::string_view key, std::string_view value) override;
    Result<Answer> once(const OnceKey&, Instant now,
                        const std::function<Result<Answer>()>& work) override;

private:
    using EntryPtr = std::shared_ptr<const MachineEntry>;
    using MachinesById = std::map<std::string, EntryPtr, std::less<>>;

    using EntriesById = std::map<OrganisationId, std::map<std::string, MachineEntry, std::less<>>>;

    Result<void> load_all();
    Result<void> load_organisations();
    Result<void> load_sites();
    Result<void> load_machines();
    Result<void> reload_machine(OrganisationId organisation, std::string_view machine);
    Result<void> load_all_attributes(EntriesById& entries);
    Result<void> load_attributes(OrganisationId organisation, std::string_view machine,
                                 MachineEntry& entry);
    Result<void> check_attribute(std::string_view name, std::string_view value) const;
    void touch();
    /// The ten columns from `name` to `source_writable`, beginning at `first_column`.
    static Tag merged_tag(const Row& row, int first_column);

    /// A number never given before under that name.
    Result<std::int64_t> next_id(std::string_view name);
    Result<std::size_t> count(std::string_view sql, Database::Parameters parameters);
    Result<void> check_organisation(OrganisationId organisation);
    Result<void> check_new_machine(const Discovery& found);
    Result<bool> insert_machine(const Discovery& found);
    Result<Site> find_site(OrganisationId organisation, SiteId id);
    Result<void> check_site(OrganisationId organisation, const Site& site);
    Result<void> erase_rows(OrganisationId organisation, std::string_view machine,
                            std::string_view by, Instant now);
    Result<std::vector<TokenId>> revoked_tokens(OrganisationId organisation,
                                                std::string_view machine);
    Result<void> write_anew();
    Result<Machine> find_machine(OrganisationId organisation, std::string_view id);
    Result<void> check_last_admin(OrganisationId organisation, PersonId person);
    Result<std::optional<Answer>> recall(const OnceKey& key, Instant now);
    Result<void> remember(const OnceKey& key, const Answer& answer, Instant now);

    std::unique_ptr<Database> database_;
    Limits limits_;

    // What the next snapshot is made of; entries are shared with earlier snapshots.
    std::vector<Organisation> organisations_;
    std::vector<Site> sites_;
    std::map<OrganisationId, MachinesById> machines_;
    std::uint64_t version_ = 0;
    std::int64_t outside_version_ = 0;
    bool is_stale_ = false;  // a transaction was undone after the above had followed it
    std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace lineshaft::catalog
