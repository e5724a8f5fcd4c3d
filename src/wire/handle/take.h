// Inside wire/handle: the primitives, checked before anything is allocated.
#pragma once
#include "base/check.h"
#include "wire/handle/value.h"

namespace lineshaft::handle {

/// The number at `at`, of bytes whose size was checked before.
template <std::unsigned_integral T>
T number_at(Bytes bytes, std::size_t at) {
    T raw;
    std::memcpy(&raw, bytes.data() + at, sizeof(T));
    if constexpr (std::endian::native == std::endian::little) raw = std::byteswap(raw);
    return raw;
}

/// Writes numbers and texts one behind the other into room that was made for all of them at once.
class Filler {
public:
    explicit Filler(char* at) : at_(at) {}
    template <std::unsigned_integral T>
    void number(T value) {
        if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
        std::memcpy(at_, &value, sizeof(T));
        at_ += sizeof(T);
    }
    void text(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }
    void block(std::string_view bytes) {
        number(static_cast<std::uint32_t>(bytes.size()));
        text(bytes);
    }
    const char* at() const { return at_; }

private:
    char* at_;
};

/// Appends `size` bytes that `fill` writes, neither more nor fewer.
template <class Fill>
void append_filled(std::string& out, std::size_t size, Fill fill) {
    const std::size_t before = out.size();
    out.resize(before + size);
    Filler filler(out.data() + before);
    fill(filler);
    DCHECK(filler.at() == out.data() + out.size());
}

/// int4 length and so many bytes.
Result<Bytes> take_block(Reader& in);
/// The same, as UTF-8 text of at most `bytes_max`.
Result<std::string> take_text(Reader& in, std::size_t bytes_max);
/// An item count that the bytes left can hold at `item_bytes_min` each.
Result<std::size_t> take_count(Reader& in, std::size_t count_max, std::size_t item_bytes_min);
Result<Reference> take_reference(Reader& in, const Limits& limits);
Result<std::vector<std::uint32_t>> take_indexes(Reader& in, const Limits& limits);
Result<std::vector<Value>> take_values(Reader& in, const Limits& limits);
/// Errors: invalid when bytes are left.
Result<void> at_end(const Reader& in);

void put_u16(std::string& out, std::uint16_t number);
void put_u32(std::string& out, std::uint32_t number);
void put_block(std::string& out, std::string_view bytes);
void put_reference(std::string& out, const Reference& reference);
void put_indexes(std::string& out, const std::vector<std::uint32_t>& indexes);
void put_values(std::string& out, const std::vector<Value>& values);

}  // namespace lineshaft::handle
