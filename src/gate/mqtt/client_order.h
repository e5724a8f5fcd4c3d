// Order and paging of clients: by a value, the largest first, then by client id.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "gate/mqtt/view.h"

namespace lineshaft::broker {

class Session;

/// Where a client stands in a list.
struct ClientPlace {
    std::uint64_t value = 0;
    std::string_view client_id;
};
/// "value~client id". What makes no sense is the place before everything.
std::string format_place(const ClientPlace& place);
ClientPlace parse_place(std::string_view text);
bool comes_before(const ClientPlace& one, const ClientPlace& other);

/// What clients are ordered by: 0 for `client`. `window`: of the hub's meters.
std::uint64_t order_value(const Session& session, ClientOrder order, std::uint32_t window);
std::uint64_t order_value(const ClientRow& row, ClientOrder order);

/// Whether `text` contains `part`, ASCII letters in any case.
bool contains_text(std::string_view text, std::string_view part);

}  // namespace lineshaft::broker
