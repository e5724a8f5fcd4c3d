#pragma once
#include <memory>
#include <string>

#include "base/bytes.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace lineshaft::history {

/// zstd with its working memory kept between calls. Owner: one thread at a time.
class Squeezer {
public:
    Squeezer();
    ~Squeezer();
    Squeezer(const Squeezer&) = delete;

    /// `raw` in fewer bytes, valid until the next call; empty when it would not shrink by an
    /// eighth.
    Bytes squeeze(Bytes raw);
    /// Exactly `raw_bytes` bytes, valid until the next call. Errors: invalid.
    Result<Bytes> expand(Bytes squeezed, std::size_t raw_bytes);

private:
    std::unique_ptr<ZSTD_CCtx_s, std::size_t (*)(ZSTD_CCtx_s*)> compress_;
    std::unique_ptr<ZSTD_DCtx_s, std::size_t (*)(ZSTD_DCtx_s*)> decompress_;
    std::string buffer_;
};

}  // namespace lineshaft::history
