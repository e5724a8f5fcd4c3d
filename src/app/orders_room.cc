#include "app/orders_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/orders_steps.h"
#include "base/log.h"
#include "base/number.h"
#include "trust/secrets.h"

namespace lineshaft::app {

OrdersRoom::OrdersRoom(Rooms rooms, OrdersLimits limits)
    : rooms_(std::move(rooms)),
      limits_(limits),
      planners_("planner", io::Workers::Limits{.threads = 1, .queued_max = 64, .nice = 5}),
      files_("machine files", io::Workers::Limits{.threads = 1, .queued_max = 256}),
      on_shard_(rooms_.shards) {}

OrdersRoom::~OrdersRoom() = default;

OrdersRoom::Hall& OrdersRoom::hall(OrganisationId organisation) {
    auto& found = halls_[organisation];
    if (!found) {
        found = std::make_unique<Hall>();
        found->organisation = organisation;
    }
    return *found;
}

OrdersRoom::Machine& OrdersRoom::machine(Hall& hall, const std::string& id) {
    auto& found = hall.machines[id];
    if (!found) {
        found = std::make_unique<Machine>();
        found->id = id;
        hall.is_watch_due = true;
    }
    return *found;
}

void OrdersRoom::start() {
    rooms_.shards.run_everywhere([this](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        nursery_ = std::make_unique<io::Nursery>("orders");
        nursery_->spawn(OrdersSteps::keep_watch(this), [this] { pause_.end(); });
    });
}

void OrdersRoom::close() {
    if (!nursery_) return;
    rooms_.shards.run_blocking(ShardIndex(0), OrdersSteps::end(this));
}

// --- any shard
// ------------------------------------------------------------------------------------

void OrdersRoom::changed(OrganisationId organisation, orders::Touched touched) {
    rooms_.shards.at(0).post([this, organisation, touched = std::move(touched)] {
        if (is_closing_ || !nursery_) return;
        Hall& hall = this->hall(organisation);
        hall.touched.add(touched);
        hall.is_plan_due |= touched.is_plan_due;
        if (hall.is_plan_due && hall.searching) hall.searching->raise();
        for (const std::string& id : touched.machines) {
            if (id.empty()) continue;
            Machine& one = machine(hall, id);
            one.is_profile_stale = true;
            wake(hall, one);
        }
        if (!hall.is_busy) {
            hall.is_busy = true;
            nursery_->spawn(OrdersSteps::tend(this, &hall));
        }
    });
}

io::Task<api::ProgressByJob> OrdersRoom::progress(OrganisationId organisation) {
    co_return co_await rooms_.shards.at(0).call(&OrdersSteps::progress, this, organisation);
}

io::Task<Result<orders::PlanFacts>> OrdersRoom::plan_now(OrganisationId organisation) {
    co_return co_await rooms_.shards.at(0).call(&OrdersSteps::plan_now, this, organisation);
}

io::Task<orders::PlanFacts> OrdersRoom::last_plan(OrganisationId organisation) {
    co_return co_await rooms_.shards.at(0).call(&OrdersSteps::last_plan, this, organisation);
}

io::Task<std::optional<Instant>> OrdersRoom::ready_at(OrganisationId organisation,
                                                      orders::SewnDesign design,
                                                      std::uint32_t quantity) {
    auto work = [organisation](catalog::Catalog& catalog) {
        return orders::Book(catalog).machines(organisation);
    };
    auto machines = co_await rooms_.desk.run(std::move(work));
    if (!machines) co_return std::nullopt;
    auto free_at = co_await rooms_.shards.at(0).call(&OrdersSteps::free_at, this, organisation);
    const Instant now = io::Shard::here().now();
    std::optional<Instant> best;
    for (const auto& machine : *machines) {
        if (!machine.is_enabled || !orders::obstacle(machine, design).empty()) continue;
        const auto free = free_at.find(machine.machine);
        const Instant from = std::max(now, free == free_at.end() ? now : free->second);
        const Instant end{
            from.micros +
            static_cast<std::int64_t>(orders::sewing_seconds(machine, design, quantity) * 1e6)};
        if (!best || end < *best) best = end;
    }
    co_return best;
}

io::Task<bool> OrdersRoom::admit(std::string name, std::int64_t per_hour) {
    co_return co_await rooms_.shards.at(0).call(&OrdersSteps::admit, this, std::move(name),
                                                per_hour);
}

std::string OrdersRoom::seal(std::string_view purpose, std::string_view text) const {
    const auto digest = trust::hmac_sha256(rooms_.seal_key, fmt::format("{}\n{}", purpose, text));
    return trust::to_base64url(trust::text_of(digest).substr(0, 12));
}

struct OrdersRoom::Follower final : api::OrderFollower {
    Follower(OnShard& shard, std::list<OnShard::Entry>::iterator place) : on(shard), at(place) {}
    ~Follower() override { on.followers.erase(at); }
    OnShard& on;
    std::list<OnShard::Entry>::iterator at;
};

std::unique_ptr<api::OrderFollower> OrdersRoom::follow(OrganisationId organisation,
                                                       std::uint64_t order, Show show) {
    OnShard& here = on_shard_.here();
    if (here.followers.size() >= limits_.followers_max) return nullptr;
    here.followers.push_back({organisation, order, std::move(show)});
    return std::make_unique<Follower>(here, std::prev(here.followers.end()));
}

// --- shard 0
// --------------------------------------------------------------------------------------

void OrdersRoom::send_frames(OrganisationId organisation, api::OrderFrames frames) {
    if (frames.empty()) return;
    auto shared = std::make_shared<const api::OrderFrames>(std::move(frames));
    for (std::size_t index = 0; index < rooms_.shards.size(); ++index) {
        rooms_.shards.at(index).post([this, organisation, shared] {
            for (auto& follower : on_shard_.here().followers) {
                if (follower.organisation != organisation) continue;
                if (follower.order == 0) {
                    follower.show(*shared);
                    continue;
                }
                api::OrderFrames own;
                for (const auto& frame : *shared) {
                    if (frame.order == follower.order) own.push_back(frame);
                }
                if (!own.empty()) follower.show(own);
            }
        });
    }
}

void OrdersRoom::show_progress(Hall& hall, const Machine& machine) {
    const auto job = hall.jobs.find(machine.progress.job);
    if (job == hall.jobs.end()) return;
    const auto order = hall.orders.find(job->second.order);
    if (order == hall.orders.end()) return;
    const auto catalog = rooms_.desk.snapshot();
    std::string data = api::json_text(
        api::render_progress(machine.progress, job->second, order->second, *catalog));
    send_frames(hall.organisation, {{"progress", data, data, order->first}});
}

void OrdersRoom::wake(Hall& hall, Machine& machine) {
    machine.is_due = true;
    if (machine.is_busy || is_closing_ || !nursery_) return;
    machine.is_busy = true;
    nursery_->spawn(OrdersSteps::serve(this, &hall, &machine));
}

void OrdersRoom::on_batch(OrganisationId organisation, const twin::LiveBatch& batch) {
    Hall& hall = this->hall(organisation);
    for (const auto& state : batch.machines) {
        if (state.organisation != organisation) continue;
        const auto known = hall.machines.find(state.id);
        if (known == hall.machines.end()) {
            if (hall.looked_at[state.id] != state.tags) hall.to_look_at.insert(state.id);
            continue;
        }
        Machine& one = *known->second;
        const bool was_there = one.is_there;
        one.is_there = state.connection == twin::Connection::online;
        if (one.is_there != was_there) {
            one.gone_since.reset();
            if (!one.is_there) one.gone_since = io::Shard::here().clock().steady();
            one.sent.reset();  // it may have missed what was sent
            one.is_lost = false;
            hall.is_plan_due = true;
            send_frames(organisation,
                        {{"machine",
                          api::json_text(api::json::object{
                              {"machine", one.id},
                              {"connection", api::text(twin::name_of(state.connection))},
                              {"enabled", one.can.is_enabled}}),
                          "", 0}});
            changed(organisation, {{}, {}, {}, true});
        }
        wake(hall, one);
    }
    for (const auto& values : batch.values) {
        const auto known = hall.machines.find(values.machine);
        if (values.organisation == organisation && known != hall.machines.end())
            take(hall, *known->second, values.values);
    }
}

namespace {

std::string text_value(const history::Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? std::string() : *text;
}

std::uint32_t count_value(const history::Value& value) {
    const double number = history::number_of(value);
    return number >= 0 && number < 4e9 ? static_cast<std::uint32_t>(number) : 0;
}

// "Head/2/ThreadBreaks": 2; else 0.
std::size_t head_of(std::string_view tag) {
    if (!tag.starts_with("Head/") || !tag.ends_with("/ThreadBreaks")) return 0;
    const auto head = number_from<std::size_t>(tag.substr(5, tag.size() - 5 - 13));
    return head && *head <= 64 ? *head : 0;
}

}  // namespace

void OrdersRoom::take(Hall& hall, Machine& machine, const std::vector<twin::TagValue>& values) {
    bool has_moved = false, is_due = false;
    for (const auto& [tag, sample] : values) {
        const auto& value = sample.value;
        machine.progress.at = std::max(machine.progress.at, sample.at);
        if (tag == "Job/Id") {
            const auto number = orders::job_number_of(text_value(value));
            machine.job_now = number.value_or(0);
            is_due = true;
        } else if (tag == "Job/State") {
            machine.state_now = dispatch::job_state_named(text_value(value));
            is_due = true;
        } else if (tag == "Pieces/Done") {
            machine.progress.good = count_value(value);
            is_due = has_moved = true;
        } else if (tag == "Job/Answer") {
            machine.answer = text_value(value);
            is_due = true;
        } else if (tag == "Job/Results") {
            machine.results = text_value(value);
            is_due = true;
        } else if (tag.starts_with("Machine/")) {
            machine.said[tag] = value;
            is_due = true;
        } else if (tag == "Stitch/Current") {
            machine.progress.stitch = count_value(value), has_moved = true;
        } else if (tag == "Stitch/Total") {
            machine.progress.total = count_value(value);
        } else if (tag == "Colour/Index") {
            machine.progress.colour = count_value(value), has_moved = true;
        } else if (tag == "Needle/Active") {
            machine.progress.needle = count_value(value);
        } else if (tag == "Speed/rpm") {
            machine.progress.rpm = history::number_of(value), has_moved = true;
        } else if (tag == "Stop/Reason") {
            machine.progress.stop_reason = text_value(value), has_moved = true;
        } else if (const std::size_t head = head_of(tag); head != 0) {
            if (machine.progress.breaks.size() < head) machine.progress.breaks.resize(head);
            machine.progress.breaks[head - 1] = count_value(value);
        }
    }
    machine.progress.job = machine.job_now;
    if (has_moved && machine.job_now != 0) {
        const auto now = io::Shard::here().clock().steady();
        if (now - machine.shown_at >= io::Steady{100}) {
            machine.shown_at = now;
            machine.is_show_due = false;
            show_progress(hall, machine);
        } else {
            machine.is_show_due = true;
        }
    }
    if (is_due) wake(hall, machine);
}

}  // namespace lineshaft::app
