// Most numbers of machines are short decimals: at most 2^53 behind at most 22 digits of fraction is
// one exact division (Clinger 1990, "How to read floating point numbers accurately"); the rest
// goes to the library.
#include "wire/influx/number.h"

#include <array>
#include <charconv>
#include <limits>

namespace lineshaft::influx {
namespace {

constexpr const char* invalid_number = "invalid number";
constexpr std::uint64_t exact_max = std::uint64_t{1} << 53;
constexpr std::size_t safe_digits = 19;  // always below 2^64

constexpr std::array<double, 23> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Where the letters of a number are, and what its digits say as long as they are few.
struct Digits {
    const char* begin;         // at the sign
    const char* end;           // behind the last digit or exponent
    std::uint64_t whole = 0;   // all digits as one number
    std::size_t count = 0;     // of them
    std::size_t fraction = 0;  // of these behind the point
    bool is_negative = false, has_point = false, has_exponent = false;
};

const char* scan(const char* at, const char* stop, Digits& digits) {
    digits.begin = at;
    if (at < stop && *at == '-') {
        digits.is_negative = true;
        ++at;
    }
    for (; at < stop; ++at) {
        if (is_digit(*at)) {
            digits.whole = digits.whole * 10 + static_cast<std::uint64_t>(*at - '0');
            ++digits.count;
            digits.fraction += digits.has_point ? 1 : 0;
        } else if (*at == '.' && !digits.has_point) {
            digits.has_point = true;
        } else {
            break;
        }
    }
    if (digits.count == 0) return invalid_number;
    if (at < stop && (*at == 'e' || *at == 'E')) {
        digits.has_exponent = true;
        ++at;
        if (at < stop && (*at == '-' || *at == '+')) ++at;
        const char* first = at;
        while (at < stop && is_digit(*at)) ++at;
        if (at == first) return invalid_number;
    }
    digits.end = at;
    return nullptr;
}

template <class Number>
const char* from_library(const Digits& digits, Number& number) {
    const auto [end, error] = std::from_chars(digits.begin, digits.end, number);
    if (error == std::errc::result_out_of_range) return "number out of range";
    return error == std::errc() && end == digits.end ? nullptr : invalid_number;
}

template <class Number>
const char* whole_of(const Digits& digits, FieldValue& value) {
    Number number{};
    if (digits.has_point || digits.has_exponent) return invalid_number;
    if (digits.is_negative && std::is_unsigned_v<Number>) return invalid_number;
    if (digits.count < safe_digits) {
        number = static_cast<Number>(digits.whole);
        if (digits.is_negative) number = static_cast<Number>(0 - digits.whole);
    } else if (const char* why = from_library(digits, number)) {
        return why;
    }
    value = number;
    return nullptr;
}

}  // namespace

const char* read_number(const char*& at, const char* stop, FieldValue& value) {
    Digits digits;
    if (const char* why = scan(at, stop, digits)) return why;
    at = digits.end;
    if (at < stop && *at == 'i') {
        ++at;
        return whole_of<std::int64_t>(digits, value);
    }
    if (at < stop && *at == 'u') {
        ++at;
        return whole_of<std::uint64_t>(digits, value);
    }
    double number = 0;
    const bool is_short = !digits.has_exponent && digits.count <= safe_digits &&
                          digits.whole <= exact_max && digits.fraction < powers_of_ten.size();
    if (is_short) {
        number = static_cast<double>(digits.whole) / powers_of_ten[digits.fraction];
        if (digits.is_negative) number = -number;
    } else if (const char* why = from_library(digits, number)) {
        return why;
    }
    value = number;
    return nullptr;
}

const char* read_time(const char*& at, const char* stop, Precision precision,
                      std::int64_t& micros) {
    const char* const bad_time = "bad timestamp";
    Digits digits;
    if (scan(at, stop, digits) != nullptr) return bad_time;
    at = digits.end;
    FieldValue whole;
    if (whole_of<std::int64_t>(digits, whole) != nullptr) return bad_time;
    const std::int64_t number = std::get<std::int64_t>(whole);
    if (precision == Precision::nanoseconds) {
        micros = number / 1000 - (number % 1000 < 0 ? 1 : 0);
        return nullptr;
    }
    constexpr std::array<std::int64_t, 6> micros_per = {0,         1,          1'000,
                                                        1'000'000, 60'000'000, 3'600'000'000};
    const std::int64_t factor = micros_per[static_cast<std::size_t>(precision)];
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / factor;
    if (number > most || number < -most) return "timestamp out of range for its precision";
    micros = number * factor;
    return nullptr;
}

}  // namespace lineshaft::influx
