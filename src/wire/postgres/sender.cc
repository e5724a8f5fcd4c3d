#include "wire/postgres/sender.h"

#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"

namespace lineshaft::postgres {
namespace {

void overwrite_be32(std::string& out, std::size_t at, std::size_t value) {
    CHECK(value <= UINT32_MAX);
    auto number = static_cast<std::uint32_t>(value);
    if constexpr (std::endian::native == std::endian::little) number = std::byteswap(number);
    std::memcpy(out.data() + at, &number, sizeof(number));
}

/// One message: its type now, its length when it ends.
class Envelope {
public:
    Envelope(std::string& out, char type) : out_(out) {
        out_ += type;
        began_ = out_.size();
        out_.append(4, '\0');
    }
    ~Envelope() { overwrite_be32(out_, began_, out_.size() - began_); }
    Envelope(const Envelope&) = delete;

    void text(std::string_view value) {
        out_.append(value.substr(0, value.find('\0')));
        out_ += '\0';
    }
    void be16(std::uint16_t value) { Writer(out_).put_be(value); }
    void be32(std::uint32_t value) { Writer(out_).put_be(value); }
    void raw(std::string_view value) { out_.append(value); }
    void letter(char value) { out_ += value; }

private:
    std::string& out_;
    std::size_t began_ = 0;
};

void put_empty(std::string& out, char type) {
    const Envelope message(out, type);
}

std::uint16_t count_of(std::size_t count) {
    CHECK(count <= UINT16_MAX);
    return static_cast<std::uint16_t>(count);
}

}  // namespace

void put_sasl(std::string& out, std::string_view mechanism) {
    Envelope message(out, 'R');
    message.be32(10);
    message.text(mechanism);
    message.letter('\0');
}

void put_sasl_continue(std::string& out, std::string_view data) {
    Envelope message(out, 'R');
    message.be32(11);
    message.raw(data);
}

void put_sasl_final(std::string& out, std::string_view data) {
    Envelope message(out, 'R');
    message.be32(12);
    message.raw(data);
}

void put_authentication_ok(std::string& out) {
    Envelope message(out, 'R');
    message.be32(0);
}

void put_negotiate_version(std::string& out, std::span<const std::string> unknown_options) {
    Envelope message(out, 'v');
    message.be32(3u << 16);  // the whole version, as PostgreSQL sends it
    message.be32(count_of(unknown_options.size()));
    for (const auto& option : unknown_options) message.text(option);
}

void put_parameter_status(std::string& out, std::string_view name, std::string_view value) {
    Envelope message(out, 'S');
    message.text(name);
    message.text(value);
}

void put_key_data(std::string& out, std::uint32_t process, std::uint32_t key) {
    Envelope message(out, 'K');
    message.be32(process);
    message.be32(key);
}

void put_ready(std::string& out, TransactionState state) {
    Envelope message(out, 'Z');
    message.letter(static_cast<char>(state));
}

void put_failure(std::string& out, const Failure& failure) {
    Envelope message(out, 'E');
    const std::string_view severity = failure.is_fatal ? "FATAL" : "ERROR";
    const auto field = [&](char type, std::string_view value) {
        message.letter(type);
        message.text(value);
    };
    field('S', severity);
    field('V', severity);
    field('C', failure.state);
    field('M', failure.message);
    if (!failure.detail.empty()) field('D', failure.detail);
    if (!failure.hint.empty()) field('H', failure.hint);
    if (failure.position > 0) field('P', std::to_string(failure.position));
    message.letter('\0');
}

void put_command_complete(std::string& out, std::string_view tag) {
    Envelope message(out, 'C');
    message.text(tag);
}

void put_empty_query(std::string& out) {
    put_empty(out, 'I');
}
void put_parse_complete(std::string& out) {
    put_empty(out, '1');
}
void put_bind_complete(std::string& out) {
    put_empty(out, '2');
}
void put_close_complete(std::string& out) {
    put_empty(out, '3');
}
void put_portal_suspended(std::string& out) {
    put_empty(out, 's');
}
void put_no_data(std::string& out) {
    put_empty(out, 'n');
}

void put_parameter_description(std::string& out, std::span<const Oid> types) {
    Envelope message(out, 't');
    message.be16(count_of(types.size()));
    for (const Oid type : types) message.be32(static_cast<std::uint32_t>(type));
}

void put_row_description(std::string& out, std::span<const Column> columns) {
    Envelope message(out, 'T');
    message.be16(count_of(columns.size()));
    for (const Column& column : columns) {
        message.text(column.name);
        message.be32(0);  // of no table that the client could look at
        message.be16(0);
        message.be32(static_cast<std::uint32_t>(column.type));
        message.be16(static_cast<std::uint16_t>(size_of(column.type)));
        message.be32(0xffff'ffff);  // no type modifier
        message.be16(static_cast<std::uint16_t>(column.format));
    }
}

// ---- Rows ---------------------------------------------------------------------------------------

RowWriter::RowWriter(std::string& out) : out_(out), began_(out.size() + 1) {
    out_.append("D\0\0\0\0\0\0", 7);
}

void RowWriter::finish() {
    overwrite_be32(out_, began_, out_.size() - began_);
    out_[began_ + 4] = static_cast<char>(count_ >> 8);
    out_[began_ + 5] = static_cast<char>(count_ & 0xff);
}

template <class Write>
void RowWriter::sized(Write write) {
    const std::size_t began = begin_value();
    write();
    end_value(began);
}

void RowWriter::put_null() {
    ++count_;
    out_.append("\xff\xff\xff\xff", 4);
}

void RowWriter::put_text(std::string_view value) {
    sized([&] { out_.append(value); });
}

void RowWriter::put_binary(bool value) {
    sized([&] { out_ += value ? '\1' : '\0'; });
}

void RowWriter::put_binary(std::int64_t value) {
    sized([&] { Writer(out_).put_be(static_cast<std::uint64_t>(value)); });
}

void RowWriter::put_binary(double value) {
    sized([&] { Writer(out_).put_be(std::bit_cast<std::uint64_t>(value)); });
}

void RowWriter::put_binary(Instant value) {
    // INT64_MIN is PostgreSQL's -infinity, which no instant is.
    constexpr std::int64_t least = INT64_MIN + 1;
    const bool is_too_early = value.micros < least + epoch_2000_micros;
    put_binary(is_too_early ? least : value.micros - epoch_2000_micros);
}

std::size_t RowWriter::begin_value() {
    ++count_;
    out_.append(4, '\0');
    return out_.size();
}

void RowWriter::end_value(std::size_t began) {
    overwrite_be32(out_, began - 4, out_.size() - began);
}

}  // namespace lineshaft::postgres
