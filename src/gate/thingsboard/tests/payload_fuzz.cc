// Properties: any payload is read or refused; members written again are read the same.
#include "base/check.h"
#include "gate/thingsboard/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::thingsboard;
    const Bytes payload(reinterpret_cast<const std::byte*>(data), size);
    const PayloadLimits limits{.bytes_max = 64 * 1024, .members_max = 64};
    if (const auto members = parse_members(payload, limits)) {
        CHECK(members->size() <= limits.members_max);
        const std::string again = object_of(*members);
        const auto second =
            parse_members(as_bytes(again), {.bytes_max = 1 << 20, .members_max = 64});
        CHECK(second.has_value() && *second == *members);
    }
    (void)parse_attributes_request(payload, limits);
    (void)parse_method(payload, limits);
    return 0;
}
