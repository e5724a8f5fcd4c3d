// A problem laid out for the search: rows of legs by stop, neighbours, classes of equal vehicles.
// Inside of solve; not for others.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "solve/problem.h"

namespace lineshaft::solve {

inline constexpr double never = std::numeric_limits<double>::infinity();
inline constexpr double tolerance_s = 1e-7;  ///< what rounding may make of "just in time"

/// A stop of a job; its number is 2 * job, + 1 for a delivery.
struct Node {
    double service = 0, open = 0, close = latest_s;  ///< first opening, last closing
    std::uint32_t place = 0, row = 0;  ///< row: in Model::from, when ways have a direction
    std::uint32_t gap_from = 0, gaps = 0;  ///< between its windows, in Model::gaps
    bool is_excused = false;               ///< kept however late it is
    bool is_fixed = false;                 ///< never taken out
};

/// Vehicles that differ in nothing but their index.
struct VehicleClass {
    std::vector<std::uint32_t> members;
};

class Model {
public:
    /// `problem` has passed check() and outlives the model.
    explicit Model(const Problem& problem);

    const Problem& problem;
    std::vector<Node> nodes;
    std::vector<Span> gaps;  ///< closed between two windows: from the one's end to the next's opening
    std::vector<VehicleClass> classes;
    std::vector<std::uint32_t> class_of;             ///< of a vehicle
    std::vector<std::vector<std::uint32_t>> near;    ///< of a job: other jobs, nearest first
    std::vector<std::vector<std::uint32_t>> classes_near;  ///< of a job: able classes, nearest first
    std::vector<double> depot_cost;                  ///< of a job: from the nearest able vehicle
    bool has_transports = false;
    bool is_small = false;  ///< small enough to look at every route for every job
    std::uint32_t no_place = 0;  ///< where an open route ends: nowhere, no way off

    bool is_transport(std::uint32_t job) const { return problem.jobs[job].then.has_value(); }
    double skip_cost(std::uint32_t job) const { return skip_cost_[job]; }
    bool must(std::uint32_t job) const { return !problem.jobs[job].skip_cost; }
    bool is_able(std::uint32_t vehicle, std::uint32_t job) const;

    /// Legs from every place to the node's, and from the node's to every place (and to no_place).
    const Leg* to(std::uint32_t node) const { return problem.travel->to(nodes[node].place); }
    const Leg* from(std::uint32_t node) const {
        return from_.empty() ? to(node) : &from_[nodes[node].row * stride_];
    }
    /// When its service begins for somebody arriving at `at`; `never` behind the last window.
    double begin(const Node& node, double at) const {
        if (at > node.close + tolerance_s) return never;
        if (node.gaps != 0) [[unlikely]]
            return begin_past_gaps(node, at);
        return at > node.open ? at : node.open;
    }
    /// The last instant not behind `at` at which its service may begin; -never when there is none.
    double last_begin(const Node& node, double at) const;

private:
    double begin_past_gaps(const Node& node, double at) const;
    void lay_out_nodes();
    void lay_out_rows();
    void classify();
    void find_neighbours();

    std::vector<Leg> from_;  ///< empty: all ways are the same in both directions
    std::vector<double> skip_cost_;
    std::size_t stride_ = 0;
};

}  // namespace lineshaft::solve
