// What the doors ask of whoever issues machine certificates. `app` implements it over the catalog's
// rows and the built-in authority (ca.h).
#pragma once
#include <string>
#include <string_view>

#include "io/task.h"
#include "trust/ca.h"
#include "trust/principal.h"

namespace lineshaft::trust {

/// Leave to enrol once, as it is shown to the person who asked for it, and never again.
struct NewEnrolment {
    std::string token;
    Instant expires_at;
};

/// The text of an enrolment token: "lse_" and 43 letters of base64url (256 random bits).
std::string make_enrolment_token();
/// What is kept of it. invalid: no such token's form.
Result<Digest> enrolment_digest(std::string_view token);

/// Called on any shard; the work happens on the catalog's worker.
class CertificateOffice {
public:
    struct Root {
        std::string pem, der;
        Digest sha256{};
        Instant not_after;
    };
    /// The authority's own certificate. Never changes while the node runs.
    virtual const Root& root() const = 0;

    /// Leave for `machine` to enrol once within the setting's time. Errors: invalid (name),
    /// exhausted.
    virtual io::Task<Result<NewEnrolment>> invite(OrganisationId organisation, std::string machine,
                                                  std::string by) = 0;

    /// A first certificate for the token's machine. The same token with the same key gives the same
    /// certificate again until it expires, because an answer may get lost on the way. Errors:
    /// denied (unknown, used or expired token: one sentence for all), and those of read_request.
    virtual io::Task<Result<IssuedCertificate>> enrol(std::string token, std::string request) = 0;

    /// The next certificate for the machine that shows a live one. Errors: denied (a principal of
    /// another kind, or of another authority), and those of read_request.
    virtual io::Task<Result<IssuedCertificate>> renew(PrincipalPtr machine,
                                                      std::string request) = 0;

    /// For the people who run the node. `request` empty: with a new key. Errors: invalid,
    /// exhausted.
    virtual io::Task<Result<IssuedCertificate>> issue(OrganisationId organisation,
                                                      std::string machine, std::string request,
                                                      std::string by) = 0;

    /// Live sessions of the certificate end at once. Errors: not_found, conflict (was already).
    virtual io::Task<Result<void>> revoke(OrganisationId organisation, std::string serial,
                                          std::string by) = 0;

    /// DER, of every organisation.
    virtual io::Task<Result<std::string>> revocation_list() = 0;
    virtual ~CertificateOffice() = default;
};

}  // namespace lineshaft::trust
