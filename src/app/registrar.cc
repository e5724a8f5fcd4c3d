#include "app/registrar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace lineshaft::app {
namespace {

using namespace std::chrono_literals;

// The catalog's settings that keep what is the node's own. Keys are sealed, then base64.
constexpr std::string_view root_setting = "ca.root";
constexpr std::string_view root_key_setting = "ca.key";
constexpr std::string_view server_setting = "tls.certificate";
constexpr std::string_view server_key_setting = "tls.key";
constexpr std::string_view server_names_setting = "tls.names";
constexpr std::string_view list_number_setting = "ca.list_number";

constexpr auto list_life = std::chrono::hours(24 * 7);

std::unexpected<Error> no_enrolment() {
    return fail(Code::denied, "the enrolment token is not valid: unknown, used or expired");
}

Result<std::string> unsealed(catalog::Catalog& catalog, const trust::SealKey& key,
                             std::string_view setting) {
    TRY(const auto text, catalog.setting(setting));
    TRY(const auto sealed, trust::from_base64(text));
    return trust::unseal(key, sealed, setting);
}

Result<void> keep_sealed(catalog::Catalog& catalog, const trust::SealKey& key,
                         std::string_view setting, std::string_view secret) {
    TRY(const auto sealed, trust::seal(key, secret, setting));
    return catalog.set_setting(setting, trust::to_base64(sealed));
}

bool is_missing(const Error& error) {
    return error.code == Code::not_found;
}

// What the catalog gives back it was given by us; a row that lost bytes names no certificate.
trust::Digest digest_or_zero(std::string_view raw) {
    return trust::digest_of(raw).value_or(trust::Digest{});
}

}  // namespace

Registrar::Limits Registrar::limits_of(const Settings& settings) {
    return {.machine_life = std::chrono::seconds{settings.tls_machine_life_s},
            .server_life = std::chrono::seconds{settings.tls_server_life_s},
            .enrolment_life = std::chrono::seconds{settings.tls_enrolment_life_s}};
}

Result<std::unique_ptr<Registrar>> Registrar::open(catalog::Catalog& catalog,
                                                   const std::string& data,
                                                   const std::string& node_name,
                                                   const Limits& limits, Instant now) {
    TRY(const trust::SealKey node_key, trust::open_node_key(data + "/node.key"));
    const trust::SealKey key = node_key.derive("ca");
    const auto root = catalog.setting(root_setting);
    if (root) {
        auto secret = unsealed(catalog, key, root_key_setting);
        if (!secret) return std::unexpected(secret.error().in("the certificate authority's key"));
        TRY(auto authority, trust::Authority::open(*root, *secret));
        return std::unique_ptr<Registrar>(
            new Registrar(catalog, key, std::move(authority), limits));
    }
    if (!is_missing(root.error())) return std::unexpected(root.error());
    TRY(auto authority, trust::Authority::create(node_name, now));
    // The key first: without its root it is only forgotten.
    TRY_VOID(keep_sealed(catalog, key, root_key_setting, authority.key_pem()));
    TRY_VOID(catalog.set_setting(root_setting, authority.root_pem()));
    std::unique_ptr<Registrar> made(new Registrar(catalog, key, std::move(authority), limits));
    made->was_made_ = true;
    return made;
}

Result<std::string> Registrar::organisation_name(OrganisationId id) {
    const auto snapshot = catalog_.snapshot();
    const auto* found = snapshot->organisation(id);
    if (found == nullptr) return fail(Code::not_found, "no such organisation");
    return found->name;
}

Result<catalog::NewCertificate> Registrar::row_of(const trust::IssuedCertificate& made,
                                                  std::string_view machine,
                                                  std::string_view by) const {
    return catalog::NewCertificate{std::string(machine),
                                   made.serial,
                                   std::string(trust::text_of(made.sha256)),
                                   std::string(trust::text_of(made.key_sha256)),
                                   made.certificate_der,
                                   made.not_before,
                                   made.not_after,
                                   std::string(by)};
}

Result<trust::IssuedCertificate> Registrar::sign(OrganisationId organisation,
                                                 std::string_view machine, std::string_view request,
                                                 Instant now) {
    TRY(const auto name, organisation_name(organisation));
    if (request.empty()) {
        return authority_.issue_machine(name, machine, limits_.machine_life, now);
    }
    TRY(const auto checked, trust::read_request(request));
    return authority_.sign_machine(checked, name, machine, limits_.machine_life, now);
}

