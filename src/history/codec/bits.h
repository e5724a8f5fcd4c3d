#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/bytes.h"

// Words and bits, lowest first, little-endian whatever the machine is.
namespace lineshaft::history::codec {

inline std::uint64_t load_word(const std::byte* from) {
    std::uint64_t raw;
    std::memcpy(&raw, from, sizeof(raw));
    if constexpr (std::endian::native == std::endian::big) raw = std::byteswap(raw);
    return raw;
}
inline void store_word(std::byte* to, std::uint64_t word) {
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    std::memcpy(to, &word, sizeof(word));
}
inline std::uint64_t mask_of(unsigned width) {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}
inline unsigned width_of(std::uint64_t value) {
    return static_cast<unsigned>(std::bit_width(value));
}

/// Appends bits to a string. Call finish() once.
class BitSink {
public:
    explicit BitSink(std::string& out) : out_(out) {}
    /// width 0..64; bits of `value` above `width` must be zero.
    void put(std::uint64_t value, unsigned width) {
        pending_ |= value << filled_;
        if (filled_ + width < 64) {
            filled_ += width;
            return;
        }
        put_word();
        const unsigned used = 64 - filled_;
        pending_ = used < 64 ? value >> used : 0;
        filled_ += width - 64;
    }
    void finish() {  // pads the last byte with zeros
        for (unsigned done = 0; done < filled_; done += 8) {
            out_.push_back(static_cast<char>(pending_ >> done & 0xff));
        }
        pending_ = filled_ = 0;
    }

private:
    void put_word() {
        char bytes[8];
        store_word(reinterpret_cast<std::byte*>(bytes), pending_);
        out_.append(bytes, sizeof(bytes));
    }

    std::string& out_;
    std::uint64_t pending_ = 0;
    unsigned filled_ = 0;
};

/// Reads what BitSink wrote, from bytes that stay readable for nine past their end. Checks nothing:
/// the caller bounds what it takes.
class BitSource {
public:
    explicit BitSource(const std::byte* from, std::size_t bit = 0) : from_(from), bit_(bit) {}
    std::uint64_t take(unsigned width) {  // 0..64
        const std::byte* at = from_ + bit_ / 8;
        const unsigned shift = bit_ % 8;
        std::uint64_t raw = load_word(at) >> shift;
        if (shift + width > 64) raw |= std::to_integer<std::uint64_t>(at[8]) << (64 - shift);
        bit_ += width;
        return raw & mask_of(width);
    }

private:
    const std::byte* from_;
    std::size_t bit_;
};

/// Bytes that BitSink::finish leaves behind for so many bits.
inline std::size_t bytes_of(std::size_t bits) {
    return (bits + 7) / 8;
}

// Differences wrap, and so do sums: whatever the numbers, they come back.
inline std::int64_t wrapped_minus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapped_plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace lineshaft::history::codec
