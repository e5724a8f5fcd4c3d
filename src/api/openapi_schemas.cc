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
  "name": {"type": "string", "description": "Of another organisation: organisation/name."}, "password": {"type": "string"},
  "code": {"type": "string", "description": "The phone's code or a recovery code; asked for with code_needed."}}},
"Setup": {"type": "object", "required": ["secret", "name", "password"], "additionalProperties": false, "properties": {
  "secret": {"type": "string"}, "name": {"type": "string"}, "password": {"type": "string", "minLength": 10}}},
"Session": {"type": "object", "required": ["person"], "properties": {
  "person": {"type": "object", "required": ["name", "role", "organisation", "totp_missing"], "properties": {
    "name": {"type": "string"}, "role": {"type": "string"}, "organisation": {"type": "string"},
    "totp_missing": {"type": "boolean", "description": "Must set up a second factor before anything else."}}}}},
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
"Telemetry": {"type": "object", "additionalProperties": {}, "properties": {
  "machine": {"type": "string", "description": "Where the path names none."},
  "ts": {"type": ["integer", "number", "string"], "description": "Milliseconds since 1970 or RFC 3339; now by default."},
  "values": {"type": "object", "additionalProperties": {}}}},
"MachineChange": {"type": "object", "additionalProperties": false, "properties": {
  "name": {"type": ["string", "null"]}, "kind": {"type": ["string", "null"]}, "site": {"type": ["string", "null"]},
  "adopted": {"type": "boolean"}, "shared_attributes": {"type": "object", "additionalProperties": {},
    "description": "What the machine is told it is, by name; null removes."}}},
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
"SqlQuestion": {"type": "object", "required": ["sql"], "properties": {
  "sql": {"type": "string", "description": "One statement, at most 64 KiB."},
  "params": {"type": ["array", "null"], "description": "For $1, $2, ...",
    "items": {"type": ["string", "number", "boolean", "null"]}},
  "limit": {"type": ["integer", "null"], "description": "Rows at most, 1 to 1000000; 1000 unless told."},
  "time_zone": {"type": ["string", "null"], "description": "Of times without a zone and of days; UTC unless told."}}},
"SqlAnswer": {"type": "object", "required": ["columns", "rows", "truncated"], "properties": {
  "columns": {"type": "array", "items": {"type": "object", "required": ["name", "type"], "properties": {
    "name": {"type": "string"}, "type": {"type": "string", "enum": ["bool", "int8", "float8", "text", "timestamptz", "bytea"]}}}},
  "rows": {"type": "array", "description": "Times in RFC 3339; bytes as \\x and hexadecimal.",
    "items": {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}}},
  "truncated": {"type": "boolean", "description": "There was more than limit, or than 32 MiB."}}},
"Periods": {"type": "object", "required": ["time_zone", "series"], "properties": {
  "time_zone": {"type": "string", "description": "Of the machine's site; UTC without one."},
  "series": {"type": "array", "items": {"type": "object", "required": ["tag", "kind", "unit", "cadence_ms", "periods"], "properties": {
    "tag": {"type": "string"}, "kind": {"$ref": "#/components/schemas/Kind"}, "unit": {"type": ["string", "null"]},
    "cadence_ms": {"type": ["number", "null"], "description": "Median distance of the newest samples."},
    "kept_from": {"type": ["string", "null"], "format": "date-time", "description": "What is older has expired; null: nothing."},
    "periods": {"type": "array", "items": {"$ref": "#/components/schemas/Period"}}}}}}},
"Period": {"type": "object", "required": ["label", "from", "until", "samples", "count", "min", "max", "average",
    "sum", "first", "last", "completeness"], "properties": {
  "label": {"type": "string", "description": "In local terms: 2026-10-25, 2026-W43, 2026-10, 2026-10-25T02+02:00."},
  "from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
  "samples": {"type": "integer"}, "count": {"type": "integer", "description": "Of good or uncertain numbers: what the rest is over."},
  "min": {"type": ["number", "null"]}, "max": {"type": ["number", "null"]}, "average": {"type": ["number", "null"]},
  "sum": {"type": ["number", "null"]}, "first": {"type": ["number", "null"]}, "last": {"type": ["number", "null"]},
  "completeness": {"type": ["number", "null"], "minimum": 0, "maximum": 1,
    "description": "Samples of those expected at the cadence, since the first sample and until now."}}},
