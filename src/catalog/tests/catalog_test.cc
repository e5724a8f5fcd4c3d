#include "catalog/catalog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

const std::string long_text(10'000'000, 'x');
const std::string with_nul("a\0b", 3);
const std::string metacharacters = "'; DROP TABLE machine; --\"%_\\$1";

struct CatalogTest : testing::Test {
    TempDir dir;
    Limits limits{.organisations_max = 3,
                  .sites_max = 3,
                  .machines_max = 3,
                  .tags_per_machine_max = 3,
                  .people_max = 3,
                  .tokens_max = 3,
                  .sessions_max = 3,
                  .answer_bytes_max = 100,
                  .answers_max = 3};
    std::unique_ptr<Catalog> catalog = open();

    std::unique_ptr<Catalog> open() {
        auto opened = Catalog::open(dir.file(), now, limits);
        EXPECT_TRUE(opened) << opened.error().context;
        return std::move(*opened);
    }
    void reopen() {
        catalog.reset();
        catalog = open();
    }
    OrganisationId acme() { return catalog->create_organisation("acme", now)->id; }
    bool discover(const std::string& id, OrganisationId organisation = ours) {
        const auto found = catalog->discover({organisation, id, "mqtt", now});
        EXPECT_TRUE(found) << found.error().context;
        return found && *found;
    }
    NewToken token(const std::string& name, char fill = 't') {
        return {name, "engineer", {}, std::string(32, fill), "SCRAM-SHA-256$...", "ann"};
    }
};

TEST_F(CatalogTest, StartsWithDefault) {
    const auto snapshot = catalog->snapshot();
    ASSERT_EQ(snapshot->organisations().size(), 1U);
    EXPECT_EQ(snapshot->organisation("default")->id, ours);
    EXPECT_EQ(snapshot->organisation(OrganisationId(2)), nullptr);
    reopen();
    EXPECT_EQ(catalog->snapshot()->organisations().size(), 1U);
}

TEST_F(CatalogTest, OrganisationsHaveNamesThatCanBePrefixes) {
    for (const std::string& name :
         {std::string(), std::string("Acme"), std::string("a b"), std::string("a/b"),
          std::string("+"), std::string("#"), std::string("-a"), std::string("a-"),
          std::string(65, 'a'), with_nul, metacharacters, long_text, std::string("lineshaft"),
          std::string("v1"), std::string("ä")}) {
        EXPECT_EQ(code_of(catalog->create_organisation(name, now)), Code::invalid)
            << name.substr(0, 80);
    }
    EXPECT_EQ(code_of(catalog->create_organisation("default", now)), Code::conflict);
    EXPECT_EQ(catalog->create_organisation(std::string(64, 'a'), now)->id, OrganisationId(2));
    EXPECT_EQ(catalog->create_organisation("a-1", now)->id, OrganisationId(3));
    EXPECT_EQ(code_of(catalog->create_organisation("one-too-many", now)), Code::exhausted);
    EXPECT_EQ(catalog->snapshot()->organisation("a-1")->id, OrganisationId(3));
}

TEST_F(CatalogTest, SitesAreMadeChangedAndRemoved) {
    const auto site =
        catalog->create_site(ours, {"Harbour East", "Asia/Shanghai", Position{31.2, 121.5}});
    ASSERT_TRUE(site) << site.error().context;
    EXPECT_EQ(code_of(catalog->create_site(ours, {"Harbour East", "UTC", {}})), Code::conflict);
    const auto changed =
        catalog->change_site(ours, site->id, {.name = "Harbour", .position = cleared<Position>()});
    ASSERT_TRUE(changed) << changed.error().context;
    EXPECT_EQ(changed->name, "Harbour");
    EXPECT_EQ(changed->time_zone, "Asia/Shanghai");
    reopen();
    ASSERT_NE(catalog->snapshot()->site(ours, site->id), nullptr);
    EXPECT_FALSE(catalog->snapshot()->site(ours, site->id)->position);
    discover("exc-01");
    ASSERT_TRUE(catalog->change_machine(ours, "exc-01", {.site = site->id}, now));
    EXPECT_EQ(code_of(catalog->remove_site(ours, site->id)), Code::conflict);
    ASSERT_TRUE(catalog->change_machine(ours, "exc-01", {.site = cleared<SiteId>()}, now));
    EXPECT_TRUE(catalog->remove_site(ours, site->id));
    EXPECT_EQ(code_of(catalog->remove_site(ours, site->id)), Code::not_found);
    EXPECT_EQ(catalog->create_site(ours, {"Next", "UTC", {}})->id, SiteId(site->id.number() + 1));
}

