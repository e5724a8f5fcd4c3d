#include "history/reals.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/check.h"
#include "history/codec/decimals.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t is_single = 0x20;
constexpr std::uint8_t form_exponent_mask = 0x1f;

struct Form {
    unsigned exponent = 0;
    bool single = false;
};

double value_of(std::int64_t number, Form form) {
    const double value = codec::from_decimal(number, form.exponent);
    return form.single ? static_cast<double>(static_cast<float>(value)) : value;
}

Result<void> take_decimals(Reader& in, std::span<std::uint64_t> bits) {
    TRY(const auto head, in.take_le<std::uint8_t>());
    const Form form{head & static_cast<unsigned>(form_exponent_mask), (head & is_single) != 0};
    if (form.exponent > codec::exponent_max || (head & ~(is_single | form_exponent_mask)) != 0) {
        return fail(Code::invalid, "decimal: form");
    }
    TRY(const auto exceptions, in.take_varint());
    if (exceptions > bits.size()) return fail(Code::invalid, "decimal: exceptions");
    TRY(const Bytes listed, in.take(exceptions * 10));
    std::vector<std::int64_t> numbers(bits.size());
    TRY_VOID(take_nested_integers(in, numbers));
    const double power = codec::powers_of_ten[form.exponent];
    if (form.single) {
        for (std::size_t index = 0; index < bits.size(); ++index) {
            bits[index] = std::bit_cast<std::uint64_t>(value_of(numbers[index], form));
        }
    } else {
        for (std::size_t index = 0; index < bits.size(); ++index) {
            bits[index] = std::bit_cast<std::uint64_t>(static_cast<double>(numbers[index]) / power);
        }
    }
    Reader exception(listed);
    while (!exception.at_end()) {
        TRY(const auto index, exception.take_le<std::uint16_t>());
        TRY(const auto value, exception.take_le<std::uint64_t>());
        if (index >= bits.size()) return fail(Code::invalid, "decimal: exception index");
        bits[index] = value;
    }
    return {};
}

// Chimp's classes of leading zeros.
constexpr unsigned leading_of_class[] = {0, 8, 12, 16, 18, 20, 22, 24};
enum : unsigned { same = 0, trailing_zeros = 1, same_class = 2, new_class = 3 };

Result<void> take_xored(Reader& in, std::span<std::uint64_t> bits) {
    TRY(bits[0], in.take_le<std::uint64_t>());
    BitReader packed(in.rest());
    unsigned which = 0;
    for (std::size_t index = 1; index < bits.size(); ++index) {
        std::uint64_t difference = 0;
        switch (packed.take(2)) {
            case same: break;
            case trailing_zeros: {
                which = static_cast<unsigned>(packed.take(3));
                const auto count = static_cast<unsigned>(packed.take(6));
                if (count + leading_of_class[which] > 64) return fail(Code::invalid, "xor: width");
                difference = packed.take(count) << (64 - leading_of_class[which] - count) % 64;
                break;
            }
            case new_class: which = static_cast<unsigned>(packed.take(3)); [[fallthrough]];
            default: difference = packed.take(64 - leading_of_class[which]);
        }
        bits[index] = bits[index - 1] ^ difference;
    }
    if (packed.is_short()) return fail(Code::invalid, "xor: short");
    return {};
}

Result<void> take_planes(Reader& in, std::span<std::uint64_t> bits) {
    TRY(const Bytes planes, in.take(bits.size() * 8));
    std::fill(bits.begin(), bits.end(), 0);
    for (unsigned plane = 0; plane < 8; ++plane) {
        const std::byte* from = planes.data() + plane * bits.size();
        const unsigned shift = 56 - 8 * plane;
        for (std::size_t index = 0; index < bits.size(); ++index) {
            bits[index] |= std::to_integer<std::uint64_t>(from[index]) << shift;
        }
    }
    return {};
}

}  // namespace

Result<void> take_reals(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> bits) {
    CHECK(!bits.empty());
    switch (static_cast<RealEncoding>(encoding)) {
        case RealEncoding::constant: {
            TRY(const auto value, in.take_le<std::uint64_t>());
            std::fill(bits.begin(), bits.end(), value);
            return {};
        }
        case RealEncoding::decimal: return take_decimals(in, bits);
        case RealEncoding::xored: return take_xored(in, bits);
        case RealEncoding::planes: return take_planes(in, bits);
    }
    return fail(Code::unsupported, "double encoding " + std::to_string(encoding));
}

}  // namespace lineshaft::history
