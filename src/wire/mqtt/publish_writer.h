// PUBLISH without the vector of PublishView; private to this module.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "wire/mqtt/message.h"
#include "wire/mqtt/reason.h"

namespace lineshaft::mqtt {

struct PublishHeader {
    Qos qos = Qos::at_most_once;
    bool dup = false;
    bool retain = false;
    bool topic_is_known = false;  ///< the alias alone is enough: write an empty topic
    std::uint16_t packet_id = 0;
    std::optional<std::uint16_t> topic_alias = {};
    std::optional<std::uint32_t> expiry_s = {};
    std::span<const std::uint32_t> subscription_ids = {};
};

/// Sizes of the parts of one PUBLISH; `packet` is the whole.
struct PublishSize {
    std::size_t properties = 0;  ///< without their length field; 0 in 3.1.1
    std::size_t remaining = 0;
    std::size_t packet = 0;
};
PublishSize measure(const PublishHeader& header, const MessageView& message, Version version);

/// Appends the packet that was measured.
void append_publish(const PublishHeader& header, const MessageView& message, Version version,
                    const PublishSize& size, std::string& out);

}  // namespace lineshaft::mqtt
