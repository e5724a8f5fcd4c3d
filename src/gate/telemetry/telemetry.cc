#include "gate/telemetry/telemetry.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

namespace lineshaft::telemetry {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view root = "lineshaft/v1/";
constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;

// What one entry's walk carries along.
struct Walk {
    const Limits& limits;
    Instant at;
    std::vector<history::TagSample>& out;
    std::string name;  // the dotted path so far
};

Result<void> take_value(Walk& walk, element value, std::size_t depth);

Result<void> take_member(Walk& walk, std::string_view key, element value, std::size_t depth) {
    const std::size_t before = walk.name.size();
    if (!walk.name.empty()) walk.name += '.';
    walk.name += key;
    if (walk.name.size() > walk.limits.name_bytes_max) {
        return fail(Code::invalid,
                    fmt::format("a name is over {} bytes", walk.limits.name_bytes_max));
    }
    auto done = take_value(walk, value, depth);
    walk.name.resize(before);
    return done;
}

Result<void> add(Walk& walk, history::Value value,
                 history::Quality quality = history::Quality::good) {
    if (walk.name.empty()) return fail(Code::invalid, "a name is empty");
    if (walk.out.size() >= walk.limits.samples_max) {
        return fail(Code::invalid,
                    fmt::format("more than {} values in one message", walk.limits.samples_max));
    }
    walk.out.push_back({walk.name, {walk.at, std::move(value), quality}});
    return {};
}

Result<void> take_value(Walk& walk, element value, std::size_t depth) {
    if (depth > walk.limits.depth_max) {
        return fail(Code::invalid, fmt::format("\"{}\" is nested deeper than {}", walk.name,
                                               walk.limits.depth_max));
    }
    switch (value.type()) {
        case element_type::DOUBLE: return add(walk, double(value));
        case element_type::INT64: {
            const std::int64_t whole = value;
            if (std::abs(whole) <= exact_in_double) return add(walk, static_cast<double>(whole));
            return add(walk, whole);
        }
        case element_type::UINT64: return add(walk, static_cast<double>(std::uint64_t(value)));
        case element_type::BOOL: return add(walk, bool(value));
        case element_type::STRING: return add(walk, std::string(std::string_view(value)));
        case element_type::NULL_VALUE: return add(walk, 0.0, history::Quality::missing);
        case element_type::ARRAY: return add(walk, std::string(simdjson::minify(value)));
        case element_type::OBJECT:
            for (auto [key, inner] : simdjson::dom::object(value)) {
                TRY_VOID(take_member(walk, key, inner, depth + 1));
            }
            return {};
    }
    std::unreachable();
}

// Milliseconds since 1970 or an RFC 3339 text.
Result<Instant> instant_of(element ts) {
    constexpr double millis_max = 253'402'300'800'000.0;  // the year 10000
    if (ts.is_string()) return parse_rfc3339(std::string_view(ts));
    if (ts.is_number()) {
        const double millis = ts.get_double().value();
        if (std::abs(millis) < millis_max) {
            return Instant{static_cast<std::int64_t>(std::floor(millis * 1000))};
        }
    }
    return fail(Code::invalid, "neither milliseconds since 1970 nor an RFC 3339 time");
}

Result<void> take_entry(element entry, std::size_t index, Instant received, const Limits& limits,
                        std::vector<history::TagSample>& out) {
    simdjson::dom::object members;
    if (entry.get(members) != simdjson::SUCCESS) {
        return fail(Code::invalid,
                    fmt::format("entry {} is not an object of names and values", index));
    }
    Walk walk{limits, received, out, {}};
    element found;
    const bool has_time = members.at_key("ts").get(found) == simdjson::SUCCESS;
    if (has_time) {
        auto at = instant_of(found);
        if (!at) {
            return std::unexpected(at.error().in(fmt::format("ts of entry {}", index)));
        }
        walk.at = *at;
    }
    simdjson::dom::object values;
    const bool is_wrapped = members.at_key("values").get(values) == simdjson::SUCCESS;
    for (auto [key, value] : is_wrapped ? values : members) {
        if (!is_wrapped && has_time && key == "ts") continue;
        TRY_VOID(take_member(walk, key, value, 1));
    }
    return {};
}

}  // namespace

Result<Topic> parse_topic(std::string_view topic) {
    if (topic.starts_with(root)) {
        topic.remove_prefix(root.size());
        const auto slash = topic.find('/');
        if (slash != topic.npos && slash > 0 && slash + 1 < topic.size()) {
            return Topic{topic.substr(0, slash), topic.substr(slash + 1)};
        }
    }
    return fail(Code::not_found, "not lineshaft/v1/<machine>/…");
}

std::string command_topic(std::string_view machine) {
    return fmt::format("{}{}/command", root, machine);
}

Result<std::vector<history::TagSample>> parse(Bytes payload, Instant received,
                                              const Limits& limits) {
    if (payload.size() > limits.payload_bytes_max) {
        return fail(Code::invalid, fmt::format("payload over {} bytes", limits.payload_bytes_max));
    }
    thread_local simdjson::dom::parser parser;
    element document;
    const auto problem =
        parser.parse(reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size())
            .get(document);
    if (problem != simdjson::SUCCESS) {
        return fail(Code::invalid, fmt::format("not JSON: {}", simdjson::error_message(problem)));
    }
    std::vector<history::TagSample> samples;
    simdjson::dom::array entries;
    if (document.get(entries) == simdjson::SUCCESS) {
        std::size_t index = 0;
        for (element entry : entries) {
            TRY_VOID(take_entry(entry, ++index, received, limits, samples));
        }
    } else {
        TRY_VOID(take_entry(document, 1, received, limits, samples));
    }
    return samples;
}

namespace {

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') out += '\\';
        if (static_cast<unsigned char>(letter) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
        } else {
            out += letter;
        }
    }
    return out + '"';
}

struct ValueText {
    std::string operator()(double number) const {
        return std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
    std::string operator()(std::int64_t whole) const { return std::to_string(whole); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return json_text(text); }
};

}  // namespace

std::string encode_command(std::string_view id, std::string_view tag, const history::Value& value) {
    return fmt::format(R"({{"id":{},"values":{{{}:{}}}}})", json_text(id), json_text(tag),
                       std::visit(ValueText{}, value));
}

}  // namespace lineshaft::telemetry
