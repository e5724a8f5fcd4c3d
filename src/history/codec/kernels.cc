#include "history/codec/kernels.h"

#include <bit>
#include <cmath>

#include "history/codec/bits.h"
#include "history/codec/vectors.h"

namespace lineshaft::history::codec {
namespace {

constexpr double magic = 6755399441055744.0;  // 1.5 x 2^52: adding it rounds to an integer
constexpr std::uint64_t magic_bits = std::bit_cast<std::uint64_t>(magic);

// Exact for |number| < 2^51, without a conversion instruction that older processors lack.
inline double small_to_double(std::int64_t number) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(number) + magic_bits) - magic;
}

inline bool all_small(const std::int64_t* numbers, std::size_t count) {
    std::uint64_t over = 0;
    for (std::size_t index = 0; index < count; ++index) {
        over |= (static_cast<std::uint64_t>(numbers[index]) + (std::uint64_t{1} << 51)) >> 52;
    }
    return over == 0;
}

}  // namespace

LINESHAFT_VECTORS
void pack_lanes(std::span<const std::int64_t, lane_block> values, std::int64_t base, unsigned width,
                std::byte* out) {
    const auto from = static_cast<std::uint64_t>(base);
    std::uint64_t words[lanes] = {};
    for (unsigned row = 0; row < 64; ++row) {
        const unsigned bit = row * width;
        const unsigned shift = bit % 64;
        const std::int64_t* in = values.data() + row * lanes;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            words[lane] |= (static_cast<std::uint64_t>(in[lane]) - from) << shift;
        }
        if (shift + width < 64) continue;
        std::byte* to = out + bit / 64 * lanes * 8;
        const unsigned used = 64 - shift;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            store_word(to + lane * 8, words[lane]);
            words[lane] = used < 64 ? (static_cast<std::uint64_t>(in[lane]) - from) >> used : 0;
        }
    }
}

LINESHAFT_VECTORS
void unpack_lanes(const std::byte* packed, std::int64_t base, unsigned width, std::int64_t* out) {
    const auto from = static_cast<std::uint64_t>(base);
    const std::uint64_t mask = mask_of(width);
    for (unsigned row = 0; row < 64; ++row) {
        const unsigned bit = row * width;
        const unsigned shift = bit % 64;
        const std::byte* low = packed + bit / 64 * lanes * 8;
        std::int64_t* to = out + row * lanes;
        if (shift + width <= 64) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                to[lane] =
                    static_cast<std::int64_t>(from + (load_word(low + lane * 8) >> shift & mask));
            }
            continue;
        }
        const std::byte* high = low + lanes * 8;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::uint64_t word =
                load_word(low + lane * 8) >> shift | load_word(high + lane * 8) << (64 - shift);
            to[lane] = static_cast<std::int64_t>(from + (word & mask));
        }
    }
}

void sum_up(std::span<std::int64_t> values) {
    std::uint64_t sum = 0;
    for (std::int64_t& value : values) {
        sum += static_cast<std::uint64_t>(value);
        value = static_cast<std::int64_t>(sum);
    }
}

LINESHAFT_VECTORS
void scale_up(std::span<std::int64_t> values, std::int64_t base, std::int64_t factor) {
    for (std::int64_t& value : values) {
        value = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) +
                                          static_cast<std::uint64_t>(value) *
                                              static_cast<std::uint64_t>(factor));
    }
}

LINESHAFT_VECTORS
void numbers_to_doubles(const std::int64_t* numbers, std::size_t count, double power,
                        std::uint64_t* bits) {
    if (!all_small(numbers, count)) {
        for (std::size_t index = 0; index < count; ++index) {
            bits[index] = std::bit_cast<std::uint64_t>(static_cast<double>(numbers[index]) / power);
        }
    } else if (power == 1.0) {
        for (std::size_t index = 0; index < count; ++index) {
            bits[index] = std::bit_cast<std::uint64_t>(small_to_double(numbers[index]));
        }
    } else {
        for (std::size_t index = 0; index < count; ++index) {
            bits[index] = std::bit_cast<std::uint64_t>(small_to_double(numbers[index]) / power);
        }
    }
}

LINESHAFT_VECTORS
void numbers_to_floats(const std::int64_t* numbers, std::size_t count, double power,
                       std::uint64_t* bits) {
    for (std::size_t index = 0; index < count; ++index) {
        const double value = static_cast<double>(numbers[index]) / power;
        bits[index] = std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<float>(value)));
    }
}

LINESHAFT_VECTORS
bool doubles_to_numbers(const std::uint64_t* bits, std::size_t count, double power, bool is_single,
                        std::int64_t* numbers, std::int64_t* misses) {
    std::uint64_t any = 0;
    for (std::size_t index = 0; index < count; ++index) {
        const double scaled = std::bit_cast<double>(bits[index]) * power;
        const double held = std::fabs(scaled) < near_number ? scaled : 0.0;
        const double rounded = held + magic;
        numbers[index] =
            static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(rounded) - magic_bits);
        double back = (rounded - magic) / power;
        if (is_single) back = static_cast<double>(static_cast<float>(back));
        const std::uint64_t miss = bits[index] - std::bit_cast<std::uint64_t>(back);
        misses[index] = static_cast<std::int64_t>(miss);
        any |= miss;
    }
    return any == 0;
}

LINESHAFT_VECTORS
void doubles_to_order(const std::uint64_t* bits, std::size_t count, std::int64_t* order) {
    for (std::size_t index = 0; index < count; ++index) {
        const std::uint64_t sign = bits[index] >> 63;
        const std::uint64_t magnitude = bits[index] & mask_of(63);
        // Minus nothing would be nothing again: -0 takes the one integer no magnitude has.
        const std::uint64_t minus_zero = (sign & static_cast<std::uint64_t>(magnitude == 0)) << 63;
        order[index] = static_cast<std::int64_t>(((magnitude ^ (0 - sign)) + sign) | minus_zero);
    }
}

LINESHAFT_VECTORS
void order_to_doubles(const std::int64_t* order, std::size_t count, std::uint64_t* bits) {
    for (std::size_t index = 0; index < count; ++index) {
        const auto raw = static_cast<std::uint64_t>(order[index]);
        const std::uint64_t sign = raw >> 63;
        bits[index] = (((raw ^ (0 - sign)) + sign) & mask_of(63)) | sign << 63;
    }
}

}  // namespace lineshaft::history::codec
