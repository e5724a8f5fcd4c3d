#pragma once
#include <string>
#include <string_view>

#include "trust/scram.h"

namespace lineshaft::pg {

/// The server's half of SCRAM-SHA-256 (RFC 5802, 7677), without channel binding. Pure.
class ScramLogin {
public:
    /// `nonce`: of ours, printable, without commas, at least 18 random bytes.
    ScramLogin(trust::ScramVerifier verifier, std::string nonce)
        : verifier_(std::move(verifier)), nonce_(std::move(nonce)) {}

    /// For whom nobody knows: asks like for a token, and always for the same salt, so nothing is
    /// told about who exists. No password is right.
    static trust::ScramVerifier of_stranger(std::string_view key, std::string_view user);

    /// server-first-message. Errors: invalid, unsupported (channel binding was not offered).
    Result<std::string> first(std::string_view client_first);
    /// server-final-message; the client has proven that it knows the password. Errors: invalid,
    /// denied.
    Result<std::string> last(std::string_view client_final);

private:
    trust::ScramVerifier verifier_;
    std::string nonce_;  // from first() on: the client's and ours
    std::string header_, client_first_bare_, server_first_;
};

}  // namespace lineshaft::pg
