// Properties: any bytes are read to their end within the limits; what was read and written is read again
// as the same document, in both formats.
#include "base/check.h"
#include "wire/aemp/fleet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    if (size > 64 * 1024) return 0;
    const Bytes document(reinterpret_cast<const std::byte*>(data), size);
    const aemp::Limits limits{.equipment_max = 20, .readings_max = 50, .faults_max = 10, .notes_max = 10, .nodes_max = 5'000};
    if (const auto fleet = aemp::decode_fleet(document, limits)) {
        CHECK(fleet->equipment.size() <= limits.equipment_max && fleet->notes.size() <= limits.notes_max);
        for (const auto format : {aemp::Format::xml, aemp::Format::json}) {
            const std::string once = aemp::encode_fleet(*fleet, format);
            const auto again = aemp::decode_fleet(as_bytes(once));
            CHECK(again.has_value());
            CHECK(again->equipment.size() == fleet->equipment.size());
            CHECK(aemp::encode_fleet(*again, format) == once);
        }
        std::vector<std::string> notes;
        for (const auto& machine : fleet->equipment) (void)aemp::merge(fleet->equipment.front(), machine, notes);
    }
    if (const auto series = aemp::decode_series(document, limits)) {
        CHECK(series->readings.size() <= limits.readings_max);
        const std::string once = aemp::encode_series(*series, aemp::Format::xml);
        const auto again = aemp::decode_series(as_bytes(once));
        CHECK(again.has_value() && again->readings.size() == series->readings.size());
        CHECK(aemp::encode_series(*again, aemp::Format::xml) == once);
    }
    return 0;
}
