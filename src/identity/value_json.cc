#include "identity/value_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/number.h"
#include "base/time.h"
#include "trust/secrets.h"

namespace lineshaft::handle {
namespace {

namespace json = boost::json;

constexpr std::size_t rights_count = 12;

std::string rights_text(std::uint16_t rights) {
    std::string out;
    for (std::size_t bit = rights_count; bit-- > 0;) out += (rights >> bit & 1) != 0 ? '1' : '0';
    return out;
}

std::string permissions_text(std::uint8_t permissions) {
    std::string out;
    for (std::size_t bit = 4; bit-- > 0;) out += (permissions >> bit & 1) != 0 ? '1' : '0';
    return out;
}

json::object reference_json(const Reference& reference) {
    return {{"handle", reference.handle}, {"index", reference.index}};
}

json::array references_json(const std::vector<Reference>& references) {
    json::array out;
    for (const Reference& one : references) out.push_back(reference_json(one));
    return out;
}

std::string url64(std::string_view number) {
    while (number.size() > 1 && number.front() == '\0') number.remove_prefix(1);
    return trust::to_base64url(number);
}

json::value key_json(const PublicKey& key) {
    const auto& n = key.numbers;
    if (key.type == "RSA_PUB_KEY")
        return json::object{{"kty", "RSA"}, {"n", url64(n[1])}, {"e", url64(n[0])}};
    if (key.type == "DSA_PUB_KEY")
        return json::object{{"kty", "DSA"}, {"y", url64(n[3])}, {"p", url64(n[1])},
                            {"q", url64(n[0])}, {"g", url64(n[2])}};
    return nullptr;
}

json::object formatted(std::string_view format, json::value value) {
    return {{"format", format}, {"value", std::move(value)}};
}

std::string_view transport_name(Transport transport) {
    switch (transport) {
        case Transport::udp: return "UDP";
        case Transport::tcp: return "TCP";
        case Transport::http: return "HTTP";
        case Transport::https: return "HTTPS";
    }
    return "?";
}

json::object server_json(const Server& server) {
    json::array interfaces;
    for (const Interface& one : server.interfaces) {
        interfaces.push_back(json::object{{"query", (one.serves & Interface::query) != 0},
                                          {"admin", (one.serves & Interface::admin) != 0},
                                          {"protocol", transport_name(one.transport)},
                                          {"port", one.port}});
    }
    json::object out{{"serverId", server.id}, {"address", address_text(server.address)}};
    if (const auto key = decode_public_key(as_bytes(server.public_key)))
        out["publicKey"] = formatted("key", key_json(*key));
    out["interfaces"] = std::move(interfaces);
    return out;
}

json::object site_json(const Site& site) {
    json::array attributes, servers;
    for (const auto& one : site.attributes)
        attributes.push_back(json::object{{"name", one.name}, {"value", one.value}});
    for (const Server& one : site.servers) servers.push_back(server_json(one));
    return {{"version", site.format},
            {"protocolVersion", fmt::format("{}.{}", site.version.major, site.version.minor)},
            {"serialNumber", site.serial},
            {"primarySite", site.is_primary},
            {"multiPrimary", site.is_multi_primary},
            {"hashOption", static_cast<int>(site.hash)},
            {"attributes", std::move(attributes)},
            {"servers", std::move(servers)}};
}

bool is_site_type(std::string_view type) {
    return type == "HS_SITE" || type.starts_with("HS_SITE.");
}

}  // namespace

json::value data_json(const Value& value) {
    static const Limits limits;
    const Bytes data = as_bytes(value.data);
    if (value.type == "HS_SECKEY") return formatted("string", "");
    if (value.type == "HS_ADMIN") {
        if (const auto admin = decode_admin(data, limits)) {
            json::object out = reference_json(admin->who);
            out["permissions"] = rights_text(admin->rights);
            return formatted("admin", std::move(out));
        }
    }
    if (value.type == "HS_VLIST") {
        if (const auto members = decode_vlist(data, limits))
            return formatted("vlist", references_json(*members));
    }
    if (is_site_type(value.type)) {
        if (const auto site = decode_site(data, limits)) return formatted("site", site_json(*site));
    }
    if (value.type == "HS_PUBKEY") {
        if (const auto key = decode_public_key(data)) {
            auto known = key_json(*key);
            if (known.is_object()) return formatted("key", std::move(known));
        }
    }
    if (is_utf8(value.data) && value.data.find('\0') == value.data.npos)
        return formatted("string", json::value(value.data));
    return formatted("base64", json::value(trust::to_base64(value.data)));
}

namespace {

// Reading: every member is looked at with its kind, nothing is taken on trust.
std::unexpected<Error> wrong(std::string_view what) {
    return fail(Code::invalid, std::string(what));
}

Result<std::string> text_at(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    const auto* text = found ? found->if_string() : nullptr;
    if (text == nullptr) return wrong(fmt::format("'{}' must be a text", name));
    return std::string(*text);
}

std::optional<std::int64_t> whole(const json::value& value) {
    if (const auto* number = value.if_int64()) return *number;
    const auto* text = value.if_string();
    return text ? number_from<std::int64_t>({text->data(), text->size()}) : std::nullopt;
}

Result<std::uint32_t> number_at(const json::object& from, std::string_view name,
                                std::int64_t most) {
    const auto* found = from.if_contains(name);
    const auto number = found ? whole(*found) : std::nullopt;
    if (!number || *number < 0 || *number > most)
        return wrong(fmt::format("'{}' must be a number from 0 to {}", name, most));
    return static_cast<std::uint32_t>(*number);
}

constexpr std::int64_t json_index_max = 0x7fff'ffff;

Result<Reference> parse_reference(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return wrong("a reference must be an object");
    Reference out;
    TRY(out.handle, text_at(*object, "handle"));
    TRY(out.index, number_at(*object, "index", json_index_max));
    return out;
}

Result<std::vector<Reference>> parse_references(const json::value& value) {
    const auto* all = value.if_array();
    if (all == nullptr) return wrong("references must be an array");
    std::vector<Reference> out;
    for (const auto& one : *all) {
        TRY(auto reference, parse_reference(one));
        out.push_back(std::move(reference));
    }
    return out;
}

// "0111", a number, true for all, or an array whose first item is bit 0.
Result<std::uint16_t> parse_bits(const json::value& value, std::size_t count) {
    const auto all = static_cast<std::uint16_t>((1u << count) - 1);
    if (const auto* flag = value.if_bool()) return *flag ? all : std::uint16_t{0};
    if (const auto* number = value.if_int64()) {
        if (*number < 0 || *number > all) return wrong("permissions are out of range");
        return static_cast<std::uint16_t>(*number);
    }
    unsigned out = 0;
    if (const auto* text = value.if_string()) {
        if (*text == "*") return all;
        for (const char c : *text) {
            if ((c != '0' && c != '1') || text->size() > 16)
                return wrong("permissions must be of 0 and 1");
            out = out << 1 | (c == '1' ? 1u : 0u);
        }
        return static_cast<std::uint16_t>(out & all);
    }
    const auto* items = value.if_array();
    if (items == nullptr || items->size() > count) return wrong("permissions have an unknown form");
    for (std::size_t bit = 0; bit < items->size(); ++bit) {
        const auto* set = (*items)[bit].if_bool();
        const auto* number = (*items)[bit].if_int64();
        if ((set != nullptr && *set) || (number != nullptr && *number != 0)) out |= 1u << bit;
    }
    return static_cast<std::uint16_t>(out);
}

Result<std::string> parse_number64(const json::object& from, std::string_view name) {
    TRY(const auto text, text_at(from, name));
    auto bytes = trust::from_base64url(text);
    if (!bytes || bytes->empty()) return wrong(fmt::format("key: '{}' is no base64url", name));
    // As a Java BigInteger is written.
    if ((static_cast<unsigned char>(bytes->front()) & 0x80) != 0) bytes->insert(0, 1, '\0');
    return *bytes;
}

Result<std::string> parse_key(const json::object& from) {
    TRY(const auto kind, text_at(from, "kty"));
    PublicKey key;
    if (kind == "RSA") {
        key.type = "RSA_PUB_KEY";
        key.numbers.resize(2);
        TRY(key.numbers[0], parse_number64(from, "e"));
        TRY(key.numbers[1], parse_number64(from, "n"));
        return encode(key);
    }
    if (kind != "DSA") return wrong("keys of kind " + kind + " are not supported");
    key.type = "DSA_PUB_KEY";
    for (const auto* name : {"q", "p", "g", "y"}) {
        TRY(auto number, parse_number64(from, name));
        key.numbers.push_back(std::move(number));
    }
    return encode(key);
}

bool flag_at(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    const auto* flag = found ? found->if_bool() : nullptr;
    return flag != nullptr && *flag;
}

Result<Interface> parse_interface(const json::value& value) {
    const auto* from = value.if_object();
    if (from == nullptr) return wrong("site: an interface must be an object");
    Interface out;
    out.serves = static_cast<std::uint8_t>((flag_at(*from, "admin") ? Interface::admin : 0) |
                                           (flag_at(*from, "query") ? Interface::query : 0));
    TRY(const auto name, text_at(*from, "protocol"));
    const auto known = {Transport::udp, Transport::tcp, Transport::http, Transport::https};
    const auto* found = std::ranges::find(known, name, &transport_name);
    if (found == known.end()) return wrong("site: protocol must be UDP, TCP, HTTP or HTTPS");
    out.transport = *found;
    TRY(out.port, number_at(*from, "port", 65'535));
    return out;
}

Result<Server> parse_server(const json::value& value) {
    const auto* from = value.if_object();
    if (from == nullptr) return wrong("site: a server must be an object");
    Server out;
    TRY(out.id, number_at(*from, "serverId", json_index_max));
    TRY(const auto address, text_at(*from, "address"));
    TRY(out.address, parse_address(address));
    if (const auto* key = from->if_contains("publicKey")) {
        const auto* object = key->if_object();
        if (object == nullptr) return wrong("site: publicKey must be an object");
        const auto* inner = object->if_contains("value");
        TRY(out.public_key,
            parse_key(inner && inner->is_object() ? inner->get_object() : *object));
    }
    const auto* interfaces = from->if_contains("interfaces");
    if (interfaces == nullptr || !interfaces->is_array())
        return wrong("site: interfaces must be an array");
    for (const auto& one : interfaces->get_array()) {
        TRY(const auto parsed, parse_interface(one));
        out.interfaces.push_back(parsed);
    }
    return out;
}

Result<std::string> parse_site(const json::object& from) {
    Site out;
    TRY(const auto serial, number_at(from, "serialNumber", 65'535));
    out.serial = static_cast<std::uint16_t>(serial);
    out.is_primary = flag_at(from, "primarySite");
    out.is_multi_primary = flag_at(from, "multiPrimary");
    if (from.contains("hashOption")) {
        TRY(const auto hash, number_at(from, "hashOption", 2));
        out.hash = static_cast<HashOption>(hash);
    }
    if (const auto* attributes = from.if_contains("attributes")) {
        if (!attributes->is_array()) return wrong("site: attributes must be an array");
        for (const auto& one : attributes->get_array()) {
            if (!one.is_object()) return wrong("site: an attribute must be an object");
            SiteAttribute attribute;
            TRY(attribute.name, text_at(one.get_object(), "name"));
            TRY(attribute.value, text_at(one.get_object(), "value"));
            out.attributes.push_back(std::move(attribute));
        }
    }
    const auto* servers = from.if_contains("servers");
    if (servers == nullptr || !servers->is_array()) return wrong("site: servers must be an array");
    for (const auto& one : servers->get_array()) {
        TRY(auto server, parse_server(one));
        out.servers.push_back(std::move(server));
    }
    return encode(out);
}

}  // namespace

Result<std::string> parse_data(const json::value& data) {
    if (const auto* text = data.if_string()) return std::string(*text);
    const auto* from = data.if_object();
    if (from == nullptr) return wrong("data must be a text or an object");
    TRY(const auto format, text_at(*from, "format"));
    const auto* value = from->if_contains("value");
    if (value == nullptr) return wrong("data without value");
    if (format == "string" || format == "base64" || format == "hex") {
        TRY(const auto text, text_at(*from, "value"));
        if (format == "string") return text;
        auto bytes = format == "hex" ? from_hex(text) : trust::from_base64(text);
        if (!bytes) return wrong("data: not " + format);
        return *bytes;
    }
    if (format == "vlist") {
        TRY(const auto members, parse_references(*value));
        return encode_vlist(members);
    }
    const auto* object = value->if_object();
    if (object == nullptr) return wrong("data of format " + format + " must be an object");
    if (format == "key") return parse_key(*object);
    if (format == "site") return parse_site(*object);
    if (format != "admin") return wrong("data: unknown format " + format);
    Admin admin;
    TRY(admin.who, parse_reference(*value));
    const auto* rights = object->if_contains("permissions");
    if (rights == nullptr) return wrong("admin: no permissions");
    TRY(admin.rights, parse_bits(*rights, rights_count));
    return encode(admin);
}

namespace {

Result<Value> parse_value(const json::value& given) {
    const auto* from = given.if_object();
    if (from == nullptr) return wrong("a value must be an object");
    Value out;
    TRY(out.index, number_at(*from, "index", json_index_max));
    TRY(out.type, text_at(*from, "type"));
    const auto* data = from->if_contains("data");
    if (data == nullptr) return wrong("a value without data");
    TRY(out.data, parse_data(*data));
    if (const auto* ttl = from->if_contains("ttl")) {
        if (const auto* date = ttl->if_string(); date != nullptr && !whole(*ttl)) {
            TRY(const auto at, parse_rfc3339(*date));
            out.is_ttl_absolute = true;
            out.ttl_s = static_cast<std::uint32_t>(at.millis() / 1'000);
        } else {
            TRY(out.ttl_s, number_at(*from, "ttl", json_index_max));
        }
    }
    if (const auto* permissions = from->if_contains("permissions")) {
        TRY(const auto bits, parse_bits(*permissions, 4));
        out.permissions = static_cast<std::uint8_t>(bits);
    }
    if (const auto* references = from->if_contains("references")) {
        TRY(out.references, parse_references(*references));
    }
    return out;
}

}  // namespace

json::object value_json(const Value& value) {
    json::object out{{"index", value.index}, {"type", value.type}, {"data", data_json(value)}};
    if (value.permissions != permission::usual)
        out["permissions"] = permissions_text(value.permissions);
    const auto rfc3339 = [](std::uint32_t seconds) {
        return to_rfc3339(Instant{std::int64_t{seconds} * 1'000'000});
    };
    if (value.is_ttl_absolute) {
        out["ttl"] = rfc3339(value.ttl_s);
    } else {
        out["ttl"] = value.ttl_s;
    }
    out["timestamp"] = rfc3339(value.timestamp_s);
    if (!value.references.empty()) out["references"] = references_json(value.references);
    return out;
}

Result<ValuesGiven> parse_values(std::string_view body, const Limits& limits) {
    json::error_code failed;
    json::parse_options options;
    options.max_depth = 16;
    const auto document = json::parse(body, failed, {}, options);
    if (failed) return wrong("the body is no JSON: " + failed.message());
    ValuesGiven out;
    const json::array* all = document.if_array();
    if (const auto* object = document.if_object()) {
        const auto* values = object->if_contains("values");
        if (object->contains("handle")) {
            TRY(out.handle, text_at(*object, "handle"));
        }
        if (values == nullptr) {
            TRY(auto value, parse_value(document));
            out.values.push_back(std::move(value));
            return out;
        }
        all = values->if_array();
    }
    if (all == nullptr) return wrong("an array of values is expected");
    if (all->size() > limits.values_max) return fail(Code::exhausted, "too many values");
    for (std::size_t at = 0; at < all->size(); ++at) {
        auto value = parse_value((*all)[at]);
        if (!value) return std::unexpected(value.error().in(fmt::format("value {}", at + 1)));
        out.values.push_back(std::move(*value));
    }
    return out;
}

}  // namespace lineshaft::handle
