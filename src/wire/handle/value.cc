#include "wire/handle/value.h"

#include <arpa/inet.h>

#include "wire/handle/take.h"

namespace lineshaft::handle {
namespace {

// How many numbers a public key of that type has; 0: a type we do not read.
std::size_t numbers_of(std::string_view type) {
    if (type == "RSA_PUB_KEY") return 2;
    if (type == "DSA_PUB_KEY") return 4;
    if (type == "DH_PUB_KEY") return 3;
    if (type == "SM2_PUB_KEY") return 2;
    return 0;
}

bool is_zero(Bytes bytes) {
    for (const std::byte one : bytes) {
        if (one != std::byte{0}) return false;
    }
    return true;
}

Result<Server> take_server(Reader& in, const Limits& limits) {
    Server out;
    TRY(out.id, in.take_be<std::uint32_t>());
    TRY(const Bytes address, in.take(out.address.size()));
    std::memcpy(out.address.data(), address.data(), address.size());
    TRY(const Bytes key, take_block(in));
    out.public_key = as_text(key);
    TRY(const auto count, take_count(in, limits.array_max, 6));
    out.interfaces.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        Interface one;
        TRY(one.serves, in.take_be<std::uint8_t>());
        TRY(const auto transport, in.take_be<std::uint8_t>());
        one.transport = static_cast<Transport>(transport);
        TRY(one.port, in.take_be<std::uint32_t>());
        out.interfaces.push_back(one);
    }
    return out;
}

void put(std::string& out, const Server& server) {
    put_u32(out, server.id);
    out.append(reinterpret_cast<const char*>(server.address.data()), server.address.size());
    put_block(out, server.public_key);
    put_u32(out, static_cast<std::uint32_t>(server.interfaces.size()));
    for (const Interface& one : server.interfaces) {
        Writer(out).put_be(one.serves);
        Writer(out).put_be(static_cast<std::uint8_t>(one.transport));
        put_u32(out, one.port);
    }
}

}  // namespace

Value value_of(std::uint32_t index, std::string type, std::string data) {
    Value out;
    out.index = index;
    out.type = std::move(type);
    out.data = std::move(data);
    return out;
}

Result<Value> take_value(Reader& in, const Limits& limits) {
    Value out;
    TRY(out.index, in.take_be<std::uint32_t>());
    TRY(out.timestamp_s, in.take_be<std::uint32_t>());
    TRY(const auto ttl_type, in.take_be<std::uint8_t>());
    if (ttl_type > 1) return fail(Code::invalid, "a value's TTL is neither relative nor absolute");
    out.is_ttl_absolute = ttl_type == 1;
    TRY(out.ttl_s, in.take_be<std::uint32_t>());
    TRY(out.permissions, in.take_be<std::uint8_t>());
    TRY(out.type, take_text(in, limits.type_bytes_max));
    TRY(const Bytes data, take_block(in));
    out.data = as_text(data);
    TRY(const auto count, take_count(in, limits.array_max, 8));
    out.references.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        TRY(auto reference, take_reference(in, limits));
        out.references.push_back(std::move(reference));
    }
    return out;
}

void put(std::string& out, const ValueView& value) {
    std::size_t size = 26 + value.type.size() + value.data.size();
    for (const Reference& reference : value.references) size += 8 + reference.handle.size();
    append_filled(out, size, [&](Filler& to) {
        to.number(value.index);
        to.number(value.timestamp_s);
        to.number(static_cast<std::uint8_t>(value.is_ttl_absolute));
        to.number(value.ttl_s);
        to.number(value.permissions);
        to.block(value.type);
        to.block(value.data);
        to.number(static_cast<std::uint32_t>(value.references.size()));
        for (const Reference& reference : value.references) {
            to.block(reference.handle);
            to.number(reference.index);
        }
    });
}

void put(std::string& out, const Value& value) {
    put(out, ValueView{value.index, value.timestamp_s, value.is_ttl_absolute, value.ttl_s,
                       value.permissions, value.type, value.data, value.references});
}

Result<Admin> decode_admin(Bytes data, const Limits& limits) {
    Reader in(data);
    Admin out;
    TRY(out.rights, in.take_be<std::uint16_t>());
    TRY(out.who, take_reference(in, limits));
    if (in.left() != 0 && in.left() != 2) return fail(Code::invalid, "HS_ADMIN: bytes left over");
    return out;
}

std::string encode(const Admin& admin) {
    std::string out;
    put_u16(out, admin.rights);
    put_reference(out, admin.who);
    return out;
}

