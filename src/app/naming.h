#pragma once
#include <memory>
#include <string>

#include "app/settings.h"
#include "gate/handle/door.h"
#include "gate/handle/rest.h"
#include "identity/resolver.h"

namespace lineshaft::app {

/// The node's identifiers and the doors to them. Opened and closed from the main thread; close()
/// before the lanes are flushed.
class NamingRoom {
public:
    struct Rooms {
        store::Store& store;
        io::Shards& shards;
        std::vector<store::Lane*> lanes;
        trust::Porter& porter;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;
    };
    /// Homes what handle.prefix names. Errors: corrupt, unavailable, exhausted; invalid (a recursive
    /// node without handle.bootstrap).
    static Result<std::unique_ptr<NamingRoom>> open(Rooms rooms, const Settings& settings);
    ~NamingRoom() { close(); }

    void add_routes(io::http::Router& router) { rest_.add_routes(router); }
    identity::Registry& registry() { return *registry_; }
    /// UDP and TCP. Gives the address; empty when handle.listen is. Errors name the key.
    Result<std::string> listen();
    bool is_ready() const { return !door_is_open_ || door_.is_accepting(); }
    /// Prometheus text.
    io::Task<std::string> metrics();
    void close();

private:
    NamingRoom(Rooms rooms, const Settings& settings,
               std::unique_ptr<identity::Registry> registry,
               std::unique_ptr<identity::Resolver> resolver);

    std::string listen_;
    std::unique_ptr<identity::Registry> registry_;
    std::unique_ptr<identity::Resolver> resolver_;  // null: not a recursive node
    io::Workers proofs_;
    handle::DoorLimits limits_;
    handle::Responder responder_;
    handle::Door door_;
    handle::Rest rest_;
    bool door_is_open_ = false;
};

}  // namespace lineshaft::app
