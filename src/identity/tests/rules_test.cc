#include <gtest/gtest.h>

#include "identity/tests/rig.h"

namespace lineshaft::identity {
namespace {

using namespace testing;
namespace right = handle::right;

TEST(Record, KeepsEverythingAndRefusesDamage) {
    Value odd = typed(0x7fffffff, "X-OTHER", std::string("\0\xff", 2));
    odd.timestamp_s = 0xffffffff;
    odd.is_ttl_absolute = true;
    odd.ttl_s = 1;
    odd.permissions = 0x0f;
    odd.references = {{"88.1/R", 7}, {"", 0}};
    const std::vector<Value> values{url(1, "https://example.com/"),
                                    admin(100, right::all, {"0.NA/88.1", 300}), odd};
    const std::string record = encode_record(values);
    const auto read = decode_record(record);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, values);
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(decode_record(std::string_view(record).substr(0, size)).has_value()) << size;
    EXPECT_FALSE(decode_record(record + "x").has_value());
    EXPECT_EQ(decode_record("\x02").error().code, Code::corrupt);
    // The example of docs/formats/identity.md.
    Value one = url(1, "https://a.b/");
    one.timestamp_s = 0x6553f100;
    EXPECT_EQ(to_hex(as_bytes(encode_record({one}))),
              "01010e01016553f1000c68747470733a2f2f612e622f");
}

TEST(Record, TransactionsBothWays) {
    const Transaction want{7, Action::update, 1'700'000'000'123, "88.1/A"};
    const auto got = decode_transaction(transaction_key(7), encode_transaction(want));
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, want);
    EXPECT_FALSE(decode_transaction("t123", encode_transaction(want)).has_value());
    EXPECT_FALSE(decode_transaction(transaction_key(7), "\x09\x01").has_value());
}

using Kind = Change::Kind;

struct Case {
    std::string_view name;
    bool is_there;
    Change change;
    Answer answer;
    std::uint16_t own, at_prefix;
};

TEST(Rules, WhatAChangeTakesAndIsRefusedFor) {
    Value sealed = url(9, "sealed");
    sealed.permissions = handle::permission::public_read;
    const std::vector<Value> there{url(1, "a"), admin(100, right::all, {"0.NA/88.1", 300}), sealed};
    const auto own_admin = admin(101, right::add_value, {"88.1/X", 1});
    Change overwrites = create("88.1/A", {url(1, "b")});
    overwrites.overwrites = true;
    Change replaces = change_of(Kind::add_values, "88.1/A", {url(1, "b"), url(2, "c")});
    replaces.overwrites = true;
    const Case cases[] = {
        {"create", false, create("88.1/A", {url(1, "a")}), Answer::success, 0, right::create_handle},
        {"create again", true, create("88.1/A", {url(1, "a")}), Answer::handle_exists, 0, 0},
        {"create over", true, overwrites, Answer::success, right::delete_handle,
         right::create_handle},
        {"create nothing", false, create("88.1/A", {}), Answer::invalid_value, 0, 0},
        {"index 0", false, create("88.1/A", {url(0, "a")}), Answer::invalid_value, 0, 0},
        {"index 2^31", false, create("88.1/A", {url(0x80000000, "a")}), Answer::invalid_value, 0, 0},
        {"index twice", false, create("88.1/A", {url(1, "a"), url(1, "b")}), Answer::value_exists,
         0, 0},
        {"no type", false, create("88.1/A", {typed(1, "", "a")}), Answer::invalid_value, 0, 0},
        {"bad admin", false, create("88.1/A", {typed(1, "HS_ADMIN", "a")}), Answer::invalid_value,
         0, 0},
        {"bad site", false, create("88.1/A", {typed(1, "HS_SITE.6", "a")}), Answer::invalid_value,
         0, 0},
        {"bad alias", false, create("88.1/A", {typed(1, "HS_ALIAS", "")}), Answer::invalid_value, 0,
         0},
        {"remove", true, change_of(Kind::remove, "88.1/A"), Answer::success, right::delete_handle,
         0},
        {"remove nothing", false, change_of(Kind::remove, "88.1/A"), Answer::handle_not_found, 0,
         0},
        {"add", true, change_of(Kind::add_values, "88.1/A", {url(2, "b")}), Answer::success,
         right::add_value, 0},
        {"add taken", true, change_of(Kind::add_values, "88.1/A", {url(1, "b")}),
         Answer::value_exists, right::add_value, 0},
        {"add over", true, replaces, Answer::success, right::add_value | right::modify_value, 0},
        {"add admin", true, change_of(Kind::add_values, "88.1/A", {own_admin}), Answer::success,
         right::add_value | right::add_admin, 0},
        {"modify", true, change_of(Kind::modify_values, "88.1/A", {url(1, "b")}), Answer::success,
         right::modify_value, 0},
        {"modify admin", true, change_of(Kind::modify_values, "88.1/A", {url(100, "b")}),
         Answer::success, right::modify_value | right::modify_admin, 0},
        {"modify nothing", true, change_of(Kind::modify_values, "88.1/A", {url(2, "b")}),
         Answer::values_not_found, 0, 0},
        {"modify sealed", true, change_of(Kind::modify_values, "88.1/A", {url(9, "b")}),
         Answer::not_permitted, right::modify_value, 0},
        {"take away", true, change_of(Kind::remove_values, "88.1/A", {}, {1}), Answer::success,
         right::remove_value, 0},
        {"take admin away", true, change_of(Kind::remove_values, "88.1/A", {}, {100}),
         Answer::success, right::remove_value | right::remove_admin, 0},
        {"take nothing away", true, change_of(Kind::remove_values, "88.1/A", {}, {4}),
         Answer::values_not_found, right::remove_value, 0},
        {"take sealed away", true, change_of(Kind::remove_values, "88.1/A", {}, {9}),
         Answer::not_permitted, right::remove_value, 0},
        {"replace new", false, change_of(Kind::replace_values, "88.1/A", {url(1, "b")}),
         Answer::success, 0, right::create_handle},
    };
    for (const Case& one : cases) {
        const auto before = one.is_there ? std::optional(there) : std::nullopt;
        const auto got = decide(before, one.change, 5, {});
        EXPECT_EQ(got.outcome.answer, one.answer) << one.name << ": " << got.outcome.message;
        if (one.answer != Answer::success) continue;
        EXPECT_EQ(got.needed.own, one.own) << one.name;
        EXPECT_EQ(got.needed.at_prefix, one.at_prefix) << one.name;
    }
}

