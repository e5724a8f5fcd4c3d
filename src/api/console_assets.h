#pragma once
#include <span>
#include <string_view>

namespace lineshaft::api {

/// A file of the console, compiled in (cmake/console.cmake).
struct Asset {
    std::string_view path;  ///< "/index.html"
    std::string_view content;
};
std::span<const Asset> console_assets();

}  // namespace lineshaft::api
