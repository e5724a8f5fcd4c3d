// The fleet's things as JSON: what is stored, and what the API takes and gives, in one place.
#pragma once
#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "dispatch/fleet/fleet.h"

namespace lineshaft::dispatch {

namespace json = boost::json;

json::object to_json(const MachineFacts& facts);
/// Members that are there change, null clears. Errors: invalid, naming the member.
Result<MachineFacts> changed_facts(MachineFacts facts, const json::object& body);

json::object to_json(const FleetRequest& request);  ///< without its places
/// As posted or stored. `sites`: whose positions a "site" stands for. Errors: invalid, naming the
/// member.
Result<FleetRequest> request_of(const json::object& body,
                                const std::map<std::string, FleetSite>& sites);
/// A PATCH: windows, duration_s, priority, rent_cost, title, note. Errors: invalid.
Result<FleetRequest> changed_request(FleetRequest request, const json::object& body);

json::object to_json(const FleetSettings& settings);
Result<FleetSettings> changed_settings(FleetSettings settings, const json::object& body);

/// {"code","now"?,"limit"?,"text"?}; null when there is none.
json::value to_json(const Reason& reason);
/// As written by to_json; nothing in it when it is no such object. `said` may be null.
Reason reason_of(const json::value* said);

Result<FleetEvent> event_of(const json::object& body);
json::object to_json(const FleetEvent& cause);

/// [[lat, lon], …]. Errors: invalid.
Result<std::vector<insight::GeoPoint>> ring_of(const json::value& value);
json::array to_json(const std::vector<insight::GeoPoint>& ring);

json::object to_json(const FleetCandidate& candidate, const FleetCandidate* best, bool is_chinese);
json::object to_json(const Fleet& fleet, const FleetPlan& plan, bool is_in_force, bool is_chinese);
json::object to_json(const Fleet& fleet, const Decision& decision, bool with_changes,
                     bool is_chinese);
json::array changes_json(const std::vector<Change>& changes, bool is_chinese);
json::object request_json(const Fleet& fleet, const FleetRequest& request, bool is_chinese);
json::object machine_json(const Fleet& fleet, const std::string& machine, Instant now);
/// A row of the map, and the names of its columns.
json::array map_row(const Fleet& fleet, const std::string& machine);
json::array map_columns();
json::object counts_json(const Fleet& fleet);
json::object site_json(const Fleet& fleet, const FleetSite& site);
json::object cab_json(const Fleet& fleet, const std::string& machine, Instant now);

// What is stored. Errors: corrupt.
std::string stored_text(const json::object& body);
Result<json::object> stored_object(std::string_view body);

}  // namespace lineshaft::dispatch
