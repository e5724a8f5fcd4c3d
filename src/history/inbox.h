#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "history/points.h"

// One record holds what a shard took in during one round, in order of arrival. Pure: bytes in and
// out. Layout and a worked example: docs/formats/inbox.md.
namespace lineshaft::history {

struct InboxHeader {
    std::uint32_t shard = 0;
    std::uint32_t shards = 1;    ///< of the run that wrote it
    std::uint64_t previous = 0;  ///< ticket of the shard's record before; 0: the run's first
    std::uint32_t count = 0;
};

/// Builds the record of a round as its samples arrive. Keeps its buffer.
class InboxWriter {
public:
    void add(SeriesId series, std::int64_t at, Mark mark, std::uint64_t bits,
             std::string_view text);
    /// The same for several, none of which is a text.
    void add(std::span<const Point> points);
    struct Size {
        std::size_t bytes = 0, count = 0;
    };
    Size size() const { return {used_ - head_room, count_}; }
    std::uint32_t count() const { return count_; }
    std::size_t room_bytes() const { return buffer_.size(); }
    /// The finished record, valid until the next call; the writer begins anew.
    std::string_view finish(std::uint32_t shard, std::uint32_t shards, std::uint64_t ticket,
                            std::uint64_t previous);

private:
    static constexpr std::size_t head_room = 40;  // the header goes right before the first sample
    void make_room(std::size_t bytes);

    std::string buffer_;  // more than is used
    std::size_t used_ = head_room;
    std::uint64_t series_before_ = 0;
    std::int64_t at_before_ = 0;
    std::uint32_t count_ = 0;
};

struct InboxRecord {
    InboxHeader header;
    std::vector<SeriesId> series;  ///< of each sample
    Columns samples;               ///< in order of arrival
};

/// Errors: corrupt, unsupported.
Result<InboxRecord> parse_inbox(std::uint64_t ticket, Bytes record);

/// Shard and ticket, big-endian, so that a shard's records lie in their order.
std::string inbox_key(std::uint32_t shard, std::uint64_t ticket);
struct InboxKey {
    std::uint32_t shard = 0;
    std::uint64_t ticket = 0;
};
Result<InboxKey> parse_inbox_key(std::string_view key);
/// Records that could not be read are kept under this shard number, out of replay's way.
inline constexpr std::uint32_t inbox_quarantine = 0xffffffff;

}  // namespace lineshaft::history
