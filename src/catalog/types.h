// The rows of the catalog: what people add to what machines say. Times are UTC instants.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace lineshaft::catalog {

/// Made at the first open; its topics have no prefix.
inline constexpr OrganisationId default_organisation{1};
inline constexpr std::string_view default_organisation_name = "default";

/// What one organisation may take of the node; nothing: the setting `organisation.*`. Zero: no
/// limit.
struct OrganisationLimits {
    std::optional<std::int64_t> machines_max{};
    std::optional<std::int64_t> sessions_max{};    ///< MQTT sessions, connected or asleep
    std::optional<std::int64_t> messages_per_s{};  ///< published to the node
    std::optional<std::int64_t> samples_per_s{};
    std::optional<std::int64_t> retained_bytes_max{};
    bool operator==(const OrganisationLimits&) const = default;
};

struct Organisation {
    OrganisationId id;
    std::string name;  ///< 1..64 of [a-z0-9-], unique, also the prefix of its topics: never changes
    Instant created_at;
    std::optional<std::string> title{};  ///< what people call it
    OrganisationLimits limits{};
};

/// Degrees, WGS 84: latitude -90..90, longitude -180..180.
struct Position {
    double latitude = 0;
    double longitude = 0;
    bool operator==(const Position&) const = default;
};

/// A shift of a site's day: lasts until the next one starts.
struct SiteShift {
    std::string name{};             ///< 1..64 bytes
    std::chrono::minutes starts{};  ///< after local midnight, 0..1439
    /// Weekdays on which somebody works it, by the day it starts on: bit 0 is Monday. 0: a rest.
    std::uint8_t weekdays = 0x7f;
    bool operator==(const SiteShift&) const = default;
};
/// Where a site's days, weeks and shifts begin.
struct SiteCalendar {
    std::chrono::minutes day_starts{0};  ///< after local midnight, 0..1439
    unsigned week_starts = 1;            ///< 1 Monday .. 7 Sunday
    std::vector<SiteShift> shifts{};     ///< ascending by their starts, at most 24
    bool operator==(const SiteCalendar&) const = default;
};

struct Site {
    OrganisationId organisation;
    SiteId id;
    std::string name;       ///< unique in its organisation
    std::string time_zone;  ///< an IANA name
    std::optional<Position> position;
    SiteCalendar calendar{};
};

struct Machine {
    OrganisationId organisation;
    std::string id;  ///< what it calls itself; base/machine_id.h
    std::optional<std::string> name;
    std::optional<std::string> kind;
    std::optional<SiteId> site;
    std::optional<Instant> adopted_at;  ///< nothing: discovered, kept, not yet adopted
    std::string source;                 ///< the door it last spoke through: "json", "sparkplug", ...
    Instant first_seen;
};

/// What is known about a tag, merged: what people said, else what the machine said.
struct Tag {
    std::string name;
    std::optional<std::string> label;
    std::optional<std::string> unit;
    std::optional<double> low;
    std::optional<double> high;
    std::optional<bool> writable;  ///< nothing: nobody said; treat as not writable
    bool operator==(const Tag&) const = default;
};

/// A person's second factor (RFC 6238).
struct Totp {
    std::string sealed;                   ///< the secret under the node's key; opaque
    std::optional<Instant> confirmed_at;  ///< nothing: offered, not asked for yet
    std::int64_t last_step = 0;           ///< the newest time step that was used
    std::int64_t recovery_codes = 0;      ///< how many are left
};

/// Something a machine is, or was told. `value` is JSON text: "\"East\"", "42", "true".
struct Attribute {
    std::string name;
    std::string value;
    bool operator==(const Attribute&) const = default;
};

struct Person {
    OrganisationId organisation;
    PersonId id;
    std::string name;           ///< unique in its organisation, upper and lower ASCII the same
    std::string role;           ///< trust's word for it
    std::string password_hash;  ///< opaque; never shown, never logged
    Instant created_at;
    std::optional<Instant> last_seen_at;
    std::optional<Totp> totp{};
};

/// A token that has not been revoked. Exactly one of `role` and `machine` is set.
struct Token {
    OrganisationId organisation;
    TokenId id;  ///< never used again, in no organisation
    std::string name;
    std::optional<std::string> role;
    std::optional<std::string> machine;
    std::string sha256;          ///< 32 bytes
    std::string scram_verifier;  ///< opaque
    Instant created_at;
    std::string created_by;
    std::optional<Instant> last_used_at;
    std::optional<Instant> revoked_at;
};

/// A machine's certificate that the node's own authority issued.
struct Certificate {
    OrganisationId organisation;
    CertificateId id;
    std::string machine;
    std::string serial;      ///< hexadecimal, unique in the node
    std::string sha256;      ///< 32 bytes, of the whole certificate
    std::string key_sha256;  ///< 32 bytes, of its public key; find_certificate only
    std::string der;         ///< find_certificate only
    Instant not_before, not_after, issued_at;
    std::string issued_by;
    std::optional<Instant> revoked_at;
    std::optional<std::string> revoked_by;
    std::optional<int> warned_days;  ///< the nearest warning about its end that was given
};

/// Leave to enrol once: what is kept of the token that a machine was given.
struct Enrolment {
    OrganisationId organisation;
    std::string machine;
    std::string created_by;
    Instant expires_at;
    std::optional<Instant> used_at;
    std::optional<std::string> serial;  ///< of the certificate it was spent on
};

/// A machine that is being erased, or was.
struct Erasure {
    std::uint64_t id = 0;
    OrganisationId organisation;
    std::string machine;
    std::uint64_t before = 0;  ///< a store ticket: what is newer is of the machine that came back
    std::string asked_by;
    Instant asked_at;
    std::optional<Instant> done_at;
    std::vector<TokenId> tokens{};  ///< the machine's, all revoked; unfinished ones only
};
struct NewErasure {
    std::vector<std::string> machines{};
    std::uint64_t before = 0;
    std::string asked_by{};
};

