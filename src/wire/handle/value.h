// What stands behind a handle: value records and the well-known types of their data.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wire/handle/message.h"

namespace lineshaft::handle {

/// "index:handle"; index 0 means any value of the handle.
struct Reference {
    std::string handle;
    std::uint32_t index = 0;
    bool operator==(const Reference&) const = default;
};

namespace permission {
inline constexpr std::uint8_t admin_read = 8, admin_write = 4, public_read = 2, public_write = 1,
                              usual = admin_read | admin_write | public_read;
}  // namespace permission

struct Value {
    std::uint32_t index = 0;        ///< 1..2^31-1
    std::uint32_t timestamp_s = 0;  ///< of its last change
    bool is_ttl_absolute = false;   ///< then ttl_s is an instant
    std::uint32_t ttl_s = 86'400;
    std::uint8_t permissions = permission::usual;
    std::string type{};
    std::string data{};
    std::vector<Reference> references{};
    bool is(std::uint8_t permission) const { return (permissions & permission) != 0; }
    bool operator==(const Value&) const = default;
};
/// A value with the usual permissions and time to live.
Value value_of(std::uint32_t index, std::string type, std::string data);
/// The same, its texts and references somebody else's.
struct ValueView {
    std::uint32_t index = 0, timestamp_s = 0;
    bool is_ttl_absolute = false;
    std::uint32_t ttl_s = 86'400;
    std::uint8_t permissions = permission::usual;
    std::string_view type{}, data{};
    std::span<const Reference> references{};
    bool is(std::uint8_t permission) const { return (permissions & permission) != 0; }
};
/// One record, as it stands in bodies (without a length before it).
Result<Value> take_value(Reader& in, const Limits& limits);
void put(std::string& out, const Value& value);
void put(std::string& out, const ValueView& value);

/// HS_ADMIN: who may do what with a handle, or under a prefix.
namespace right {
inline constexpr std::uint16_t create_handle = 0x001, delete_handle = 0x002, create_derived = 0x004,
                               delete_derived = 0x008, modify_value = 0x010, remove_value = 0x020,
                               add_value = 0x040, modify_admin = 0x080, remove_admin = 0x100,
                               add_admin = 0x200, read_value = 0x400, list_handles = 0x800,
                               all = 0xfff;
}  // namespace right
struct Admin {
    std::uint16_t rights = 0;
    Reference who;
    bool operator==(const Admin&) const = default;
};
/// Two spare bytes at the end are tolerated: old files have them.
Result<Admin> decode_admin(Bytes data, const Limits& limits);
std::string encode(const Admin& admin);

/// HS_VLIST: a group.
Result<std::vector<Reference>> decode_vlist(Bytes data, const Limits& limits);
std::string encode_vlist(const std::vector<Reference>& members);

/// HS_SITE: where a service runs.
enum class HashOption : std::uint8_t { prefix = 0, suffix = 1, whole = 2 };
enum class Transport : std::uint8_t { udp = 0, tcp = 1, http = 2, https = 3 };
struct Interface {
    static constexpr std::uint8_t admin = 1, query = 2, both = 3;
    std::uint8_t serves = both;
    Transport transport = Transport::udp;
    std::uint32_t port = 2641;
    bool operator==(const Interface&) const = default;
};
struct Server {
    std::uint32_t id = 1;
    std::array<std::uint8_t, 16> address{};  ///< IPv4 in the last four, the others 0
    std::string public_key;
    std::vector<Interface> interfaces;
    bool operator==(const Server&) const = default;
};
struct SiteAttribute {
    std::string name, value;
    bool operator==(const SiteAttribute&) const = default;
};
struct Site {
    std::uint16_t format = 1;
    Version version = own_version;
    std::uint16_t serial = 1;
    bool is_primary = true, is_multi_primary = false;
    HashOption hash = HashOption::whole;
    std::string hash_filter;  ///< empty in practice
    std::vector<SiteAttribute> attributes;
    std::vector<Server> servers;
    bool operator==(const Site&) const = default;
};
Result<Site> decode_site(Bytes data, const Limits& limits);
std::string encode(const Site& site);
/// "192.0.2.7" or "2001:db8::1" and back. Errors: invalid.
std::string address_text(const std::array<std::uint8_t, 16>& address);
Result<std::array<std::uint8_t, 16>> parse_address(std::string_view text);

/// HS_PUBKEY. Numbers big-endian, without leading zeros but where the top bit is set.
struct PublicKey {
    std::string type;                  ///< RSA_PUB_KEY, DSA_PUB_KEY, DH_PUB_KEY, SM2_PUB_KEY...
    std::vector<std::string> numbers;  ///< RSA: exponent, modulus; DSA: q, p, g, y; DH: y, p, g;
                                       ///< SM2 (a form of our own): x, y, 32 bytes each
    bool operator==(const PublicKey&) const = default;
};
/// Spare zero bytes at the end are tolerated: Handle.Net appends four. unsupported: another type.
Result<PublicKey> decode_public_key(Bytes data);
std::string encode(const PublicKey& key);

}  // namespace lineshaft::handle
