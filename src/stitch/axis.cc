// The Voronoi diagram of places on the outline: an edge between two of them that lie far apart
// along the outline runs in the middle of the shape. Places are points, never sides, so that no
// outline, however broken, can trouble the diagram. After Ogniewicz and Kuebler 1995.
#include "stitch/axis.h"

#include <algorithm>
#include <boost/polygon/voronoi.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace lineshaft::stitch {
namespace {

namespace bp = boost::polygon;
constexpr double axis_grid = 1000;  // per mm, as whole numbers are what the diagram takes
constexpr double apart_min = 1.2;   // along the outline, as a multiple of straight across
constexpr double twig = 0.55;       // shorter branches than this x radius are corners
constexpr std::size_t samples_max = 24'000;

// A place on the outline.
struct Sample {
    Place place;
    Place inward;  // the mean of both sides' normals
    int contour = 0;
    double at = 0;  // mm along its contour
};

struct Outline {
    std::vector<Sample> samples;
    std::vector<double> round;  // length of each contour
};

Outline sampled(const Shape& shape) {
    Outline out;
    const double perimeter = perimeter_of(shape);
    const double step = std::max(0.15, perimeter / (0.7 * static_cast<double>(samples_max)));
    std::set<std::pair<int, int>> seen;
    const auto add = [&](const Contour& contour, int number) {
        double at = 0;
        for (std::size_t i = 0; i < contour.size(); ++i) {
            const Place a = contour[i], b = contour[(i + 1) % contour.size()];
            const Place before = contour[(i + contour.size() - 1) % contour.size()];
            const double side = distance(a, b);
            const int pieces = std::max(1, static_cast<int>(std::round(side / step)));
            for (int k = 0; k < pieces; ++k) {
                const Place place = between(a, b, static_cast<double>(k) / pieces);
                const Place normal = left_of(unit(b - a));
                const Place inward = k == 0 ? normal + left_of(unit(a - before)) : normal;
                const std::pair key{static_cast<int>(std::lround(place.x * axis_grid)),
                                    static_cast<int>(std::lround(place.y * axis_grid))};
                if (seen.insert(key).second)
                    out.samples.push_back({{key.first / axis_grid, key.second / axis_grid},
                                           inward,
                                           number,
                                           at + side * k / pieces});
            }
            at += side;
        }
        out.round.push_back(at);
    };
    add(shape.outline, 0);
    for (std::size_t i = 0; i < shape.holes.size(); ++i)
        add(shape.holes[i], static_cast<int>(i) + 1);
    return out;
}

// Whether an edge between these two runs in the middle, not towards the outline.
bool is_across(const Outline& outline, const Sample& a, const Sample& b) {
    if (a.contour != b.contour) return true;
    const double round = outline.round[static_cast<std::size_t>(a.contour)];
    const double far = std::abs(a.at - b.at);
    return std::min(far, round - far) > std::max(0.4, apart_min * distance(a.place, b.place));
}

struct Graph {
    std::vector<Place> places;
    std::vector<double> radius;
    std::vector<std::vector<int>> next;
};

Graph middle_edges(const Outline& outline) {
    std::vector<bp::point_data<int>> points;
    points.reserve(outline.samples.size());
    for (const Sample& sample : outline.samples)
        points.emplace_back(static_cast<int>(std::lround(sample.place.x * axis_grid)),
                            static_cast<int>(std::lround(sample.place.y * axis_grid)));
    bp::voronoi_diagram<double> diagram;
    bp::construct_voronoi(points.begin(), points.end(), &diagram);
    Graph graph;
    std::vector<int> number(diagram.num_vertices(), -2);  // -2: not looked at, -1: outside
    const auto node_of = [&](const bp::voronoi_vertex<double>* vertex, const Sample& near) {
        int& known = number[static_cast<std::size_t>(vertex - diagram.vertices().data())];
        if (known == -2) {
            const Place place{vertex->x() / axis_grid, vertex->y() / axis_grid};
            known = -1;
            if (dot(place - near.place, near.inward) > 0) {
                known = static_cast<int>(graph.places.size());
                graph.places.push_back(place);
                graph.radius.push_back(distance(place, near.place));
                graph.next.emplace_back();
            }
        }
        return known;
    };
    for (const auto& edge : diagram.edges()) {
        if (!edge.is_primary() || edge.vertex0() == nullptr || edge.vertex1() == nullptr) continue;
        if (&edge > edge.twin()) continue;
        const Sample& a = outline.samples[edge.cell()->source_index()];
        const Sample& b = outline.samples[edge.twin()->cell()->source_index()];
        if (!is_across(outline, a, b)) continue;
        const int from = node_of(edge.vertex0(), a), to = node_of(edge.vertex1(), a);
        if (from < 0 || to < 0 || from == to) continue;
        graph.next[static_cast<std::size_t>(from)].push_back(to);
        graph.next[static_cast<std::size_t>(to)].push_back(from);
    }
    return graph;
}

// Chains of nodes with two neighbours become branches; a ring without a crossing gets one node.
Axis branched(const Graph& graph) {
    Axis axis;
    std::vector<int> node_of(graph.places.size(), -1);
    const auto make_node = [&](int place) {
        auto& node = node_of[static_cast<std::size_t>(place)];
        if (node < 0) {
            node = static_cast<int>(axis.nodes.size());
            axis.nodes.push_back({graph.places[static_cast<std::size_t>(place)],
                                  graph.radius[static_cast<std::size_t>(place)],
                                  {}});
        }
        return node;
    };
    std::set<std::pair<int, int>> done;
    const auto walk = [&](int start, int next) {
        if (done.contains({start, next})) return;
        Axis::Branch branch;
        branch.from = make_node(start);
        int before = start, here = next;
        const auto add = [&](int place) {
            branch.places.push_back(graph.places[static_cast<std::size_t>(place)]);
            branch.radius.push_back(graph.radius[static_cast<std::size_t>(place)]);
        };
        add(start);
        done.insert({start, next});
        while (true) {
            add(here);
            const auto& ways = graph.next[static_cast<std::size_t>(here)];
            if (ways.size() != 2 || here == start) break;
            const int onward = ways[0] == before ? ways[1] : ways[0];
            before = here;
            done.insert({here, onward});
            here = onward;
        }
        done.insert({here, before});
        branch.to = make_node(here);
        const int number = static_cast<int>(axis.branches.size());
        axis.nodes[static_cast<std::size_t>(branch.from)].branches.push_back(number);
        axis.nodes[static_cast<std::size_t>(branch.to)].branches.push_back(number);
        axis.branches.push_back(std::move(branch));
    };
    for (std::size_t i = 0; i < graph.next.size(); ++i) {
        if (graph.next[i].size() == 2) continue;
        for (const int next : graph.next[i]) walk(static_cast<int>(i), next);
    }
    for (std::size_t i = 0; i < graph.next.size(); ++i) {
        if (graph.next[i].size() != 2) continue;
        const int next = graph.next[i][0];
        if (!done.contains({static_cast<int>(i), next}) &&
            !done.contains({next, static_cast<int>(i)}))
            walk(static_cast<int>(i), next);
    }
    return axis;
}

// Two branches that meet alone become one.
void join_at(Axis& axis, int at) {
    auto& node = axis.nodes[static_cast<std::size_t>(at)];
    if (node.branches.size() != 2 || node.branches[0] == node.branches[1]) return;
    const int keep = node.branches[0], gone = node.branches[1];
    auto& a = axis.branches[static_cast<std::size_t>(keep)];
    auto& b = axis.branches[static_cast<std::size_t>(gone)];
    const auto turn = [](Axis::Branch& branch) {
        std::swap(branch.from, branch.to);
        std::ranges::reverse(branch.places);
        std::ranges::reverse(branch.radius);
    };
    if (a.to != at) turn(a);
    if (b.from != at) turn(b);
    a.places.insert(a.places.end(), b.places.begin() + 1, b.places.end());
    a.radius.insert(a.radius.end(), b.radius.begin() + 1, b.radius.end());
    a.to = b.to;
    b.is_gone = true;
    node.branches.clear();
    for (int& branch : axis.nodes[static_cast<std::size_t>(a.to)].branches) {
        if (branch == gone) {
            branch = keep;
            break;
        }
    }
}

// How much further the shape reaches because of this end, as a multiple of the crossing's circle.
double reach_of(const Axis& axis, const Axis::Branch& branch) {
    const auto is_leaf = [&](int node) {
        return axis.nodes[static_cast<std::size_t>(node)].branches.size() == 1;
    };
    const bool from_leaf = is_leaf(branch.from), to_leaf = is_leaf(branch.to);
    if (from_leaf == to_leaf || branch.from == branch.to) return 1e9;
    const auto& leaf = axis.nodes[static_cast<std::size_t>(from_leaf ? branch.from : branch.to)];
    const auto& root = axis.nodes[static_cast<std::size_t>(from_leaf ? branch.to : branch.from)];
    return (length_of(branch.places) + leaf.radius - root.radius) / std::max(root.radius, 0.2);
}

// The least twig of all goes first, with its short neighbours at the same crossing: a square end
// has two corners, and neither is where the stroke leads.
void prune(Axis& axis) {
    std::vector<double> reach(axis.branches.size());
    for (std::size_t i = 0; i < reach.size(); ++i) reach[i] = reach_of(axis, axis.branches[i]);
    while (true) {
        const auto least = std::ranges::min_element(reach);
        if (least == reach.end() || *least >= twig) return;
        const auto& first = axis.branches[static_cast<std::size_t>(least - reach.begin())];
        const bool from_leaf =
            axis.nodes[static_cast<std::size_t>(first.from)].branches.size() == 1;
        const int root = from_leaf ? first.to : first.from;
        auto& node = axis.nodes[static_cast<std::size_t>(root)];
        std::vector<int> gone;
        for (const int branch : node.branches) {
            if (reach[static_cast<std::size_t>(branch)] < twig) gone.push_back(branch);
        }
        for (const int branch : gone) {
            axis.branches[static_cast<std::size_t>(branch)].is_gone = true;
            reach[static_cast<std::size_t>(branch)] = 1e9;
            std::erase(node.branches, branch);
        }
        if (node.branches.size() == 2) {
            const int kept = node.branches[0], second = node.branches[1];
            join_at(axis, root);
            reach[static_cast<std::size_t>(kept)] =
                reach_of(axis, axis.branches[static_cast<std::size_t>(kept)]);
            if (axis.branches[static_cast<std::size_t>(second)].is_gone)
                reach[static_cast<std::size_t>(second)] = 1e9;
        }
        for (std::size_t i = 0; i < reach.size(); ++i) {
            const auto& branch = axis.branches[i];
            const bool is_near =
                branch.from == root || branch.to == root || (!gone.empty() && reach[i] < twig);
            if (!branch.is_gone && is_near) reach[i] = reach_of(axis, branch);
        }
        if (node.branches.empty()) continue;
        const auto& rest = node.branches[0];
        if (!axis.branches[static_cast<std::size_t>(rest)].is_gone)
            reach[static_cast<std::size_t>(rest)] =
                reach_of(axis, axis.branches[static_cast<std::size_t>(rest)]);
    }
}

}  // namespace

Axis axis_of(const Shape& shape) {
    const Outline outline = sampled(shape);
    if (outline.samples.size() < 8 || outline.samples.size() > 2 * samples_max) return {};
    Axis axis = branched(middle_edges(outline));
    prune(axis);
    return axis;
}

}  // namespace lineshaft::stitch
