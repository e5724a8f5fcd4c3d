// The catalog: what people add to what machines say, and who those people are. SQL behind one door.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/snapshot.h"
#include "catalog/types.h"

namespace lineshaft::catalog {

/// One POST that must happen once. `principal` keeps callers' keys apart.
struct OnceKey {
    OrganisationId organisation;
    std::string principal;
    std::string route;
    std::string key;     ///< 1..128 bytes
    std::string sha256;  ///< 32 bytes, of the body
};
struct Answer {
    int status = 0;
    std::string body;
    bool operator==(const Answer&) const = default;
};

/// One SQLite file of rows (docs/formats/catalog.md). What it returned from is on disk.
/// Blocking, and used by one thread at a time: the program keeps an io::Workers "catalog" of one
/// thread for it. Several processes may have the file open; each write is one transaction.
///
/// Organisations, sites, machines and tags are read from `snapshot()`. Every function takes the
/// organisation; what belongs to another one is `not_found`.
/// Errors everywhere: invalid (a name or value is not allowed, the sentence says why), not_found,
/// conflict (taken, or in use), exhausted (Limits), unavailable (disk, or busy_ms_max passed),
/// corrupt (the file is damaged).
class Catalog {
public:
    /// Opens or makes the file (0600) and brings it to the newest version, each step in its own
    /// transaction. unsupported: a newer program wrote it. denied: others may read the file.
    static Result<std::unique_ptr<Catalog>> open(const std::string& path, Instant now,
                                                 const Limits& limits = {});
    virtual ~Catalog() = default;

    /// Everything shards read, as of the last write. Cheap when nothing changed.
    virtual std::shared_ptr<const Snapshot> snapshot() = 0;
    /// Takes in what another process wrote. True when there was something.
    virtual Result<bool> refresh() = 0;

    virtual Result<Organisation> create_organisation(std::string_view name, Instant now) = 0;
    /// invalid: a negative limit. The name stays, because topics and stored messages carry it.
    virtual Result<Organisation> change_organisation(OrganisationId, const OrganisationChange&) = 0;

    virtual Result<Site> create_site(OrganisationId, const NewSite&) = 0;
    virtual Result<Site> change_site(OrganisationId, SiteId, const SiteChange&) = 0;
    /// conflict: machines still stand there.
    virtual Result<void> remove_site(OrganisationId, SiteId) = 0;

    /// True when the machine was new. An id that exists is left as it is.
    virtual Result<bool> discover(const Discovery&) = 0;
    /// The door it speaks through now. True when that is another than before. Errors: not_found.
    virtual Result<bool> change_source(OrganisationId, std::string_view machine,
                                       std::string_view source) = 0;
    struct Ensured {
        std::size_t added = 0;
        std::size_t refused = 0;  ///< ids that are not allowed, or past the limit
    };
    /// The same for many in one transaction: what history knows, at start.
    virtual Result<Ensured> ensure_machines(std::span<const Discovery>) = 0;
    virtual Result<Machine> change_machine(OrganisationId, std::string_view machine,
                                           const MachineChange&, Instant now) = 0;

    /// The intent to erase, and at once what is here: in one transaction the machines' rows with
    /// tags and attributes go, their tokens and certificates are revoked, leave to enrol ends.
    /// Machines need not be known. Gives the unfinished rows made. invalid: no such machine id.
    virtual Result<std::vector<Erasure>> begin_erasures(OrganisationId, const NewErasure&,
                                                        Instant now) = 0;
    /// Of everyone, oldest first, with the tokens that were the machines'.
    virtual Result<std::vector<Erasure>> unfinished_erasures() = 0;
    /// Newest first, at most `count_max`.
    virtual Result<std::vector<Erasure>> erasures(OrganisationId, std::size_t count_max) = 0;
    /// not_found.
    virtual Result<Erasure> find_erasure(OrganisationId, std::uint64_t id) = 0;
    /// They are done: the revoked tokens go, of revoked certificates stays what the revocation list
    /// needs. Then the file is written anew, so that nothing removed is left in it: blocks for as
    /// long as its size takes. unavailable: another process reads it; ask again.
    virtual Result<void> end_erasures(std::span<const std::uint64_t> ids, Instant now) = 0;

