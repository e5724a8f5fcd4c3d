#pragma once
#include <string>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/json_out.h"

namespace lineshaft::api {

/// {"fleet":"East"}: attributes as the members of an object.
void put(JsonOut& out, const std::vector<catalog::Attribute>& attributes);

/// ?attribute=name:text, as often as wanted; a machine must have all of them, said or told.
struct AttributeFilter {
    std::vector<std::pair<std::string, std::string>> wanted;
    bool accepts(const catalog::MachineEntry* entry) const;
};
/// Errors: invalid (no colon, or more than 16).
Result<AttributeFilter> attribute_filter(const http::Request& request);

/// The member "shared_attributes" of a machine's change; a null removes. Errors: invalid.
Result<std::vector<catalog::AttributeChange>> shared_changes(const json::object& body);

}  // namespace lineshaft::api
