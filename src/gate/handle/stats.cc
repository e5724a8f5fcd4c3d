#include "gate/handle/limits.h"

namespace lineshaft::handle {

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    io::add_stats(*this, other, stat_fields());
    return *this;
}

std::span<const io::StatField<DoorStats>> stat_fields() {
    static constexpr io::StatField<DoorStats> fields[] = {
        {"udp_questions", &DoorStats::udp},
        {"tcp_questions", &DoorStats::tcp},
        {"http_questions", &DoorStats::http},
        {"resolved", &DoorStats::resolved},
        {"not_found", &DoorStats::not_found},
        {"referred", &DoorStats::referred},
        {"not_responsible", &DoorStats::not_responsible},
        {"changed", &DoorStats::changed},
        {"refused", &DoorStats::refused},
        {"challenges", &DoorStats::challenges},
        {"challenges_lost", &DoorStats::challenges_lost},
        {"proofs_failed", &DoorStats::proofs_failed},
        {"malformed", &DoorStats::malformed},
        {"expired", &DoorStats::expired},
        {"truncated", &DoorStats::truncated},
        {"busy", &DoorStats::busy},
        {"flooded", &DoorStats::flooded},
        {"sessions", &DoorStats::sessions},
        {"session_refused", &DoorStats::session_refused},
        {"signed_answers", &DoorStats::signed_answers},
        {"logins", &DoorStats::logins},
        {"pushed", &DoorStats::pushed},
    };
    return fields;
}

}  // namespace lineshaft::handle
