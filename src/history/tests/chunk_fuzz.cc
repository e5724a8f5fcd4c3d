// Properties: any bytes under a fitting checksum decode or are refused, in bounded memory; what
// decodes is ascending, and encodes and decodes again to the same samples.
#include "base/check.h"
#include "base/hash.h"
#include "history/chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::history;
    if (size > 64 * 1024) return 0;
    std::string chunk(reinterpret_cast<const char*>(data), size);
    Writer(chunk).put_le(static_cast<std::uint32_t>(hash64(chunk)));

    static ChunkCodec codec;
    Columns samples;
    const auto header = codec.decode(as_bytes(chunk), samples);
    if (!header) {
        CHECK(header.error().code == Code::corrupt || header.error().code == Code::unsupported);
        return 0;
    }
    CHECK(samples.size() == header->count);
    CHECK(samples.text.size() <= chunk_column_bytes_max + size);
    for (std::size_t index = 1; index < samples.size(); ++index) {
        CHECK(samples.at[index - 1] < samples.at[index]);
    }
    std::size_t text_bytes = 0;  // a dictionary may say much with little: too much to encode
    for (std::size_t index = 0; index < samples.size(); ++index) {
        if (header->kind == Kind::text) text_bytes += samples.text_at(index).size();
    }
    if (text_bytes > chunk_column_bytes_max / 2) return 0;
    std::string again;
    codec.encode(samples, 0, samples.size(), again);
    Columns back;
    CHECK(codec.decode(as_bytes(again), back));
    CHECK(same_samples(samples, back));
    return 0;
}
