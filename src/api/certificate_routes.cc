// Certificates of machines: the list, issuing, revoking, and leave to enrol.
#include <fmt/format.h>

#include "api/render.h"
#include "api/routes.h"
#include "base/number.h"
#include "trust/office.h"

namespace lineshaft::api {
namespace {

Result<trust::CertificateOffice*> office_of(const Call& call) {
    if (call.services->office != nullptr) return call.services->office;
    return fail(Code::unavailable, "this node has no certificate authority");
}

// ?organisation=, for those who run the node; others have their own.
Result<OrganisationId> organisation_of(const Call& call) {
    const auto asked = call.request.asked("organisation");
    if (!asked) return call.organisation();
    const auto snapshot = call.services->desk.snapshot();
    const auto* found = snapshot->organisation(*asked);
    const bool may_see =
        found != nullptr && (found->id == call.organisation() ||
                             trust::may(*call.principal, trust::Right::manage_organisations));
    if (!may_see) return fail(Code::not_found, "no such organisation");
    return found->id;
}

std::string fingerprint(const std::string& raw) {
    const auto digest = trust::digest_of(raw);
    return digest ? trust::fingerprint_text(*digest) : std::string();
}

std::string_view state_of(const catalog::Certificate& certificate, Instant now) {
    if (certificate.revoked_at) return "revoked";
    return certificate.not_after <= now ? "expired" : "live";
}

json::object certificate_json(const catalog::Certificate& one, Instant now) {
    const Instant renew_at = one.not_before + (one.not_after - one.not_before) * 2 / 3;
    return {{"serial", one.serial},
            {"machine", one.machine},
            {"state", state_of(one, now)},
            {"fingerprint", fingerprint(one.sha256)},
            {"not_before", render_time(one.not_before)},
            {"not_after", render_time(one.not_after)},
            {"renew_at", render_time(renew_at)},
            {"issued_at", render_time(one.issued_at)},
            {"issued_by", one.issued_by},
            {"revoked_at", render_time(one.revoked_at)},
            {"revoked_by", one.revoked_by ? json::value(*one.revoked_by) : json::value(nullptr)}};
}

Result<std::optional<CertificateId>> certificates_before(const http::Request& request) {
    const auto asked = request.asked("cursor");
    if (!asked) return std::optional<CertificateId>{};
    const auto number = number_from<std::uint64_t>(*asked);
    if (!number) return fail(Code::invalid, "cursor: not one of ours");
    return std::optional(CertificateId(*number));
}

io::Task<Answer> list_certificates(Call call) {
    CO_TRY(const auto organisation, organisation_of(call));
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto before, certificates_before(call.request));
    std::string machine(call.request.asked("machine").value_or(""));
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.certificates(organisation, machine, before, limit + 1);
    };
    auto rows = co_await call.services->desk.run(std::move(work));
    if (!rows) co_return std::unexpected(rows.error());
    json::value next = nullptr;
    if (rows->size() > limit) {
        rows->resize(limit);
        next = std::to_string(rows->back().id.number());
    }
    const Instant now = io::Shard::here().now();
    json::array items;
    for (const auto& one : *rows) items.push_back(certificate_json(one, now));
    co_return reply(json::object{{"items", std::move(items)}, {"next", std::move(next)}});
}

io::Task<Answer> answer_with(Services* services, OrganisationId organisation, std::string serial,
                             unsigned status, json::object more) {
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.find_certificate(organisation, serial);
    };
    auto found = co_await services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    json::object out = certificate_json(*found, io::Shard::here().now());
    for (auto& member : more) out[member.key()] = std::move(member.value());
    co_return reply(out, status);
}

// The private key, when the node made it, is in this answer and nowhere else.
io::Task<Answer> issue(Call call) {
    CO_TRY(auto* office, office_of(call));
    CO_TRY(const auto organisation, organisation_of(call));
    CO_TRY(auto body, body_object(call.request, {"machine", "request"}));
    CO_TRY(auto machine, text_member(body, "machine"));
    std::string request;
    if (const auto* text = body.if_contains("request"); text != nullptr && text->is_string()) {
        request = std::string(text->as_string());  // read_request has its own limit
    }
    auto made = co_await office->issue(organisation, std::move(machine), std::move(request),
                                       call.principal->name);
    if (!made) co_return std::unexpected(made.error());
    json::object more{
        {"certificate", made->certificate_pem},
        {"authority", office->root().pem},
        {"key", made->key_pem.empty() ? json::value(nullptr) : json::value(made->key_pem)}};
    auto answer =
        co_await answer_with(call.services, organisation, made->serial, 201, std::move(more));
    co_return answer;
}

io::Task<Answer> revoke_certificate(Call call) {
    CO_TRY(auto* office, office_of(call));
    CO_TRY(const auto organisation, organisation_of(call));
    const std::string serial = call.captured(0);
    auto done = co_await office->revoke(organisation, serial, call.principal->name);
    if (!done) co_return std::unexpected(done.error());
    auto answer = co_await answer_with(call.services, organisation, serial, 200, {});
    co_return answer;
}

io::Task<Answer> invite(Call call) {
    CO_TRY(auto* office, office_of(call));
    CO_TRY(const auto organisation, organisation_of(call));
    const std::string machine = call.captured(0);
    auto made = co_await office->invite(organisation, machine, call.principal->name);
    if (!made) co_return std::unexpected(made.error());
    co_return reply(json::object{{"machine", machine},
                                 {"token", made->token},
                                 {"expires_at", render_time(made->expires_at)}},
                    201);
}

io::Task<Answer> authority(Call call) {
    CO_TRY(auto* office, office_of(call));
    const auto& root = office->root();
    co_return reply(json::object{{"certificate", root.pem},
                                 {"fingerprint", trust::fingerprint_text(root.sha256)},
                                 {"not_after", render_time(root.not_after)}});
}

io::Task<Answer> revocation_list(Call call) {
    CO_TRY(auto* office, office_of(call));
    auto list = co_await office->revocation_list();
    if (!list) co_return std::unexpected(list.error());
    http::Response response;
    response.body = trust::pem_of("X509 CRL", *list);
    response.set("content-type", "application/x-pem-file");
    co_return response;
}

}  // namespace

void add_certificate_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/certificates", &list_certificates);
    serve(router, services, "POST", "/api/v1/certificates", &issue);
    serve(router, services, "POST", "/api/v1/certificates/{serial}/revoke", &revoke_certificate);
    serve(router, services, "GET", "/api/v1/certificates/authority", &authority);
    serve(router, services, "GET", "/api/v1/certificates/crl", &revocation_list);
    serve(router, services, "POST", "/api/v1/machines/{machine}/enrolments", &invite);
}

}  // namespace lineshaft::api