TEST_F(CatalogTest, ASiteHasItsOwnDaysWeeksAndShifts) {
    using std::chrono::minutes;
    const SiteCalendar three{minutes(360), 7, {{"early one", minutes(360)}, {"late", minutes(840)},
                                               {"夜", minutes(1320)}}};
    const auto site = catalog->create_site(ours, {"Hall", "Europe/Berlin", {}, three});
    ASSERT_TRUE(site) << site.error().context;
    EXPECT_EQ(site->calendar, three);
    reopen();
    EXPECT_EQ(catalog->snapshot()->site(ours, site->id)->calendar, three);
    ASSERT_TRUE(catalog->change_site(ours, site->id, {.name = "Hall 2"}));
    EXPECT_EQ(catalog->snapshot()->site(ours, site->id)->calendar, three) << "nobody said otherwise";
    SiteCalendar rests = three;
    rests.shifts[0].weekdays = 0x1f, rests.shifts[1].weekdays = 0;
    ASSERT_TRUE(catalog->change_site(ours, site->id, {.calendar = rests}));
    reopen();
    EXPECT_EQ(catalog->snapshot()->site(ours, site->id)->calendar, rests);
    SiteCalendar full;
    for (int hour = 0; hour < 24; ++hour) full.shifts.push_back({"s", minutes(60 * hour)});
    EXPECT_TRUE(catalog->change_site(ours, site->id, {.calendar = full}));
    SiteCalendar more = full;
    more.shifts.push_back({"s", minutes(1439)});
    const SiteCalendar bad[] = {more, {minutes(1440)}, {minutes(-1)}, {minutes(0), 0}, {minutes(0), 8},
                                {minutes(0), 1, {{"", minutes(0)}}}, {minutes(0), 1, {{"a\nb", minutes(0)}}},
                                {minutes(0), 1, {{"a", minutes(1440)}}},
                                {minutes(0), 1, {{"a", minutes(60)}, {"b", minutes(60)}}},
                                {minutes(0), 1, {{"a", minutes(61)}, {"b", minutes(60)}}}};
    for (const SiteCalendar& calendar : bad)
        EXPECT_EQ(code_of(catalog->change_site(ours, site->id, {.calendar = calendar})), Code::invalid);
    EXPECT_EQ(catalog->snapshot()->site(ours, site->id)->calendar, full);
    ASSERT_TRUE(catalog->change_site(ours, site->id, {.calendar = SiteCalendar{}}));
    EXPECT_EQ(catalog->snapshot()->site(ours, site->id)->calendar, SiteCalendar{});
}

TEST_F(CatalogTest, SitesRefuseNonsense) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const NewSite bad[] = {{"", "UTC", {}},
                           {" x", "UTC", {}},
                           {with_nul, "UTC", {}},
                           {long_text, "UTC", {}},
                           {std::string(129, 'x'), "UTC", {}},
                           {"\xFF", "UTC", {}},
                           {"x", "", {}},
                           {"x", "Mars/Base", {}},
                           {"x", long_text, {}},
                           {"x", "../../etc/passwd", {}},
                           {"x", "UTC", Position{90.1, 0}},
                           {"x", "UTC", Position{0, -180.1}},
                           {"x", "UTC", Position{nan, 0}},
                           {"x", "UTC", Position{0, nan}}};
    for (const NewSite& site : bad) {
        EXPECT_EQ(code_of(catalog->create_site(ours, site)), Code::invalid)
            << site.name.substr(0, 20);
    }
    EXPECT_TRUE(catalog->create_site(ours, {metacharacters, "UTC", Position{-90, 180}}));
    EXPECT_TRUE(catalog->create_site(ours, {std::string(128, 'x'), "UTC", Position{90, -180}}));
    EXPECT_TRUE(catalog->create_site(ours, {"三", "UTC", {}}));
    EXPECT_EQ(code_of(catalog->create_site(ours, {"four", "UTC", {}})), Code::exhausted);
    EXPECT_EQ(code_of(catalog->create_site(OrganisationId(9), {"x", "UTC", {}})), Code::not_found);
}

