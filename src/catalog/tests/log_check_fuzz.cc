// Properties: any bytes are read to their end; what is said to be flipped lies in the file, and
// flipped back it is not found again.
#include "base/check.h"
#include "catalog/log_check.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::catalog;

LogReport look_at(std::string_view file) {
    LogCheck check;
    const std::size_t frame_bytes = check.begin(as_bytes(file.substr(0, LogCheck::header_bytes)));
    file.remove_prefix(LogCheck::header_bytes);
    for (; file.size() >= frame_bytes; file.remove_prefix(frame_bytes))
        check.add(as_bytes(file.substr(0, frame_bytes)));
    return std::move(check).finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < LogCheck::header_bytes || size > 64 * 1024) return 0;
    std::string file(reinterpret_cast<const char*>(data), size);
    const LogReport report = look_at(file);
    (void)describe(report);
    for (const std::uint64_t bit : report.flipped_bits) {
        CHECK(bit / 8 < file.size());
        file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << (bit % 8)));
    }
    const LogReport again = look_at(file);
    CHECK(again.flipped_bits.empty());
    CHECK(again.broken == report.broken);
    return 0;
}
