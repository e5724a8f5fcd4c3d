// Properties: how the network cuts the stream never changes what the connection says or keeps, as
// long as the broker only accepts (when it answers is part of the meaning: PUBREL is an error
// before PUBREC and right behind it). And with a broker that answers at once nothing breaks. Two
// bytes of the input choose the cut, the limits and the resumed session.
#include "base/check.h"
#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

// Writes down what was heard. A busy broker also answers every event and sends what was resumed.
void broker(Connection& connection, std::vector<Event> events, unsigned choice, bool busy,
            std::string& heard) {
    for (std::size_t index = 0; index < events.size(); ++index) {
        heard += describe(events[index]) + "\n";
        if (std::holds_alternative<ConnectReceived>(events[index])) {
            Accept answer;
            if ((choice & 1) != 0) {
                answer.session.inbound_qos2 = {1, 3};
                answer.session.outbound = {{2, Qos::exactly_once, Stage::sent, 7},
                                           {4, Qos::exactly_once, Stage::releasing, 8}};
            }
            for (Event& later : connection.accept(std::move(answer))) {
                events.push_back(std::move(later));
            }
            for (const OutboundFlow& flow : connection.unsent()) {
                if (!busy) break;
                (void)connection.send(flow.packet_id, {"re", "", "sent"}, {.dup = true});
            }
        } else if (!busy) {
            continue;
        } else if (auto* publish = std::get_if<PublishReceived>(&events[index])) {
            if (publish->qos == Qos::at_least_once) connection.puback(publish->packet_id);
            if (publish->qos == Qos::exactly_once) connection.pubrec(publish->packet_id);
        } else if (auto* release = std::get_if<ReleaseReceived>(&events[index])) {
            connection.pubcomp(release->packet_id);
        } else if (auto* received = std::get_if<Received>(&events[index])) {
            connection.release(received->packet_id);
        } else if (auto* subscribe = std::get_if<SubscribeReceived>(&events[index])) {
            const std::vector<Reason> reasons(subscribe->subscribe.subscriptions.size());
            connection.suback(subscribe->subscribe.packet_id, reasons);
        } else if (auto* un = std::get_if<UnsubscribeReceived>(&events[index])) {
            const std::vector<Reason> reasons(un->unsubscribe.filters.size());
            connection.unsuback(un->unsubscribe.packet_id, reasons);
        }
    }
}

}  // namespace
}  // namespace lineshaft::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    if (size < 2 || size > 64 * 1024) return 0;
    const std::size_t piece = 1 + data[0] % 64;
    const unsigned choice = data[1];
    const Bytes input(reinterpret_cast<const std::byte*>(data + 2), size - 2);
    mqtt::Limits limits;
    if ((choice & 2) != 0) limits.packet_bytes_max = 200;
    if ((choice & 4) != 0) limits.keep_alive_max = std::chrono::seconds(60);
    if ((choice & 8) != 0) limits.offers = {mqtt::Qos::at_least_once, false, false, false, false};

    mqtt::Connection whole(limits), pieces(limits), busy(limits);
    std::string expected, got, ignored;
    mqtt::broker(whole, whole.receive(input), choice, false, expected);
    for (Bytes rest = input; !rest.empty();) {
        const Bytes head = rest.first(std::min(piece, rest.size()));
        mqtt::broker(pieces, pieces.receive(head), choice, false, got);
        mqtt::broker(busy, busy.receive(head), choice, true, ignored);
        rest = rest.subspan(head.size());
    }
    CHECK(got == expected);
    CHECK(whole.take_output() == pieces.take_output());
    CHECK(whole.closed() == pieces.closed());
    CHECK(whole.session() == pieces.session());
    return 0;
}
