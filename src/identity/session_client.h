// The client's side of a session: Diffie-Hellman, then every message signed and encrypted.
#pragma once
#include <memory>

#include "identity/asker.h"
#include "identity/signature.h"
#include "trust/rsa.h"

namespace lineshaft::identity {

/// One session over one TCP connection, one question at a time. Owner: one coroutine of one shard.
class SessionClient {
public:
    /// `trusted`: fingerprints, one of which the server's key must have, and it must sign the
    /// exchange; empty: whoever answers. Errors: denied (it did not), unavailable, timeout, invalid.
    static io::Task<Result<std::unique_ptr<SessionClient>>> open(io::Address server,
                                                                 TrustedKeys trusted);

    /// With what challenges are answered: `key`, kept at the server as `who`.
    void prove_with(handle::Reference who, trust::RsaKey key);

    /// The answer, once a challenge for it was met. Errors: as open; denied (a challenge, and no key
    /// to meet it).
    io::Task<Result<Reply>> ask(handle::Op op, std::string body, std::uint32_t flags = 0);
    /// The next message of the last answer, which had flag::continuous. timeout: none for so long.
    io::Task<Result<Reply>> next(io::Steady patience);
    void close() { stream_->close(); }

private:
    explicit SessionClient(std::unique_ptr<io::Stream> stream) : stream_(std::move(stream)) {}
    io::Task<Result<std::string>> read_message(io::Steady patience);
    io::Task<Result<void>> exchange(TrustedKeys trusted);
    io::Task<Result<Reply>> send(handle::Op op, std::string body, std::uint32_t flags);
    std::string wrapped(const std::string& message);
    Result<Reply> unwrapped(const std::string& message) const;

    std::unique_ptr<io::Stream> stream_;
    std::string in_;
    std::string key_;
    std::uint32_t session_ = 0, request_ = 0, counter_ = 0;
    handle::Reference who_;
    std::unique_ptr<trust::RsaKey> own_key_;
};

}  // namespace lineshaft::identity