/// A browser's session as trust wants it kept.
struct Session {
    std::string sha256;  ///< 32 bytes, of the cookie's secret
    OrganisationId organisation;
    PersonId person;
    Instant created_at;
    Instant last_seen_at;
    std::string origin;  ///< for a person's eyes: address and browser
};

/// A change to a field that may be empty: nothing = leave it, a nothing inside = clear it. Clear
/// with `cleared<T>()` or emplace(): assigning std::nullopt, however many braces, means "leave".
template <class T>
using Change = std::optional<std::optional<T>>;
template <class T>
Change<T> cleared() {
    return Change<T>(std::in_place);
}

struct OrganisationChange {
    Change<std::string> title{};
    Change<std::int64_t> machines_max{};
    Change<std::int64_t> sessions_max{};
    Change<std::int64_t> messages_per_s{};
    Change<std::int64_t> samples_per_s{};
    Change<std::int64_t> retained_bytes_max{};
};
struct NewSite {
    std::string name{};
    std::string time_zone{};
    std::optional<Position> position{};
    SiteCalendar calendar{};
};
struct SiteChange {
    std::optional<std::string> name{};
    std::optional<std::string> time_zone{};
    Change<Position> position{};
    std::optional<SiteCalendar> calendar{};
};
struct MachineChange {
    Change<std::string> name{};
    Change<std::string> kind{};
    Change<SiteId> site{};
    std::optional<bool> adopted{};  ///< adopting again keeps the first time
};
struct TagChange {
    Change<std::string> label{};
    Change<std::string> unit{};
    Change<double> low{};
    Change<double> high{};
    Change<bool> writable{};
};
/// What a machine says about one of its tags, for example Sparkplug properties.
struct TagFacts {
    std::string name{};
    std::optional<std::string> unit{};
    std::optional<double> low{};
    std::optional<double> high{};
    std::optional<bool> writable{};
};
/// What a machine says it is, for example a tag of its Influx lines.
struct AttributeFact {
    OrganisationId organisation{};
    std::string machine{};
    std::string name{};
    std::string value{};  ///< JSON text
    unsigned tries = 0;   ///< how often the catalog knew no such machine yet
};
struct AttributeChange {
    std::string name{};
    std::optional<std::string> value{};  ///< nothing: remove it
};
struct Discovery {
    OrganisationId organisation{};
    std::string machine{};
    std::string source{};
    Instant at{};
};
struct NewPerson {
    std::string name{};
    std::string role{};
    std::string password_hash{};
};
struct NewToken {
    std::string name{};
    std::optional<std::string> role{};
    std::optional<std::string> machine{};
    std::string sha256{};
    std::string scram_verifier{};
    std::string created_by{};
};

struct NewCertificate {
    std::string machine{};
    std::string serial{};
    std::string sha256{};
    std::string key_sha256{};
    std::string der{};
    Instant not_before{};
    Instant not_after{};
    std::string issued_by{};
};
struct NewEnrolment {
    std::string machine{};
    std::string sha256{};  ///< 32 bytes, of the token
    Instant expires_at{};
    std::string created_by{};
};

enum class DesignState : std::uint8_t { working = 0, ready = 1, refused = 2 };

/// What can be sewn. Its stitches are asked for by themselves: they are large.
struct Design {
    std::uint64_t id = 0;
    OrganisationId organisation{};
    std::string name{};
    DesignState state = DesignState::working;
    std::int64_t run = 0;     ///< of the program that works, or worked, at it
    std::string facts{};      ///< JSON: what is known of the stitches, or why there are none
    std::string created_by{};
    Instant created_at{};
};
struct NewDesign {
    std::string name{};
    std::int64_t run = 0;
    std::string created_by{};
};
struct DesignOutcome {
    DesignState state = DesignState::ready;
    std::string facts{};
    std::string stitches{};  ///< a DST file; empty when refused
};

/// Full means `exhausted`; text past its limit is `invalid`.
struct Limits {
    std::size_t organisations_max = 1'000;
    std::size_t sites_max = 10'000;  ///< in one organisation, as the next four
    std::size_t machines_max = 100'000;
    std::size_t tags_per_machine_max = 5'000;
    std::size_t attributes_per_machine_max = 64;  ///< said, and as many told
    std::size_t people_max = 10'000;
    std::size_t tokens_max = 100'000;          ///< not counting revoked ones
    std::size_t sessions_max = 100'000;        ///< in all
    std::size_t erasures_kept = 10'000;        ///< in all, that are done; the oldest go
    std::size_t certificates_max = 1'000'000;  ///< in one organisation, a year past their end
    std::size_t designs_max = 100'000;         ///< in one organisation
    std::size_t enrolments_max = 100'000;      ///< in one organisation, not used, not expired
    std::size_t name_bytes_max = 128;          ///< names of sites, machines, people, tokens; kinds
    std::size_t tag_bytes_max = 256;           ///< a tag's name
    std::size_t unit_bytes_max = 64;
    std::size_t attribute_bytes_max = 1'024;  ///< an attribute's value
    std::size_t recovery_codes_max = 20;     ///< of one person
    std::size_t answer_bytes_max = 1 << 20;  ///< one remembered answer
    std::size_t answers_max = 100'000;
    std::size_t text_bytes_max = 4 << 20;  ///< whatever else reaches SQL
    int busy_ms_max = 30'000;              ///< how long to wait for another process
};

}  // namespace lineshaft::catalog
