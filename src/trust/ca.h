// The built-in certificate authority: makes, signs and describes X.509 certificates (RFC 5280).
// Pure: bytes and an instant in, bytes out. Who may have one is registrar.h's. OpenSSL stays in
// the .cc files. docs/decisions/0010-machine-certificates.md.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

struct CaLimits {
    std::size_t request_bytes_max = 16 * 1024;  ///< a certificate request, DER or PEM
    int rsa_bits_min = 2048;
    int rsa_bits_max = 8192;  ///< checking a signature of a longer one costs too much
    std::size_t names_max = 64;
    std::chrono::seconds root_life = std::chrono::hours(24 * 3653);  ///< ten years
    /// Certificates begin so much before they are made: clocks of machines are often behind.
    std::chrono::seconds backdate = std::chrono::minutes(5);
};

/// A certificate and, when the authority made it, its private key (PKCS#8).
struct IssuedCertificate {
    std::string certificate_pem;
    std::string certificate_der;
    std::string key_pem;  ///< empty when a request brought its own key
    std::string serial;   ///< hexadecimal, 32 letters
    Digest sha256{};      ///< of the DER
    Digest key_sha256{};  ///< of the public key (SubjectPublicKeyInfo)
    Instant not_before, not_after;
    OrganisationId organisation{};  ///< whose it is, where an office made it
    std::string machine{};
};

/// What a certificate says, for lists and checks.
struct CertificateText {
    std::string subject;  ///< "CN=press-3, O=default"
    std::string common_name;
    std::vector<std::string> names;  ///< subjectAltName: DNS names, addresses, URIs
    std::string serial;
    Digest sha256{};
    Digest key_sha256{};
    Instant not_before, not_after;
    bool is_authority = false;
};
/// `text`: PEM (the first certificate in it) or DER. Errors: invalid.
Result<CertificateText> read_certificate(std::string_view text);
/// "AB:CD:…", 32 pairs, as browsers and openssl show a fingerprint.
std::string fingerprint_text(const Digest& sha256);
/// The DER of the first certificate of a PEM text. Errors: invalid.
Result<std::string> certificate_der(std::string_view pem);

/// A certificate request that was checked: its signature holds (the sender has the private key) and
/// its key is P-256, P-384, Ed25519 or RSA of 2048 to 8192 bits. The names it asks for are not
/// kept: who may have which name is not for the asker to say. DER, of the public key only.
struct CertificateRequest {
    std::string public_key_der;
    Digest key_sha256{};
};
/// `text`: PEM, DER, or base64 of DER with any line breaks (RFC 7030, 4.2.1). Errors: invalid (not
/// a request, bad signature, asks to be an authority), unsupported (that kind of key), exhausted
/// (longer than request_bytes_max).
Result<CertificateRequest> read_request(std::string_view text, const CaLimits& limits = {});

/// A P-256 key pair and a request for it, in PEM: what a machine does first. For tests and demos.
struct NewRequest {
    std::string request_pem;
    std::string key_pem;
};
NewRequest make_request(std::string_view common_name);

/// The name a machine's certificate carries in its subjectAltName:
/// "urn:lineshaft:<organisation>:<machine>", the machine percent-encoded.
std::string machine_urn(std::string_view organisation, std::string_view machine);

struct RevokedCertificate {
    std::string serial;
    Instant at;
};

/// One authority: a P-256 root certificate and its private key. Immutable; blocking calls of some
/// ten microseconds; use it on the catalog's worker.
class Authority {
public:
    /// A new root named "Lineshaft CA <node>".
    static Result<Authority> create(std::string_view node, Instant now,
                                    const CaLimits& limits = {});
    /// Errors: corrupt (not PEM, the key is another's, not an authority).
    static Result<Authority> open(std::string_view root_pem, std::string_view key_pem,
                                  const CaLimits& limits = {});
    Authority(Authority&&) noexcept;
    Authority& operator=(Authority&&) noexcept;
    ~Authority();

    const std::string& root_pem() const;
    const std::string& root_der() const;
    const Digest& root_sha256() const;
    Instant root_not_after() const;
    /// The private key in PEM, for sealing it.
    std::string key_pem() const;

    /// For the node's listeners: a new P-256 key, serverAuth. `names`: 1..names_max DNS names and
    /// numeric addresses. Never outlives the root. Errors: invalid (a name), exhausted.
    Result<IssuedCertificate> issue_server(const std::vector<std::string>& names,
                                           std::chrono::seconds life, Instant now) const;
    /// For a machine, clientAuth, with a new P-256 key.
    Result<IssuedCertificate> issue_machine(std::string_view organisation, std::string_view machine,
                                            std::chrono::seconds life, Instant now) const;
    /// The same for a key the machine keeps to itself.
    Result<IssuedCertificate> sign_machine(const CertificateRequest& request,
                                           std::string_view organisation, std::string_view machine,
                                           std::chrono::seconds life, Instant now) const;

    /// A revocation list (RFC 5280, 5) in DER, valid for `life`. `number` grows with each list.
    Result<std::string> revocation_list(const std::vector<RevokedCertificate>& revoked,
                                        std::uint64_t number, std::chrono::seconds life,
                                        Instant now) const;

private:
    struct State;
    explicit Authority(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A degenerate PKCS#7 (certs-only, RFC 7030, 4.1.3 and 4.2.3) in DER.
Result<std::string> certs_only_pkcs7(const std::vector<std::string>& certificates_der);

/// "-----BEGIN <kind>-----" around base64 in lines of 64.
std::string pem_of(std::string_view kind, std::string_view der);

}  // namespace lineshaft::trust