Result<std::vector<Reference>> decode_vlist(Bytes data, const Limits& limits) {
    Reader in(data);
    TRY(const auto count, take_count(in, limits.array_max, 8));
    std::vector<Reference> out;
    out.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        TRY(auto member, take_reference(in, limits));
        out.push_back(std::move(member));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode_vlist(const std::vector<Reference>& members) {
    std::string out;
    put_u32(out, static_cast<std::uint32_t>(members.size()));
    for (const Reference& member : members) put_reference(out, member);
    return out;
}

Result<Site> decode_site(Bytes data, const Limits& limits) {
    Reader in(data);
    Site out;
    TRY(out.format, in.take_be<std::uint16_t>());
    TRY(out.version.major, in.take_be<std::uint8_t>());
    TRY(out.version.minor, in.take_be<std::uint8_t>());
    TRY(out.serial, in.take_be<std::uint16_t>());
    TRY(const auto mask, in.take_be<std::uint8_t>());
    out.is_primary = (mask & 0x80) != 0;
    out.is_multi_primary = (mask & 0x40) != 0;
    TRY(const auto hash, in.take_be<std::uint8_t>());
    if (hash > 2) return fail(Code::invalid, "HS_SITE: an unknown hash option");
    out.hash = static_cast<HashOption>(hash);
    TRY(const Bytes filter, take_block(in));
    out.hash_filter = as_text(filter);
    TRY(const auto attributes, take_count(in, limits.array_max, 8));
    out.attributes.reserve(attributes);
    for (std::size_t at = 0; at < attributes; ++at) {
        SiteAttribute one;
        TRY(one.name, take_text(in, limits.type_bytes_max));
        TRY(one.value, take_text(in, limits.message_bytes_max));
        out.attributes.push_back(std::move(one));
    }
    TRY(const auto servers, take_count(in, limits.array_max, 28));
    for (std::size_t at = 0; at < servers; ++at) {
        TRY(auto server, take_server(in, limits));
        out.servers.push_back(std::move(server));
    }
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const Site& site) {
    std::string out;
    put_u16(out, site.format);
    Writer to(out);
    to.put_be(site.version.major);
    to.put_be(site.version.minor);
    to.put_be(site.serial);
    const unsigned mask = (site.is_primary ? 0x80u : 0u) | (site.is_multi_primary ? 0x40u : 0u);
    to.put_be(static_cast<std::uint8_t>(mask));
    to.put_be(static_cast<std::uint8_t>(site.hash));
    put_block(out, site.hash_filter);
    put_u32(out, static_cast<std::uint32_t>(site.attributes.size()));
    for (const SiteAttribute& one : site.attributes) {
        put_block(out, one.name);
        put_block(out, one.value);
    }
    put_u32(out, static_cast<std::uint32_t>(site.servers.size()));
    for (const Server& server : site.servers) put(out, server);
    return out;
}

std::string address_text(const std::array<std::uint8_t, 16>& address) {
    char text[INET6_ADDRSTRLEN] = "";
    const auto bytes = std::as_bytes(std::span(address));
    if (is_zero(bytes.first(12))) {
        ::inet_ntop(AF_INET, address.data() + 12, text, sizeof(text));
    } else {
        ::inet_ntop(AF_INET6, address.data(), text, sizeof(text));
    }
    return text;
}

Result<std::array<std::uint8_t, 16>> parse_address(std::string_view text) {
    const std::string kept(text);
    std::array<std::uint8_t, 16> out{};
    if (::inet_pton(AF_INET, kept.c_str(), out.data() + 12) == 1) return out;
    out = {};
    if (::inet_pton(AF_INET6, kept.c_str(), out.data()) == 1) return out;
    return fail(Code::invalid, "'" + kept + "' is no IP address");
}

Result<PublicKey> decode_public_key(Bytes data) {
    Reader in(data);
    PublicKey out;
    TRY(out.type, take_text(in, 64));
    TRY_VOID(in.take_be<std::uint16_t>());
    const std::size_t count = numbers_of(out.type);
    if (count == 0) return fail(Code::unsupported, "public keys of type '" + out.type + "'");
    for (std::size_t at = 0; at < count; ++at) {
        TRY(const Bytes number, take_block(in));
        out.numbers.emplace_back(as_text(number));
    }
    if (!is_zero(in.rest())) return fail(Code::invalid, "public key: bytes left over");
    return out;
}

std::string encode(const PublicKey& key) {
    std::string out;
    put_block(out, key.type);
    put_u16(out, 0);
    for (const std::string& number : key.numbers) put_block(out, number);
    return out;
}

}  // namespace lineshaft::handle
