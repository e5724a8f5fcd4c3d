#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::log {

enum class Level { debug, info, warn, error };

/// Where and from which level on the program logs. Call once, before other threads exist.
/// `path` empty: standard error. Errors: unavailable (the file cannot be opened).
Result<void> start(Level from, const std::string& path = {});

/// One line. Never pass secrets. Thread-safe; does not block on the caller's behalf for long.
void write(Level level, std::string_view line);
bool enabled(Level level);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug))
        write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error))
        write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lineshaft::log
