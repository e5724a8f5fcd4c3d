#pragma once
#include <algorithm>
#include <string>

#include "io/stream.h"

namespace lineshaft::io {

/// What a stream over a stream (TLS, WebSocket) has framed but the one below has not yet taken.
/// Inside io only.
class OutQueue {
public:
    std::string& tail() { return held_; }
    std::size_t size() const { return held_.size() - sent_; }
    bool is_empty() const { return size() == 0; }

    /// A piece that was framed but has not left is not reported as written: the caller gives it
    /// again (Stream::try_write's rule), and then it is skipped. So "written" means handed to the
    /// kernel, nothing stays behind when a caller only reads from then on, and close() loses
    /// nothing.
    void set_ahead(std::size_t count) { ahead_ = count; }
    std::size_t take_ahead(std::size_t count_max) {
        const std::size_t count = std::min(ahead_, count_max);
        ahead_ -= count;
        return count;
    }

    /// Hands on what the stream below takes now. Errors: unavailable.
    Result<void> flush(Stream& below) {
        while (!is_empty()) {
            TRY(const std::size_t count, below.try_write(as_bytes(held_).subspan(sent_)));
            if (count == 0) return {};
            sent_ += count;
        }
        held_ = {};  // gives the memory back, so that an idle connection holds none
        sent_ = 0;
        return {};
    }

    /// Waits until everything is handed on. Errors: unavailable, timeout.
    Task<Result<void>> drain(Stream& below, Steady patience) {
        for (;;) {
            CO_TRY_VOID(flush(below));
            if (is_empty()) co_return Result<void>{};
            CO_TRY_VOID(co_await below.wait_writable(patience));
        }
    }

private:
    std::string held_;
    std::size_t sent_ = 0;
    std::size_t ahead_ = 0;
};

}  // namespace lineshaft::io
