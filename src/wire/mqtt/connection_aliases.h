#pragma once
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::mqtt {

/// Topic aliases of one connection (3.3.2.3.4); they end with it.
struct Connection::Aliases {
    std::vector<std::string> inbound;  ///< by alias - 1; empty: not set
    std::unordered_map<std::string, std::uint16_t, StringHash, std::equal_to<>> outbound;
};

}  // namespace lineshaft::mqtt
