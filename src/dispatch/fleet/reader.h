// Inside dispatch/fleet: JSON members read strictly, and values written.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::dispatch {

namespace json = boost::json;

inline constexpr std::size_t word_bytes_max = 256, note_bytes_max = 2'000;

inline json::string words(std::string_view text) {
    return json::string(text.data(), text.size());
}
inline json::value or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(words(text));
}
inline json::value or_null(const std::optional<double>& number) {
    return number && std::isfinite(*number) ? json::value(*number) : json::value(nullptr);
}
inline json::value or_null(const std::optional<Instant>& at) {
    return at ? json::value(words(to_rfc3339(*at))) : json::value(nullptr);
}
inline const json::value* member_of(const json::object& body, std::string_view name) {
    return body.if_contains(json::string_view(name.data(), name.size()));
}

/// Members of an object, one after the other; the first that is wrong is kept.
class Reader {
public:
    explicit Reader(const json::object& body) : body_(body) {}

    Reader& text(std::string_view name, std::string& into, std::size_t bytes_max = word_bytes_max) {
        const json::value* found = take(name);
        if (found == nullptr) return *this;
        if (found->is_null()) return into.clear(), *this;
        if (!found->is_string()) return wrong(name, "must be a text or null");
        if (found->get_string().size() > bytes_max)
            return wrong(name, fmt::format("is longer than {} bytes", bytes_max));
        into = std::string(found->get_string());
        return *this;
    }
    Reader& number(std::string_view name, std::optional<double>& into, double low, double high) {
        const json::value* found = take(name);
        if (found == nullptr) return *this;
        if (found->is_null()) return into.reset(), *this;
        if (!found->is_number()) return wrong(name, "must be a number or null");
        const double value = found->to_number<double>();
        if (!(value >= low && value <= high))
            return wrong(name, fmt::format("must be {} to {}", low, high));
        into = value;
        return *this;
    }
    Reader& number(std::string_view name, double& into, double low, double high) {
        std::optional<double> value = into;
        number(name, value, low, high);
        if (value) into = *value;
        return *this;
    }
    template <std::integral Whole>
    Reader& whole(std::string_view name, Whole& into, std::int64_t low, std::int64_t high) {
        const json::value* found = take(name);
        if (found == nullptr || found->is_null()) return *this;
        std::int64_t value = 0;
        if (found->is_int64())
            value = found->get_int64();
        else if (found->is_double() && found->get_double() == std::floor(found->get_double()) &&
                 std::abs(found->get_double()) < 1e15)
            value = std::int64_t(found->get_double());
        else
            return wrong(name, "must be a whole number");
        if (value < low || value > high)
            return wrong(name, fmt::format("must be {} to {}", low, high));
        into = static_cast<Whole>(value);
        return *this;
    }
    Reader& flag(std::string_view name, std::optional<bool>& into) {
        const json::value* found = take(name);
        if (found == nullptr) return *this;
        if (found->is_null()) return into.reset(), *this;
        if (!found->is_bool()) return wrong(name, "must be true or false");
        into = found->get_bool();
        return *this;
    }
    Reader& flag(std::string_view name, bool& into) {
        std::optional<bool> value = into;
        flag(name, value);
        into = value.value_or(false);
        return *this;
    }
    Reader& time(std::string_view name, std::optional<Instant>& into) {
        std::string text;
        const bool is_there = member_of(body_, name) != nullptr;
        this->text(name, text);
        if (!is_there || problem_) return *this;
        if (text.empty()) return into.reset(), *this;
        const auto at = parse_rfc3339(text);
        if (!at) return wrong(name, "must be a time such as 2026-11-22T08:00:00Z");
        into = *at;
        return *this;
    }
    Reader& time(std::string_view name, Instant& into) {
        std::optional<Instant> value = into;
        time(name, value);
        if (value) into = *value;
        return *this;
    }
    Reader& list(std::string_view name, std::vector<std::string>& into) {
        const json::value* found = take(name);
        if (found == nullptr) return *this;
        into.clear();
        if (found->is_null()) return *this;
        if (!found->is_array() || found->get_array().size() > 32)
            return wrong(name, "must be a list of up to 32 texts");
        for (const json::value& one : found->get_array()) {
            if (!one.is_string() || one.get_string().empty() ||
                one.get_string().size() > word_bytes_max)
                return wrong(name, "must be a list of texts");
            into.emplace_back(one.get_string());
        }
        return *this;
    }
    const json::value* take(std::string_view name) {
        if (problem_) return nullptr;
        taken_.emplace_back(name);
        return member_of(body_, name);
    }
    Reader& wrong(std::string_view name, std::string_view what) {
        if (!problem_) problem_ = Error{Code::invalid, fmt::format("\"{}\" {}", name, what)};
        return *this;
    }
    /// No other members than those that were asked for.
    Result<void> done() {
        if (problem_) return std::unexpected(*problem_);
        for (const auto& one : body_) {
            const std::string_view name(one.key().data(), one.key().size());
            if (std::ranges::find(taken_, name) == taken_.end())
                return fail(Code::invalid,
                            fmt::format("the body has a member \"{}\"; allowed are: {}", name,
                                        fmt::join(taken_, ", ")));
        }
        return {};
    }

private:
    const json::object& body_;
    std::vector<std::string> taken_;
    std::optional<Error> problem_;
};

}  // namespace lineshaft::dispatch
