// Inside dispatch/fleet: a fleet as a problem, with the names of what is in it.
#pragma once
#include "dispatch/fleet/desk.h"

namespace lineshaft::dispatch {

struct FleetDesk::Draft {
    std::shared_ptr<solve::Problem> problem;
    std::vector<std::string> machines;  ///< of a vehicle
    std::vector<PlaceOf> places;        ///< of a job, ascending
    std::vector<LeftOut> past;
    std::vector<solve::Order> orders;         ///< the plan in force
    std::vector<solve::Point> goals, starts;  ///< of jobs, of vehicles
    std::map<PlaceOf, std::uint32_t> job_of;
    std::map<std::string, std::uint32_t> vehicle_of;
    std::map<std::string, std::vector<const Allocation*>> before;  ///< of a machine
};

}  // namespace lineshaft::dispatch
