// What the server says, appended to a buffer. Each function writes one whole message
// ("Message Formats").
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/postgres/message.h"
#include "wire/postgres/values.h"

namespace lineshaft::postgres {

enum class TransactionState : char { idle = 'I', open = 'T', failed = 'E' };

/// An error as clients show it. Texts without NUL; `state` has five letters (appendix "PostgreSQL
/// Error Codes").
struct Failure {
    bool is_fatal = false;
    std::string state = "XX000";
    std::string message;
    std::string detail{}, hint{};
    std::uint32_t position = 0;  ///< in letters of the statement, from 1; 0: none
    bool operator==(const Failure&) const = default;
};

struct Column {
    std::string name;
    Oid type = Oid::text;
    Format format = Format::text;
};

void put_sasl(std::string& out, std::string_view mechanism);
void put_sasl_continue(std::string& out, std::string_view data);
void put_sasl_final(std::string& out, std::string_view data);
void put_authentication_ok(std::string& out);
void put_negotiate_version(std::string& out, std::span<const std::string> unknown_options);
void put_parameter_status(std::string& out, std::string_view name, std::string_view value);
void put_key_data(std::string& out, std::uint32_t process, std::uint32_t key);
void put_ready(std::string& out, TransactionState state);
void put_failure(std::string& out, const Failure& failure);
void put_command_complete(std::string& out, std::string_view tag);
void put_empty_query(std::string& out);
void put_parse_complete(std::string& out);
void put_bind_complete(std::string& out);
void put_close_complete(std::string& out);
void put_portal_suspended(std::string& out);
void put_no_data(std::string& out);
void put_parameter_description(std::string& out, std::span<const Oid> types);
void put_row_description(std::string& out, std::span<const Column> columns);

/// One DataRow, value by value; finish() ends it.
class RowWriter {
public:
    explicit RowWriter(std::string& out);
    void put_null();
    /// As it stands: any type's text form, and the binary form of texts and bytea.
    void put_text(std::string_view value);
    void put_binary(bool value);
    void put_binary(std::int64_t value);
    void put_binary(double value);
    void put_binary(Instant value);  ///< timestamptz
    /// For a value that somebody else appends to the buffer in between.
    std::size_t begin_value();
    void end_value(std::size_t began);
    void finish();

private:
    template <class Write>
    void sized(Write write);

    std::string& out_;
    std::size_t began_;
    std::uint16_t count_ = 0;
};

}  // namespace lineshaft::postgres
