#include "app/gatekeeper.h"

#include <charconv>

#include "base/number.h"
#include "gate/thingsboard/names.h"
#include "trust/loopback.h"
#include "trust/token.h"

namespace lineshaft::app {
namespace {

constexpr std::string_view token_reference = "token:";
constexpr std::string_view loopback_reference = "loopback";
// Machines with certificates are named, not their certificates: what they retained and what waits
// for them outlives a renewal. "certificate:1/press-3", of another authority "outside:1/press-3".
constexpr std::string_view certificate_reference = "certificate:";
constexpr std::string_view outside_reference = "outside:";

// A certificate says who comes. A token shown with it says so louder; a user name alone does not,
// unless it has a token's form.
bool shows_token(const broker::Credentials& shown) {
    if (shown.password && !shown.password->empty()) return true;
    if (!shown.user_name) return false;
    return shown.peer.certificate == nullptr || trust::token_digest(*shown.user_name).has_value();
}

struct NamedMachine {
    OrganisationId organisation;
    std::string_view machine;
};
std::optional<NamedMachine> parse_named(std::string_view text) {
    std::uint32_t number = 0;
    const auto slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + slash, number);
    if (problem != std::errc() || end != text.data() + slash) return std::nullopt;
    return NamedMachine{OrganisationId(number), text.substr(slash + 1)};
}

}  // namespace

TrustGatekeeper::TrustGatekeeper(trust::Porter& porter, catalog::Desk& desk,
                                 std::optional<trust::Role> loopback_role, std::string host_id,
                                 std::size_t shards)
    : porter_(porter),
      desk_(desk),
      loopback_role_(loopback_role),
      host_id_(std::move(host_id)),
      on_shard_(shards) {}

io::Task<broker::Admission> TrustGatekeeper::admit(broker::Credentials shown) {
    const bool shows_something = shown.user_name.has_value() || shown.password.has_value();
    trust::PrincipalPtr who;
    if (shows_token(shown)) {
        who = porter_.keys().ring()->authenticate_mqtt(shown.user_name, shown.password);
    } else if (shown.peer.certificate) {
        who = porter_.by_certificate(shown.peer);
    } else if (!shows_something) {
        who = trust::loopback_principal(loopback_role_, shown.peer.is_loopback);
    }
    if (!who) {
        // The user name may be a token's text: only the client's own name is told.
        auto line = trust::audit_of({}, shown.peer.address, "mqtt.connect",
                                    std::string(shown.client_id.substr(0, 128)),
                                    shows_something ? "wrong credentials" : "no credentials");
        line.outcome = trust::AuditOutcome::refused;
        if (audit_ != nullptr) audit_->note(std::move(line));
        co_return broker::Admission{nullptr, shows_something
                                                 ? mqtt::Reason::bad_user_name_or_password
                                                 : mqtt::Reason::not_authorized};
    }
    porter_.note_use(*who);
    co_return broker::Admission{std::move(who), mqtt::Reason::success};
}

const trust::TopicRights& TrustGatekeeper::rights() const {
    auto& here = on_shard_[io::Shard::here().index().number()];
    const auto catalog = desk_.snapshot();
    if (here.rights && here.version == catalog->version()) return *here.rights;
    here.version = catalog->version();
    const auto organisations = catalog->organisations();
    if (here.rights && here.organisations == organisations.size()) return *here.rights;
    std::vector<std::string> names;
    for (const auto& organisation : organisations) names.push_back(organisation.name);
    here.organisations = names.size();
    here.rights.emplace(names, host_id_);
    return *here.rights;
}

bool TrustGatekeeper::still_holds(const trust::Principal& who) const {
    return porter_.still_holds(who);
}

std::string TrustGatekeeper::reference(const trust::Principal& who) const {
    if (who.kind == trust::PrincipalKind::certificate) {
        const auto prefix = who.credential == 0 ? outside_reference : certificate_reference;
        return std::string(prefix) + std::to_string(who.organisation.number()) + "/" + who.machine;
    }
    if (who.kind != trust::PrincipalKind::token) return std::string(loopback_reference);
    return std::string(token_reference) + std::to_string(who.credential);
}

