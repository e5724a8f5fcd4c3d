// What the routes answer: pages, samples, trends, writes, idempotency.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

#include "rig.h"

namespace lineshaft::api::testing {
namespace {

using history::Quality;
using std::chrono::seconds;

TEST(Once, TheSameKeyGivesTheFirstAnswerAgain) {
    Rig rig;
    From from = rig.as("engineer");
    from.headers = {{"idempotency-key", "k-1"}};
    const std::string body = R"({"name":"Quay","time_zone":"UTC"})";
    const auto first = rig.ask("POST", "/api/v1/sites", from, body);
    EXPECT_EQ(first.status, 201u) << first.text;
    const auto again = rig.ask("POST", "/api/v1/sites", from, body);
    EXPECT_EQ(again.status, 201u);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.header("content-type"), "application/json");
    EXPECT_EQ(
        rig.ask("POST", "/api/v1/sites", from, R"({"name":"Other","time_zone":"UTC"})").status,
        409u);
    From admin = rig.as("admin");  // another caller's keys are its own
    admin.headers = {{"idempotency-key", "k-1"}};
    EXPECT_EQ(
        rig.ask("POST", "/api/v1/sites", admin, R"({"name":"Dock","time_zone":"UTC"})").status,
        201u);
    EXPECT_EQ(rig.ask("POST", "/api/v1/sites", rig.as("engineer"), body).status,
              409u);  // the name is taken
    from.headers = {{"idempotency-key", std::string(129, 'k')}};
    EXPECT_EQ(rig.ask("POST", "/api/v1/sites", from, R"({"name":"Far","time_zone":"UTC"})").status,
              422u);
    EXPECT_EQ(rig.get("/api/v1/sites").at("/items").as_array().size(), 3u);
}

TEST(Tokens, ASecretIsToldOnce) {
    Rig rig;
    From from = rig.as("admin");
    from.headers = {{"idempotency-key", "t"}};
    const std::string body = R"({"name":"line","machine":"lathe"})";
    const auto first = rig.ask("POST", "/api/v1/tokens", from, body);
    ASSERT_EQ(first.status, 201u) << first.text;
    const std::string secret(first.at("/token").as_string());
    const auto again = rig.ask("POST", "/api/v1/tokens", from, body);
    EXPECT_EQ(again.status, 201u);
    EXPECT_FALSE(again.body.as_object().contains("token"));
    EXPECT_EQ(again.at("/id"), first.at("/id"));
    EXPECT_FALSE(rig.get("/api/v1/tokens").text.contains(secret));
    EXPECT_EQ(rig.get("/api/v1/session", {.token = secret}).at("/person/role"), "machine");
    const std::string id(first.at("/id").as_string());
    EXPECT_EQ(rig.ask("DELETE", "/api/v1/tokens/" + id, rig.as("admin")).status, 204u);
    EXPECT_EQ(rig.get("/api/v1/machines/lathe", {.token = secret}).status, 401u);
    for (const std::string bad :
         {R"({"name":"x"})", R"({"name":"x","role":"king"})",
          R"({"name":"x","role":"viewer","machine":"m"})", R"({"name":"x","machine":"a/b"})"}) {
        EXPECT_EQ(rig.ask("POST", "/api/v1/tokens", rig.as("admin"), bad).status, 422u) << bad;
    }
}

TEST(People, ComeAndGo) {
    Rig rig;
    const auto made = rig.ask("POST", "/api/v1/people", rig.as("admin"),
                              R"({"name":"ana","role":"viewer","password":"ten letters"})");
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_FALSE(made.text.contains("scrypt"));
    EXPECT_EQ(rig.ask("POST", "/api/v1/people", rig.as("admin"),
                      R"({"name":"bo","role":"viewer","password":"short"})")
                  .status,
              422u);
    EXPECT_EQ(rig.ask("POST", "/api/v1/people", rig.as("admin"),
                      R"({"name":"bo","role":"boss","password":"ten letters"})")
                  .status,
              422u);
    const auto session =
        rig.ask("POST", "/api/v1/session", {}, R"({"name":"ana","password":"ten letters"})");
    ASSERT_EQ(session.status, 200u);
    const std::string cookie(session.header("set-cookie"));
    const From ana{.headers = {{"cookie", cookie.substr(0, cookie.find(';'))}}};
    EXPECT_EQ(rig.get("/api/v1/node", ana).status, 200u);
    EXPECT_EQ(rig.ask("DELETE", "/api/v1/people/" + std::string(made.at("/id").as_string()),
                      rig.as("admin"))
                  .status,
              204u);
    EXPECT_EQ(rig.get("/api/v1/node", ana).status, 401u);
    EXPECT_EQ(rig.ask("DELETE", "/api/v1/people/none", rig.as("admin")).status, 404u);
}

TEST(Setup, HappensOnce) {
    Rig rig;
    EXPECT_TRUE(rig.get("/api/v1/session", {}).at("/setup_needed").as_bool());
    const auto secret = trust::make_admin_secret();
    ASSERT_TRUE(rig.catalog->offer_setup(trust::text_of(trust::admin_secret_digest(secret))));
    const auto body = [](std::string_view key, std::string_view password) {
        return fmt::format(R"({{"secret":"{}","name":"ada","password":"{}"}})", key, password);
    };
    EXPECT_EQ(rig.ask("POST", "/api/v1/session/setup", {}, body("wrong", "a long sentence")).status,
              403u);
    EXPECT_EQ(rig.ask("POST", "/api/v1/session/setup", {}, body(secret, "short")).status, 422u);
    const auto made = rig.ask("POST", "/api/v1/session/setup", {}, body(secret, "a long sentence"));
    EXPECT_EQ(made.status, 200u) << made.text;
    EXPECT_EQ(made.at("/person/role"), "admin");
    EXPECT_FALSE(made.header("set-cookie").empty());
    EXPECT_EQ(rig.ask("POST", "/api/v1/session/setup", {}, body(secret, "a long sentence")).status,
              409u);
    EXPECT_FALSE(rig.get("/api/v1/session", {}).at("/setup_needed").as_bool());
}

TEST(Machines, ArePagedAndFiltered) {
    Rig rig;
    for (const std::string id : {"a", "b", "c", "d"}) rig.say(id, "speed", 1.0, rig.now());
    std::vector<std::string> ids;
    std::string target = "/api/v1/machines?limit=2";
    for (int page = 0; page < 5; ++page) {
        const auto told = rig.get(target);
        EXPECT_EQ(told.at("/total"), 5);
        for (const auto& machine : told.at("/items").as_array())
            ids.emplace_back(machine.at("id").as_string());
        if (told.at("/next").is_null()) break;
        target = "/api/v1/machines?limit=2&cursor=" + std::string(told.at("/next").as_string());
    }
    EXPECT_EQ(ids, (std::vector<std::string>{"a", "b", "c", "d", "press"}));
    EXPECT_TRUE(rig.get("/api/v1/machines?limit=5").at("/next").is_null());
    EXPECT_EQ(rig.get("/api/v1/machines?q=RES").at("/total"), 1);
    EXPECT_EQ(rig.get("/api/v1/machines?connection=online").at("/total"), 4);
    EXPECT_EQ(rig.get("/api/v1/machines?connection=offline").at("/items/0/id"), "press");
    const auto changed = rig.ask("PATCH", "/api/v1/machines/press", rig.as("engineer"),
                                 R"({"adopted":true,"name":"Press","site":"1"})");
    EXPECT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(rig.get("/api/v1/machines?adopted=true&site=1").at("/items/0/name"), "Press");
    EXPECT_EQ(rig.get("/api/v1/machines?adopted=perhaps").status, 422u);
    EXPECT_EQ(
        rig.ask("PATCH", "/api/v1/machines/press", rig.as("engineer"), R"({"site":"77"})").status,
        404u);
    EXPECT_EQ(rig.ask("DELETE", "/api/v1/sites/1", rig.as("engineer")).status, 409u);
    EXPECT_EQ(rig.get("/api/v1/overview").at("/machines/online"), 4);
}

TEST(Machines, HaveAttributesSaidAndTold) {
    Rig rig;
    rig.say("truck", "speed", 1.0, rig.now());
    ASSERT_TRUE(rig.catalog->discover({home, "truck", "influx", rig.now()}).has_value());
    auto learn = [](catalog::Catalog& catalog) {
        return catalog.learn_attributes(std::vector<catalog::AttributeFact>{
            {home, "truck", "fleet", "\"East\""}, {home, "truck", "axles", "3"}});
    };
    ASSERT_TRUE(rig.run(rig.desk->run(std::move(learn))).has_value());
    const auto shown = rig.get("/api/v1/machines/truck");
    EXPECT_EQ(shown.at("/attributes/fleet"), "East");
    EXPECT_EQ(shown.at("/attributes/axles"), 3);
    EXPECT_TRUE(shown.at("/shared_attributes").as_object().empty());
    const auto changed =
        rig.ask("PATCH", "/api/v1/machines/truck", rig.as("engineer"),
                R"({"shared_attributes":{"limit":40.5,"mode":"eco","old":null}})");
    ASSERT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(changed.at("/shared_attributes/limit"), 40.5);
    EXPECT_EQ(rig.node.told, "truck.limit=40.5;truck.mode=\"eco\";truck.old=-;");
    for (const auto& [query, count] : std::vector<std::pair<std::string, int>>{
             {"attribute=fleet:East", 1},
             {"attribute=axles:3&attribute=mode:eco", 1},
             {"attribute=fleet:East&attribute=axles:4", 0},
             {"attribute=none:", 0}})
        EXPECT_EQ(rig.get("/api/v1/machines?" + query).at("/total"), count) << query;
    EXPECT_EQ(rig.get("/api/v1/machines?attribute=fleet").status, 422u);
    for (const std::string bad : {R"({"shared_attributes":[]})", R"({"shared_attributes":{"":1}})"})
        EXPECT_EQ(rig.ask("PATCH", "/api/v1/machines/truck", rig.as("engineer"), bad).status, 422u);
    EXPECT_EQ(rig.ask("PATCH", "/api/v1/machines/truck", rig.as("operator"),
                      R"({"shared_attributes":{"limit":1}})")
                  .status,
              403u);
}

TEST(Events, ArePagedWithoutLossWhenInstantsAreShared) {
    Rig rig;
    const Instant at = rig.now() - seconds{5};
    for (int index = 0; index < 7; ++index) {
        rig.plant->record(
            {at, home, "", "note", std::to_string(index)});  // of the plant: instants may be equal
    }
    std::multiset<std::string> texts;
    std::string target = "/api/v1/events?limit=3";
    for (int page = 0; page < 5; ++page) {
        const auto told = rig.get(target);
        ASSERT_EQ(told.status, 200u) << told.text;
        for (const auto& event : told.at("/items").as_array())
            texts.emplace(event.at("text").as_string());
        if (told.at("/next").is_null()) break;
        target = "/api/v1/events?limit=3&cursor=" + std::string(told.at("/next").as_string());
    }
    EXPECT_EQ(texts, (std::multiset<std::string>{"0", "1", "2", "3", "4", "5", "6"}));
    EXPECT_TRUE(rig.get("/api/v1/events?since=" + to_rfc3339(at + seconds{1}))
                    .at("/items")
                    .as_array()
                    .empty());
    for (const std::string bad :
         {"x", "2026-11-21T08:15:00Zx1", "2026-11-21T08:15:00Z~", "2026-11-21T08:15:00Z~99999"}) {
        EXPECT_GE(rig.get("/api/v1/events?cursor=" + bad).status, 404u) << bad;
    }
}

TEST(Samples, ComeInPagesBothWaysAndAsJsonCan) {
    Rig rig;
    const Instant t0 = Instant::from_millis(rig.now().millis() / 1000 * 1000) - seconds{60};
    const double infinite = std::numeric_limits<double>::infinity();
    const std::int64_t large = (std::int64_t{1} << 53) + 1;
    rig.say("press", "x", 1.5, t0);
    rig.say("press", "x", std::nan(""), t0 + seconds{1}, Quality::bad);
    rig.say("press", "x", infinite, t0 + seconds{2});
    rig.say("press", "x", 0.0, t0 + seconds{3}, Quality::missing);
    rig.say("press", "n", large - 1, t0);
    rig.say("press", "n", large, t0 + seconds{1});
    rig.say("press", "n", std::numeric_limits<std::int64_t>::min(), t0 + seconds{2});
    const auto told = rig.get("/api/v1/machines/press/samples?tag=x&limit=3");
    ASSERT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(told.at("/items/0/value"), 1.5);
    EXPECT_EQ(told.at("/items/0/at"), json::value(to_rfc3339(t0)));
    EXPECT_TRUE(told.at("/items/1/value").is_null());
    EXPECT_EQ(told.at("/items/1/quality"), "bad");
    EXPECT_TRUE(told.at("/items/2/value").is_null());
    EXPECT_EQ(told.at("/items/2/quality"), "good");
    const auto rest = rig.get("/api/v1/machines/press/samples?tag=x&cursor=" +
                              std::string(told.at("/next").as_string()));
    EXPECT_EQ(rest.at("/items").as_array().size(), 1u);
    EXPECT_EQ(rest.at("/items/0/quality"), "missing");
    EXPECT_TRUE(rest.at("/next").is_null());
    const auto whole = rig.get("/api/v1/machines/press/samples?tag=n&order=desc&limit=2");
    EXPECT_EQ(whole.at("/items/0/value"), "-9223372036854775808");
    EXPECT_EQ(whole.at("/items/1/value"), "9007199254740993");
    const auto older = rig.get("/api/v1/machines/press/samples?tag=n&order=desc&cursor=" +
                               std::string(whole.at("/next").as_string()));
    EXPECT_EQ(older.at("/items/0/value"), large - 1);
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples").status, 422u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples?tag=none").status, 404u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples?tag=x&order=up").status, 422u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples?tag=x&limit=10001").status, 422u);
}

