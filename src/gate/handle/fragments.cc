#include "gate/handle/fragments.h"

#include <algorithm>

namespace lineshaft::handle {

std::optional<std::string> Fragments::add(std::uint64_t sender, const Envelope& envelope,
                                          Bytes payload, io::Steady now) {
    if (payload.empty() || envelope.length > limits_.fragment_message_bytes_max)
        return std::nullopt;
    const Key key{sender, envelope.request};
    auto found = waiting_.find(key);
    if (found == waiting_.end()) {
        make_room(now);
        found = waiting_.emplace(key, Waiting{}).first;
        found->second.until = now + limits_.fragment_wait_max;
    }
    Waiting& waiting = found->second;
    if (waiting.bytes + payload.size() > envelope.length) {  // not pieces of one message
        waiting_.erase(found);
        return std::nullopt;
    }
    if (waiting.pieces.emplace(envelope.sequence, as_text(payload)).second)
        waiting.bytes += payload.size();
    if (waiting.bytes < envelope.length) return std::nullopt;
    Envelope whole = envelope;
    whole.sequence = 0;
    whole.is_truncated = false;
    std::string out;
    put(out, whole);
    for (const auto& [sequence, piece] : waiting.pieces) out += piece;
    waiting_.erase(found);
    return out;
}

void Fragments::make_room(io::Steady now) {
    std::erase_if(waiting_, [now](const auto& one) { return one.second.until <= now; });
    if (waiting_.size() < limits_.fragments_max) return;
    waiting_.erase(std::ranges::min_element(
        waiting_, {}, [](const auto& one) { return one.second.until; }));
}

bool AddressPace::take(std::uint64_t address, io::Steady now) {
    if (per_second_ == 0) return true;
    Slot& slot = slots_[address % slots];
    const std::int64_t second = now.count() / 1'000;
    if (slot.second != second) slot = {second, 0};
    return ++slot.count <= per_second_;
}

}  // namespace lineshaft::handle
