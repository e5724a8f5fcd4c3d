#pragma once
#include <span>
#include <string_view>

namespace lineshaft::api {

// What openapi.cc puts together: one row per route of trust::routes(), and the schemas they name.

/// One operation as a reader of the description sees it. Examples are JSON, and tested against the
/// schemas; an empty schema with an example is text.
struct Operation {
    std::string_view method, pattern;
    std::string_view summary;
    std::string_view query;    ///< names of shared parameters, separated by spaces
    std::string_view takes;    ///< schema of the request's body; empty: none
    std::string_view request;  ///< example of it
    unsigned status = 200;
    std::string_view gives;   ///< schema of the answer's body
    std::string_view answer;  ///< example of it; empty: no body
};
std::span<const Operation> operations();
std::span<const Operation> order_operations();  ///< a part of them
std::span<const Operation> fleet_operations();  ///< a part of them
std::span<const Operation> naming_operations();  ///< as well

/// A JSON object: component schemas by name, without the pages of lists.
std::string_view schemas_json();
/// A JSON object: query and header parameters by name.
std::string_view parameters_json();

/// Schemas of which a list route gives pages: "Machine" makes "MachineList".
std::span<const std::string_view> listed_schemas();

}  // namespace lineshaft::api
