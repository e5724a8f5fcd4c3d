#include "app/fleet_feeds.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/json_text.h"
#include "app/fleet_room.h"
#include "base/log.h"
#include "base/machine_id.h"
#include "dispatch/fleet/codec.h"
#include "io/files.h"
#include "trust/secrets.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady feed_tick{1'000};
constexpr std::size_t feeds_max = 50;  // of an organisation
constexpr std::int64_t period_least_s = 10, period_most_s = 7 * 86'400;
constexpr std::string_view authorities = "/etc/ssl/certs/ca-certificates.crt";

std::string feed_member(const boost::json::object& body, std::string_view name) {
    const auto* found = body.if_contains(boost::json::string_view(name.data(), name.size()));
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

/// What a feed says of a machine, as tags it might have sent.
std::vector<history::TagSample> samples_of(const aemp::Equipment& machine) {
    std::vector<history::TagSample> all;
    const auto add = [&](std::string_view tag, const std::optional<aemp::Reading>& reading,
                         bool is_flag = false) {
        if (!reading || !reading->at) return;
        history::Value value = reading->value;
        if (is_flag) value = reading->value != 0;
        all.push_back({std::string(tag), {*reading->at, std::move(value), history::Quality::good}});
    };
    using enum aemp::Element;
    add("engine_hours", machine[operating_hours]);
    add("idle_hours", machine[idle_hours]);
    add("pto_hours", machine[power_take_off_hours]);
    add("regeneration_hours", machine[regeneration_hours]);
    add("fuel_used_l", machine[fuel_used]);
    add("fuel_percent", machine[fuel_remaining]);
    add("def_percent", machine[def_remaining]);
    add("distance_km", machine[distance]);
    add("load_count", machine[load_count]);
    add("payload_kg", machine[payload]);
    add("engine_running", machine[engine_running], true);
    if (machine.location && machine.location->at) {
        all.push_back(
            {"lat", {*machine.location->at, machine.location->latitude, history::Quality::good}});
        all.push_back(
            {"lon", {*machine.location->at, machine.location->longitude, history::Quality::good}});
    }
    for (const aemp::Fault& fault : machine.faults)
        if (fault.at && (!fault.code.empty() || fault.spn)) {
            const std::string code = fault.spn && fault.fmi
                                         ? fmt::format("SPN {} FMI {}", *fault.spn, *fault.fmi)
                                         : fault.code;
            all.push_back({"fault_code", {*fault.at, code, history::Quality::good}});
        }
    return all;
}

}  // namespace

struct FleetFeeds::Feed {
    OrganisationId organisation;
    api::FeedFacts facts;
    std::unique_ptr<aemp::Client> client;
    Instant due{};
    bool is_polling = false, is_gone = false;
    std::vector<std::function<void()>> waiting;  // for the round under way
};

FleetFeeds::FleetFeeds(FleetRooms& rooms) : rooms_(rooms) {
    if (auto pem = io::read_file(std::string(authorities), 4 << 20)) {
        auto made = io::TlsClient::create(*pem);
        if (made) tls_ = std::move(*made);
    }
}
FleetFeeds::~FleetFeeds() = default;

void FleetFeeds::load(OrganisationId organisation, const std::string& id, const std::string& body) {
    const auto said = dispatch::stored_object(body);
    if (!said) return log::warn("fleet: feed {} is left out: {}", id, said.error().context);
    auto feed = std::make_shared<Feed>();
    feed->organisation = organisation;
    feed->facts = {.id = id,
                   .name = feed_member(*said, "name"),
                   .url = feed_member(*said, "url"),
                   .auth = feed_member(*said, "auth"),
                   .user = feed_member(*said, "user"),
                   .token_url = feed_member(*said, "token_url"),
                   .last_at = {},
                   .last_error = {},
                   .notes = {}};
    if (const auto* period = said->if_contains("period_s"); period != nullptr && period->is_int64())
        feed->facts.period_s = period->get_int64();
    std::string secret;
    if (const std::string sealed = feed_member(*said, "sealed"); !sealed.empty()) {
        const auto raw = trust::from_base64(sealed);
        auto opened = raw ? trust::unseal(rooms_.rooms_.key, *raw,
                                          fmt::format("feed/{}/{}", organisation.number(), id))
                          : Result<std::string>(fail(Code::corrupt, "no base64"));
        if (opened)
            secret = std::move(*opened);
        else
            feed->facts.last_error = "its secret cannot be read any more: add the feed again";
    }
    feed->client = std::make_unique<aemp::Client>(
        aemp::FeedAccess{feed->facts.url, feed->facts.auth, feed->facts.user, std::move(secret),
                         feed->facts.token_url},
        tls_);
    next_ = std::max<std::uint64_t>(next_, std::strtoull(id.c_str(), nullptr, 10) + 1);
    feeds_[{organisation, id}] = std::move(feed);
}