// The oldest go when the machine has as many as allowed.
Result<void> Registrar::make_room(OrganisationId organisation, std::string_view machine,
                                  Instant now, CertificateId shown) {
    constexpr std::size_t looked_at_max = 1'000;
    TRY(auto all, catalog_.certificates(organisation, machine, {}, looked_at_max));
    std::erase_if(all, [&](const auto& one) {
        return one.revoked_at || one.not_after <= now || one.id == shown;
    });
    for (std::size_t at = limits_.live_per_machine_max - 1; at < all.size(); ++at) {
        TRY_VOID(catalog_.revoke_certificate(organisation, all[at].serial, "superseded", now));
    }
    return {};
}

Result<trust::NewEnrolment> Registrar::invite(OrganisationId organisation, std::string_view machine,
                                              std::string_view by, Instant now) {
    trust::NewEnrolment made{trust::make_enrolment_token(), now + limits_.enrolment_life};
    TRY(const auto digest, trust::enrolment_digest(made.token));
    TRY_VOID(catalog_.create_enrolment(organisation,
                                       {std::string(machine), std::string(trust::text_of(digest)),
                                        made.expires_at, std::string(by)},
                                       now));
    return made;
}

Result<trust::IssuedCertificate> Registrar::repeat(const catalog::Enrolment& enrolment,
                                                   const trust::CertificateRequest& request,
                                                   Instant now) {
    if (!enrolment.serial) return no_enrolment();
    auto found = catalog_.find_certificate(enrolment.organisation, *enrolment.serial);
    if (!found || found->revoked_at || found->not_after <= now ||
        found->key_sha256 != trust::text_of(request.key_sha256)) {
        return no_enrolment();
    }
    trust::IssuedCertificate again;
    again.certificate_der = found->der;
    again.certificate_pem = trust::pem_of("CERTIFICATE", found->der);
    again.serial = found->serial;
    again.sha256 = digest_or_zero(found->sha256);
    again.key_sha256 = request.key_sha256;
    again.not_before = found->not_before;
    again.not_after = found->not_after;
    again.organisation = enrolment.organisation;
    again.machine = enrolment.machine;
    return again;
}

Result<trust::IssuedCertificate> Registrar::enrol(std::string_view token, std::string_view request,
                                                  Instant now) {
    const auto digest = trust::enrolment_digest(token);
    if (!digest) return no_enrolment();
    const std::string_view key = trust::text_of(*digest);
    const auto enrolment = catalog_.find_enrolment(key);
    if (!enrolment && !is_missing(enrolment.error())) return std::unexpected(enrolment.error());
    if (!enrolment || enrolment->expires_at <= now) return no_enrolment();
    TRY(const auto checked, trust::read_request(request));
    if (enrolment->used_at) return repeat(*enrolment, checked, now);
    TRY(const auto name, organisation_name(enrolment->organisation));
    TRY(auto made,
        authority_.sign_machine(checked, name, enrolment->machine, limits_.machine_life, now));
    // Only now: a request that cannot be signed must not cost the machine the certificate it has.
    TRY_VOID(make_room(enrolment->organisation, enrolment->machine, now));
    TRY(const auto row, row_of(made, enrolment->machine, "enrolment by " + enrolment->created_by));
    auto spent = catalog_.spend_enrolment(key, row, now);
    if (!spent && spent.error().code == Code::conflict) return no_enrolment();
    if (!spent) return std::unexpected(spent.error());
    made.organisation = enrolment->organisation;
    made.machine = enrolment->machine;
    return made;
}

Result<trust::IssuedCertificate> Registrar::renew(const trust::Principal& machine,
                                                  std::string_view request, Instant now) {
    if (machine.kind != trust::PrincipalKind::certificate || machine.credential == 0) {
        return fail(Code::denied,
                    "renewing needs the machine's live certificate of this node's authority");
    }
    if (request.empty()) return fail(Code::invalid, "no certificate request");
    TRY(auto made, sign(machine.organisation, machine.machine, request, now));
    TRY_VOID(
        make_room(machine.organisation, machine.machine, now, CertificateId(machine.credential)));
    TRY(const auto row, row_of(made, machine.machine, "renewal"));
    TRY_VOID(catalog_.add_certificate(machine.organisation, row, now));
    return made;
}

