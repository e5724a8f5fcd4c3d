#include "gate/mqtt/broker.h"

#include <algorithm>

#include "gate/mqtt/broker_state.h"
#include "gate/mqtt/link.h"
#include "gate/mqtt/load.h"

namespace lineshaft::broker {
namespace {

io::Task<Result<void>> settle_hub(Hub* hub) {
    if (hub->retained.has_litter()) hub->lane.touch();
    auto durable = co_await hub->lane.durable();
    co_return durable;
}

}  // namespace

Broker::Broker(std::vector<Place> places, store::Store& store, Gatekeeper& gatekeeper,
               Limits limits)
    : state_(std::make_unique<State>(
          State{.common = {.places = std::move(places),
                           .store = store,
                           .gatekeeper = gatekeeper,
                           .limits = limits,
                           .taps = {},
                           .observers = {},
                           .hubs = {},
                           .retained_budget = std::make_unique<RetainedBudget>(
                               limits.retained_count_max, limits.retained_bytes_max),
                           .nobody = std::make_shared<trust::Principal>()}})) {
    Common& common = state_->common;
    for (std::uint32_t index = 0; index < common.places.size(); ++index) {
        common.hubs.push_back(std::make_unique<Hub>(common, index));
    }
}

Broker::~Broker() {
    CHECK(!state_->is_loaded || state_->is_closed);
}

void Broker::add(Tap& tap) {
    CHECK(state_->common.taps.size() < 64);
    state_->common.taps.push_back(&tap);
}
void Broker::add(Observer& observer) {
    state_->common.observers.push_back(&observer);
}

Result<Loaded> Broker::load() {
    Loader loader(state_->common);
    TRY_VOID(loader.run());
    for (auto& hub : state_->common.hubs) hub->start();
    state_->is_loaded = true;
    return loader.take();
}

void Broker::serve(std::unique_ptr<io::Stream> stream, bool is_websocket) {
    state_->here().serve(std::move(stream), is_websocket);
}

void Broker::publish(Outgoing message, Done done) {
    Hub& hub = state_->here();
    const auto topic = message.message.topic();
    const auto& topic_limits = hub.limits().wire.packet.topic;
    if (!mqtt::is_topic_name(topic) || !mqtt::fits(topic, topic_limits)) {
        if (done) done(fail(Code::invalid, "publish: not a topic name: " + std::string(topic)));
        return;
    }
    if (hub.is_closing) {
        if (done) done(fail(Code::unavailable, "publish: the broker is stopping"));
        return;
    }
    Publication draft{.message = std::move(message.message),
                      .publisher = nullptr,
                      .session = 0,
                      .received = hub.now(),
                      .expires = message.expiry_s
                                     ? hub.now() + std::chrono::seconds(*message.expiry_s)
                                     : Instant{0},
                      .qos = message.qos,
                      .retain = message.retain};
    Origin origin{.session = nullptr, .packet_id = 0, .done = std::move(done)};
    const auto refused = hub.route(std::move(draft), origin);
    if (refused == mqtt::Reason::success || !origin.done) return;
    origin.done(
        fail(Code::exhausted, refused == mqtt::Reason::retain_not_supported
                                  ? "publish: no room for another retained message"
                                  : "publish: the queue of a session that it matches is full"));
}

io::Task<Result<std::shared_ptr<const Publication>>> Broker::retained(std::string topic) {
    using Answer = Result<std::shared_ptr<const Publication>>;
    Hub& hub = state_->here();
    auto found = co_await io::suspend<std::shared_ptr<const Publication>>(
        [&](io::Answer<std::shared_ptr<const Publication>> answer) {
            auto kept =
                std::make_shared<io::Answer<std::shared_ptr<const Publication>>>(std::move(answer));
            hub.post(hub.owner_of(topic), [topic, kept](Hub& owner) {
                auto what = owner.retained.find(topic);
                if (what && !owner.may_show_retained(*what)) what = nullptr;
                (*kept)(std::move(what));
            });
        });
    if (!found) co_return Answer(fail(Code::not_found, "no retained message on " + topic));
    co_return Answer(std::move(found));
}

io::Task<Result<void>> Broker::end_client(OrganisationId organisation, std::string client_id,
                                          bool forget) {
    const auto key = client_key(organisation, client_id);
    auto end_here = [=](Hub& hub) {
        for (const auto& [number, session] : hub.sessions) {
            if (session->is_over || session->client_id != client_id ||
                session->organisation != organisation) {
                continue;
            }
            ++hub.stats.ended_by_operator;
            if (session->link != nullptr) {
                session->link->end(mqtt::Reason::administrative_action, "ended by an operator",
                                   true);
            }
            if (forget && !session->is_over) hub.end_session(*session);
            return true;
        }
        return false;
    };
    auto ended = co_await ask<bool>(state_->here(), std::move(end_here));
    if (std::ranges::find(ended, true) == ended.end()) {
        co_return Result<void>(fail(Code::not_found, "no client " + client_id));
    }
    co_return Result<void>{};
}

io::Task<std::size_t> Broker::forget_sessions(std::vector<std::string> references) {
    auto forget_here = [references = std::move(references)](Hub& hub) {
        std::vector<Session*> theirs;
        for (const auto& [number, session] : hub.sessions) {
            if (session->is_over) continue;
            const std::string_view theirs_is = session->principal_reference;
            if (std::ranges::find(references, theirs_is) != references.end())
                theirs.push_back(session.get());
        }
        for (Session* session : theirs) {
            session->will.reset();
            ++hub.stats.ended_by_operator;
            if (session->link != nullptr) {
                session->link->end(mqtt::Reason::administrative_action, "the machine is erased",
                                   false);
            }
            if (!session->is_over) hub.end_session(*session);
        }
        return theirs.size();
    };
    auto ended = co_await ask<std::size_t>(state_->here(), std::move(forget_here));
    std::size_t all = 0;
    for (const std::size_t each : ended) all += each;
    co_return all;
}

io::Task<std::vector<std::string>> Broker::retained_under(std::vector<std::string> filters) {
    auto topics_of = [filters = std::move(filters)](Hub& hub) {
        hub.recent.forget_all();
        std::vector<std::shared_ptr<const Publication>> found;
        for (const std::string& filter : filters) hub.retained.match(filter, found);
        std::vector<std::string> topics;
        for (const auto& what : found) topics.emplace_back(what->message.topic());
        return topics;
    };
    auto by_hub = co_await ask<std::vector<std::string>>(state_->here(), std::move(topics_of));
    std::vector<std::string> all;
    for (auto& topics : by_hub) std::ranges::move(topics, std::back_inserter(all));
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    co_return all;
}

io::Task<Result<void>> Broker::settled() {
    // What a commit makes superfluous is removed by the round behind it.
    for (int round = 0; round < 2; ++round) {
        for (auto& hub : state_->common.hubs) {
            auto settled = co_await hub->shard.call(&settle_hub, hub.get());
            if (!settled) co_return settled;
        }
    }
    co_return Result<void>{};
}

std::size_t Broker::recheck_here() {
    Hub& hub = state_->here();
    std::vector<Link*> over;
    for (const auto& link : hub.links) {
        if (link->session == nullptr || !link->session->principal) continue;
        if (!hub.common.gatekeeper.still_holds(*link->session->principal))
            over.push_back(link.get());
    }
    for (auto& [number, session] : hub.sessions) {
        if (session->principal && !hub.common.gatekeeper.still_holds(*session->principal)) {
            // A machine with a renewed certificate is still itself.
            if (session->link == nullptr) {
                session->principal = hub.common.gatekeeper.find(session->principal_reference);
            }
        }
    }
    for (Link* link : over) {
        ++hub.stats.revoked;
        link->end(mqtt::Reason::not_authorized, "its credential was revoked", true);
    }
    return over.size();
}

io::Task<Stats> Broker::stats() {
    auto by_hub = co_await ask<Stats>(state_->here(), [](Hub& hub) { return hub.snapshot(); });
    Stats all;
    for (const Stats& each : by_hub) all += each;
    co_return all;
}

const Limits& Broker::limits() const {
    return state_->common.limits;
}

namespace {

io::Task<bool> close_connections(Hub* hub) {
    co_await hub->close_connections();
    co_return true;
}

io::Task<bool> close_store(Hub* hub) {
    co_await hub->close_store();
    co_return true;
}

}  // namespace

io::Task<void> Broker::close() {
    Common& common = state_->common;
    for (auto& hub : common.hubs) {
        auto closed = co_await hub->shard.call(&close_connections, hub.get());
        (void)closed;
    }
    // What they still had to say to each other arrives before their lanes are emptied.
    for (int round = 0; round < 3; ++round) {
        auto quiet = co_await ask<bool>(state_->here(), [](Hub&) { return true; });
        (void)quiet;
    }
    for (auto& hub : common.hubs) {
        auto closed = co_await hub->shard.call(&close_store, hub.get());
        (void)closed;
    }
    auto last = co_await ask<bool>(state_->here(), [](Hub&) { return true; });
    (void)last;
    state_->is_closed = true;
}

}  // namespace lineshaft::broker
