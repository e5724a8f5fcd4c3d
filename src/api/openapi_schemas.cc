// Component schemas and shared parameters, as they stand in the document.
#include <array>

#include "api/openapi_parts.h"

namespace lineshaft::api {
namespace {

constexpr std::string_view schemas_text = R"({
"Problem": {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
  "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
  "setup_needed": {"type": "boolean", "description": "Of GET /session while nobody has set the node up."}}},
"SignIn": {"type": "object", "required": ["name", "password"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "password": {"type": "string"}}},
"Setup": {"type": "object", "required": ["secret", "name", "password"], "additionalProperties": false, "properties": {
  "secret": {"type": "string"}, "name": {"type": "string"}, "password": {"type": "string", "minLength": 10}}},
"Session": {"type": "object", "required": ["person"], "properties": {
  "person": {"type": "object", "required": ["name", "role", "organisation"], "properties": {
    "name": {"type": "string"}, "role": {"type": "string"}, "organisation": {"type": "string"}}}}},
"Node": {"type": "object", "required": ["version", "name", "role", "started_at", "now", "durability", "accepting",
  "read_only", "damage", "listeners", "shards", "demo"], "properties": {
  "version": {"type": "string"}, "name": {"type": "string"}, "role": {"type": "string"},
  "started_at": {"type": "string", "format": "date-time"}, "now": {"type": "string", "format": "date-time"},
  "durability": {"type": "string", "enum": ["synced", "fast"]}, "accepting": {"type": "boolean"},
  "read_only": {"type": "boolean"}, "damage": {"type": "string"},
  "listeners": {"type": "array", "items": {"type": "object", "required": ["name", "address"], "properties": {
    "name": {"type": "string"}, "address": {"type": "string"}}}},
  "shards": {"type": "integer"}, "demo": {"type": "boolean"}}},
"Rates": {"type": "object", "required": ["messages_per_s", "samples_per_s", "messages_total", "samples_total",
  "refused_total", "commit_ms"], "properties": {
  "messages_per_s": {"type": "number"}, "samples_per_s": {"type": "number"}, "messages_total": {"type": "integer"},
  "samples_total": {"type": "integer"}, "refused_total": {"type": "integer"}, "commit_ms": {"type": "number"}}},
"Overview": {"type": "object", "required": ["machines", "states", "rates", "sites", "now"], "properties": {
  "machines": {"type": "object", "required": ["online", "stale", "offline", "discovered", "total"], "properties": {
    "online": {"type": "integer"}, "stale": {"type": "integer"}, "offline": {"type": "integer"},
    "discovered": {"type": "integer"}, "total": {"type": "integer"}}},
  "states": {"type": "array", "items": {"type": "object", "required": ["state", "count"], "properties": {
    "state": {"type": "string"}, "count": {"type": "integer"}}}},
  "rates": {"$ref": "#/components/schemas/Rates"},
  "sites": {"type": "array", "items": {"$ref": "#/components/schemas/Site"}},
  "now": {"type": "string", "format": "date-time"}}},
"Position": {"type": ["object", "null"], "required": ["latitude", "longitude"], "properties": {
  "latitude": {"type": "number"}, "longitude": {"type": "number"}}},
"Machine": {"type": "object", "required": ["id", "name", "kind", "site", "adopted", "connection", "state", "fault",
  "source", "first_seen", "last_seen", "tags", "position"], "properties": {
  "id": {"type": "string"}, "name": {"type": ["string", "null"]}, "kind": {"type": ["string", "null"]},
  "site": {"type": ["string", "null"]}, "adopted": {"type": "boolean"},
  "connection": {"type": "string", "enum": ["online", "stale", "offline"]}, "state": {"type": ["string", "null"]},
  "fault": {"type": ["string", "null"]}, "source": {"type": "string"},
  "first_seen": {"type": ["string", "null"], "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
  "tags": {"type": "integer"}, "position": {"$ref": "#/components/schemas/Position"}}},
"MachineChange": {"type": "object", "additionalProperties": false, "properties": {
  "name": {"type": ["string", "null"]}, "kind": {"type": ["string", "null"]}, "site": {"type": ["string", "null"]},
  "adopted": {"type": "boolean"}}},
"Value": {"type": ["number", "string", "boolean", "null"],
  "description": "null: missing, or a number JSON cannot carry. A string too for whole numbers over 2^53."},
"Quality": {"type": "string", "enum": ["good", "uncertain", "bad", "missing"]},
"Kind": {"type": ["string", "null"], "enum": ["double", "integer", "boolean", "string", null]},
"Tag": {"type": "object", "required": ["name", "label", "kind", "unit", "low", "high", "writable", "value", "at",
  "quality"], "properties": {
  "name": {"type": "string"}, "label": {"type": ["string", "null"]}, "kind": {"$ref": "#/components/schemas/Kind"},
  "unit": {"type": ["string", "null"]}, "low": {"type": ["number", "null"]}, "high": {"type": ["number", "null"]},
  "writable": {"type": "boolean"}, "value": {"$ref": "#/components/schemas/Value"},
  "at": {"type": ["string", "null"], "format": "date-time"}, "quality": {"$ref": "#/components/schemas/Quality"}}},
"TagChange": {"type": "object", "additionalProperties": false, "properties": {
  "unit": {"type": ["string", "null"]}, "label": {"type": ["string", "null"]}, "low": {"type": ["number", "null"]},
  "high": {"type": ["number", "null"]}, "writable": {"type": "boolean"}}},
"Write": {"type": "object", "required": ["value"], "additionalProperties": false, "properties": {
  "value": {"$ref": "#/components/schemas/Value"}}},
"Sent": {"type": "object", "required": ["sent_at", "topic"], "properties": {
  "sent_at": {"type": "string", "format": "date-time"}, "topic": {"type": "string"}}},
"Sample": {"type": "object", "required": ["at", "value", "quality"], "properties": {
  "at": {"type": "string", "format": "date-time"}, "value": {"$ref": "#/components/schemas/Value"},
  "quality": {"$ref": "#/components/schemas/Quality"}}},
"Trend": {"type": "object", "required": ["from", "until", "series"], "properties": {
  "from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
  "series": {"type": "array", "items": {"type": "object", "required": ["tag", "kind", "unit", "raw"], "properties": {
    "tag": {"type": "string"}, "kind": {"$ref": "#/components/schemas/Kind"}, "unit": {"type": ["string", "null"]},
    "raw": {"type": "boolean"}, "step_ms": {"type": "number"},
    "samples": {"type": "array", "description": "When raw: [ms, value, quality unless good].",
      "items": {"type": "array", "items": {"type": ["number", "string", "boolean", "null"]}}},
    "columns": {"type": "array", "description": "Else: [start_ms, min, max, average, first, last, count].",
      "items": {"type": "array", "items": {"type": ["number", "null"]}}}}}}}},
"Event": {"type": "object", "required": ["id", "at", "machine", "kind", "text"], "properties": {
  "id": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "machine": {"type": ["string", "null"]},
  "kind": {"type": "string"}, "text": {"type": "string"}}},
"Site": {"type": "object", "required": ["id", "name", "time_zone", "latitude", "longitude", "machines"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "time_zone": {"type": "string"},
  "latitude": {"type": ["number", "null"]}, "longitude": {"type": ["number", "null"]}, "machines": {"type": "integer"},
  "online": {"type": "integer", "description": "In the overview."}, "faults": {"type": "integer"}}},
"NewSite": {"type": "object", "required": ["name", "time_zone"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "time_zone": {"type": "string"}, "latitude": {"type": ["number", "null"]},
  "longitude": {"type": ["number", "null"]}}},
"SiteChange": {"type": "object", "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "time_zone": {"type": "string"}, "latitude": {"type": ["number", "null"]},
  "longitude": {"type": ["number", "null"]}}},
"Organisation": {"type": "object", "required": ["id", "name", "created_at"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"}}},
"NewOrganisation": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}}},
"Role": {"type": "string", "enum": ["viewer", "operator", "engineer", "admin", "auditor"]},
"Person": {"type": "object", "required": ["id", "name", "role", "created_at", "last_seen_at"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "created_at": {"type": "string", "format": "date-time"},
  "last_seen_at": {"type": ["string", "null"], "format": "date-time"}}},
