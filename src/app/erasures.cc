#include "app/erasures.h"

#include <fmt/format.h>

#include "app/gatekeeper.h"
#include "base/log.h"
#include "base/machine_id.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady retry_after{5'000};

// Where the machine's own words may be retained: trust/topic_rights.h.
void add_filters(std::vector<std::string>& filters, const std::string& prefix,
                 const std::string& machine) {
    if (is_plain_level(machine)) filters.push_back(prefix + "lineshaft/v1/" + machine + "/#");
    const auto name = parse_machine_id(machine);
    if (!name) return;
    std::string filter = prefix + "spBv1.0/" + name->group + "/+/" + name->node;
    if (!name->device.empty()) filter += "/" + name->device;
    filters.push_back(std::move(filter));
}

std::vector<history::Erasure> of_history(const std::vector<catalog::Erasure>& rows) {
    std::vector<history::Erasure> all;
    for (const auto& row : rows) all.push_back({row.organisation, row.machine, row.before});
    return all;
}

trust::AuditRecord done_record(const catalog::Erasure& row) {
    trust::AuditRecord line;
    line.organisation = row.organisation;
    line.who_kind = trust::PrincipalKind::node;
    line.who = "node";
    line.action = "machine.erased";
    line.target = row.machine;
    line.detail = fmt::format("asked for by {} at {}", row.asked_by, to_rfc3339(row.asked_at));
    return line;
}

}  // namespace

Erasures::Erasures(Rooms rooms)
    : rooms_(std::move(rooms)),
      worker_(std::make_unique<io::Workers>(
          "erasing broker", io::Workers::Limits{.threads = 1, .queued_max = 8})) {}

Result<void> Erasures::hide(catalog::Catalog& catalog, history::History& history,
                            io::Shards& shards) {
    TRY(const auto rows, catalog.unfinished_erasures());
    if (rows.empty()) return {};
    return shards.run_blocking(ShardIndex(0), history.erase(of_history(rows), nullptr));
}

void Erasures::start() {
    rooms_.shards.run_everywhere([this](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        nursery_ = std::make_unique<io::Nursery>("erasing");
        wake();
    });
}

io::Task<bool> Erasures::end(Erasures* erasures) {
    erasures->is_closing_ = true;
    erasures->retry_.disarm();
    if (erasures->nursery_) co_await erasures->nursery_->close();
    co_return true;
}

void Erasures::close() {
    rooms_.history.stop_purging();
    rooms_.shards.run_blocking(ShardIndex(0), end(this));
    worker_.reset();
}

// --- on shard 0 ----------------------------------------------------------------------------------

void Erasures::wake() {
    is_wanted_ = true;
    if (is_running_ || is_closing_ || !nursery_) return;
    is_running_ = true;
    retry_.disarm();
    nursery_->spawn(run(this));
}

io::Task<void> Erasures::run(Erasures* erasures) {
    while (std::exchange(erasures->is_wanted_, false) && !erasures->is_closing_) {
        auto done = co_await erasures->round();
        if (done) {
            erasures->why_.clear();
            continue;
        }
        if (erasures->is_closing_) break;
        erasures->why_ = done.error().context;
        log::warn("erasing: {}; it is tried again", done.error().context);
        io::Shard::here().wheel().arm(erasures->retry_, retry_after,
                                      [erasures] { erasures->wake(); });
        break;
    }
    erasures->is_running_ = false;
}

io::Task<std::string> Erasures::why_of(Erasures* erasures) {
    co_return erasures->why_;
}

// All that is unfinished, at once: files are merged once for all of it.
io::Task<Result<void>> Erasures::round() {
    auto unfinished = [](catalog::Catalog& catalog) { return catalog.unfinished_erasures(); };
    auto rows = co_await rooms_.desk.run(std::move(unfinished));
    if (!rows) co_return std::unexpected(rows.error());
    if (!rows->empty()) {
        auto hidden = co_await put_out_of_sight(*rows);
        if (!hidden) co_return hidden;
    }
    auto purged = co_await rooms_.history.purge();
    if (!purged || rows->empty()) co_return purged;
    auto settled = co_await rooms_.broker.settled();
    if (!settled) co_return settled;
    auto merged = co_await merge_broker();
    if (!merged) co_return merged;
    // Recorded before it is told: a kill in between records it twice, never not at all.
    std::vector<std::uint64_t> ids;
    for (const auto& row : *rows) {
        ids.push_back(row.id);
        auto record = done_record(row);
        auto recorded = co_await rooms_.audit.record(std::move(record));
        if (!recorded) co_return recorded;
    }
    const Instant now = io::Shard::here().now();
    auto finish = [ids = std::move(ids), now](catalog::Catalog& catalog) {
        return catalog.end_erasures(ids, now);
    };
    auto ended = co_await rooms_.desk.run(std::move(finish));
    if (!ended) co_return ended;
    for (const auto& row : *rows) log::info("machine {} is erased", row.machine);
    co_return Result<void>{};
}

// --- the steps -----------------------------------------------------------------------------------