"Backup": {"type": "object", "required": ["id", "state", "file", "bytes_done", "bytes_total", "started_at",
  "ended_at", "why"], "properties": {
  "id": {"type": "string"}, "state": {"type": "string", "enum": ["running", "done", "failed"]},
  "file": {"type": ["string", "null"], "description": "In backup.directory."},
  "bytes_done": {"type": "integer"}, "bytes_total": {"type": "integer"},
  "started_at": {"type": "string", "format": "date-time"}, "ended_at": {"type": ["string", "null"], "format": "date-time"},
  "why": {"type": ["string", "null"]}}},
"Erasure": {"type": "object", "required": ["id", "machine", "state", "asked_by", "asked_at", "done_at",
    "series_left", "merges_left", "why"], "properties": {
  "id": {"type": "string"}, "machine": {"type": "string"},
  "state": {"type": "string", "enum": ["erasing", "done"],
    "description": "done: no file holds its samples, values, tags or attributes. The audit log and backups stay."},
  "asked_by": {"type": "string"}, "asked_at": {"type": "string", "format": "date-time"},
  "done_at": {"type": ["string", "null"], "format": "date-time"},
  "series_left": {"type": "integer", "description": "Of all that is being erased: tags whose samples are not all removed."},
  "merges_left": {"type": "integer", "description": "Of all that is being erased: stretches of files to rewrite."},
  "why": {"type": ["string", "null"], "description": "Why the last step failed; it is tried again."}}},
"RetentionClass": {"type": "object", "required": ["name", "tags"], "properties": {
  "name": {"type": "string", "minLength": 1, "maxLength": 64},
  "tags": {"type": "array", "minItems": 1, "maxItems": 64, "items": {"type": "string"},
    "description": "Patterns: * any letters, ? one byte."},
  "machines": {"type": "array", "maxItems": 64, "items": {"type": "string"}, "description": "Empty: all."},
  "keep_days": {"type": ["integer", "null"], "minimum": 0, "maximum": 36525}, "full_days": {"type": ["integer", "null"], "minimum": 0},
  "resolution_s": {"type": ["integer", "null"], "minimum": 0, "maximum": 86400},
  "series": {"type": ["integer", "null"]}, "samples": {"type": ["integer", "null"]}, "bytes": {"type": ["integer", "null"]},
  "kept_from": {"type": ["string", "null"], "format": "date-time"},
  "thinned_until": {"type": ["string", "null"], "format": "date-time"}}},
"RetentionChange": {"type": "object", "required": ["classes"], "properties": {
  "classes": {"type": "array", "maxItems": 64, "items": {"$ref": "#/components/schemas/RetentionClass"}}}},
"Retention": {"type": "object", "required": ["classes", "rest", "counted_at"], "properties": {
  "classes": {"type": "array", "items": {"$ref": "#/components/schemas/RetentionClass"}},
  "rest": {"type": "object", "required": ["series", "samples", "bytes"], "properties": {
    "series": {"type": ["integer", "null"]}, "samples": {"type": ["integer", "null"]}, "bytes": {"type": ["integer", "null"]}}},
  "counted_at": {"type": ["string", "null"], "format": "date-time"}}},
"OrganisationErasure": {"type": "object", "required": ["machines"], "properties": {
  "machines": {"type": "integer"}}},
"BackupSnapshot": {"type": "object", "required": ["directory", "sequence"], "properties": {
  "directory": {"type": "string"}, "sequence": {"type": "integer"}}},
