// Settings of a connection: SET, SHOW, current_setting().
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "calendar/calendar.h"
#include "query/query.h"

namespace lineshaft::query {
namespace {

struct Known {
    std::string_view name, value;
    bool is_fixed = false;  ///< may only be set to what it is
};
constexpr auto known_settings = std::to_array<Known>({
    {"bytea_output", "hex"},
    {"client_encoding", "UTF8", true},
    {"client_min_messages", "notice"},
    {"datestyle", "ISO, MDY"},
    {"default_transaction_read_only", "on"},
    {"extra_float_digits", "1"},
    {"idle_in_transaction_session_timeout", "0"},
    {"integer_datetimes", "on", true},
    {"intervalstyle", "postgres"},
    {"is_superuser", "off", true},
    {"lock_timeout", "0"},
    {"max_identifier_length", "63", true},
    {"max_index_keys", "32", true},
    {"row_security", "off"},
    {"search_path", "public"},
    {"server_encoding", "UTF8", true},
    {"server_version", "15.0", true},
    {"server_version_num", "150000", true},
    {"session_authorization", ""},
    {"standard_conforming_strings", "on", true},
    {"statement_timeout", "0"},
    {"synchronize_seqscans", "on"},
    {"transaction_isolation", "read committed"},
    {"transaction_read_only", "on"},
    {"xmloption", "content"},
    {"geqo", "on"},
    {"jit", "off"},
    {"work_mem", "4MB"},
    {"enable_seqscan", "on"},
    {"quote_all_identifiers", "off"},
});
constexpr std::size_t settings_max = 100, value_bytes_max = 1'000;

std::string small_letters_of(std::string_view text) {
    std::string out(text);
    for (char& letter : out) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
    }
    return out;
}

const Known* known_setting(std::string_view name) {
    const auto found = std::ranges::find(known_settings, name, &Known::name);
    return found == known_settings.end() ? nullptr : &*found;
}

}  // namespace

Outcome<void> Session::set(std::string_view asked, std::string_view value) {
    const std::string name = small_letters_of(asked);
    if (value.size() > value_bytes_max) return refuse("22023", "the value is too long");
    if (name == "timezone") {
        if (!calendar::is_time_zone(value)) {
            return refuse("22023",
                          fmt::format("invalid value for parameter \"TimeZone\": \"{}\"", value), 0,
                          "Name a zone as in Asia/Shanghai or UTC.");
        }
        time_zone = value;
        return {};
    }
    if (name == "application_name") {
        application_name = value;
        return {};
    }
    const Known* known = known_setting(name);
    if (known == nullptr && name.find('.') == std::string::npos)
        return refuse("42704", fmt::format("unrecognized configuration parameter \"{}\"", asked));
    if (known != nullptr && known->is_fixed) {
        const std::string same = small_letters_of(value);
        const bool is_utf8 =
            name == "client_encoding" && (same == "utf8" || same == "utf-8" || same == "unicode");
        if (!is_utf8 && same != small_letters_of(known->value)) {
            return refuse("22023",
                          fmt::format("parameter \"{}\" can only be {}", name, known->value));
        }
        return {};
    }
    if (!others.contains(name) && others.size() >= settings_max)
        return refuse("53000", "too many settings of one connection");
    others[name] = value;
    return {};
}

Outcome<std::string> Session::show(std::string_view asked) const {
    const std::string name = small_letters_of(asked);
    if (name == "timezone") return time_zone;
    if (name == "application_name") return application_name;
    if (const auto found = others.find(name); found != others.end()) return found->second;
    if (name == "session_authorization" || name == "role") return user;
    if (const Known* known = known_setting(name)) return std::string(known->value);
    return refuse("42704", fmt::format("unrecognized configuration parameter \"{}\"", asked));
}

}  // namespace lineshaft::query
