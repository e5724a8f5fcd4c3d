#include "rig.h"

#include <latch>

namespace lineshaft::api::testing {
namespace {

io::Task<Result<void>> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed;
}

io::Task<Result<history::Appended>> report_there(twin::Plant* plant, history::Report report) {
    auto start = [plant, &report](io::Answer<Result<history::Appended>> answer) {
        auto kept = std::make_shared<io::Answer<Result<history::Appended>>>(std::move(answer));
        plant->report(std::move(report), twin::Source::json,
                      [kept](Result<history::Appended> stored) { (*kept)(std::move(stored)); });
    };
    auto stored = co_await io::suspend<Result<history::Appended>>(std::move(start));
    co_return stored;
}

io::Task<Result<http::ClientResponse>> fetch_there(io::Stream* stream, http::ClientRequest request,
                                                   std::string host) {
    auto told =
        co_await http::fetch_over(*stream, std::move(request), std::move(host), io::Steady{20'000});
    stream->close();
    co_return told;
}

}  // namespace

Rig::Rig(unsigned shard_count, std::optional<trust::Role> loopback_role, twin::Limits twin_limits,
         std::vector<trust::Role> totp_roles) {
    std::string name = (std::filesystem::temp_directory_path() / "api-XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr);
    dir = name;
    store = std::move(store::open((dir / "store").string(), {})->store);
    catalog = std::move(*catalog::Catalog::open((dir / "catalog.db").string(), now()));
    fill_catalog();
    shards = std::make_unique<io::Shards>(shard_count);
    std::vector<store::Lane*> pointers;
    for (unsigned index = 0; index < shard_count; ++index) {
        lanes.push_back(
            std::make_unique<store::Lane>(*store, shards->at(index), store::Lane::Limits{}));
        pointers.push_back(lanes.back().get());
    }
    rows_worker = std::make_unique<io::Workers>("rows", io::Workers::Limits{});
    password_worker = std::make_unique<io::Workers>("passwords", io::Workers::Limits{});
    sealers = std::make_unique<io::Workers>("seals", io::Workers::Limits{});
    history = std::move(*history::History::open(*store, *shards, pointers, *sealers, {}));
    desk = std::make_unique<catalog::Desk>(*catalog, *shards, *rows_worker);
    rows = std::make_unique<Rows>(*catalog);
    trust::Porter::Settings settings;
    settings.cost.log2_n = 4;
    settings.sessions.totp_required_for = std::move(totp_roles);
    porter =
        std::make_unique<trust::Porter>(*shards, *rows_worker, *password_worker, *rows, settings);
    CHECK(porter->open().has_value());
    twin_limits.live_interval = io::Steady{10};
    plant = twin::Plant::open(*history, *shards, pointers, {}, twin_limits);
    audit_readers = std::make_unique<io::Workers>("audit", io::Workers::Limits{});
    audit_log = std::move(*trust::AuditLog::open(*store, trust::SealKey::random(), "test"));
    audit = std::make_unique<trust::Audit>(*shards, *store, audit_log.get(),
                                           *audit_readers);
    services = std::make_unique<Services>(
        Services{*desk, *porter, *plant, *history, node, *shards, loopback_role});
    services->audit = audit.get();
    services->orders = &orders;
    auto router = std::make_shared<http::Router>();
    add_routes(*router, *services);
    server = std::make_unique<http::Server>(*shards, router, http::Limits{});
}

void Rig::break_audit() {
    audit->close();
    audit = std::make_unique<trust::Audit>(*shards, *store, nullptr, *audit_readers);
    services->audit = audit.get();
}

Rig::~Rig() {
    server->close();
    audit->close();
    audit_readers.reset();
    plant->close();
    porter->close();
    history->close();
    for (std::size_t index = 0; index < lanes.size(); ++index) {
        (void)shards->run_blocking(shards->at(index).index(), flush_lane(lanes[index].get()));
    }
    rows_worker.reset();
    password_worker.reset();
    sealers.reset();
    shards->stop();
    server.reset();
    plant.reset();
    history.reset();
    lanes.clear();
    store->close();
    std::filesystem::remove_all(dir);
}

std::string Rig::make_token(OrganisationId organisation, std::string name,
                            std::optional<std::string> role, std::optional<std::string> machine) {
    const auto secret = trust::make_token();
    catalog::NewToken token{std::move(name),       std::move(role),
                            std::move(machine),    std::string(trust::text_of(secret.sha256)),
                            secret.scram_verifier, "the test"};
    CHECK(catalog->create_token(organisation, token, now()).has_value());
    return secret.text;
}

void Rig::fill_catalog() {
    acme = catalog->create_organisation("acme", now())->id;
    for (const auto role : trust::all_roles) {
        const std::string word(trust::name_of(role));
        tokens[word] = make_token(home, word, word, {});
    }
    tokens["machine"] = make_token(home, "press's own", {}, "press");
    tokens["acme"] = make_token(acme, "acme's admin", "admin", {});
    trust::ScryptCost cheap{.log2_n = 4};
    catalog::NewPerson person{"li wei", "operator",
                              *trust::hash_password("a long sentence", cheap)};
    CHECK(catalog->create_person(home, person, now()).has_value());
    CHECK(catalog->create_site(home, {.name = "Harbour", .time_zone = "UTC"}).has_value());
    CHECK(catalog->discover({home, "press", "json", now()}).has_value());
}

std::unique_ptr<io::Stream> Rig::connect(io::Peer peer) {
    auto [mine, theirs] = io::memory_streams(1 << 16, std::move(peer));
    server->on_stream()(std::move(theirs));
    return std::move(mine);
}

void Rig::on_shard(std::function<void()> work) {
    std::latch done(1);
    shards->at(0).post([&] {
        work();
        done.count_down();
    });
    done.wait();
}

Told Rig::ask(std::string method, std::string target, From from, std::string body) {
    http::ClientRequest request{std::move(method), std::move(target), std::move(from.headers),
                                std::move(body)};
    if (!from.token.empty()) request.headers.push_back({"authorization", "Bearer " + from.token});
    std::unique_ptr<io::Stream> stream;
    on_shard([&] { stream = connect(from.peer); });
    const std::string what = request.method + " " + request.target;
    auto got = run(fetch_there(stream.get(), std::move(request), from.host));
    on_shard([&] { stream.reset(); });
    if (!got) {
        ADD_FAILURE() << what << ": " << got.error().context;
        return {};
    }
    Told told{got->status, got->body, got->headers, {}};
    boost::system::error_code problem;
    told.body = json::parse(got->body, problem);
    return told;
}

Result<history::Appended> Rig::report(history::Report report) {
    return run(report_there(plant.get(), std::move(report)));
}

void Rig::leaves(const std::string& machine) {
    on_shard([&] {
        plant->presence(home, machine, twin::Source::json, twin::Presence::goodbye, "left");
    });
    on_shard([] {});  // the mail has left behind this
    for (std::size_t index = 0; index < lanes.size(); ++index)
        (void)shards->run_blocking(shards->at(index).index(), flush_lane(lanes[index].get()));
}

void Rig::say(const std::string& machine, const std::string& tag, history::Value value, Instant at,
              history::Quality quality, OrganisationId organisation) {
    auto stored = report({organisation, machine, {{tag, {at, std::move(value), quality}}}});
    ASSERT_TRUE(stored) << stored.error().context;
    ASSERT_EQ(stored->stored, 1u) << machine << "/" << tag;
}

}  // namespace lineshaft::api::testing