"Event": {"type": "object", "required": ["id", "at", "machine", "kind", "text"], "properties": {
  "id": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "machine": {"type": ["string", "null"]},
  "kind": {"type": "string"}, "text": {"type": "string"}}},
"Shift": {"type": "object", "required": ["name", "starts"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "starts": {"type": "string", "description": "Local time of day, 06:00 say; lasts until the next."},
  "weekdays": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 7},
    "description": "Days somebody works it, 1 Monday to 7 Sunday; left out: every day; empty: a rest."}}},
"Site": {"type": "object", "required": ["id", "name", "time_zone", "latitude", "longitude", "machines"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "time_zone": {"type": "string"},
  "day_starts": {"type": "string", "description": "Local time at which a day begins, 00:00 say."},
  "week_starts": {"type": "integer", "minimum": 1, "maximum": 7, "description": "1 Monday to 7 Sunday."},
  "shifts": {"type": "array", "maxItems": 24, "items": {"$ref": "#/components/schemas/Shift"}},
  "latitude": {"type": ["number", "null"]}, "longitude": {"type": ["number", "null"]}, "machines": {"type": "integer"},
  "online": {"type": "integer", "description": "In the overview."}, "faults": {"type": "integer"}}},
"Anything": {"description": "Any JSON.", "additionalProperties": {"$ref": "#/components/schemas/Anything"}},
"NamingThing": {"type": "object", "description": "docs/protocols/naming-api.md names its members",
  "additionalProperties": {"$ref": "#/components/schemas/Anything"}},
"OrderThing": {"type": "object", "description": "docs/protocols/orders-api.md names its members",
  "additionalProperties": {"$ref": "#/components/schemas/Anything"}},
"FleetThing": {"type": "object", "description": "docs/protocols/fleet-api.md names its members",
  "additionalProperties": {"$ref": "#/components/schemas/Anything"}},
"NewSite": {"type": "object", "required": ["name", "time_zone"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "time_zone": {"type": "string"}, "latitude": {"type": ["number", "null"]},
  "longitude": {"type": ["number", "null"]}, "day_starts": {"type": "string"}, "week_starts": {"type": "integer"},
  "shifts": {"type": "array", "items": {"$ref": "#/components/schemas/Shift"}}}},
"NewDesign": {"type": "object", "required": ["name", "artwork"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "artwork": {"type": "object", "description": "One of text, svg and image.",
    "additionalProperties": false, "properties": {
    "text": {"type": "string"},
    "font": {"type": "string", "description": "sans, serif, script, or a file in the folder fonts of the data directory."},
    "height_mm": {"type": "number", "description": "Of capital letters, 2 to 500."},
    "colour": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
    "svg": {"type": "string"}, "image": {"type": "string", "description": "A PNG in base64, or a data URL of one."},
    "width_mm": {"type": "number"}, "colours": {"type": "integer", "minimum": 1, "maximum": 12},
    "background": {"type": "boolean", "description": "Whether the colour of the edge is sewn, too."}}},
  "fabric": {"type": "string",
    "enum": ["twill", "canvas", "denim", "felt", "silk", "leather", "cap", "pique", "jersey", "fleece", "terry"]},
  "hoop_mm": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}},
"Design": {"type": "object", "required": ["id", "name", "state", "created_by", "created_at"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "state": {"type": "string", "enum": ["working", "ready", "refused"]},
  "created_by": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"},
  "why": {"type": "string", "description": "Of a refused one."},
  "stitches": {"type": "integer"}, "trims": {"type": "integer"}, "jumps": {"type": "integer"}, "colour_changes": {"type": "integer"},
  "threads": {"type": "array", "items": {"type": "object", "properties": {"colour": {"type": "string"}}}},
  "bounds_mm": {"type": "array", "items": {"type": "number"}, "description": "Left, top, right, bottom, from the middle; y down."},
  "minutes": {"type": "number"}, "thread_m": {"type": "number"},
  "warnings": {"type": "array", "items": {"type": "object", "properties": {"code": {"type": "string"}, "text": {"type": "string"},
    "at_mm": {"type": ["array", "null"], "items": {"type": "number"}}}}},
  "files": {"type": "object", "additionalProperties": {"type": "string"}}}},