TEST(TimeZone, IsWhatIanaNames) {
    for (const char* name :
         {"UTC", "Europe/Berlin", "Asia/Shanghai", "America/Argentina/Ushuaia", "Etc/GMT+8"}) {
        EXPECT_TRUE(is_time_zone(name)) << name;
    }
    for (const std::string& name :
         {std::string(), std::string("Berlin"), std::string("europe/berlin"),
          std::string("Europe/"), std::string("/etc/passwd"), std::string("../zoneinfo/UTC"),
          std::string("UTC "), with_nul, std::string("UTC\0", 4), std::string(65, 'A'), long_text,
          std::string("tzdata.zi"), std::string("zone.tab"), std::string("Europe")}) {
        EXPECT_FALSE(is_time_zone(name)) << name.substr(0, 40);
    }
}

TEST_F(CatalogTest, MachinesAppearByThemselves) {
    EXPECT_TRUE(discover("exc-01"));
    EXPECT_FALSE(discover("exc-01"));
    EXPECT_TRUE(*catalog->change_source(ours, "exc-01", "thingsboard"));
    EXPECT_FALSE(*catalog->change_source(ours, "exc-01", "thingsboard"));
    EXPECT_EQ(code_of(catalog->change_source(ours, "nobody", "json")), Code::not_found);
    EXPECT_EQ(catalog->snapshot()->machine(ours, "exc-01")->machine.source, "thingsboard");
    EXPECT_TRUE(discover(metacharacters));
    reopen();
    const auto snapshot = catalog->snapshot();
    ASSERT_EQ(snapshot->machines(ours).size(), 2U);
    const MachineEntry* found = snapshot->machine(ours, "exc-01");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->machine.source, "thingsboard");
    EXPECT_EQ(found->machine.first_seen, now);
    EXPECT_FALSE(found->machine.adopted_at);
    for (const std::string& id :
         {std::string(), std::string("a/b"), std::string("+"), std::string("#"), with_nul,
          std::string("\xFF"), std::string(257, 'x'), long_text}) {
        EXPECT_EQ(code_of(catalog->discover({ours, id, "mqtt", now})), Code::invalid);
    }
    EXPECT_EQ(code_of(catalog->discover({OrganisationId(9), "x", "mqtt", now})), Code::not_found);
    EXPECT_TRUE(discover(std::string(256, 'x')));
    EXPECT_EQ(code_of(catalog->discover({ours, "four", "mqtt", now})), Code::exhausted);
}

TEST_F(CatalogTest, EnsureTakesWhatItCan) {
    discover("known");
    const Discovery found[] = {{ours, "known", "mqtt", now},
                               {ours, "a/b", "mqtt", now},
                               {OrganisationId(9), "x", "mqtt", now},
                               {ours, "new", "mqtt", now},
                               {ours, "new", "mqtt", now},
                               {ours, "third", "mqtt", now},
                               {ours, "four", "mqtt", now},
                               {ours, "known", "mqtt", now}};
    const auto ensured = catalog->ensure_machines(found);
    ASSERT_TRUE(ensured) << ensured.error().context;
    EXPECT_EQ(ensured->added, 2U);
    EXPECT_EQ(ensured->refused, 3U);
    EXPECT_EQ(catalog->snapshot()->machines(ours).size(), 3U);
    EXPECT_EQ(catalog->ensure_machines({})->added, 0U);
}

