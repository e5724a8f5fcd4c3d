#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/compact_text.h"
#include "base/hash.h"
#include "base/ids.h"
#include "gate/mqtt/records.h"
#include "gate/mqtt/ring.h"

namespace lineshaft::broker {

/// "organisation/client id": what a session is known by.
std::string client_key(OrganisationId organisation, std::string_view client_id);

/// The client ids that hash to one shard: which session each has, on which shard, and who waits for
/// it. Serialises CONNECTs of one client id over all shards: a claim is granted when the one before
/// has been settled. Owner: that shard's hub.
class Directory {
public:
    struct Claim {
        std::uint32_t hub = 0;     ///< of the connection
        std::uint64_t number = 0;  ///< of the claim, on that hub
        bool clean = false;        ///< the old session is not wanted
    };
    struct Limits {
        std::size_t sessions_max = 0;
        unsigned waiting_max = 0;  ///< claims per client id
    };
    struct Steps {
        /// Nobody has the client id: the claim may make a session.
        std::function<void(const Claim&)> grant_new;
        /// Ask `home` to give up `session` for the claim.
        std::function<void(const Claim&, SessionNumber session, std::uint32_t home)> yield;
        std::function<void(const Claim&, mqtt::Reason)> refuse;
        /// A place for a session of that organisation; false: it has as many as it may.
        std::function<bool(OrganisationId)> take_place = [](OrganisationId) { return true; };
        std::function<void(OrganisationId)> give_back = [](OrganisationId) {};
    };
    Directory(Limits limits, Steps steps) : limits_(limits), steps_(std::move(steps)) {}

    void claim(const std::string& key, Claim claim);
    /// The claim under way is over; `session` 0: there is none now.
    void settled(const std::string& key, SessionNumber session, std::uint32_t home);
    /// Ignored when another session has the key by now, or a claim is under way.
    void ended(const std::string& key, SessionNumber session);
    /// For load(). False: the key is taken.
    bool load(const std::string& key, SessionNumber session, std::uint32_t home);

    struct Found {
        SessionNumber session = 0;
        std::uint32_t home = 0;
    };
    std::optional<Found> find(const std::string& key) const;
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        SessionNumber session = 0;
        std::uint32_t home = 0;
        bool busy = false;
        bool has_waiting = false;
    };
    void forget(const std::string& key);
    void proceed(Entry& entry, const Claim& claim);

    Limits limits_;
    Steps steps_;
    std::unordered_map<CompactText, Entry, StringHash, std::equal_to<>> entries_;
    /// Those that found another claim under way: seldom any.
    std::unordered_map<std::string, Ring<Claim>> waiting_;
};

}  // namespace lineshaft::broker
