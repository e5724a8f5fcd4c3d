#include "gate/telemetry/telemetry.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <utility>

#include "base/json_quoted.h"
#include "base/machine_id.h"
#include "gate/telemetry/known.h"

namespace lineshaft::telemetry {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view root = "lineshaft/v1/";
constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;

// Where values go under their names.
struct ByName {
    std::vector<history::TagSample>& out;

    std::size_t count() const { return out.size(); }
    template <class Value>
    Result<void> put(std::string_view name, Instant at, history::Quality quality, Value value) {
        history::Sample sample{at, history::Value(), quality};
        if constexpr (std::is_same_v<Value, std::string_view>)
            sample.value = std::string(value);
        else
            sample.value = value;
        out.push_back({std::string(name), std::move(sample)});
        return {};
    }
};

// Where they go when every name of the machine may be remembered: whether it is, is looked at once
// memory has been asked for all of them.
struct ByChannel {
    const twin::ChannelCache& channels;
    Hash128 machine;
    KnownPoints& out;
    std::vector<Hash128>& keys;

    std::size_t count() const { return keys.size(); }
    template <class Value>
    Result<void> put(std::string_view name, Instant at, history::Quality quality, Value value) {
        const Hash128& key = keys.emplace_back(channel_key(machine, name));
        __builtin_prefetch(channels.place_of(key));
        const auto [kind, bits] = held(value);
        out.points.all.push_back({SeriesId{}, at.micros, bits, 0, history::Mark(kind, quality)});
        return {};
    }
    // False: some name is not remembered.
    bool find_all() {
        for (std::size_t index = 0; index < keys.size(); ++index) {
            const twin::Channel* channel = channels.find(keys[index]);
            if (channel == nullptr) return false;
            out.owner = channel->owner;
            out.points.all[index].series = channel->series;
            out.points.all[index].mine = channel->slot;
        }
        return true;
    }

private:
    using Held = std::pair<history::Kind, std::uint64_t>;
    static Held held(double number) {
        return {history::Kind::real, std::bit_cast<std::uint64_t>(number)};
    }
    static Held held(std::int64_t whole) {
        return {history::Kind::integer, static_cast<std::uint64_t>(whole)};
    }
    static Held held(bool flag) { return {history::Kind::boolean, flag ? 1 : 0}; }
    Held held(std::string_view text) {
        return {history::Kind::text, out.points.add_text(text)};
    }
};

// What one entry's walk carries along.
template <class Sink>
struct Walk {
    const Limits& limits;
    Instant at;
    Sink& out;
    std::string name;  // the dotted path so far
};

template <class Sink>
Result<void> take_value(Walk<Sink>& walk, element value, std::size_t depth);

template <class Sink>
Result<void> take_member(Walk<Sink>& walk, std::string_view key, element value,
                         std::size_t depth) {
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

template <class Sink, class Value>
Result<void> add(Walk<Sink>& walk, Value value,
                 history::Quality quality = history::Quality::good) {
    if (walk.name.empty()) return fail(Code::invalid, "a name is empty");
    if (walk.out.count() >= walk.limits.samples_max) {
        return fail(Code::invalid,
                    fmt::format("more than {} values in one message", walk.limits.samples_max));
    }
    return walk.out.put(walk.name, walk.at, quality, value);
}

template <class Sink>
Result<void> take_value(Walk<Sink>& walk, element value, std::size_t depth) {
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
        case element_type::STRING: return add(walk, std::string_view(value));
        case element_type::NULL_VALUE: return add(walk, 0.0, history::Quality::missing);
        case element_type::ARRAY: {
            const std::string text = simdjson::minify(value);
            return add(walk, std::string_view(text));
        }
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

constexpr std::string_view machine_member = "machine";

// `skips_machine`: the member of that name is not a value.
template <class Sink>
Result<void> take_entry(element entry, std::size_t index, Instant received, const Limits& limits,
                        Sink out, bool skips_machine = false) {
    simdjson::dom::object members;
    if (entry.get(members) != simdjson::SUCCESS) {
        return fail(Code::invalid,
                    fmt::format("entry {} is not an object of names and values", index));
    }
    Walk<Sink> walk{limits, received, out, {}};
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
        if (!is_wrapped && skips_machine && key == machine_member) continue;
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

namespace {

Result<element> document_of(Bytes payload, const Limits& limits) {
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
    return document;
}

// One entry, or an array of them.
template <class Take>
Result<void> each_entry(element document, Take take) {
    simdjson::dom::array entries;
    if (document.get(entries) != simdjson::SUCCESS) return take(document, 1);
    std::size_t index = 0;
    for (element entry : entries) {
        TRY_VOID(take(entry, ++index));
    }
    return {};
}

Result<void> take_named(element entry, std::size_t index, Instant received, const Limits& limits,
                        std::vector<Named>& out, std::size_t& left) {
    std::string_view machine;
    if (!entry.is_object() || entry.at_key(machine_member).get(machine) != simdjson::SUCCESS) {
        return fail(Code::invalid,
                    fmt::format("entry {} is no object with a text \"machine\"", index));
    }
    const auto good = check_machine_id(machine);
    if (!good) return std::unexpected(good.error().in(fmt::format("machine of entry {}", index)));
    // Entries of one machine mostly stand together.
    if (out.empty() || out.back().machine != machine) out.push_back({std::string(machine), {}});
    auto& samples = out.back().samples;
    const std::size_t before = samples.size();
    Limits rest = limits;
    rest.samples_max = before + left;
    TRY_VOID(take_entry(entry, index, received, rest, ByName{samples}, true));
    left -= samples.size() - before;
    return {};
}

// Calls `take(line)` for every line that says something; its errors name the line.
template <class Take>
Result<void> each_line(std::string_view documents, Take take) {
    std::size_t number = 0;
    while (!documents.empty()) {
        const auto end = std::min(documents.find('\n'), documents.size());
        const std::string_view line = documents.substr(0, end);
        documents.remove_prefix(std::min(end + 1, documents.size()));
        ++number;
        if (line.find_first_not_of(" \t\r") == line.npos) continue;
        const auto taken = take(line);
        if (!taken) return std::unexpected(taken.error().in(fmt::format("line {}", number)));
    }
    return {};
}

template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Result<std::vector<history::TagSample>> parse(Bytes payload, Instant received,
                                              const Limits& limits) {
    TRY(const element document, document_of(payload, limits));
    std::vector<history::TagSample> samples;
    TRY_VOID(each_entry(document, [&](element entry, std::size_t index) {
        return take_entry(entry, index, received, limits, ByName{samples});
    }));
    return samples;
}

Hash128 machine_key(OrganisationId organisation, std::string_view machine) {
    return hash128(machine, organisation.number());
}

Hash128 channel_key(const Hash128& machine, std::string_view name) {
    const Hash128 hash = hash128(name);
    return {machine.low * 0x9e37'79b9'7f4a'7c15 + hash.low, (machine.high ^ hash.high) + hash.low};
}

std::optional<KnownPoints> parse_known(Bytes payload, Instant received, const Limits& limits,
                                       const twin::ChannelCache& channels,
                                       const Hash128& machine) {
    if (channels.size() == 0) return std::nullopt;
    const auto document = document_of(payload, limits);
    if (!document) return std::nullopt;
    thread_local std::vector<Hash128> keys;
    keys.clear();
    KnownPoints known;
    known.points.all.reserve(16);
    ByChannel sink{channels, machine, known, keys};
    const auto taken = each_entry(*document, [&](element entry, std::size_t index) {
        return take_entry(entry, index, received, limits, sink);
    });
    if (!taken || known.points.all.empty() || !sink.find_all()) return std::nullopt;
    return known;
}

Result<std::vector<Named>> parse_named(Bytes payload, Instant received, const Limits& limits) {
    TRY(const element document, document_of(payload, limits));
    std::vector<Named> all;
    std::size_t left = limits.samples_max;
    TRY_VOID(each_entry(document, [&](element entry, std::size_t index) {
        return take_named(entry, index, received, limits, all, left);
    }));
    return all;
}

Result<std::vector<Named>> parse_named_lines(std::string_view documents, Instant received,
                                             const Limits& limits) {
    std::vector<Named> all;
    TRY_VOID(each_line(documents, [&](std::string_view line) -> Result<void> {
        TRY(auto some, parse_named(as_bytes(line), received, limits));
        append(all, std::move(some));
        return {};
    }));
    return all;
}

Result<std::vector<history::TagSample>> parse_lines(std::string_view documents, Instant received,
                                                    const Limits& limits) {
    std::vector<history::TagSample> all;
    TRY_VOID(each_line(documents, [&](std::string_view line) -> Result<void> {
        TRY(auto some, parse(as_bytes(line), received, limits));
        append(all, std::move(some));
        return {};
    }));
    return all;
}

namespace {

struct ValueText {
    std::string operator()(double number) const {
        return std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
    std::string operator()(std::int64_t whole) const { return std::to_string(whole); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return json_quoted(text); }
};

}  // namespace

std::string encode_command(std::string_view id, std::string_view tag, const history::Value& value) {
    return fmt::format(R"({{"id":{},"values":{{{}:{}}}}})", json_quoted(id), json_quoted(tag),
                       std::visit(ValueText{}, value));
}

}  // namespace lineshaft::telemetry
