#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace lineshaft {

/// What a caller can do about a failure. Each gate maps these to its own wire codes, once.
enum class Code {
    invalid,
    not_found,
    conflict,
    denied,
    corrupt,
    unavailable,
    exhausted,
    timeout,
    cancelled,
    unsupported
};

/// The code's name as it stands in logs and problem details, for example "not_found".
std::string_view name_of(Code code);

/// An expected failure: a code for the program, a sentence for the person. Bugs CHECK instead.
struct Error {
    Code code = Code::invalid;
    std::string context;  ///< outermost first: "replay wal-0007: record 12: bad crc"

    /// The same failure seen from one level further out: "where: context".
    [[nodiscard]] Error in(std::string_view where) const;
    bool operator==(const Error&) const = default;
};

/// A value or an Error. Unlike std::expected it may not be ignored silently.
template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
    using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string why) {
    return std::unexpected(Error{code, std::move(why)});
}

}  // namespace lineshaft

// Alone on a line, inside braces:  TRY(auto n, parse(in));   CO_TRY(Bytes in, co_await read());
// For Result<void>: TRY_VOID(check(in));  CO_TRY_VOID(co_await stream.close());
#define LINESHAFT_PASTE_(a, b) a##b
#define LINESHAFT_NAME(a, b) LINESHAFT_PASTE_(a, b)
#define TRY(decl, ...) LINESHAFT_TRY(return, LINESHAFT_NAME(try_, __LINE__), decl, __VA_ARGS__)
#define CO_TRY(decl, ...) \
    LINESHAFT_TRY(co_return, LINESHAFT_NAME(try_, __LINE__), decl, __VA_ARGS__)
#define LINESHAFT_TRY(leave, r, decl, ...)           \
    auto r = (__VA_ARGS__);                          \
    if (!r) {                                        \
        leave std::unexpected(std::move(r).error()); \
    }                                                \
    decl = *std::move(r)
#define TRY_VOID(...) LINESHAFT_TRY_VOID(return, LINESHAFT_NAME(try_, __LINE__), __VA_ARGS__)
#define CO_TRY_VOID(...) LINESHAFT_TRY_VOID(co_return, LINESHAFT_NAME(try_, __LINE__), __VA_ARGS__)
#define LINESHAFT_TRY_VOID(leave, r, ...)            \
    auto r = (__VA_ARGS__);                          \
    if (!r) {                                        \
        leave std::unexpected(std::move(r).error()); \
    }
