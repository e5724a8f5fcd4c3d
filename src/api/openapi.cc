// The description of the API, made of the route table, one row per operation and the schemas.
#include "api/openapi.h"

#include <boost/json.hpp>

#include <algorithm>

#include "api/json_text.h"
#include "api/openapi_parts.h"
#include "base/check.h"
#include "trust/rights.h"

namespace lineshaft::api {
namespace {

namespace json = boost::json;

json::object reference(std::string_view kind, std::string_view name) {
    return {{"$ref", text("#/components/" + std::string(kind) + "/" + std::string(name))}};
}

const Operation& operation_of(const trust::Route& route) {
    const auto all = operations();
    const auto found = std::ranges::find_if(all, [&](const Operation& one) {
        return one.method == route.method && one.pattern == route.pattern;
    });
    CHECK(found != all.end());  // a route was added without its row
    return *found;
}

std::string lower_method(std::string_view method) {
    std::string out(method);
    for (char& letter : out) letter = static_cast<char>(letter | 0x20);
    return out;
}

// "GET /api/v1/machines/{machine}/trend": "get_machines_machine_trend".
std::string id_of(const Operation& operation) {
    std::string out = lower_method(operation.method);
    std::string_view path = operation.pattern;
    // InfluxDB's /write keeps the short name.
    if (path.starts_with("/api/v1") && path != "/api/v1/write") path.remove_prefix(7);
    for (const char letter : path) {
        if (letter == '/' || letter == '.')
            out += '_';
        else if (letter != '{' && letter != '}')
            out += letter;
    }
    return out;
}

json::array parameters_of(const Operation& operation) {
    json::array out;
    for (std::size_t at = operation.pattern.find('{'); at != std::string_view::npos;
         at = operation.pattern.find('{', at + 1)) {
        const auto name =
            operation.pattern.substr(at + 1, operation.pattern.find('}', at) - at - 1);
        out.push_back(json::object{{"name", text(name)},
                                   {"in", "path"},
                                   {"required", true},
                                   {"schema", {{"type", "string"}}}});
    }
    for (std::string_view rest = operation.query; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        out.push_back(reference("parameters", rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

json::object body_of(std::string_view schema, std::string_view example) {
    if (schema.empty()) {
        const auto type = example.starts_with("event:") ? "text/event-stream" : "text/plain";
        return {{type, {{"schema", {{"type", "string"}}}, {"example", text(example)}}}};
    }
    return {{"application/json",
             {{"schema", reference("schemas", schema)}, {"example", json::parse(example)}}}};
}

json::object describe(const trust::Route& route) {
    const Operation& operation = operation_of(route);
    json::object answer{{"description", "As asked."}};
    if (!operation.answer.empty()) answer["content"] = body_of(operation.gives, operation.answer);
    json::object responses{{std::to_string(operation.status), std::move(answer)}};
    responses["default"] = reference("responses", "Problem");
    json::object out{{"operationId", id_of(operation)}, {"summary", text(operation.summary)}};
    if (auto parameters = parameters_of(operation); !parameters.empty())
        out["parameters"] = std::move(parameters);
    if (!operation.takes.empty() || !operation.request.empty()) {
        out["requestBody"] = json::object{{"required", true},
                                          {"content", body_of(operation.takes, operation.request)}};
    }
    out["responses"] = std::move(responses);
    if (route.right == trust::Right::open)
        out["security"] = json::array{};
    else
        out["x-right"] = text(trust::name_of(route.right));
    return out;
}

// {"items":[...],"next":"..."|null}; machines also say how many there are.
json::object page_of(std::string_view schema) {
    json::object properties{{"items", {{"type", "array"}, {"items", reference("schemas", schema)}}},
                            {"next",
                             {{"type", json::array{"string", "null"}},
                              {"description", "The cursor of the next page."}}}};
    json::array required{"items", "next"};
    if (schema == "Topic") {
        properties["whole"] = json::object{
            {"type", "boolean"}, {"description", "false: too many levels to look at all."}};
        properties["since"] =
            json::object{{"type", "string"},
                         {"format", "date-time"},
                         {"description", "Messages that are not retained are seen from here on."}};
        required.push_back("whole");
        required.push_back("since");
    }
    if (schema == "Machine" || schema == "Connection") {
        properties["total"] = json::object{{"type", "integer"}};
        required.push_back("total");
    }
    return {{"type", "object"},
            {"required", std::move(required)},
            {"properties", std::move(properties)}};
}

json::object schemas() {
    json::object all = json::parse(schemas_json()).as_object();
    json::object detail = all.at("Machine").as_object();
    detail["properties"].as_object()["values"] =
        json::object{{"type", "array"}, {"items", reference("schemas", "Tag")}};
    detail["required"].as_array().push_back("values");
    for (const char* kind : {"attributes", "shared_attributes"}) {
        detail["properties"].as_object()[kind] =
            json::object{{"type", "object"}, {"additionalProperties", json::object{}}};
        detail["required"].as_array().push_back(json::string(kind));
    }
    all["MachineDetail"] = std::move(detail);
    json::object connection = all.at("Connection").as_object();
    connection["properties"].as_object()["filters"] = json::object{
        {"type", "array"},
        {"items",
         {{"type", "object"},
          {"required", json::array{"filter", "qos", "no_local", "retain_as_published"}},
          {"properties",
           {{"filter", {{"type", "string"}}},
            {"qos", {{"type", "integer"}}},
            {"no_local", {{"type", "boolean"}}},
            {"retain_as_published", {{"type", "boolean"}}}}}}}};
    connection["required"].as_array().push_back("filters");
    all["ConnectionDetail"] = std::move(connection);
    for (const auto schema : listed_schemas()) all[std::string(schema) + "List"] = page_of(schema);
    return all;
}

json::object components() {
    return {{"securitySchemes",
             {{"bearer",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"description", "A token of a role or of one machine."}}},
              {"cookie",
               {{"type", "apiKey"},
                {"in", "cookie"},
                {"name", "lineshaft"},
                {"description", "A person's session; over TLS the cookie is __Host-lineshaft."}}}}},
            {"parameters", json::parse(parameters_json())},
            {"responses",
             {{"Problem",
               {{"description", "What went wrong and what to try (RFC 9457)."},
                {"content",
                 {{"application/problem+json", {{"schema", reference("schemas", "Problem")}}}}}}}}},
            {"schemas", schemas()}};
}

std::string make() {
    json::object paths;
    for (const auto& route : trust::routes()) {
        auto& path = paths[text(route.pattern)];
        if (path.is_null()) path = json::object{};
        path.as_object()[lower_method(route.method)] = describe(route);
    }
    return json::serialize(
        json::object{{"openapi", "3.1.0"},
                     {"info",
                      {{"title", "Lineshaft"},
                       {"version", "1"},
                       {"description",
                        "Times are RFC 3339 in UTC. Ids in paths are percent-encoded as one part. "
                        "What belongs to another organisation answers 404."}}},
                     {"security", json::array{json::object{{"bearer", json::array{}}},
                                              json::object{{"cookie", json::array{}}}}},
                     {"paths", std::move(paths)},
                     {"components", components()}});
}

}  // namespace

std::string_view openapi_document() {
    static const std::string document = make();
    return document;
}

}  // namespace lineshaft::api
