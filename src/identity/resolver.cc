#include "identity/resolver.h"

#include <algorithm>
#include <map>

#include "identity/node_key.h"
#include "identity/signature.h"
#include "io/nursery.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Transport;
using handle::Value;

constexpr handle::Limits resolver_wire{};

/// A server and how to ask it, best first.
struct Way {
    io::Address address;
    Transport transport = Transport::udp;
    std::string key;  // its answers must be signed with it; empty: none is known
    bool is_bootstrap = false;
};

/// Those who answer for a prefix and everything under it that is not delegated further.
struct Place {
    std::vector<handle::Site> sites;  // empty: the bootstrap servers
    std::string zone;                 // the prefix it was referred for; empty: the root
    bool is_proven = false;           // signed from a trusted key down to here
};

/// What a name is asked for.
enum class Wanted : std::uint8_t {
    all,
    sites,  ///< where to ask further; certificates and the like would not fit a datagram
};

// Under a number nobody can guess.
std::string question_for(const std::string& name, Wanted wanted, bool certify) {
    const std::string bytes = trust::random_bytes(4);
    Reader in(as_bytes(bytes));
    handle::Resolution body{name, {}, {}};
    if (wanted == Wanted::sites)
        body.types = {"HS_SITE", "HS_SITE.", "HS_SERV", "HS_SERV.", "HS_NA_DELEGATE"};
    return resolution_request(body, in.take_be<std::uint32_t>().value_or(1), certify);
}

bool is_site(std::string_view type) {
    return type == "HS_SITE" || type.starts_with("HS_SITE.") || type == "HS_NA_DELEGATE";
}
bool is_service(std::string_view type) {
    return type == "HS_SERV" || type == "HS_SERV.PREFIX";
}

// Primaries first, else as they came.
std::vector<handle::Site> sites_of(const std::vector<Value>& values, bool of_derived) {
    std::vector<handle::Site> out, mirrors;
    for (const Value& value : values) {
        const bool fits = is_site(value.type) && (of_derived || value.type != "HS_SITE.PREFIX");
        if (!fits) continue;
        auto site = handle::decode_site(as_bytes(value.data), resolver_wire);
        if (!site || site->servers.empty()) continue;
        (site->is_primary ? out : mirrors).push_back(std::move(*site));
    }
    out.insert(out.end(), std::make_move_iterator(mirrors.begin()),
               std::make_move_iterator(mirrors.end()));
    return out;
}

std::string service_of(const std::vector<Value>& values) {
    for (const Value& value : values) {
        if (is_service(value.type)) return value.data;
    }
    return {};
}

// The prefix that a handle's servers are found by: of 0.NA/88.1 that is 88.1.
std::string prefix_of(std::string_view name) {
    auto [prefix, suffix] = handle::split_name(name);
    return prefix == "0.NA" ? suffix : prefix;
}

}  // namespace

struct Resolver::OnShard {
    struct Entry {
        std::string name;
        Resolved known;
        std::size_t bytes = 0;
        io::Steady kept_at{0};
        unsigned hits = 0;
        bool is_fetched_ahead = false;  // already
    };
    std::list<Entry> newest_first;
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name;
    std::size_t bytes = 0;
    ResolverStats stats;

    struct KnownPlace {
        Place place;
        io::Steady fresh_until;
    };
    std::unordered_map<std::string, KnownPlace> places;  // by prefix
    static constexpr std::size_t places_max = 10'000;

    io::Nursery ahead{"handle prefetch"};
    std::map<std::string, std::string> root_keys;  // of bootstrap servers, by address

    // Whether `name`, just found, is worth fetching before it ends. True once in its life.
    bool is_due(std::string_view name, const ResolverLimits& limits, io::Steady now) {
        if (limits.prefetch_hits_min == 0 || ahead.size() >= limits.prefetches_max) return false;
        Entry& entry = *by_name.find(name)->second;
        ++entry.hits;
        const io::Steady life = entry.known.fresh_until - entry.kept_at;
        const bool is_late = entry.known.fresh_until - now <= life / 10;
        if (!is_late || entry.hits < limits.prefetch_hits_min || ahead.is_closing()) return false;
        return !std::exchange(entry.is_fetched_ahead, true);
    }

    void keep_place(const std::string& prefix, Place place, io::Steady fresh_until) {
        if (places.size() >= places_max) places.clear();  // they are found again in a few questions
        places.insert_or_assign(prefix, KnownPlace{std::move(place), fresh_until});
    }

