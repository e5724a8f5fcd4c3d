#include "trust/totp.h"

#include <gtest/gtest.h>

#include <set>

namespace lineshaft::trust {
namespace {

const std::string rfc_secret = "12345678901234567890";
constexpr std::int64_t second = 1'000'000;

// RFC 6238, appendix B, the rows of SHA-1.
TEST(control_9_totp, codes_are_those_of_rfc_6238) {
    const std::pair<std::int64_t, const char*> rows[] = {
        {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
        {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
    for (const auto& [at, code] : rows) {
        EXPECT_EQ(totp_code(rfc_secret, totp_step({at * second}), 8), code) << at;
        EXPECT_EQ(totp_code(rfc_secret, totp_step({at * second})), std::string(code).substr(2));
    }
}

TEST(control_9_totp, one_step_before_and_after_is_taken_and_no_other) {
    const Instant now{1'800'000'015 * second};
    const std::int64_t step = totp_step(now);
    for (std::int64_t aside = -3; aside <= 3; ++aside) {
        const auto matched = match_totp(rfc_secret, totp_code(rfc_secret, step + aside), now, 0);
        if (aside >= -1 && aside <= 1) {
            EXPECT_EQ(matched, step + aside);
        } else {
            EXPECT_FALSE(matched) << aside;
        }
    }
}

TEST(control_9_totp, a_code_that_was_used_or_is_older_is_refused) {
    const Instant now{1'800'000'015 * second};
    const std::int64_t step = totp_step(now);
    const std::string code = totp_code(rfc_secret, step);
    EXPECT_TRUE(match_totp(rfc_secret, code, now, step - 1));
    EXPECT_FALSE(match_totp(rfc_secret, code, now, step));
    EXPECT_FALSE(match_totp(rfc_secret, totp_code(rfc_secret, step - 1), now, step));
}

TEST(control_9_totp, what_people_type) {
    const Instant now{59 * second};
    EXPECT_TRUE(match_totp(rfc_secret, "287 082", now, 0));
    EXPECT_TRUE(match_totp(rfc_secret, " 287082 ", now, 0));
    for (const char* wrong : {"", "28708", "2870821", "abcdef", "000000"}) {
        EXPECT_FALSE(match_totp(rfc_secret, wrong, now, 0)) << wrong;
    }
    EXPECT_FALSE(match_totp(rfc_secret, std::string(10'000'000, '1'), now, 0));
}

// RFC 4648, section 10, without padding.
TEST(control_9_totp, base32) {
    const std::pair<const char*, const char*> rows[] = {
        {"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"},
        {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    for (const auto& [bytes, text] : rows) EXPECT_EQ(to_base32(bytes), text);
}

TEST(control_9_totp, the_phone_gets_a_uri) {
    EXPECT_EQ(totp_uri("Lineshaft hall", "li wei", "foobar"),
              "otpauth://totp/Lineshaft%20hall:li%20wei?secret=MZXW6YTBOI&issuer=Lineshaft%20hall"
              "&algorithm=SHA1&digits=6&period=30");
    EXPECT_EQ(make_totp_secret().size(), 20U);
    EXPECT_NE(make_totp_secret(), make_totp_secret());
}

TEST(control_9_totp, recovery_codes_are_read_as_people_type_them) {
    const auto codes = make_recovery_codes();
    ASSERT_EQ(codes.size(), 10U);
    EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), 10U);
    for (const std::string& code : codes) {
        ASSERT_EQ(code.size(), 19U);
        const auto digest = recovery_code_digest(code);
        ASSERT_TRUE(digest);
        std::string typed;
        for (const char letter : code) {
            if (letter != '-') typed += static_cast<char>(std::tolower(letter));
        }
        EXPECT_EQ(recovery_code_digest(typed), digest);
    }
    EXPECT_EQ(recovery_code_digest("OOOO-IIII-LLLL-0000"), recovery_code_digest("0000111111110000"));
    for (const char* wrong : {"", "K7QF-2M9X-AB3D-012", "K7QF-2M9X-AB3D-01234", "K7QF-2M9X-AB3D-01U3"}) {
        EXPECT_FALSE(recovery_code_digest(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace lineshaft::trust
