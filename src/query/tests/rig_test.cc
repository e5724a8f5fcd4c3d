#include "rig.h"

#include <unistd.h>

#include <cstdlib>

namespace lineshaft::query::testing {
namespace {

io::Task<Result<history::Appended>> append_there(history::History* history, store::Lane* lane,
                                                 history::Report report) {
    auto taken = history->append(report);
    auto durable = co_await lane->flush();
    if (!durable) co_return std::unexpected(durable.error());
    co_return taken;
}

struct Question {
    std::string sql;
    std::vector<Value> parameters;
    Scope scope;
    Session session;
    Limits limits;
    io::StopFlagPtr cancel;
    std::vector<Type> declared;
};

io::Task<Told> ask_there(Engine* engine, Question question) {
    Told told;
    auto prepared = co_await engine->prepare(question.sql, question.declared, question.session);
    if (!prepared) {
        told.failure = prepared.error();
        co_return told;
    }
    told.columns.assign((*prepared)->columns().begin(), (*prepared)->columns().end());
    told.is_on_kernel = (*prepared)->uses_kernel();
    auto cursor = engine->execute(*prepared, question.parameters, question.scope, question.session,
                                  question.limits, question.cancel);
    if (!cursor) {
        told.failure = cursor.error();
        co_return told;
    }
    for (bool is_over = false; !is_over;) {
        auto batch = co_await (*cursor)->next(7);
        if (!batch) {
            told.failure = batch.error();
            co_return told;
        }
        const std::size_t width = told.columns.size();
        for (std::size_t at = 0; at < batch->values.size(); ++at) {
            if (at % width == 0 && told.count + at / width > 0) told.rows += ';';
            if (at % width != 0) told.rows += '|';
            if (type_of(batch->values[at]) == Type::null)
                told.rows += '-';
            else
                put_text(told.rows, batch->values[at], question.session.time_zone);
        }
        told.count += batch->rows;
        told.is_truncated = batch->is_truncated;
        is_over = batch->is_last;
    }
    co_return told;
}

}  // namespace

Rig::Rig(unsigned shard_count, EngineLimits limits) {
    std::string name = (std::filesystem::temp_directory_path() / "query-XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr);
    dir = name;
    store = std::move(store::open((dir / "store").string(), {})->store);
    catalog = std::move(*catalog::Catalog::open((dir / "catalog.db").string(), Instant{1}));
    shards = std::make_unique<io::Shards>(shard_count);
    std::vector<store::Lane*> pointers;
    for (unsigned index = 0; index < shard_count; ++index) {
        lanes.push_back(
            std::make_unique<store::Lane>(*store, shards->at(index), store::Lane::Limits{}));
        pointers.push_back(lanes.back().get());
    }
    rows_worker = std::make_unique<io::Workers>("rows", io::Workers::Limits{});
    sealers = std::make_unique<io::Workers>("seals", io::Workers::Limits{});
    history::Limits past;
    past.future_max = std::chrono::hours(24 * 3650);
    auto opened = history::History::open(*store, *shards, pointers, *sealers, past);
    if (!opened) ADD_FAILURE() << opened.error().context;
    history = std::move(*opened);
    desk = std::make_unique<catalog::Desk>(*catalog, *shards, *rows_worker);
    engine = Engine::make(*desk, *history, present, *shards, limits);
}

Rig::~Rig() {
    engine->close();
    for (std::size_t index = 0; index < lanes.size(); ++index)
        (void)shards->run_blocking(shards->at(index).index(), flush_lane(lanes[index].get()));
    history->close();
    rows_worker.reset();
    sealers.reset();
    shards->stop();
    engine.reset();
    history.reset();
    lanes.clear();
    store->close();
    std::filesystem::remove_all(dir);
}

Told Rig::ask(const std::string& sql, std::vector<Value> parameters) {
    return ask(sql, std::move(parameters), role(trust::Role::viewer));
}

Told Rig::ask(const std::string& sql, std::vector<Value> parameters, Scope scope, Limits limits,
              io::StopFlagPtr cancel, std::vector<Type> declared) {
    Question question{sql,    std::move(parameters), std::move(scope), session, limits,
                      cancel, std::move(declared)};
    return run(ask_there(engine.get(), std::move(question)));
}

void Rig::report(history::Report report) {
    const ShardIndex owner = history->owner(report.organisation, report.machine);
    auto done = shards->run_blocking(
        owner, append_there(history.get(), lanes[owner.number()].get(), std::move(report)));
    ASSERT_TRUE(done) << done.error().context;
    ASSERT_EQ(done->refused(), 0U);
}

void Rig::say(const std::string& machine, const std::string& tag, history::Value value, Instant at,
              history::Quality quality, OrganisationId organisation) {
    report({organisation, machine, {{tag, {at, std::move(value), quality}}}});
}

Scope Rig::role(trust::Role role, OrganisationId organisation) {
    trust::Principal who;
    who.kind = trust::PrincipalKind::token;
    who.organisation = organisation;
    who.role = role;
    who.name = "li wei";
    return {std::make_shared<const trust::Principal>(std::move(who))};
}

Scope Rig::machine(const std::string& machine) {
    trust::Principal who;
    who.kind = trust::PrincipalKind::token;
    who.organisation = home;
    who.machine = machine;
    who.name = machine;
    return {std::make_shared<const trust::Principal>(std::move(who))};
}

std::unique_ptr<Rig> small_plant() {
    auto rig = std::make_unique<Rig>();
    auto& catalog = *rig->catalog;
    const OrganisationId acme = catalog.create_organisation("acme", Instant{1})->id;
    const auto berlin =
        *catalog.create_site(home, {.name = "Berlin", .time_zone = "Europe/Berlin"});
    const auto shanghai =
        *catalog.create_site(home, {.name = "Shanghai", .time_zone = "Asia/Shanghai"});
    for (const std::string id : {"press-1", "press-2", "robot"})
        CHECK(catalog.discover({home, id, "json", plant_begins}));
    CHECK(catalog.discover({acme, "secret", "json", plant_begins}));
    catalog::MachineChange change;
    change.name = std::optional<std::string>("Press one");
    change.site = std::optional<SiteId>(berlin.id);
    CHECK(catalog.change_machine(home, "press-1", change, plant_begins));
    change.name = std::optional<std::string>("Press two");
    change.site = std::optional<SiteId>(shanghai.id);
    CHECK(catalog.change_machine(home, "press-2", change, plant_begins));
    const catalog::AttributeFact facts[] = {{home, "press-1", "hall", "\"East\""},
                                            {home, "press-1", "rooms", "4"}};
    CHECK(catalog.learn_attributes(facts));
    rig->present.machines = {
        {.id = "press-1", .connection = "online", .state = "Running", .last_seen = plant_begins},
        {.id = "robot", .connection = "stale", .last_seen = plant_begins}};
    for (int minute = 0; minute < 100; ++minute) {
        const Instant at = plant_begins + std::chrono::minutes(minute);
        for (const std::string id : {"press-1", "press-2"}) {
            const double speed = minute + (id == "press-2" ? 1000 : 0);
            rig->report(
                {home, id, {{"speed", {at, speed}}, {"count", {at, std::int64_t{minute}}}}});
        }
        if (minute == 49) rig->seal();
    }
    rig->say("robot", "state", std::string("idle"), plant_begins);
    rig->say("robot", "state", std::string("moving"), plant_begins + std::chrono::minutes(5));
    rig->say("robot", "arm", 5.0, plant_begins, history::Quality::bad);
    rig->say("robot", "arm", 7.0, plant_begins + std::chrono::minutes(1));
    rig->say("robot", "is on", true, plant_begins);
    rig->say("secret", "speed", 666.0, plant_begins, history::Quality::good, acme);
    auto publish = [](catalog::Catalog&) -> Result<bool> { return true; };
    CHECK(rig->run(rig->desk->run(std::move(publish))));
    return rig;
}

}  // namespace lineshaft::query::testing