    /// What people know about a tag; the tag need not have been seen. invalid: low above high.
    virtual Result<Tag> change_tag(OrganisationId, std::string_view machine, std::string_view tag,
                                   const TagChange&) = 0;
    /// What the machine says about its tags; what people said wins, field by field. Tags that are
    /// not allowed are left out. True when something changed.
    virtual Result<bool> learn_tags(OrganisationId, std::string_view machine,
                                    std::span<const TagFacts>) = 0;

    struct Learned {
        std::size_t changed = 0;
        std::size_t refused = 0;  ///< name or value not allowed, past the limit
        std::vector<AttributeFact> early{};  ///< of machines that are not known, in their order
    };
    /// What machines say they are, many at once in one transaction; what is known costs nothing.
    virtual Result<Learned> learn_attributes(std::span<const AttributeFact>) = 0;
    /// What people tell a machine (ThingsBoard's shared attributes); gives all of them, by name.
    /// Nothing is changed on failure. invalid, exhausted.
    virtual Result<std::vector<Attribute>> share_attributes(OrganisationId,
                                                            std::string_view machine,
                                                            std::span<const AttributeChange>) = 0;

    virtual Result<Person> create_person(OrganisationId, const NewPerson&, Instant now) = 0;
    virtual Result<std::vector<Person>> people(OrganisationId) = 0;  ///< by name
    virtual Result<Person> find_person(OrganisationId, std::string_view name) = 0;
    virtual Result<Person> find_person(OrganisationId, PersonId) = 0;
    /// conflict: the organisation's last admin cannot lose that role.
    virtual Result<Person> change_role(OrganisationId, PersonId, std::string_view role) = 0;
    virtual Result<void> change_password(OrganisationId, PersonId, std::string_view hash) = 0;
    /// Also ends the person's sessions. conflict: the last admin.
    virtual Result<void> remove_person(OrganisationId, PersonId) = 0;
    virtual Result<void> person_seen(OrganisationId, PersonId, Instant at) = 0;

    /// Keeps a new second factor, not asked for until it is confirmed. conflict: one is confirmed.
    virtual Result<void> offer_totp(OrganisationId, PersonId, std::string_view sealed) = 0;
    /// From now on it is asked for. `step`: the one the proving code was of. The recovery codes are
    /// digests of 32 bytes. conflict: nothing offered, or confirmed already.
    virtual Result<void> confirm_totp(OrganisationId, PersonId, std::int64_t step,
                                      std::span<const std::string> recovery_sha256,
                                      Instant now) = 0;
    /// Nothing there is no error.
    virtual Result<void> remove_totp(OrganisationId, PersonId) = 0;
    /// A step is used once, and only forwards. denied: not after the last one (replayed).
    virtual Result<void> use_totp_step(OrganisationId, PersonId, std::int64_t step) = 0;
    /// Spends one. denied: the person has no such code (left).
    virtual Result<void> use_recovery_code(OrganisationId, PersonId, std::string_view sha256) = 0;

    /// The one-time secret of the first start. Keeps the digest, replacing an unused one. conflict:
    /// nothing to set up any more.
    virtual Result<void> offer_setup(std::string_view secret_sha256) = 0;
    /// True until the secret was used, or `default` got an admin in another way.
    virtual Result<bool> setup_needed() = 0;
    /// Spends the secret and makes the first admin of `default`, both or neither. conflict: already
    /// set up. denied: not that secret.
    virtual Result<Person> set_up(std::string_view secret_sha256, const NewPerson&,
                                  Instant now) = 0;

