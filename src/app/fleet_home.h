// Inside app: what FleetRooms keeps on its shards.
#pragma once
#include <array>

#include "app/fleet_room.h"

namespace lineshaft::app {

struct FleetRooms::Home {
    explicit Home(OrganisationId id) : organisation(id) {}

    OrganisationId organisation;
    dispatch::Fleet fleet;
    std::uint64_t catalog_version = 0;
    std::set<std::string> known;  // machines of the catalog
    std::set<std::string, std::less<>> followed,
        coming;  // watched; to be watched from the next tick on
    struct LateClock {
        std::int64_t back_s = 0;
        Instant at;
    };
    /// Clocks that were told of before their machine was met (its first second); at most so many.
    std::map<std::string, LateClock> clocks;
    static constexpr std::size_t clocks_max = 1'000;
    std::unique_ptr<twin::Watch> watch;
    std::vector<dispatch::FleetEffects::Record> unsaved;
    std::vector<std::size_t> watchers;  // by shard
    bool is_thinking = false;

    // The beginning: machines are found and met before anything is planned with them.
    bool is_found = false, is_looked_through = false, is_ready = false;
    std::size_t meeting = 0;

    Instant behind_at{};
    std::uint64_t samples = 0;
    std::set<std::string, std::less<>> held;  // keys of POSTs that are being done

    /// Ways between machines and sites. Used by the one planning worker only; let go when nobody
    /// has planned for a while.
    std::shared_ptr<dispatch::Ground> ground;
    Instant planned_at{};

    // Customers: what they were told of our machines, by organisation and machine.
    std::map<std::pair<std::uint32_t, std::string>, dispatch::Fleet::Guest> offered;
    std::uint64_t offered_version = 0;

    struct Planned {
        std::uint64_t plans = 0, late = 0;
        std::array<double, 4> seconds{};  // prepare, search, explain, all of it
    };
    Planned planned;
};

struct FleetRooms::Watcher {
    OrganisationId organisation;
    Show show;
};

struct FleetRooms::OnShard {
    std::map<OrganisationId, std::unique_ptr<Home>> homes;
    std::list<Watcher> watchers;
    io::Wheel::Timer timer;
    std::unique_ptr<io::Nursery> nursery;
    bool is_closing = false;
};

}  // namespace lineshaft::app