"SiteChange": {"type": "object", "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "time_zone": {"type": "string"}, "latitude": {"type": ["number", "null"]},
  "longitude": {"type": ["number", "null"]}, "day_starts": {"type": "string"}, "week_starts": {"type": "integer"},
  "shifts": {"type": "array", "items": {"$ref": "#/components/schemas/Shift"}}}},
"OrganisationLimits": {"type": "object", "required": ["machines_max", "sessions_max", "messages_per_s", "samples_per_s",
  "retained_bytes_max"], "properties": {
  "machines_max": {"type": ["integer", "null"]}, "sessions_max": {"type": ["integer", "null"]},
  "messages_per_s": {"type": ["integer", "null"]}, "samples_per_s": {"type": ["integer", "null"]},
  "retained_bytes_max": {"type": ["integer", "null"]}}},
"Organisation": {"type": "object", "required": ["id", "name", "title", "created_at", "limits", "in_force", "use", "refused"],
  "properties": {
  "id": {"type": "string"}, "name": {"type": "string", "description": "Begins its topics; never changes."},
  "title": {"type": ["string", "null"]}, "created_at": {"type": "string", "format": "date-time"},
  "limits": {"$ref": "#/components/schemas/OrganisationLimits"}, "in_force": {"$ref": "#/components/schemas/OrganisationLimits"},
  "use": {"type": "object", "properties": {"machines": {"type": "integer"}, "sessions": {"type": "integer"},
    "retained_bytes": {"type": "integer"}}},
  "refused": {"type": "object", "description": "Since the node started.", "properties": {"machines": {"type": "integer"},
    "sessions": {"type": "integer"}, "messages": {"type": "integer"}, "samples": {"type": "integer"}, "retained": {"type": "integer"}}}}},
"NewOrganisation": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
  "name": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"}, "title": {"type": ["string", "null"]},
  "machines_max": {"type": ["integer", "null"]}, "sessions_max": {"type": ["integer", "null"]},
  "messages_per_s": {"type": ["integer", "null"]}, "samples_per_s": {"type": ["integer", "null"]},
  "retained_bytes_max": {"type": ["integer", "null"]}}},
"OrganisationChange": {"type": "object", "additionalProperties": false,
  "description": "A limit: null is the setting's, 0 is no limit, a number is this organisation's own.", "properties": {
  "title": {"type": ["string", "null"]},
  "machines_max": {"type": ["integer", "null"]}, "sessions_max": {"type": ["integer", "null"]},
  "messages_per_s": {"type": ["integer", "null"]}, "samples_per_s": {"type": ["integer", "null"]},
  "retained_bytes_max": {"type": ["integer", "null"]}}},
"Broker": {"type": "object", "required": ["load", "numbers"], "properties": {
  "load": {"type": "object", "required": ["level", "name", "effect"], "properties": {
    "level": {"type": "integer", "minimum": 0, "maximum": 5}, "name": {"type": "string"}, "effect": {"type": "string"}}},
  "numbers": {"type": "object", "additionalProperties": {"type": "integer"},
    "description": "As lineshaft_mqtt_* of /metrics."}}},
"MqttTraffic": {"type": "object", "required": ["messages_in", "bytes_in", "messages_out", "bytes_out"], "properties": {
  "messages_in": {"type": "number"}, "bytes_in": {"type": "number"}, "messages_out": {"type": "number"},
  "bytes_out": {"type": "number"}}},