TEST_F(CatalogTest, MachinesAreAdoptedNamedAndPlaced) {
    discover("exc-01");
    const SiteId site = catalog->create_site(ours, {"Yard", "UTC", {}})->id;
    const auto before = catalog->snapshot();
    const auto machine = catalog->change_machine(
        ours, "exc-01", {.name = "Digger", .kind = "excavator", .site = site, .adopted = true},
        now);
    ASSERT_TRUE(machine) << machine.error().context;
    EXPECT_EQ(machine->adopted_at, now);
    EXPECT_FALSE(before->machine(ours, "exc-01")->machine.name);  // a snapshot never changes
    EXPECT_EQ(
        catalog->change_machine(ours, "exc-01", {.adopted = true}, now + std::chrono::hours(1))
            ->adopted_at,
        now);
    reopen();
    EXPECT_EQ(catalog->snapshot()->machine(ours, "exc-01")->machine.site, site);
    const auto bare = catalog->change_machine(
        ours, "exc-01",
        {.name = cleared<std::string>(), .site = cleared<SiteId>(), .adopted = false}, now);
    EXPECT_FALSE(bare->name || bare->site || bare->adopted_at);
    EXPECT_EQ(bare->kind, "excavator");
    EXPECT_EQ(code_of(catalog->change_machine(ours, "nobody", {}, now)), Code::not_found);
    EXPECT_EQ(code_of(catalog->change_machine(ours, "exc-01", {.site = SiteId(99)}, now)),
              Code::not_found);
    for (const std::string& name : {std::string(), with_nul, long_text, std::string(129, 'x')}) {
        EXPECT_EQ(code_of(catalog->change_machine(ours, "exc-01", {.name = name}, now)),
                  Code::invalid);
    }
}

TEST_F(CatalogTest, PeopleWinOverMachinesFieldByField) {
    discover("m");
    const TagFacts facts[] = {{"speed", "1/min", 0, 1000, true}, {"plain", {}, {}, {}, {}}};
    EXPECT_EQ(catalog->learn_tags(ours, "m", facts), true);
    EXPECT_EQ(catalog->learn_tags(ours, "m", facts), false);  // nothing new
    EXPECT_EQ(catalog->snapshot()->tag(ours, "m", "plain"), nullptr);
    auto tag = catalog->change_tag(ours, "m", "speed",
                                   {.label = "Speed", .high = 800.0, .writable = false});
    ASSERT_TRUE(tag) << tag.error().context;
    EXPECT_EQ(*tag, (Tag{"speed", "Speed", "1/min", 0.0, 800.0, false}));
    const TagFacts later[] = {{"speed", "rpm", 10, 2000, true}};
    EXPECT_EQ(catalog->learn_tags(ours, "m", later), true);
    reopen();
    ASSERT_NE(catalog->snapshot()->tag(ours, "m", "speed"), nullptr);
    EXPECT_EQ(*catalog->snapshot()->tag(ours, "m", "speed"),
              (Tag{"speed", "Speed", "rpm", 10.0, 800.0, false}));
    tag = catalog->change_tag(ours, "m", "speed",
                              {.high = cleared<double>(), .writable = cleared<bool>()});
    EXPECT_EQ(*tag, (Tag{"speed", "Speed", "rpm", 10.0, 2000.0, true}));
    // The machine's low above the people's high is not believed.
    tag = catalog->change_tag(ours, "m", "speed", {.high = 5.0});
    EXPECT_EQ(tag->low, std::nullopt);
    EXPECT_EQ(tag->high, 5.0);
}

