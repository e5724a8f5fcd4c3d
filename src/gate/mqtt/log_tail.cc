#include "gate/mqtt/log_tail.h"

#include <algorithm>

namespace lineshaft::broker {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;

}  // namespace

void LogTail::add(Ring<Piece>& pieces, std::uint64_t ticket, std::uint64_t bytes) {
    bytes_ += bytes;
    last_ticket_ = std::max(last_ticket_, ticket);
    if (pieces.empty() || pieces.back().bytes >= piece_bytes) pieces.push_back({});
    pieces.back().last_ticket = ticket;
    pieces.back().bytes += bytes;
}

void LogTail::wrote(std::uint64_t ticket, std::uint64_t bytes) {
    written_since_trim_ += bytes;
    add(new_, ticket, bytes);
}

void LogTail::found(std::uint64_t ticket, std::uint64_t bytes) {
    written_since_trim_ += bytes;
    add(old_, ticket, bytes);
}

void LogTail::cut(Ring<Piece>& pieces, std::uint64_t below) {
    while (!pieces.empty() && pieces.front().last_ticket < below)
        bytes_ -= pieces.pop_front().bytes;
}

void LogTail::trimmed(std::uint64_t ticket) {
    cut(old_, ticket);
    cut(new_, ticket);
    bytes_after_rewrite_ = std::min(bytes_after_rewrite_, bytes_);
}

void LogTail::rewritten(std::uint64_t ticket, std::uint64_t bytes) {
    cut(old_, ticket + 1);
    cut(new_, ticket + 1);
    bytes_ += bytes;
    bytes_after_rewrite_ = bytes_;
    if (bytes == 0) return;
    // Older than anything written since, so it stands with what load found.
    old_.push_back({ticket, bytes});
}

}  // namespace lineshaft::broker
