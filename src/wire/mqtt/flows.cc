#include "wire/mqtt/flows.h"

#include <algorithm>
#include <utility>

namespace lineshaft::mqtt {
namespace {

auto lower_bound(std::vector<InboundFlows::Flow>& flows, std::uint16_t packet_id) {
    return std::ranges::lower_bound(flows, packet_id, {}, &InboundFlows::Flow::packet_id);
}

}  // namespace

InboundFlows::Flow* InboundFlows::find(std::uint16_t packet_id) {
    const auto at = lower_bound(flows_, packet_id);
    return at != flows_.end() && at->packet_id == packet_id ? &*at : nullptr;
}

InboundFlows::Flow& InboundFlows::hold(std::uint16_t packet_id) {
    const auto at = lower_bound(flows_, packet_id);
    if (at != flows_.end() && at->packet_id == packet_id) return *at;
    return *flows_.insert(at, Flow{.packet_id = packet_id});
}

void InboundFlows::forget(std::uint16_t packet_id) {
    const auto at = lower_bound(flows_, packet_id);
    if (at == flows_.end() || at->packet_id != packet_id) return;
    flows_.erase(at);
    if (flows_.empty() && flows_.capacity() > 64) flows_.shrink_to_fit();
}

const OutboundFlows::Flow* OutboundFlows::find(std::uint16_t packet_id) const {
    if (packet_id == 0 || packet_id > slots_.size()) return nullptr;
    const Flow& flow = slots_[packet_id - 1u];
    return flow.qos == Qos::at_most_once ? nullptr : &flow;
}

OutboundFlows::Flow* OutboundFlows::find(std::uint16_t packet_id) {
    return const_cast<Flow*>(std::as_const(*this).find(packet_id));
}

std::optional<std::uint16_t> OutboundFlows::assign(Qos qos, std::uint64_t token) {
    std::uint16_t id = 0;
    if (free_head_ != 0 && (free_count_ >= fresh_ids || slots_.size() == 65535)) {
        id = free_head_;
        free_head_ = slots_[id - 1u].next_free;
        if (free_head_ == 0) free_tail_ = 0;
        --free_count_;
    } else {
        if (slots_.size() == 65535) return std::nullopt;
        slots_.emplace_back();
        id = static_cast<std::uint16_t>(slots_.size());
    }
    slots_[id - 1u] = Flow{.token = token, .order = next_order_++, .qos = qos, .counted = true};
    ++size_;
    ++counted_;
    return id;
}

void OutboundFlows::restore(const std::vector<OutboundFlow>& flows) {
    *this = OutboundFlows{};
    std::uint16_t id_max = 0;
    for (const OutboundFlow& flow : flows) id_max = std::max(id_max, flow.packet_id);
    slots_.resize(id_max);
    for (const OutboundFlow& flow : flows) {
        if (flow.packet_id == 0 || flow.qos == Qos::at_most_once) continue;
        if (find(flow.packet_id) != nullptr) continue;
        const bool publish = flow.stage == Stage::assigned || flow.stage == Stage::sent;
        slots_[flow.packet_id - 1u] = Flow{.token = flow.token,
                                           .order = next_order_++,
                                           .qos = flow.qos,
                                           .stage = publish ? Stage::assigned : Stage::releasing};
        ++size_;
        if (publish) ++resumed_unsent_;
    }
    for (std::uint32_t id = 1; id <= id_max; ++id) {
        const auto packet_id = static_cast<std::uint16_t>(id);
        if (find(packet_id) == nullptr) push_free(packet_id);
    }
}

void OutboundFlows::forget(std::uint16_t packet_id) {
    Flow* flow = find(packet_id);
    if (flow == nullptr) return;
    if (flow->counted) {
        --counted_;
    } else if (flow->stage == Stage::assigned) {
        --resumed_unsent_;
    }
    --size_;
    *flow = Flow{};
    push_free(packet_id);
    if (size_ == 0 && slots_.size() > 2 * fresh_ids) *this = OutboundFlows{};
}

void OutboundFlows::count(Flow& flow) {
    if (flow.counted) return;
    flow.counted = true;
    ++counted_;
    if (flow.stage == Stage::assigned) --resumed_unsent_;
}

void OutboundFlows::push_free(std::uint16_t packet_id) {
    slots_[packet_id - 1u].next_free = 0;
    if (free_tail_ != 0) {
        slots_[free_tail_ - 1u].next_free = packet_id;
    } else {
        free_head_ = packet_id;
    }
    free_tail_ = packet_id;
    ++free_count_;
}

std::vector<OutboundFlow> OutboundFlows::in_order(bool unsent_only) const {
    struct Ordered {
        std::uint64_t order;
        OutboundFlow flow;
    };
    std::vector<Ordered> ordered;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        const Flow& flow = slots_[index];
        if (flow.qos == Qos::at_most_once) continue;
        if (unsent_only && flow.stage != Stage::assigned) continue;
        ordered.push_back(
            {flow.order,
             {static_cast<std::uint16_t>(index + 1), flow.qos, flow.stage, flow.token}});
    }
    std::ranges::sort(ordered, {}, &Ordered::order);
    std::vector<OutboundFlow> flows;
    flows.reserve(ordered.size());
    for (const Ordered& each : ordered) flows.push_back(each.flow);
    return flows;
}

}  // namespace lineshaft::mqtt