TEST(Trend, IsRawWhenFewAndColumnsWithGapsWhenMany) {
    Rig rig;
    const Instant t0 = Instant::from_millis(rig.now().millis() / 1000 * 1000) - seconds{600};
    history::Report report{home, "press", {}};
    for (int index = 0; index < 100; ++index) {
        if (index >= 40 && index < 60) continue;  // a gap
        report.samples.push_back({"x", {t0 + seconds{index}, double(index), Quality::good}});
    }
    ASSERT_EQ(rig.report(std::move(report))->stored, 80u);
    rig.say("press", "x", 5.0, t0 + seconds{100}, Quality::uncertain);
    const std::string window =
        "&from=" + to_rfc3339(t0) + "&until=" + to_rfc3339(t0 + seconds{101});
    const auto raw = rig.get("/api/v1/machines/press/trend?tag=x" + window);
    ASSERT_EQ(raw.status, 200u) << raw.text;
    EXPECT_TRUE(raw.at("/series/0/raw").as_bool());
    EXPECT_EQ(raw.at("/series/0/samples").as_array().size(), 81u);
    EXPECT_EQ(raw.at("/series/0/samples/0"), (json::value{t0.millis(), 0}));
    EXPECT_EQ(raw.at("/series/0/samples/80"),
              (json::value{(t0 + seconds{100}).millis(), 5, "uncertain"}));
    const auto columns = rig.get("/api/v1/machines/press/trend?tag=x&columns=10" + window);
    EXPECT_FALSE(columns.at("/series/0/raw").as_bool());
    const auto& rows = columns.at("/series/0/columns").as_array();
    ASSERT_GE(rows.size(), 7u);
    EXPECT_LE(rows.size(), 9u);  // the gap is left out
    std::int64_t count = 0;
    for (const auto& row : rows) count += row.at(6).to_number<std::int64_t>();
    EXPECT_EQ(count, 81);
    EXPECT_EQ(rows.front().at(1).to_number<double>(), 0.0);
    const auto since_first = rig.get("/api/v1/machines/press/trend?tag=x");
    EXPECT_EQ(since_first.at("/series/0/samples").as_array().size(), 81u) << since_first.text;
    EXPECT_EQ(rig.get("/api/v1/machines/press/trend").status, 422u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/trend?tag=x&columns=4001").status, 422u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/"
                      "trend?tag=x&from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z")
                  .status,
              422u);
    std::string many = "/api/v1/machines/press/trend?tag=x";
    for (int extra = 0; extra < 50; ++extra) many += "&tag=x";
    EXPECT_EQ(rig.get(many).status, 422u);
}

