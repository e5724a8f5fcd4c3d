#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gate/mqtt/pressure.h"
#include "io/clock.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::broker {

/// Every bound of the broker. What one connection may do on the wire is in `wire`.
struct Limits {
    mqtt::Limits wire;

    // Sessions.
    std::size_t sessions_max = 200'000;          ///< connected and sleeping, all shards together
    std::size_t subscriptions_max = 1'000;       ///< per client; one more: SUBACK 0x97
    std::chrono::seconds session_expiry_max{0};  ///< clients' wishes are cut to it; 0: not cut
    std::chrono::seconds v3_session_expiry{0};   ///< of 3.1.1 durable sessions; 0: they stay
    unsigned connects_per_second_per_address = 200;  ///< loopback excepted; over it: CONNACK 0x9F
    std::size_t connect_addresses_max = 65'536;      ///< addresses counted at once, per shard
    std::size_t unaccepted_max = 4'096;  ///< sockets without an accepted CONNECT, per shard
    /// CONNECTs looked at, all shards together; more wait their turn, first come, first served, so
    /// that a storm of new machines leaves the others their share of a shard. 0: no limit.
    unsigned connects_per_second = 4'000;

    /// Reads of sockets without an accepted CONNECT, and connections that are found broken, of each
    /// shard, a hundredth of it at once: a crowd that comes, drips or leaves takes a tenth of a
    /// processor and the rest stays with the others. 0: no limit.
    unsigned newcomer_reads_per_second = 10'000;
    unsigned departures_per_second = 10'000;

    /// Filters of SUBSCRIBEs, all shards together: who is above it is not read for a moment, first
    /// come, first served, so that a storm of wildcards leaves the others theirs. 0: no limit.
    unsigned subscribes_per_second = 20'000;

    unsigned claims_waiting_max = 8;        ///< CONNECTs of one client id at a time; more: 0x89
    io::Steady restart_will_delay{30'000};  ///< after a restart wills of durable sessions wait so

    // Queues. What was acknowledged is never dropped: full means that nothing new is taken.
    std::uint64_t session_queue_bytes = 256ull << 20;  ///< on disk, per session
    std::size_t window_bytes = 256 << 10;  ///< messages of one session waiting in memory
    std::size_t refill_bytes = 256 << 10;  ///< read from the log for one session at a time
    std::size_t output_bytes_max =
        1 << 20;  ///< not taken by the socket: QoS 0 is dropped, rest waits
    /// From this output of a reader on, senders whose QoS 0 goes to it are not read, each time for
    /// at most `qos0_wait` (0: not at all); what then exceeds output_bytes_max is dropped.
    std::size_t qos0_mark_bytes = 128 << 10;
    io::Steady qos0_wait{50};
    std::size_t qos0_in_flight_max = 512 << 10;  ///< QoS 0 on its way from one shard to another
    io::Steady write_stall_max{60'000};  ///< a socket that takes nothing for so long is closed

    // Retained messages.
    std::size_t retained_count_max = 2'000'000;  ///< all shards together, never exceeded
    std::size_t retained_bytes_max = std::size_t{1} << 30;

    // The log.
    io::Steady progress_delay{1'000};    ///< QoS 1 progress is on disk at most so late
    std::uint64_t trim_bytes = 8 << 20;  ///< written since the last trim, per shard
    std::uint64_t rewrite_bytes = 64
                                  << 20;  ///< rewrite the tail when it exceeds what is owed by this
    io::Steady retry_delay{250};          ///< a paused 3.1.1 publisher tries again so often

    // What operators see.
    std::size_t departures_max = 1'000;      ///< connections that ended, remembered per shard
    std::size_t browse_levels_max = 50'000;  ///< looked at for one level of the topic tree
    std::size_t recent_topics_max = 20'000;  ///< not retained, per shard, while someone looks
    std::size_t recent_bytes_max = 8 << 20;
    std::size_t recent_payload_bytes_max = 64 << 10;  ///< of one message; more is cut
    io::Steady browse_time{60'000};  ///< topics are remembered so long after the last look

    /// Messages refused between two ticks (retry_delay) before their answers wait for the tick.
    unsigned quick_refusals_max = 2'000;

    LoadLimits load;
};

}  // namespace lineshaft::broker
