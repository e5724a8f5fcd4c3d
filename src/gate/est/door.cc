#include "gate/est/door.h"

#include "trust/http_caller.h"
#include "trust/token.h"

namespace lineshaft::est {
namespace {

namespace http = io::http;

/// RFC 7030, 4.5.2: keys on P-256, signed with SHA-256. SEQUENCE { Attribute { id-ecPublicKey, SET
/// { prime256v1 } }, ecdsa-with-SHA256 }
constexpr std::string_view csr_attributes{
    "\x30\x21\x30\x15\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x31\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03"
    "\x01\x07\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
    35};

http::Response base64_answer(std::string_view der, std::string type) {
    const std::string text = trust::to_base64(der);
    http::Response response;
    for (std::size_t at = 0; at < text.size(); at += 64) {
        response.body += text.substr(at, 64) + "\n";
    }
    response.set("content-type", std::move(type));
    response.set("content-transfer-encoding", "base64");  // RFC 7030; RFC 8951 lets it stand
    response.set("cache-control", "no-store");
    return response;
}

http::Response refuse(unsigned status, std::string_view title, std::string_view detail) {
    auto response = http::problem(status, title, detail);
    response.set("cache-control", "no-store");
    return response;
}

http::Response who_are_you() {
    auto response = refuse(401, "Enrol with a token",
                           "Send the one-time token as the password of HTTP Basic; lineshaft ca "
                           "enrol --machine NAME prints one.");
    response.set("www-authenticate", "Basic realm=\"lineshaft enrolment\"");
    return response;
}

http::Response needs_tls() {
    return refuse(403, "TLS only", "Certificates are issued over TLS only: use https.listen.");
}

http::Response busy() {
    auto response = refuse(503, "Busy", "Many machines enrol at once; try again soon.");
    response.set("retry-after", "5");
    return response;
}

http::Response not_recorded(const Error& error) {
    auto response = refuse(503, "Not recorded",
                           "No certificate was given, because " + error.context +
                               ". Make room on the disk of the node, then try again.");
    response.set("retry-after", "10");
    return response;
}

http::Response too_often(io::Steady wait, std::string_view what) {
    auto response = refuse(429, "Too many attempts", what);
    response.set("retry-after", std::to_string((wait.count() + 999) / 1000));
    return response;
}

// What a machine's engineer can mend is 400 (RFC 7030, 4.2.3), the rest as everywhere.
http::Response problem_of(const Error& error) {
    if (error.code == Code::denied) return who_are_you();
    if (error.code == Code::invalid || error.code == Code::unsupported) {
        return refuse(400, "Bad certificate request", error.context);
    }
    return http::problem(error);
}

http::Response issued(const Result<trust::IssuedCertificate>& made) {
    if (!made) return problem_of(made.error());
    const auto bundle = trust::certs_only_pkcs7({made->certificate_der});
    if (!bundle) return problem_of(bundle.error());
    return base64_answer(*bundle, "application/pkcs7-mime; smime-type=certs-only");
}

io::Task<http::Response> authority(Door* door, http::Request) {
    const auto bundle = trust::certs_only_pkcs7({door->office.root().der});
    if (!bundle) co_return problem_of(bundle.error());
    co_return base64_answer(*bundle, "application/pkcs7-mime");
}

io::Task<http::Response> attributes(http::Request) {
    co_return base64_answer(csr_attributes, "application/csrattrs");
}

/// Counts one enrolment under way while it lives.
struct Place {
    explicit Place(Door::OnShard& its_shard) : shard(its_shard) { ++shard.under_way; }
    ~Place() { --shard.under_way; }
    Place(const Place&) = delete;
    Door::OnShard& shard;
};

io::Task<http::Response> enrol(Door* door, http::Request request) {
    if (!request.peer.is_encrypted) co_return needs_tls();
    auto credentials = trust::parse_authorization(request.header("authorization"));
    if (!credentials) co_return who_are_you();
    Door::OnShard& here = door->here();
    const std::string address = request.peer.address;
    const std::string account = "est/" + address;
    const io::Steady now = io::Shard::here().clock().steady();
    // Counted after the answer, unlike a password: 256 random bits are not guessed, and a hall of
    // machines behind one address enrols at once.
    const auto wait = here.throttle.wait(account, address, now);
    if (wait.count() > 0) co_return too_often(wait, "Wait, then use a fresh token.");
    if (here.under_way >= door->limits.under_way_max) co_return busy();
    const Place place(here);
    auto made =
        co_await door->office.enrol(std::move(credentials->secret), std::move(request.body));
    if (!made && made.error().code == Code::denied) {
        (void)here.throttle.admit(account, address, now);
        trust::note_refusal(door->audit, request.path, request, nullptr, made.error().context);
    }
    if (!made) co_return problem_of(made.error());
    // Whose token it was is known only now. Unless that is recorded nobody gets the certificate;
    // the same token with the same key gives it once there is room again.
    trust::Principal machine;
    machine.organisation = made->organisation;
    machine.name = "enrolment token";
    trust::AuditRecord line = trust::audit_of(machine, address, "certificate.enrol", made->machine,
                                              "serial " + made->serial);
    auto recorded = co_await door->audit.record(std::move(line));
    if (!recorded) co_return not_recorded(recorded.error());
    co_return issued(made);
}

io::Task<http::Response> renew(Door* door, http::Request request) {
    if (!request.peer.is_encrypted) co_return needs_tls();
    auto machine = door->porter.by_certificate(request.peer);
    if (!machine || machine->credential == 0) {
        if (request.peer.certificate)
            trust::note_refusal(door->audit, request.path, request, machine.get(),
                                "no live certificate of this node");
        co_return refuse(401, "Show your certificate",
                         "Renewing needs TLS with the machine's live certificate of this node: not "
                         "revoked, not past its end, and tls.client_certificates not off.");
    }
    Door::OnShard& here = door->here();
    if (here.under_way >= door->limits.under_way_max) co_return busy();
    const std::string key = std::to_string(machine->organisation.number()) + "/" + machine->machine;
    const auto wait = here.renewals.admit(key, key, io::Shard::here().clock().steady());
    if (wait.count() > 0) co_return too_often(wait, "This machine has renewed many times.");
    const Place place(here);
    trust::AuditRecord line = trust::audit_of(*machine, request.peer.address, "certificate.renew",
                                              machine->machine);
    auto recorded = co_await door->audit.record(line);
    if (!recorded) co_return not_recorded(recorded.error());
    auto made = co_await door->office.renew(std::move(machine), std::move(request.body));
    if (!made) {
        line.outcome = trust::AuditOutcome::failed;
        line.detail = made.error().context;
        door->audit.note(std::move(line));
    }
    co_return issued(made);
}

}  // namespace

Door::Door(trust::CertificateOffice& its_office, trust::Porter& its_porter,
           trust::Audit& its_audit, io::Shards& shards, Limits its_limits)
    : office(its_office), porter(its_porter), audit(its_audit), limits(its_limits) {
    for (std::size_t index = 0; index < shards.size(); ++index) {
        on_shard_.push_back(std::make_unique<OnShard>(limits));
    }
}

void Door::add_routes(http::Router& router) {
    const http::Router::Options options{.body_bytes_max = limits.body_bytes_max};
    const auto add = [&](std::string method, std::string path, http::Handler handler) {
        router.add(std::move(method), "/.well-known/est/" + path, std::move(handler), options);
    };
    add("GET", "cacerts",
        [this](http::Request request) { return authority(this, std::move(request)); });
    add("GET", "csrattrs", [](http::Request request) { return attributes(std::move(request)); });
    add("POST", "simpleenroll",
        [this](http::Request request) { return enrol(this, std::move(request)); });
    add("POST", "simplereenroll",
        [this](http::Request request) { return renew(this, std::move(request)); });
}

}  // namespace lineshaft::est