Result<trust::IssuedCertificate> Registrar::issue(OrganisationId organisation,
                                                  std::string_view machine,
                                                  std::string_view request, std::string_view by,
                                                  Instant now) {
    TRY(auto made, sign(organisation, machine, request, now));
    TRY_VOID(make_room(organisation, machine, now));
    TRY(const auto row, row_of(made, machine, by));
    TRY_VOID(catalog_.add_certificate(organisation, row, now));
    return made;
}

Result<void> Registrar::revoke(OrganisationId organisation, std::string_view serial,
                               std::string_view by, Instant now) {
    return catalog_.revoke_certificate(organisation, serial, by, now);
}

Result<std::string> Registrar::revocation_list(Instant now) {
    std::uint64_t number = 0;
    if (const auto kept = catalog_.setting(list_number_setting)) {
        number = std::strtoull(kept->c_str(), nullptr, 10);
    }
    TRY_VOID(catalog_.set_setting(list_number_setting, std::to_string(++number)));
    TRY(const auto rows, catalog_.revoked_certificates(now));
    std::vector<trust::RevokedCertificate> revoked;
    for (const auto& row : rows) revoked.push_back({row.serial, row.revoked_at.value_or(now)});
    return authority_.revocation_list(revoked, number, list_life, now);
}

Result<Registrar::Server> Registrar::kept_server(const std::string& names, Instant now) {
    TRY(const auto kept_names, catalog_.setting(server_names_setting));
    if (kept_names != names) return fail(Code::not_found, "for other names");
    Server kept;
    TRY(kept.certificate_pem, catalog_.setting(server_setting));
    TRY(const auto facts, trust::read_certificate(kept.certificate_pem));
    const auto life = facts.not_after - facts.not_before;
    if (now >= facts.not_before + life * 2 / 3) return fail(Code::not_found, "near its end");
    if (facts.not_after - now > limits_.server_life) return fail(Code::not_found, "too long");
    if (!kept.certificate_pem.ends_with(authority_.root_pem())) {
        return fail(Code::not_found, "of another authority");
    }
    TRY(kept.key_pem, unsealed(catalog_, key_, server_key_setting));
    kept.not_after = facts.not_after;
    return kept;
}

Result<Registrar::Server> Registrar::server(const std::vector<std::string>& names, Instant now) {
    const std::string joined = fmt::format("{}", fmt::join(names, ","));
    // What cannot be read is replaced: it is the node's own, and made anew at no loss.
    if (auto kept = kept_server(joined, now)) return kept;
    TRY(const auto made, authority_.issue_server(names, limits_.server_life, now));
    Server out{made.certificate_pem + authority_.root_pem(), made.key_pem, made.not_after, true};
    TRY_VOID(keep_sealed(catalog_, key_, server_key_setting, out.key_pem));
    TRY_VOID(catalog_.set_setting(server_setting, out.certificate_pem));
    TRY_VOID(catalog_.set_setting(server_names_setting, joined));
    return out;
}

Result<std::vector<Registrar::Warning>> Registrar::take_warnings(Instant now) {
    TRY(const auto live, catalog_.live_certificates(now));
    std::map<std::pair<OrganisationId, std::string>, const catalog::Certificate*> newest;
    for (const auto& one : live) {
        auto& best = newest[{one.organisation, one.machine}];
        if (best == nullptr || best->not_after < one.not_after) best = &one;
    }
    std::vector<Warning> warnings;
    for (const auto& [machine, one] : newest) {
        const auto left = one->not_after - now;
        // A certificate that lives for hours is not warned about days.
        const auto life = one->not_after - one->not_before;
        for (const int days : warning_days) {
            if (left > 24h * days || life <= 24h * days * 2) continue;
            if (one->warned_days && *one->warned_days <= days) break;
            TRY_VOID(catalog_.certificate_warned(one->id, days));
            warnings.push_back({*one, days});
            break;
        }
    }
    return warnings;
}

}  // namespace lineshaft::app
