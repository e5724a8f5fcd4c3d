#pragma once
// Inside io only: OpenSSL's contexts with our rules on them.
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::io {

template <auto free_it>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free_it(object);
    }
};
using SslContext = std::shared_ptr<SSL_CTX>;
using Ssl = std::unique_ptr<SSL, Freed<SSL_free>>;

struct TlsIdentity;
struct PeerCertificate;

Result<SslContext> make_server_context(const TlsIdentity& identity);
/// `certificate_pem` empty: the client has none to show.
Result<SslContext> make_client_context(std::string_view ca_pem, std::string_view certificate_pem,
                                       std::string_view key_pem);
/// What the client showed and OpenSSL has verified; null when it showed none.
std::shared_ptr<const PeerCertificate> peer_certificate(SSL* ssl);
/// Which certificate name to insist on and which protocols to offer.
Result<void> prepare_client(SSL* ssl, const std::string& server_name,
                            const std::vector<std::string>& protocols);
/// The newest reason on OpenSSL's error queue of this thread, which is emptied.
std::string tls_reason();

}  // namespace lineshaft::io
