// The texts of SCRAM (RFC 5802, section 7), taken apart. Keys and proofs are others' business.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::postgres {

struct ClientFirst {
    char binding = 'n';  ///< n: cannot bind channels; y: we did not offer to; p: binds
    std::string header;  ///< gs2-header as sent: "n,,"
    std::string bare;    ///< what the proof covers
    std::string nonce;
    bool operator==(const ClientFirst&) const = default;
};
/// PostgreSQL ignores the user name inside, and so do we. Errors: invalid; unsupported (an
/// extension that must be understood, an authorization identity).
Result<ClientFirst> parse_client_first(std::string_view text);

struct ClientFinal {
    std::string channel;        ///< base64 of the gs2-header (and what binds)
    std::string nonce;
    std::string proof;          ///< base64
    std::string without_proof;  ///< what the proof covers
    bool operator==(const ClientFinal&) const = default;
};
Result<ClientFinal> parse_client_final(std::string_view text);

}  // namespace lineshaft::postgres
