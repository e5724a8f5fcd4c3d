#include "history/pack.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "history/codec/bits.h"

namespace lineshaft::history {
namespace {

using codec::load_word;
using codec::mask_of;

constexpr std::uint8_t has_patches = 0x80;
constexpr std::size_t patches_max = 32;

unsigned bits_for(std::uint64_t value) {
    return static_cast<unsigned>(std::bit_width(value));
}

std::uint64_t distance(std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

struct Frame {
    std::int64_t base = 0;
    unsigned width = 0;
    std::size_t patches = 0;
};

// The cheapest base and width: leaves out a few of the lowest and highest values when listing them
// costs less than the bits they would take from everybody.
Frame choose_frame(std::span<const std::int64_t> values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    Frame best{*low, bits_for(distance(*low, *high)), 0};
    if (best.width <= 1 || values.size() < 8) return best;
    std::array<std::int64_t, block_values> sorted;
    std::copy(values.begin(), values.end(), sorted.begin());
    const std::size_t count = values.size();
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count));
    std::size_t best_bits = best.width * count;
    constexpr std::size_t tries[] = {0, 1, 2, 3, 5, 8, 12, 16};
    for (const std::size_t below : tries) {
        for (const std::size_t above : tries) {
            if (below + above >= count / 2 || below + above == 0) continue;
            const unsigned width = bits_for(distance(sorted[below], sorted[count - 1 - above]));
            // A patch costs its index and a varint of its high bits.
            const auto patch_bits = [&](std::int64_t extreme, std::int64_t edge) {
                const unsigned over =
                    bits_for(distance(std::min(extreme, edge), std::max(extreme, edge)));
                return 16 + (over > width ? (over - width) / 7 * 8 : 0);
            };
            const std::size_t bits =
                width * count + 8 + below * patch_bits(sorted[0], sorted[below]) +
                above * patch_bits(sorted[count - 1], sorted[count - 1 - above]);
            if (bits < best_bits) {
                best_bits = bits;
                best = {sorted[below], width, below + above};
            }
        }
    }
    return best;
}

void put_block(std::string& out, std::span<const std::int64_t> values) {
    const Frame frame = choose_frame(values);
    const std::uint64_t mask = mask_of(frame.width);
    Writer write(out);
    out.push_back(static_cast<char>(frame.width | (frame.patches > 0 ? has_patches : 0u)));
    write.put_varint(zigzag(frame.base));
    codec::BitSink bits(out);
    std::array<std::uint8_t, block_values> patched;
    std::size_t patches = 0;
    for (std::size_t index = 0; index < values.size(); ++index) {
        const std::uint64_t over = distance(frame.base, values[index]);
        bits.put(over & mask, frame.width);
        if ((over & ~mask) != 0) patched[patches++] = static_cast<std::uint8_t>(index);
    }
    bits.finish();
    if (frame.patches == 0) return;
    CHECK(patches <= patches_max && frame.width < 64);
    out.push_back(static_cast<char>(patches));
    for (std::size_t index = 0; index < patches; ++index) {
        const std::uint64_t over = distance(frame.base, values[patched[index]]);
        out.push_back(static_cast<char>(patched[index]));
        write.put_varint(zigzag(static_cast<std::int64_t>(over) >> frame.width));
    }
}

// `packed` must be readable for eight bytes past its end.
void unpack(const std::byte* packed, unsigned width, std::int64_t base,
            std::span<std::int64_t> values) {
    const std::uint64_t mask = mask_of(width);
    const auto from = static_cast<std::uint64_t>(base);
    std::size_t bit = 0;
    if (width <= 56) {
        for (std::int64_t& value : values) {
            value =
                static_cast<std::int64_t>(from + (load_word(packed + bit / 8) >> bit % 8 & mask));
            bit += width;
        }
        return;
    }
    for (std::int64_t& value : values) {
        const unsigned shift = bit % 8;
        std::uint64_t raw = load_word(packed + bit / 8) >> shift;
        if (shift != 0) raw |= std::to_integer<std::uint64_t>(packed[bit / 8 + 8]) << (64 - shift);
        value = static_cast<std::int64_t>(from + (raw & mask));
        bit += width;
    }
}

Result<void> take_patches(Reader& in, unsigned width, std::span<std::int64_t> values) {
    TRY(const auto count, in.take_le<std::uint8_t>());
    if (count > patches_max || width >= 64) return fail(Code::invalid, "block: patches");
    for (unsigned left = count; left > 0; --left) {
        TRY(const auto index, in.take_le<std::uint8_t>());
        TRY(const auto high, in.take_varint());
        if (index >= values.size()) return fail(Code::invalid, "block: patch index");
        const std::uint64_t over = static_cast<std::uint64_t>(unzigzag(high)) << width;
        values[index] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[index]) + over);
    }
    return {};
}

Result<void> take_block(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto head, in.take_le<std::uint8_t>());
    const unsigned width = head & 0x7f;
    if (width > 64) return fail(Code::invalid, "block: width over 64");
    TRY(const auto base, in.take_varint());
    const std::size_t left = in.left();
    TRY(const Bytes packed, in.take((values.size() * width + 7) / 8));
    if (left >= packed.size() + 9) {
        unpack(packed.data(), width, unzigzag(base), values);
    } else {
        std::array<std::byte, block_values * 8 + 16> padded{};
        std::copy(packed.begin(), packed.end(), padded.begin());
        unpack(padded.data(), width, unzigzag(base), values);
    }
    if ((head & has_patches) != 0) return take_patches(in, width, values);
    return {};
}

}  // namespace

void put_blocks(std::string& out, std::span<const std::int64_t> values) {
    for (std::size_t from = 0; from < values.size(); from += block_values) {
        put_block(out, values.subspan(from, std::min(block_values, values.size() - from)));
    }
}

Result<void> take_blocks(Reader& in, std::span<std::int64_t> values) {
    for (std::size_t from = 0; from < values.size(); from += block_values) {
        TRY_VOID(
            take_block(in, values.subspan(from, std::min(block_values, values.size() - from))));
    }
    return {};
}

std::uint64_t BitReader::take_few(unsigned width) {
    if (at_bit_ + width > bytes_.size() * 8) {
        short_ = true;
        return 0;
    }
    const std::size_t byte = at_bit_ / 8;
    const unsigned shift = at_bit_ % 8;
    std::uint64_t raw = 0;
    if (byte + 8 <= bytes_.size()) {
        raw = load_word(bytes_.data() + byte);
    } else {
        for (std::size_t index = byte; index < bytes_.size(); ++index) {
            raw |= std::to_integer<std::uint64_t>(bytes_[index]) << (8 * (index - byte));
        }
    }
    at_bit_ += width;
    return raw >> shift & mask_of(width);
}

std::uint64_t BitReader::take(unsigned width) {
    if (width <= 32) return take_few(width);
    const std::uint64_t low = take_few(32);
    return low | take_few(width - 32) << 32;
}

}  // namespace lineshaft::history