void FleetFeeds::start() {
    rooms_.rooms_.shards.run_everywhere([this](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        nursery_ = std::make_unique<io::Nursery>("fleet feeds");
        tick();
    });
}

void FleetFeeds::close() {
    struct Closing {
        static io::Task<bool> run(FleetFeeds* feeds) {
            feeds->is_closing_ = true;
            feeds->timer_.disarm();
            if (feeds->nursery_) co_await feeds->nursery_->close();
            co_return true;
        }
    };
    (void)rooms_.rooms_.shards.run_blocking(ShardIndex(0), Closing::run(this));
}

void FleetFeeds::tick() {
    if (is_closing_) return;
    const Instant now = io::Shard::here().now();
    for (auto& [key, feed] : feeds_) {
        if (feed->is_polling || now < feed->due) continue;
        feed->is_polling = true;
        nursery_->spawn(round(this, feed), [feed] { feed->client->stop(); });
    }
    io::Shard::here().wheel().arm(timer_, feed_tick, [this] { tick(); });
}

io::Task<Result<void>> FleetFeeds::hand_in(FleetFeeds* feeds, std::shared_ptr<Feed> feed,
                                           aemp::Harvest harvest) {
    // Into which machine: the one of that maker and serial number, whoever spoke of it first.
    std::vector<std::string> ids(harvest.machines.size());
    api::FleetRoom::Change work = [&](dispatch::Fleet& fleet, Instant) -> Result<void> {
        std::map<std::string, std::string> by_identity;
        for (const std::string& id : fleet.machine_ids()) {
            const dispatch::MachineFacts& facts = fleet.facts(id);
            if (facts.maker.empty() && facts.pin.empty()) continue;
            aemp::Equipment as_told;
            as_told.oem = facts.maker, as_told.serial = facts.serial, as_told.pin = facts.pin;
            if (const std::string identity = aemp::identity_of(as_told); !identity.empty())
                by_identity.emplace(identity, id);
        }
        for (std::size_t i = 0; i < harvest.machines.size(); ++i) {
            const aemp::Equipment& one = harvest.machines[i];
            const auto known = by_identity.find(aemp::identity_of(one));
            std::string id = known != by_identity.end() ? known->second
                             : !one.serial.empty()
                                 ? machine_id_of(fmt::format("{}-{}", one.oem, one.serial))
                                 : machine_id_of(one.pin.empty() ? one.equipment_id : one.pin);
            std::ranges::replace(id, ' ', '-');
            if (!check_machine_id(id)) {
                harvest.notes.push_back("a machine whose name no machine may have is left out");
                continue;
            }
            dispatch::MachineFacts facts = fleet.facts(id);
            const dispatch::MachineFacts before = facts;
            const auto fill = [](std::string& into, const std::string& said) {
                if (into.empty() && said.size() <= 256) into = said;
            };
            fill(facts.maker, one.oem);
            fill(facts.model, one.model);
            fill(facts.serial, one.serial);
            fill(facts.pin, one.pin);
            if (!(facts == before)) {
                auto set = fleet.set_facts(id, std::move(facts));
                if (!set) harvest.notes.push_back(set.error().context);
            }
            ids[i] = id;
        }
        return {};
    };
    auto named =
        co_await feeds->rooms_.change(feed->organisation, std::move(work), std::nullopt);
    if (!named) co_return std::unexpected(named.error());
    std::uint64_t samples = 0, refused = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i].empty()) continue;
        history::Report report{feed->organisation, ids[i], samples_of(harvest.machines[i])};
        if (report.samples.empty()) continue;
        auto* plant = &feeds->rooms_.rooms_.plant;
        auto start = [plant, &report](io::Answer<Result<history::Appended>> answer) {
            auto kept = std::make_shared<io::Answer<Result<history::Appended>>>(std::move(answer));
            plant->report(std::move(report), twin::Source::other,
                          [kept](Result<history::Appended> done) { (*kept)(std::move(done)); });
        };
        auto done = co_await io::suspend<Result<history::Appended>>(std::move(start));
        if (!done) co_return std::unexpected(done.error());
        samples += done->stored;
        refused += done->refused();
    }
    if (refused > 0)
        harvest.notes.push_back(
            fmt::format("{} values are outside of the times that are kept, or too many", refused));
    feed->facts.machines = harvest.machines.size();
    feed->facts.samples += samples;
    feed->facts.notes = std::move(harvest.notes);
    co_return Result<void>{};
}

