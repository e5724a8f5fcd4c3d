#pragma once

namespace lineshaft {

/// Logs the broken invariant and traps. Never returns; on in release builds too.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace lineshaft

/// An invariant of ours. Untrusted input must never be able to reach a false one.
#define CHECK(...)                                                       \
    do {                                                                 \
        if (!(__VA_ARGS__)) [[unlikely]]                                 \
            ::lineshaft::check_failed(#__VA_ARGS__, __FILE__, __LINE__); \
    } while (false)

#ifdef NDEBUG
#define DCHECK(...) static_cast<void>(0)
#else
#define DCHECK(...) CHECK(__VA_ARGS__)
#endif
