// One organisation's fleet: what its machines are and do, its sites, what is asked for, the plan in
// force, and what happens. Telemetry moves promised work on; whatever happens asks for a new plan.
//
// A value without I/O: what has to be stored, told and sent is collected as effects, which the
// owner takes after each call. Owner: one shard. Thinking (FleetDesk::propose) is the owner's to
// place: it copies the desk, thinks on a worker, and comes back with adopt().
#pragma once
#include <boost/json/fwd.hpp>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dispatch/fleet/desk.h"
#include "dispatch/fleet/field.h"

namespace lineshaft::dispatch {

/// What people say a machine is. Empty: nobody said.
struct MachineFacts {
    std::string type, region, maker, model, serial, pin, note;
    std::vector<std::string> attachments;
    std::optional<bool> drives_itself;
    std::optional<double> weight_kg, capacity_kg;
    std::optional<double> fixed_cost, cost_per_km, cost_per_hour, time_factor;
    std::optional<double> service_every_h, service_last_h;
    std::optional<Instant> service_at, rent_until;
    std::optional<double> rent_cost_per_day;
    bool is_out_of_service = false;
    bool operator==(const MachineFacts&) const = default;
};

/// A site of the catalog, and what the fleet adds to it.
struct FleetSite {
    std::string id, name, time_zone;
    std::optional<insight::GeoPoint> position;
    std::string region;
    std::optional<insight::SitePolygon> border;
    /// Where machines are sent: its position, else the middle of its border.
    std::optional<solve::Point> goal() const;
};

struct FleetSettings {
    FieldRules field;
    insight::IndexDefinition index;
    solve::SpeedProfile speeds;
    bool replans_itself = true;  ///< else a proposal is left for people
    std::int64_t breakdown_after_s =
        60;  ///< a fault that stops a machine for so long is a breakdown
};

struct FleetEvent {
    enum class Kind {
        breakdown,
        repaired,
        late,
        takes_longer,
        road_closed,
        road_open,
        rush_job,
        telemetry,
        by_hand
    };
    Kind kind = Kind::breakdown;
    std::string machine, from, to, text;
    PlaceOf place;
    double minutes = 0;
    Reason why = {};  ///< what the node saw; people write `text`
};
std::string_view name_of(FleetEvent::Kind kind);
std::optional<FleetEvent::Kind> event_named(std::string_view name);

/// Why the plan was made again, and what came of it.
struct Decision {
    std::uint64_t id = 0;
    Instant at;
    std::string by;  ///< who caused it; "node": telemetry
    FleetEvent cause;
    std::uint64_t version = 0;
    std::int64_t took_ms = 0;
    double cost_before = 0, cost_after = 0;
    std::size_t kept = 0, left_out = 0;
    std::vector<Change> changes;
    bool was_adopted = false;
    Reason why;            ///< it was not
    std::string proposal;  ///< left for people to adopt
    FleetPlan::Took took;
};

struct Proposal {
    std::string id;
    FleetPlan plan;
    bool is_what_if = false;
};

/// What the owner must do for the fleet; taken by Fleet::take_effects.
struct FleetEffects {
    struct Record {
        std::string kind, id;
        std::optional<std::string> body;  ///< JSON; nothing: remove it
    };
    struct Command {
        std::string machine, order;  ///< JSON text (docs/protocols/fleet-api.md, Cab)
    };
    struct Note {
        std::string action, target, detail;  ///< for the audit log: what the node decided by itself
    };
    std::vector<Record> records;
    std::vector<Command> commands;
    std::vector<Note> notes;
    std::vector<Crossing> crossings;
    std::vector<std::string> requests;  ///< whose places changed, for those who watch
    bool is_empty() const {
        return records.empty() && commands.empty() && notes.empty() && crossings.empty() &&
               requests.empty();
    }
};

struct FleetRoomLimits {
    FleetLimits desk;
    std::size_t sites_max = 1'000;
    std::size_t requests_kept = 5'000;  ///< then finished ones are forgotten, the oldest first
    std::size_t decisions_kept = 1'000, proposals_kept = 20;
    std::size_t legs_max = 100'000;
    std::size_t customers_max = 50;  ///< of one machine
};

struct NewRequest {
    FleetRequest request;  ///< without id, by and instant
    bool is_rush = false;
};

class Fleet {
public:
    explicit Fleet(FleetRoomLimits limits = {}) : limits_(limits), desk_({}, limits.desk) {}

