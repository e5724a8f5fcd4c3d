#include "gate/sparkplug/part.h"

#include <fmt/format.h>

#include <bit>

#include "base/log.h"
#include "base/machine_id.h"

namespace lineshaft::sparkplug {
namespace {

std::string id_of(const MachineKey& machine) {
    return format_machine_id({machine.group, machine.node, machine.device});
}

std::string_view words_of(DeathCause cause) {
    switch (cause) {
        case DeathCause::certificate: return "said goodbye";
        case DeathCause::node_died: return "its edge node died";
        case DeathCause::new_session: return "its edge node began a new session";
        case DeathCause::not_reborn: return "its edge node no longer reports it";
    }
    std::unreachable();
}

}  // namespace

class Door::Part::Join {
public:
    using Answer = std::function<void(Result<void>)>;
    explicit Join(Answer answer) : answer_(std::move(answer)) {}
    ~Join() { answer_(std::move(result_)); }
    Join(const Join&) = delete;

    void note(const Error& error) {
        if (result_) result_ = std::unexpected(error);
    }

private:
    Answer answer_;
    Result<void> result_;
};

Door::Part::Part(Door& door, io::Shards& shards, io::Shard& shard, twin::Plant& plant,
                 catalog::Desk& desk, const Outlet& outlet, const DoorLimits& limits)
    : door_(door),
      shards_(shards),
      shard_(shard),
      plant_(plant),
      desk_(desk),
      outlet_(outlet),
      limits_(limits),
      letters_(shards, shard,
               [&door](io::Shard& receiver, std::vector<Letter> mail) {
                   for (auto& letter : mail) door.part(receiver.index()).take(std::move(letter));
               }),
      replies_(shards, shard, [](io::Shard&, std::vector<Reply> mail) {
          for (auto& reply : mail) reply.done(std::move(reply.result));
      }) {}

void Door::Part::send(Letter letter) {
    const ShardIndex owner = letter.owner;
    letters_.send(owner, std::move(letter));
}

Host& Door::Part::host_of(OrganisationId organisation) {
    auto found = hosts_.find(organisation);
    if (found == hosts_.end()) found = hosts_.emplace(organisation, Host(limits_.wire)).first;
    return found->second;
}

void Door::Part::take(Letter letter) {
    auto done = std::make_shared<Done>(std::move(letter.done));
    const auto join =
        std::make_shared<Join>([this, done, origin = letter.origin](Result<void> result) {
            replies_.send(origin, {std::move(*done), std::move(result)});
        });
    act(letter.organisation,
        host_of(letter.organisation)
            .receive(letter.topic, as_bytes(letter.payload), letter.received),
        join);
    arm();
}

void Door::Part::act(OrganisationId organisation, std::vector<Event> events,
                     const std::shared_ptr<Join>& join) {
    for (auto& event : events) {
        std::visit([&](auto& one) { on(organisation, one, join); }, event);
    }
}

void Door::Part::on(OrganisationId organisation, Born& born, const std::shared_ptr<Join>& join) {
    learn(organisation, born.machine, born.birth);
    plant_.presence(organisation, id_of(born.machine), twin::Source::sparkplug,
                    twin::Presence::born,
                    fmt::format("{} with {} metrics", born.again ? "reborn" : "born",
                                born.birth->metrics().size()));
    report({organisation, born.machine, born.birth, std::move(born.samples), join});
}

void Door::Part::on(OrganisationId organisation, Samples& samples,
                    const std::shared_ptr<Join>& join) {
    report({organisation, std::move(samples.machine), std::move(samples.birth),
            std::move(samples.samples), join});
}

void Door::Part::on(OrganisationId organisation, Died& died, const std::shared_ptr<Join>&) {
    const bool on_purpose = died.cause == DeathCause::certificate && !died.machine.is_node();
    plant_.presence(
        organisation, id_of(died.machine), twin::Source::sparkplug,
        on_purpose ? twin::Presence::goodbye : twin::Presence::died,
        died.machine.is_node() ? "its connection ended" : std::string(words_of(died.cause)));
}

void Door::Part::on(OrganisationId organisation, Gap& gap, const std::shared_ptr<Join>&) {
    plant_.record({shard_.now(), organisation, id_of(gap.node), "gap",
                   fmt::format("{} messages missing before number {}", gap.missing, gap.arrived)});
}

void Door::Part::on(OrganisationId organisation, RebirthWanted& wanted,
                    const std::shared_ptr<Join>&) {
    const std::string node = id_of(wanted.node);
    const std::string why(name_of(wanted.cause));
    log::info("sparkplug: asking {} for its births ({})", node, why);
    if (wanted.cause != RebirthCause::unborn) {
        plant_.record(
            {shard_.now(), organisation, node, "rebirth", "asked for its births: " + why});
    }
    outlet_.publish(organisation, std::move(wanted.command), {});
}

void Door::Part::on(OrganisationId, Malformed& malformed, const std::shared_ptr<Join>& join) {
    join->note({Code::invalid, malformed.topic + ": " + malformed.reason});
}

// Both ways lead through the same door of the plant, so what a machine says keeps its order.
void Door::Part::report(Said said) {
    if (!report_by_channel(said)) report_by_name(said);
}

// False: some metric's channel is not known; nothing was done.
bool Door::Part::report_by_channel(Said& said) {
    const auto known = channels_.find(said.birth.get());
    if (known == channels_.end() || known->second.birth.lock() != said.birth) return false;
    twin::Sack sack{said.organisation, twin::Source::sparkplug, {}, {}};
    history::Points& points = sack.points;
    points.all.reserve(said.samples.size());
    ShardIndex owner;
    for (const Sample& sample : said.samples) {
        const Definition& metric = said.birth->metrics()[sample.metric];
        if (metric.is_transient) continue;
        const twin::Channel& channel = known->second.of_metric[sample.metric];
        if (channel.series == SeriesId{}) return false;
        owner = channel.owner;
        const auto* number = std::get_if<double>(&sample.value);
        if (number != nullptr && sample.quality == Quality::good) {  // nearly always
            points.all.push_back({channel.series, sample.at.micros,
                                  std::bit_cast<std::uint64_t>(*number), channel.slot,
                                  history::Mark(history::Kind::real, history::Quality::good)});
            continue;
        }
        const auto kept = sample_of(sample, metric.type, limits_.text_bytes_max);
        if (!kept) {
            said.join->note({Code::invalid, metric.name + ": value too long"});
            continue;
        }
        const std::uint64_t bits = points.bits_of(kept->value);
        points.all.push_back({channel.series, kept->at.micros, bits, channel.slot,
                              history::Mark(history::kind_of(kept->value), kept->quality)});
    }
    if (points.all.empty()) return false;
    const auto admitted = plant_.admit(said.organisation, points.all.size());
    if (!admitted) {
        said.join->note(admitted.error());
        return true;
    }
    plant_.store(owner, std::move(sack), [this, said = std::move(said)](const twin::Told& told) {
        if (told.failed && told.failed->code == Code::not_found) {
            // The machine was erased meanwhile: again, by name.
            channels_.erase(said.birth.get());
            report_by_name(said);
        } else if (told.failed || told.over_limit) {
            said.join->note(told.failed ? *told.failed : *told.over_limit);
        }
    });
    return true;
}

void Door::Part::report_by_name(const Said& said) {
    history::Report report{said.organisation, id_of(said.machine), {}};
    report.samples.reserve(said.samples.size());
    for (const auto& sample : said.samples) {
        const Definition& metric = said.birth->metrics()[sample.metric];
        if (metric.is_transient) continue;
        auto kept = sample_of(sample, metric.type, limits_.text_bytes_max);
        if (kept)
            report.samples.push_back({metric.name, std::move(*kept)});
        else
            said.join->note({Code::invalid, metric.name + ": value too long"});
    }
    const auto admitted = plant_.admit(said.organisation, report.samples.size());
    if (!admitted) return said.join->note(admitted.error());
    const ShardIndex owner = plant_.owner(said.organisation, report.machine);
    twin::Sack sack{said.organisation, twin::Source::sparkplug, {}, {}};
    sack.reports.push_back(std::move(report));
    plant_.store(owner, std::move(sack),
                 [this, organisation = said.organisation, machine = said.machine,
                  birth = said.birth, join = said.join](const twin::Told& told) {
                     if (told.failed || told.over_limit)
                         return join->note(told.failed ? *told.failed : *told.over_limit);
                     constexpr unsigned asked_max = 3;  // what history refuses stays unknown
                     Channels& channels = channels_of(birth);
                     if (closing_ || channels.is_asking || channels.asked >= asked_max) return;
                     channels.is_asking = true;
                     ++channels.asked;
                     nursery_.spawn(learn_channels(this, organisation, machine, birth));
                 });
}

Door::Part::Channels& Door::Part::channels_of(const std::shared_ptr<const Birth>& birth) {
    constexpr std::size_t dead_max = 64;
    if (channels_.size() > 2 * channels_swept_ + dead_max) {
        std::erase_if(channels_, [](const auto& one) { return one.second.birth.expired(); });
        channels_swept_ = channels_.size();
    }
    Channels& known = channels_[birth.get()];
    if (known.birth.lock() != birth) {
        known = {};
        known.birth = birth;
        known.of_metric.resize(birth->metrics().size());
    }
    return known;
}

io::Task<void> Door::Part::learn_channels(Part* part, OrganisationId organisation,
                                          MachineKey machine,
                                          std::shared_ptr<const Birth> birth) {
    std::vector<twin::Plant::Name> names;
    const std::string id = id_of(machine);
    for (const Definition& metric : birth->metrics()) names.push_back({id, metric.name});
    auto found = co_await part->plant_.channels(organisation, std::move(names));
    Channels& known = part->channels_of(birth);
    known.is_asking = false;
    for (std::size_t index = 0; index < found.size(); ++index) {
        if (found[index]) known.of_metric[index] = *found[index];
    }
}

void Door::Part::learn(OrganisationId organisation, const MachineKey& machine,
                       const std::shared_ptr<const Birth>& birth) {
    auto& known = learnt_[{organisation, machine}];
    if (known.lock() == birth) return;
    known = birth;
    std::vector<catalog::TagFacts> facts;
    for (const auto& metric : birth->metrics()) {
        catalog::TagFacts fact{metric.name, {}, metric.low, metric.high, !metric.read_only};
        if (!metric.unit.empty()) fact.unit = metric.unit;
        facts.push_back(std::move(fact));
    }
    catalog::Discovery discovery{organisation, id_of(machine), "sparkplug", shard_.now()};
    const bool queued =
        desk_.post([discovery, facts = std::move(facts)](catalog::Catalog& catalog) {
            auto known_now = catalog.discover(discovery);
            auto learnt = catalog.learn_tags(discovery.organisation, discovery.machine, facts);
            if (!known_now || !learnt)
                log::warn("sparkplug: facts of {} not written", discovery.machine);
        });
    if (!queued) known.reset();  // at the next birth again
}

void Door::Part::arm() {
    if (closing_) return;
    std::optional<Instant> next;
    for (const auto& [organisation, host] : hosts_) {
        const auto due = host.due();
        if (due && (!next || *due < *next)) next = due;
    }
    if (!next) {
        timer_.disarm();
        return;
    }
    const auto wait = std::chrono::duration_cast<io::Steady>(*next - shard_.now());
    shard_.wheel().arm(timer_, std::max(wait, io::Steady{0}), [this] { tick(); });
}

void Door::Part::tick() {
    const Instant now = shard_.now();
    for (auto& [organisation, host] : hosts_) {
        const auto nobody_waits = std::make_shared<Join>([](const Result<void>& result) {
            if (!result) log::warn("sparkplug: {}", result.error().context);
        });
        act(organisation, host.tick(now), nobody_waits);
    }
    arm();
}

io::Task<Result<Door::Sent>> Door::Part::write(OrganisationId organisation, MachineKey machine,
                                               std::string tag, history::Value value) {
    Host& host = host_of(organisation);
    const auto birth = host.birth_of(machine);
    const auto index = birth ? birth->find(tag) : std::nullopt;
    if (!index)
        co_return fail(Code::not_found,
                       id_of(machine) + " was not born with a metric \"" + tag + "\"");
    CO_TRY(const auto wanted, value_for(value, birth->metrics()[*index].type));
    const Instant now = shard_.now();
    auto command = host.write(machine, tag, wanted, now);
    if (!command) {
        Error error = command.error();
        if (error.code == Code::unavailable) error.code = Code::conflict;
        co_return std::unexpected(std::move(error));
    }
    Sent sent{now, command->topic};
    auto published = co_await io::suspend<Result<void>>([&](io::Answer<Result<void>> answer) {
        auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
        outlet_.publish(organisation, std::move(*command),
                        [kept](Result<void> done) { (*kept)(std::move(done)); });
    });
    if (!published) co_return std::unexpected(published.error());
    co_return sent;
}

HostCounters Door::Part::counters() const {
    HostCounters sum;
    for (const auto& [organisation, host] : hosts_) sum += host.counters();
    return sum;
}

io::Task<void> Door::Part::close() {
    closing_ = true;
    timer_.disarm();
    co_await nursery_.close();
}

}  // namespace lineshaft::sparkplug