"Connection": {"type": "object", "required": ["id", "principal", "machine", "address", "port", "state", "listener",
  "protocol", "durable", "full", "paused", "keep_alive_s", "expiry_s", "since", "subscriptions", "queued_messages",
  "queued_bytes", "in_flight", "unanswered", "retained", "rates", "totals", "lost", "lost_total", "ended"], "properties": {
  "id": {"type": "string", "description": "The client id."}, "principal": {"type": ["string", "null"]},
  "machine": {"type": ["string", "null"]}, "address": {"type": ["string", "null"]}, "port": {"type": "integer"},
  "state": {"type": "string", "enum": ["connected", "sleeping", "gone"]},
  "listener": {"type": ["string", "null"], "enum": ["mqtt", "mqtts", "ws", "wss", null]},
  "protocol": {"type": "string", "enum": ["3.1.1", "5.0"]}, "durable": {"type": "boolean"},
  "full": {"type": "boolean", "description": "Its queue is full: publishes that match it are refused."},
  "paused": {"type": "boolean", "description": "Its publishes wait for a full session or the disk."},
  "keep_alive_s": {"type": "integer"}, "expiry_s": {"type": ["integer", "null"], "description": "null: never."},
  "since": {"type": "string", "format": "date-time"}, "subscriptions": {"type": "integer"},
  "queued_messages": {"type": "integer"}, "queued_bytes": {"type": "integer"}, "in_flight": {"type": "integer"},
  "unanswered": {"type": "integer", "description": "Its publishes not acknowledged yet."},
  "retained": {"type": "integer", "description": "Retained messages it published."},
  "rates": {"$ref": "#/components/schemas/MqttTraffic"}, "totals": {"$ref": "#/components/schemas/MqttTraffic"},
  "lost": {"type": "object", "additionalProperties": {"type": "integer"},
    "description": "Refused or not delivered, by reason; reasons without any are left out."},
  "lost_total": {"type": "integer"},
  "ended": {"type": ["object", "null"], "required": ["at", "code", "reason", "why"],
    "description": "How its last connection ended, while that is remembered.", "properties": {
    "at": {"type": "string", "format": "date-time"}, "code": {"type": "integer"}, "reason": {"type": "string"},
    "why": {"type": ["string", "null"]}}}}},
"Topic": {"type": "object", "required": ["name", "topic", "has_more", "last"], "properties": {
  "name": {"type": "string"}, "topic": {"type": "string"}, "has_more": {"type": "boolean"},
  "last": {"type": ["object", "null"], "required": ["at", "size", "qos", "retained", "preview"], "properties": {
    "at": {"type": "string", "format": "date-time"}, "size": {"type": "integer"}, "qos": {"type": "integer"},
    "retained": {"type": "boolean"}, "preview": {"type": ["string", "null"], "description": "null: binary."}}}}},
"TopicDetail": {"type": "object", "required": ["topic", "at", "size", "qos", "retained", "publisher", "expires_at",
  "content_type", "response_topic", "user_properties", "payload"], "properties": {
  "topic": {"type": "string"}, "at": {"type": "string", "format": "date-time"}, "size": {"type": "integer"},
  "qos": {"type": "integer"}, "retained": {"type": "boolean"},
  "publisher": {"type": ["string", "null"], "description": "null: the node itself."},
  "expires_at": {"type": ["string", "null"], "format": "date-time"}, "content_type": {"type": ["string", "null"]},
  "response_topic": {"type": ["string", "null"]},
  "user_properties": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
  "payload": {"type": "object", "required": ["text", "json", "hex", "cut", "sparkplug"], "properties": {
    "text": {"type": ["string", "null"], "description": "null: not UTF-8."},
    "json": {"type": "boolean", "description": "The text is one JSON value."},
    "hex": {"type": "string", "description": "The first 4 KiB."},
    "cut": {"type": "boolean", "description": "The views hold less than the payload."},
    "sparkplug": {"type": ["object", "null"], "required": ["seq", "at_ms", "metrics_total", "metrics"], "properties": {
      "seq": {"type": ["integer", "null"]}, "at_ms": {"type": ["integer", "string", "null"]},
      "metrics_total": {"type": "integer"},
      "metrics": {"type": "array", "items": {"type": "object", "required": ["name", "alias", "type", "at_ms", "value"],
        "properties": {"name": {"type": ["string", "null"]}, "alias": {"type": ["integer", "string", "null"]},
        "type": {"type": ["string", "null"]}, "at_ms": {"type": ["integer", "string", "null"]},
        "value": {"$ref": "#/components/schemas/Value"}}}}}}}}}},
