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
    if (!book_ || packet_id == 0 || packet_id > book_->slots.size()) return nullptr;
    const Flow& flow = book_->slots[packet_id - 1u];
    return flow.qos == Qos::at_most_once ? nullptr : &flow;
}

OutboundFlows::Flow* OutboundFlows::find(std::uint16_t packet_id) {
    return const_cast<Flow*>(std::as_const(*this).find(packet_id));
}

std::optional<std::uint16_t> OutboundFlows::assign(Qos qos, std::uint64_t token) {
    if (!book_) book_ = std::make_unique<Book>();
    Book& book = *book_;
    std::uint16_t id = 0;
    if (book.free_head != 0 && (book.free_count >= fresh_ids || book.slots.size() == 65535)) {
        id = book.free_head;
        book.free_head = book.slots[id - 1u].next_free;
        if (book.free_head == 0) book.free_tail = 0;
        --book.free_count;
    } else {
        if (book.slots.size() == 65535) return std::nullopt;
        book.slots.emplace_back();
        id = static_cast<std::uint16_t>(book.slots.size());
    }
    book.slots[id - 1u] =
        Flow{.token = token, .order = book.next_order++, .qos = qos, .counted = true};
    ++book.size;
    ++book.counted;
    return id;
}

void OutboundFlows::restore(const std::vector<OutboundFlow>& flows) {
    book_.reset();
    if (flows.empty()) return;
    book_ = std::make_unique<Book>();
    Book& book = *book_;
    std::uint16_t id_max = 0;
    for (const OutboundFlow& flow : flows) id_max = std::max(id_max, flow.packet_id);
    book.slots.resize(id_max);
    for (const OutboundFlow& flow : flows) {
        if (flow.packet_id == 0 || flow.qos == Qos::at_most_once) continue;
        if (find(flow.packet_id) != nullptr) continue;
        const bool publish = flow.stage == Stage::assigned || flow.stage == Stage::sent;
        book.slots[flow.packet_id - 1u] =
            Flow{.token = flow.token,
                 .order = book.next_order++,
                 .qos = flow.qos,
                 .stage = publish ? Stage::assigned : Stage::releasing};
        ++book.size;
        if (publish) ++book.resumed_unsent;
    }
    for (std::uint32_t id = 1; id <= id_max; ++id) {
        const auto packet_id = static_cast<std::uint16_t>(id);
        if (find(packet_id) == nullptr) book.push_free(packet_id);
    }
}

void OutboundFlows::forget(std::uint16_t packet_id) {
    Flow* flow = find(packet_id);
    if (flow == nullptr) return;
    Book& book = *book_;
    if (flow->counted) {
        --book.counted;
    } else if (flow->stage == Stage::assigned) {
        --book.resumed_unsent;
    }
    --book.size;
    *flow = Flow{};
    book.push_free(packet_id);
    if (book.size == 0 && book.slots.size() > 2 * fresh_ids) book_.reset();
}

void OutboundFlows::count(Flow& flow) {
    if (flow.counted) return;
    flow.counted = true;
    ++book_->counted;
    if (flow.stage == Stage::assigned) --book_->resumed_unsent;
}

void OutboundFlows::Book::push_free(std::uint16_t packet_id) {
    slots[packet_id - 1u].next_free = 0;
    if (free_tail != 0) {
        slots[free_tail - 1u].next_free = packet_id;
    } else {
        free_head = packet_id;
    }
    free_tail = packet_id;
    ++free_count;
}

std::vector<OutboundFlow> OutboundFlows::in_order(bool unsent_only) const {
    struct Ordered {
        std::uint64_t order;
        OutboundFlow flow;
    };
    if (!book_) return {};
    std::vector<Ordered> ordered;
    for (std::size_t index = 0; index < book_->slots.size(); ++index) {
        const Flow& flow = book_->slots[index];
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
