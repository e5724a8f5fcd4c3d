// How a handle changes: one change after the other, on the shard that owns its name.
#include "base/log.h"
#include "identity/registry.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;

constexpr std::size_t minted_bytes = 10;  // 80 random bits, as hexadecimal digits

Outcome refusal(Answer answer, std::string why) {
    Outcome out;
    out.answer = answer;
    out.message = std::move(why);
    return out;
}

Outcome store_failed(const Error& error) {
    const bool is_passing = error.code == Code::exhausted || error.code == Code::unavailable;
    return refusal(is_passing ? Answer::too_busy : Answer::error, error.context);
}

std::int64_t step_of(bool was, bool is) {
    return static_cast<std::int64_t>(is) - static_cast<std::int64_t>(was);
}

}  // namespace

struct ChangeSteps {
    using OnShard = Registry::OnShard;

    static bool is_here(const Registry& registry, std::string_view name) {
        const auto [prefix, suffix] = handle::split_name(name);
        const auto& homes = *registry.here().homes;
        if (homes.contains(prefix)) return true;
        if (prefix != "0.NA") return false;
        for (std::string_view at = suffix; !at.empty(); at = handle::parent_prefix(at)) {
            if (homes.contains(at)) return true;
        }
        return false;
    }

    // False: too many wait already.
    static io::Task<bool> wait_for_turn(Registry* registry, std::string name) {
        OnShard& shard = registry->here();
        if (!shard.busy.contains(name) && shard.busy.size() >= registry->limits_.waiting_max)
            co_return false;
        const auto [at, is_first] = shard.busy.try_emplace(name);
        if (is_first) co_return true;
        if (at->second.size() >= registry->limits_.waiting_per_handle_max) co_return false;
        auto start = [&shard, &name](io::Answer<bool> answer) {
            shard.busy.find(name)->second.push_back(std::move(answer));
        };
        auto turn = co_await io::suspend<bool>(std::move(start));
        co_return turn;
    }

    static void end_turn(OnShard& shard, const std::string& name) {
        const auto at = shard.busy.find(name);
        if (at->second.empty()) {
            shard.busy.erase(at);
            return;
        }
        auto next = std::move(at->second.front());
        at->second.erase(at->second.begin());
        next(true);
    }