TEST(Rules, LimitsOfARecord) {
    Limits limits;
    limits.values_max = 2;
    limits.record_bytes_max = 200;
    EXPECT_TRUE(decide({}, create("h", {url(1, ""), url(2, "")}), 0, limits).outcome.is_good());
    EXPECT_EQ(decide({}, create("h", {url(1, ""), url(2, ""), url(3, "")}), 0, limits).outcome.answer,
              Answer::invalid_value);
    // 29 bytes besides the data.
    EXPECT_TRUE(decide({}, create("h", {url(1, std::string(171, 'x'))}), 0, limits)
                    .outcome.is_good());
    EXPECT_EQ(decide({}, create("h", {url(1, std::string(172, 'x'))}), 0, limits).outcome.answer,
              Answer::invalid_value);
}

TEST(Rules, SecretsAreNeverPublicAndNeverLeave) {
    Value secret = typed(301, "HS_SECKEY", "s3cret");
    secret.permissions = 0x0f;
    const auto made = decide({}, create("h", {secret, url(1, "a")}), 7, {});
    ASSERT_EQ(made.values.size(), 2u);
    EXPECT_EQ(made.values[0].timestamp_s, 7u);
    EXPECT_FALSE(made.values[1].is(handle::permission::public_read));
    const handle::Resolution all{"h", {}, {}}, one{"h", {301}, {}}, first{"h", {1}, {}};
    const View seen = public_view({secret, url(1, "a")}, all);
    EXPECT_EQ(seen.values.size(), 1u);
    EXPECT_TRUE(seen.hides);
    EXPECT_FALSE(public_view({secret, url(1, "a")}, first).hides);
    EXPECT_TRUE(admin_view({secret, url(1, "a")}, one).empty());
    EXPECT_EQ(admin_view({secret, url(1, "a")}, all).size(), 1u);
}

// What goes into an answer straight from the store is what goes there by way of values.
TEST(Rules, ARecordIsShownAsItsValuesAre) {
    Value secret = typed(301, "HS_SECKEY", "s3cret"), sealed = url(3, "sealed"), odd = url(4, "");
    secret.permissions = 0x0f;
    sealed.permissions = handle::permission::admin_read;
    odd.type = "X-OTHER";
    odd.ttl_s = 0xffff'ffff;
    odd.is_ttl_absolute = true;
    odd.references = {{"88.1/R", 7}, {"", 0}};
    const std::vector<std::vector<Value>> records{
        {url(1, "a")}, {url(1, std::string(300, 'x')), url(2, "b")}, {odd, url(0x7fffffff, "c")},
        {url(1, "a"), sealed}, {secret}, {url(1, "a"), odd, secret}, {}};
    const std::vector<handle::Resolution> questions{
        {"h", {}, {}}, {"h", {1}, {}}, {"h", {}, {"URL"}}, {"h", {301, 4}, {"URL."}}, {"h", {9}, {}}};
    for (const auto& values : records) {
        for (const auto& asked : questions) {
            const View view = public_view(values, asked);
            std::string shown = "before";
            handle::HandleValuesWriter out(shown, "88.1/H");
            const auto hides = show_public(encode_record(values), asked, out);
            ASSERT_TRUE(hides.has_value());
            EXPECT_EQ(*hides, view.hides);
            EXPECT_EQ(out.end(), view.values.size());
            EXPECT_EQ(shown, "before" + handle::encode(handle::HandleValues{"88.1/H", view.values}));
        }
    }
    std::string ignored;
    handle::HandleValuesWriter out(ignored, "h");
    EXPECT_EQ(show_public(encode_record({url(1, "a")}) + "x", questions[0], out).error().code,
              Code::corrupt);
}

}  // namespace
}  // namespace lineshaft::identity
