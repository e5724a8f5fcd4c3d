// Property: any bytes give samples or an error of ours, within the limits, and never a crash.
#include "base/check.h"
#include "gate/telemetry/telemetry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    const telemetry::Limits limits{.samples_max = 100, .depth_max = 4};
    const auto got =
        telemetry::parse({reinterpret_cast<const std::byte*>(data), size}, Instant{0}, limits);
    if (got) {
        CHECK(got->size() <= limits.samples_max);
        for (const auto& one : *got)
            CHECK(!one.tag.empty() && one.tag.size() <= limits.name_bytes_max);
    } else {
        CHECK(got.error().code == Code::invalid);
    }
    return 0;
}
