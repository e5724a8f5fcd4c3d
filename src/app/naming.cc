#include "app/naming.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "identity/node_key.h"
#include "wire/handle/names.h"

namespace lineshaft::app {
namespace {

handle::DoorLimits door_limits(const Settings& settings) {
    handle::DoorLimits limits;
    limits.answer_datagrams_max = static_cast<unsigned>(settings.handle_udp_answer_datagrams);
    limits.udp_per_second_per_address = static_cast<unsigned>(settings.handle_udp_per_second);
    limits.takes_sm2 = settings.handle_sm2;
    limits.is_mirror = !settings.handle_mirror_of.empty();
    const auto servers = list_of(settings.handle_site_servers);
    limits.site_servers = static_cast<std::uint32_t>(std::max<std::size_t>(servers.size(), 1));
    limits.site_server = static_cast<std::uint32_t>(settings.handle_site_server);
    limits.pool_requests_per_day =
        static_cast<std::uint32_t>(settings.handle_pool_requests_per_day);
    return limits;
}

handle::Server server_at(const io::Address& address) {
    handle::Server server;
    server.interfaces = {
        {handle::Interface::both, handle::Transport::udp, address.port},
        {handle::Interface::both, handle::Transport::tcp, address.port}};
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    if (auto parsed = handle::parse_address(host)) server.address = *parsed;
    return server;
}

std::vector<handle::Reference> references_of(const std::string& setting) {
    std::vector<handle::Reference> out;
    for (const auto& text : list_of(setting)) {
        const auto colon = text.find(':');
        out.push_back({text.substr(colon + 1),
                       static_cast<std::uint32_t>(std::atol(text.substr(0, colon).c_str()))});
    }
    return out;
}

Result<std::unique_ptr<identity::Resolver>> resolver_of(io::Shards& shards,
                                                        const Settings& settings) {
    if (settings.node_role != "recursive") return std::unique_ptr<identity::Resolver>();
    std::vector<io::Address> bootstrap;
    for (const auto& text : list_of(settings.handle_bootstrap)) {
        TRY(auto address, io::parse_address(text));
        bootstrap.push_back(std::move(address));
    }
    if (bootstrap.empty() && !settings.handle_listen.empty()) {
        return fail(Code::invalid,
                    "node.role = recursive needs handle.bootstrap: whom to ask first");
    }
    identity::ResolverLimits limits;
    limits.prefetch_hits_min = 4;
    return std::make_unique<identity::Resolver>(shards, std::move(bootstrap),
                                                limits, list_of(settings.handle_trusted_keys));
}

}  // namespace

namespace {

io::Task<std::vector<std::string>> homed_there(const identity::Registry* registry) {
    co_return registry->homed_prefixes();
}

}  // namespace

NamingRoom::NamingRoom(Rooms rooms, const Settings& settings,
                       std::unique_ptr<identity::Registry> registry,
                       std::unique_ptr<identity::Resolver> resolver,
                       std::optional<trust::RsaKey> key)
    : listen_(settings.handle_listen),
      pool_listen_(settings.handle_pool_listen),
      prefixes_(list_of(settings.handle_prefix)),
      shards_(rooms.shards),
      audit_(rooms.audit),
      is_read_only_(rooms.store.is_read_only()),
      is_mirror_(!settings.handle_mirror_of.empty()),
      site_servers_(list_of(settings.handle_site_servers)),
      site_server_(static_cast<std::size_t>(settings.handle_site_server)),
      key_(std::move(key)),
      registry_(std::move(registry)),
      resolver_(std::move(resolver)),
      proofs_("proofs", io::Workers::Limits{.threads = 2, .queued_max = 4'096}),
      signers_("signatures",
               io::Workers::Limits{.threads = static_cast<unsigned>(rooms.shards.size()),
                                   .queued_max = 16'384}),
      limits_(door_limits(settings)),
      responder_({*registry_, rooms.shards, proofs_, resolver_.get(), key_ ? &*key_ : nullptr,
                  &signers_, references_of(settings.handle_mirrors)},
                 handle::Site{}, limits_),
      door_(responder_, rooms.shards, limits_),
      pool_door_(responder_, rooms.shards, limits_, true),
      rest_({*registry_, responder_, rooms.porter, rooms.loopback_role, rooms.audit,
             rooms.shards, proofs_},
            limits_) {
    if (!key_ || is_mirror_ || is_read_only_) return;
    identity::ValueSigner::Settings wish;
    for (const auto& prefix : prefixes_) wish.prefixes.push_back(handle::fold(prefix));
    wish.signs_all = settings.handle_sign_values;
    signer_.emplace(*key_, signers_, std::move(wish));
    registry_->set_signer(*signer_);
}

Result<std::unique_ptr<NamingRoom>> NamingRoom::open(Rooms rooms, const Settings& settings) {
    std::optional<trust::SealKey> seal;
    if (rooms.seal != nullptr) seal = rooms.seal->derive("HS_SECKEY");
    TRY(auto registry,
        identity::Registry::open(rooms.store, rooms.shards, rooms.lanes,
                                 {.is_case_sensitive = settings.handle_case_sensitive,
                                  .seal = std::move(seal)},
                                 {}));
    TRY(auto resolver, resolver_of(rooms.shards, settings));
    std::optional<trust::RsaKey> key;
    const bool listens = !settings.handle_listen.empty() || !settings.handle_pool_listen.empty() ||
                         !settings.handle_mirror_of.empty();
    if (listens && rooms.seal != nullptr && !rooms.store.is_read_only()) {
        TRY(key, identity::open_node_key(rooms.store, rooms.shards, *rooms.lanes[0], *rooms.seal));
    }
    std::unique_ptr<NamingRoom> out(new NamingRoom(rooms, settings, std::move(registry),
                                                   std::move(resolver), std::move(key)));
    if (!rooms.store.is_read_only()) {
        TRY_VOID(out->open_mirror(rooms, settings));
        TRY_VOID(out->home_prefixes(settings));
    }
    NamingProduct::Rooms product{rooms.store, rooms.shards, rooms.lanes, *out->registry_,
                                 out->resolver_.get(), {}, {}, nullptr};
    product.trusted = list_of(settings.handle_trusted_keys);
    if (out->key_) {
        TRY(product.own_key,
            identity::fingerprint_of(identity::public_key_of(*out->key_)));
    }
    if (out->signer_) product.signer = &*out->signer_;
    TRY(out->product_, NamingProduct::open(std::move(product), settings));
    out->responder_.set_restricted([book = &out->product_->desk().book](const std::string& prefix) {
        const auto holder = book->holder_of(prefix);
        return holder && *holder && (*holder)->state != identity::PrefixState::active;
    });
    return out;
}

Result<void> NamingRoom::home_prefixes(const Settings& settings) {
    for (const auto& prefix : list_of(settings.handle_prefix)) {
        const auto homed = shards_.run_blocking(
            ShardIndex(0), registry_->home(prefix, identity::Authority{true, {}}));
        if (!homed.is_good()) {
            return fail(Code::unavailable,
                        fmt::format("handle.prefix = {}: {}", prefix,
                                    homed.message.empty() ? handle::words_of(homed.answer)
                                                          : std::string_view(homed.message)));
        }
    }
    return {};
}

Result<void> NamingRoom::open_mirror(Rooms rooms, const Settings& settings) {
    const auto servers = site_servers_.size();
    if (servers > 0 && site_server_ >= servers) {
        return fail(Code::invalid,
                    fmt::format("handle.site_server = {}: handle.site_servers names {}, from 0",
                                site_server_, servers));
    }
    if (!is_mirror_) return {};
    const auto keys = references_of(settings.handle_mirror_key);
    if (keys.size() != 1 || !key_) {
        return fail(Code::invalid,
                    "handle.mirror_of needs handle.mirror_key: where the origin keeps this node's key");
    }
    identity::Mirror::Settings wish;
    TRY(wish.origin, io::parse_address(settings.handle_mirror_of));
    wish.trusted = list_of(settings.handle_trusted_keys);
    wish.who = keys[0];
    mirror_ = std::make_unique<identity::Mirror>(*registry_, rooms.store, rooms.shards,
                                                 *rooms.lanes[0], *key_, std::move(wish));
    return {};
}

// What GET_SITE_INFO says: the servers of the site, both transports, and this one's key.
handle::Site NamingRoom::site_at(const io::Address& address) const {
    handle::Site site;
    site.is_primary = !is_mirror_;
    for (const auto& text : site_servers_) {
        auto server = server_at(io::parse_address(text).value_or(io::Address{}));
        server.id = static_cast<std::uint32_t>(site.servers.size() + 1);
        site.servers.push_back(std::move(server));
    }
    if (site.servers.empty()) site.servers.push_back(server_at(address));
    auto& own = site.servers[std::min(site_server_, site.servers.size() - 1)];
    if (key_) own.public_key = identity::public_key_of(*key_);
    return site;
}

Result<std::string> NamingRoom::listen() {
    if (mirror_) mirror_->start();
    if (listen_.empty()) return std::string();
    TRY(auto address, io::parse_address(listen_));
    if (auto opened = door_.open(address); !opened)
        return std::unexpected(opened.error().in("handle.listen = " + listen_));
    door_is_open_ = true;
    address.port = door_.port();
    responder_.set_site(site_at(address));
    publish_key();
    publish_certificates();
    keep_certificates();
    return address.text();
}

Result<std::string> NamingRoom::listen_for_pools() {
    if (pool_listen_.empty()) return std::string();
    TRY(auto address, io::parse_address(pool_listen_));
    if (auto opened = pool_door_.open(address); !opened)
        return std::unexpected(opened.error().in("handle.pool_listen = " + pool_listen_));
    pool_is_open_ = true;
    address.port = pool_door_.port();
    if (!door_is_open_) responder_.set_site(site_at(address));
    return address.text();
}

// Into the prefix handle, unless it stands there.
void NamingRoom::put_value(const std::string& prefix, handle::Value value) {
    const auto known = registry_->values_of(handle::prefix_handle(prefix));
    const bool is_there =
        known && *known && std::ranges::any_of(**known, [&](const handle::Value& one) {
            return one.index == value.index && one.type == value.type && one.data == value.data;
        });
    if (is_there) return;
    const std::string type = value.type;
    const auto kept = shards_.run_blocking(
        ShardIndex(0), identity::put_at_prefix(registry_.get(), prefix, std::move(value)));
    if (!kept.is_good())
        log::warn("handle: {} of 0.NA/{} could not be published: {}", type, prefix, kept.message);
}

// Where others look for the key, besides the site: with the prefixes that live here.
void NamingRoom::publish_key() {
    if (!key_ || is_read_only_ || is_mirror_) return;
    for (const auto& prefix : prefixes_) {
        put_value(prefix, handle::value_of(identity::ValueSigner::key_index, "HS_PUBKEY",
                                           identity::public_key_of(*key_)));
    }
}

// For the prefixes that this node hosts for others: so what it signs under them leads to its key.
void NamingRoom::publish_certificates() {
    if (!signer_ || !signer_->signs_all()) return;
    const auto homed = shards_.run_blocking(ShardIndex(0), homed_there(registry_.get()));
    for (const auto& prefix : homed) {
        if (signer_->own_above(prefix).empty() || std::ranges::find(prefixes_, prefix) != prefixes_.end())
            continue;
        const auto known = registry_->values_of(handle::prefix_handle(prefix));
        const auto kept = known && *known ? identity::certificate_in(**known, prefix) : std::nullopt;
        if (kept && signer_->made(kept->jws)) continue;  // else of a former key of this node
        auto made = shards_.run_blocking(ShardIndex(0), signer_->certify_prefix(prefix, "", 0));
        if (made) put_value(prefix, std::move(*made));
    }
}

void NamingRoom::keep_certificates() {
    if (!signer_) return;
    certificates_ = std::make_unique<CertificateRounds>(
        CertificateRounds::Rooms{shards_, *registry_, *signer_, product_->desk().book, audit_});
    certificates_->start();
}

io::Task<std::string> NamingRoom::metrics() {
    std::string page;
    const auto add = [&page](std::string_view name, std::uint64_t value) {
        page += fmt::format(
            "# TYPE lineshaft_handle_{0}_total counter\nlineshaft_handle_{0}_total {1}\n", name,
            value);
    };
    auto stats = co_await responder_.all_stats();
    for (const auto& field : handle::stat_fields()) add(field.name, stats.*field.member);
    if (resolver_) {
        auto resolved = co_await resolver_->stats();
        add("recursive_asked", resolved.asked);
        add("recursive_cached", resolved.cached);
        add("recursive_stale", resolved.stale);
        add("recursive_questions", resolved.questions);
        add("recursive_failed", resolved.failed);
        add("recursive_poisoned", resolved.poisoned);
        add("recursive_forged", resolved.forged);
        add("recursive_prefetched", resolved.prefetched);
    }
    if (mirror_) {
        auto mirrored = co_await mirror_->stats();
        add("mirror_received", mirrored.received);
        add("mirror_failed", mirrored.failed);
        page += fmt::format("# TYPE lineshaft_handle_mirror_is_following gauge\n"
                            "lineshaft_handle_mirror_is_following {}\n",
                            mirrored.is_following ? 1 : 0);
    }
    if (certificates_) {
        auto certified = co_await certificates_->metrics();
        page += certified;
    }
    const auto datagrams = door_.datagram_stats();
    add("datagrams_received", datagrams.received);
    add("datagrams_sent", datagrams.sent);
    add("datagrams_dropped", datagrams.dropped_full + datagrams.dropped_long);
    co_return page;
}

void NamingRoom::close() {
    if (std::exchange(is_closed_, true)) return;
    if (certificates_) certificates_->close();
    if (product_) product_->close();
    if (mirror_) mirror_->close();
    door_.close();
    pool_door_.close();
    if (resolver_) resolver_->close();
}

}  // namespace lineshaft::app
