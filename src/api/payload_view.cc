#include "api/payload_view.h"

#include <cmath>

#include "base/bytes.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t shown_bytes_max = 64 << 10;
constexpr std::size_t hex_bytes_max = 4 << 10;
constexpr std::size_t metrics_max = 1'000;
constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;

// At most `most` bytes of UTF-8 text, never half a letter.
std::string_view cut_text(std::string_view whole, std::size_t most) {
    if (whole.size() <= most) return whole;
    while (most > 0 && (static_cast<unsigned char>(whole[most]) & 0xC0) == 0x80) --most;
    return whole.substr(0, most);
}

std::string hex_of(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char each : bytes) {
        const auto byte = static_cast<unsigned char>(each);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

bool is_json(std::string_view payload) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 64;
    (void)json::parse(json::string_view(payload.data(), payload.size()), problem, {}, options);
    return !problem;
}

struct ShowWire {
    json::value operator()(std::monostate) const { return nullptr; }
    json::value operator()(bool flag) const { return flag; }
    json::value operator()(float number) const { return operator()(static_cast<double>(number)); }
    json::value operator()(double number) const {
        return std::isfinite(number) ? json::value(number) : json::value(nullptr);
    }
    json::value operator()(std::uint32_t whole) const { return whole; }
    json::value operator()(std::int64_t whole) const {
        if (whole > exact_integer_max || whole < -exact_integer_max)
            return json::value(std::to_string(whole));
        return whole;
    }
    json::value operator()(std::uint64_t whole) const {
        if (whole > static_cast<std::uint64_t>(exact_integer_max))
            return json::value(std::to_string(whole));
        return whole;
    }
    json::value operator()(std::string_view words) const { return text(cut_text(words, 1'024)); }
    json::value operator()(const std::string& words) const {
        return operator()(std::string_view(words));
    }
    json::value operator()(const sparkplug::Opaque& opaque) const {
        return text(hex_of(std::string_view(opaque.bytes).substr(0, 64)));
    }
    template <class Kind>
    json::value operator()(const sparkplug::View<Kind>& view) const {
        return text(hex_of(view.bytes.substr(0, 64)));
    }
};

json::object metric_json(const sparkplug::Metric& metric) {
    const auto type =
        static_cast<sparkplug::DataType>(metric.datatype <= 0xff ? metric.datatype : 0);
    json::value value = std::visit(ShowWire{}, metric.value);
    if (sparkplug::is_metric_type(type)) {
        if (const auto meant = sparkplug::value_of(metric.value, type))
            value = std::visit(ShowWire{}, *meant);
    }
    json::object out{{"name", nullptr}, {"alias", nullptr}, {"type", nullptr}, {"at_ms", nullptr}};
    if (!metric.name.empty()) out["name"] = text(metric.name);
    if (metric.alias) out["alias"] = ShowWire{}(*metric.alias);
    if (metric.datatype != 0) out["type"] = text(sparkplug::name_of(type));
    if (metric.timestamp) out["at_ms"] = ShowWire{}(*metric.timestamp);
    out["value"] = metric.is_null ? json::value(nullptr) : std::move(value);
    return out;
}

json::value sparkplug_view(std::string_view topic, std::string_view payload) {
    const auto root = topic.find(sparkplug::topic_namespace);
    if (root == topic.npos || (root != 0 && topic[root - 1] != '/')) return nullptr;
    const auto parsed = sparkplug::parse_topic(topic.substr(root));
    if (!parsed || !std::holds_alternative<sparkplug::MachineTopic>(*parsed)) return nullptr;
    sparkplug::Payload decoded;
    if (!sparkplug::decode(as_bytes(payload), decoded)) return nullptr;
    json::array metrics;
    for (const auto& metric : decoded.metrics) {
        if (metrics.size() == metrics_max) break;
        metrics.push_back(metric_json(metric));
    }
    json::object out{{"seq", nullptr},
                     {"at_ms", nullptr},
                     {"metrics_total", decoded.metrics.size()},
                     {"metrics", std::move(metrics)}};
    if (decoded.seq) out["seq"] = ShowWire{}(*decoded.seq);
    if (decoded.timestamp) out["at_ms"] = ShowWire{}(*decoded.timestamp);
    return out;
}

}  // namespace

json::object payload_view(std::string_view topic, std::string_view payload) {
    json::object out{{"text", nullptr}, {"json", false}, {"hex", ""}, {"cut", false}};
    const bool is_text = is_utf8(payload) && !payload.contains('\0');
    if (is_text) {
        const auto shown = cut_text(payload, shown_bytes_max);
        out["text"] = text(shown);
        out["json"] = shown.size() == payload.size() && is_json(payload);
        out["cut"] = shown.size() != payload.size();
    } else {
        out["cut"] = payload.size() > hex_bytes_max;
    }
    out["hex"] = hex_of(payload.substr(0, hex_bytes_max));
    out["sparkplug"] = sparkplug_view(topic, payload);
    return out;
}

std::string preview_of(std::string_view payload, std::size_t bytes_max) {
    const std::string_view begin = cut_text(payload, bytes_max);
    if (!is_utf8(begin)) return {};
    for (const char letter : begin) {
        if (static_cast<unsigned char>(letter) < 0x20 && letter != '\n' && letter != '\t' &&
            letter != '\r')
            return {};
    }
    return std::string(begin);
}

}  // namespace lineshaft::api
