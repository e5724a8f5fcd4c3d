#pragma once
#include <boost/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/clock.h"

namespace lineshaft::app {

/// Asks the node that runs on the data directory `data` through its socket, as an admin. nullopt:
/// no node listens there. Errors: conflict (the node refused; its sentence), timeout, invalid.
Result<std::optional<boost::json::object>> ask_node(const std::string& data,
                                                    const std::string& path,
                                                    const boost::json::object& body,
                                                    io::Steady patience = io::Steady{10'000});

/// The same with GET.
Result<std::optional<boost::json::object>> get_from_node(const std::string& data,
                                                         const std::string& path,
                                                         io::Steady patience = io::Steady{10'000});

/// The same with PUT.
Result<std::optional<boost::json::object>> put_to_node(const std::string& data,
                                                       const std::string& path,
                                                       const boost::json::object& body,
                                                       io::Steady patience = io::Steady{10'000});

/// A member of an answer that is text; empty where there is none.
inline std::string text_of(const boost::json::object& answer, std::string_view member) {
    const auto* found = answer.if_contains(boost::json::string_view(member.data(), member.size()));
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

}  // namespace lineshaft::app
