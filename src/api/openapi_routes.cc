// One row per operation. The right comes from trust::routes(), which has the same routes.
#include "api/openapi_parts.h"

#include <iterator>
#include <vector>

namespace lineshaft::api {
namespace {

constexpr std::string_view person_example =
    R"({"id":"2","name":"li wei","role":"operator","created_at":"2026-11-21T08:15:00Z",)"
    R"("last_seen_at":null,"totp":false})";
constexpr std::string_view session_example =
    R"({"person":{"name":"li wei","role":"operator","organisation":"default",)"
    R"("totp_missing":false}})";
constexpr std::string_view organisation_example =
    R"({"id":"2","name":"acme","title":"Acme","created_at":"2026-11-21T08:15:00Z",)"
    R"("limits":{"machines_max":50,"sessions_max":null,"messages_per_s":null,)"
    R"("samples_per_s":null,"retained_bytes_max":null},)"
    R"("in_force":{"machines_max":50,"sessions_max":100000,"messages_per_s":null,)"
    R"("samples_per_s":null,"retained_bytes_max":268435456},)"
    R"("use":{"machines":12,"sessions":14,"retained_bytes":2048},)"
    R"("refused":{"machines":0,"sessions":0,"messages":0,"samples":0,"retained":0}})";
#define HANDLE_VALUES \
    R"({"responseCode":1,"handle":"88.101.7/EXC-0042","values":[{"index":1,"type":"URL","data":)" \
    R"({"format":"string","value":"https://example.com/"},"ttl":86400}]})"
#define AUDIT_LINE                                                                                \
    R"({"index":41,"at":"2026-11-21T08:15:00Z","steady_ms":86400000,"clock":"synchronised",)"     \
    R"("stepped_ms":0,"who":"li wei","kind":"person","who_id":"2","address":"192.0.2.7",)"        \
    R"("action":"tag.write","target":"exc-01/speed","outcome":"allowed","detail":"value=650",)"   \
    R"("left_out":0})"
#define SESSIONS                                                                               \
    R"({"items":[{"id":"9f86d081","created_at":"2026-11-21T08:00:00Z",)"                        \
    R"("last_seen_at":"2026-11-21T08:15:00Z","origin":"192.0.2.7 Firefox","own":true}],)"       \
    R"("next":null})"
constexpr std::string_view design_example =
    R"({"id":"7","name":"Rose","state":"ready","created_by":"ann",)"
    R"("created_at":"2026-11-21T08:15:00Z","stitches":2774,"trims":9,"jumps":9,"colour_changes":0,)"
    R"("threads":[{"colour":"#1a3c6e"}],"bounds_mm":[-48.1,-10.3,48.1,10.3],"minutes":4.4,)"
    R"("thread_m":12.9,"warnings":[],"files":{"dst":"/api/v1/designs/7/files/dst"}})";

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
#define BACKUP                                                                \
    R"({"id":"1","state":"running","file":null,"bytes_done":1048576,)"        \
    R"("bytes_total":73400320,"started_at":"2026-11-21T08:15:00Z","ended_at":null,"why":null})"
#define ERASURE                                                                       \
    R"({"id":"3","machine":"exc-01","state":"erasing","asked_by":"admin",)"           \
    R"("asked_at":"2026-11-21T08:15:00Z","done_at":null,"series_left":42,)"           \
    R"("merges_left":0,"why":null})"
#define RETENTION                                                                     \
    R"({"classes":[{"name":"vibration","tags":["vib*"],"machines":[],"keep_days":90,)" \
    R"("full_days":7,"resolution_s":60,"series":12,"samples":104857600,)"             \
    R"("bytes":66060288,"kept_from":"2026-08-24T00:00:00Z",)"                         \
    R"("thinned_until":"2026-11-01T00:00:00Z"}],)"                                    \
    R"("rest":{"series":400,"samples":9000000,"bytes":5600000},)"                     \
    R"("counted_at":"2026-11-21T08:15:00Z"})"
#define CONNECTION                                                                             \
    R"("id":"press-17","principal":"press line","machine":"press-17","address":"192.0.2.7",)"   \
    R"("port":51044,"state":"connected","listener":"mqtts","protocol":"5.0","durable":true,)"   \
    R"("full":false,"paused":false,"keep_alive_s":60,"expiry_s":3600,)"                         \
    R"("since":"2026-11-21T08:00:00Z","subscriptions":1,"queued_messages":0,"queued_bytes":0,)" \
    R"("in_flight":0,"unanswered":0,"retained":2,"rates":{"messages_in":4.5,"bytes_in":310,)"   \
    R"("messages_out":0,"bytes_out":0},"totals":{"messages_in":16200,"bytes_in":1116000,)"      \
    R"("messages_out":3,"bytes_out":120},"lost":{"refused_rights":1},"lost_total":1,)"          \
    R"("ended":{"at":"2026-11-21T07:59:12Z","code":141,"reason":"keep alive timeout",)"         \
    R"("why":"keep alive timeout"})"
#define TOPIC_LAST                                                                     \
    R"("at":"2026-11-21T08:15:00Z","size":21,"qos":1,"retained":true)"
#define ATTRIBUTES R"("attributes":{"fleet":"East"},"shared_attributes":{"limit":40})"
#define EVENTS                                                                  \
    R"({"items":[{"id":"exc-01@1795248900000000","at":"2026-11-21T08:15:00Z",)" \
    R"("machine":"exc-01","kind":"fault","text":"oil pressure"}],"next":null})"

#define CERTIFICATE                                                                         \
    R"("serial":"5f0c1d2e3a4b5c6d7e8f901122334455","machine":"press-3","state":"live",)"     \
    R"("fingerprint":"AB:CD","not_before":"2026-11-21T08:10:00Z",)"                           \
    R"("not_after":"2027-02-19T08:15:00Z","renew_at":"2027-01-20T08:13:20Z",)"                \
    R"("issued_at":"2026-11-21T08:15:00Z","issued_by":"admin","revoked_at":null,)"            \
    R"("revoked_by":null)"

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