    void forget(std::list<Entry>::iterator entry) {
        bytes -= entry->bytes;
        by_name.erase(entry->name);
        newest_first.erase(entry);
    }
    void keep(std::string name, Resolved known, const ResolverLimits& limits) {
        if (const auto old = by_name.find(name); old != by_name.end()) forget(old->second);
        std::size_t size = 256 + 2 * name.size();
        for (const Value& value : known.values) size += 128 + value.type.size() + value.data.size();
        newest_first.push_front({std::move(name), std::move(known), size,
                                 io::Shard::here().clock().steady()});
        by_name.emplace(newest_first.front().name, newest_first.begin());
        bytes += size;
        while (by_name.size() > limits.cached_max || bytes > limits.cached_bytes_max)
            forget(std::prev(newest_first.end()));
    }
    // With its age still to be looked at; null: not known.
    const Resolved* find(std::string_view name) {
        const auto found = by_name.find(name);
        if (found == by_name.end()) return nullptr;
        newest_first.splice(newest_first.begin(), newest_first, found->second);
        return &found->second->known;
    }
};

Resolver::Resolver(io::Shards& shards, std::vector<io::Address> bootstrap, ResolverLimits limits,
                   std::vector<std::string> trusted)
    : shards_(shards),
      bootstrap_(std::move(bootstrap)),
      limits_(limits),
      trusted_(std::move(trusted)),
      on_shard_(shards) {}

Resolver::~Resolver() = default;

/// One search and what it may still do.
struct ResolveSteps {
    Resolver& resolver;
    std::vector<Hop>* trace;
    unsigned hops = 0;
    unsigned aliases = 0;
    bool is_last_signed = false;  // the answer that was heard last
    std::set<std::string, std::less<>> names = {};  // searched for already

    static io::Steady now() { return io::Shard::here().clock().steady(); }

    void note(Hop hop) {
        if (trace != nullptr) trace->push_back(std::move(hop));
    }

    std::vector<Way> ways(const Place& place, std::string_view name) const {
        std::vector<Way> out;
        if (place.sites.empty()) {
            for (const auto& address : resolver.bootstrap_) {
                out.push_back({address, Transport::udp, {}, true});
                out.push_back({address, Transport::tcp, {}, true});
            }
        }
        for (const auto& site : place.sites) {
            const handle::Server* server = handle::server_for(site, name);
            for (const auto wanted : {Transport::udp, Transport::tcp}) {
                for (const auto& one : server->interfaces) {
                    if (one.transport != wanted || (one.serves & handle::Interface::query) == 0)
                        continue;
                    io::Address address;
                    address.host = handle::address_text(server->address);
                    address.port = static_cast<std::uint16_t>(one.port);
                    out.push_back({std::move(address), wanted, server->public_key, false});
                }
            }
        }
        const std::size_t most = 2 * std::size_t{resolver.limits_.servers_max};
        if (out.size() > most) out.resize(most);
        return out;
    }

    // The key of a bootstrap server, which must be one of those that are trusted.
    static io::Task<Result<std::string>> root_key(ResolveSteps* search, Way way) {
        auto& shard = search->resolver.here();
        const std::string where = way.address.text();
        if (const auto known = shard.root_keys.find(where); known != shard.root_keys.end())
            co_return known->second;
        ++shard.stats.questions;
        auto told = co_await ask_site(way.address, way.transport);
        if (!told) co_return std::unexpected(told.error());
        for (const auto& server : told->site.servers) {
            const auto fingerprint = fingerprint_of(server.public_key);
            const auto& trusted = search->resolver.trusted_;
            if (!fingerprint || std::ranges::find(trusted, *fingerprint) == trusted.end()) continue;
            if (!check_signature(told->reply, server.public_key)) continue;
            search->resolver.here().root_keys[where] = server.public_key;
            co_return server.public_key;
        }
        ++search->resolver.here().stats.forged;
        co_return fail(Code::denied, "it does not prove to have a key of handle.trusted_keys");
    }

    // Who it is from, or why it is not believed.
    static Result<void> judge(ResolveSteps& search, const Way& way, const Reply& reply, Hop& hop) {
        if (way.key.empty()) return {};
        auto good = check_signature(reply, way.key);
        hop.origin = good ? Origin::signed_answer : Origin::refused;
        if (const auto fingerprint = fingerprint_of(way.key)) hop.signer = *fingerprint;
        if (!good) ++search.resolver.here().stats.forged;
        return good;
    }

