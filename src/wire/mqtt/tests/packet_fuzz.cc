// Properties: decoding any bytes never crashes; what decodes, encodes to bytes that decode to the
// same packet again.
#include "base/check.h"
#include "wire/mqtt/tests/talk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    if (size < 1 || size > 64 * 1024) return 0;
    const auto version = (data[0] & 1) != 0 ? mqtt::Version::v5_0 : mqtt::Version::v3_1_1;
    const Bytes stream(reinterpret_cast<const std::byte*>(data + 1), size - 1);
    const auto frame = mqtt::next_frame(stream, 64 * 1024);
    if (!frame || !*frame) return 0;
    (void)mqtt::version_to_refuse_in(**frame);
    auto packet = mqtt::decode(**frame, version, {});
    if (!packet) {
        CHECK(mqtt::is_error(packet.error().reason) && !packet.error().why.empty());
        return 0;
    }
    std::string forwarded;
    auto* publish = std::get_if<mqtt::PublishView>(&*packet);
    if (publish != nullptr) {
        mqtt::append_forwarded(publish->message.properties, forwarded);
        publish->message.properties = forwarded;
    }
    const std::string once = mqtt::encoded(*packet, version);
    const auto frame_again = mqtt::next_frame(as_bytes(once), once.size());
    CHECK(frame_again && *frame_again && (*frame_again)->size_bytes == once.size());
    auto again = mqtt::decode(**frame_again, version, {});
    CHECK(again.has_value());
    if (publish == nullptr) {
        CHECK(*again == *packet);
        return 0;
    }
    CHECK(mqtt::encoded_size(*publish, version) == once.size());
    std::string forwarded_again;
    auto& publish_again = std::get<mqtt::PublishView>(*again);
    mqtt::append_forwarded(publish_again.message.properties, forwarded_again);
    publish_again.message.properties = forwarded_again;
    CHECK(publish_again == *publish);
    return 0;
}