    // What is to be written, or a refusal.
    static Decision judge(Registry& registry, const Change& change, const Authority& by) {
        Decision out;
        auto before = registry.values_of(change.handle);
        if (!before) {
            out.outcome = store_failed(before.error());
            return out;
        }
        const auto now_s =
            static_cast<std::uint32_t>(io::Shard::here().now().millis() / 1'000);
        out = decide(*before, change, now_s, registry.limits_);
        if (!out.outcome.is_good()) return out;
        if (registry.may(by, change.handle, *before, out.needed)) return out;
        out.outcome = by.who ? refusal(Answer::not_permitted, "the key has not that right")
                             : refusal(Answer::authentication_needed, "");
        return out;
    }

    static void write(Registry& registry, const Change& change, Decision& decision) {
        OnShard& shard = registry.here();
        const bool removes = change.kind == Change::Kind::remove;
        Transaction transaction;
        transaction.number = registry.store_.ticket();
        transaction.at_ms = io::Shard::here().now().millis();
        transaction.handle = change.handle;
        transaction.action = removes                   ? Action::remove
                             : decision.outcome.is_new ? Action::create
                                                       : Action::update;
        store::Batch& batch = registry.lanes_[io::Shard::here().index().number()]->batch();
        if (removes) {
            batch.remove(store::Family::identity, record_key(change.handle));
        } else {
            batch.put(store::Family::identity, record_key(change.handle),
                      encode_record(decision.values));
        }
        batch.put(store::Family::identity, transaction_key(transaction.number),
                  encode_transaction(transaction));
        decision.outcome.transaction = transaction.number;
        count(shard, change.handle, step_of(!decision.outcome.is_new, !removes));
    }

    static void count(OnShard& shard, const std::string& name, std::int64_t step) {
        if (step == 0) return;
        const std::string prefix = handle::split_name(name).prefix;
        shard.counts[prefix] += step;
        shard.counts_to_write.insert(prefix);
    }

    static io::Task<Outcome> commit(Registry* registry, Change change, Authority by) {
        store::Lane& lane = *registry->lanes_[io::Shard::here().index().number()];
        if (lane.is_full()) co_return refusal(Answer::too_busy, "the disk is behind");
        Decision decision = judge(*registry, change, by);
        decision.outcome.handle = change.handle;
        if (!decision.outcome.is_good()) co_return decision.outcome;
        write(*registry, change, decision);
        auto done = co_await lane.durable();
        if (!done) {
            const bool removes = change.kind == Change::Kind::remove;
            count(registry->here(), change.handle, -step_of(!decision.outcome.is_new, !removes));
            co_return store_failed(done.error());
        }
        co_return decision.outcome;
    }

    static io::Task<Outcome> run(Registry* registry, Change change, Authority by) {
        if (!is_here(*registry, change.handle))
            co_return refusal(Answer::not_responsible, "That prefix doesn't live here");
        const std::string name = change.handle;
        auto has_turn = co_await wait_for_turn(registry, name);
        if (!has_turn) co_return refusal(Answer::too_busy, "too many changes wait");
        auto outcome = co_await commit(registry, std::move(change), std::move(by));
        end_turn(registry->here(), name);
        co_return outcome;
    }

    static io::Task<bool> swap_homes(Registry* registry,
                                     std::shared_ptr<const Registry::Homes> homes) {
        registry->here().homes = std::move(homes);
        co_return true;
    }

    // On shard 0.
    static io::Task<Outcome> set_home(Registry* registry, std::string prefix, bool is_home) {
        const std::string turn = "\n";  // no handle is called so; one at a time
        auto has_turn = co_await wait_for_turn(registry, turn);
        if (!has_turn) co_return refusal(Answer::too_busy, "too many changes wait");
        auto outcome = co_await write_home(registry, prefix, is_home);
        end_turn(registry->here(), turn);
        co_return outcome;
    }

    static io::Task<Outcome> write_home(Registry* registry, std::string prefix, bool is_home) {
        Outcome out;
        out.handle = handle::prefix_handle(prefix);
        if (registry->here().homes->contains(prefix) == is_home) co_return out;
        store::Lane& lane = *registry->lanes_[0];
        store::Batch& batch = lane.batch();
        if (is_home) {
            batch.put(store::Family::identity, home_key(prefix), "");
        } else {
            batch.remove(store::Family::identity, home_key(prefix));
        }
        Transaction transaction;
        transaction.number = registry->store_.ticket();
        transaction.action = is_home ? Action::home : Action::unhome;
        transaction.at_ms = io::Shard::here().now().millis();
        transaction.handle = prefix;
        batch.put(store::Family::identity, transaction_key(transaction.number),
                  encode_transaction(transaction));
        auto done = co_await lane.durable();
        if (!done) co_return store_failed(done.error());
        auto homes = *registry->here().homes;
        if (is_home) {
            homes.insert(prefix);
        } else {
            homes.erase(prefix);
        }
        const auto kept = std::make_shared<const Registry::Homes>(std::move(homes));
        for (std::size_t index = 0; index < registry->shards_.size(); ++index) {
            auto swapped = co_await registry->shards_.at(index).call(&swap_homes, registry, kept);
            (void)swapped;
        }
        out.is_new = is_home;
        out.transaction = transaction.number;
        co_return out;
    }

    static io::Task<std::int64_t> count_here(Registry* registry, std::string prefix) {
        const auto& counts = registry->here().counts;
        const auto found = counts.find(prefix);
        co_return found == counts.end() ? 0 : found->second;
    }
};

io::Task<Outcome> Registry::change(Change change, Authority by) {
    if (change.mints_suffix && change.kind == Change::Kind::create)
        change.handle += handle::fold(to_hex(as_bytes(trust::random_bytes(minted_bytes))));
    if (const auto good = handle::check_name(change.handle, {}); !good)
        co_return refusal(Answer::invalid_handle, good.error().context);
    change.handle = canonical(change.handle);
    io::Shard& shard = shards_[owner(change.handle)];
    auto outcome =
        co_await shard.call(&ChangeSteps::run, this, std::move(change), std::move(by));
    co_return outcome;
}

io::Task<Outcome> Registry::home(std::string prefix, Authority by) {
    if (!by.is_operator) {
        co_return by.who ? refusal(Answer::not_permitted, "only the node's operator may")
                         : refusal(Answer::authentication_needed, "");
    }
    prefix = handle::fold(prefix);
    if (const auto good = handle::check_name(prefix, {}); !good || prefix.contains('/'))
        co_return refusal(Answer::invalid_handle, "no prefix");
    auto outcome = co_await shards_.at(0).call(&ChangeSteps::set_home, this, prefix, true);
    if (!outcome.is_good()) co_return outcome;
    Change make;
    make.handle = handle::prefix_handle(prefix);
    make.values.push_back(default_admin(prefix, 0));
    auto made = co_await change(std::move(make), std::move(by));
    if (!made.is_good() && made.answer != Answer::handle_exists) co_return made;
    co_return outcome;
}

io::Task<Outcome> Registry::unhome(std::string prefix, Authority by) {
    if (!by.is_operator) {
        co_return by.who ? refusal(Answer::not_permitted, "only the node's operator may")
                         : refusal(Answer::authentication_needed, "");
    }
    prefix = handle::fold(prefix);
    auto outcome = co_await shards_.at(0).call(&ChangeSteps::set_home, this, prefix, false);
    co_return outcome;
}

io::Task<std::int64_t> Registry::count(std::string prefix) {
    prefix = handle::fold(prefix);
    std::int64_t sum = 0;
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        auto one = co_await shards_.at(index).call(&ChangeSteps::count_here, this, prefix);
        sum += one;
    }
    co_return sum;
}

}  // namespace lineshaft::identity
