// How a handle changes: one change after the other, on the shard that owns its name.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <map>

#include "base/log.h"
#include "identity/registry.h"
#include "identity/statistics.h"
#include "identity/value_signer.h"
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

// But for the instants of their last change.
bool are_same(const std::vector<handle::Value>& a, const std::vector<handle::Value>& b) {
    return std::ranges::equal(a, b, [](const handle::Value& one, handle::Value other) {
        other.timestamp_s = one.timestamp_s;
        return one == other;
    });
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

    static bool is_signed_here(const Registry& registry, const Change& change) {
        const ValueSigner* signer = registry.signer_;
        return signer != nullptr && change.kind != Change::Kind::remove &&
               (change.signs || signer->signs_all()) && signer->issuer_of(change.handle);
    }

    // Whether `values` stand there already. What the node signs is there when its signature is.
    static bool is_there(const Registry& registry, const Change& change,
                         std::vector<handle::Value> before, std::vector<handle::Value> values) {
        if (!is_signed_here(registry, change)) return are_same(before, values);
        const auto is_own = [&](const handle::Value& value) {
            return registry.signer_->is_own(value, change.handle);
        };
        std::erase_if(values, is_own);
        return std::erase_if(before, is_own) > 0 && are_same(before, values);
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
        if (change.keeps_same && *before) {
            Change whole = change;
            whole.kind = Change::Kind::replace_values;
            Decision same = decide(*before, whole, now_s, registry.limits_);
            if (same.outcome.is_good() && is_there(registry, change, **before, same.values)) {
                out = std::move(same);
                out.outcome.was_kept = true;
            }
        }
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
                      registry.record_of(change.handle, decision.values));
        }
        batch.put(store::Family::identity, transaction_key(transaction.number),
                  encode_transaction(transaction));
        decision.outcome.transaction = transaction.number;
        shard.under_way.insert(transaction.number);
        count(shard, change.handle, step_of(!decision.outcome.is_new, !removes));
    }

    static void count(OnShard& shard, const std::string& name, std::int64_t step) {
        if (step == 0) return;
        const std::string prefix = handle::split_name(name).prefix;
        shard.counts[prefix] += step;
        shard.counts_to_write.insert(prefix);
    }

    static Registry::Quota quota_of(Registry& registry, std::string_view name) {
        const OnShard& shard = registry.here();
        if (shard.quotas.empty()) return nullptr;
        const auto found = shard.quotas.find(handle::split_name(name).prefix);
        return found == shard.quotas.end() ? nullptr : found->second;
    }

    // The values that the node signs once `change` is carried out; nothing: none.
    static std::optional<ValueSigner::Wish> to_sign(Registry& registry, const Change& change,
                                                    const Authority& by) {
        if (!is_signed_here(registry, change)) return std::nullopt;
        Decision decision = judge(registry, change, by);
        const bool is_written = decision.outcome.is_good() && !decision.outcome.was_kept;
        if (!is_written || decision.values.empty()) return std::nullopt;
        return ValueSigner::Wish{change.handle, std::move(decision.values)};
    }

    // Decides and writes into the open round. was_kept, and refusals: nothing is written. `jws`: of
    // to_sign's values; empty: they are not signed.
    static Outcome begin(Registry& registry, const Change& change, const Authority& by,
                         std::string jws) {
        Decision decision = judge(registry, change, by);
        decision.outcome.handle = change.handle;
        if (!decision.outcome.is_good() || decision.outcome.was_kept) return decision.outcome;
        if (!jws.empty()) {
            registry.signer_->put_signature(decision.values, change.handle, std::move(jws));
            if (decision.values.size() > registry.limits_.values_max ||
                encode_record(decision.values).size() > registry.limits_.record_bytes_max)
                return refusal(Answer::invalid_value, "no room for the signature");
        } else if (registry.signer_ != nullptr) {
            registry.signer_->drop_stale(decision.values, change.handle);
        }
        if (decision.outcome.is_new) {
            const auto quota = quota_of(registry, change.handle);
            if (quota && !quota->take_place())
                return refusal(Answer::registration_limit,
                               "the prefix has as many identifiers as it may have");
        }
        write(registry, change, decision);
        return decision.outcome;
    }

    // When the round with it is on disk, or could not be.
    static void finish(Registry& registry, const Change& change, Outcome& outcome,
                       const Result<void>& done) {
        const bool removes = change.kind == Change::Kind::remove;
        const auto quota = quota_of(registry, change.handle);
        registry.here().under_way.erase(outcome.transaction);
        if (!done) {
            count(registry.here(), change.handle, -step_of(!outcome.is_new, !removes));
            if (quota && outcome.is_new) quota->add(-1);
            outcome = store_failed(done.error());
            return;
        }
        if (quota && removes) quota->add(-1);
        if (change.handle.starts_with("0.NA/")) registry.prefix_changes_.add();
        if (registry.statistics_ == nullptr) return;
        registry.statistics_->changed(change.handle, removes          ? Action::remove
                                                     : outcome.is_new ? Action::create
                                                                      : Action::update);
    }

    static io::Task<Result<std::string>> sign_one(Registry* registry, ValueSigner::Wish wish) {
        std::vector<ValueSigner::Wish> wishes;
        wishes.push_back(std::move(wish));
        auto made = co_await registry->signer_->sign(std::move(wishes));
        if (!made) co_return std::unexpected(made.error());
        co_return std::move(made->front());
    }

    static io::Task<Outcome> commit(Registry* registry, Change change, Authority by) {
        store::Lane& lane = *registry->lanes_[io::Shard::here().index().number()];
        if (lane.is_full()) co_return refusal(Answer::too_busy, "the disk is behind");
        std::string jws;
        if (auto wish = to_sign(*registry, change, by)) {
            auto made = co_await sign_one(registry, std::move(*wish));
            if (!made) co_return refusal(Answer::too_busy, made.error().context);
            jws = std::move(*made);
        }
        Outcome outcome = begin(*registry, change, by, std::move(jws));
        if (!outcome.is_good() || outcome.was_kept) co_return outcome;
        auto done = co_await lane.durable();
        finish(*registry, change, outcome, done);
        co_return outcome;
    }

    /// A signature that was made before it was known whether the values stay so.
    struct SignedAhead {
        ValueSigner::Wish wish;
        std::string jws;
    };
    /// Of one shard, in their order.
    struct Many {
        std::vector<Change> changes;
        std::vector<Outcome> outcomes;
        std::vector<std::size_t> open;  // written, not known to be on disk
        std::map<std::size_t, SignedAhead> ahead = {};
        std::size_t ahead_until = 0;
    };

    static io::Task<bool> settle(Registry* registry, Many* many) {
        if (many->open.empty()) co_return true;
        store::Lane& lane = *registry->lanes_[io::Shard::here().index().number()];
        auto done = co_await lane.durable();
        for (const std::size_t at : many->open) {
            finish(*registry, many->changes[at], many->outcomes[at], done);
            end_turn(registry->here(), many->changes[at].handle);
        }
        many->open.clear();
        co_return true;
    }

    // Signs the next changes in one go, so that they do not wait for a worker one by one. Not with a
    // round open: it would be sealed meanwhile, and its end missed.
    static io::Task<bool> sign_ahead(Registry* registry, Many* many, std::size_t from,
                                     const Authority* by) {
        constexpr std::size_t at_once = 32;
        (void)co_await settle(registry, many);
        many->ahead.clear();
        many->ahead_until = std::min(many->changes.size(), from + at_once);
        std::vector<ValueSigner::Wish> wishes;
        std::vector<std::size_t> places;
        for (std::size_t at = from; at < many->ahead_until; ++at) {
            if (auto wish = to_sign(*registry, many->changes[at], *by)) {
                wishes.push_back(std::move(*wish));
                places.push_back(at);
            }
        }
        if (wishes.empty()) co_return true;
        auto made = co_await registry->signer_->sign(wishes);
        if (!made) co_return false;  // each tries again in its turn
        for (std::size_t at = 0; at < places.size(); ++at)
            many->ahead.emplace(places[at],
                                SignedAhead{std::move(wishes[at]), std::move((*made)[at])});
        co_return true;
    }

    // In the handle's turn. Empty: nothing is to be signed.
    static io::Task<Result<std::string>> signature_for(Registry* registry, Many* many,
                                                       std::size_t at, const Authority* by) {
        auto wish = to_sign(*registry, many->changes[at], *by);
        if (!wish) co_return std::string();
        const auto ahead = many->ahead.find(at);
        if (ahead != many->ahead.end() && are_same(ahead->second.wish.values, wish->values))
            co_return std::move(ahead->second.jws);
        (void)co_await settle(registry, many);
        auto made = co_await sign_one(registry, std::move(*wish));
        co_return made;
    }

    static io::Task<std::vector<Outcome>> run_many(Registry* registry,
                                                   std::vector<Change> changes, Authority by) {
        Many many;
        many.outcomes.resize(changes.size());
        many.changes = std::move(changes);
        store::Lane& lane = *registry->lanes_[io::Shard::here().index().number()];
        for (std::size_t at = 0; at < many.changes.size(); ++at) {
            const Change& change = many.changes[at];
            const bool is_signed = is_signed_here(*registry, change);
            if (is_signed && at >= many.ahead_until)
                (void)co_await sign_ahead(registry, &many, at, &by);
            if (!is_here(*registry, change.handle)) {
                many.outcomes[at] = refusal(Answer::not_responsible, "That prefix doesn't live here");
                continue;
            }
            // What waits for a turn must not hold others that might wait for this one.
            if (lane.is_full() || registry->here().busy.contains(change.handle))
                (void)co_await settle(registry, &many);
            auto has_turn = co_await wait_for_turn(registry, change.handle);
            if (!has_turn) {
                many.outcomes[at] = refusal(Answer::too_busy, "too many changes wait");
                continue;
            }
            Result<std::string> jws = std::string();
            if (is_signed) {
                auto made = co_await signature_for(registry, &many, at, &by);
                jws = std::move(made);
            }
            many.outcomes[at] = jws ? begin(*registry, change, by, std::move(*jws))
                                    : refusal(Answer::too_busy, jws.error().context);
            if (many.outcomes[at].is_good() && !many.outcomes[at].was_kept) {
                many.open.push_back(at);
            } else {
                end_turn(registry->here(), change.handle);
            }
        }
        (void)co_await settle(registry, &many);
        co_return std::move(many.outcomes);
    }

    // On each shard: what it has made so far of `prefix`. From here on `quota` counts.
    static io::Task<std::int64_t> set_quota_here(Registry* registry, std::string prefix,
                                                 Registry::Quota quota) {
        OnShard& shard = registry->here();
        if (quota) {
            shard.quotas[prefix] = std::move(quota);
        } else {
            shard.quotas.erase(prefix);
        }
        const auto found = shard.counts.find(prefix);
        co_return found == shard.counts.end() ? 0 : found->second;
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
        registry->here().under_way.insert(transaction.number);
        auto done = co_await lane.durable();
        registry->here().under_way.erase(transaction.number);
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

    static io::Task<std::uint64_t> first_under_way(Registry* registry) {
        const auto& under_way = registry->here().under_way;
        co_return under_way.empty() ? ~std::uint64_t{0} : *under_way.begin();
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

namespace {

/// What the shards are at, until the last one is done.
struct Dealt {
    std::vector<Outcome> outcomes;
    std::size_t left = 0;
    std::optional<io::Answer<bool>> answer;
};

}  // namespace

io::Task<std::vector<Outcome>> Registry::change_many(std::vector<Change> changes, Authority by) {
    std::vector<std::vector<Change>> dealt(shards_.size());
    std::vector<std::vector<std::size_t>> places(shards_.size());
    auto state = std::make_shared<Dealt>();
    state->outcomes.resize(changes.size());
    for (std::size_t at = 0; at < changes.size(); ++at) {
        Change& change = changes[at];
        if (const auto good = handle::check_name(change.handle, {}); !good) {
            state->outcomes[at] = refusal(Answer::invalid_handle, good.error().context);
            continue;
        }
        change.handle = canonical(change.handle);
        const auto where = owner(change.handle).number();
        dealt[where].push_back(std::move(change));
        places[where].push_back(at);
    }
    for (const auto& one : places) state->left += one.empty() ? 0 : 1;
    if (state->left == 0) co_return std::move(state->outcomes);
    io::Shard& home = io::Shard::here();
    auto start = [&](io::Answer<bool> answer) {
        state->answer = std::move(answer);
        for (std::size_t where = 0; where < dealt.size(); ++where) {
            if (places[where].empty()) continue;
            auto done = [state, &home, own = std::move(places[where])](
                            const std::exception_ptr& thrown, std::vector<Outcome> outcomes) {
                if (thrown) outcomes.assign(own.size(), refusal(Answer::error, "the node failed"));
                home.post([state, own, outcomes = std::move(outcomes)]() mutable {
                    for (std::size_t at = 0; at < own.size(); ++at)
                        state->outcomes[own[at]] = std::move(outcomes[at]);
                    if (--state->left == 0) (*state->answer)(true);
                });
            };
            boost::asio::co_spawn(shards_.at(where).loop(),
                                  ChangeSteps::run_many(this, std::move(dealt[where]), by),
                                  std::move(done));
        }
    };
    (void)co_await io::suspend<bool>(std::move(start));
    co_return std::move(state->outcomes);
}

io::Task<bool> Registry::set_quota(std::string prefix, std::optional<std::int64_t> handles_max) {
    prefix = handle::fold(prefix);
    Quota quota = handles_max ? std::make_shared<io::SharedCount>() : nullptr;
    std::int64_t made = 0;
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        auto one = co_await shards_.at(index).call(&ChangeSteps::set_quota_here, this, prefix, quota);
        made += one;
    }
    if (quota) {
        quota->add(made);
        // None at all is a limit too; 0 would mean that there is none.
        quota->set(std::max<std::int64_t>(*handles_max, 1));
        if (*handles_max == 0) quota->add(1);
    }
    co_return true;
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

// A number that was given before this one belongs to a change that has ended or is found under way.
io::Task<std::uint64_t> Registry::settled_before() {
    std::uint64_t out = store_.ticket();
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        auto first = co_await shards_.at(index).call(&ChangeSteps::first_under_way, this);
        out = std::min(out, first);
    }
    co_return out;
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