// Its sessions end before its history does, so their last words go with it; once more after its
// credentials count no longer, because a client comes back at once.
io::Task<Result<void>> Erasures::put_out_of_sight(Rows rows) {
    std::vector<std::string> references;
    for (const auto& row : rows) {
        auto its = TrustGatekeeper::references_of(row.organisation, row.machine, row.tokens);
        std::ranges::move(its, std::back_inserter(references));
    }
    auto ended = co_await rooms_.broker.forget_sessions(references);
    auto reloaded = co_await rooms_.porter.reload_tokens();
    if (!reloaded) co_return reloaded;
    auto ended_again = co_await rooms_.broker.forget_sessions(std::move(references));
    if (ended + ended_again > 0) log::info("erasing: {} MQTT sessions ended", ended + ended_again);
    auto topics = co_await forget_topics(rows);
    if (!topics) co_return topics;
    history::History::Gone gone = [this](const history::Erasure& what, bool speaks_again) {
        const bool was_known = rooms_.plant.forget(what.organisation, what.machine, speaks_again);
        if (was_known && !speaks_again) rooms_.quotas.machine_gone(what.organisation);
    };
    auto machines = of_history(rows);
    auto hidden = co_await rooms_.history.erase(std::move(machines), std::move(gone));
    co_return hidden;
}

// The way MQTT removes what is retained: an empty message, which those who are connected hear.
io::Task<Result<void>> Erasures::forget_topics(Rows rows) {
    std::vector<std::string> filters;
    for (const auto& row : rows)
        add_filters(filters, rooms_.prefix_of(row.organisation), row.machine);
    auto topics = co_await rooms_.broker.retained_under(std::move(filters));
    for (const std::string& topic : topics) {
        auto publish = [this, &topic](io::Answer<Result<void>> answer) {
            auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
            broker::Outgoing empty;
            empty.message = mqtt::Message(topic, "");
            empty.qos = mqtt::Qos::at_most_once;
            empty.retain = true;
            rooms_.broker.publish(std::move(empty),
                                  [kept](Result<void> done) { (*kept)(std::move(done)); });
        };
        auto removed = co_await io::suspend<Result<void>>(std::move(publish));
        if (!removed) co_return removed;
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Erasures::merge_broker() {
    auto merge = [store = &rooms_.store]() -> Result<void> {
        TRY_VOID(store->begin_new_log());
        for (const auto family : {store::Family::mqtt_sessions, store::Family::mqtt_messages,
                                  store::Family::mqtt_retained}) {
            TRY_VOID(store->merge_files(family, "", ""));
        }
        return {};
    };
    co_return co_await worker_->run(std::move(merge));
}

// --- for the API ---------------------------------------------------------------------------------

io::Task<Result<std::vector<api::ErasureFacts>>> Erasures::erase(OrganisationId organisation,
                                                                 std::vector<std::string> machines,
                                                                 std::string by) {
    const Instant now = io::Shard::here().now();
    catalog::NewErasure wanted{std::move(machines), rooms_.store.ticket(), std::move(by)};
    auto begin = [=](catalog::Catalog& catalog) {
        return catalog.begin_erasures(organisation, wanted, now);
    };
    auto rows = co_await rooms_.desk.run(std::move(begin));
    if (!rows) co_return std::unexpected(rows.error());
    // From here on it will happen. What fails now is tried again.
    auto hidden = co_await put_out_of_sight(*rows);
    if (!hidden) log::warn("erasing: {}; it is tried again", hidden.error().context);
    for (const auto& row : *rows)
        rooms_.plant.record({now, organisation, "", "erased", row.machine + " by " + row.asked_by});
    rooms_.shards.at(0).post([this] { wake(); });
    std::vector<api::ErasureFacts> all;
    for (auto& row : *rows) {
        auto facts = co_await facts_of(std::move(row));
        all.push_back(std::move(facts));
    }
    co_return all;
}

io::Task<api::ErasureFacts> Erasures::facts_of(catalog::Erasure row) {
    api::ErasureFacts facts{row.id,       std::move(row.machine), std::move(row.asked_by),
                            row.asked_at, row.done_at,            0,
                            0,            ""};
    if (row.done_at) co_return facts;
    auto purging = co_await rooms_.history.purging();
    facts.series_left = purging.series;
    facts.merges_left = purging.merges;
    auto why = co_await rooms_.shards.at(0).call(&why_of, this);
    facts.why = std::move(why);
    co_return facts;
}

io::Task<Result<std::vector<api::ErasureFacts>>> Erasures::list(OrganisationId organisation,
                                                                std::size_t count_max) {
    auto look = [=](catalog::Catalog& catalog) { return catalog.erasures(organisation, count_max); };
    auto rows = co_await rooms_.desk.run(std::move(look));
    if (!rows) co_return std::unexpected(rows.error());
    std::vector<api::ErasureFacts> all;
    for (auto& row : *rows) {
        auto facts = co_await facts_of(std::move(row));
        all.push_back(std::move(facts));
    }
    co_return all;
}

io::Task<Result<api::ErasureFacts>> Erasures::find(OrganisationId organisation, std::uint64_t id) {
    auto look = [=](catalog::Catalog& catalog) { return catalog.find_erasure(organisation, id); };
    auto row = co_await rooms_.desk.run(std::move(look));
    if (!row) co_return std::unexpected(row.error());
    auto facts = co_await facts_of(std::move(*row));
    co_return facts;
}

}  // namespace lineshaft::app