io::Task<void> FleetFeeds::round(FleetFeeds* feeds, std::shared_ptr<Feed> feed) {
    const Instant now = io::Shard::here().now();
    auto harvest = co_await feed->client->poll(now);
    Result<void> done;
    if (!harvest)
        done = std::unexpected(harvest.error());
    else if (!feed->is_gone)
        done = co_await hand_in(feeds, feed, std::move(*harvest));
    feed->facts.last_at = now;
    const std::string why = done ? std::string() : done.error().context;
    if (!why.empty() && why != feed->facts.last_error)
        log::warn("fleet: feed {}: {}", feed->facts.name, why);
    feed->facts.last_error = why;
    feed->due = Instant{io::Shard::here().now().micros + feed->facts.period_s * 1'000'000};
    feed->is_polling = false;
    for (auto& wake : std::exchange(feed->waiting, {})) wake();
}

io::Task<std::vector<api::FeedFacts>> FleetFeeds::list_here(FleetFeeds* feeds,
                                                            OrganisationId organisation) {
    std::vector<api::FeedFacts> all;
    for (const auto& [key, feed] : feeds->feeds_)
        if (key.first == organisation) all.push_back(feed->facts);
    co_return all;
}

io::Task<Result<api::FeedFacts>> FleetFeeds::add_here(FleetFeeds* feeds,
                                                      OrganisationId organisation,
                                                      api::NewFeed wanted) {
    const aemp::FeedAccess access{wanted.url, wanted.auth, wanted.user, wanted.secret,
                                  wanted.token_url};
    CO_TRY_VOID(aemp::check_access(access));
    if (wanted.period_s < period_least_s || wanted.period_s > period_most_s)
        co_return fail(Code::invalid,
                       fmt::format("period_s must be {} to {}", period_least_s, period_most_s));
    std::size_t count = 0;
    for (const auto& [key, feed] : feeds->feeds_) count += key.first == organisation;
    if (count >= feeds_max)
        co_return fail(Code::invalid, fmt::format("more than {} feeds", feeds_max));
    const std::string id = std::to_string(feeds->next_++);
    boost::json::object body{
        {"name", api::text(wanted.name)},           {"url", api::text(wanted.url)},
        {"auth", api::text(wanted.auth)},           {"user", api::text(wanted.user)},
        {"token_url", api::text(wanted.token_url)}, {"period_s", wanted.period_s}};
    if (!wanted.secret.empty()) {
        CO_TRY(const auto sealed,
               trust::seal(feeds->rooms_.rooms_.key, wanted.secret,
                           fmt::format("feed/{}/{}", organisation.number(), id)));
        body["sealed"] = api::text(trust::to_base64(sealed));
    }
    const std::string text = dispatch::stored_text(body);
    std::optional<catalog::KeptAnswer> answer;
    if (wanted.once) {
        answer.emplace();
        answer->key = std::move(*wanted.once);
        answer->answer = {201, std::string(catalog::brief_answer)};
        answer->at = io::Shard::here().now();
    }
    auto keep = [organisation, id, text, answer](catalog::Catalog& catalog) {
        const std::vector<catalog::FleetRow> rows{{organisation, "feed", id, text}};
        return catalog::keep_fleet_change(catalog, rows, {}, answer ? &*answer : nullptr);
    };
    auto kept = co_await feeds->rooms_.rooms_.desk.run(std::move(keep));
    if (!kept) co_return std::unexpected(kept.error());
    feeds->load(organisation, id, text);
    co_return feeds->feeds_.at({organisation, id})->facts;
}

