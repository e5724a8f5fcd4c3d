#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::orders {

/// Why an order waits, a job order ended, or what happened to it: a code with its parts, so that
/// each reader says it in their own language. docs/protocols/orders-api.md lists the codes. What
/// people wrote has the code "words" and itself as the only part.
struct Reason {
    std::string code{};  ///< empty: there is none
    std::vector<std::string> parts{};
    bool operator==(const Reason&) const = default;
};

/// As rows keep it: the code and each part behind U+001F. Limits: 1,024 bytes, cut between letters.
std::string stored_reason(std::string_view code, std::initializer_list<std::string_view> parts);
/// What people or machines wrote, for a row: never taken for a code.
std::string stored_words(std::string_view words);
/// Of a row; texts of earlier versions are words.
Reason reason_of(std::string_view stored);
/// In English; an unknown code gives its parts.
std::string sentence_of(const Reason& reason);
/// Whether it may be shown to who only knows the order's number: it names no machine and nobody.
bool is_for_customers(const Reason& reason);

}  // namespace lineshaft::orders
