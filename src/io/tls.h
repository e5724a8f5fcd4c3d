#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/stream.h"

namespace lineshaft::io {

struct TlsLimits {
    /// Shaking hands at once, over all listeners; one more connection is closed before any work is
    /// done for it. The first thing refused under overload.
    std::size_t handshakes_max = 1'000;
    Steady handshake_max{10'000};  ///< altogether; half-open connections end then
    /// What a client may send before its handshake is done.
    std::size_t handshake_bytes_max = 64 * 1024;
};

/// What a server shows and asks for.
struct TlsIdentity {
    std::string certificate_pem;  ///< the node's certificate, then its issuers'
    std::string key_pem;
    /// off: clients are not asked. optional: one that shows a certificate must show a good one.
    /// required: the handshake fails without. optional_any: as optional, and a certificate that no
    /// authority of ours issued is as if none were shown, but for shown_certificate().
    enum class Clients { off, optional, required, optional_any } clients = Clients::off;
    std::string client_ca_pem;  ///< whose client certificates are good
};

/// The server's side of TLS 1.3 and 1.2 (AEAD suites with forward secrecy only). ALPN offers
/// http/1.1 and mqtt; the name a client asks for (SNI) is ignored. Thread-safe, shared by
/// listeners.
class TlsServer {
public:
    /// Errors: invalid (no PEM, or the key is not the certificate's, no certificate authority where
    /// clients are asked).
    static Result<std::shared_ptr<TlsServer>> create(const TlsIdentity& identity,
                                                     TlsLimits limits = {});
    static Result<std::shared_ptr<TlsServer>> create(std::string_view certificate_pem,
                                                     std::string_view key_pem);

    /// Connections accepted from now on meet the new identity; the others go on. Errors: invalid,
    /// and the old one stays.
    Result<void> replace(const TlsIdentity& identity);
    Result<void> replace(std::string_view certificate_pem, std::string_view key_pem);

    /// Shakes hands over `stream` within `patience` (or handshake_max, if less) altogether and
    /// returns the stream inside, whose peer() has the client's certificate. Errors: timeout,
    /// unavailable (the peer left), invalid (no TLS, or none in common), denied (its certificate
    /// does not verify), exhausted (handshakes_max).
    Task<Result<std::unique_ptr<Stream>>> accept(std::unique_ptr<Stream> stream, Steady patience);

    /// New connections are closed, before any work is done for them, while `is_overloaded` says
    /// yes: the first step of an overload. Asked on the accepting shard. Before the first accept.
    void refuse_while(std::function<bool()> is_overloaded);

    struct Stats {
        std::uint64_t done = 0;
        std::uint64_t failed = 0;        ///< no TLS, too old, bad certificate, left
        std::uint64_t timed_out = 0;     ///< handshake_max
        std::uint64_t refused_busy = 0;  ///< handshakes_max, or refuse_while
        std::uint64_t replaced = 0;      ///< new identities since the start
        std::size_t under_way = 0;       ///< now
    };
    Stats stats() const;

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
    /// The same, showing a certificate of its own when asked.
    static Result<std::shared_ptr<TlsClient>> create(std::string_view ca_pem,
                                                     std::string_view certificate_pem,
                                                     std::string_view key_pem);

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