    {"GET", "/api/v1/machines", "Machines by id.", "limit cursor q connection site adopted attribute", "", "",
     200, "MachineList", R"({"items":[{)" MACHINE R"(}],"next":null,"total":1})"},
    {"GET", "/api/v1/machines/{machine}", "One machine with its current values.", "", "", "", 200,
     "MachineDetail", "{" MACHINE R"(,"values":[)" TAG R"(],)" ATTRIBUTES "}"},
    {"PATCH", "/api/v1/machines/{machine}", "Adopts, names and places a machine; null clears.", "",
     "MachineChange",
     R"({"name":"Excavator 1","site":"1","adopted":true,"shared_attributes":{"limit":40}})", 200,
     "MachineDetail", "{" MACHINE R"(,"values":[)" TAG R"(],)" ATTRIBUTES "}"},
    {"DELETE", "/api/v1/machines/{machine}",
     "Erases a machine with all it ever said: its history, values, tags, attributes, retained "
     "messages and MQTT sessions; its tokens and certificates are revoked. Answered once the intent "
     "is on disk and nobody can see the machine any more; its bytes leave the disk in the "
     "background, see the erasure. One that speaks again is a new machine. Backups keep it.",
     "", "", "", 202, "Erasure", ERASURE},
    {"GET", "/api/v1/erasures", "Machines that are being erased, or were: the newest hundred.", "",
     "", "", 200, "ErasureList", R"({"items":[)" ERASURE R"(],"next":null})"},
    {"GET", "/api/v1/erasures/{id}",
     "How far an erasing is; `done` means that no file of the node holds the machine's data.", "",
     "", "", 200, "Erasure", ERASURE},
    {"GET", "/api/v1/retention", "How long and how finely classes of tags are kept, and what each takes.", "", "", "",
     200, "Retention", RETENTION},
    {"PUT", "/api/v1/retention",
     "Replaces all classes. What expires by them is in no answer any more; its bytes leave the disk in the background.",
     "", "RetentionChange",
     R"({"classes":[{"name":"vibration","tags":["vib*"],"keep_days":90,"full_days":7,"resolution_s":60}]})", 200,
     "Retention", RETENTION},
    {"GET", "/api/v1/machines/{machine}/trend", "What a chart of so many columns needs.",
     "tags from until columns", "", "", 200, "Trend",
     R"({"from":"2026-11-21T08:00:00Z","until":"2026-11-21T08:15:00Z",)"
     R"("series":[{"tag":"speed","kind":"double","unit":"1/min","raw":true,)"
     R"("samples":[[1795248900000,812.5],[1795248901000,null,"missing"]]},)"
     R"({"tag":"needle","kind":"integer","unit":null,"raw":false,"step_ms":1000,)"
     R"("columns":[[1795248900000,1,9,4.5,1,9,40]]}]})"},
    {"GET", "/api/v1/machines/{machine}/periods",
     "Hours, days, weeks, months or years of the site's calendar, daylight saving included.",
     "tags by from until day_starts", "", "", 200, "Periods",
     R"({"time_zone":"Europe/Berlin","series":[{"tag":"energy","kind":"double","unit":"kWh",)"
     R"("cadence_ms":60000,"periods":[{"label":"2026-10-25","from":"2026-10-24T22:00:00Z",)"
     R"("until":"2026-10-25T23:00:00Z","samples":1500,"count":1500,"min":0.1,"max":2.5,)"
     R"("average":1.2,"sum":1800,"first":0.1,"last":0.4,"completeness":1}]}]})"},
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