TEST_F(CatalogTest, TagsRefuseNonsense) {
    discover("m");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (const TagChange& bad :
         {TagChange{.low = nan}, TagChange{.high = infinity}, TagChange{.low = 2.0, .high = 1.0},
          TagChange{.unit = long_text}, TagChange{.label = with_nul}, TagChange{.unit = ""}}) {
        EXPECT_EQ(code_of(catalog->change_tag(ours, "m", "t", bad)), Code::invalid);
    }
    for (const std::string& name :
         {std::string(), with_nul, std::string("\xFF"), std::string(257, 'x'), long_text}) {
        EXPECT_EQ(code_of(catalog->change_tag(ours, "m", name, {.unit = "mm"})), Code::invalid);
    }
    EXPECT_EQ(code_of(catalog->change_tag(ours, "nobody", "t", {})), Code::not_found);
    EXPECT_EQ(code_of(catalog->learn_tags(ours, "nobody", {})), Code::not_found);
    // From a machine, what is not allowed is left out and the rest kept.
    const TagFacts facts[] = {{"", "mm", {}, {}, {}},
                              {with_nul, "mm", {}, {}, {}},
                              {"a", long_text, nan, 5, {}},
                              {"b/c", "mm", 9, 1, true},
                              {metacharacters, "mm", {}, {}, {}},
                              {"fourth", "mm", {}, {}, {}}};
    EXPECT_EQ(catalog->learn_tags(ours, "m", facts), true);
    const auto snapshot = catalog->snapshot();
    ASSERT_EQ(snapshot->machine(ours, "m")->tags.size(), 3U);
    EXPECT_EQ(*snapshot->tag(ours, "m", "a"), (Tag{"a", {}, {}, {}, 5.0, {}}));
    EXPECT_EQ(*snapshot->tag(ours, "m", "b/c"), (Tag{"b/c", {}, "mm", {}, {}, true}));
    EXPECT_EQ(code_of(catalog->change_tag(ours, "m", "fourth", {.unit = "mm"})), Code::exhausted);
}

TEST_F(CatalogTest, WhatBelongsToAnotherOrganisationIsNotFound) {
    const OrganisationId theirs = acme();
    discover("m", theirs);
    const SiteId site = catalog->create_site(theirs, {"S", "UTC", {}})->id;
    const PersonId person = catalog->create_person(theirs, {"ann", "admin", "h"}, now)->id;
    const TokenId token_id = catalog->create_token(theirs, token("t"), now)->id;
    EXPECT_EQ(catalog->snapshot()->machine(ours, "m"), nullptr);
    EXPECT_EQ(catalog->snapshot()->site(ours, site), nullptr);
    EXPECT_TRUE(catalog->snapshot()->sites(ours).empty());
    EXPECT_TRUE(catalog->snapshot()->machines(ours).empty());
    EXPECT_EQ(code_of(catalog->change_machine(ours, "m", {}, now)), Code::not_found);
    EXPECT_EQ(code_of(catalog->change_tag(ours, "m", "t", {})), Code::not_found);
    EXPECT_EQ(code_of(catalog->change_site(ours, site, {})), Code::not_found);
    EXPECT_EQ(code_of(catalog->remove_site(ours, site)), Code::not_found);
    EXPECT_EQ(code_of(catalog->find_person(ours, person)), Code::not_found);
    EXPECT_EQ(code_of(catalog->find_person(ours, "ann")), Code::not_found);
    EXPECT_EQ(code_of(catalog->remove_person(ours, person)), Code::not_found);
    EXPECT_EQ(code_of(catalog->change_role(ours, person, "viewer")), Code::not_found);
    EXPECT_EQ(code_of(catalog->change_password(ours, person, "x")), Code::not_found);
    EXPECT_EQ(code_of(catalog->revoke_token(ours, token_id, now)), Code::not_found);
    EXPECT_TRUE(catalog->people(ours)->empty());
    EXPECT_TRUE(catalog->tokens(ours)->empty());
    EXPECT_EQ(code_of(catalog->people(OrganisationId(9))), Code::not_found);
    discover("own");
    EXPECT_EQ(code_of(catalog->change_machine(ours, "own", {.site = site}, now)), Code::not_found);
    EXPECT_TRUE(discover("m"));  // the same name, another machine
}

