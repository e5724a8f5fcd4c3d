#include "identity/record.h"

#include <algorithm>
#include <iterator>

namespace lineshaft::identity {
namespace {

using handle::Reference;
using handle::Value;

constexpr std::uint8_t layout = 1;
constexpr char record_kind = 'h', home_kind = 'p', count_kind = 'c', transaction_kind = 't',
               node_key_kind = 'g', followed_kind = 'm';

// A number instead of the name; 0: the name is written out. Never renumbered.
constexpr std::string_view known_types[] = {
    "",        "URL",         "EMAIL",          "DESC",         "HS_ADMIN", "HS_VLIST",
    "HS_SITE", "HS_PUBKEY",   "HS_SECKEY",      "HS_SERV",      "HS_ALIAS", "HS_SITE.PREFIX",
    "JSON",    "HS_SITE.6",   "HS_SERV.PREFIX", "HS_NAMESPACE", "HS_CERT",  "HS_SIGNATURE",
    "TEXT",    "10320/LOC"};

// Bits of a value's first byte: its permissions, and what is not written because it is as usual.
constexpr unsigned permission_bits = 0x0f, is_absolute = 0x10, has_ttl = 0x20, has_references = 0x40;
constexpr std::uint32_t usual_ttl_s = 86'400;

std::uint8_t code_of(std::string_view type) {
    const auto found = std::ranges::find(known_types, type);
    if (type.empty() || found == std::end(known_types)) return 0;
    return static_cast<std::uint8_t>(found - std::begin(known_types));
}

void put_text(Writer& out, std::string_view text) {
    out.put_varint(text.size());
    out.put(text);
}

Result<std::string> take_text(Reader& in) {
    TRY(const auto size, in.take_varint());
    TRY(const Bytes bytes, in.take(size));
    return std::string(as_text(bytes));
}

Result<std::uint32_t> take_number(Reader& in) {
    TRY(const auto number, in.take_varint());
    if (number > 0xffff'ffff) return fail(Code::corrupt, "a number is too large");
    return static_cast<std::uint32_t>(number);
}

void put_value(Writer& out, const Value& value) {
    const bool other_ttl = value.ttl_s != usual_ttl_s;
    const unsigned first = (value.permissions & permission_bits) |
                           (value.is_ttl_absolute ? is_absolute : 0) | (other_ttl ? has_ttl : 0) |
                           (value.references.empty() ? 0 : has_references);
    const std::uint8_t type = code_of(value.type);
    out.put_be(static_cast<std::uint8_t>(first));
    out.put_be(type);
    out.put_varint(value.index);
    out.put_be(value.timestamp_s);
    if (other_ttl) out.put_varint(value.ttl_s);
    if (type == 0) put_text(out, value.type);
    put_text(out, value.data);
    if (value.references.empty()) return;
    out.put_varint(value.references.size());
    for (const Reference& reference : value.references) {
        put_text(out, reference.handle);
        out.put_varint(reference.index);
    }
}

Result<void> take_references(Reader& in, std::vector<Reference>& out) {
    TRY(const auto count, in.take_varint());
    if (count > in.left()) return fail(Code::corrupt, "short: references");
    out.resize(count);
    for (Reference& one : out) {
        TRY(one.handle, take_text(in));
        TRY(one.index, take_number(in));
    }
    return {};
}

Result<Value> take_value(Reader& in) {
    Value out;
    TRY(const unsigned first, in.take_be<std::uint8_t>());
    TRY(const auto type, in.take_be<std::uint8_t>());
    if (type >= std::size(known_types)) return fail(Code::corrupt, "an unknown type's number");
    out.permissions = static_cast<std::uint8_t>(first & permission_bits);
    out.is_ttl_absolute = (first & is_absolute) != 0;
    TRY(out.index, take_number(in));
    TRY(out.timestamp_s, in.take_be<std::uint32_t>());
    if ((first & has_ttl) != 0) {
        TRY(out.ttl_s, take_number(in));
    }
    out.type = known_types[type];
    if (type == 0) {
        TRY(out.type, take_text(in));
    }
    TRY(out.data, take_text(in));
    if ((first & has_references) != 0) {
        TRY_VOID(take_references(in, out.references));
    }
    return out;
}

Result<std::vector<Value>> take_record(Reader& in) {
    TRY(const auto version, in.take_be<std::uint8_t>());
    if (version != layout) return fail(Code::corrupt, "an unknown layout");
    TRY(const auto count, in.take_varint());
    if (count > in.left()) return fail(Code::corrupt, "short: values");
    std::vector<Value> out;
    out.reserve(count);
    for (std::uint64_t at = 0; at < count; ++at) {
        TRY(auto value, take_value(in));
        out.push_back(std::move(value));
    }
    if (!in.at_end()) return fail(Code::corrupt, "bytes are left over");
    return out;
}

std::string key(char kind, std::string_view name) {
    std::string out(1, kind);
    out.append(name);
    return out;
}

KeyRange all_of(char kind) {
    return {std::string(1, kind), std::string(1, static_cast<char>(kind + 1))};
}

}  // namespace

std::string encode_record(const std::vector<Value>& values) {
    std::string out;
    Writer to(out);
    to.put_be(layout);
    to.put_varint(values.size());
    for (const Value& value : values) put_value(to, value);
    return out;
}

Result<std::vector<Value>> decode_record(std::string_view record) {
    Reader in(as_bytes(record));
    auto out = take_record(in);
    if (!out) return fail(Code::corrupt, "record of a handle: " + out.error().context);
    return out;
}

std::string record_key(std::string_view handle) {
    return key(record_kind, handle);
}
std::string home_key(std::string_view prefix) {
    return key(home_kind, prefix);
}
std::string count_key(std::string_view prefix, std::uint32_t shard) {
    std::string out = key(count_kind, prefix);
    Writer(out).put_be(shard);
    return out;
}
std::string transaction_key(std::uint64_t number) {
    std::string out(1, transaction_kind);
    Writer(out).put_be(number);
    return out;
}

std::string followed_key(std::string_view origin) {
    return key(followed_kind, origin);
}
std::string node_key_key(std::string_view name) {
    return key(node_key_kind, name);
}

KeyRange keys_of_prefix(std::string_view prefix) {
    std::string from = record_key(prefix) + "/";
    std::string until = from;
    until.back() = '/' + 1;
    return {std::move(from), std::move(until)};
}
KeyRange all_homes() {
    return all_of(home_kind);
}
KeyRange all_counts() {
    return all_of(count_kind);
}
KeyRange all_transactions() {
    return all_of(transaction_kind);
}

std::string encode_transaction(const Transaction& transaction) {
    std::string out;
    Writer to(out);
    to.put_be(static_cast<std::uint8_t>(transaction.action));
    to.put_varint(static_cast<std::uint64_t>(transaction.at_ms));
    to.put(transaction.handle);
    return out;
}

Result<Transaction> decode_transaction(std::string_view key, std::string_view value) {
    Transaction out;
    Reader name(as_bytes(key));
    TRY(const auto kind, name.take_be<std::uint8_t>());
    TRY(out.number, name.take_be<std::uint64_t>());
    Reader in(as_bytes(value));
    TRY(const auto action, in.take_be<std::uint8_t>());
    TRY(const auto at_ms, in.take_varint());
    if (kind != transaction_kind || !name.at_end() || action < 1 || action > 5)
        return fail(Code::corrupt, "a transaction's record");
    out.action = static_cast<Action>(action);
    out.at_ms = static_cast<std::int64_t>(at_ms);
    out.handle = as_text(in.rest());
    return out;
}

}  // namespace lineshaft::identity