    /// conflict: a live token of the organisation has that name.
    virtual Result<Token> create_token(OrganisationId, const NewToken&, Instant now) = 0;
    virtual Result<std::vector<Token>> tokens(OrganisationId) = 0;  ///< live, newest first
    virtual Result<std::vector<Token>> all_tokens() = 0;            ///< live, of everyone
    virtual Result<void> revoke_token(OrganisationId, TokenId, Instant now) = 0;
    /// Moves last_used_at forward; unknown ids are ignored.
    virtual Result<void> tokens_used(std::span<const std::pair<TokenId, Instant>>) = 0;

    /// Adds what the authority issued. conflict: that serial number exists.
    virtual Result<CertificateId> add_certificate(OrganisationId, const NewCertificate&,
                                                  Instant now) = 0;
    /// Newest first, at most `count_max` with ids below `before`; an empty machine: all machines.
    virtual Result<std::vector<Certificate>> certificates(OrganisationId, std::string_view machine,
                                                          std::optional<CertificateId> before,
                                                          std::size_t count_max) = 0;
    virtual Result<Certificate> find_certificate(OrganisationId, std::string_view serial) = 0;
    /// Of everyone, not past their end: what counts, and what was revoked.
    virtual Result<std::vector<Certificate>> live_certificates(Instant now) = 0;
    virtual Result<std::vector<Certificate>> revoked_certificates(Instant now) = 0;
    /// conflict: revoked already.
    virtual Result<void> revoke_certificate(OrganisationId, std::string_view serial,
                                            std::string_view by, Instant now) = 0;
    virtual Result<void> certificate_warned(CertificateId, int days) = 0;

    virtual Result<void> create_enrolment(OrganisationId, const NewEnrolment&, Instant now) = 0;
    virtual Result<Enrolment> find_enrolment(std::string_view sha256) = 0;
    /// Uses the enrolment up and adds the certificate, both or neither. conflict: used or expired.
    virtual Result<CertificateId> spend_enrolment(std::string_view sha256, const NewCertificate&,
                                                  Instant now) = 0;

    /// A design begins without stitches. exhausted: Limits::designs_max.
    virtual Result<Design> create_design(OrganisationId, const NewDesign&, Instant now) = 0;
    virtual Result<void> finish_design(OrganisationId, std::uint64_t id, const DesignOutcome&) = 0;
    /// Another run works at it now. not_found: it is not at work.
    virtual Result<void> restart_design(OrganisationId, std::uint64_t id, std::int64_t run) = 0;
    virtual Result<Design> find_design(OrganisationId, std::uint64_t id) = 0;
    virtual Result<std::string> design_stitches(OrganisationId, std::uint64_t id) = 0;
    /// Newest first, at most `count_max` with ids below `before`.
    virtual Result<std::vector<Design>> designs(OrganisationId, std::optional<std::uint64_t> before,
                                                std::size_t count_max) = 0;
    virtual Result<void> remove_design(OrganisationId, std::uint64_t id) = 0;

    virtual Result<std::vector<Session>> sessions() = 0;
    virtual Result<void> save_session(const Session&) = 0;  ///< new, or seen again
    virtual Result<void> remove_session(std::string_view sha256) = 0;

    /// Small facts about this node (its identity, last schema notes). Missing: not_found.
    virtual Result<std::string> setting(std::string_view key) = 0;
    virtual Result<void> set_setting(std::string_view key, std::string_view value) = 0;

    /// Runs `work` and remembers its answer for a day in the same transaction, or gives the answer
    /// remembered. `work` uses this catalog; when it fails, nothing it did remains and nothing is
    /// remembered. conflict: the key came with another body.
    virtual Result<Answer> once(const OnceKey&, Instant now,
                                const std::function<Result<Answer>()>& work) = 0;
};

/// 1..64 of [a-z0-9-], not beginning or ending with '-', and not a first level that topics of
/// `default` use (`lineshaft`, `v1`). Errors: invalid.
Result<void> check_organisation_name(std::string_view name);

/// True for an IANA time zone this machine has data for, for example "Asia/Shanghai", "UTC".
bool is_time_zone(std::string_view name);

}  // namespace lineshaft::catalog
