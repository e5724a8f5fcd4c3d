#include "history/reals.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                             1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
constexpr double exact_max = 9007199254740992.0;  // 2^53
constexpr std::uint8_t is_single = 0x20;
constexpr std::uint8_t exponent_mask = 0x1f;

struct Form {
    unsigned exponent = 0;
    bool single = false;
};

double value_of(std::int64_t number, Form form) {
    const double value = static_cast<double>(number) / powers[form.exponent];
    return form.single ? static_cast<double>(static_cast<float>(value)) : value;
}

// False when the value does not come back bit for bit.
bool fits(std::uint64_t bits, Form form, std::int64_t& number) {
    const double scaled = std::bit_cast<double>(bits) * powers[form.exponent];
    if (!(std::fabs(scaled) < exact_max)) return false;  // NaN too
    // Adding and taking away 1.5 * 2^52 rounds to an integer, for |x| < 2^51 without a call.
    constexpr double magic = 6755399441055744.0;
    const double rounded =
        std::fabs(scaled) < 2251799813685248.0 ? (scaled + magic) - magic : std::nearbyint(scaled);
    number = static_cast<std::int64_t>(rounded);
    return std::bit_cast<std::uint64_t>(value_of(number, form)) == bits;
}

bool is_float(std::uint64_t bits) {
    const double value = std::bit_cast<double>(bits);
    if (!(std::fabs(value) <= 3.4028234663852886e38)) return false;
    return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<float>(value))) == bits;
}

constexpr std::size_t probes_max = 48;
constexpr std::size_t exception_bits = 80;

// Bits the probes would take in this form, exceptions included.
std::size_t cost_of(std::span<const std::uint64_t> probes, Form form) {
    std::int64_t low = INT64_MAX;
    std::int64_t high = INT64_MIN;
    std::size_t misfits = 0;
    for (const std::uint64_t bits : probes) {
        std::int64_t number = 0;
        if (fits(bits, form, number)) {
            low = std::min(low, number);
            high = std::max(high, number);
        } else {
            ++misfits;
        }
    }
    if (misfits == probes.size()) return misfits * exception_bits;
    const auto width = static_cast<std::size_t>(
        std::bit_width(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)));
    return (probes.size() - misfits) * width + misfits * exception_bits;
}

std::optional<Form> choose_form(std::span<const std::uint64_t> bits) {
    std::vector<std::uint64_t> probes;
    const std::size_t step = std::max<std::size_t>(1, bits.size() / probes_max);
    for (std::size_t index = 0; index < bits.size(); index += step) probes.push_back(bits[index]);
    Form best;
    std::size_t best_bits = probes.size() * 54;  // what the XOR family takes on noise
    bool found = false;
    const auto consider = [&](Form form) {
        const std::size_t cost = cost_of(probes, form);
        if (cost < best_bits) {
            best_bits = cost;
            best = form;
            found = true;
        }
    };
    for (unsigned exponent = 0; exponent <= decimal_exponent_max; ++exponent) {
        consider({exponent, false});
    }
    if (std::all_of(probes.begin(), probes.end(), is_float)) {
        for (unsigned exponent = 1; exponent <= 12; ++exponent) consider({exponent, true});
    }
    return found ? std::optional(best) : std::nullopt;
}

Result<void> take_decimals(Reader& in, std::span<std::uint64_t> bits) {
    TRY(const auto head, in.take_le<std::uint8_t>());
    const Form form{head & static_cast<unsigned>(exponent_mask), (head & is_single) != 0};
    if (form.exponent > decimal_exponent_max || (head & ~(is_single | exponent_mask)) != 0) {
        return fail(Code::invalid, "decimal: form");
    }
    TRY(const auto exceptions, in.take_varint());
    if (exceptions > bits.size()) return fail(Code::invalid, "decimal: exceptions");
    TRY(const Bytes listed, in.take(exceptions * 10));
    std::vector<std::int64_t> numbers(bits.size());
    TRY_VOID(take_nested_integers(in, numbers));
    const double power = powers[form.exponent];
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
unsigned class_of_leading(unsigned leading) {
    unsigned which = 7;
    while (leading_of_class[which] > leading) --which;
    return which;
}
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

std::optional<std::int64_t> to_decimal(double value, unsigned exponent) {
    std::int64_t number = 0;
    if (!fits(std::bit_cast<std::uint64_t>(value), {exponent, false}, number)) return std::nullopt;
    return number;
}

double from_decimal(std::int64_t number, unsigned exponent) {
    return value_of(number, {std::min(exponent, decimal_exponent_max), false});
}

std::optional<RealEncoding> put_decimals(std::string& out, std::span<const std::uint64_t> bits) {
    CHECK(!bits.empty() && bits.size() <= 65'536);
    Writer write(out);
    if (std::all_of(bits.begin(), bits.end(), [&](std::uint64_t one) { return one == bits[0]; })) {
        write.put_le(bits[0]);
        return RealEncoding::constant;
    }
    const auto form = choose_form(bits);
    if (!form) return std::nullopt;
    std::vector<std::int64_t> numbers(bits.size());
    std::string listed;
    const std::size_t exceptions_max = bits.size() / 4;
    std::size_t exceptions = 0;
    std::int64_t before = 0;
    for (std::size_t index = 0; index < bits.size(); ++index) {
        std::int64_t number = 0;
        if (!fits(bits[index], *form, number)) {
            if (++exceptions > exceptions_max) return std::nullopt;
            Writer(listed).put_le(static_cast<std::uint16_t>(index));
            Writer(listed).put_le(bits[index]);
            number = before;  // costs least among its neighbours
        }
        numbers[index] = before = number;
    }
    out.push_back(static_cast<char>(form->exponent | (form->single ? is_single : 0u)));
    write.put_varint(exceptions);
    write.put(listed);
    put_nested_integers(out, numbers);
    return RealEncoding::decimal;
}

void put_xored(std::string& out, std::span<const std::uint64_t> bits) {
    Writer(out).put_le(bits[0]);
    BitWriter packed(out);
    unsigned which = 0;
    for (std::size_t index = 1; index < bits.size(); ++index) {
        const std::uint64_t difference = bits[index] ^ bits[index - 1];
        if (difference == 0) {
            packed.put(same, 2);
            continue;
        }
        const unsigned now = class_of_leading(static_cast<unsigned>(std::countl_zero(difference)));
        const auto zeros = static_cast<unsigned>(std::countr_zero(difference));
        if (zeros > 6) {
            which = now;
            const unsigned count = 64 - leading_of_class[which] - zeros;
            packed.put(trailing_zeros, 2);
            packed.put(which, 3);
            packed.put(count, 6);
            packed.put(difference >> zeros, count);
            continue;
        }
        packed.put(now == which ? same_class : new_class, 2);
        if (now != which) packed.put(which = now, 3);
        packed.put(difference, 64 - leading_of_class[which]);
    }
    packed.finish();
}

void put_planes(std::string& out, std::span<const std::uint64_t> bits) {
    for (unsigned plane = 0; plane < 8; ++plane) {
        for (const std::uint64_t one : bits) {
            out.push_back(static_cast<char>(one >> (56 - 8 * plane) & 0xff));
        }
    }
}

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
