#pragma once
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/result.h"

namespace lineshaft::mqtt {

/// The protocol level a client asked for. Level 3 (`MQIsdp`) is refused.
enum class Version : std::uint8_t { v3_1_1 = 4, v5_0 = 5 };

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// Every reason code of MQTT 5.0 (2.4, table 2-6). 3.1.1 uses the same values in this program; the
/// encoder turns them into that version's return codes (see `connack_code_3_1_1`).
enum class Reason : std::uint8_t {
    success = 0x00,  ///< also "normal disconnection" and "granted QoS 0"
    granted_qos_1 = 0x01,
    granted_qos_2 = 0x02,
    disconnect_with_will = 0x04,
    no_matching_subscribers = 0x10,
    no_subscription_existed = 0x11,
    continue_authentication = 0x18,
    reauthenticate = 0x19,
    unspecified_error = 0x80,
    malformed_packet = 0x81,
    protocol_error = 0x82,
    implementation_error = 0x83,
    unsupported_protocol_version = 0x84,
    client_identifier_not_valid = 0x85,
    bad_user_name_or_password = 0x86,
    not_authorized = 0x87,
    server_unavailable = 0x88,
    server_busy = 0x89,
    banned = 0x8a,
    server_shutting_down = 0x8b,
    bad_authentication_method = 0x8c,
    keep_alive_timeout = 0x8d,
    session_taken_over = 0x8e,
    topic_filter_invalid = 0x8f,
    topic_name_invalid = 0x90,
    packet_identifier_in_use = 0x91,
    packet_identifier_not_found = 0x92,
    receive_maximum_exceeded = 0x93,
    topic_alias_invalid = 0x94,
    packet_too_large = 0x95,
    message_rate_too_high = 0x96,
    quota_exceeded = 0x97,
    administrative_action = 0x98,
    payload_format_invalid = 0x99,
    retain_not_supported = 0x9a,
    qos_not_supported = 0x9b,
    use_another_server = 0x9c,
    server_moved = 0x9d,
    shared_subscriptions_not_supported = 0x9e,
    connection_rate_exceeded = 0x9f,
    maximum_connect_time = 0xa0,
    subscription_identifiers_not_supported = 0xa1,
    wildcard_subscriptions_not_supported = 0xa2,
};

constexpr bool is_error(Reason reason) {
    return static_cast<std::uint8_t>(reason) >= 0x80;
}

/// "not authorized"; "reason 0x33" never appears: unknown values give "unknown reason".
std::string_view name_of(Reason reason);

/// True for the reasons that a 5.0 CONNACK may carry (3.2.2.2).
bool is_connack_reason(Reason reason);

/// The CONNACK return code of 3.1.1 (table 3.1) nearest to `reason`: 0..5.
std::uint8_t connack_code_3_1_1(Reason reason);

/// What is wrong with bytes from the wire: the code for the peer and a fixed sentence for the log.
/// Not an `Error`: hostile input must not cost an allocation, and the wire needs the code.
struct Fault {
    Reason reason = Reason::malformed_packet;
    std::string_view why;  ///< a literal
    bool operator==(const Fault&) const = default;
};

template <class T>
struct [[nodiscard]] Decoded : std::expected<T, Fault> {
    using std::expected<T, Fault>::expected;
};

[[nodiscard]] inline std::unexpected<Fault> malformed(std::string_view why) {
    return std::unexpected(Fault{Reason::malformed_packet, why});
}
[[nodiscard]] inline std::unexpected<Fault> violation(std::string_view why) {
    return std::unexpected(Fault{Reason::protocol_error, why});
}
[[nodiscard]] inline std::unexpected<Fault> fault(Reason reason, std::string_view why) {
    return std::unexpected(Fault{reason, why});
}

}  // namespace lineshaft::mqtt