    static io::Task<Result<Reply>> ask_way(ResolveSteps* search, Way way, std::string name,
                                           Wanted wanted) {
        auto& limits = search->resolver.limits_;
        if (++search->hops > limits.hops_max)
            co_return fail(Code::exhausted, "more questions than one name is worth");
        ++search->resolver.here().stats.questions;
        Hop hop;
        hop.server = way.address.text();
        hop.transport = way.transport;
        hop.asked = name;
        const io::Steady began = now();
        if (way.is_bootstrap && !search->resolver.trusted_.empty()) {
            auto key = co_await root_key(search, way);
            if (!key) {
                hop.note = key.error().context;
                hop.origin = Origin::refused;
                hop.took = now() - began;
                search->note(std::move(hop));
                co_return std::unexpected(key.error());
            }
            way.key = std::move(*key);
        }
        std::string question = question_for(name, wanted, !way.key.empty());
        auto reply = co_await ask(way.address, way.transport, std::move(question));
        hop.took = now() - began;
        if (!reply) {
            hop.note = reply.error().context;
        } else if (auto good = judge(*search, way, *reply, hop); good) {
            hop.answer = reply->header.answer;
        } else {
            hop.note = good.error().context;
            reply = Result<Reply>(std::unexpected(good.error()));
        }
        search->is_last_signed = hop.origin == Origin::signed_answer;
        search->note(std::move(hop));
        co_return reply;
    }

    // The first answer of those who could know.
    static io::Task<Result<Reply>> ask_place(ResolveSteps* search, Place place, std::string name,
                                             Wanted wanted) {
        Error last{Code::unavailable, "nobody to ask for " + name};
        const auto all = search->ways(place, name);
        for (const Way& way : all) {
            auto reply = co_await ask_way(search, way, name, wanted);
            if (reply && reply->header.answer != Answer::too_busy) co_return reply;
            if (!reply && reply.error().code == Code::exhausted &&
                search->hops > search->resolver.limits_.hops_max)
                co_return reply;
            if (last.code == Code::denied) continue;  // more worth knowing than who is away
            last = reply ? Error{Code::unavailable, "server too busy"} : reply.error();
        }
        co_return std::unexpected(last);
    }

    Resolved not_there(Answer answer, std::string message) const {
        Resolved out;
        out.answer = answer;
        out.message = std::move(message);
        out.fresh_until = now() + resolver.limits_.negative_ttl;
        return out;
    }

