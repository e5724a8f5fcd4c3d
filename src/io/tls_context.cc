#include "io/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>

#include "base/bytes.h"
#include "io/shown_certificate.h"
#include "io/tls.h"

namespace lineshaft::io {
namespace {

/// Of a client's certificate: itself, issuers between, the root.
constexpr int chain_certificates_max = 4;

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

int no_password(char*, int, int, void*) {
    return 0;
}

Bio reader_of(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

SslContext make_context(const SSL_METHOD* method) {
    SslContext context(SSL_CTX_new(method), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL");
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 1);
    return context;
}

/// RFC 7301: the client's first protocol that we speak; a client that offers only others goes on
/// without one.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    for (unsigned at = 0; at < offered_size && at + 1 + offered[at] <= offered_size;
         at += 1u + offered[at]) {
        const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
        if (name != "http/1.1" && name != "mqtt") continue;
        *out = offered + at + 1;
        *out_size = offered[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

Result<void> use_own(SSL_CTX* context, std::string_view certificate_pem, std::string_view key_pem) {
    const Bio certificates = reader_of(certificate_pem);
    const Certificate own(PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr));
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
        return fail(Code::invalid, "certificate: no PEM certificate: " + tls_reason());
    }
    while (
        Certificate issuer{PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr)}) {
        if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) {
            return fail(Code::invalid, "certificate: bad issuer: " + tls_reason());
        }
    }
    ERR_clear_error();  // the end of the file is an error to PEM
    const Bio keys = reader_of(key_pem);
    const Key key(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_password, nullptr));
    if (!key)
        return fail(Code::invalid, "key: no PEM private key without password: " + tls_reason());
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return fail(Code::invalid, "key: not the certificate's: " + tls_reason());
    }
    return {};
}

/// `named`: also what a server tells clients it accepts, so that browsers ask nobody without one.
Result<void> trust_certificates(SSL_CTX* context, std::string_view ca_pem, bool is_named) {
    const Bio certificates = reader_of(ca_pem);
    std::size_t count = 0;
    while (Certificate ca{PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr)}) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get());
        if (is_named) SSL_CTX_add_client_CA(context, ca.get());
        ++count;
    }
    const std::string reason = tls_reason();
    if (count == 0)
        return fail(Code::invalid, "trusted certificates: no PEM certificate: " + reason);
    return {};
}

// Goes on over an issuer that nobody knows; the verdict keeps the error, so that peer_certificate()
// sees no verified one. Whatever else is wrong (ended, bad signature, wrong purpose) stays wrong.
int pass_unknown_issuers(int is_good, X509_STORE_CTX* store) {
    if (is_good == 1) return 1;
    switch (X509_STORE_CTX_get_error(store)) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return 1;
        default: return 0;
    }
}

Result<void> ask_clients(SSL_CTX* context, const TlsIdentity& identity) {
    using Clients = TlsIdentity::Clients;
    if (identity.clients == Clients::off) return {};
    // Clients that look for a certificate of one of the issuers named would show no other.
    const bool takes_any = identity.clients == Clients::optional_any;
    TRY_VOID(trust_certificates(context, identity.client_ca_pem, !takes_any));
    const int needed =
        identity.clients == Clients::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | needed,
                       takes_any ? pass_unknown_issuers : nullptr);
    SSL_CTX_set_verify_depth(context, chain_certificates_max);
    // A resumed session would bring back a certificate that was verified some other day.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return {};
}

Instant instant_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return Instant{};
    return Instant{static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000};
}

std::string digest_of(const X509* certificate) {
    std::string digest(32, '\0');
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    return digest;
}

std::string name_part_of(const X509* certificate, int part) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, part, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) return {};
    std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return out;
}

std::string key_der_of(const X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size < 0) return {};
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

std::string serial_of(const X509* certificate) {
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
    if (number == nullptr) return {};
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(number);
    return to_hex(as_bytes(bytes));
}

}  // namespace

std::string tls_reason() {
    std::string reason = "TLS failed";
    while (const unsigned long code = ERR_get_error()) {
        const char* text = ERR_reason_error_string(code);
        if (text != nullptr) reason = text;
    }
    return reason;
}

Result<SslContext> make_server_context(const TlsIdentity& identity) {
    ERR_clear_error();
    SslContext context = make_context(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    TRY_VOID(use_own(context.get(), identity.certificate_pem, identity.key_pem));
    TRY_VOID(ask_clients(context.get(), identity));
    return context;
}

Result<SslContext> make_client_context(std::string_view ca_pem, std::string_view certificate_pem,
                                       std::string_view key_pem) {
    ERR_clear_error();
    SslContext context = make_context(TLS_client_method());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    TRY_VOID(trust_certificates(context.get(), ca_pem, false));
    if (!certificate_pem.empty()) {
        TRY_VOID(use_own(context.get(), certificate_pem, key_pem));
    }
    return context;
}

std::shared_ptr<const PeerCertificate> peer_certificate(SSL* ssl) {
    const X509* shown = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
    if (shown == nullptr) return nullptr;
    ShownCertificate words{name_part_of(shown, NID_userId), name_part_of(shown, NID_commonName),
                           key_der_of(shown)};
    const bool is_verified = SSL_get_verify_result(ssl) == X509_V_OK && chain != nullptr &&
                             sk_X509_num(chain) > 0;
    std::unique_ptr<const PeerCertificate> verified;
    if (is_verified) {
        verified = std::make_unique<const PeerCertificate>(PeerCertificate{
            digest_of(shown), digest_of(sk_X509_value(chain, sk_X509_num(chain) - 1)),
            serial_of(shown), words.common_name, instant_of(X509_get0_notAfter(shown))});
    }
    return carried_certificate(std::move(words), std::move(verified));
}

Result<void> prepare_client(SSL* ssl, const std::string& server_name,
                            const std::vector<std::string>& protocols) {
    in6_addr ignored;
    const bool is_ip = ::inet_pton(AF_INET, server_name.c_str(), &ignored) == 1 ||
                       ::inet_pton(AF_INET6, server_name.c_str(), &ignored) == 1;
    bool is_set = false;
    if (is_ip) {
        is_set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
    } else {
        is_set = SSL_set1_host(ssl, server_name.c_str()) == 1 &&
                 SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1;
    }
    if (!is_set) return fail(Code::invalid, "'" + server_name + "' is no server name");
    std::string offered;
    for (const auto& protocol : protocols) {
        if (protocol.empty() || protocol.size() > 255) return fail(Code::invalid, "protocol name");
        offered += static_cast<char>(protocol.size());
        offered += protocol;
    }
    if (!offered.empty()) {
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    }
    return {};
}

}  // namespace lineshaft::io
