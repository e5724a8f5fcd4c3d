// Who may publish to, subscribe to and receive from which MQTT topic. docs/decisions/0006.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/hash.h"
#include "trust/principal.h"

namespace lineshaft::trust {

/// Immutable snapshot, swapped per shard when an organisation is made. Pure; deny by default.
///
/// Organisations. Topics of `default` have no prefix, those of others begin with `<name>/`. A topic
/// whose first level is the name of an existing organisation belongs to that one, to nobody else.
///
///   who        publishes                                  receives
///   viewer     nothing                                    its organisation's, without commands
///   auditor    nothing                                    the same
///   operator   commands                                   its organisation's
///   engineer   everything of its organisation             its organisation's
///   admin      the same                                   its organisation's
///   machine M  lineshaft/v1/M/# without its commands,     lineshaft/v1/M/#, spBv1.0/STATE/#,
///              its Sparkplug births, data, deaths         its Sparkplug commands
///   node       everything                                 everything
///
/// Commands: lineshaft/v1/+/command and below, spBv1.0/+/NCMD/#, spBv1.0/+/DCMD/#.
/// Nobody but the node publishes to `$...` or to spBv1.0/STATE/<this node's host id>. `$SYS/#` is
/// for roles of `default`. Sparkplug of organisation acme is acme/spBv1.0/...
class TopicRights {
public:
    /// `organisations`: the names of all there are. `host_id`: this node's Sparkplug host id.
    TopicRights(const std::vector<std::string>& organisations, std::string host_id);

    /// `topic`: a valid topic name.
    bool may_publish(const Principal& principal, std::string_view topic) const;

    /// Asked at every delivery, also of queued, resumed and retained messages, since rights and
    /// organisations change while messages wait. `topic`: a valid topic name.
    bool may_receive(const Principal& principal, std::string_view topic) const;

    /// Refused only when no topic that `filter` matches may be received; a filter that is broader
    /// than the right is accepted, and what it may not see is held back at delivery. `filter`: a
    /// valid filter, also `$share/group/filter`.
    bool may_subscribe(const Principal& principal, std::string_view filter) const;

    /// What to put before this principal's own topics: "" or "acme/".
    static std::string prefix_of(const Principal& principal);

    /// The organisation a topic belongs to, "default" when no other.
    std::string_view organisation_of(std::string_view topic) const;

private:
    bool is_other(std::string_view level) const;
    bool is_of_other(const Principal& principal) const;
    // The topic as its organisation sees it, without prefix; nothing when it is foreign.
    std::optional<std::string_view> own_part(const Principal& principal,
                                             std::string_view topic) const;
    bool machine_may_subscribe(const Principal& principal, std::string_view filter) const;

    std::unordered_set<std::string, StringHash, std::equal_to<>> others_;  ///< without `default`
    std::string state_topic_;
};

}  // namespace lineshaft::trust
