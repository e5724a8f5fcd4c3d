#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace lineshaft {

/// A text in 8 bytes, for objects that there are very many of: up to seven letters stand in it, a
/// longer one in a block of its own behind its length. (A std::string takes 32 bytes, and from 16
/// letters on a block as well.) Does not grow: it is replaced whole. Any bytes, less than 4 GiB.
class CompactText {
public:
    CompactText() = default;
    explicit CompactText(std::string_view text) : bits_(made(text)) {}
    CompactText(const CompactText& other) : bits_(made(other.view())) {}
    CompactText(CompactText&& other) noexcept : bits_(std::exchange(other.bits_, nothing)) {}
    CompactText& operator=(CompactText other) noexcept {
        std::swap(bits_, other.bits_);
        return *this;
    }
    ~CompactText() {
        if (!is_inside()) delete[] block();
    }

    /// Valid until this text is moved, replaced or gone.
    std::string_view view() const noexcept {
        if (is_inside())
            return {reinterpret_cast<const char*>(&bits_) + 1, (bits_ & 0xff) >> 1};
        std::uint32_t size = 0;
        std::memcpy(&size, block(), sizeof(size));
        return {block() + sizeof(size), size};
    }
    operator std::string_view() const noexcept { return view(); }
    bool empty() const { return bits_ == nothing; }

    friend bool operator==(const CompactText& one, std::string_view other) {
        return one.view() == other;
    }
    friend bool operator==(const CompactText& one, const CompactText& other) {
        return one.view() == other.view();
    }

private:
    static_assert(std::endian::native == std::endian::little && sizeof(char*) == 8);
    static constexpr std::uint64_t nothing = 1;
    static constexpr std::size_t inside_max = 7;

    // The lowest byte holds the length, doubled, plus one; a block's address is even.
    bool is_inside() const noexcept { return (bits_ & 1) != 0; }
    char* block() const noexcept { return std::bit_cast<char*>(bits_); }
    static std::uint64_t made(std::string_view text) {
        std::uint64_t bits = 0;
        if (text.size() <= inside_max) {
            if (!text.empty()) std::memcpy(&bits, text.data(), text.size());
            return bits << 8 | text.size() << 1 | 1;
        }
        const auto size = static_cast<std::uint32_t>(text.size());
        char* const block = new char[sizeof(size) + text.size()];
        std::memcpy(block, &size, sizeof(size));
        std::memcpy(block + sizeof(size), text.data(), text.size());
        return std::bit_cast<std::uint64_t>(block);
    }

    std::uint64_t bits_ = nothing;
};

}  // namespace lineshaft
