#include "wire/handle/mirrors.h"

#include "wire/handle/take.h"

namespace lineshaft::handle {
namespace {

Result<Share> take_share(Reader& in) {
    Share out;
    TRY(out.hash_option, in.take_be<std::uint8_t>());
    TRY(out.servers, in.take_be<std::uint32_t>());
    TRY(out.server_number, in.take_be<std::uint32_t>());
    return out;
}

void put_share(std::string& out, const Share& share) {
    Writer to(out);
    to.put_be(share.hash_option);
    to.put_be(share.servers);
    to.put_be(share.server_number);
}

}  // namespace

Result<DumpWanted> decode_dump_wanted(Bytes body, const Limits& limits) {
    Reader in(body);
    DumpWanted out;
    TRY(out.share, take_share(in));
    if (in.at_end()) return out;
    TRY(out.from, take_text(in, limits.handle_bytes_max));
    TRY(out.from_kind, in.take_be<std::uint32_t>());
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const DumpWanted& body) {
    std::string out;
    put_share(out, body.share);
    if (!body.from) return out;
    put_block(out, *body.from);
    put_u32(out, body.from_kind);
    return out;
}

namespace {

constexpr std::uint8_t movement_record = 1;

void put_value_blocks(std::string& out, const std::vector<Value>& values) {
    put_u32(out, static_cast<std::uint32_t>(values.size()));
    for (const Value& value : values) {
        std::string record;
        put(record, value);
        put_block(out, record);
    }
}

void put_movement_head(std::string& out, const Movement& one) {
    Writer to(out);
    to.put_be(movement_record);
    to.put_be(one.number);
    put_block(out, one.handle);
    to.put_be(one.action);
    to.put_be(one.at_ms);
}

Result<Movement> take_movement(Reader& in, const Limits& limits) {
    TRY(const auto record, in.take_be<std::uint8_t>());
    if (record != movement_record) return fail(Code::invalid, "movements: an unknown record");
    Movement out;
    TRY(out.number, in.take_be<std::uint64_t>());
    TRY(out.handle, take_text(in, limits.handle_bytes_max));
    TRY(out.action, in.take_be<std::uint8_t>());
    if (out.action < 1 || out.action > 5) return fail(Code::invalid, "movements: an action");
    TRY(out.at_ms, in.take_be<std::uint64_t>());
    TRY(const auto count, take_count(in, limits.values_max, 4));
    for (std::size_t at = 0; at < count; ++at) {
        TRY(const Bytes bytes, take_block(in));
        Reader one(bytes);
        TRY(auto value, take_value(one, limits));
        TRY_VOID(at_end(one));
        out.values.push_back(std::move(value));
    }
    return out;
}

}  // namespace

Result<Movements> decode_movements(Bytes body, const Limits& limits) {
    Reader in(body);
    Movements out;
    TRY(out.after, in.take_be<std::uint64_t>());
    TRY(out.until, in.take_be<std::uint64_t>());
    std::uint64_t last = out.after;
    while (!in.at_end()) {
        TRY(auto one, take_movement(in, limits));
        if (one.number <= last || one.number > out.until)
            return fail(Code::invalid, "movements: numbers do not ascend");
        last = one.number;
        out.all.push_back(std::move(one));
    }
    if (out.until < out.after) return fail(Code::invalid, "movements: numbers do not ascend");
    return out;
}

std::string encode(const Movements& movements) {
    std::string out;
    Writer to(out);
    to.put_be(movements.after);
    to.put_be(movements.until);
    for (const Movement& one : movements.all) {
        put_movement_head(out, one);
        put_value_blocks(out, one.values);
    }
    return out;
}

Result<TransactionsWanted> decode_transactions_wanted(Bytes body, const Limits& limits) {
    Reader in(body);
    TransactionsWanted out;
    TRY(const auto form, in.take_be<std::uint8_t>());
    if (form > 1) return fail(Code::invalid, "transactions: an unknown form");
    if (form == 1) {
        TRY(out.state, take_text(in, limits.message_bytes_max));
        if (out.state.empty()) return fail(Code::invalid, "transactions: no state");
    } else {
        TRY(out.last_transaction, in.take_be<std::uint64_t>());
        TRY(out.last_date_ms, in.take_be<std::uint64_t>());
    }
    TRY(out.share, take_share(in));
    TRY_VOID(at_end(in));
    return out;
}

Result<TransactionsWanted> decode_old_transactions_wanted(Bytes body, const Limits&) {
    Reader in(body);
    TransactionsWanted out;
    out.names_form = false;
    TRY(out.last_transaction, in.take_be<std::uint64_t>());
    TRY(out.last_date_ms, in.take_be<std::uint64_t>());
    TRY(out.share, take_share(in));
    TRY_VOID(at_end(in));
    return out;
}

std::string encode(const TransactionsWanted& body) {
    std::string out;
    Writer to(out);
    if (body.names_form) to.put_be(static_cast<std::uint8_t>(body.state.empty() ? 0 : 1));
    if (body.state.empty()) {
        to.put_be(body.last_transaction);
        to.put_be(body.last_date_ms);
    } else {
        put_block(out, body.state);
    }
    put_share(out, body.share);
    return out;
}

namespace pulled {
namespace {

constexpr std::uint32_t signed_blocks = 0;  // other kinds: TLS from here on, or nothing
constexpr std::uint32_t dump_format = 2;
enum class Record : std::uint8_t { end = 0, queue_name = 2, queue_end = 3 };
enum class DumpRecord : std::uint8_t { position = 0, handle = 1, prefix = 2 };

template <class Kind>
std::string record_of(Kind kind) {
    return std::string(1, static_cast<char>(kind));
}

}  // namespace

std::string opening(std::string_view hash) {
    std::string out;
    put_u32(out, signed_blocks);
    put_block(out, hash);
    return out;
}

std::string signature(std::string_view bytes) {
    std::string out;
    put_block(out, bytes);
    return out;
}

std::string head(Format format, Status status) {
    std::string out;
    put_u32(out, static_cast<std::uint32_t>(format));
    put_u32(out, static_cast<std::uint32_t>(status));
    return out;
}

std::string queue_name(std::string_view name) {
    std::string out = record_of(Record::queue_name);
    put_block(out, name);
    return out;
}

// Unlike in Movements, actions without values have no count of them either.
std::string movement(const Movement& one) {
    std::string out;
    put_movement_head(out, one);
    if (one.action == 1 || one.action == 3) put_value_blocks(out, one.values);
    return out;
}

std::string queue_end(std::uint64_t at_ms) {
    std::string out = record_of(Record::queue_end);
    Writer(out).put_be(at_ms);
    return out;
}

std::string end(Format format, std::uint64_t at_ms) {
    std::string out = record_of(Record::end);
    if (format == Format::one_queue) Writer(out).put_be(at_ms);
    return out;
}

std::string dump_head() {
    std::string out;
    put_u32(out, dump_format);
    return out;
}

std::string dump_position(std::uint64_t at_ms, std::uint64_t transaction) {
    std::string out = record_of(DumpRecord::position);
    Writer(out).put_be(at_ms);
    Writer(out).put_be(transaction);
    return out;
}

std::string dump_handle(const HandleValues& one) {
    std::string out = record_of(DumpRecord::handle);
    put_block(out, one.handle);
    put_value_blocks(out, one.values);
    return out;
}

std::string dump_prefix(std::string_view handle) {
    std::string out = record_of(DumpRecord::prefix);
    put_block(out, handle);
    return out;
}

}  // namespace pulled

}  // namespace lineshaft::handle
