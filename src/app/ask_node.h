#pragma once
#include <boost/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/clock.h"

namespace lineshaft::app {

/// Asks the node that runs on the data directory `data` through its socket, as an admin. nullopt: no
/// node listens there. Errors: conflict (the node refused; its sentence), timeout, invalid.
Result<std::optional<boost::json::object>> ask_node(const std::string& data,
                                                    const std::string& path,
                                                    const boost::json::object& body,
                                                    io::Steady patience = io::Steady{10'000});

/// The same with GET.
Result<std::optional<boost::json::object>> get_from_node(const std::string& data,
                                                         const std::string& path,
                                                         io::Steady patience = io::Steady{10'000});

}  // namespace lineshaft::app