io::Task<Result<void>> FleetFeeds::remove_here(FleetFeeds* feeds, OrganisationId organisation,
                                               std::string id) {
    if (!feeds->feeds_.contains({organisation, id}))
        co_return fail(Code::not_found, "there is no such feed");
    auto drop = [organisation, id](catalog::Catalog& catalog) {
        const std::vector<catalog::FleetRow> rows{{organisation, "feed", id, std::nullopt}};
        return catalog::keep_fleet_rows(catalog, rows);
    };
    auto dropped = co_await feeds->rooms_.rooms_.desk.run(std::move(drop));
    if (!dropped) co_return std::unexpected(dropped.error());
    if (const auto found = feeds->feeds_.find({organisation, id}); found != feeds->feeds_.end()) {
        found->second->is_gone = true;
        feeds->feeds_.erase(found);
    }
    co_return Result<void>{};
}

io::Task<Result<api::FeedFacts>> FleetFeeds::poll_here(FleetFeeds* feeds,
                                                       OrganisationId organisation,
                                                       std::string id) {
    const auto found = feeds->feeds_.find({organisation, id});
    if (found == feeds->feeds_.end()) co_return fail(Code::not_found, "there is no such feed");
    if (feeds->is_closing_) co_return fail(Code::unavailable, "the node ends");
    const std::shared_ptr<Feed> feed = found->second;
    if (!std::exchange(feed->is_polling, true))
        feeds->nursery_->spawn(round(feeds, feed), [feed] { feed->client->stop(); });
    auto wait = [feed](io::Answer<bool> answer) {
        auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
        feed->waiting.push_back([kept] { (*kept)(true); });
    };
    auto over = co_await io::suspend<bool>(std::move(wait));
    (void)over;
    co_return feed->facts;
}

io::Task<std::vector<api::FeedFacts>> FleetFeeds::list(OrganisationId organisation) {
    auto done =
        co_await rooms_.rooms_.shards.at(0).call(&FleetFeeds::list_here, this, organisation);
    co_return done;
}
io::Task<Result<api::FeedFacts>> FleetFeeds::add(OrganisationId organisation, api::NewFeed wanted) {
    auto done = co_await rooms_.rooms_.shards.at(0).call(&FleetFeeds::add_here, this, organisation,
                                                         std::move(wanted));
    co_return done;
}
io::Task<Result<void>> FleetFeeds::remove(OrganisationId organisation, std::string id) {
    auto done = co_await rooms_.rooms_.shards.at(0).call(&FleetFeeds::remove_here, this,
                                                         organisation, std::move(id));
    co_return done;
}
io::Task<Result<api::FeedFacts>> FleetFeeds::poll(OrganisationId organisation, std::string id) {
    auto done = co_await rooms_.rooms_.shards.at(0).call(&FleetFeeds::poll_here, this, organisation,
                                                         std::move(id));
    co_return done;
}

// The room's door to them.

io::Task<std::vector<api::FeedFacts>> FleetRooms::feeds(OrganisationId organisation) {
    auto all = co_await feeds_->list(organisation);
    co_return all;
}
io::Task<Result<api::FeedFacts>> FleetRooms::add_feed(OrganisationId organisation,
                                                      api::NewFeed feed) {
    auto added = co_await feeds_->add(organisation, std::move(feed));
    co_return added;
}
io::Task<Result<void>> FleetRooms::remove_feed(OrganisationId organisation, std::string id) {
    auto removed = co_await feeds_->remove(organisation, std::move(id));
    co_return removed;
}
io::Task<Result<api::FeedFacts>> FleetRooms::poll_feed(OrganisationId organisation,
                                                       std::string id) {
    auto polled = co_await feeds_->poll(organisation, std::move(id));
    co_return polled;
}

}  // namespace lineshaft::app
