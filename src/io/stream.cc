#include "io/stream.h"

#include "base/check.h"

namespace lineshaft::io {

void Stream::wait_readable(Steady, ReadWaiter&) {
    CHECK(can_wait_readable());
}

Result<Bytes> Stream::read_now() {
    return fail(Code::unsupported, "this stream is read by read_some");
}

Task<Result<void>> write_all(Stream& stream, Bytes bytes, Steady patience) {
    for (;;) {
        CO_TRY(const std::size_t written, stream.try_write(bytes));
        bytes = bytes.subspan(written);
        if (bytes.empty()) co_return Result<void>{};
        auto writable = co_await stream.wait_writable(patience);
        if (!writable) co_return std::unexpected(std::move(writable).error());
    }
}

}  // namespace lineshaft::io
