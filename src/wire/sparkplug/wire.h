// The protobuf wire format, as far as Sparkplug needs it. Internal to decode.cc and encode.cc.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "base/varint.h"

namespace lineshaft::sparkplug::wire {

enum Type : std::uint32_t { varint = 0, fixed64 = 1, length = 2, start = 3, end = 4, fixed32 = 5 };

/// A field's number and wire type in one number, as it stands on the wire.
constexpr std::uint32_t tag(std::uint32_t number, Type type) {
    return number << 3 | type;
}

/// Reads untrusted bytes from front to back. Base's Reader with its Result costs a third of the
/// time of a whole payload; here a failed step answers false and the payload is refused.
class Cursor {
public:
    explicit Cursor(std::string_view bytes)
        : at_(reinterpret_cast<const unsigned char*>(bytes.data())), end_(at_ + bytes.size()) {}

    bool at_end() const { return at_ == end_; }

    bool take_varint(std::uint64_t& value) {
        if (at_ != end_ && *at_ < 0x80) [[likely]] {
            value = *at_++;
            return true;
        }
        return take_long_varint(value);
    }
    bool take_tag(std::uint32_t& value) {
        std::uint64_t wide = 0;
        if (!take_varint(wide) || wide > 0xFFFF'FFFF || wide < 8) return false;
        value = static_cast<std::uint32_t>(wide);
        return true;
    }
    bool take_text(std::string_view& text) {
        std::uint64_t size = 0;
        if (!take_varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return false;
        text = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
        at_ += size;
        return true;
    }
    template <class T>
    bool take_fixed(T& value) {
        if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) return false;
        static_assert(std::endian::native == std::endian::little);
        std::memcpy(&value, at_, sizeof(T));
        at_ += sizeof(T);
        return true;
    }
    /// Passes over the content of a field whose tag was taken; groups may nest `depth` deep.
    bool skip(std::uint32_t field, std::size_t depth);

private:
    bool take_long_varint(std::uint64_t& value) {
        // Timestamps take six bytes: with eight in reach the groups are joined without a loop.
        if (end_ - at_ >= 8) [[likely]] {
            std::uint64_t word = 0;
            std::memcpy(&word, at_, 8);
            if (const unsigned bytes = join_varint(word, value); bytes != 0) [[likely]] {
                at_ += bytes;
                return true;
            }
        }
        return take_varint_slowly(value);
    }
    bool take_varint_slowly(std::uint64_t& value) {
        std::uint64_t sum = 0;
        for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
            const std::uint64_t group = *at_++;
            sum |= (group & 0x7F) << shift;  // As in protobuf, bits over 64 fall off.
            if (group < 0x80) {
                value = sum;
                return true;
            }
        }
        return false;
    }
    bool skip_group(std::uint32_t field, std::size_t depth);

    const unsigned char* at_;
    const unsigned char* end_;
};

}  // namespace lineshaft::sparkplug::wire
