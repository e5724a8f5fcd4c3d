// The naming operations. What the members are: docs/protocols/naming-api.md.
#include "api/openapi_parts.h"

namespace lineshaft::api {
namespace {

constexpr Operation naming_rows[] = {
    {"GET", "/api/v1/naming",
     "What this node does with names.", "", "", "", 200, "NamingThing",
     R"({"role":"secondary","handle_listen":"127.0.0.1:2641","prefixes":["88.101"],"case_sensitive":false,)"
     R"("identifiers":1200034,"resolves_elsewhere":true,"public_url":"","key":null,"applications":null,"machines":null})"},
    {"GET", "/api/v1/naming/identifiers",
     "Identifiers of one prefix, by name.", "limit cursor", "", "", 200, "NamingThing",
     R"({"items":[{"handle":"88.101.7/EXC-0042","page":"/h/88.101.7/EXC-0042"}],"next":null,"total":1})"},
    {"POST", "/api/v1/naming/identifiers",
     "Mints one; without a suffix the node makes one.", "", "NamingThing",
     R"({"prefix":"88.101.7","values":[{"type":"URL","data":"https://example.com/exc/42"}]})", 201, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","prefix":"88.101.7","changed_at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[{"index":1,"type":"URL","data":"https://example.com/exc/42",)"
     R"("ttl_s":86400,"changed_at":"2026-11-22T08:15:00Z","read":"public"}]})"},
    {"GET", "/api/v1/naming/identifiers/{handle...}",
     "One, with the values the caller may see.", "", "", "", 200, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","prefix":"88.101.7","changed_at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[{"index":1,"type":"URL","data":"https://example.com/exc/42",)"
     R"("ttl_s":86400,"changed_at":"2026-11-22T08:15:00Z","read":"public"}]})"},
    {"PUT", "/api/v1/naming/identifiers/{handle...}",
     "Makes it or replaces its values.", "", "NamingThing",
     R"({"values":[{"index":1,"type":"URL","data":"https://example.com/exc/42"}]})", 200, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","prefix":"88.101.7","changed_at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[{"index":1,"type":"URL","data":"https://example.com/exc/42",)"
     R"("ttl_s":86400,"changed_at":"2026-11-22T08:15:00Z","read":"public"}]})"},
    {"PATCH", "/api/v1/naming/identifiers/{handle...}",
     "Sets or removes some values.", "", "NamingThing", R"({"remove":[2]})", 200, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","prefix":"88.101.7","changed_at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[{"index":1,"type":"URL","data":"https://example.com/exc/42",)"
     R"("ttl_s":86400,"changed_at":"2026-11-22T08:15:00Z","read":"public"}]})"},
    {"DELETE", "/api/v1/naming/identifiers/{handle...}",
     "Removes it.", "", "", "", 204, "",
     ""},
    {"GET", "/api/v1/naming/machines/{machine}",
     "The identifier of a machine.", "", "", "", 200, "NamingThing",
     R"({"machine":"exc-01","handle":"88.101/MACHINE.EXC-01","page":"/h/88.101/MACHINE.EXC-01"})"},
    {"POST", "/api/v1/naming/templates/try",
     "What a template makes of a name.", "", "NamingThing",
     R"({"template":"<namespace>...</namespace>","handle":"88.101.7/PRESS@a"})", 200, "NamingThing",
     R"({"handle":"88.101.7/PRESS@a","base":"88.101.7/PRESS","extension":"a","found":false,"values":[]})"},
    {"POST", "/api/v1/naming/bulk",
     "Rows of any number, a receipt for each while they come (NDJSON both ways).", "", "",
     R"({"handle":"88.101.7/A1","values":[]})", 200, "",
     R"({"row":1,"status":"made","handle":"88.101.7/A1"})"},
    {"GET", "/api/v1/naming/bulk",
     "Bulk jobs, newest first.", "", "", "", 200, "NamingThing",
     R"({"items":[{"key":"import-7","state":"done","by":"ann","begun_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:09Z","rows":1000000,"made":999999,"changed":0,"kept":0,"deleted":0,"refused":1,)"
     R"("resume_from":1000001}],"next":null})"},
    {"GET", "/api/v1/naming/bulk/{key}",
     "One bulk job: how far it is.", "", "", "", 200, "NamingThing",
     R"({"key":"import-7","state":"done","by":"ann","begun_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:09Z","rows":1000000,"made":999999,"changed":0,"kept":0,"deleted":0,"refused":1,)"
     R"("resume_from":1000001})"},
    {"GET", "/api/v1/naming/bulk/{key}/refused",
     "Its refused rows.", "limit cursor", "", "", 200, "NamingThing",
     R"({"items":[{"row":7,"why":"no JSON"}],"next":null})"},
    {"GET", "/api/v1/naming/export",
     "All identifiers of a prefix as bulk takes them (NDJSON).", "", "", "", 200, "",
     R"({"handle":"88.101.7/A1","values":[]})"},
    {"GET", "/api/v1/naming/prefixes",
     "Prefixes of this node and what was allocated from them.", "limit cursor", "", "", 200, "NamingThing",
     R"({"items":[{"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes",)"
     R"("organisation":"default","address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,)"
     R"("certifiable":true,"application":"12","allocated_at":"2026-11-22T08:15:00Z","reason":null}],"next":null})"},
    {"GET", "/api/v1/naming/prefixes/{prefix}",
     "One prefix with its history.", "", "", "", 200, "NamingThing",
     R"({"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes","organisation":"default",)"
     R"("address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,"certifiable":true,"application":"12",)"
     R"("allocated_at":"2026-11-22T08:15:00Z","reason":null})"},
    {"PATCH", "/api/v1/naming/prefixes/{prefix}",
     "Its quota, template or address.", "", "NamingThing", R"({"quota":1000000})", 200, "NamingThing",
     R"({"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes","organisation":"default",)"
     R"("address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,"certifiable":true,"application":"12",)"
     R"("allocated_at":"2026-11-22T08:15:00Z","reason":null})"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/suspend",
     "Nothing under it resolves from now on.", "", "NamingThing", R"({"reason":"unpaid"})", 200, "NamingThing",
     R"({"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes","organisation":"default",)"
     R"("address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,"certifiable":true,"application":"12",)"
     R"("allocated_at":"2026-11-22T08:15:00Z","reason":null})"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/resume",
     "Undoes a suspension.", "", "NamingThing", R"({"reason":"unpaid"})", 200, "NamingThing",
     R"({"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes","organisation":"default",)"
     R"("address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,"certifiable":true,"application":"12",)"
     R"("allocated_at":"2026-11-22T08:15:00Z","reason":null})"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/revoke",
     "For good.", "", "NamingThing", R"({"reason":"unpaid"})", 200, "NamingThing",
     R"({"prefix":"88.101.7","kind":"hosted","state":"active","company":"Harbour Cranes","organisation":"default",)"
     R"("address":null,"identifiers":120034,"quota":1000000,"template":null,"certificate":null,"certifiable":true,"application":"12",)"
     R"("allocated_at":"2026-11-22T08:15:00Z","reason":null})"},
    {"GET", "/api/v1/naming/prefixes/{prefix}/key",
     "The key that a certificate would be for: this node's (own), as HS_SITE names it (site), or as its node says (node).",
     "", "", "", 200, "NamingThing",
     R"({"prefix":"88.101.7","key":"9f86d081","source":"node","public_key":{"kty":"RSA","e":"AQAB","n":"wK3"},"why":null})"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/certificate",
     "Certifies the key that signs what is under it (HS_CERT at its prefix handle).", "", "NamingThing",
     R"({"life_days":3650})", 201, "NamingThing",
     R"({"prefix":"88.101.7","subject":"400:0.NA/88.101.7","issuer":"400:0.NA/88.101","key":"9f86d081","until":"2036-11-19T08:15:00Z"})"},
    {"POST", "/api/v1/naming/sign/{handle...}",
     "Signs the public values of one that is registered (HS_SIGNATURE).", "", "", "", 200, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","prefix":"88.101.7","changed_at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[],"signatures":[{"index":401,"state":"valid","by":"400:0.NA/88.101.7",)"
     R"("root":"400:0.NA/88","chain":["400:0.NA/88.101.7","400:0.NA/88.101","400:0.NA/88"],"covers":[1,100],"changed":[],"why":null}]})"},
    {"POST", "/api/v1/naming/applications",
     "Applies for a prefix; the ticket is shown this once.", "", "NamingThing",
     R"({"company":"Harbour Cranes","contact":"Li Wei","email":"li@example.com","purpose":"cranes"})", 201, "NamingThing",
     R"({"id":"12","state":"applied","ticket":"9f86d081","status":"/api/v1/naming/applications/status/9f86d081"})"},
    {"GET", "/api/v1/naming/applications/status/{ticket}",
     "How far an application is, for who has its ticket.", "", "", "", 200, "NamingThing",
     R"({"state":"applied","company":"Harbour Cranes","prefix":null,"reason":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z"})"},
    {"GET", "/api/v1/naming/applications",
     "Applications, newest first.", "limit cursor", "", "", 200, "NamingThing",
     R"({"items":[{"id":"12","state":"applied","company":"Harbour Cranes","credit_code":"","contact":"Li Wei",)"
     R"("email":"li@example.com","phone":"","purpose":"cranes","wanted":"88.101.7","hosting":"hosted","address":null,)"
     R"("expected":50000,"prefix":null,"organisation":null,"quota":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z","decided_by":null,"reason":null,"history":[]}],"next":null})"},
    {"GET", "/api/v1/naming/applications/{id}",
     "One application.", "", "", "", 200, "NamingThing",
     R"({"id":"12","state":"applied","company":"Harbour Cranes","credit_code":"","contact":"Li Wei",)"
     R"("email":"li@example.com","phone":"","purpose":"cranes","wanted":"88.101.7","hosting":"hosted","address":null,)"
     R"("expected":50000,"prefix":null,"organisation":null,"quota":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z","decided_by":null,"reason":null,"history":[]})"},
    {"POST", "/api/v1/naming/applications/{id}/approve",
     "Approves it.", "", "NamingThing", R"({"reason":"papers are right"})", 200, "NamingThing",
     R"({"id":"12","state":"applied","company":"Harbour Cranes","credit_code":"","contact":"Li Wei",)"
     R"("email":"li@example.com","phone":"","purpose":"cranes","wanted":"88.101.7","hosting":"hosted","address":null,)"
     R"("expected":50000,"prefix":null,"organisation":null,"quota":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z","decided_by":null,"reason":null,"history":[]})"},
    {"POST", "/api/v1/naming/applications/{id}/refuse",
     "Refuses it, with a reason.", "", "NamingThing", R"({"reason":"no such company"})", 200, "NamingThing",
     R"({"id":"12","state":"applied","company":"Harbour Cranes","credit_code":"","contact":"Li Wei",)"
     R"("email":"li@example.com","phone":"","purpose":"cranes","wanted":"88.101.7","hosting":"hosted","address":null,)"
     R"("expected":50000,"prefix":null,"organisation":null,"quota":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z","decided_by":null,"reason":null,"history":[]})"},
    {"POST", "/api/v1/naming/applications/{id}/allocate",
     "Gives it a prefix.", "", "NamingThing", R"({"prefix":"88.101.7","quota":1000000})", 200, "NamingThing",
     R"({"id":"12","state":"applied","company":"Harbour Cranes","credit_code":"","contact":"Li Wei",)"
     R"("email":"li@example.com","phone":"","purpose":"cranes","wanted":"88.101.7","hosting":"hosted","address":null,)"
     R"("expected":50000,"prefix":null,"organisation":null,"quota":null,"applied_at":"2026-11-22T08:15:00Z",)"
     R"("changed_at":"2026-11-22T08:15:00Z","decided_by":null,"reason":null,"history":[]})"},
    {"GET", "/api/v1/naming/statistics",
     "What was registered, resolved and not found, by hour or day and prefix.", "", "", "", 200, "NamingThing",
     R"({"from":"2026-11-21T08:15:00Z","until":"2026-11-22T08:15:00Z","by":"hour","totals":{"registered":1,)"
     R"("changed":0,"deleted":0,"resolved":9,"not_found":2},"periods":[],"prefixes":[]})"},
    {"GET", "/api/v1/naming/statistics/missing",
     "Names that were asked for and are not there.", "limit", "", "", 200, "NamingThing",
     R"({"items":[{"handle":"88.101.7/NOPE","count":12}],"next":null})"},
    {"GET", "/api/v1/naming/resolve/{handle...}",
     "What stands behind a name, with the proof of how it was found.", "", "", "", 200, "NamingThing",
     R"({"handle":"88.101.7/EXC-0042","answer":"found","why":null,"at":"2026-11-22T08:15:00Z",)"
     R"("page":"/h/88.101.7/EXC-0042","values":[],"hidden":1,"computed":false,"from_cache":false,"stale":false,)"
     R"("signature":"valid","signatures":[],"url":"https://example.com/exc/42","vouched":[{"prefix":"88","by":"127.0.0.1:2641",)"
     R"("company":null,"state":null}]})"},
    {"GET", "/api/v1/naming/label/{handle...}",
     "A QR code that opens the identifier's page, SVG or PNG.", "", "", "", 200, "",
     R"(<svg xmlns="http://www.w3.org/2000/svg"></svg>)"},
    {"GET", "/api/verifications/{handle...}",
     "Handle.Net's API: whether a secret key of this node (INDEX:HANDLE) made a proof.", "", "", "", 200, "NamingThing",
     R"({"responseCode":1,"handle":"88.101.7/ADMIN","isValid":true})"},
    {"POST", "/api/sessions",
     "Handle.Net's API: a session, whose nonce a key of a handle signs.", "", "", "", 201, "NamingThing",
     R"({"sessionId":"0-9f86d081","nonce":"AAECAwQFBgcICQoLDA0ODw==","authenticated":false})"},
    {"GET", "/api/sessions/this",
     "Handle.Net's API: the session that Authorization names.", "", "", "", 200, "NamingThing",
     R"({"sessionId":"0-9f86d081","nonce":"AAECAwQFBgcICQoLDA0ODw==","authenticated":true,"id":"300:0.NA/88.101.7"})"},
    {"PUT", "/api/sessions/this",
     "Handle.Net's API: proves whose session it is.", "", "", "", 200, "NamingThing",
     R"({"sessionId":"0-9f86d081","nonce":"AAECAwQFBgcICQoLDA0ODw==","authenticated":true,"id":"300:0.NA/88.101.7"})"},
    {"DELETE", "/api/sessions/this",
     "Handle.Net's API: ends it.", "", "", "", 204, "", ""},
    {"GET", "/h/{handle...}",
     "The identifier's page; ?redirect leads to its address.", "", "", "", 200, "",
     R"(<!doctype html>)"},
};

}  // namespace

std::span<const Operation> naming_operations() {
    return naming_rows;
}

}  // namespace lineshaft::api