    // What is stored. In any order but requests before places. Errors: corrupt (names the record).
    Result<void> load(std::string_view kind, const std::string& id, std::string_view body);

    // What the catalog knows; again whenever it changed.
    struct Known {
        std::string id, name, kind, site;
        bool operator==(const Known&) const = default;
    };
    void set_known(std::vector<FleetSite> sites, std::vector<Known> machines);

    // Telemetry.
    void take(std::string_view machine, std::span<const FieldValue> values, Instant received);
    /// Once a second: silence, faults that last, machines into the desk.
    void tick(Instant now);
    void forget_machine(const std::string& machine);
    Field& field() { return field_; }
    const Field& field() const { return field_; }

    // Sites and machines. Errors: not_found; invalid, in words for who drew or wrote it; exhausted.
    Result<void> set_border(const std::string& site,
                            std::optional<std::vector<insight::GeoPoint>> ring);
    Result<void> set_region(const std::string& site, std::string region);
    std::vector<std::string> overlaps(const std::string& site) const;
    Result<void> set_facts(const std::string& machine, MachineFacts facts);
    const MachineFacts& facts(const std::string& machine) const;
    const Known* known(const std::string& machine) const;
    const std::map<std::string, FleetSite>& sites() const { return sites_; }

    // Machines shared with customers: other organisations of the node, by their numbers.
    /// Errors: not_found (the machine), conflict (it is a guest itself), exhausted.
    Result<void> share(const std::string& machine, std::set<std::uint32_t> customers);
    /// Null: with nobody.
    const std::set<std::uint32_t>* customers_of(std::string_view machine) const;
    const std::map<std::string, std::set<std::uint32_t>, std::less<>>& shares() const {
        return shares_;
    }
    /// Grows whenever what customers are told of us may have changed.
    std::uint64_t told_version() const { return told_version_; }
    /// A machine of somebody else that we may see; its id here is `guest_id_of`, which no machine
    /// of our own can have. It is looked at and not planned.
    struct Guest {
        std::uint32_t owner = 0;
        std::string machine;  ///< its id there
        Known known;          ///< here
        MachineFacts facts;   ///< while we say nothing else
        bool operator==(const Guest&) const = default;
    };
    static std::string guest_id_of(std::string_view owner_name, std::string_view machine);
    void put_guest(const std::string& id, Guest guest);
    void remove_guest(const std::string& id);
    const Guest* guest(const std::string& id) const;
    /// What a customer is shown of one of our machines: nothing of what it costs us.
    MachineFacts facts_for_customers(const std::string& machine) const;

    /// Of all that were heard of or described, ascending.
    std::vector<std::string> machine_ids() const;
    bool has_machine(const std::string& machine) const;
    std::string type_of(const std::string& machine) const;
    std::string region_of(const std::string& machine) const;
    struct Service {
        double due_at_h = 0, due_in_h = 0;
        std::optional<Instant> expected_at;
    };
    std::optional<Service> service_of(const std::string& machine, Instant now) const;
    /// Empty: it can be planned.
    Reason why_not_planned(const std::string& machine, Instant now) const;

    // Requests. Errors: invalid (impossible ones: the sentence says why), exhausted, not_found,
    // conflict.
    Result<std::string> add_request(NewRequest wanted, Instant now);
    Result<void> change_request(FleetRequest changed);
    Result<void> withdraw(const std::string& request, Instant now);
    Result<void> act(const PlaceOf& place, Action action, Instant now);
    Result<std::size_t> accept_until(Instant until, Instant now);
    Result<void> pin(const PlaceOf& place, const std::string& machine);
    Result<void> unpin(const PlaceOf& place);

