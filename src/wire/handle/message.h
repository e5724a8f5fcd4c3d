// The outside of every message of the Handle System protocol (RFC 3652, DO-IRP 3.0): envelope,
// header, credential. Byte tables: docs/protocols/handle.md. Pure: bytes in, values out.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace lineshaft::handle {

/// What a peer may send. Checked before anything is allocated for it.
struct Limits {
    std::size_t message_bytes_max = 262'144;  ///< after the envelope
    std::size_t handle_bytes_max = 2'048;
    std::size_t type_bytes_max = 1'024;
    std::size_t values_max = 2'048;   ///< of one handle
    std::size_t array_max = 65'536;  ///< items of any other list
};

inline constexpr std::size_t envelope_bytes = 20;
inline constexpr std::size_t header_bytes = 24;
inline constexpr std::size_t datagram_bytes_max = 512;
inline constexpr std::size_t fragment_bytes_max = datagram_bytes_max - envelope_bytes;

struct Version {
    std::uint8_t major = 2, minor = 11;
    auto operator<=>(const Version&) const = default;
};
inline constexpr Version own_version{2, 11};
inline constexpr Version doirp_version{3, 0};

/// RFC 3652 2.2.2, 2.2.3. Values that have no name here are passed on as they are.
enum class Op : std::uint32_t {
    resolution = 1,
    get_site_info = 2,
    create_handle = 100,
    delete_handle = 101,
    add_value = 102,
    remove_value = 103,
    modify_value = 104,
    list_handles = 105,
    list_derived_prefixes = 106,
    challenge_response = 200,
    verify_response = 201,
    home_prefix = 300,
    unhome_prefix = 301,
    list_homed_prefixes = 302,
    session_setup = 400,
    session_terminate = 401,
    session_exchange_key = 402,
    get_next_transaction = 1000,
    retrieve_transactions = 1001,
    dump_handles = 1002,
    backup_server = 1003,
    password_login = 2000,  ///< Chinese extension
    login = 2001,           ///< Chinese extension: LOGIN_ID_SYSTEM
};
enum class Answer : std::uint32_t {
    none = 0,  ///< in a request
    success = 1,
    error = 2,
    too_busy = 3,
    protocol_error = 4,
    not_supported = 5,
    recursion_limit = 6,
    backup_in_progress = 7,
    handle_not_found = 100,
    handle_exists = 101,
    invalid_handle = 102,
    values_not_found = 200,
    value_exists = 201,
    invalid_value = 202,
    out_of_date_site = 300,
    not_responsible = 301,
    service_referral = 302,
    prefix_referral = 303,
    invalid_admin = 400,
    not_permitted = 401,
    authentication_needed = 402,
    authentication_failed = 403,
    invalid_credential = 404,
    authentication_timeout = 405,
    authentication_error = 406,
    login_again = 407,
    login_first = 408,
    session_timeout = 500,
    session_failed = 501,
    invalid_session_key = 502,
    need_rsa_key = 503,
    invalid_session_setup = 504,
    session_replay = 505,
    daily_limit = 603,
    registration_limit = 604,
    prefix_limit = 605,
};
/// "handle not found": for people.
std::string_view words_of(Answer answer);

namespace flag {
inline constexpr std::uint32_t authoritative = 0x80000000, certify = 0x40000000,
                               encrypt = 0x20000000, recursive = 0x10000000,
                               cache_certify = 0x08000000, continuous = 0x04000000,
                               keep_connection = 0x02000000, public_only = 0x01000000,
                               return_digest = 0x00800000, overwrite = 0x00400000,
                               mint_suffix = 0x00200000, do_not_refer = 0x00100000;
}  // namespace flag
inline constexpr std::uint16_t unknown_site = 0xffff;

/// RFC 3652 2.2.1; never encrypted.
struct Envelope {
    Version version = own_version;
    bool is_compressed = false, is_encrypted = false, is_truncated = false;
    /// As on the wire: major 0 says nothing, then `version` is the suggestion.
    Version suggested = own_version;
    std::uint32_t session = 0;   ///< 0: none; in a challenge its id
    std::uint32_t request = 0;   ///< chosen by the client, echoed
    std::uint32_t sequence = 0;  ///< of a datagram, from 0
    std::uint32_t length = 0;    ///< bytes of the whole message after its envelope
    bool operator==(const Envelope&) const = default;
};
/// The first 20 bytes of `bytes`. Errors: invalid (short), unsupported (older than 2.0, newer than
/// 3), exhausted (longer than message_bytes_max).
Result<Envelope> decode_envelope(Bytes bytes, const Limits& limits);
void put(std::string& out, const Envelope& envelope);

/// What to answer a client in: the lower of what it suggests and 2.11, never 2.5 or 2.6 (whose
/// signatures a known bug spoils), never newer than what it knows; 3.0 whoever suggests 3 (DO-IRP).
Version version_to_answer(const Envelope& request);

struct Header {
    Op op = Op::resolution;
    Answer answer = Answer::none;
    std::uint32_t flags = 0;
    std::uint16_t site_serial = unknown_site;
    std::uint8_t recursion_count = 0;
    std::uint32_t expires_s = 0;  ///< seconds since 1970; 0: never
    bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
    bool operator==(const Header&) const = default;
};

/// A message taken apart; the views lie in the bytes given.
struct Packet {
    Envelope envelope;
    Header header;
    Bytes body;
    Bytes credential;       ///< empty: unsigned
    Bytes header_and_body;  ///< what request digests and signatures cover
};
/// `payload`: everything after the envelope, of all fragments. A message that ends before its
/// credential counts as unsigned. Errors: invalid, unsupported (compressed or encrypted).
Result<Packet> decode_packet(const Envelope& envelope, Bytes payload);
/// Envelope and payload in one. Errors: as decode_envelope and decode_packet; invalid when the
/// length disagrees.
Result<Packet> decode_message(Bytes message, const Limits& limits);

/// A whole message; envelope.length is computed, body's length too.
std::string encode_message(Envelope envelope, const Header& header, std::string_view body,
                           std::string_view credential = {});

/// A message whose payload is `sealed`: the envelope, marked as encrypted, and those bytes.
std::string encode_encrypted(Envelope envelope, std::string_view sealed);
/// The same message once its payload is known: with `plain` instead.
std::string encode_decrypted(Envelope envelope, std::string_view plain);

/// The datagrams a message travels in: sequence 0.., each with the whole length, TC not set, as
/// peers expect. `message` begins with its envelope.
std::vector<std::string> split_message(std::string_view message);

/// RFC 3652 2.2.4 as it is really sent: who signed a message, and how.
struct Credential {
    std::string signer;              ///< empty in practice
    std::uint32_t session_counter = 0;
    std::string type = "HS_SIGNED";  ///< or "HS_MAC"; "HS_DSAPUBKEY" is read
    std::string algorithm;
    std::string signature;
    bool operator==(const Credential&) const = default;
};
Result<Credential> decode_credential(Bytes bytes, const Limits& limits);
std::string encode(const Credential& credential);
/// What the signature of a message covers, by version: 2.8+, 2.7, and header and body alone before.
/// Errors: unsupported (2.5 and 2.6).
Result<std::string> signed_bytes(const Packet& packet, std::uint32_t session_counter);

}  // namespace lineshaft::handle