TEST(Periods, FollowTheShiftsOfTheSite) {
    Rig rig;
    const auto site = rig.ask("POST", "/api/v1/sites", rig.as("engineer"),
                              R"({"name":"Hall 9","time_zone":"Europe/Berlin","day_starts":"06:00","shifts":)"
                              R"([{"name":"late","starts":"14:00"},{"name":"early","starts":"06:00"}]})");
    ASSERT_EQ(site.status, 201u) << site.text;
    EXPECT_EQ(site.at("/shifts/0/name"), "early") << "in the order of their starts";
    EXPECT_EQ(site.at("/day_starts"), "06:00");
    const std::string id(site.at("/id").as_string());
    const Instant six = *parse_rfc3339("2026-01-12T05:00:00Z");
    history::Report report{home, "press", {}};
    for (int minute = 0; minute < 600; ++minute) {
        if (minute < 120)
            report.samples.push_back({"x", {six + seconds{60 * minute}, double(minute), Quality::good}});
        else if (minute % 2 == 0)
            report.samples.push_back({"x", {six + seconds{60 * minute}, 1.0, Quality::good}});
    }
    const auto count = static_cast<std::uint32_t>(report.samples.size());
    ASSERT_EQ(rig.report(std::move(report))->stored, count);
    rig.say("press", "x", 1.0, six + seconds{60 * 600});
    const std::string asked = "/api/v1/machines/press/periods?tag=x&by=shift&from=2026-01-12T05:00:00Z"
                              "&until=2026-01-12T15:00:00Z";
    EXPECT_EQ(rig.get(asked).status, 422u) << "it stands nowhere";
    ASSERT_EQ(rig.ask("PATCH", "/api/v1/machines/press", rig.as("engineer"), "{\"site\":\"" + id + "\"}").status,
              200u);
    const auto told = rig.get(asked);
    ASSERT_EQ(told.status, 200u) << told.text;
    const auto& periods = told.at("/series/0/periods").as_array();
    ASSERT_EQ(periods.size(), 2u);
    EXPECT_EQ(periods[0].at("label"), "2026-01-12 early");
    EXPECT_EQ(periods[1].at("label"), "2026-01-12 late");
    EXPECT_EQ(periods[0].at("samples"), 120 + 180);
    EXPECT_EQ(told.at("/series/0/cadence_ms"), 120000);
    EXPECT_EQ(periods[0].at("completeness"), 1);
    EXPECT_TRUE(told.at("/series/0/kept_from").is_null());
    const auto refused = rig.ask("PATCH", "/api/v1/sites/" + id, rig.as("engineer"), R"({"shifts":[{"name":"a"}]})");
    EXPECT_EQ(refused.status, 422u);
    EXPECT_EQ(rig.ask("PATCH", "/api/v1/sites/" + id, rig.as("engineer"), R"({"day_starts":"24:00"})").status, 422u);
    const auto cleared = rig.ask("PATCH", "/api/v1/sites/" + id, rig.as("engineer"), R"({"shifts":[]})");
    EXPECT_EQ(cleared.at("/day_starts"), "06:00") << "what is not said stays";
    EXPECT_EQ(rig.get(asked).status, 422u);
}