    {"GET", "/api/v1/designs", "Designs, newest first.", "limit cursor", "", "", 200, "DesignList",
     R"({"items":[],"next":null})"},
    {"POST", "/api/v1/designs",
     "Lettering, a drawing (SVG) or a picture (PNG in base64), digitised: 201 when it is ready, 202 "
     "when it takes longer than two seconds; 422 says why it cannot be sewn.",
     "once", "NewDesign",
     R"({"name":"Rose","artwork":{"text":"Rose","font":"sans","height_mm":20,"colour":"#1a3c6e"},)"
     R"("fabric":"twill","hoop_mm":[180,130]})",
     201, "Design", design_example},
    {"GET", "/api/v1/designs/{id}", "A design: its stitches counted, or why there are none.", "", "",
     "", 200, "Design", design_example},
    {"DELETE", "/api/v1/designs/{id}", "Removes a design and its files.", "", "", "", 204, "", ""},
    {"GET", "/api/v1/designs/{id}/files/{format}",
     "The design as dst, exp, pes or jef for a machine, svg or png for people; 409 until it is "
     "ready.",
     "", "", "", 200, "", R"("bytes")"},

    {"GET", "/api/v1/organisations", "Organisations of this node; for admins of `default`.", "", "",
     "", 200, "OrganisationList",
     R"({"items":[{"id":"1","name":"default","title":null,"created_at":"2026-11-20T06:00:00Z",)"
     R"("limits":{"machines_max":null,"sessions_max":null,"messages_per_s":null,)"
     R"("samples_per_s":null,"retained_bytes_max":null},"in_force":{"machines_max":null,)"
     R"("sessions_max":null,"messages_per_s":null,"samples_per_s":null,)"
     R"("retained_bytes_max":null},"use":{},"refused":{}}],"next":null})"},
    {"POST", "/api/v1/organisations", "A new organisation.", "once", "NewOrganisation",
     R"({"name":"acme","title":"Acme","machines_max":50})", 201, "Organisation",
     organisation_example},
    {"GET", "/api/v1/organisations/{organisation}", "One organisation with its limits.", "", "", "",
     200, "Organisation", organisation_example},
    {"PATCH", "/api/v1/organisations/{organisation}", "Titles and limits an organisation.", "",
     "OrganisationChange", R"({"title":"Acme","messages_per_s":500})", 200, "Organisation",
     organisation_example},
    {"POST", "/api/v1/organisations/{organisation}/people",
     "A new person of that organisation: its first admin.", "once", "NewPerson",
     R"({"name":"ann","role":"admin","password":"a long sentence"})", 201, "Person",
     person_example},

    {"DELETE", "/api/v1/organisations/{organisation}/machines",
     "Erases every machine of an organisation, each as DELETE of the machine; gives how many.", "",
     "", "", 202, "OrganisationErasure", R"({"machines":12})"},

