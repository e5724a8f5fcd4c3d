#pragma once
#include <map>
#include <string>
#include <vector>

#include "twin/plant.h"

namespace lineshaft::twin {

/// One machine's twin: the newest value of every tag and what follows from them. Pure: time is a
/// parameter. Owner: a shard's part.
class Twin {
public:
    Twin(OrganisationId organisation, std::string id, Source source);

    /// What changed by folding: for events and for those who watch.
    struct Change {
        bool summary = false;             ///< anything a list shows
        std::vector<std::string> faults;  ///< "came" texts: the new fault, "" when it cleared
        bool came_online = false;
        bool is_fresh = false;    ///< some value was not older than the one known
        Instant newest_late = {};   ///< of those that were; nothing: none was
        Instant newest_known = {};  ///< of the values known instead
    };

    /// Folds samples the store has. Values older than the current one change nothing; the tags
    /// that did change are appended to `changed`, unless it is null. `heard`: when they arrived.
    Change fold(const std::vector<history::TagSample>& samples, Instant heard,
                std::vector<std::string>* changed);

    /// What a tag's name says its values mean for the machine as a whole.
    enum class Role : std::uint8_t { plain, own, state, fault, latitude, longitude };
    static Role role_of(std::string_view tag);
    /// A tag that has been folded before: where its value stands. Holds as long as the twin.
    struct Place {
        std::string_view tag;
        history::Sample* current = nullptr;
        Role role = Role::plain;
    };
    std::optional<Place> place(std::string_view tag);
    /// fold in parts: once that the machine was heard, then each sample.
    Change hear(Instant heard);
    void fold(const Place& place, history::Sample sample, Change& change,
              std::vector<std::string>* changed);
    /// The same for numbers, which most samples are.
    void fold(const Place& place, Instant at, double number, history::Quality quality,
              Change& change, std::vector<std::string>* changed);

    /// A value known from disk: as fold, but no sign of life now. What is newer by its own instant
    /// stays, also when it was folded first.
    void recall(std::string tag, history::Sample sample, Instant now);

    Change on_presence(Presence presence, Instant at);

    /// The wall clock was set by so much: when it was heard moves along.
    void clock_stepped(std::chrono::microseconds by);

    /// Re-judges silence. True when the connection changed.
    bool judge(Instant now, const Limits& limits);

    const MachineState& state() const { return state_; }
    const std::map<std::string, history::Sample, std::less<>>& values() const { return values_; }
    void set_source(Source source) { state_.source = source; }

private:
    static void late(Instant at, Instant known, Change& change);
    bool derive(Role role, const history::Sample& sample, Change& change);
    void folded(const Place& place, Change& change, std::vector<std::string>* changed);

    MachineState state_;
    std::map<std::string, history::Sample, std::less<>> values_;
    std::optional<double> latitude_, longitude_;
    bool was_heard_ = false;  // in this run: last_seen is by our own clock
    double usual_interval_s_ = 0;  // moving average of the time between reports
};

}  // namespace lineshaft::twin
