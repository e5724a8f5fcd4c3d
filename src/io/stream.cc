#include "io/stream.h"

namespace lineshaft::io {

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
