// How much of a long sweep a test makes: all of it, and under a sanitizer, ten times slower, a part.
#pragma once

namespace lineshaft {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

/// The step of a sweep: 1, or `step` under a sanitizer. The release build's tests make every one.
constexpr int one_in(int step) {
    return is_sanitized ? step : 1;
}

}  // namespace lineshaft