"Role": {"type": "string", "enum": ["viewer", "operator", "engineer", "admin", "auditor"]},
"Person": {"type": "object", "required": ["id", "name", "role", "created_at", "last_seen_at", "totp"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "created_at": {"type": "string", "format": "date-time"},
  "last_seen_at": {"type": ["string", "null"], "format": "date-time"},
  "totp": {"type": "boolean", "description": "Signs in with a second factor."}}},
"PersonChange": {"type": "object", "additionalProperties": false, "properties": {
  "role": {"$ref": "#/components/schemas/Role"}, "password": {"type": "string", "minLength": 10},
  "totp": {"type": "boolean", "enum": [false], "description": "false takes the second factor away."}}},
"Account": {"type": "object", "required": ["id", "name", "role", "created_at", "last_seen_at", "totp", "organisation"], "properties": {
  "id": {"type": "string"}, "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "created_at": {"type": "string", "format": "date-time"},
  "last_seen_at": {"type": ["string", "null"], "format": "date-time"}, "organisation": {"type": "string"},
  "totp": {"type": "object", "required": ["enabled", "required", "recovery_codes"], "properties": {
    "enabled": {"type": "boolean"}, "required": {"type": "boolean"}, "recovery_codes": {"type": "integer"}}}}},
"NewPassword": {"type": "object", "required": ["current", "password"], "additionalProperties": false, "properties": {
  "current": {"type": "string"}, "password": {"type": "string", "minLength": 10}}},
"OwnPassword": {"type": "object", "required": ["password"], "additionalProperties": false, "properties": {
  "password": {"type": "string"}}},
"TotpOffer": {"type": "object", "required": ["secret", "uri"], "properties": {
  "secret": {"type": "string", "description": "Base32, to type in."}, "uri": {"type": "string", "description": "For the QR code."}}},
"Code": {"type": "object", "required": ["code"], "additionalProperties": false, "properties": {"code": {"type": "string"}}},
"RecoveryCodes": {"type": "object", "required": ["recovery_codes"], "properties": {
  "recovery_codes": {"type": "array", "items": {"type": "string"}, "description": "Shown this once; each signs in once."}}},
"BrowserSession": {"type": "object", "required": ["id", "created_at", "last_seen_at", "origin", "own"], "properties": {
  "id": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"},
  "last_seen_at": {"type": "string", "format": "date-time"}, "origin": {"type": "string"}, "own": {"type": "boolean"}}},
"AuditLine": {"type": "object", "required": ["index", "at", "steady_ms", "clock", "stepped_ms", "who", "kind", "who_id", "address",
  "action", "target", "outcome", "detail", "left_out"], "properties": {
  "index": {"type": "integer"}, "at": {"type": "string", "format": "date-time"},
  "steady_ms": {"type": "integer", "description": "Monotonic since the machine started."},
  "clock": {"type": "string", "enum": ["unknown", "synchronised", "unsynchronised"]},
  "stepped_ms": {"type": "integer", "description": "The wall clock jumped by so much since the record before."},
  "who": {"type": "string"}, "kind": {"type": "string", "enum": ["nobody", "person", "token", "local", "node", "certificate"]},
  "who_id": {"type": "string"}, "address": {"type": "string"}, "action": {"type": "string"}, "target": {"type": "string"},
  "outcome": {"type": "string", "enum": ["allowed", "refused", "failed"]}, "detail": {"type": "string"},
  "left_out": {"type": "integer", "description": "Refusals before it that were counted only."}}},
"Checkpoint": {"type": "object", "required": ["checkpoint", "verifier"], "properties": {
  "checkpoint": {"type": "string", "description": "A signed note (c2sp.org/tlog-checkpoint)."},
  "verifier": {"type": "string", "description": "The key that checks it."}}},
