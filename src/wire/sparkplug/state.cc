#include "wire/sparkplug/state.h"

#include "base/bytes.h"
#include "base/number.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::sparkplug {
namespace {

constexpr std::size_t state_bytes_max = 1024;

// Just enough JSON for one flat object of scalars (RFC 8259).
class FlatJson {
public:
    explicit FlatJson(std::string_view text) : rest_(text) {}

    bool take(char wanted) {
        skip_space();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at_end() {
        skip_space();
        return rest_.empty();
    }
    // The text between quotes as it stands; escapes stay escaped, which no key of ours uses.
    bool take_string(std::string_view& out) {
        if (!take('"')) return false;
        for (std::size_t index = 0; index < rest_.size(); ++index) {
            if (static_cast<unsigned char>(rest_[index]) < 0x20) return false;
            if (rest_[index] == '\\')
                ++index;
            else if (rest_[index] == '"') {
                out = rest_.substr(0, index);
                rest_.remove_prefix(index + 1);
                return true;
            }
        }
        return false;
    }
    // true, false, null or a number, as it stands.
    bool take_word(std::string_view& out) {
        skip_space();
        const auto size = rest_.find_first_of(" \t\r\n,}");
        out = rest_.substr(0, size);
        rest_.remove_prefix(out.size());
        return !out.empty() && out.find_first_of("\"{[]:") == std::string_view::npos;
    }
    bool next_is_string() {
        skip_space();
        return rest_.starts_with('"');
    }

private:
    void skip_space() {
        const auto start = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(start == std::string_view::npos ? rest_.size() : start);
    }
    std::string_view rest_;
};

std::unexpected<Error> not_state(std::string_view why) {
    return fail(Code::invalid, "STATE: " + std::string(why));
}

// Digits only: 1.7e12 and 12.0 are refused, encoders write whole milliseconds.
Result<std::int64_t> timestamp_in(std::string_view word) {
    const auto value = number_from<std::int64_t>(word);
    if (!value || *value < 0) return not_state("timestamp is not a whole number of milliseconds");
    return *value;
}

}  // namespace

std::string encode_state(const State& state) {
    return std::string(R"({"online":)") + (state.online ? "true" : "false") + R"(,"timestamp":)" +
           std::to_string(state.timestamp_ms) + "}";
}

Result<State> parse_state(std::string_view json) {
    if (json.size() > state_bytes_max) return not_state("too long");
    if (!is_utf8(json)) return not_state("not UTF-8");
    FlatJson in(json);
    std::optional<bool> online;
    std::optional<std::int64_t> timestamp_ms;
    if (!in.take('{')) return not_state("not a JSON object");
    do {
        std::string_view key;
        std::string_view word;
        if (!in.take_string(key) || !in.take(':')) return not_state("not a JSON object");
        const bool is_string = in.next_is_string();
        if (!(is_string ? in.take_string(word) : in.take_word(word))) {
            return not_state("not a flat JSON object");
        }
        if (key == "online") {
            if (online || is_string || (word != "true" && word != "false")) {
                return not_state("online is not one boolean");
            }
            online = word == "true";
        } else if (key == "timestamp") {
            if (timestamp_ms || is_string) return not_state("timestamp is not one number");
            TRY(timestamp_ms, timestamp_in(word));
        }
    } while (in.take(','));
    if (!in.take('}') || !in.at_end()) return not_state("not a JSON object");
    if (!online || !timestamp_ms) return not_state("online or timestamp is missing");
    return State{*online, *timestamp_ms};
}

Publication HostPresence::connect(Instant now) {
    connected_ms_ = now.millis();
    return {format_topic(StateTopic{host_id_}), encode_state({false, connected_ms_}), 1, true};
}

std::vector<std::string> HostPresence::filters() const {
    return {format_topic(StateTopic{host_id_}), std::string(topic_filter_all)};
}

Publication HostPresence::birth() const {
    return {format_topic(StateTopic{host_id_}), encode_state({true, connected_ms_}), 1, true};
}

Publication HostPresence::death(Instant now) const {
    return {format_topic(StateTopic{host_id_}), encode_state({false, now.millis()}), 1, true};
}

std::optional<Publication> HostPresence::receive(std::string_view host_id,
                                                 std::string_view payload) const {
    if (host_id != host_id_) return std::nullopt;
    const auto state = parse_state(payload);
    if (!state || state->online) return std::nullopt;
    return birth();
}

}  // namespace lineshaft::sparkplug
