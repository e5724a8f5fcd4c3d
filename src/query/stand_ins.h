#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::query {

/// A statement of ours that gives what a known client's statement asks, where that is written with
/// what this engine has not (arrays). It is known by the fingerprint of its parse tree, so spaces
/// and constants do not matter. Nothing: not known, or longer than 16 KiB. Ask when prepare() has
/// refused it. Any thread.
std::optional<std::string> stand_in(std::string_view sql);

}  // namespace lineshaft::query
