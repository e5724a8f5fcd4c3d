#include "identity/record.h"

#include <algorithm>
#include <iterator>

#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Reference;
using handle::Value;
using handle::ValueView;

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

// Lookups read nothing but records: so their bytes are walked without a Result for each.
struct Walk {
    const unsigned char* at;
    const unsigned char* end;

    std::size_t left() const { return static_cast<std::size_t>(end - at); }
    bool number(std::uint64_t& out) {
        out = 0;
        for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
            const std::uint64_t group = *at++;
            if (shift == 63 && group > 1) return false;
            out |= (group & 0x7f) << shift;
            if (group < 0x80) return true;
        }
        return false;
    }
    bool number(std::uint32_t& out) {
        std::uint64_t wide = 0;
        if (!number(wide) || wide > 0xffff'ffff) return false;
        out = static_cast<std::uint32_t>(wide);
        return true;
    }
    bool octet(unsigned& out) {
        if (at == end) return false;
        out = *at++;
        return true;
    }
    bool four(std::uint32_t& out) {
        if (left() < 4) return false;
        out = std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
              at[3];
        at += 4;
        return true;
    }
    bool text(std::string_view& out) {
        std::uint64_t size = 0;
        if (!number(size) || size > left()) return false;
        out = {reinterpret_cast<const char*>(at), static_cast<std::size_t>(size)};
        at += size;
        return true;
    }
};

bool walk_references(Walk& in, std::vector<Reference>& out) {
    std::uint64_t count = 0;
    if (!in.number(count) || count > in.left()) return false;
    out.resize(static_cast<std::size_t>(count));
    for (Reference& one : out) {
        std::string_view name;
        if (!in.text(name) || !in.number(one.index)) return false;
        one.handle = name;
    }
    return true;
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

bool walk_value(Walk& in, ValueView& out, std::vector<Reference>& references) {
    unsigned first = 0, type = 0;
    if (!in.octet(first) || !in.octet(type) || type >= std::size(known_types)) return false;
    out.permissions = static_cast<std::uint8_t>(first & permission_bits);
    out.is_ttl_absolute = (first & is_absolute) != 0;
    if (!in.number(out.index) || !in.four(out.timestamp_s)) return false;
    if ((first & has_ttl) != 0 && !in.number(out.ttl_s)) return false;
    out.type = known_types[type];
    if (type == 0 && !in.text(out.type)) return false;
    if (!in.text(out.data)) return false;
    if ((first & has_references) == 0) return true;
    if (!walk_references(in, references)) return false;
    out.references = references;
    return true;
}

std::unexpected<Error> no_record() {
    return fail(Code::corrupt, "record of a handle: its bytes are none");
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

Result<RecordReader> RecordReader::open(std::string_view record) {
    Walk in{reinterpret_cast<const unsigned char*>(record.data()), nullptr};
    in.end = in.at + record.size();
    unsigned version = 0;
    std::uint64_t count = 0;
    if (!in.octet(version)) return no_record();
    if (version != layout) return fail(Code::corrupt, "record of a handle: an unknown layout");
    if (!in.number(count) || count > in.left() || (count == 0 && in.left() > 0)) return no_record();
    RecordReader out;
    out.at_ = in.at;
    out.end_ = in.end;
    out.left_ = static_cast<std::size_t>(count);
    return out;
}

Result<ValueView> RecordReader::next() {
    Walk in{at_, end_};
    ValueView out;
    if (left_ == 0 || !walk_value(in, out, references_)) return no_record();
    at_ = in.at;
    --left_;
    if (left_ == 0 && at_ != end_) return no_record();
    return out;
}

Result<std::vector<Value>> decode_record(std::string_view record) {
    TRY(auto in, RecordReader::open(record));
    std::vector<Value> out;
    out.reserve(in.left());
    while (in.left() > 0) {
        TRY(const auto value, in.next());
        out.push_back({value.index, value.timestamp_s, value.is_ttl_absolute, value.ttl_s,
                       value.permissions, std::string(value.type), std::string(value.data),
                       {value.references.begin(), value.references.end()}});
    }
    return out;
}

std::string record_key(std::string_view handle) {
    return key(record_kind, handle);
}
void append_record_key(std::string& out, std::string_view handle, bool is_case_sensitive) {
    out.reserve(out.size() + handle.size() + 6);
    out += record_kind;
    handle::append_canonical(out, handle, is_case_sensitive);
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
