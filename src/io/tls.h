#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/stream.h"

namespace lineshaft::io {

/// The server's side of TLS 1.3 and 1.2 (AEAD suites with forward secrecy only). ALPN offers
/// http/1.1 and mqtt; the name a client asks for (SNI) is ignored. Thread-safe, shared by
/// listeners.
class TlsServer {
public:
    /// Errors: invalid (no PEM, or the key is not the certificate's).
    /// `certificate_pem`: the node's certificate, then its issuers'.
    static Result<std::shared_ptr<TlsServer>> create(std::string_view certificate_pem,
                                                     std::string_view key_pem);

    /// Connections accepted from now on get the new certificate; the others go on. Errors: invalid,
    /// and the old one stays.
    Result<void> replace(std::string_view certificate_pem, std::string_view key_pem);

    /// Shakes hands over `stream` within `patience` altogether and returns the stream inside.
    /// Errors: timeout, unavailable (the peer left), invalid (no TLS, or none in common).
    Task<Result<std::unique_ptr<Stream>>> accept(std::unique_ptr<Stream> stream, Steady patience);

    ~TlsServer();

private:
    struct State;
    explicit TlsServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The client's side: trusts exactly the certificates in `ca_pem`.
class TlsClient {
public:
    /// Errors: invalid (no certificate in it).
    static Result<std::shared_ptr<TlsClient>> create(std::string_view ca_pem);

    /// Errors: denied (the certificate does not verify or is not for `server_name`, a name or an IP
    /// address), timeout, unavailable, invalid.
    Task<Result<std::unique_ptr<Stream>>> connect(std::unique_ptr<Stream> stream,
                                                  std::string server_name,
                                                  std::vector<std::string> protocols,
                                                  Steady patience);
    ~TlsClient();

private:
    struct State;
    explicit TlsClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace lineshaft::io