TEST_F(CatalogTest, PeopleHaveOneSpelling) {
    const auto ann = catalog->create_person(ours, {"Ann", "admin", "hash"}, now);
    ASSERT_TRUE(ann) << ann.error().context;
    EXPECT_EQ(code_of(catalog->create_person(ours, {"aNN", "viewer", "hash"}, now)),
              Code::conflict);
    EXPECT_EQ(catalog->find_person(ours, "ANN")->id, ann->id);
    EXPECT_EQ(catalog->find_person(ours, "ANN")->name, "Ann");
    EXPECT_EQ(code_of(catalog->find_person(ours, long_text)), Code::not_found);
    EXPECT_EQ(code_of(catalog->find_person(ours, metacharacters)), Code::not_found);
    for (const std::string& name : {std::string(), std::string("a/b"), std::string("a:b"), with_nul,
                                    long_text, std::string(" a"), std::string(129, 'x')}) {
        EXPECT_EQ(code_of(catalog->create_person(ours, {name, "viewer", "hash"}, now)),
                  Code::invalid);
    }
    EXPECT_EQ(code_of(catalog->create_person(ours, {"b", "Root!", "hash"}, now)), Code::invalid);
    EXPECT_EQ(code_of(catalog->create_person(ours, {"b", "viewer", ""}, now)), Code::invalid);
    EXPECT_TRUE(catalog->person_seen(ours, ann->id, now));
    EXPECT_TRUE(catalog->change_password(ours, ann->id, "other"));
    reopen();
    EXPECT_EQ(catalog->find_person(ours, ann->id)->last_seen_at, now);
    EXPECT_EQ(catalog->find_person(ours, ann->id)->password_hash, "other");
    ASSERT_TRUE(catalog->create_person(ours, {"b", "viewer", "h"}, now));
    ASSERT_TRUE(catalog->create_person(ours, {"c", "viewer", "h"}, now));
    EXPECT_EQ(code_of(catalog->create_person(ours, {"d", "viewer", "h"}, now)), Code::exhausted);
    EXPECT_EQ(catalog->people(ours)->size(), 3U);
}

TEST_F(CatalogTest, TheLastAdminStays) {
    const PersonId ann = catalog->create_person(ours, {"ann", "admin", "h"}, now)->id;
    EXPECT_EQ(code_of(catalog->remove_person(ours, ann)), Code::conflict);
    EXPECT_EQ(code_of(catalog->change_role(ours, ann, "viewer")), Code::conflict);
    EXPECT_TRUE(catalog->change_role(ours, ann, "admin"));
    const PersonId bob = catalog->create_person(ours, {"bob", "admin", "h"}, now)->id;
    EXPECT_EQ(catalog->change_role(ours, ann, "viewer")->role, "viewer");
    EXPECT_EQ(code_of(catalog->remove_person(ours, bob)), Code::conflict);
    ASSERT_TRUE(catalog->save_session({digest, ours, ann, now, now, "here"}));
    EXPECT_TRUE(catalog->remove_person(ours, ann));
    EXPECT_TRUE(catalog->sessions()->empty());
    EXPECT_EQ(code_of(catalog->remove_person(ours, ann)), Code::not_found);
}

TEST_F(CatalogTest, SetupHappensOnce) {
    const std::string secret(32, 's'), other(32, 'o');
    EXPECT_EQ(catalog->setup_needed(), true);
    EXPECT_EQ(code_of(catalog->set_up(secret, {"ann", "", "h"}, now)), Code::denied);
    EXPECT_EQ(code_of(catalog->offer_setup("short")), Code::invalid);
    ASSERT_TRUE(catalog->offer_setup(other));
    ASSERT_TRUE(catalog->offer_setup(secret));  // a restart prints a new one
    EXPECT_EQ(code_of(catalog->set_up(other, {"ann", "", "h"}, now)), Code::denied);
    EXPECT_EQ(code_of(catalog->set_up(secret, {"a/b", "", "h"}, now)), Code::invalid);
    EXPECT_EQ(catalog->setup_needed(), true);
    EXPECT_EQ(catalog->set_up(secret, {"ann", "viewer", "h"}, now)->role, "admin");
    reopen();
    EXPECT_EQ(catalog->setup_needed(), false);
    EXPECT_EQ(code_of(catalog->set_up(secret, {"bob", "", "h"}, now)), Code::conflict);
    EXPECT_EQ(code_of(catalog->offer_setup(secret)), Code::conflict);
}

TEST_F(CatalogTest, AnAdminMadeOtherwiseEndsTheSetup) {
    ASSERT_TRUE(catalog->offer_setup(digest));
    ASSERT_TRUE(catalog->create_person(ours, {"ann", "admin", "h"}, now));
    EXPECT_EQ(catalog->setup_needed(), false);
    EXPECT_EQ(code_of(catalog->set_up(digest, {"bob", "", "h"}, now)), Code::conflict);
}

