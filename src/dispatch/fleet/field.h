// The fleet as it is: what machines say becomes where they are, what they do, and which site's
// border they crossed. Pure: values in, values out; the rules are settings and are told beside the
// answers.
//
// A fix at 0/0, off the earth, too vague, out of order or beyond any speed is not believed; a place
// that stays the same to the last digit while the machine says it drives is frozen. A clock more
// than five minutes off is told, and the time of arrival taken in its place; one that was set back
// leaves nothing to take, and is told with the silence it makes.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "dispatch/fleet/reason.h"
#include "insight/geofence.h"
#include "insight/usage.h"

namespace lineshaft::dispatch {

struct FieldRules {
    insight::UseRules use;
    insight::FenceRules fence;
    std::int64_t clock_s_max = 300;  ///< further off: its clock is wrong
    std::int64_t frozen_after_s = 1'800;
    double circle_metres = 200;         ///< of a site without a border
    std::size_t machines_max = 10'000;  ///< further ones are counted, not followed
};

/// A site as the field sees it: its border, or a circle around its position.
struct FieldSite {
    std::string id;
    std::optional<insight::GeoPoint> position;
    std::optional<insight::SitePolygon> border;
};

/// One tag's newest value.
struct FieldValue {
    std::string_view tag;
    Instant at;
    std::optional<double> number = {};  ///< true is 1
    std::string_view text = {};
};

struct FieldFault {
    std::string code;
    Instant since;
    bool operator==(const FieldFault&) const = default;
};

/// What is known of one machine now; what it never said is empty.
struct FieldMachine {
    std::string id;
    std::string kind;  ///< what it says it is
    insight::Use state = insight::Use::silent;
    Instant state_since, last_seen;
    Reason state_why;
    std::optional<insight::Fix> fix;  ///< the last that was believed
    std::string position_trouble;     ///< "zero", "nowhere", "vague", "jump", "frozen"; empty: none
    std::optional<std::int64_t> clock_trouble_s;
    std::optional<double> heading, speed_kmh, rpm, load_percent, hours, idle_hours, fuel_percent,
        fuel_used_l;
    std::optional<double> hours_per_day;  ///< of the last days, by the hour meter
    std::string word;                     ///< what it says it does
    std::optional<FieldFault> fault;
    bool fault_stops = false;
    std::vector<std::string> sites;  ///< whose borders it is inside of, ascending
};

struct Crossing {
    Instant at;
    std::string machine, site;
    bool is_entered = true;
};

/// Owner: one organisation's fleet, on one shard.
class Field {
public:
    explicit Field(FieldRules rules = {}) : rules_(rules) {}

    void set_rules(FieldRules rules);
    const FieldRules& rules() const { return rules_; }
    /// All sites. A machine inside of one that went has left nothing: it is simply gone.
    void set_sites(std::vector<FieldSite> sites);
    /// It was inside when it was last heard of: entering is not told again.
    void was_inside(const std::string& machine, const std::string& site);

    /// One machine's newest values, at `received`. False: more machines than may be followed.
    bool take(std::string_view machine, std::span<const FieldValue> values, Instant received);
    /// Who is silent by now. Call every few seconds.
    void look(Instant now);
    /// What it says is older than what is known, for its clock stands back, or (negative) stood
    /// ahead: it speaks, but nothing it says can be taken for now. Until something new comes.
    void clock_stands_back(std::string_view machine, std::int64_t seconds, Instant now);
    void forget(std::string_view machine);

    /// Null: never heard of.
    const FieldMachine* find(std::string_view machine) const;
    bool is_inside(std::string_view machine, std::string_view site) const;
    template <class Visit>
    void each(Visit visit) const {
        for (const auto& [id, tracked] : machines_) visit(tracked.now);
    }
    std::size_t size() const { return machines_.size(); }
    std::uint64_t refused() const { return refused_; }
    /// Since they were last asked for; each machine once.
    std::vector<std::string> take_changed();
    std::vector<Crossing> take_crossings();

private:
    struct Tracked {
        FieldMachine now;
        insight::Signals signals;
        std::optional<std::pair<Instant, double>> latitude, longitude;
        std::optional<double> accuracy;
        Instant fix_tried, same_since;
        double same_latitude = 0, same_longitude = 0;
        insight::FenceState filter;                           // of no site: believes, or not
        std::map<std::uint32_t, insight::FenceState> fences;  // by place in sites_
        unsigned clock_off = 0;
        bool is_changed = false;
    };
    struct Cell {
        std::int32_t x = 0, y = 0;
        auto operator<=>(const Cell&) const = default;
    };
    struct Fence {
        std::string id;
        insight::SitePolygon border;
    };
    static Cell cell_of(insight::GeoPoint where);
    void read(Tracked& machine, const FieldValue& value);
    void locate(Tracked& machine, Instant received);
    void cross(Tracked& machine, const insight::Fix& fix);
    void judge(Tracked& machine, Instant at);
    void touch(Tracked& machine);

    FieldRules rules_;
    std::vector<Fence> sites_;
    std::map<Cell, std::vector<std::uint32_t>> near_;  // sites whose surroundings touch a cell
    std::unordered_map<std::string, Tracked, StringHash, std::equal_to<>> machines_;
    std::vector<std::pair<std::string, std::string>> inside_before_;  // machine, site
    std::vector<std::string> changed_;
    std::vector<Crossing> crossings_;
    std::uint64_t refused_ = 0;
};

/// What a machine does by what it says: the rules of docs/protocols/fleet-api.md, State, but for
/// silence. The same for live values and for replays of history. `stops`: a fault keeps it from
/// work.
struct Judged {
    insight::Use use = insight::Use::off;
    bool stops = false;
};
Judged judge(insight::Signals signals, std::string_view word, bool has_fault,
             const insight::UseRules& rules);

/// "SPN 110 FMI 3" and its like: (spn, fmi). Nothing: it is some other code.
std::optional<std::pair<std::uint32_t, std::uint32_t>> j1939_of(std::string_view code);

}  // namespace lineshaft::dispatch
