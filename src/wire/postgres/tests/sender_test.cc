#include "wire/postgres/sender.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/bytes.h"

namespace lineshaft::postgres {
namespace {

std::string spaceless(std::string_view hex) {
    std::string out;
    for (const char c : hex)
        if (c != ' ') out += c;
    return out;
}

struct SentGolden {
    std::string_view name, hex;
    std::function<void(std::string&)> put;
};

// Bytes by hand after "Message Formats" (PostgreSQL 15, 55.7).
TEST(PostgresSender, WritesEveryMessage) {
    const std::vector<Oid> types{Oid::int8, Oid::text};
    const std::vector<Column> columns{{"at", Oid::timestamptz, Format::binary},
                                      {"v", Oid::text, Format::text}};
    const std::vector<std::string> unknown{"_pq_.x"};
    const SentGolden cases[] = {
        {"AuthenticationOk", "52 00000008 00000000", [](auto& o) { put_authentication_ok(o); }},
        {"AuthenticationSASL", "52 00000017 0000000a 534352414d2d5348412d32353600 00",
         [](auto& o) { put_sasl(o, "SCRAM-SHA-256"); }},
        {"AuthenticationSASLContinue", "52 0000000b 0000000b 723d61",
         [](auto& o) { put_sasl_continue(o, "r=a"); }},
        {"AuthenticationSASLFinal", "52 0000000b 0000000c 763d62",
         [](auto& o) { put_sasl_final(o, "v=b"); }},
        {"NegotiateProtocolVersion", "76 00000013 00030000 00000001 5f70715f2e7800",
         [&](auto& o) { put_negotiate_version(o, unknown); }},
        {"ParameterStatus", "53 00000008 6100 6200",
         [](auto& o) { put_parameter_status(o, "a", "b"); }},
        {"BackendKeyData", "4b 0000000c 0000002a deadbeef",
         [](auto& o) { put_key_data(o, 42, 0xdeadbeef); }},
        {"ReadyForQuery idle", "5a 00000005 49",
         [](auto& o) { put_ready(o, TransactionState::idle); }},
        {"ReadyForQuery in a block", "5a 00000005 54",
         [](auto& o) { put_ready(o, TransactionState::open); }},
        {"ReadyForQuery in a failed block", "5a 00000005 45",
         [](auto& o) { put_ready(o, TransactionState::failed); }},
        {"CommandComplete", "43 0000000d 53454c454354203100",
         [](auto& o) { put_command_complete(o, "SELECT 1"); }},
        {"EmptyQueryResponse", "49 00000004", [](auto& o) { put_empty_query(o); }},
        {"ParseComplete", "31 00000004", [](auto& o) { put_parse_complete(o); }},
        {"BindComplete", "32 00000004", [](auto& o) { put_bind_complete(o); }},
        {"CloseComplete", "33 00000004", [](auto& o) { put_close_complete(o); }},
        {"PortalSuspended", "73 00000004", [](auto& o) { put_portal_suspended(o); }},
        {"NoData", "6e 00000004", [](auto& o) { put_no_data(o); }},
        {"ParameterDescription", "74 0000000e 0002 00000014 00000019",
         [&](auto& o) { put_parameter_description(o, types); }},
        {"RowDescription",
         "54 0000002f 0002 617400 00000000 0000 000004a0 0008 ffffffff 0001"
         " 7600 00000000 0000 00000019 ffff ffffffff 0000",
         [&](auto& o) { put_row_description(o, columns); }},
        {"ErrorResponse",
         "45 0000002e 53 4552524f5200 56 4552524f5200 43 343236303100 4d 62616400"
         " 44 6d6f726500 48 74727900 50 313200 00",
         [](auto& o) {
             put_failure(o, {.state = "42601",
                             .message = "bad",
                             .detail = "more",
                             .hint = "try",
                             .position = 12});
         }},
        {"ErrorResponse, fatal",
         "45 0000001f 53 464154414c00 56 464154414c00 43 353750303100 4d 656e6400 00",
         [](auto& o) { put_failure(o, {.is_fatal = true, .state = "57P01", .message = "end"}); }},
    };
    for (const auto& [name, hex, put] : cases) {
        std::string out = "before";
        put(out);
        EXPECT_EQ(to_hex(as_bytes(out).subspan(6)), spaceless(hex)) << name;
    }
}

TEST(PostgresSender, ATextEndsAtItsFirstZeroByte) {
    std::string out;
    put_parameter_status(out, "a", std::string_view("b\0c", 3));
    EXPECT_EQ(to_hex(as_bytes(out)), "530000000861006200");
}

TEST(PostgresSender, WritesRows) {
    std::string out;
    RowWriter row(out);
    row.put_null();
    row.put_text("hé");
    row.put_binary(true);
    row.put_binary(std::int64_t{-2});
    row.put_binary(1.5);
    row.put_binary(Instant{epoch_2000_micros + 1});
    const auto began = row.begin_value();
    out += "abc";
    row.end_value(began);
    row.finish();
    EXPECT_EQ(to_hex(as_bytes(out)),
              spaceless("44 00000041 0007 ffffffff 00000003 68c3a9 00000001 01"
                        " 00000008 fffffffffffffffe 00000008 3ff8000000000000"
                        " 00000008 0000000000000001 00000003 616263"));
    out.clear();
    RowWriter(out).finish();
    EXPECT_EQ(to_hex(as_bytes(out)), "44000000060000");
}

TEST(PostgresSender, TheEarliestInstantIsNotMinusInfinity) {
    std::string out;
    RowWriter row(out);
    row.put_binary(Instant{INT64_MIN});
    row.finish();
    EXPECT_EQ(to_hex(as_bytes(out).subspan(11)), "8000000000000001");
}

struct Binary {
    std::string_view name;
    Oid type;
    std::string_view hex;
    std::optional<Parameter> want;
};

TEST(PostgresValues, ReadsBinaryParameters) {
    const Binary cases[] = {
        {"false", Oid::boolean, "00", Parameter{false}},
        {"true", Oid::boolean, "01", Parameter{true}},
        {"bool too long", Oid::boolean, "0100", std::nullopt},
        {"int2", Oid::int2, "fffe", Parameter{std::int64_t{-2}}},
        {"int4", Oid::int4, "80000000", Parameter{std::int64_t{INT32_MIN}}},
        {"int4 of eight bytes", Oid::int4, "0000000000000001", std::nullopt},
        {"oid", Oid::oid, "ffffffff", Parameter{std::int64_t{UINT32_MAX}}},
        {"int8", Oid::int8, "8000000000000000", Parameter{std::int64_t{INT64_MIN}}},
        {"int8 of four bytes", Oid::int8, "00000001", std::nullopt},
        {"float4", Oid::float4, "3fc00000", Parameter{1.5}},
        {"float8", Oid::float8, "bff8000000000000", Parameter{-1.5}},
        {"text", Oid::text, "6162", Parameter{std::string("ab")}},
        {"nobody said which type", Oid::none, "6162", Parameter{std::string("ab")}},
        {"text, not UTF-8", Oid::text, "ff", std::nullopt},
        {"text with a zero byte", Oid::varchar, "6100", std::nullopt},
        {"bytea", Oid::bytea, "00ff", Parameter{Blob{std::string("\0\xff", 2)}}},
        {"empty bytea", Oid::bytea, "", Parameter{Blob{}}},
        {"timestamptz", Oid::timestamptz, "0000000000000001",
         Parameter{Instant{epoch_2000_micros + 1}}},
        {"timestamp before 2000", Oid::timestamp, "ffffffffffffffff",
         Parameter{Instant{epoch_2000_micros - 1}}},
        {"infinity", Oid::timestamptz, "7fffffffffffffff", std::nullopt},
        {"-infinity", Oid::timestamptz, "8000000000000000", std::nullopt},
        {"date", Oid::date, "00000001", Parameter{Instant{epoch_2000_micros + 86'400'000'000}}},
        {"date out of range", Oid::date, "7fffffff", std::nullopt},
        {"numeric", Oid::numeric, "00010000000000000001", std::nullopt},
        {"unknown type in binary", static_cast<Oid>(2950), "00", std::nullopt},
    };
    for (const auto& [name, type, hex, want] : cases) {
        const auto raw = from_hex(hex);
        ASSERT_TRUE(raw.has_value());
        const auto got = parse_binary(type, *raw);
        ASSERT_EQ(got.has_value(), want.has_value()) << name;
        if (want) {
            EXPECT_EQ(*got, *want) << name;
        }
    }
}

}  // namespace
}  // namespace lineshaft::postgres