TEST_F(CatalogTest, TokensLiveUntilRevoked) {
    const auto first = catalog->create_token(ours, token("one", 'a'), now);
    ASSERT_TRUE(first) << first.error().context;
    EXPECT_EQ(code_of(catalog->create_token(ours, token("one", 'b'), now)), Code::conflict);
    NewToken machine = token("two", 'b');
    machine.role.reset();
    machine.machine = "hall:emb";
    ASSERT_TRUE(catalog->create_token(ours, machine, now));  // the machine need not exist yet
    const std::pair<TokenId, Instant> used[] = {
        {first->id, now}, {TokenId(99), now}, {first->id, now - std::chrono::hours(1)}};
    ASSERT_TRUE(catalog->tokens_used(used));
    reopen();
    ASSERT_EQ(catalog->tokens(ours)->size(), 2U);
    EXPECT_EQ(catalog->all_tokens()->front().last_used_at, now);
    EXPECT_EQ(catalog->all_tokens()->front().sha256, std::string(32, 'a'));
    EXPECT_EQ(catalog->all_tokens()->back().machine, "hall:emb");
    ASSERT_TRUE(catalog->revoke_token(ours, first->id, now));
    EXPECT_EQ(code_of(catalog->revoke_token(ours, first->id, now)), Code::not_found);
    EXPECT_EQ(catalog->all_tokens()->size(), 1U);
    const auto again = catalog->create_token(ours, token("one", 'c'), now);
    ASSERT_TRUE(again);
    EXPECT_GT(again->id, first->id);
    ASSERT_TRUE(catalog->create_token(ours, token("three", 'd'), now));
    EXPECT_EQ(code_of(catalog->create_token(ours, token("four", 'e'), now)), Code::exhausted);
}

TEST_F(CatalogTest, TokensRefuseNonsense) {
    std::vector<NewToken> bad(9, token("x"));
    bad[0].name = "";
    bad[1].name = long_text;
    bad[2].role.reset();
    bad[3].machine = "m";
    bad[4].role = "no role!";
    bad[5].role.reset();
    bad[5].machine = "a/+/b";
    bad[6].sha256 = "short";
    bad[7].scram_verifier = "";
    bad[8].created_by = with_nul;
    for (const NewToken& one : bad)
        EXPECT_EQ(code_of(catalog->create_token(ours, one, now)), Code::invalid);
    EXPECT_EQ(code_of(catalog->create_token(OrganisationId(9), token("x"), now)), Code::not_found);
}

TEST_F(CatalogTest, SessionsAreKept) {
    const PersonId ann = catalog->create_person(ours, {"ann", "admin", "h"}, now)->id;
    Session session{digest, ours, ann, now, now, "127.0.0.1 Firefox"};
    ASSERT_TRUE(catalog->save_session(session));
    session.last_seen_at = now + std::chrono::minutes(1);
    ASSERT_TRUE(catalog->save_session(session));
    reopen();
    ASSERT_EQ(catalog->sessions()->size(), 1U);
    EXPECT_EQ(catalog->sessions()->front().last_seen_at, session.last_seen_at);
    EXPECT_EQ(catalog->sessions()->front().sha256, digest);
    session.person = PersonId(99);
    EXPECT_EQ(code_of(catalog->save_session(session)), Code::not_found);
    session.person = ann;
    session.sha256 = "x";
    EXPECT_EQ(code_of(catalog->save_session(session)), Code::invalid);
    for (char fill : {'1', '2'}) {
        session.sha256 = std::string(32, fill);
        EXPECT_TRUE(catalog->save_session(session));
    }
    session.sha256 = std::string(32, '3');
    EXPECT_EQ(code_of(catalog->save_session(session)), Code::exhausted);
    EXPECT_TRUE(catalog->remove_session(digest));
    EXPECT_TRUE(catalog->remove_session(digest));
    EXPECT_EQ(catalog->sessions()->size(), 2U);
}

