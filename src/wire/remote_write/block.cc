// Snappy's block format: the length, then elements. An element is a literal, or a copy of up to 64
// bytes of what was written before. Undone here instead of by the library because its build calls
// memmove for every element, which costs more than reading the request does; labels that repeat are
// nearly all copies. While there is room, as many bytes are copied as an element can have, and what
// was too much is written over by the next one; near the ends, byte for byte.
// Source: format_description.txt of google/snappy. The library is the oracle of the tests.
#include "wire/remote_write/block.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace lineshaft::remote_write {
namespace {

constexpr std::size_t short_bytes_max = 64;     // of a copy
constexpr std::size_t literal_in_tag_max = 60;  // longer ones have their size behind the tag
constexpr std::size_t tag_bytes_max = 5;        // with what belongs to it

class Unpacker {
public:
    Unpacker(Bytes packed, std::byte* out, std::size_t size)
        : in_(packed.data()),
          in_end_(in_ + packed.size()),
          begin_(out),
          out_(out),
          out_end_(out + size) {}

    // All of it, and nothing left.
    bool run() {
        while (in_ != in_end_) {
            take_usual();
            if (in_ != in_end_ && !take()) return false;
        }
        return out_ == out_end_;
    }

private:
    static constexpr std::size_t word_bytes = 16;

    std::size_t in_left() const { return static_cast<std::size_t>(in_end_ - in_); }
    std::size_t room() const { return static_cast<std::size_t>(out_end_ - out_); }
    static void copy_word(std::byte* to, const std::byte* from) {
        std::memcpy(to, from, word_bytes);
    }
    // All are read before the first is written, so that none waits for another.
    static void copy_words(std::byte* to, const std::byte* from) {
        using Vector [[gnu::vector_size(word_bytes)]] = std::uint64_t;
        Vector words[short_bytes_max / word_bytes];
        for (std::size_t at = 0; at < std::size(words); ++at)
            std::memcpy(&words[at], from + at * word_bytes, word_bytes);
        for (std::size_t at = 0; at < std::size(words); ++at)
            std::memcpy(to + at * word_bytes, &words[at], word_bytes);
    }

    struct Copy {
        std::size_t size, offset;
    };
    // Of an element whose bytes are there; `in` goes behind it. A tag of 1 has 11 bits of offset,
    // 2 has 16, 3 has 32.
    static Copy take_copy(const std::byte*& in) {
        const auto byte = [&](std::size_t index) {
            return std::to_integer<std::uint32_t>(in[index]);
        };
        const std::uint32_t tag = byte(0), low = byte(1);
        if ((tag & 3) == 1) {
            in += 2;
            return {4 + (tag >> 2 & 7), (tag >> 5) << 8 | low};
        }
        const std::size_t size = (tag >> 2) + 1;
        const std::uint32_t two = low | byte(2) << 8;
        if ((tag & 3) == 2) {
            in += 3;
            return {size, two};
        }
        const std::uint32_t four = two | byte(3) << 16 | byte(4) << 24;
        in += 5;
        return {size, four};
    }

    // Usual elements as long as both ends are far away; stops before any other, good or bad. In
    // locals: a byte that is written might be one of ours, for all the compiler knows.
    void take_usual() {
        const std::byte* in = in_;
        std::byte* out = out_;
        while (static_cast<std::size_t>(in_end_ - in) >= tag_bytes_max + short_bytes_max &&
               static_cast<std::size_t>(out_end_ - out) >= short_bytes_max) {
            const auto tag = std::to_integer<std::uint32_t>(*in);
            if ((tag & 3) == 0) {
                const std::size_t size = (tag >> 2) + 1;
                if (size > literal_in_tag_max) break;
                copy_word(out, in + 1);
                if (size > word_bytes) copy_words(out, in + 1);
                in += 1 + size;
                out += size;
                continue;
            }
            const std::byte* behind = in;
            const auto [size, offset] = take_copy(behind);
            if (offset < word_bytes || offset > static_cast<std::size_t>(out - begin_)) break;
            if (offset >= short_bytes_max) {
                copy_words(out, out - offset);
            } else {  // a word is there before the next is read
                for (std::size_t at = 0; at < size; at += word_bytes)
                    copy_word(out + at, out + at - offset);
            }
            in = behind;
            out += size;
        }
        in_ = in;
        out_ = out;
    }

    // Any element, of any size, up to either end.
    bool take() {
        const auto tag = std::to_integer<std::uint32_t>(*in_);
        if ((tag & 3) == 0) return take_literal(tag >> 2);
        constexpr std::size_t element_bytes[] = {1, 2, 3, 5};
        if (in_left() < element_bytes[tag & 3]) return false;
        const auto [size, offset] = take_copy(in_);
        if (offset - 1 >= static_cast<std::size_t>(out_ - begin_) || size > room()) return false;
        for (const std::byte* const end = out_ + size; out_ != end; ++out_)
            *out_ = *(out_ - offset);
        return true;
    }
    // `size` is one less; from 60 on it says in how many bytes it stands.
    bool take_literal(std::size_t size) {
        const std::size_t more = size < literal_in_tag_max ? 0 : size - literal_in_tag_max + 1;
        if (in_left() < 1 + more) return false;
        if (more > 0) size = 0;
        for (std::size_t index = 0; index < more; ++index)
            size |= std::to_integer<std::size_t>(in_[1 + index]) << 8 * index;
        ++size;
        in_ += 1 + more;
        if (size > in_left() || size > room()) return false;
        std::memcpy(out_, in_, size);
        in_ += size;
        out_ += size;
        return true;
    }

    const std::byte* in_;
    const std::byte* const in_end_;
    std::byte* const begin_;
    std::byte* out_;
    std::byte* const out_end_;
};

// The size that stands first, in at most 32 bits; what is left of `packed` are the elements.
bool take_size(Bytes& packed, std::size_t& size) {
    std::uint64_t value = 0;
    constexpr std::size_t bytes_max = 5;
    for (std::size_t index = 0; index < bytes_max && index < packed.size(); ++index) {
        const auto byte = std::to_integer<std::uint64_t>(packed[index]);
        value |= (byte & 0x7f) << 7 * index;
        if (byte >= 0x80) continue;
        packed = packed.subspan(index + 1);
        size = static_cast<std::size_t>(value);
        return value <= UINT32_MAX;
    }
    return false;
}

}  // namespace

Result<std::string> unpack(Bytes packed, std::size_t bytes_max, std::string room) {
    const std::size_t packed_bytes = packed.size();
    std::size_t size = 0;
    if (!take_size(packed, size)) return fail(Code::invalid, "the body is no snappy block");
    if (size > bytes_max) {
        return fail(Code::exhausted,
                    fmt::format("the body is over {} bytes once decompressed", bytes_max));
    }
    // A length without the data for it must not make us allocate: a block's elements copy at most
    // 64 bytes for each two of theirs.
    if (size > 64 * packed_bytes) return fail(Code::invalid, "the snappy block is damaged");
    std::string out = std::move(room);
    out.clear();  // or growing would copy what was there
    bool is_good = false;
    out.resize_and_overwrite(size, [&](char* into, std::size_t) {
        is_good = Unpacker(packed, reinterpret_cast<std::byte*>(into), size).run();
        return is_good ? size : 0;
    });
    if (!is_good) return fail(Code::invalid, "the snappy block is damaged");
    return out;
}

}  // namespace lineshaft::remote_write
