#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gate/mqtt/records.h"
#include "gate/mqtt/session.h"
#include "gate/mqtt/stats.h"
#include "store/store.h"

namespace lineshaft::broker {

/// Reads what the shards' logs hold for one session. Every shard writes a log of its own, so that
/// the positions of one log are committed in order; reading merges them by ticket, which is the
/// order in which the messages were accepted. Owner: one hub. Touches the disk.
class MessageLog {
public:
    struct Request {
        SessionNumber session = 0;
        bool scan_all = false;  ///< to the end of every log, not only to what was heard of
        std::size_t letter_bytes_max = 0;
        std::size_t scan_bytes_max = 0;
    };
    MessageLog(store::Store& store, Stats& stats) : store_(store), stats_(stats) {}

    /// Logs of this run's shards and those that earlier runs left.
    void set_logs(std::vector<std::uint16_t> logs) { logs_ = std::move(logs); }
    const std::vector<std::uint16_t>& logs() const { return logs_; }

    /// Appends letters behind each place's `read` and moves it. True: nothing more is there.
    bool read(const Request& request, Mail& mail, std::vector<Letter>& letters);

    /// Nothing: trimmed, damaged, or not for this session.
    std::optional<Letter> read_one(SessionNumber session, const Position& position);

private:
    struct Scan;
    bool read_record(Scan& scan, const Request& request, std::vector<Letter>& letters,
                     std::size_t& letter_bytes);

    store::Store& store_;
    Stats& stats_;
    std::vector<std::uint16_t> logs_;
    std::string cached_key_;  // of the record read last by read_one
    std::string cached_value_;
    MessageRecordView cached_view_;  // into cached_value_
};

}  // namespace lineshaft::broker
