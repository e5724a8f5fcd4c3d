#include "app/naming.h"

#include <fmt/format.h>

#include "wire/handle/names.h"

namespace lineshaft::app {
namespace {

handle::DoorLimits door_limits(const Settings& settings) {
    handle::DoorLimits limits;
    limits.answer_datagrams_max = static_cast<unsigned>(settings.handle_udp_answer_datagrams);
    limits.udp_per_second_per_address = static_cast<unsigned>(settings.handle_udp_per_second);
    return limits;
}

// What GET_SITE_INFO says: this one server, both transports.
handle::Site site_at(const io::Address& address) {
    handle::Site site;
    handle::Server server;
    server.interfaces = {
        {handle::Interface::both, handle::Transport::udp, address.port},
        {handle::Interface::both, handle::Transport::tcp, address.port}};
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    if (auto parsed = handle::parse_address(host)) server.address = *parsed;
    site.servers.push_back(std::move(server));
    return site;
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
    return std::make_unique<identity::Resolver>(shards, std::move(bootstrap),
                                                identity::ResolverLimits{});
}

}  // namespace

NamingRoom::NamingRoom(Rooms rooms, const Settings& settings,
                       std::unique_ptr<identity::Registry> registry,
                       std::unique_ptr<identity::Resolver> resolver)
    : listen_(settings.handle_listen),
      registry_(std::move(registry)),
      resolver_(std::move(resolver)),
      proofs_("proofs", io::Workers::Limits{.threads = 2, .queued_max = 4'096}),
      limits_(door_limits(settings)),
      responder_({*registry_, rooms.shards, proofs_, resolver_.get()}, handle::Site{}, limits_),
      door_(responder_, rooms.shards, limits_),
      rest_({*registry_, responder_, rooms.porter, rooms.loopback_role, rooms.audit}, limits_) {}

Result<std::unique_ptr<NamingRoom>> NamingRoom::open(Rooms rooms, const Settings& settings) {
    TRY(auto registry,
        identity::Registry::open(rooms.store, rooms.shards, rooms.lanes,
                                 {.is_case_sensitive = settings.handle_case_sensitive}, {}));
    TRY(auto resolver, resolver_of(rooms.shards, settings));
    std::unique_ptr<NamingRoom> out(
        new NamingRoom(rooms, settings, std::move(registry), std::move(resolver)));
    if (rooms.store.is_read_only()) return out;
    for (const auto& prefix : list_of(settings.handle_prefix)) {
        const auto homed = rooms.shards.run_blocking(
            ShardIndex(0), out->registry_->home(prefix, identity::Authority{true, {}}));
        if (!homed.is_good()) {
            return fail(Code::unavailable,
                        fmt::format("handle.prefix = {}: {}", prefix,
                                    homed.message.empty() ? handle::words_of(homed.answer)
                                                          : std::string_view(homed.message)));
        }
    }
    return out;
}

Result<std::string> NamingRoom::listen() {
    if (listen_.empty()) return std::string();
    TRY(auto address, io::parse_address(listen_));
    if (auto opened = door_.open(address); !opened)
        return std::unexpected(opened.error().in("handle.listen = " + listen_));
    door_is_open_ = true;
    address.port = door_.port();
    responder_.set_site(site_at(address));
    return address.text();
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
    }
    const auto datagrams = door_.datagram_stats();
    add("datagrams_received", datagrams.received);
    add("datagrams_sent", datagrams.sent);
    add("datagrams_dropped", datagrams.dropped_full + datagrams.dropped_long);
    co_return page;
}

void NamingRoom::close() {
    door_.close();
}

}  // namespace lineshaft::app
