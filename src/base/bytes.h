#pragma once
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft {

/// A view of bytes somebody else owns. Never stored; never kept across a suspension.
using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads untrusted bytes from front to back; every step is checked, nothing is copied.
/// Errors: invalid ("short: ...") when fewer bytes are left than asked for.
class Reader {
public:
    explicit Reader(Bytes bytes) : rest_(bytes) {}

    std::size_t left() const { return rest_.size(); }
    bool at_end() const { return rest_.empty(); }
    Bytes rest() const { return rest_; }

    /// An unsigned integer in network byte order.
    template <std::unsigned_integral T>
    Result<T> take_be() {
        TRY(T raw, take_raw<T>());
        if constexpr (std::endian::native == std::endian::little) raw = std::byteswap(raw);
        return raw;
    }
    /// An unsigned integer in little-endian order.
    template <std::unsigned_integral T>
    Result<T> take_le() {
        TRY(T raw, take_raw<T>());
        if constexpr (std::endian::native == std::endian::big) raw = std::byteswap(raw);
        return raw;
    }
    /// The next `count` bytes, viewed in place.
    Result<Bytes> take(std::size_t count) {
        if (count > rest_.size()) return short_by(count);
        const Bytes head = rest_.first(count);
        rest_ = rest_.subspan(count);
        return head;
    }
    /// A base-128 unsigned integer, least significant group first, at most ten bytes.
    Result<std::uint64_t> take_varint();

private:
    template <class T>
    Result<T> take_raw() {
        if (sizeof(T) > rest_.size()) return short_by(sizeof(T));
        T raw;
        std::memcpy(&raw, rest_.data(), sizeof(T));
        rest_ = rest_.subspan(sizeof(T));
        return raw;
    }
    std::unexpected<Error> short_by(std::size_t wanted) const;

    Bytes rest_;
};

/// Appends to a string that is used as a byte buffer.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    template <std::unsigned_integral T>
    void put_be(T value) {
        if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
        put_raw(value);
    }
    template <std::unsigned_integral T>
    void put_le(T value) {
        if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
        put_raw(value);
    }
    void put(std::string_view bytes) { out_.append(bytes); }
    void put(Bytes bytes) { out_.append(as_text(bytes)); }
    void put_varint(std::uint64_t value);
    std::size_t size() const { return out_.size(); }

private:
    template <class T>
    void put_raw(T value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    }
    std::string& out_;
};

/// "0a1b…" for logs and tests. Spaces are ignored when parsing.
std::string to_hex(Bytes bytes);
Result<std::string> from_hex(std::string_view hex);

/// True when `text` is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlongs).
bool is_utf8(std::string_view text);

}  // namespace lineshaft