// A week of 2024 in which clocks were put back, in the night from Saturday to Sunday.
TEST(Oee, PlansByTheShiftsOfTheSite) {
    Rig rig;
    const auto site = rig.ask(
        "POST", "/api/v1/sites", rig.as("engineer"),
        R"({"name":"Hall 9","time_zone":"Europe/Berlin","shifts":[{"name":"day","starts":"06:00",)"
        R"("weekdays":[1,2,3,4,5]},{"name":"night","starts":"22:00","weekdays":[6]}]})");
    ASSERT_EQ(site.status, 201u) << site.text;
    EXPECT_EQ(site.at("/shifts/1/weekdays/0"), 6);
    rig.say("press", "x", 1.0, *parse_rfc3339("2026-01-12T05:00:00Z"));
    const auto seconds_of = [](const auto& answer, const char* where) {
        return answer.at(where).template to_number<double>();
    };
    ASSERT_EQ(rig.ask("PUT", "/api/v1/machines/press/sewing", rig.as("engineer"), R"({"delivery":"http"})").status,
              200u);
    const std::string asked = "/api/v1/machines/press/oee?from=2024-10-20T22:00:00Z&until=2024-10-27T23:00:00Z";
    const auto always = rig.get(asked);
    EXPECT_EQ(always.at("/planned"), "always") << always.text;
    EXPECT_EQ(seconds_of(always, "/times_s/PBT"), (7 * 24 + 1) * 3'600.0);
    const std::string id(site.at("/id").as_string());
    ASSERT_EQ(rig.ask("PATCH", "/api/v1/machines/press", rig.as("engineer"), "{\"site\":\"" + id + "\"}").status, 200u);
    const auto shifts = rig.get(asked);
    EXPECT_EQ(shifts.at("/planned"), "shifts") << shifts.text;
    EXPECT_EQ(seconds_of(shifts, "/times_s/PBT"), (5 * 16 + 9) * 3'600.0) << "the night has an hour more";
    EXPECT_TRUE(shifts.at("/oee").is_null());
    const auto saturday = rig.get("/api/v1/oee?from=2024-10-26T08:00:00Z&until=2024-10-26T16:00:00Z");
    EXPECT_EQ(seconds_of(saturday, "/items/0/times_s/PBT"), 0) << "nobody works on a Saturday's day";
    for (const char* wrong : {"[0]", "[8]", "1", "[\"mon\"]"}) {
        const std::string body = R"({"shifts":[{"name":"a","starts":"06:00","weekdays":)" + std::string(wrong) + "}]}";
        EXPECT_EQ(rig.ask("PATCH", "/api/v1/sites/" + id, rig.as("engineer"), body).status, 422u) << wrong;
    }
}

TEST(Export, SendsEverySampleAsCsvAndAsLinesOfJson) {
    Rig rig;
    const Instant t0 = *parse_rfc3339("2026-01-12T05:00:00Z");
    history::Report many{home, "press", {}};
    for (int index = 0; index < 25'000; ++index)
        many.samples.push_back({"x", {t0 + seconds{index}, double(index) / 4, Quality::good}});
    ASSERT_EQ(rig.report(std::move(many))->stored, 25'000u);
    rig.say("press", "a,b", std::string("say \"hi\", all"), t0, Quality::uncertain);
    rig.say("press", "n", (std::int64_t{1} << 53) + 1, t0);
    rig.say("press", "on", true, t0);
    rig.say("press", "y", std::nan(""), t0, Quality::bad);
    rig.say("press", "y", 0.0, t0 + seconds{1}, Quality::missing);
    rig.say("foreign", "x", 666.0, t0, Quality::good, rig.acme);
    const auto csv = rig.get("/api/v1/export/samples?format=csv", rig.as("viewer"));
    ASSERT_EQ(csv.status, 200u);
    EXPECT_EQ(csv.header("content-type"), "text/csv; charset=utf-8");
    EXPECT_TRUE(csv.text.contains("machine,tag,time,value,quality\r\n"
                                  "press,\"a,b\",2026-01-12T05:00:00Z,\"say \"\"hi\"\", all\",uncertain\r\n"
                                  "press,n,2026-01-12T05:00:00Z,9007199254740993,good\r\n"
                                  "press,on,2026-01-12T05:00:00Z,true,good\r\n"
                                  "press,x,2026-01-12T05:00:00Z,0,good\r\n"
                                  "press,x,2026-01-12T05:00:01Z,0.25,good\r\n"))
        << csv.text.substr(0, 500);
    EXPECT_TRUE(csv.text.contains("press,y,2026-01-12T05:00:00Z,NaN,bad\r\n"
                                  "press,y,2026-01-12T05:00:01Z,,missing\r\n"));
    EXPECT_EQ(std::ranges::count(csv.text, '\n'), 1 + 25'000 + 5);
    EXPECT_FALSE(csv.text.contains("foreign"));
    const auto lines = rig.get("/api/v1/export/samples?machine=press&tag=x&until=2026-01-12T05:00:02Z");
    EXPECT_EQ(lines.text, R"({"machine":"press","tag":"x","time":"2026-01-12T05:00:00Z","value":0,"quality":"good"})"
                          "\n"
                          R"({"machine":"press","tag":"x","time":"2026-01-12T05:00:01Z","value":0.25,"quality":"good"})"
                          "\n");
    EXPECT_EQ(rig.get("/api/v1/export/samples?machine=foreign").text, "");
    EXPECT_EQ(rig.get("/api/v1/export/samples?format=xml").status, 422u);
}

TEST(Retention, AdminsSetItEverybodySeesIt) {
    Rig rig;
    const Instant old = rig.now() - seconds{40 * 86'400};
    rig.say("press", "vib.x", 1.0, old);
    rig.say("press", "vib.x", 2.0, rig.now());
    rig.say("press", "slow", 1.0, old);
    const auto empty = rig.get("/api/v1/retention", rig.as("viewer"));
    ASSERT_EQ(empty.status, 200u) << empty.text;
    EXPECT_TRUE(empty.at("/classes").as_array().empty());
    const std::string body = R"({"classes":[{"name":"fast","tags":["vib*"],"keep_days":30}]})";
    EXPECT_EQ(rig.ask("PUT", "/api/v1/retention", rig.as("engineer"), body).status, 403u);
    const auto set = rig.ask("PUT", "/api/v1/retention", rig.as("admin"), body);
    ASSERT_EQ(set.status, 200u) << set.text;
    EXPECT_EQ(set.at("/classes/0/name"), "fast");
    EXPECT_TRUE(set.at("/classes/0/resolution_s").is_null());
    EXPECT_TRUE(set.at("/classes/0/kept_from").is_string());
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples?tag=vib.x").at("/items").as_array().size(), 1u);
    EXPECT_EQ(rig.get("/api/v1/machines/press/samples?tag=slow").at("/items").as_array().size(), 1u);
    Told counted = rig.get("/api/v1/retention");
    while (counted.at("/counted_at").is_null()) counted = rig.get("/api/v1/retention");
    EXPECT_EQ(counted.at("/classes/0/series"), 1);
    EXPECT_EQ(counted.at("/rest/series"), 1);
    // What GET shows may be sent back.
    json::object again{{"classes", counted.at("/classes")}};
    EXPECT_EQ(rig.ask("PUT", "/api/v1/retention", rig.as("admin"), json::serialize(again)).status, 200u);
    const std::pair<std::string, std::string> bad[] = {
        {R"({})", "classes"},
        {R"({"classes":[7]})", "object"},
        {R"({"classes":[{"tags":["a"]}]})", "name"},
        {R"({"classes":[{"name":"a","tags":"a"}]})", "class a"},
        {R"({"classes":[{"name":"a","tags":["a"],"keep_days":-1}]})", "keep_days"},
        {R"({"classes":[{"name":"a","tags":["a"],"keep":1}]})", "unknown member keep"},
        {R"({"classes":[{"name":"a","tags":["a"],"full_days":3}]})", "resolution_s"}};
    for (const auto& [wrong, word] : bad) {
        const auto told = rig.ask("PUT", "/api/v1/retention", rig.as("admin"), wrong);
        EXPECT_EQ(told.status, 422u) << wrong;
        EXPECT_NE(told.detail().find(word), std::string::npos) << told.detail();
    }
    EXPECT_EQ(rig.get("/api/v1/retention").at("/classes").as_array().size(), 1u) << "nothing was done";
}

TEST(Write, AsksKindRangeAndPermissionBeforeSending) {
    Rig rig;
    const Instant now = rig.now();
    const auto write = [&](const std::string& tag, const std::string& value) {
        return rig
            .ask("POST", "/api/v1/machines/press/tags/" + tag + "/write", rig.as("operator"),
                 "{\"value\":" + value + "}")
            .status;
    };
    EXPECT_EQ(write("speed", "1"), 404u);  // never spoke
    rig.say("press", "speed", 1.0, now);
    rig.say("press", "count", std::int64_t{1}, now);
    rig.say("press", "on", true, now);
    rig.say("press", "mode", std::string("slow"), now);
    EXPECT_EQ(write("speed", "1"), 403u);
    for (const std::string tag : {"speed", "count", "on", "mode"}) {
        const auto told = rig.ask("PATCH", "/api/v1/machines/press/tags/" + tag, rig.as("engineer"),
                                  tag == "speed" || tag == "count"
                                      ? R"({"writable":true,"low":0,"high":10,"unit":"m"})"
                                      : R"({"writable":true})");
        ASSERT_EQ(told.status, 200u) << told.text;
        EXPECT_TRUE(told.at("/writable").as_bool());
    }
    const std::tuple<std::string, std::string, unsigned> cases[] = {
        {"speed", "2.5", 202u},    {"speed", "0", 202u},       {"speed", "10", 202u},
        {"speed", "10.001", 422u}, {"speed", "-1", 422u},      {"speed", "\"2\"", 422u},
        {"speed", "null", 422u},   {"speed", "1e999", 422u},   {"count", "3", 202u},
        {"count", "3.5", 422u},    {"count", "11", 422u},      {"on", "false", 202u},
        {"on", "0", 422u},         {"mode", "\"fast\"", 202u}, {"mode", "1", 422u},
        {"none", "1", 404u}};
    for (const auto& [tag, value, status] : cases)
        EXPECT_EQ(write(tag, value), status) << tag << " = " << value;
    EXPECT_EQ(rig.node.sent_to, "press/mode");
    EXPECT_EQ(rig.node.sent_by, "operator");
    EXPECT_EQ(*rig.node.sent, history::Value{std::string("fast")});
    EXPECT_EQ(
        rig.ask("POST", "/api/v1/machines/press/tags/speed/write", rig.as("operator"), "{}").status,
        422u);
    // The last event is seen once it is on disk, which nobody waits for.
    Told events;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        events = rig.get("/api/v1/machines/press/events?limit=1");
        if (events.text.contains("mode = \\\"fast\\\" by operator")) break;
    }
    EXPECT_TRUE(events.text.contains("mode = \\\"fast\\\" by operator")) << events.text;
    rig.leaves("press");
    EXPECT_EQ(write("speed", "3"), 409u);
    EXPECT_EQ(rig.ask("PATCH", "/api/v1/machines/press/tags/speed", rig.as("engineer"),
                      R"({"low":5,"high":1})")
                  .status,
              422u);
    const auto unheard = rig.ask("PATCH", "/api/v1/machines/press/tags/later", rig.as("engineer"),
                                 R"({"unit":"K"})");
    EXPECT_EQ(unheard.at("/unit"), "K");
    EXPECT_TRUE(unheard.at("/kind").is_null());
}

TEST(NodeRoutes, TellTheirFacts) {
    Rig rig;
    EXPECT_EQ(rig.get("/api/v1/node").at("/version"), "1.2.3");
    EXPECT_EQ(rig.get("/healthz", {}).text, "ok\n");
    EXPECT_EQ(rig.get("/readyz", {}).status, 200u);
    rig.node.is_ready_ = false;
    EXPECT_EQ(rig.get("/readyz", {}).status, 503u);
    EXPECT_EQ(rig.get("/api/v1/openapi.json", {}).at("/openapi"), "3.1.0");
    EXPECT_EQ(rig.get("/api/v1/none", {}).status, 404u);
    EXPECT_EQ(rig.get("/api/v1/overview").at("/rates/messages_total"), 7);
}

}  // namespace
}  // namespace lineshaft::api::testing
