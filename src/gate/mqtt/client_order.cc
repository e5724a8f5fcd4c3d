#include "gate/mqtt/client_order.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include "gate/mqtt/session.h"

namespace lineshaft::broker {
namespace {

std::uint64_t sum(const Losses& losses) {
    return std::accumulate(losses.begin(), losses.end(), std::uint64_t{0});
}

// Rates are at least a message in a window, so halves are enough to tell them apart.
std::uint64_t whole(double rate) {
    return static_cast<std::uint64_t>(rate * 2);
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

}  // namespace

std::string format_place(const ClientPlace& place) {
    return std::to_string(place.value) + "~" + std::string(place.client_id);
}

ClientPlace parse_place(std::string_view text) {
    ClientPlace place{std::numeric_limits<std::uint64_t>::max(), ""};
    const auto tilde = text.find('~');
    if (tilde == text.npos) return place;
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + tilde, value);
    if (problem != std::errc() || end != text.data() + tilde) return place;
    return {value, text.substr(tilde + 1)};
}

bool comes_before(const ClientPlace& one, const ClientPlace& other) {
    if (one.value != other.value) return one.value > other.value;
    return one.client_id < other.client_id;
}

std::uint64_t order_value(const Session& session, ClientOrder order, std::uint32_t window) {
    const Meter* meter = session.meter.get();
    switch (order) {
        case ClientOrder::client: return 0;
        case ClientOrder::since: return static_cast<std::uint64_t>(session.changed.micros);
        case ClientOrder::messages_in: return meter ? whole(meter->rates(window).messages_in) : 0;
        case ClientOrder::messages_out: return meter ? whole(meter->rates(window).messages_out) : 0;
        case ClientOrder::queued:
            return static_cast<std::uint64_t>(std::max<std::int64_t>(0, session.owed_bytes));
        case ClientOrder::lost: return meter ? sum(meter->losses()) : 0;
    }
    return 0;
}

std::uint64_t order_value(const ClientRow& row, ClientOrder order) {
    switch (order) {
        case ClientOrder::client: return 0;
        case ClientOrder::since: return static_cast<std::uint64_t>(row.changed.micros);
        case ClientOrder::messages_in: return whole(row.rates.messages_in);
        case ClientOrder::messages_out: return whole(row.rates.messages_out);
        case ClientOrder::queued: return row.queued_bytes;
        case ClientOrder::lost: return sum(row.losses);
    }
    return 0;
}

bool contains_text(std::string_view text, std::string_view part) {
    return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

}  // namespace lineshaft::broker
