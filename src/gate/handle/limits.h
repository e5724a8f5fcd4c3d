#pragma once
#include <cstdint>
#include <span>

#include "io/per_shard.h"
#include "wire/handle/message.h"

namespace lineshaft::handle {

struct DoorLimits {
    Limits wire;
    unsigned answer_datagrams_max = 4;  ///< longer answers: the first one with TC set, the rest by TCP
    unsigned udp_per_second_per_address = 5'000;  ///< questions; more are dropped. Loopback: no limit
    std::size_t udp_waiting_max = 4'096;          ///< questions of one shard that wait for a worker
    std::size_t fragments_max = 256;              ///< questions of one shard in several datagrams
    std::size_t fragment_message_bytes_max = 64 << 10;
    io::Steady fragment_wait_max{5'000};
    std::size_t pipelined_max = 64;          ///< of one connection, being worked on
    std::size_t out_bytes_max = 1 << 20;     ///< of one connection, not taken by the peer yet
    io::Steady idle_max{600'000};            ///< of a connection
    io::Steady write_wait_max{30'000};
    std::size_t challenges_max = 16'384;     ///< of one shard; the oldest give way
    std::size_t challenges_bytes_max = 16 << 20;
    io::Steady challenge_life{60'000};
    std::chrono::seconds expiry_grace{86'400};  ///< clocks at plants are wrong
    std::size_t list_names_per_message = 50;
    std::size_t sessions_max = 4'096;        ///< of one shard; those nobody proved a key in give way
    io::Steady session_idle_max{86'400'000};  ///< and what a client gets that wishes for nothing
    bool is_mirror = false;                  ///< takes no change from clients
    std::uint32_t site_servers = 1, site_server = 0;  ///< which of how many of its site: 0..
    io::Steady push_pause{100};              ///< how late a mirror hears of a change
    io::Steady push_sign_of_life{5'000};
    std::size_t pushed_at_once = 500;        ///< changes in one message
    std::size_t pushed_bytes_max = 200'000;
    std::size_t mirrors_max = 16;            ///< followers of one shard
    bool takes_sm2 = false;                  ///< keys of GM/T 0003 with SM3
    std::uint32_t pool_requests_per_day = 0;  ///< of one key, on the pool's port; 0: no limit
    io::Steady login_life{86'400'000};       ///< on the pool's port
};

/// Of one shard; summed for the metrics page.
struct DoorStats {
    std::uint64_t udp = 0, tcp = 0, http = 0;  ///< questions
    std::uint64_t resolved = 0;
    std::uint64_t not_found = 0;        ///< handles and values
    std::uint64_t referred = 0;
    std::uint64_t not_responsible = 0;
    std::uint64_t changed = 0;          ///< on disk
    std::uint64_t refused = 0;          ///< changes and reads that the rules do not allow
    std::uint64_t challenges = 0;
    std::uint64_t challenges_lost = 0;  ///< answered too late, twice, or given way to others
    std::uint64_t proofs_failed = 0;
    std::uint64_t malformed = 0;
    std::uint64_t expired = 0;
    std::uint64_t truncated = 0;        ///< answers too long for UDP
    std::uint64_t busy = 0;
    std::uint64_t flooded = 0;          ///< dropped: too many from one address
    std::uint64_t sessions = 0;         ///< set up
    std::uint64_t session_refused = 0;  ///< messages of sessions: replayed, forged, too late
    std::uint64_t signed_answers = 0;
    std::uint64_t logins = 0;           ///< on the pool's port
    std::uint64_t pushed = 0;           ///< changes, to mirrors
    DoorStats& operator+=(const DoorStats& other);
};
std::span<const io::StatField<DoorStats>> stat_fields();

}  // namespace lineshaft::handle
