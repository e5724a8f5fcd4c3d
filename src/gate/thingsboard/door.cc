#include "gate/thingsboard/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/hash.h"
#include "base/json_quoted.h"
#include "base/machine_id.h"
#include "base/number.h"
#include "gate/thingsboard/names.h"

namespace lineshaft::thingsboard {
namespace {

constexpr StatField fields[] = {
    {"messages", &DoorStats::messages},
    {"malformed", &DoorStats::malformed},
    {"calls_sent", &DoorStats::calls_sent},
    {"calls_answered", &DoorStats::calls_answered},
    {"attribute_requests", &DoorStats::attribute_requests},
};

// A call's id as devices carry it.
std::optional<std::uint32_t> id_of(std::string_view text) {
    return number_from<std::uint32_t>(text);
}

// What stands behind `start`, a single level.
std::optional<std::string_view> behind(std::string_view rest, std::string_view start) {
    if (!rest.starts_with(start)) return std::nullopt;
    rest.remove_prefix(start.size());
    if (rest.empty() || rest.contains('/')) return std::nullopt;
    return rest;
}

std::vector<Member> chosen(const std::vector<catalog::Attribute>& from,
                           const std::vector<std::string>& names, bool everything) {
    std::vector<Member> out;
    for (const auto& attribute : from) {
        if (everything || std::ranges::find(names, attribute.name) != names.end())
            out.push_back({attribute.name, attribute.value});
    }
    return out;
}

}  // namespace

std::span<const StatField> stat_fields() {
    return fields;
}

DoorStats& DoorStats::operator+=(const DoorStats& other) {
    for (const StatField& field : fields) this->*field.member += other.*field.member;
    return *this;
}

struct Door::OnShard {
    struct Call {
        OrganisationId organisation;
        std::string machine;
        std::uint32_t id = 0;
        std::string what;
    };
    DoorStats stats;
    std::deque<Call> calls;     // of machines this shard owns, oldest first
    std::uint32_t last_id = 0;  // of calls made here
};

struct DoorSteps {
    static io::Task<DoorStats> stats(Door* door) { co_return door->here().stats; }
};

Door::Door(Services services, DoorLimits limits) : services_(std::move(services)), limits_(limits) {
    for (std::size_t index = 0; index < services_.shards.size(); ++index)
        on_shard_.push_back(std::make_unique<OnShard>());
}

Door::~Door() = default;

Door::OnShard& Door::here() const {
    return *on_shard_[io::Shard::here().index().number()];
}

void Door::take(const Arrival& arrival, Done done) {
    ++here().stats.messages;
    Done answer = [this, done = std::move(done)](Result<void> outcome) mutable {
        if (!outcome && outcome.error().code == Code::invalid) ++here().stats.malformed;
        done(std::move(outcome));
    };
    if (const auto good = check_machine_id(arrival.machine); !good)
        return answer(std::unexpected(good.error()));
    if (arrival.rest == "telemetry") return take_telemetry(arrival, std::move(answer));
    if (arrival.rest == "attributes") return take_attributes(arrival, std::move(answer));
    if (const auto id = behind(arrival.rest, "attributes/request/"))
        return answer_attributes(arrival, *id, std::move(answer));
    if (const auto id = behind(arrival.rest, "rpc/request/"))
        return answer_call(arrival, *id, std::move(answer));
    if (const auto id = behind(arrival.rest, "rpc/response/")) {
        take_answer(arrival, *id);
        return answer({});
    }
    answer(fail(Code::invalid, fmt::format("v1/devices/me/{} is no topic a device publishes to",
                                           arrival.rest.substr(0, 64))));
}

void Door::take_telemetry(const Arrival& arrival, Done done) {
    auto samples = services_.parse_samples(as_bytes(arrival.payload), arrival.received);
    if (!samples) {
        return done(
            std::unexpected(samples.error().in("telemetry of " + std::string(arrival.machine))));
    }
    services_.plant.report(
        {arrival.organisation, std::string(arrival.machine), std::move(*samples)},
        twin::Source::thingsboard,
        [done = std::move(done)](Result<history::Appended> stored) mutable {
            if (stored)
                done({});
            else
                done(std::unexpected(stored.error()));
        });
}

// The machine speaks first, so that it is in the catalog; then what it says it is.
void Door::take_attributes(const Arrival& arrival, Done done) {
    auto members = parse_members(as_bytes(arrival.payload), limits_.payload);
    if (!members) {
        return done(
            std::unexpected(members.error().in("attributes of " + std::string(arrival.machine))));
    }
    const auto organisation = arrival.organisation;
    const std::string machine(arrival.machine);
    services_.plant.report({organisation, machine, {}}, twin::Source::thingsboard,
                           [this, organisation, machine, members = std::move(*members),
                            done = std::move(done)](Result<history::Appended> heard) mutable {
                               if (!heard) return done(std::unexpected(heard.error()));
                               for (auto& member : members) {
                                   services_.learner.note(organisation, machine, member.name,
                                                          std::move(member.value));
                               }
                               services_.learner.then(std::move(done));
                           });
}

void Door::answer_attributes(const Arrival& arrival, std::string_view id, Done done) {
    ++here().stats.attribute_requests;
    const auto wanted = parse_attributes_request(as_bytes(arrival.payload), limits_.payload);
    if (!wanted) return done(std::unexpected(wanted.error().in("attributes/request")));
    const auto catalog = services_.desk.snapshot();
    const auto* entry = catalog->machine(arrival.organisation, arrival.machine);
    std::string answer = "{}";
    if (entry != nullptr) {
        answer = attributes_answer(chosen(entry->attributes, wanted->client, wanted->everything),
                                   chosen(entry->shared, wanted->shared, wanted->everything));
    }
    services_.publish(arrival.organisation,
                      downward_topic(arrival.machine, fmt::format("attributes/response/{}", id)),
                      std::move(answer), std::move(done));
}

void Door::answer_call(const Arrival& arrival, std::string_view id, Done done) {
    const auto method = parse_method(as_bytes(arrival.payload), limits_.payload);
    if (!method) return done(std::unexpected(method.error().in("rpc/request")));
    std::string answer;
    if (*method == "getCurrentTime" || *method == "getTime") {
        answer = fmt::format(R"({{"time":{}}})", arrival.received.millis());
    } else if (*method == "getSessionLimits") {
        answer =
            fmt::format(R"({{"maxPayloadSize":{},"maxInflightMessages":{},"rateLimits":{{}}}})",
                        limits_.packet_bytes_max, limits_.inflight_max);
    } else {
        answer = fmt::format(R"({{"error":{}}})",
                             json_quoted("no method " + method->substr(0, 64) +
                                         "; there are getCurrentTime and getSessionLimits"));
    }
    services_.publish(arrival.organisation,
                      downward_topic(arrival.machine, fmt::format("rpc/response/{}", id)),
                      std::move(answer), std::move(done));
}

Door::OnShard& Door::owner_of(OrganisationId organisation, std::string_view machine,
                              io::Shard*& shard) {
    const ShardIndex owner = services_.shards.owner(hash64(machine, organisation.number()));
    shard = &services_.shards[owner];
    return *on_shard_[owner.number()];
}

void Door::take_answer(const Arrival& arrival, std::string_view id) {
    const auto number = id_of(id);
    std::string text(arrival.payload.substr(0, limits_.answer_bytes_max));
    if (!is_utf8(text)) text = fmt::format("{} bytes", arrival.payload.size());
    io::Shard* shard = nullptr;
    OnShard& owner = owner_of(arrival.organisation, arrival.machine, shard);
    shard->post([this, &owner, number, text = std::move(text), organisation = arrival.organisation,
                 machine = std::string(arrival.machine), at = arrival.received] {
        const auto call = std::ranges::find_if(owner.calls, [&](const OnShard::Call& each) {
            return number == each.id && each.organisation == organisation &&
                   each.machine == machine;
        });
        std::string what = "a call unknown here";
        if (call != owner.calls.end()) {
            what = std::move(call->what);
            owner.calls.erase(call);
            ++owner.stats.calls_answered;
        }
        services_.plant.record({at, organisation, machine, "answer", what + ": " + text});
    });
}

void Door::remember_call(OrganisationId organisation, const std::string& machine, std::uint32_t id,
                         std::string what) {
    io::Shard* shard = nullptr;
    OnShard& owner = owner_of(organisation, machine, shard);
    shard->post([this, &owner, organisation, machine, id, what = std::move(what)]() mutable {
        ++owner.stats.calls_sent;
        owner.calls.push_back({organisation, machine, id, std::move(what)});
        if (owner.calls.size() > limits_.calls_kept_max) owner.calls.pop_front();
    });
}

void Door::heard(OrganisationId organisation, std::string_view machine) {
    services_.plant.report({organisation, std::string(machine), {}}, twin::Source::thingsboard,
                           [](const Result<history::Appended>&) {});
}

io::Task<Result<Door::Sent>> Door::set_value(OrganisationId organisation, std::string machine,
                                             std::string tag, history::Value value) {
    OnShard& place = here();
    const Instant now = io::Shard::here().now();
    // Ids of two shards and of two runs of the node differ; devices keep 31 bits of them.
    if (place.last_id == 0)
        place.last_id = static_cast<std::uint32_t>(now.millis() / 100 % 10'000'000);
    ++place.last_id;
    const auto shards = static_cast<std::uint32_t>(on_shard_.size());
    const std::uint32_t id =
        (place.last_id * shards + io::Shard::here().index().number()) & 0x7fff'ffff;
    std::string payload = thingsboard::set_value(tag, value);
    Sent sent{now, downward_topic(machine, fmt::format("rpc/request/{}", id))};
    remember_call(organisation, machine, id, "answer to " + payload.substr(0, 200));
    auto start = [&](io::Answer<Result<void>> answer) {
        auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
        services_.publish(organisation, sent.topic, std::move(payload),
                          [kept](Result<void> done) { (*kept)(std::move(done)); });
    };
    auto published = co_await io::suspend<Result<void>>(std::move(start));
    if (!published) co_return std::unexpected(published.error());
    co_return sent;
}

void Door::tell_attributes(OrganisationId organisation, const std::string& machine,
                           std::span<const catalog::AttributeChange> changes) {
    std::vector<Member> set;
    std::string removed;
    for (const auto& change : changes) {
        if (change.value)
            set.push_back({change.name, *change.value});
        else
            removed += (removed.empty() ? "" : ",") + json_quoted(change.name);
    }
    const std::string topic = downward_topic(machine, "attributes");
    const auto ignored = [](const Result<void>&) {};  // nobody listening loses nothing: it can ask
    if (!set.empty()) services_.publish(organisation, topic, object_of(set), ignored);
    if (!removed.empty())
        services_.publish(organisation, topic, fmt::format(R"({{"deleted":[{}]}})", removed),
                          ignored);
}

io::Task<DoorStats> Door::stats() {
    DoorStats sum;
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        auto one = co_await services_.shards.at(index).call(&DoorSteps::stats, this);
        sum += one;
    }
    co_return sum;
}

}  // namespace lineshaft::thingsboard
