// How MQTT writes integers, text and lengths (1.5); private to this module's codec.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/mqtt/reason.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::mqtt {

/// Reads from front to back, every step checked. Like base's Reader, but faults are literals.
class Fields {
public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}

    std::size_t left() const { return rest_.size(); }
    bool at_end() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

    Decoded<std::uint8_t> byte() {
        if (rest_.empty()) return malformed("packet is cut short");
        const auto value = static_cast<std::uint8_t>(rest_[0]);
        rest_.remove_prefix(1);
        return value;
    }
    Decoded<std::uint16_t> u16() {
        if (rest_.size() < 2) return malformed("packet is cut short");
        const auto value = static_cast<std::uint16_t>(at(0) << 8 | at(1));
        rest_.remove_prefix(2);
        return value;
    }
    Decoded<std::uint32_t> u32() {
        if (rest_.size() < 4) return malformed("packet is cut short");
        const std::uint32_t value = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
        rest_.remove_prefix(4);
        return value;
    }
    /// Variable byte integer, at most four bytes, shortest form only [MQTT-1.5.5-1].
    Decoded<std::uint32_t> varint() {
        std::uint32_t value = 0;
        for (unsigned index = 0; index < 4; ++index) {
            if (index >= rest_.size()) return malformed("packet is cut short");
            const std::uint32_t group = at(index);
            value |= (group & 0x7f) << (7 * index);
            if ((group & 0x80) != 0) continue;
            if (index > 0 && group == 0) return malformed("variable integer is not shortest");
            rest_.remove_prefix(index + 1);
            return value;
        }
        return malformed("variable integer over four bytes");
    }
    Decoded<std::string_view> take(std::size_t count) {
        if (count > rest_.size()) return malformed("packet is cut short");
        const std::string_view head = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return head;
    }
    /// Two length bytes, then anything.
    Decoded<std::string_view> binary() {
        TRY(const auto size, u16());
        return take(size);
    }
    /// Two length bytes, then UTF-8 without U+0000.
    Decoded<std::string_view> text() {
        TRY(const auto value, binary());
        if (!is_mqtt_text(value)) return malformed("text is not UTF-8, or has U+0000");
        return value;
    }
    /// A packet identifier, never 0 [MQTT-2.2.1-3].
    Decoded<std::uint16_t> packet_id() {
        TRY(const auto id, u16());
        if (id == 0) return violation("packet identifier is 0");
        return id;
    }

private:
    std::uint32_t at(std::size_t index) const { return static_cast<unsigned char>(rest_[index]); }
    std::string_view rest_;
};

inline void put_u16(std::uint16_t value, std::string& out) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value));
}
inline void put_u32(std::uint32_t value, std::string& out) {
    put_u16(static_cast<std::uint16_t>(value >> 16), out);
    put_u16(static_cast<std::uint16_t>(value), out);
}
inline void put_varint(std::size_t value, std::string& out) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}
inline std::size_t varint_size(std::size_t value) {
    std::size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        ++size;
    }
    return size;
}
/// Two length bytes and the text; longer than 65535 is a bug of ours (checked in encode.cc).
void put_text(std::string_view text, std::string& out);

}  // namespace lineshaft::mqtt