    // Events and plans.
    /// Writes what happened into the fleet; a plan should follow. Errors: not_found, invalid,
    /// conflict.
    Result<void> happen(const FleetEvent& event, Instant now);
    /// The same into a copy of the desk: what if.
    Result<void> imagine(FleetDesk& desk, const FleetEvent& event, Instant now) const;
    /// Telemetry brought something that asks for a new plan; asked once.
    std::optional<FleetEvent> take_cause();
    /// The desk with every machine as it is now: to think with elsewhere.
    const FleetDesk& desk_now(Instant now);
    const FleetDesk& desk() const { return desk_; }
    Result<void> adopt(FleetPlan plan);
    const FleetPlan& plan() const { return plan_; }
    std::uint64_t keep_decision(Decision decision);
    const std::deque<Decision>& decisions() const { return decisions_; }
    const Proposal& keep_proposal(FleetPlan plan, bool is_what_if);
    const Proposal* proposal(std::string_view id) const;

    const FleetSettings& settings() const { return settings_; }
    void set_settings(FleetSettings settings);
    struct SiteLeg {
        std::string from, to;
        solve::Leg leg;
    };
    Result<void> set_travel(std::vector<SiteLeg> legs);
    const std::vector<SiteLeg>& travel() const { return travel_; }
    const std::set<std::pair<std::string, std::string>>& closed_roads() const { return closed_; }

    /// Places whose plan came back from the disk, and nobody has looked whether it still stands.
    bool has_stored_plan() const;

    /// Everything to be stored, sent and told since the last time.
    FleetEffects take_effects();

private:
    struct PlaceNote {
        std::optional<double> hours_at_begin;
        std::optional<insight::GeoPoint> accepted_at;
        bool operator==(const PlaceNote&) const = default;
    };
    struct StoredPlace {
        Allocation allocation;
        std::string pin;
        PlaceNote note;
        bool operator==(const StoredPlace&) const = default;
    };
    friend struct FleetCodec;

    void record(std::string kind, std::string id, std::optional<std::string> body);
    std::optional<std::string> stored_body(const FleetEffects::Record& record) const;
    Result<void> load_site(const std::string& id, const boost::json::object& body);
    Result<void> load_request(const std::string& id, const boost::json::object& body);
    Result<void> load_place(const std::string& id, const boost::json::object& body);
    Result<void> load_decision(const std::string& id, const boost::json::object& body);
    void load_travel(const boost::json::object& body);
    void load_shares(const std::string& id, const boost::json::object& body);
    void refresh_sites();
    void refresh_ways();
    void settle();
    void progress(const std::string& machine, Instant now);
    bool is_at(const FieldMachine& machine, const FleetRequest& request) const;
    std::optional<FleetMachine> as_planned(const FieldMachine& machine, Instant now) const;
    void sync(Instant now);
    void sync(const FieldMachine& heard, Instant now);
    void stale(std::string_view machine);
    void make_room_for_requests();
    std::string order_text(const Allocation& allocation) const;

    FleetRoomLimits limits_;
    FleetSettings settings_;
    Field field_;
    FleetDesk desk_;
    FleetPlan plan_;
    std::map<std::string, FleetSite> sites_;
    std::map<std::string, std::pair<std::string, std::optional<insight::SitePolygon>>>
        drawn_;  // region, border
    std::map<std::string, Known> known_;
    std::map<std::string, MachineFacts> facts_;
    std::map<std::string, std::string> broken_;  // machine: what people or telemetry said
    std::map<std::string, Instant> late_, faulty_since_;
    std::set<std::string> broken_by_telemetry_;
    std::set<std::pair<std::string, std::string>> closed_;
    std::vector<SiteLeg> travel_;
    std::map<PlaceOf, PlaceNote> notes_of_;
    std::map<PlaceOf, StoredPlace> stored_;
    std::unordered_map<std::string, std::vector<PlaceOf>> promised_;
    std::map<std::string, std::set<std::uint32_t>, std::less<>> shares_;
    std::map<std::string, Guest> guests_;
    std::unordered_set<std::string, StringHash, std::equal_to<>> stale_;  // not yet in the desk
    bool is_all_stale_ = true;
    Instant synced_at_;
    std::uint64_t promised_version_ = 0, settled_version_ = 0, told_version_ = 1;
    std::deque<Decision> decisions_;
    std::deque<Proposal> proposals_;
    std::uint64_t next_request_ = 1, next_decision_ = 1, next_proposal_ = 1;
    std::optional<FleetEvent> cause_;
    FleetEffects effects_;
    bool is_loading_ = false;
};

}  // namespace lineshaft::dispatch