"Consistency": {"type": "object", "required": ["from", "size", "root", "proof"], "properties": {
  "from": {"type": "integer"}, "size": {"type": "integer"}, "root": {"type": "string"},
  "proof": {"type": "array", "items": {"type": "string"}, "description": "RFC 9162, 2.1.4; base64."}}},
"RawRecords": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"type": "string"}, "description": "Base64; docs/formats/audit.md."}}},
"Inventory": {"type": "object", "required": ["format", "at", "node", "organisation", "sites", "machines", "people", "tokens"],
  "properties": {
  "format": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
  "node": {"type": "object", "properties": {"name": {"type": "string"}, "role": {"type": "string"}, "version": {"type": "string"}}},
  "organisation": {"type": "string"}, "sites": {"type": "array", "items": {"type": "object"}},
  "machines": {"type": "array", "items": {"type": "object"}},
  "people": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
  "tokens": {"type": "array", "items": {"type": "object"}},
  "settings": {"type": "object", "description": "For admins of `default`.", "additionalProperties": {"type": "string"}}}},
"NewPerson": {"type": "object", "required": ["name", "role", "password"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "password": {"type": "string", "minLength": 10}}},
"Certificate": {"type": "object", "required": ["serial", "machine", "state", "fingerprint", "not_before",
  "not_after", "renew_at", "issued_at", "issued_by", "revoked_at", "revoked_by"], "properties": {
  "serial": {"type": "string", "description": "Hexadecimal."}, "machine": {"type": "string"},
  "state": {"type": "string", "enum": ["live", "revoked", "expired"]},
  "fingerprint": {"type": "string", "description": "SHA-256 of the certificate."},
  "not_before": {"type": "string", "format": "date-time"}, "not_after": {"type": "string", "format": "date-time"},
  "renew_at": {"type": "string", "format": "date-time", "description": "Two thirds of its life."},
  "issued_at": {"type": "string", "format": "date-time"}, "issued_by": {"type": "string"},
  "revoked_at": {"type": ["string", "null"], "format": "date-time"}, "revoked_by": {"type": ["string", "null"]}}},
"IssuedCertificate": {"type": "object", "required": ["serial", "machine", "state", "fingerprint", "not_before",
  "not_after", "renew_at", "issued_at", "issued_by", "revoked_at", "revoked_by", "certificate", "authority", "key"], "properties": {
  "serial": {"type": "string", "description": "Hexadecimal."}, "machine": {"type": "string"},
  "state": {"type": "string", "enum": ["live", "revoked", "expired"]},
  "fingerprint": {"type": "string", "description": "SHA-256 of the certificate."},
  "not_before": {"type": "string", "format": "date-time"}, "not_after": {"type": "string", "format": "date-time"},
  "renew_at": {"type": "string", "format": "date-time", "description": "Two thirds of its life."},
  "issued_at": {"type": "string", "format": "date-time"}, "issued_by": {"type": "string"},
  "revoked_at": {"type": ["string", "null"], "format": "date-time"}, "revoked_by": {"type": ["string", "null"]},
  "certificate": {"type": "string", "description": "PEM."}, "authority": {"type": "string", "description": "PEM."},
  "key": {"type": ["string", "null"], "description": "PKCS#8 in PEM; null when a request brought its own."}}},
"NewCertificate": {"type": "object", "required": ["machine"], "additionalProperties": false, "properties": {
  "machine": {"type": "string"},
  "request": {"type": "string", "description": "PKCS#10 in PEM: P-256, P-384, Ed25519 or RSA of 2048 bits and more."}}},
"Authority": {"type": "object", "required": ["certificate", "fingerprint", "not_after"], "properties": {
  "certificate": {"type": "string"}, "fingerprint": {"type": "string", "description": "SHA-256."},
  "not_after": {"type": "string", "format": "date-time"}}},