    {"GET", "/api/v1/people", "People of the organisation.", "", "", "", 200, "PersonList",
     R"({"items":[{"id":"1","name":"admin","role":"admin",)"
     R"("created_at":"2026-11-20T06:00:00Z","last_seen_at":"2026-11-21T08:15:00Z","totp":true}],)"
     R"("next":null})"},
    {"POST", "/api/v1/people", "A new person.", "once", "NewPerson",
     R"({"name":"li wei","role":"operator","password":"a long sentence"})", 201, "Person",
     person_example},
    {"GET", "/api/v1/people/{id}", "One person.", "", "", "", 200, "Person", person_example},
    {"PATCH", "/api/v1/people/{id}",
     "Another role, a new password, or no second factor; the last two end the sessions.", "",
     "PersonChange", R"({"role":"operator"})", 200, "Person", person_example},
    {"DELETE", "/api/v1/people/{id}",
     "Removes a person and ends their sessions; never the last admin.", "", "", "", 204, "", ""},
    {"GET", "/api/v1/people/{id}/sessions", "Where a person is signed in.", "", "", "", 200,
     "BrowserSessionList", SESSIONS},
    {"DELETE", "/api/v1/people/{id}/sessions", "Signs a person out everywhere.", "", "", "", 204,
     "", ""},
    {"DELETE", "/api/v1/people/{id}/sessions/{session}", "Ends one session.", "", "", "", 204, "",
     ""},

