// Property: whatever bytes the store gives back, a record is refused or read; what was read and is
// written again reads as the same record.
#include "base/check.h"
#include "gate/mqtt/records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft::broker;
    if (size < 1 || size > 64 * 1024) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    switch (data[0] % 4) {
        case 0:
            if (const auto record = decode_session(bytes))
                CHECK(decode_session(encode(*record)).value() == *record);
            break;
        case 1:
            if (const auto record = decode_progress(bytes))
                CHECK(decode_progress(encode(*record)).value() == *record);
            break;
        case 2:
            if (const auto record = decode_retained(bytes))
                CHECK(decode_retained(encode(*record)).value() == *record);
            break;
        default: {
            const auto view = MessageRecordView::parse(bytes);
            if (!view) break;
            MessageRecord again;
            for (const auto& entry : view->entries()) {
                again.add(entry.index, view->sets()[entry.set],
                          *MessageRecordView::publication(entry));
            }
            const std::string written = again.finish();
            const auto second = MessageRecordView::parse(written);
            CHECK(second && second->entries().size() == view->entries().size());
        }
    }
    (void)parse_message_key(bytes);
    (void)parse_session_key(bytes);
    (void)parse_retained_key(bytes);
    return 0;
}
