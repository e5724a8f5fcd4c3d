#include "io/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstring>

namespace lineshaft::io {
namespace {

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

}  // namespace

std::string tls_reason() {
    std::string reason = "TLS failed";
    while (const unsigned long code = ERR_get_error()) {
        const char* text = ERR_reason_error_string(code);
        if (text != nullptr) reason = text;
    }
    return reason;
}

Result<SslContext> make_server_context(std::string_view certificate_pem, std::string_view key_pem) {
    ERR_clear_error();
    SslContext context = make_context(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
    const Bio certificates = reader_of(certificate_pem);
    const Certificate own(PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr));
    if (!own || SSL_CTX_use_certificate(context.get(), own.get()) != 1) {
        return fail(Code::invalid, "certificate: no PEM certificate: " + tls_reason());
    }
    while (
        Certificate issuer{PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr)}) {
        if (SSL_CTX_add1_chain_cert(context.get(), issuer.get()) != 1) {
            return fail(Code::invalid, "certificate: bad issuer: " + tls_reason());
        }
    }
    ERR_clear_error();  // the end of the file is an error to PEM
    const Bio keys = reader_of(key_pem);
    const Key key(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_password, nullptr));
    if (!key)
        return fail(Code::invalid, "key: no PEM private key without password: " + tls_reason());
    if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return fail(Code::invalid, "key: not the certificate's: " + tls_reason());
    }
    return context;
}

Result<SslContext> make_client_context(std::string_view ca_pem) {
    ERR_clear_error();
    SslContext context = make_context(TLS_client_method());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const Bio certificates = reader_of(ca_pem);
    std::size_t count = 0;
    while (Certificate ca{PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr)}) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
        ++count;
    }
    const std::string reason = tls_reason();
    if (count == 0)
        return fail(Code::invalid, "trusted certificates: no PEM certificate: " + reason);
    return context;
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
