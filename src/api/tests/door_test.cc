// Who is let in, and what every answer carries.
#include "rig.h"
#include "trust/rights.h"
#include "trust/tests/rights_matrix.h"

namespace lineshaft::api::testing {
namespace {

std::string concrete(std::string_view pattern) {
    std::string path(pattern);
    const std::pair<std::string_view, std::string_view> parts[] = {
        {"{machine}", "press"},       {"{tag}", "speed"},    {"{site}", "999"},
        {"{id}", "999999"},           {"{serial}", "abcd"},  {"{topic}", "none"},
        {"{organisation}", "999999"}, {"{session}", "abcd"}};
    for (const auto& [part, value] : parts) {
        if (const auto at = path.find(part); at != path.npos) path.replace(at, part.size(), value);
    }
    return path;
}

// The door's own words; a handler's 403 and 404 say something else.
bool is_refused(const Told& told) {
    return !told.header("www-authenticate").empty() ||
           told.detail().starts_with("Your role may not") || told.detail() == "No such machine.";
}

// Control 10: deny by default, every route for every role.
TEST(Door, Control10EveryRouteForEveryRole) {
    Rig rig;
    const std::pair<char, std::string> callers[] = {
        {'v', "viewer"},  {'o', "operator"}, {'e', "engineer"}, {'a', "admin"},
        {'u', "auditor"}, {'m', "machine"},  {'n', ""}};
    std::size_t walked = 0;
    for (const auto& route : trust::routes()) {
        if (route.pattern == "/api/v1/live") continue;  // never ends: live_test.cc
        if (route.is_of_gate) continue;                 // that gate's tests walk them
        const std::string name = std::string(route.method) + " " + std::string(route.pattern);
        const auto row = trust::testing::rights_matrix.find(name);
        ASSERT_NE(row, trust::testing::rights_matrix.end()) << name;
        ++walked;
        for (const auto& [letter, role] : callers) {
            const From from = role.empty() ? From{} : rig.as(role);
            const auto told = rig.ask(std::string(route.method), concrete(route.pattern), from);
            EXPECT_EQ(!is_refused(told), row->second.contains(letter))
                << name << " for " << (role.empty() ? "nobody" : role) << ": " << told.status << " "
                << told.text;
            const unsigned refused = letter == 'n'                         ? 401u
                                     : letter == 'm' && told.status == 404 ? 404u
                                                                           : 403u;
            EXPECT_TRUE(!is_refused(told) || told.status == refused) << name << told.status;
            EXPECT_NE(told.status, 405) << name;
            // 503: this rig has no MQTT, certificate authority or backups.
            EXPECT_TRUE(told.status < 500 || told.status == 501 || told.status == 503)
                << name << " " << told.text;
        }
    }
    EXPECT_GT(walked, trust::testing::rights_matrix.size() / 2);
}

TEST(Door, AMachinesTokenSeesNoOtherMachine) {
    Rig rig;
    rig.say("press", "speed", 1.0, rig.now());
    rig.say("lathe", "speed", 1.0, rig.now());
    for (const std::string path : {"", "/trend?tag=speed", "/samples?tag=speed", "/periods?tag=speed", "/events"}) {
        EXPECT_EQ(rig.get("/api/v1/machines/press" + path, rig.as("machine")).status, 200u) << path;
        EXPECT_EQ(rig.get("/api/v1/machines/lathe" + path, rig.as("machine")).status, 404u) << path;
        EXPECT_EQ(rig.get("/api/v1/machines/press%2F" + path, rig.as("machine")).status, 404u)
            << path;
    }
    EXPECT_EQ(rig.get("/api/v1/live", rig.as("machine")).status, 403u);
    EXPECT_EQ(rig.get("/api/v1/live?machine=lathe", rig.as("machine")).status, 404u);
    EXPECT_EQ(rig.get("/api/v1/live?machine=press&machine=lathe", rig.as("machine")).status, 404u);
}

TEST(Door, WhatBelongsToAnotherOrganisationIsNotThere) {
    Rig rig;
    rig.say("press", "speed", 1.0, rig.now());
    const From foreign{.token = rig.tokens["acme"]};
    for (const std::string path : {"", "/trend?tag=speed", "/samples?tag=speed", "/periods?tag=speed", "/events"}) {
        EXPECT_EQ(rig.get("/api/v1/machines/press" + path, foreign).status, 404u) << path;
    }
    const std::tuple<std::string, std::string, std::string> changes[] = {
        {"PATCH", "/api/v1/machines/press", R"({"adopted":true})"},
        {"PATCH", "/api/v1/machines/press/tags/speed", R"({"unit":"m"})"},
        {"POST", "/api/v1/machines/press/tags/speed/write", R"({"value":1})"},
        {"PATCH", "/api/v1/sites/1", R"({"name":"taken"})"},
        {"DELETE", "/api/v1/sites/1", ""},
        {"DELETE", "/api/v1/people/1", ""},
        {"DELETE", "/api/v1/tokens/1", ""},
    };
    for (const auto& [method, path, body] : changes) {
        EXPECT_EQ(rig.ask(method, path, foreign, body).status, 404u) << method << " " << path;
    }
    EXPECT_EQ(rig.get("/api/v1/machines", foreign).at("/total"), 0);
    EXPECT_TRUE(rig.get("/api/v1/sites", foreign).at("/items").as_array().empty());
    EXPECT_EQ(rig.get("/api/v1/tokens", foreign).at("/items").as_array().size(), 1u);
    EXPECT_TRUE(rig.get("/api/v1/people", foreign).at("/items").as_array().empty());
    EXPECT_TRUE(rig.get("/api/v1/events", foreign).at("/items").as_array().empty());
    EXPECT_EQ(rig.get("/api/v1/organisations", foreign).status, 403u);
}

std::string sign_in(Rig& rig, From from) {
    const auto told = rig.ask("POST", "/api/v1/session", std::move(from),
                              R"({"name":"li wei","password":"a long sentence"})");
    EXPECT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(told.at("/person/role"), "operator");
    const std::string cookie(told.header("set-cookie"));
    EXPECT_TRUE(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict")) << cookie;
    return cookie.substr(0, cookie.find(';'));
}

TEST(Door, ACookieChangesThingsFromItsOwnPageOnly) {
    Rig rig;
    const std::string cookie = sign_in(rig, {});
    const std::tuple<std::string, unsigned> origins[] = {
        {"http://plant.example:8080", 404u},
        {"", 403u},
        {"null", 403u},
        {"http://evil.example", 403u},
        {"http://plant.example", 403u},
        {"http://plant.example:8080.evil.example", 403u}};
    for (const auto& [origin, status] : origins) {
        From from{.headers = {{"cookie", cookie}}};
        EXPECT_EQ(rig.get("/api/v1/node", from).status, 200u);
        if (!origin.empty()) from.headers.push_back({"origin", origin});
        EXPECT_EQ(
            rig.ask("POST", "/api/v1/machines/nobody/tags/x/write", from, R"({"value":1})").status,
            status)
            << origin;
    }
    From own{.headers = {{"cookie", cookie}, {"origin", "http://plant.example:8080"}}};
    EXPECT_EQ(rig.ask("DELETE", "/api/v1/session", own).status, 204u);
    EXPECT_EQ(rig.get("/api/v1/node", own).status, 401u);
}

TEST(Door, SigningInDoesNotSayWhatWasWrong) {
    Rig rig;
    const auto a =
        rig.ask("POST", "/api/v1/session", {}, R"({"name":"li wei","password":"wrong"})");
    const auto b =
        rig.ask("POST", "/api/v1/session", {}, R"({"name":"nobody","password":"wrong"})");
    EXPECT_EQ(a.status, 401u);
    EXPECT_EQ(a.text, b.text);
    Told last;
    for (int attempt = 0; attempt < 8; ++attempt) {
        last = rig.ask("POST", "/api/v1/session", {}, R"({"name":"li wei","password":"wrong"})");
    }
    EXPECT_EQ(last.status, 429u);
    EXPECT_FALSE(last.header("retry-after").empty());
}

TEST(Door, OverTlsTheCookieIsBoundToTheHost) {
    Rig rig;
    const From from{.peer = {.address = "192.0.2.7", .port = 0, .is_encrypted = true}};
    EXPECT_TRUE(sign_in(rig, from).starts_with("__Host-lineshaft="));
    EXPECT_EQ(rig.get("/healthz", from).header("strict-transport-security"), "max-age=31536000");
    EXPECT_EQ(rig.get("/healthz", {}).header("strict-transport-security"), "");
}

TEST(Door, TheLoopbackRoleIsForDirectLocalRequestsOnly) {
    Rig rig(1, trust::Role::viewer);
    const auto node = [&](From from) { return rig.get("/api/v1/node", std::move(from)).status; };
    EXPECT_EQ(node(local()), 200u);
    for (const std::string host :
         {"localhost", "localhost:8080", "127.0.0.1", "127.9.9.9:1", "[::1]:8080", "[::1]"}) {
        From from = local();
        from.host = host;
        EXPECT_EQ(node(from), 200u) << host;
    }
    for (const std::string host :
         {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "127.evil",
          "[::1].evil.example", "localhost:8080.evil.example", "[::2]"}) {
        From from = local();
        from.host = host;
        EXPECT_EQ(node(from), 401u) << host;
        EXPECT_EQ(rig.get("/metrics", from).status, 401u) << host;
    }
    for (const std::string header : {"forwarded", "x-forwarded-for"}) {
        From from = local();
        from.headers = {{header, "for=192.0.2.9"}};
        EXPECT_EQ(node(from), 401u) << header;
        EXPECT_EQ(rig.get("/metrics", from).status, 401u) << header;
    }
    From wrong = local();
    wrong.token = "ls_wrong";
    EXPECT_EQ(node(wrong), 401u);
    EXPECT_EQ(node({}), 401u);  // from elsewhere
    EXPECT_EQ(rig.get("/metrics", local()).text, "lineshaft_test 1\n");
    EXPECT_EQ(rig.get("/metrics", {}).status, 401u);
    From page = local();
    page.headers = {{"origin", "http://evil.example"}};
    EXPECT_EQ(rig.ask("POST", "/api/v1/sites", page, "{}").status, 403u);
}

TEST(Door, WithoutTheSettingLoopbackIsNobody) {
    Rig rig;
    EXPECT_EQ(rig.get("/api/v1/node", local()).status, 401u);
    EXPECT_EQ(rig.get("/metrics", local()).status, 200u);
    From socket;
    socket.peer = {.address = "", .port = 0, .is_loopback = true, .is_node_socket = true};
    EXPECT_EQ(rig.get("/api/v1/people", socket).status, 200u);
}

TEST(Door, CredentialsComeInThreeWays) {
    Rig rig;
    const std::string token = rig.tokens["viewer"];
    From from{.headers = {{"authorization", "Token " + token}}};
    EXPECT_EQ(rig.get("/api/v1/node", from).status, 200u);
    from.headers = {{"authorization", "Basic " + trust::to_base64("anyone:" + token)}};
    EXPECT_EQ(rig.get("/api/v1/node", from).status, 200u);
    from.headers = {{"authorization", "Digest " + token}};
    const auto told = rig.get("/api/v1/node", from);
    EXPECT_EQ(told.status, 401u);
    EXPECT_TRUE(told.header("www-authenticate").starts_with("Bearer"));
}

TEST(Door, EveryAnswerCarriesTheSecurityHeaders) {
    Rig rig;
    for (const std::string path : {"/healthz", "/api/v1/node", "/api/v1/openapi.json",
                                   "/api/v1/none", "/", "/api/v1/machines/none"}) {
        for (const auto& from : {From{}, rig.as("admin")}) {
            const auto told = rig.get(path, from);
            EXPECT_TRUE(told.header("content-security-policy").contains("default-src 'self'"))
                << path;
            EXPECT_EQ(told.header("x-content-type-options"), "nosniff") << path;
            EXPECT_EQ(told.header("referrer-policy"), "no-referrer") << path;
            EXPECT_FALSE(told.header("cache-control").empty()) << path;
        }
    }
}

TEST(Door, FailuresAreProblemDetails) {
    Rig rig;
    const std::tuple<std::string, std::string, std::string, unsigned> cases[] = {
        {"GET", "/api/v1/machines/none", "", 404u},
        {"GET", "/api/v1/machines?limit=0", "", 422u},
        {"GET", "/api/v1/machines?limit=1001", "", 422u},
        {"GET", "/api/v1/events?cursor=yesterday", "", 422u},
        {"GET", "/api/v1/events?since=yesterday", "", 422u},
        {"PUT", "/api/v1/machines", "", 405u},
        {"POST", "/api/v1/sites", "", 422u},
        {"POST", "/api/v1/sites", "not json", 422u},
        {"POST", "/api/v1/sites", "[1,2]", 422u},
        {"POST", "/api/v1/sites", R"({"name":"x","time_zone":"UTC","color":"red"})", 422u},
        {"POST", "/api/v1/sites", R"({"name":7,"time_zone":"UTC"})", 422u},
        {"POST", "/api/v1/sites", R"({"name":"x","time_zone":"Mars/Base"})", 422u},
        {"POST", "/api/v1/sites", R"({"name":"x","time_zone":"UTC","latitude":1})", 422u},
        {"POST", "/api/v1/sites", R"({"name":"x","time_zone":"UTC","latitude":1,"longitude":null})",
         422u},
        {"POST", "/api/v1/sites", "{\"name\":\"\xff\",\"time_zone\":\"UTC\"}", 422u},
        {"POST", "/api/v1/sites", std::string(5000, '['), 422u},
        {"POST", "/api/v1/sites",
         "{\"name\":\"" + std::string(2000, 'x') + "\",\"time_zone\":\"UTC\"}", 422u},
        {"POST", "/api/v1/sites", std::string((1 << 20) + 1, ' '), 413u},
    };
    for (const auto& [method, path, body, status] : cases) {
        const auto told = rig.ask(method, path, rig.as("admin"), body);
        const std::string name = method + " " + path + " " + body.substr(0, 60);
        EXPECT_EQ(told.status, status) << name << " " << told.text;
        ASSERT_TRUE(told.body.is_object()) << name << " " << told.text;
        EXPECT_EQ(told.header("content-type"), "application/problem+json") << name;
        EXPECT_EQ(told.at("/status"), status) << name;
        EXPECT_TRUE(told.at("/type").is_string() && told.at("/title").is_string()) << name;
    }
}

}  // namespace
}  // namespace lineshaft::api::testing