"Enrolment": {"type": "object", "required": ["machine", "token", "expires_at"], "properties": {
  "machine": {"type": "string"}, "token": {"type": "string"}, "expires_at": {"type": "string", "format": "date-time"}}},
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
"precision": {"name": "precision", "in": "query", "schema": {"type": "string", "enum": ["ns", "us", "ms", "s"]},
  "description": "The unit of the timestamps; ns by default."},
"limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "Usually 1..1000."},
"cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "The `next` of the page before."},
"q": {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "Found in id, name or kind, any case."},
"connection": {"name": "connection", "in": "query", "schema": {"type": "string", "enum": ["online", "stale", "offline"]}},
"site": {"name": "site", "in": "query", "schema": {"type": "string"}, "description": "A site's id."},
"attribute": {"name": "attribute", "in": "query", "schema": {"type": "string"},
  "description": "name:text; machines that have that attribute. Several must all hold."},
"adopted": {"name": "adopted", "in": "query", "schema": {"type": "boolean"}},
"tag": {"name": "tag", "in": "query", "required": true, "schema": {"type": "string"}},
"tags": {"name": "tag", "in": "query", "required": true, "explode": true,
  "schema": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string"}}},
"from": {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"until": {"name": "until", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"columns": {"name": "columns", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 4000, "default": 800}},
"by": {"name": "by", "in": "query", "schema": {"type": "string", "default": "day",
  "enum": ["hour", "shift", "day", "week", "month", "year"]}},
"day_starts": {"name": "day_starts", "in": "query", "description": "When the plant's day starts, local time.",
  "schema": {"type": "string", "pattern": "^\\d\\d:\\d\\d$", "default": "00:00"}},
"order": {"name": "order", "in": "query", "schema": {"type": "string", "enum": ["asc", "desc"], "default": "asc"}},
"of_machine": {"name": "machine", "in": "query", "schema": {"type": "string"}, "description": "Of one machine."},
"of_tag": {"name": "tag", "in": "query", "schema": {"type": "string"}, "description": "Of one tag."},
"organisation": {"name": "organisation", "in": "query", "schema": {"type": "string"},
  "description": "Another organisation, by name; for admins of `default`."},
"since": {"name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
"machines": {"name": "machine", "in": "query", "explode": true, "description": "Whose values to send; a machine's token names itself.",
  "schema": {"type": "array", "maxItems": 60, "items": {"type": "string"}}},
"client_text": {"name": "q", "in": "query", "schema": {"type": "string"},
  "description": "Part of client id, principal or address, any case."},
"client_state": {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["connected", "sleeping", "gone"]},
  "description": "Without: connected and sleeping."},
"client_sort": {"name": "sort", "in": "query", "schema": {"type": "string",
  "enum": ["client", "since", "in", "out", "queued", "lost"], "default": "client"},
  "description": "All but `client` with the largest first."},
"who": {"name": "who", "in": "query", "schema": {"type": "string"}, "description": "Part of a name, any case."},
"what": {"name": "what", "in": "query", "schema": {"type": "string"}, "description": "Begins the action: session., token.create."},
"audit_text": {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "Part of target or detail, any case."},
"outcome": {"name": "outcome", "in": "query", "schema": {"type": "string", "enum": ["allowed", "refused", "failed"]}},
"format": {"name": "format", "in": "query", "schema": {"type": "string", "enum": ["ndjson", "csv"], "default": "ndjson"}},
"from_index": {"name": "from", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 0}},
"forget": {"name": "forget", "in": "query", "schema": {"type": "boolean", "default": false}},
"prefix": {"name": "prefix", "in": "query", "schema": {"type": "string"},
  "description": "Without: the first levels. Empty: below an empty first level."},
"once": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 128},
  "description": "The same key and body within a day gives the first answer again."}
})";

constexpr std::string_view listed[] = {
    "Machine", "Sample", "Event",       "Site",   "Organisation", "BrowserSession", "AuditLine",
    "Person",  "Token",  "Certificate", "Backup", "Erasure",      "Connection",     "Topic", "Design"};

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
