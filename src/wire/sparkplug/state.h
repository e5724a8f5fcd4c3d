// A Host Application's own certificates on spBv1.0/STATE/host (Sparkplug B 3.0, 4.4 and 5.1).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sparkplug {

struct State {
    bool online = false;
    std::int64_t timestamp_ms = 0;  ///< since 1970 UTC
    bool operator==(const State&) const = default;
};

/// {"online":true,"timestamp":1700000000000}
std::string encode_state(const State& state);
/// A flat JSON object; keys other than the two are ignored. Errors: invalid (not such an object,
/// more than 1 KiB, a key missing, twice or of another type, a timestamp that is negative or not
/// whole).
Result<State> parse_state(std::string_view json);

/// The certificates of one Host Application towards one MQTT server: birth and will carry the same
/// timestamp, that of the CONNECT. Order of use: connect → the CONNECT with `will` → subscribe to
/// `filters` → publish `birth` first of all; when leaving on purpose publish `death`.
class HostPresence {
public:
    /// `host_id`: valid by check_id, else the topics are not Sparkplug topics.
    explicit HostPresence(std::string host_id) : host_id_(std::move(host_id)) {}

    /// A new MQTT session begins at `now`. Returns its will: offline, QoS 1, retained.
    Publication connect(Instant now);
    /// What to subscribe to before `birth`, at QoS 1.
    std::vector<std::string> filters() const;
    /// Online, QoS 1, retained, with the timestamp of the last `connect`.
    Publication birth() const;
    /// The certificate of an intended end, with the time at which it happens.
    Publication death(Instant now) const;
    /// Some STATE message arrived. When it says that this host is offline while it is not (a late
    /// will of the session before), the birth to publish at once; else nothing.
    std::optional<Publication> receive(std::string_view host_id, std::string_view payload) const;

private:
    std::string host_id_;
    std::int64_t connected_ms_ = 0;
};

}  // namespace lineshaft::sparkplug
