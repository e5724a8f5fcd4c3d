// What a client's certificate says of itself, whoever issued it.
#pragma once
#include <memory>
#include <string>

#include "io/stream.h"

namespace lineshaft::io {

/// TLS has proved that the client has the private key to `key_der`, and nothing else: names in a
/// certificate of an unknown issuer are the client's own words. Whether its issuer is one that
/// counts, Peer::certificate says.
struct ShownCertificate {
    std::string user_id;      ///< UID (0.9.2342.19200300.100.1.1); empty: it has none
    std::string common_name;  ///< CN; empty: it has none
    std::string key_der;      ///< SubjectPublicKeyInfo
};

/// What `peer` showed; null: nothing, or only what its listener does not take
/// (TlsIdentity::Clients). Lives as long as the peer.
const ShownCertificate* shown_certificate(const Peer& peer);

/// For Peer::certificate: what was shown, and what of it was verified (null: nothing). The first
/// travels behind the pointer, not in it, so that whoever looks at Peer::certificate sees what was
/// verified or nothing.
std::shared_ptr<const PeerCertificate> carried_certificate(
    ShownCertificate shown, std::unique_ptr<const PeerCertificate> verified);

}  // namespace lineshaft::io
