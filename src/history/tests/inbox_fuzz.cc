// Property: any bytes under a fitting checksum parse or are refused; what parses, written again,
// parses to the same samples.
#include "base/check.h"
#include "base/hash.h"
#include "history/inbox.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::history;
    if (size > 64 * 1024) return 0;
    std::string bytes(reinterpret_cast<const char*>(data), size);
    Writer(bytes).put_le(hash64(bytes, 1));
    const auto record = parse_inbox(1, as_bytes(bytes));
    if (!record) return 0;
    InboxWriter writer;
    for (std::size_t index = 0; index < record->series.size(); ++index) {
        const Mark mark = record->samples.mark[index];
        writer.add(record->series[index], record->samples.at[index], mark,
                   record->samples.bits[index],
                   mark.kind() == Kind::text ? record->samples.text_at(index) : std::string_view());
    }
    const auto& header = record->header;
    const auto again =
        parse_inbox(2, as_bytes(writer.finish(header.shard, header.shards, 2, header.previous)));
    CHECK(again.has_value() && again->series == record->series);
    CHECK(same_samples(again->samples, record->samples));
    return 0;
}
