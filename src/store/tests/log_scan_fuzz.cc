// Property: any bytes give a verdict, and what is called whole is whole when it stands alone.
#include "base/check.h"
#include "store/log_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    if (size > 256 * 1024) return 0;
    const Bytes file(reinterpret_cast<const std::byte*>(data), size);
    const store::LogScan found = store::scan_log(file);
    CHECK(found.whole_bytes <= size && found.trouble_at <= size);
    const store::LogScan again = store::scan_log(file.first(found.whole_bytes));
    CHECK(again.verdict == store::LogScan::Verdict::whole);
    CHECK(again.commits == found.commits && again.last_commit == found.last_commit);
    return 0;
}
