#include "history/squeeze.h"

#include <zstd.h>

#include "base/check.h"

namespace lineshaft::history {
namespace {

constexpr int level = 3;

}  // namespace

Squeezer::Squeezer() : compress_(nullptr, &ZSTD_freeCCtx), decompress_(nullptr, &ZSTD_freeDCtx) {}
Squeezer::~Squeezer() = default;

Bytes Squeezer::squeeze(Bytes raw) {
    if (!compress_) compress_.reset(ZSTD_createCCtx());
    CHECK(compress_ != nullptr);
    buffer_.resize(ZSTD_compressBound(raw.size()));
    const std::size_t bytes = ZSTD_compressCCtx(compress_.get(), buffer_.data(), buffer_.size(),
                                                raw.data(), raw.size(), level);
    if (ZSTD_isError(bytes) != 0 || bytes + raw.size() / 8 >= raw.size()) return {};
    return as_bytes(std::string_view(buffer_).substr(0, bytes));
}

Result<Bytes> Squeezer::expand(Bytes squeezed, std::size_t raw_bytes) {
    if (ZSTD_getFrameContentSize(squeezed.data(), squeezed.size()) != raw_bytes) {
        return fail(Code::invalid, "zstd: size disagrees");
    }
    if (!decompress_) decompress_.reset(ZSTD_createDCtx());
    CHECK(decompress_ != nullptr);
    buffer_.resize(raw_bytes);
    const std::size_t bytes = ZSTD_decompressDCtx(decompress_.get(), buffer_.data(), buffer_.size(),
                                                  squeezed.data(), squeezed.size());
    if (bytes != raw_bytes) return fail(Code::invalid, "zstd: damaged frame");
    return as_bytes(buffer_);
}

}  // namespace lineshaft::history
