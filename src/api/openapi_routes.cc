// One row per operation. The right comes from trust::routes(), which has the same routes.
#include "api/openapi_parts.h"

namespace lineshaft::api {
namespace {

constexpr std::string_view person_example =
    R"({"id":"2","name":"li wei","role":"operator","created_at":"2026-11-21T08:15:00Z",)"
    R"("last_seen_at":null})";
constexpr std::string_view session_example =
    R"({"person":{"name":"li wei","role":"operator","organisation":"default"}})";
constexpr std::string_view site_example =
    R"({"id":"1","name":"Harbour East","time_zone":"Asia/Shanghai","latitude":31.2,)"
    R"("longitude":121.5,"machines":6})";
constexpr std::string_view tag_example =
    R"({"name":"speed","label":null,"kind":"double","unit":"1/min","low":0,"high":1000,)"
    R"("writable":true,"value":812.5,"at":"2026-11-21T08:15:00Z","quality":"good"})";

#define MACHINE                                                                           \
    R"("id":"exc-01","name":"Excavator 1","kind":"excavator","site":"1","adopted":true,)" \
    R"("connection":"online","state":"Running","fault":null,"source":"json",)"            \
    R"("first_seen":"2026-11-20T06:00:00Z","last_seen":"2026-11-21T08:15:00Z","tags":1,)" \
    R"("position":{"latitude":31.2,"longitude":121.5})"
#define TAG                                                                               \
    R"({"name":"speed","label":null,"kind":"double","unit":"1/min","low":0,"high":1000,)" \
    R"("writable":true,"value":812.5,"at":"2026-11-21T08:15:00Z","quality":"good"})"
#define EVENTS                                                                  \
    R"({"items":[{"id":"exc-01@1795248900000000","at":"2026-11-21T08:15:00Z",)" \
    R"("machine":"exc-01","kind":"fault","text":"oil pressure"}],"next":null})"

constexpr Operation all[] = {
    {"GET", "/healthz", "The process answers.", "", "", "", 200, "", "ok\n"},
    {"GET", "/readyz", "Every listener accepts; else 503.", "", "", "", 200, "", "ready\n"},
    {"GET", "/metrics", "Prometheus text; without login on the node's own machine.", "", "", "",
     200, "", "lineshaft_samples_total 99999\n"},
    {"GET", "/api/v1/openapi.json", "This document.", "", "", "", 200, "", "{}"},

    {"GET", "/api/v1/session",
     "Who is signed in; 401 tells whether the node is still to be set up.", "", "", "", 200,
     "Session", session_example},
    {"POST", "/api/v1/session", "Signs in with name and password; sets the cookie.", "", "SignIn",
     R"({"name":"li wei","password":"a long sentence"})", 200, "Session", session_example},
    {"DELETE", "/api/v1/session", "Signs out.", "", "", "", 204, "", ""},
    {"POST", "/api/v1/session/setup",
     "Makes the first admin with the one-time secret, and signs in.", "", "Setup",
     R"({"secret":"K7QF-2M9X-0000-1111-2222","name":"li wei",)"
     R"("password":"a long sentence"})",
     200, "Session", session_example},

    {"GET", "/api/v1/node", "This node.", "", "", "", 200, "Node",
     R"({"version":"0.1.0","name":"hall","role":"enterprise",)"
     R"("started_at":"2026-11-20T06:00:00Z","now":"2026-11-21T08:15:00Z",)"
     R"("durability":"synced","accepting":true,"read_only":false,"damage":"",)"
     R"("listeners":[{"name":"mqtt","address":"127.0.0.1:1883"}],"shards":2,)"
     R"("demo":false})"},
    {"GET", "/api/v1/overview", "The large screen's numbers.", "", "", "", 200, "Overview",
     R"({"machines":{"online":30,"stale":1,"offline":2,"discovered":4,"total":33},)"
     R"("states":[{"state":"Running","count":18}],"rates":{"messages_per_s":42.5,)"
     R"("samples_per_s":310,"messages_total":12345,"samples_total":99999,)"
     R"("refused_total":3,"commit_ms":2.1},"sites":[{"id":"1","name":"Harbour East",)"
     R"("time_zone":"Asia/Shanghai","latitude":31.2,"longitude":121.5,"machines":6,)"
     R"("online":5,"faults":1}],"now":"2026-11-21T08:15:00Z"})"},

    {"GET", "/api/v1/machines", "Machines by id.", "limit cursor q connection site adopted", "", "",
     200, "MachineList", R"({"items":[{)" MACHINE R"(}],"next":null,"total":1})"},
    {"GET", "/api/v1/machines/{machine}", "One machine with its current values.", "", "", "", 200,
     "MachineDetail", "{" MACHINE R"(,"values":[)" TAG "]}"},
    {"PATCH", "/api/v1/machines/{machine}", "Adopts, names and places a machine; null clears.", "",
     "MachineChange", R"({"name":"Excavator 1","site":"1","adopted":true})", 200, "MachineDetail",
     "{" MACHINE R"(,"values":[)" TAG "]}"},
    {"GET", "/api/v1/machines/{machine}/trend", "What a chart of so many columns needs.",
     "tags from until columns", "", "", 200, "Trend",
     R"({"from":"2026-11-21T08:00:00Z","until":"2026-11-21T08:15:00Z",)"
     R"("series":[{"tag":"speed","kind":"double","unit":"1/min","raw":true,)"
     R"("samples":[[1795248900000,812.5],[1795248901000,null,"missing"]]},)"
     R"({"tag":"needle","kind":"integer","unit":null,"raw":false,"step_ms":1000,)"
     R"("columns":[[1795248900000,1,9,4.5,1,9,40]]}]})"},
    {"GET", "/api/v1/machines/{machine}/samples", "Stored samples of one tag.",
     "tag from until limit cursor order", "", "", 200, "SampleList",
     R"({"items":[{"at":"2026-11-21T08:15:00Z","value":812.5,"quality":"good"}],)"
     R"("next":"2026-11-21T08:15:00Z"})"},
    {"GET", "/api/v1/machines/{machine}/events", "What happened to a machine, newest first.",
     "limit cursor", "", "", 200, "EventList", EVENTS},
    {"PATCH", "/api/v1/machines/{machine}/tags/{tag}", "What people know about a tag; null clears.",
     "", "TagChange", R"({"unit":"1/min","low":0,"high":1000,"writable":true})", 200, "Tag",
     tag_example},
    {"POST", "/api/v1/machines/{machine}/tags/{tag}/write",
     "Sends a value to the machine. 409 not connected, 422 range or type, 403 not writable.", "",
     "Write", R"({"value":650})", 202, "Sent",
     R"({"sent_at":"2026-11-21T08:15:00Z","topic":"lineshaft/v1/exc-01/command"})"},

    {"GET", "/api/v1/sites", "Sites.", "", "", "", 200, "SiteList",
     R"({"items":[{"id":"1","name":"Harbour East","time_zone":"Asia/Shanghai",)"
     R"("latitude":null,"longitude":null,"machines":6}],"next":null})"},
    {"POST", "/api/v1/sites", "A new site.", "once", "NewSite",
     R"({"name":"Harbour East","time_zone":"Asia/Shanghai","latitude":31.2,)"
     R"("longitude":121.5})",
     201, "Site", site_example},
    {"PATCH", "/api/v1/sites/{site}", "Changes a site; a null position clears it.", "",
     "SiteChange", R"({"latitude":null,"longitude":null})", 200, "Site", site_example},
    {"DELETE", "/api/v1/sites/{site}", "Removes a site; 409 while machines stand there.", "", "",
     "", 204, "", ""},

    {"GET", "/api/v1/organisations", "Organisations of this node; for admins of `default`.", "", "",
     "", 200, "OrganisationList",
     R"({"items":[{"id":"1","name":"default","created_at":"2026-11-20T06:00:00Z"}],)"
     R"("next":null})"},
    {"POST", "/api/v1/organisations", "A new organisation.", "once", "NewOrganisation",
     R"({"name":"acme"})", 201, "Organisation",
     R"({"id":"2","name":"acme","created_at":"2026-11-21T08:15:00Z"})"},

    {"GET", "/api/v1/people", "People of the organisation.", "", "", "", 200, "PersonList",
     R"({"items":[{"id":"1","name":"admin","role":"admin",)"
     R"("created_at":"2026-11-20T06:00:00Z","last_seen_at":"2026-11-21T08:15:00Z"}],)"
     R"("next":null})"},
    {"POST", "/api/v1/people", "A new person.", "once", "NewPerson",
     R"({"name":"li wei","role":"operator","password":"a long sentence"})", 201, "Person",
     person_example},
    {"DELETE", "/api/v1/people/{id}",
     "Removes a person and ends their sessions; never the last admin.", "", "", "", 204, "", ""},

    {"GET", "/api/v1/tokens", "Live tokens, without their secrets.", "", "", "", 200, "TokenList",
     R"({"items":[{"id":"7","name":"press line","role":null,"machine":"exc-01",)"
     R"("created_at":"2026-11-20T06:00:00Z","created_by":"admin","last_used_at":null}],)"
     R"("next":null})"},
    {"POST", "/api/v1/tokens", "A new token, shown this once.", "once", "NewToken",
     R"({"name":"press line","machine":"exc-01"})", 201, "Token",
     R"({"id":"7","name":"press line","role":null,"machine":"exc-01",)"
     R"("created_at":"2026-11-21T08:15:00Z","created_by":"admin","last_used_at":null,)"
     R"("token":"ls_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"})"},
    {"DELETE", "/api/v1/tokens/{id}", "Revokes a token; live sessions that used it end.", "", "",
     "", 204, "", ""},

    {"GET", "/api/v1/events", "What happened in the plant, newest first.", "limit cursor since", "",
     "", 200, "EventList", EVENTS},
    {"GET", "/api/v1/live",
     "What changes, as server-sent events: values, machine, event, rates, gap.", "machines", "", "",
     200, "",
     "event: values\ndata: "
     "[{\"machine\":\"exc-01\",\"values\":[{\"tag\":\"speed\",\"value\":812.5,\"at\":\"2026-11-"
     "21T08:15:00Z\",\"quality\":\"good\"}]}]\n\n"},
};

#undef MACHINE
#undef TAG
#undef EVENTS

}  // namespace

std::span<const Operation> operations() {
    return all;
}

}  // namespace lineshaft::api