    {"GET", "/api/v1/account", "The caller's own account.", "", "", "", 200, "Account",
     R"({"id":"2","name":"li wei","role":"operator","created_at":"2026-11-21T08:15:00Z",)"
     R"("last_seen_at":null,"totp":{"enabled":true,"required":false,"recovery_codes":10},)"
     R"("organisation":"default"})"},
    {"POST", "/api/v1/account/password", "A new password; every other session ends.", "",
     "NewPassword", R"({"current":"a long sentence","password":"another long one"})", 204, "", ""},
    {"POST", "/api/v1/account/totp", "Begins a second factor: what the phone must scan.", "",
     "OwnPassword", R"({"password":"a long sentence"})", 200, "TotpOffer",
     R"({"secret":"GEZDGNBVGY3TQOJQ","uri":"otpauth://totp/Lineshaft%20hall:li%20wei?secret=G"})"},
    {"POST", "/api/v1/account/totp/confirm",
     "The phone's first code makes it count; gives recovery codes, and ends other sessions.", "",
     "Code", R"({"code":"287082"})", 200, "RecoveryCodes",
     R"({"recovery_codes":["K7QF-2M9X-AB3D-0123"]})"},
    {"DELETE", "/api/v1/account/totp", "Takes the second factor away.", "", "OwnPassword",
     R"({"password":"a long sentence"})", 204, "", ""},
    {"GET", "/api/v1/account/sessions", "Where the caller is signed in.", "", "", "", 200,
     "BrowserSessionList", SESSIONS},
    {"DELETE", "/api/v1/account/sessions/{session}", "Ends one of the caller's sessions.", "", "",
     "", 204, "", ""},

    {"GET", "/api/v1/audit", "Who did what, newest first; of the caller's organisation.",
     "limit cursor who what audit_text outcome from until", "", "", 200, "AuditLineList",
     R"({"items":[)" AUDIT_LINE R"(],"next":null})"},
    {"GET", "/api/v1/audit/export",
     "The same to keep, up to 10,000 lines; x-next-cursor says where to go on.",
     "limit cursor who what audit_text outcome from until format", "", "", 200, "",
     AUDIT_LINE "\n"},
    {"GET", "/api/v1/audit/checkpoint", "The log's size and root, signed by this node.", "", "", "",
     200, "Checkpoint", R"({"checkpoint":"lineshaft\n42\n","verifier":"lineshaft+1a2b3c4d+AbC"})"},
    {"GET", "/api/v1/audit/consistency",
     "Proves that the log still begins with its first `from` records.", "from_index", "", "", 200,
     "Consistency", R"({"from":7,"size":42,"root":"AbC=","proof":["AbC="]})"},
    {"GET", "/api/v1/audit/raw", "Records as they are hashed, of all organisations.",
     "from_index limit", "", "", 200, "RawRecords", R"({"items":["AbC="]})"},
    {"GET", "/api/v1/export/samples",
     "Every stored sample, or those of one machine or tag: a JSON object a line, or CSV (machine, tag, time, value, quality).",
     "of_machine of_tag from until format", "", "", 200, "",
     R"({"machine":"exc-01","tag":"speed","time":"2026-11-21T08:15:00Z","value":812.5,"quality":"good"})" "\n"},
    {"GET", "/api/v1/export", "What people told the node, without secrets.", "", "", "", 200,
     "Inventory",
     R"({"format":"lineshaft-export-1","at":"2026-11-21T08:15:00Z","node":{"name":"hall"},)"
     R"("organisation":"default","sites":[],"machines":[],"people":[],"tokens":[],)"
     R"("settings":{"node.name":"hall"}})"},

    {"GET", "/api/v1/certificates", "Machine certificates of the node's authority, newest first.",
     "limit cursor of_machine organisation", "", "", 200, "CertificateList",
     R"({"items":[{)" CERTIFICATE R"(}],"next":null})"},
    {"POST", "/api/v1/certificates",
     "A certificate for a machine. Without a request the node makes the key, shown this once.",
     "organisation", "NewCertificate", R"({"machine":"press-3"})", 201, "IssuedCertificate",
     "{" CERTIFICATE
     R"(,"certificate":"-----BEGIN CERTIFICATE-----\n","authority":"-----BEGIN CERTIFICATE-----\n",)"
     R"("key":"-----BEGIN PRIVATE KEY-----\n"})"},
    {"POST", "/api/v1/certificates/{serial}/revoke",
     "Revokes a certificate; live sessions that used it end at once.", "organisation", "", "", 200,
     "Certificate", "{" CERTIFICATE "}"},
    {"GET", "/api/v1/certificates/authority", "The node's certificate authority; trust it once.", "",
     "", "", 200, "Authority",
     R"({"certificate":"-----BEGIN CERTIFICATE-----\n","fingerprint":"AB:CD",)"
     R"("not_after":"2036-11-22T08:15:00Z"})"},
    {"GET", "/api/v1/certificates/crl", "The revocation list in PEM (RFC 5280).", "", "", "", 200,
     "", "-----BEGIN X509 CRL-----\n"},
    {"POST", "/api/v1/machines/{machine}/enrolments",
     "Leave for a machine to enrol once over EST; the token is shown this once.", "organisation",
     "", "", 201, "Enrolment",
     R"({"machine":"press-3","token":"lse_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",)"
     R"("expires_at":"2026-11-22T08:15:00Z"})"},
    {"GET", "/.well-known/est/cacerts", "EST (RFC 7030): the authority as PKCS#7 in base64.", "",
     "", "", 200, "", "MIIB\n"},
    {"GET", "/.well-known/est/csrattrs", "EST: what a certificate request should be.", "", "", "",
     200, "", "MCEw\n"},
    {"POST", "/.well-known/est/simpleenroll",
     "EST: PKCS#10 in base64 and HTTP Basic with the one-time token, for a first certificate.", "",
     "", "MIHx\n", 200, "", "MIIB\n"},
    {"POST", "/.well-known/est/simplereenroll",
     "EST: the same over TLS with the machine's live certificate, for its next one.", "", "",
     "MIHx\n", 200, "", "MIIB\n"},

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

    {"GET", "/api/v1/backups", "Backups made since the start, newest first; admins of `default`.",
     "", "", "", 200, "BackupList", R"({"items":[)" BACKUP R"(],"next":null})"},
    {"POST", "/api/v1/backups",
     "Starts a backup of the whole node into backup.directory; 409 while one is running.", "", "",
     "", 202, "Backup", BACKUP},
    {"POST", "/api/v1/backups/snapshot",
     "A snapshot in the data directory, for `lineshaft backup`, which removes it again.", "", "", "",
     201, "BackupSnapshot", R"({"directory":"/srv/lineshaft/snapshot","sequence":1048577})"},

    {"GET", "/api/v1/broker", "The MQTT broker: load level and every counter of /metrics.", "", "",
     "", 200, "Broker",
     R"({"load":{"level":0,"name":"normal","effect":"everything is accepted"},)"
     R"("numbers":{"connections":812,"dropped_slow_qos0":0}})"},
    {"GET", "/api/v1/connections",
     "MQTT sessions of the organisation: connected and sleeping, or those gone not long ago.",
     "limit cursor client_text client_state client_sort", "", "", 200, "ConnectionList",
     R"({"items":[{)" CONNECTION R"(}],"next":"0~press-17","total":812})"},
    {"GET", "/api/v1/connections/{id}", "One MQTT session with its subscriptions.", "", "", "", 200,
     "ConnectionDetail",
     "{" CONNECTION R"(,"filters":[{"filter":"lineshaft/v1/press-17/command","qos":1,)"
     R"("no_local":false,"retain_as_published":false}]})"},
    {"DELETE", "/api/v1/connections/{id}",
     "Disconnects an MQTT client (reason 0x98); with forget=true its session ends, too.", "forget",
     "", "", 204, "", ""},
    {"GET", "/api/v1/topics",
     "Levels of topics below a prefix with their last values: retained ones, and others that came "
     "since somebody looks.",
     "limit cursor prefix", "", "", 200, "TopicList",
     R"({"items":[{"name":"state","topic":"line/state","has_more":false,"last":{)" TOPIC_LAST
     R"(,"preview":"{\"state\":\"Running\"}"}}],"next":null,"whole":true,)"
     R"("since":"2026-11-21T08:14:00Z"})"},
    {"GET", "/api/v1/topics/{topic}", "The last message of a topic, its payload in every view.", "",
     "", "", 200, "TopicDetail",
     R"({"topic":"line/state",)" TOPIC_LAST
     R"(,"publisher":"press line","expires_at":null,"content_type":null,"response_topic":null,)"
     R"("user_properties":[["unit","mm"]],"payload":{"text":"{\"state\":\"Running\"}","json":true,)"
     R"("hex":"7b2273","cut":false,"sparkplug":null}})"},

    {"GET", "/api/v1/events", "What happened in the plant, newest first.", "limit cursor since", "",
     "", 200, "EventList", EVENTS},
    {"GET", "/api/v1/live",
     "What changes, as server-sent events: values, machine, event, rates, gap.", "machines", "", "",
     200, "",
     "event: values\ndata: "
     "[{\"machine\":\"exc-01\",\"values\":[{\"tag\":\"speed\",\"value\":812.5,\"at\":\"2026-11-"
     "21T08:15:00Z\",\"quality\":\"good\"}]}]\n\n"},

    {"GET", "/api/handles/{handle...}",
     "Handle.Net's API: values of an identifier. ?index= and ?type= may be repeated; publicOnly, "
     "doNotRefer, pretty, callback.",
     "", "", "", 200, "", HANDLE_VALUES},
    {"PUT", "/api/handles/{handle...}",
     "Handle.Net's API: registers an identifier or replaces its values; with ?index= only those.",
     "", "", HANDLE_VALUES, 201, "", R"({"responseCode":1,"handle":"88.101.7/EXC-0042"})"},
    {"DELETE", "/api/handles/{handle...}",
     "Handle.Net's API: removes an identifier; with ?index= only those values.", "", "", "", 200,
     "", R"({"responseCode":1,"handle":"88.101.7/EXC-0042"})"},
    {"GET", "/api/handles", "Handle.Net's API: identifiers of ?prefix=, by ?page= and ?pageSize=.",
     "", "", "", 200, "",
     R"({"responseCode":1,"prefix":"88.101.7","totalCount":"1","page":0,"pageSize":10,"handles":["88.101.7/EXC-0042"]})"},
    {"GET", "/api/prefixes", "Handle.Net's API: prefixes that live on this node.", "", "", "", 200,
     "", R"({"responseCode":1,"totalCount":"1","prefixes":["0.NA/88.101.7"]})"},
    {"POST", "/api/prefixes/{prefix}", "Handle.Net's API: a prefix lives here from now on.", "", "",
     "", 200, "", R"({"responseCode":1,"handle":"0.NA/88.101.7"})"},
    {"DELETE", "/api/prefixes/{prefix}",
     "Handle.Net's API: it does no longer; its identifiers are kept, unseen.", "", "", "", 200, "",
     R"({"responseCode":1,"handle":"0.NA/88.101.7"})"},
    {"GET", "/api/site", "Handle.Net's API: the node as a site of the Handle System.", "", "", "",
     200, "", R"({"version":1,"serialNumber":1,"primarySite":true,"servers":[]})"},

    {"POST", "/api/v1/telemetry",
     "JSON telemetry of machines named in it; also an array, one a line (application/x-ndjson), "
     "gzip. 204: every value is on disk; 200: some were refused alone.",
     "", "Telemetry", R"({"machine":"press-7","ts":1795248900250,"values":{"speed":812.5}})", 204,
     "", ""},
    {"POST", "/api/v1/telemetry/{machine}",
     "JSON telemetry of one machine, as it would publish it over MQTT.", "", "Telemetry",
     R"({"ts":"2026-11-21T08:15:00Z","values":{"speed":812.5,"state":"Running"}})", 204, "", ""},
    {"POST", "/api/v1/sql",
     "One SELECT in PostgreSQL's words: machines, tags, latest, samples, sites. A machine's token "
     "sees its own machine. docs/howto/sql.md.",
     "", "SqlQuestion",
     R"({"sql":"SELECT machine, avg(value) FROM samples WHERE tag = $1 GROUP BY 1","params":["speed"],"limit":10})",
     200, "SqlAnswer",
     R"({"columns":[{"name":"machine","type":"text"},{"name":"avg","type":"float8"}],"rows":[["exc-01",812.5]],"truncated":false})"},
    {"POST", "/api/v1/write",
     "Prometheus remote write 1.0: snappy, prometheus.WriteRequest. 204, 400 (never again), 503 "
     "(send again).",
     "", "", "(a snappy block)", 204, "", ""},
    {"POST", "/api/v2/write",
     "InfluxDB 2: line protocol, also gzip. 204: every value is on disk; 400 names the lines that "
     "are not. org and bucket are not used.",
     "precision", "", "press,machine=press-7 speed=812.5 1795248900000000000\n", 204, "", ""},
    {"POST", "/write", "InfluxDB 1: the same; db and rp are not used, u and p may carry the token.",
     "precision", "", "press,machine=press-7 speed=812.5 1795248900000000000\n", 204, "", ""},
    {"GET", "/query", "InfluxDB 1: CREATE DATABASE and SHOW DATABASES, so that writers start.", "",
     "", "", 200, "", "{\"results\":[{\"statement_id\":0}]}"},
    {"POST", "/query", "The same with q in a form.", "", "", "q=SHOW+DATABASES", 200, "",
     "{\"results\":[{\"statement_id\":0}]}"},
    {"GET", "/ping", "InfluxDB: is somebody there?", "", "", "", 204, "", ""},
    {"GET", "/health", "InfluxDB 2: its health as an object.", "", "", "", 200, "",
     "{\"name\":\"lineshaft\",\"status\":\"pass\"}"},
};

#undef CERTIFICATE
#undef HANDLE_VALUES
#undef MACHINE
#undef AUDIT_LINE
#undef SESSIONS
#undef TAG
#undef CONNECTION
#undef TOPIC_LAST
#undef ATTRIBUTES
#undef EVENTS
#undef BACKUP
#undef ERASURE

}  // namespace

std::span<const Operation> operations() {
    static const std::vector<Operation> every = [] {
        std::vector<Operation> both(std::begin(all), std::end(all));
        both.insert(both.end(), fleet_operations().begin(), fleet_operations().end());
        both.insert(both.end(), order_operations().begin(), order_operations().end());
        both.insert(both.end(), naming_operations().begin(), naming_operations().end());
        return both;
    }();
    return every;
}

}  // namespace lineshaft::api
