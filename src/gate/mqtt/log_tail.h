#pragma once
#include <cstdint>

#include "gate/mqtt/ring.h"

namespace lineshaft::broker {

/// How many bytes one shard's log holds, in pieces, so that trimming knows what it gains. Owner:
/// that shard's hub. Memory: 24 bytes per MiB of log.
class LogTail {
public:
    /// A record of this run was committed.
    void wrote(std::uint64_t ticket, std::uint64_t bytes);
    /// A record of an earlier run was found; ascending.
    void found(std::uint64_t ticket, std::uint64_t bytes);
    /// Everything below `ticket` is gone.
    void trimmed(std::uint64_t ticket);
    /// Everything up to `ticket` was rewritten into `bytes`.
    void rewritten(std::uint64_t ticket, std::uint64_t bytes);

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t last_ticket() const { return last_ticket_; }
    std::uint64_t written_since_trim() const { return written_since_trim_; }
    void begin_trim() { written_since_trim_ = 0; }
    std::uint64_t bytes_after_rewrite() const { return bytes_after_rewrite_; }

private:
    struct Piece {
        std::uint64_t last_ticket = 0;
        std::uint64_t bytes = 0;
    };
    void add(Ring<Piece>& pieces, std::uint64_t ticket, std::uint64_t bytes);
    void cut(Ring<Piece>& pieces, std::uint64_t below);

    Ring<Piece> old_;  // found by load
    Ring<Piece> new_;
    std::uint64_t bytes_ = 0;
    std::uint64_t last_ticket_ = 0;
    std::uint64_t written_since_trim_ = 0;
    std::uint64_t bytes_after_rewrite_ = 0;
};

}  // namespace lineshaft::broker