    Resolved there(std::vector<Value> values) const {
        Resolved out;
        io::Steady ttl = resolver.limits_.ttl_max;
        const std::int64_t wall_s = io::Shard::here().now().millis() / 1'000;
        for (const Value& value : values) {
            const std::int64_t left =
                value.is_ttl_absolute ? std::int64_t{value.ttl_s} - wall_s : value.ttl_s;
            ttl = std::min(ttl, io::Steady{1'000 * std::max<std::int64_t>(left, 0)});
        }
        out.values = std::move(values);
        out.fresh_until = now() + ttl;
        return out;
    }

    // Where a referral leads. Errors: invalid (it leads nowhere nearer).
    static io::Task<Result<Place>> follow(ResolveSteps* search, Reply reply, Place from,
                                          std::string wanted_prefix) {
        auto body = handle::decode_referral(as_bytes(reply.body), resolver_wire);
        if (!body) co_return std::unexpected(body.error());
        const std::string zone = prefix_of(handle::canonical(body->handle, false));
        const bool leads_nearer = !body->handle.empty() && handle::is_under(wanted_prefix, zone) &&
                                  zone.size() > from.zone.size();
        if (!leads_nearer) {
            ++search->resolver.here().stats.poisoned;
            co_return fail(Code::invalid, "a referral to '" + body->handle + "' while '" +
                                              wanted_prefix + "' was asked for is not followed");
        }
        if (search->trace != nullptr && !search->trace->empty())
            search->trace->back().note = "refers to " + body->handle;
        Place out;
        out.zone = zone;
        out.is_proven = from.is_proven && search->is_last_signed;
        if (body->values) out.sites = sites_of(*body->values, true);
        if (!out.sites.empty()) co_return out;
        std::string service;
        if (body->values) service = service_of(*body->values);
        if (service.empty()) service = body->handle;
        bool is_proven = false;
        auto sites = co_await service_sites(search, std::move(service), &is_proven);
        if (!sites) co_return std::unexpected(sites.error());
        out.is_proven = out.is_proven && is_proven;
        out.sites = std::move(*sites);
        co_return out;
    }

    // The sites that a service handle holds.
    static io::Task<Result<std::vector<handle::Site>>> service_sites(ResolveSteps* search,
                                                                     std::string service,
                                                                     bool* is_proven) {
        if (++search->aliases > search->resolver.limits_.aliases_max)
            co_return fail(Code::exhausted, "services that name services");
        auto found = co_await find(search, std::move(service));
        if (!found) co_return std::unexpected(found.error());
        auto sites = sites_of(found->values, false);
        *is_proven = found->is_proven;
        if (sites.empty()) co_return fail(Code::unavailable, "the service has no site");
        co_return sites;
    }

    // Down from `place` until somebody answers for `name` itself.
    struct Told {
        Resolved answer;
        Place by;
    };
    static io::Task<Result<Told>> descend(ResolveSteps* search, Place place, std::string name,
                                          Wanted wanted) {
        for (;;) {
            auto reply = co_await ask_place(search, place, name, wanted);
            if (!reply) co_return std::unexpected(reply.error());
            switch (reply->header.answer) {
                case Answer::success: {
                    auto body = handle::decode_handle_values(as_bytes(reply->body), resolver_wire);
                    if (!body) co_return std::unexpected(body.error());
                    const bool is_same =
                        handle::canonical(body->handle, false) == handle::canonical(name, false);
                    if (!is_same) co_return fail(Code::invalid, "an answer for another name");
                    Told told{search->there(std::move(body->values)), place};
                    told.answer.is_proven = place.is_proven && search->is_last_signed;
                    co_return told;
                }
                case Answer::service_referral:
                case Answer::prefix_referral: break;
                default: {
                    const auto body = handle::decode_refusal(as_bytes(reply->body), resolver_wire);
                    Told told{search->not_there(reply->header.answer,
                                                body ? body->message : std::string()),
                              place};
                    told.answer.is_proven = place.is_proven && search->is_last_signed;
                    co_return told;
                }
            }
            std::string prefix = prefix_of(name);
            auto next = co_await follow(search, std::move(*reply), place, std::move(prefix));
            if (!next) co_return std::unexpected(next.error());
            place = std::move(*next);
        }
    }

    // Who answers for handles under `prefix`. A refusal in `why_not` when nobody does.
    static io::Task<Result<Place>> place_of(ResolveSteps* search, std::string prefix,
                                            std::optional<Resolved>* why_not) {
        const std::string name = handle::prefix_handle(prefix);
        auto& shard = search->resolver.here();
        if (const auto known = shard.places.find(prefix);
            known != shard.places.end() && known->second.fresh_until > now()) {
            search->note({"cache", Transport::udp, name, Answer::success, "", io::Steady{0}});
            co_return known->second.place;
        }
        Place root;
        root.is_proven = !search->resolver.trusted_.empty();
        auto told = co_await descend(search, std::move(root), name, Wanted::sites);
        if (!told) co_return std::unexpected(told.error());
        Place out = told->by;
        const io::Steady fresh_until = told->answer.fresh_until;
        if (told->answer.answer == Answer::values_not_found) {  // it knows the prefix, and its handles
            shard.keep_place(prefix, out, fresh_until);
            co_return out;
        }
        if (told->answer.answer != Answer::success) {
            *why_not = std::move(told->answer);
            co_return out;
        }
        auto sites = sites_of(told->answer.values, false);
        const std::string service = service_of(told->answer.values);
        bool is_proven = told->answer.is_proven;
        if (sites.empty() && !service.empty()) {
            auto found = co_await service_sites(search, service, &is_proven);
            if (!found) co_return std::unexpected(found.error());
            sites = std::move(*found);
        }
        if (!sites.empty()) {  // else who knows the prefix knows its handles
            out.sites = std::move(sites);
            out.zone = prefix;
            out.is_proven = out.is_proven && told->answer.is_proven && is_proven;
        }
        shard.keep_place(prefix, out, fresh_until);
        co_return out;
    }

    // One name, without aliases, past the cache.
    static io::Task<Result<Resolved>> search_for(ResolveSteps* search, std::string name) {
        const auto prefix = handle::split_name(name).prefix;
        Place place;
        place.is_proven = !search->resolver.trusted_.empty();
        if (prefix != "0.NA") {
            std::optional<Resolved> why_not;
            auto found = co_await place_of(search, prefix, &why_not);
            if (!found) co_return std::unexpected(found.error());
            if (why_not) co_return std::move(*why_not);
            place = std::move(*found);
        }
        auto told = co_await descend(search, std::move(place), std::move(name), Wanted::all);
        if (!told) co_return std::unexpected(told.error());
        co_return std::move(told->answer);
    }

    static io::Task<Result<Resolved>> find(ResolveSteps* search, std::string given) {
        // Suffixes as they were given: whether their case counts, only their server knows.
        const std::string name = handle::canonical(given, true);
        auto& shard = search->resolver.here();
        if (!search->names.insert(name).second)
            co_return fail(Code::invalid, "the search for " + name + " leads to itself");
        if (const Resolved* known = shard.find(name);
            known != nullptr && known->fresh_until > now()) {
            Resolved out = *known;
            out.is_from_cache = true;
            ++shard.stats.cached;
            search->note({"cache", Transport::udp, name, out.answer, "", io::Steady{0}});
            search->resolver.fetch_ahead(name);
            co_return out;
        }
        auto found = co_await search_for(search, name);
        if (found) {
            shard.keep(name, *found, search->resolver.limits_);
            co_return found;
        }
        ++shard.stats.failed;
        const Resolved* known = shard.find(name);
        const auto& limits = search->resolver.limits_;
        const bool is_away =
            found.error().code == Code::unavailable || found.error().code == Code::timeout;
        if (known == nullptr || !is_away || known->fresh_until + limits.stale_max < now())
            co_return found;
        Resolved out = *known;
        out.is_from_cache = out.is_stale = true;
        ++shard.stats.stale;
        search->note({"cache", Transport::udp, name, out.answer, "stale", io::Steady{0}});
        co_return out;
    }

    static io::Task<void> fetch(Resolver* resolver, std::string name) {
        ResolveSteps search{*resolver, nullptr};
        auto found = co_await search_for(&search, name);
        auto& shard = resolver->here();
        if (!found) co_return;  // what is known serves until its end, and stale after it
        ++shard.stats.prefetched;
        shard.keep(name, std::move(*found), resolver->limits_);
    }

    static io::Task<bool> close_there(Resolver* resolver) {
        co_await resolver->here().ahead.close();
        co_return true;
    }

    static io::Task<ResolverStats> stats_there(Resolver* resolver) {
        co_return resolver->here().stats;
    }
};

void Resolver::fetch_ahead(const std::string& name) {
    auto& shard = here();
    if (shard.is_due(name, limits_, io::Shard::here().clock().steady()))
        shard.ahead.spawn(ResolveSteps::fetch(this, name));
}

void Resolver::close() {
    for (std::size_t index = 0; index < shards_.size(); ++index)
        shards_.run_blocking(ShardIndex(std::uint32_t(index)), ResolveSteps::close_there(this));
}

io::Task<Result<Resolved>> Resolver::resolve(std::string name, std::vector<Hop>* trace) {
    ++here().stats.asked;
    ResolveSteps search{*this, trace};
    for (;;) {
        auto found = co_await ResolveSteps::find(&search, name);
        if (!found) co_return found;
        const auto alias = std::ranges::find(found->values, "HS_ALIAS", &Value::type);
        if (alias == found->values.end()) co_return found;
        if (++search.aliases > limits_.aliases_max)
            co_return fail(Code::exhausted, "aliases of aliases");
        name = alias->data;
    }
}

std::optional<Resolved> Resolver::cached(std::string_view name) {
    const Resolved* known = here().find(handle::canonical(name, true));
    if (known == nullptr || known->fresh_until <= io::Shard::here().clock().steady())
        return std::nullopt;
    // An alias is followed by resolve().
    if (std::ranges::find(known->values, "HS_ALIAS", &Value::type) != known->values.end())
        return std::nullopt;
    ++here().stats.asked;
    ++here().stats.cached;
    Resolved out = *known;
    out.is_from_cache = true;
    fetch_ahead(handle::canonical(name, true));
    return out;
}

io::Task<ResolverStats> Resolver::stats() {
    ResolverStats sum;
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        auto one = co_await shards_.at(index).call(&ResolveSteps::stats_there, this);
        sum += one;
    }
    co_return sum;
}

ResolverStats& ResolverStats::operator+=(const ResolverStats& other) {
    asked += other.asked;
    cached += other.cached;
    stale += other.stale;
    questions += other.questions;
    failed += other.failed;
    poisoned += other.poisoned;
    forged += other.forged;
    prefetched += other.prefetched;
    return *this;
}

}  // namespace lineshaft::identity