std::vector<std::string> TrustGatekeeper::references_of(OrganisationId organisation,
                                                        std::string_view machine,
                                                        const std::vector<TokenId>& tokens) {
    const std::string named = std::to_string(organisation.number()) + "/" + std::string(machine);
    std::vector<std::string> all{std::string(certificate_reference) + named,
                                 std::string(outside_reference) + named};
    for (const TokenId token : tokens)
        all.push_back(std::string(token_reference) + std::to_string(token.number()));
    return all;
}

namespace {

// Nearly every topic ends the question here.
bool may_be_device(const trust::Principal& who, std::string_view topic) {
    return who.is_machine() && topic.contains("/me/");
}

}  // namespace

std::optional<std::string> TrustGatekeeper::topic_in(const trust::Principal& who,
                                                     std::string_view topic) const {
    if (!may_be_device(who, topic)) return std::nullopt;
    return thingsboard::published_topic({trust::TopicRights::prefix_of(who), who.machine}, topic);
}

std::optional<std::string> TrustGatekeeper::filter_in(const trust::Principal& who,
                                                      std::string_view filter) const {
    if (!may_be_device(who, filter)) return std::nullopt;
    auto named =
        thingsboard::subscribed_filter({trust::TopicRights::prefix_of(who), who.machine}, filter);
    if (named && heard_) heard_(who);
    return named;
}

std::optional<std::string> TrustGatekeeper::topic_out(const trust::Principal& who,
                                                      std::string_view topic) const {
    if (!may_be_device(who, topic)) return std::nullopt;
    return thingsboard::delivered_topic({trust::TopicRights::prefix_of(who), who.machine}, topic);
}

bool TrustGatekeeper::may_publish(const trust::Principal& who, std::string_view topic) const {
    return still_holds(who) && rights().may_publish(who, topic);
}

bool TrustGatekeeper::may_subscribe(const trust::Principal& who, std::string_view filter) const {
    return still_holds(who) && rights().may_subscribe(who, filter);
}

bool TrustGatekeeper::may_receive(const trust::Principal& who, std::string_view topic) const {
    return still_holds(who) && rights().may_receive(who, topic);
}

bool TrustGatekeeper::take_message(const trust::Principal& who) {
    if (quotas_ == nullptr) return true;
    return quotas_->take_message(who.organisation,
                                 io::Shard::here().clock().steady().count() * 1'000);
}

bool TrustGatekeeper::take_session(OrganisationId organisation) {
    return quotas_ == nullptr || quotas_->take_session(organisation);
}

void TrustGatekeeper::session_loaded(OrganisationId organisation) {
    if (quotas_ != nullptr) quotas_->session_loaded(organisation);
}

void TrustGatekeeper::session_gone(OrganisationId organisation) {
    if (quotas_ != nullptr) quotas_->session_gone(organisation);
}

bool TrustGatekeeper::take_retained(OrganisationId organisation, std::int64_t bytes) {
    return quotas_ == nullptr || quotas_->take_retained(organisation, bytes);
}

void TrustGatekeeper::retained_changed(OrganisationId organisation, std::int64_t bytes) {
    if (quotas_ != nullptr) quotas_->retained_changed(organisation, bytes);
}

trust::PrincipalPtr TrustGatekeeper::find(std::string_view reference) const {
    trust::PrincipalPtr who;
    if (reference == loopback_reference) {
        who = trust::loopback_principal(loopback_role_, true);
    } else if (reference.starts_with(token_reference)) {
        reference.remove_prefix(token_reference.size());
        if (const auto number = number_from<std::uint64_t>(reference))
            who = porter_.keys().ring()->by_id(TokenId(*number));
    } else if (reference.starts_with(certificate_reference)) {
        const auto named = parse_named(reference.substr(certificate_reference.size()));
        if (named) {
            who = porter_.keys().ring()->by_machine(named->organisation, named->machine,
                                                    io::Clock::system().now());
        }
    } else if (reference.starts_with(outside_reference)) {
        const auto named = parse_named(reference.substr(outside_reference.size()));
        if (named) who = porter_.outside_machine(named->organisation, named->machine);
    }
    return who;
}

}  // namespace lineshaft::app
