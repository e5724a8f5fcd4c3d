// The QoS 1 and 2 state of one session: what must outlive its connection.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wire/mqtt/reason.h"

namespace lineshaft::mqtt {

/// Where an outbound flow stands. `assigned`: has an id, PUBLISH not sent on this connection.
/// `received`: PUBREC has come and the broker is making that durable. `releasing`: durable, PUBREL
/// is sent. On resumption `sent` becomes `assigned` (PUBLISH is sent again) and `received` becomes
/// `releasing`: the broker waits for its commits before it gives a state to a new connection.
enum class Stage : std::uint8_t { assigned = 0, sent = 1, received = 2, releasing = 3 };

struct OutboundFlow {
    std::uint16_t packet_id = 0;
    Qos qos = Qos::at_least_once;
    Stage stage = Stage::assigned;
    std::uint64_t token = 0;  ///< the broker's name for the message
    bool operator==(const OutboundFlow&) const = default;
};

/// A value to export, store and give back. The broker may edit it between connections.
struct SessionState {
    std::vector<std::uint16_t> inbound_qos2 = {};  ///< ids held, ascending
    std::vector<OutboundFlow> outbound = {};       ///< in order of assignment
    bool empty() const { return inbound_qos2.empty() && outbound.empty(); }
    bool operator==(const SessionState&) const = default;
};

/// Inbound QoS 2 packet ids between PUBLISH and PUBCOMP. Sorted, so search is logarithmic.
class InboundFlows {
public:
    struct Flow {
        std::uint16_t packet_id = 0;
        bool recorded = false;   ///< PUBREC was sent
        bool releasing = false;  ///< PUBREL has come
        bool counted = false;    ///< takes part in this connection's receive maximum
    };
    Flow* find(std::uint16_t packet_id);
    Flow& hold(std::uint16_t packet_id);  ///< finds or makes
    void forget(std::uint16_t packet_id);
    std::size_t size() const { return flows_.size(); }
    const std::vector<Flow>& all() const { return flows_; }

private:
    std::vector<Flow> flows_;
};

/// Outbound flows by packet id. An id is its slot's index plus one, so every step is constant
/// time; freed ids are reused oldest first, after at least `fresh_ids` others. A pointer while there
/// has been none: most clients only publish, or are told at QoS 0.
class OutboundFlows {
public:
    struct Flow {
        std::uint64_t token = 0;
        std::uint64_t order = 0;  ///< of assignment
        std::uint16_t next_free = 0;
        Qos qos = Qos::at_most_once;  ///< at_most_once: a free slot
        Stage stage = Stage::assigned;
        bool counted = false;  ///< holds a unit of the client's receive maximum
    };
    Flow* find(std::uint16_t packet_id);
    const Flow* find(std::uint16_t packet_id) const;
    /// Nothing: every id up to 65535 is taken.
    std::optional<std::uint16_t> assign(Qos qos, std::uint64_t token);
    /// Replaces everything by the flows of a resumed session, in their order. `sent` becomes
    /// `assigned`, `received` becomes `releasing`. Flows with an impossible or double id are left
    /// out. Cost: linear, also in the largest id.
    void restore(const std::vector<OutboundFlow>& flows);
    void forget(std::uint16_t packet_id);
    std::size_t size() const { return book_ ? book_->size : 0; }
    /// Flows that hold a unit of the client's receive maximum.
    std::size_t counted() const { return book_ ? book_->counted : 0; }
    /// Resumed flows whose PUBLISH is still to be sent; each will need a unit.
    std::size_t resumed_unsent() const { return book_ ? book_->resumed_unsent : 0; }
    void count(Flow& flow);

    /// In order of assignment.
    std::vector<OutboundFlow> all() const { return in_order(false); }
    /// Those in stage `assigned`, in order of assignment.
    std::vector<OutboundFlow> unsent() const { return in_order(true); }

private:
    static constexpr std::size_t fresh_ids = 64;
    struct Book {
        void push_free(std::uint16_t packet_id);

        std::vector<Flow> slots;
        std::uint64_t next_order = 0;
        std::uint32_t size = 0;
        std::uint32_t counted = 0;
        std::uint32_t resumed_unsent = 0;
        std::uint16_t free_head = 0;  // 0: none
        std::uint16_t free_tail = 0;
        std::uint16_t free_count = 0;
    };
    std::vector<OutboundFlow> in_order(bool unsent_only) const;

    std::unique_ptr<Book> book_;  // null: no flow yet
};

}  // namespace lineshaft::mqtt