"NewPerson": {"type": "object", "required": ["name", "role", "password"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "password": {"type": "string", "minLength": 10}}},
"Token": {"type": "object", "required": ["id", "name", "role", "machine", "created_at", "created_by", "last_used_at"],
  "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "role": {"type": ["string", "null"]},
  "machine": {"type": ["string", "null"]}, "created_at": {"type": "string", "format": "date-time"},
  "created_by": {"type": "string"}, "last_used_at": {"type": ["string", "null"], "format": "date-time"},
  "token": {"type": "string", "description": "The secret itself, in the first answer to POST only."}}},
"NewToken": {"type": "object", "required": ["name"], "additionalProperties": false,
  "description": "With a role or with a machine, not both.", "properties": {
  "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"}, "machine": {"type": "string"}}}
})";

constexpr std::string_view parameters_text = R"({
"limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "Usually 1..1000."},
"cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "The `next` of the page before."},
"q": {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "Found in id, name or kind, any case."},
"connection": {"name": "connection", "in": "query", "schema": {"type": "string", "enum": ["online", "stale", "offline"]}},
"site": {"name": "site", "in": "query", "schema": {"type": "string"}, "description": "A site's id."},
"adopted": {"name": "adopted", "in": "query", "schema": {"type": "boolean"}},
"tag": {"name": "tag", "in": "query", "required": true, "schema": {"type": "string"}},
"tags": {"name": "tag", "in": "query", "required": true, "explode": true,
  "schema": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string"}}},
"from": {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"until": {"name": "until", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"columns": {"name": "columns", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 4000, "default": 800}},
"order": {"name": "order", "in": "query", "schema": {"type": "string", "enum": ["asc", "desc"], "default": "asc"}},
"since": {"name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"machines": {"name": "machine", "in": "query", "explode": true, "description": "Whose values to send; a machine's token names itself.",
  "schema": {"type": "array", "maxItems": 60, "items": {"type": "string"}}},
"once": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 128},
  "description": "The same key and body within a day gives the first answer again."}
})";

constexpr std::array<std::string_view, 7> listed{"Machine",      "Sample", "Event", "Site",
                                                 "Organisation", "Person", "Token"};

}  // namespace

std::string_view schemas_json() {
    return schemas_text;
}
std::string_view parameters_json() {
    return parameters_text;
}
std::span<const std::string_view> listed_schemas() {
    return listed;
}

}  // namespace lineshaft::api