TEST_F(CatalogTest, SettingsAreKept) {
    EXPECT_EQ(code_of(catalog->setting("node.id")), Code::not_found);
    ASSERT_TRUE(catalog->set_setting("node.id", "abc"));
    ASSERT_TRUE(catalog->set_setting("node.id", metacharacters));
    reopen();
    EXPECT_EQ(catalog->setting("node.id"), metacharacters);
    EXPECT_EQ(code_of(catalog->set_setting("x", long_text)), Code::invalid);
    EXPECT_EQ(code_of(catalog->set_setting("", "x")), Code::invalid);
}

struct OnceTest : CatalogTest {
    OnceKey key{ours, "token:1", "POST /sites", "k1", digest};
    int runs = 0;
    Result<Answer> post(Instant at) {
        return catalog->once(key, at, [&]() -> Result<Answer> {
            ++runs;
            TRY(const Site site,
                catalog->create_site(ours, {"S" + std::to_string(runs), "UTC", {}}));
            return Answer{201, site.name};
        });
    }
};

TEST_F(OnceTest, TheSameKeyGivesTheFirstAnswerForADay) {
    EXPECT_EQ(post(now), (Answer{201, "S1"}));
    EXPECT_EQ(post(now), (Answer{201, "S1"}));
    reopen();
    EXPECT_EQ(post(now + std::chrono::hours(23)), (Answer{201, "S1"}));
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(post(now + std::chrono::hours(24)), (Answer{201, "S2"}));
    key.principal = "token:2";  // somebody else's key
    EXPECT_EQ(post(now + std::chrono::hours(24)), (Answer{201, "S3"}));
}

TEST_F(OnceTest, AnotherBodyIsAConflict) {
    ASSERT_TRUE(post(now));
    key.sha256 = std::string(32, 'e');
    EXPECT_EQ(code_of(post(now)), Code::conflict);
    EXPECT_EQ(runs, 1);
}

TEST_F(OnceTest, WhatFailsLeavesNothingBehind) {
    const auto failed = catalog->once(key, now, [&]() -> Result<Answer> {
        EXPECT_TRUE(catalog->create_site(ours, {"gone", "UTC", {}}));
        EXPECT_TRUE(discover("gone"));
        return fail(Code::unavailable, "no");
    });
    EXPECT_EQ(code_of(failed), Code::unavailable);
    EXPECT_TRUE(catalog->snapshot()->sites(ours).empty());
    EXPECT_EQ(catalog->snapshot()->machine(ours, "gone"), nullptr);
    EXPECT_TRUE(discover("gone"));
    EXPECT_EQ(post(now), (Answer{201, "S1"}));
}

TEST_F(OnceTest, MemoryIsBounded) {
    const auto large =
        catalog->once(key, now, [] { return Result<Answer>(Answer{200, std::string(101, 'x')}); });
    EXPECT_EQ(code_of(large), Code::exhausted);
    const auto largest =
        catalog->once(key, now, [] { return Result<Answer>(Answer{200, std::string(100, 'x')}); });
    EXPECT_TRUE(largest);
    for (int i = 2; i <= 3; ++i) {
        key.key = "k" + std::to_string(i);
        EXPECT_TRUE(post(now));
    }
    key.key = "k4";
    EXPECT_EQ(code_of(post(now)), Code::exhausted);
    key.key = std::string(129, 'k');
    EXPECT_EQ(code_of(post(now)), Code::invalid);
}

TEST_F(CatalogTest, SnapshotsShareWhatDidNotChange) {
    discover("a");
    discover("b");
    const auto before = catalog->snapshot();
    EXPECT_EQ(catalog->snapshot(), before);
    ASSERT_TRUE(catalog->change_machine(ours, "a", {.name = "A"}, now));
    const auto after = catalog->snapshot();
    EXPECT_GT(after->version(), before->version());
    EXPECT_EQ(after->machine(ours, "b"), before->machine(ours, "b"));
    EXPECT_NE(after->machine(ours, "a"), before->machine(ours, "a"));
}

}  // namespace
}  // namespace lineshaft::catalog
