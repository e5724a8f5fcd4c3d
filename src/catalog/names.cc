#include "catalog/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "catalog/catalog.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t organisation_name_max = 64;
constexpr std::size_t role_max = 32;
// First levels that topics of `default` use; an organisation of that name would own them.
constexpr std::string_view reserved[] = {"lineshaft", "v1"};

bool is_small(char letter) {
    return letter >= 'a' && letter <= 'z';
}
bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}
bool is_control(char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == '\x7F';
}

}  // namespace

Result<void> check_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
    if (text.empty()) return fail(Code::invalid, fmt::format("{} may not be empty", what));
    if (text.size() > bytes_max) {
        return fail(Code::invalid, fmt::format("{} has at most {} bytes", what, bytes_max));
    }
    if (!is_utf8(text) || std::ranges::any_of(text, is_control)) {
        return fail(Code::invalid, fmt::format("{} is UTF-8 without control characters", what));
    }
    if (text.front() == ' ' || text.back() == ' ') {
        return fail(Code::invalid, fmt::format("{} neither begins nor ends with a space", what));
    }
    return {};
}

Result<void> check_person_name(std::string_view name, std::size_t bytes_max) {
    TRY_VOID(check_text("a person's name", name, bytes_max));
    if (name.find_first_of("/:") != name.npos) {
        return fail(Code::invalid, "a person's name has no '/' and no ':'");
    }
    return {};
}

Result<void> check_role(std::string_view role) {
    const bool is_word =
        std::ranges::all_of(role, [](char letter) { return is_small(letter) || letter == '_'; });
    if (role.empty() || role.size() > role_max || !is_word)
        return fail(Code::invalid, "no such role");
    return {};
}

std::string name_key(std::string_view name) {
    std::string key(name);
    for (char& letter : key) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return key;
}

Result<void> check_organisation_name(std::string_view name) {
    const bool is_word = std::ranges::all_of(
        name, [](char letter) { return is_small(letter) || is_digit(letter) || letter == '-'; });
    if (name.empty() || name.size() > organisation_name_max || !is_word || name.front() == '-' ||
        name.back() == '-') {
        return fail(
            Code::invalid,
            "an organisation's name is 1 to 64 of a-z, 0-9 and '-', with no '-' at the ends");
    }
    if (std::ranges::find(reserved, name) != std::end(reserved)) {
        return fail(Code::invalid,
                    fmt::format("\"{}\" is a topic of the node itself: choose another "
                                "name for the organisation",
                                name));
    }
    return {};
}

}  // namespace lineshaft::catalog
