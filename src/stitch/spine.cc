#include "stitch/spine.h"

#include <algorithm>
#include <numbers>

#include "stitch/axis.h"

namespace lineshaft::stitch {
namespace {

constexpr double straight_max = 50 * std::numbers::pi / 180;  // runs on through a crossing
constexpr double corner_min = 38 * std::numbers::pi / 180;    // and the outline has a corner, too
constexpr double sharp_min = 85 * std::numbers::pi / 180;

struct BranchEnd {
    int branch = -1;
    bool is_begin = false;
    bool operator==(const BranchEnd&) const = default;
};

// A chain of branches; where it passed crossings; what node it ends at.
struct Chain {
    Line places;
    std::vector<double> radius;
    struct Crossing {
        int node = -1;
        double at = 0;  // mm along
    };
    std::vector<Crossing> crossings;
    int begin_node = -1, end_node = -1;
    bool is_closed = false;
};

std::vector<double> lengths_of(const Line& line) {
    std::vector<double> at(line.size(), 0);
    for (std::size_t i = 1; i < line.size(); ++i)
        at[i] = at[i - 1] + distance(line[i - 1], line[i]);
    return at;
}

// A line and its radius, evenly spaced.
void resample(Line& places, std::vector<double>& radius, double step) {
    const auto at = lengths_of(places);
    const double total = at.back();
    const auto pieces = static_cast<std::size_t>(std::max(2.0, std::round(total / step)));
    Line line;
    std::vector<double> round;
    std::size_t next = 1;
    for (std::size_t i = 0; i <= pieces; ++i) {
        const double here = total * static_cast<double>(i) / static_cast<double>(pieces);
        while (next + 1 < at.size() && at[next] < here) ++next;
        const double side = at[next] - at[next - 1];
        const double part = side > 0 ? std::clamp((here - at[next - 1]) / side, 0.0, 1.0) : 0;
        line.push_back(between(places[next - 1], places[next], part));
        round.push_back(radius[next - 1] + (radius[next] - radius[next - 1]) * part);
    }
    places = std::move(line);
    radius = std::move(round);
}

class Joiner {
public:
    explicit Joiner(const Axis& axis) : axis_(axis), links_(2 * axis.branches.size()) {
        for (std::size_t i = 0; i < axis.nodes.size(); ++i) link(static_cast<int>(i));
    }

    std::vector<Chain> chains() {
        std::vector<Chain> out;
        std::vector<bool> is_done(axis_.branches.size());
        for (const bool wants_closed : {false, true}) {
            for (std::size_t i = 0; i < axis_.branches.size(); ++i) {
                if (is_done[i] || axis_.branches[i].is_gone) continue;
                const BranchEnd start = first_end({static_cast<int>(i), true}, wants_closed);
                if (start.branch < 0) continue;
                out.push_back(walk(start, is_done));
            }
        }
        return out;
    }

private:
    static std::size_t slot(BranchEnd end) {
        return 2 * static_cast<std::size_t>(end.branch) + (end.is_begin ? 0 : 1);
    }
    const Axis::Branch& branch(int number) const {
        return axis_.branches[static_cast<std::size_t>(number)];
    }

    Place direction(BranchEnd end, double radius) const {
        Line line = branch(end.branch).places;
        if (!end.is_begin) std::ranges::reverse(line);
        const double total = length_of(line);
        return unit(along(line, std::min(total, 1.8 * radius)) -
                    along(line, std::min(0.4 * total, 0.6 * radius)));
    }

    void link(int number) {
        const auto& node = axis_.nodes[static_cast<std::size_t>(number)];
        if (node.branches.size() < 2) return;
        std::vector<BranchEnd> ends;
        for (const int one : node.branches) {
            const BranchEnd from{one, true}, to{one, false};
            const bool is_known = std::ranges::find(ends, from) != ends.end();
            if (branch(one).from == number && !is_known)
                ends.push_back(from);
            else
                ends.push_back(to);
        }
        std::vector<Place> ways;
        for (const BranchEnd end : ends) ways.push_back(direction(end, node.radius));
        while (true) {
            double best = ends.size() == 2 ? 4 : straight_max;
            std::size_t a = 0, b = 0;
            for (std::size_t i = 0; i < ends.size(); ++i) {
                for (std::size_t k = i + 1; k < ends.size(); ++k) {
                    const double bend = std::acos(std::clamp(-dot(ways[i], ways[k]), -1.0, 1.0));
                    if (bend < best) best = bend, a = i, b = k;
                }
            }
            if (a == b) return;
            links_[slot(ends[a])] = ends[b];
            links_[slot(ends[b])] = ends[a];
            for (const std::size_t gone : {b, a}) {
                ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(gone));
                ways.erase(ways.begin() + static_cast<std::ptrdiff_t>(gone));
            }
            if (ends.size() < 2) return;
        }
    }

    // The end a chain through `from` begins with; none when it is a ring and none is wanted.
    BranchEnd first_end(BranchEnd from, bool wants_closed) const {
        BranchEnd here = from;
        for (std::size_t guard = 0; guard <= 2 * axis_.branches.size(); ++guard) {
            const BranchEnd before = links_[slot(here)];
            if (before.branch < 0) return here;
            here = {before.branch, !before.is_begin};
            if (here == from) return wants_closed ? from : BranchEnd{};
        }
        return wants_closed ? from : BranchEnd{};
    }

    Chain walk(BranchEnd start, std::vector<bool>& is_done) const {
        Chain chain;
        double at = 0;
        BranchEnd here = start;
        while (true) {
            const auto& one = branch(here.branch);
            is_done[static_cast<std::size_t>(here.branch)] = true;
            Line line = one.places;
            std::vector<double> radius = one.radius;
            if (!here.is_begin) std::ranges::reverse(line), std::ranges::reverse(radius);
            const int node_in = here.is_begin ? one.from : one.to,
                      node_out = here.is_begin ? one.to : one.from;
            if (chain.places.empty())
                chain.begin_node = node_in;
            else
                chain.crossings.push_back({node_in, at});
            const std::size_t skip = chain.places.empty() ? 0 : 1;
            chain.places.insert(chain.places.end(),
                                line.begin() + static_cast<std::ptrdiff_t>(skip), line.end());
            chain.radius.insert(chain.radius.end(),
                                radius.begin() + static_cast<std::ptrdiff_t>(skip), radius.end());
            at += length_of(line);
            chain.end_node = node_out;
            const BranchEnd out = links_[slot({here.branch, !here.is_begin})];
            if (out.branch < 0) break;
            if (is_done[static_cast<std::size_t>(out.branch)]) {
                chain.is_closed = out == start;
                break;
            }
            here = out;
        }
        return chain;
    }

    const Axis& axis_;
    std::vector<BranchEnd> links_;
};

// Crossings pull the middle aside and widen it: both are carried across in a straight line.
void straighten(Chain& chain, const Axis& axis) {
    const auto at = lengths_of(chain.places);
    for (const auto& crossing : chain.crossings) {
        const auto& node = axis.nodes[static_cast<std::size_t>(crossing.node)];
        if (node.branches.size() < 3) continue;
        const double zone = 1.15 * node.radius;
        const auto first =
            static_cast<std::size_t>(std::ranges::lower_bound(at, crossing.at - zone) - at.begin());
        const auto last = std::min(
            at.size() - 1, static_cast<std::size_t>(
                               std::ranges::lower_bound(at, crossing.at + zone) - at.begin()));
        if (last <= first + 1) continue;
        const bool at_begin = first == 0, at_end = last + 1 == at.size();
        for (std::size_t i = first; i <= last; ++i) {
            const double part = (at[i] - at[first]) / (at[last] - at[first]);
            const double from = at_begin ? chain.radius[last] : chain.radius[first];
            const double to = at_end ? from : chain.radius[last];
            const double carried = from + (to - from) * part;
            chain.radius[i] = std::min(chain.radius[i], carried);
            if (!at_begin && !at_end && i != first && i != last)
                chain.places[i] = between(chain.places[first], chain.places[last], part);
        }
    }
}

void smooth(Line& places, const std::vector<double>& radius, double step, bool is_closed) {
    const auto count = static_cast<std::ptrdiff_t>(places.size());
    for (int round = 0; round < 2; ++round) {
        Line out = places;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            const bool is_end = !is_closed && (i == 0 || i == count - 1);
            if (is_end) continue;
            auto reach =
                static_cast<std::ptrdiff_t>(0.45 * radius[static_cast<std::size_t>(i)] / step) + 1;
            if (!is_closed) reach = std::min({reach, i, count - 1 - i});
            Place sum;
            for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
                std::ptrdiff_t index = i + k;
                if (is_closed) index = ((index % (count - 1)) + count - 1) % (count - 1);
                sum = sum + places[static_cast<std::size_t>(index)];
            }
            out[static_cast<std::size_t>(i)] = sum * (1.0 / static_cast<double>(2 * reach + 1));
        }
        places = std::move(out);
    }
}

// Where a column must end and another begin, as indices: corners of the drawing, not bends.
std::vector<std::size_t> corners_of(const Chain& chain, double step, const OutlineIndex& outline) {
    const auto count = static_cast<std::ptrdiff_t>(chain.places.size());
    const auto place = [&](std::ptrdiff_t i) {
        if (chain.is_closed) i = ((i % (count - 1)) + count - 1) % (count - 1);
        return chain.places[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, count - 1))];
    };
    std::vector<double> turn(chain.places.size(), 0);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const double radius = chain.radius[static_cast<std::size_t>(i)];
        const auto reach =
            std::max<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(1.15 * radius / step));
        if (!chain.is_closed && (i < reach || i + reach >= count)) continue;
        const Place in = unit(place(i) - place(i - reach)), out = unit(place(i + reach) - place(i));
        const double bend = std::acos(std::clamp(dot(in, out), -1.0, 1.0));
        if (bend < corner_min) continue;
        const Place outwards = unit(in - out);
        const bool is_cornered = outline.reach(place(i), outwards, 3 * radius) > 1.22 * radius;
        if (bend > sharp_min || is_cornered) turn[static_cast<std::size_t>(i)] = bend;
    }
    std::vector<std::size_t> corners;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const double here = turn[static_cast<std::size_t>(i)];
        if (here == 0) continue;
        const auto reach =
            static_cast<std::ptrdiff_t>(1.3 * chain.radius[static_cast<std::size_t>(i)] / step) + 1;
        bool is_most = true;
        for (std::ptrdiff_t k = std::max<std::ptrdiff_t>(0, i - reach);
             k <= std::min(count - 1, i + reach); ++k) {
            const double other = turn[static_cast<std::size_t>(k)];
            if (other > here || (other == here && k < i)) is_most = false;
        }
        if (is_most) corners.push_back(static_cast<std::size_t>(i));
    }
    return corners;
}

struct Piece {
    Spine spine;
    int begin_node = -1, end_node = -1;
    int begin_after = -1;  // the piece whose corner it begins at
    int end_at = -1;       // the piece whose beginning it ends at
};

void cut(Chain& chain, double step, const OutlineIndex& outline, std::vector<Piece>& out) {
    auto corners = corners_of(chain, step, outline);
    if (chain.is_closed && !corners.empty()) {
        chain.places.pop_back(), chain.radius.pop_back();
        const auto first = static_cast<std::ptrdiff_t>(corners[0] % chain.places.size());
        std::rotate(chain.places.begin(), chain.places.begin() + first, chain.places.end());
        std::rotate(chain.radius.begin(), chain.radius.begin() + first, chain.radius.end());
        chain.places.push_back(chain.places.front()), chain.radius.push_back(chain.radius.front());
        for (std::size_t& corner : corners) corner -= static_cast<std::size_t>(first);
        corners.erase(corners.begin());
    } else if (chain.is_closed) {
        out.push_back({{chain.places, chain.radius, true, {}, {}}});
        return;
    }
    const bool was_ring = chain.is_closed;
    const int first_piece = static_cast<int>(out.size());
    std::size_t from = 0;
    corners.push_back(chain.places.size() - 1);
    for (const std::size_t to : corners) {
        if (to < from + 2) continue;
        Piece piece;
        const auto begin = static_cast<std::ptrdiff_t>(from),
                   end = static_cast<std::ptrdiff_t>(to) + 1;
        piece.spine.places.assign(chain.places.begin() + begin, chain.places.begin() + end);
        piece.spine.radius.assign(chain.radius.begin() + begin, chain.radius.begin() + end);
        if (from == 0 && !was_ring) piece.begin_node = chain.begin_node;
        if (from > 0) piece.begin_after = static_cast<int>(out.size()) - 1;
        if (to + 1 == chain.places.size()) {
            if (was_ring && static_cast<int>(out.size()) > first_piece)
                piece.end_at = first_piece;
            else if (!was_ring)
                piece.end_node = chain.end_node;
        }
        out.push_back(std::move(piece));
        from = to;
    }
}

// Runs on straight to where the outline is.
void draw_out(Spine& spine, bool at_end, const OutlineIndex& outline, double step) {
    if (!at_end) std::ranges::reverse(spine.places), std::ranges::reverse(spine.radius);
    const double radius = spine.radius.back();
    const auto back = std::min(spine.places.size() - 1,
                               static_cast<std::size_t>(std::max(2.0, 1.2 * radius / step)));
    const Place tip = spine.places.back();
    const Place way = unit(tip - spine.places[spine.places.size() - 1 - back]);
    const double most = 2.6 * radius + 0.6;
    const double far = outline.reach(tip, way, most);
    if (far < most) {
        const int pieces = static_cast<int>(far / step);
        for (int i = 1; i <= pieces; ++i) {
            spine.places.push_back(tip + way * (step * i));
            spine.radius.push_back(radius);
        }
        if (far - step * pieces > 0.02)
            spine.places.push_back(tip + way * far), spine.radius.push_back(radius);
    }
    if (!at_end) std::ranges::reverse(spine.places), std::ranges::reverse(spine.radius);
}

// Ends a little inside the column it runs into, with the width it had before.
void draw_in(Spine& spine, bool at_end, double other_radius, double node_radius, double step) {
    if (!at_end) std::ranges::reverse(spine.places), std::ranges::reverse(spine.radius);
    const auto zone = static_cast<std::size_t>(1.3 * node_radius / step);
    const std::size_t before = spine.places.size() - 1 - std::min(zone, spine.places.size() - 1);
    for (std::size_t i = before; i < spine.places.size(); ++i)
        spine.radius[i] = std::min(spine.radius[i], spine.radius[before]);
    const auto off = static_cast<std::size_t>(std::max(0.0, other_radius - 0.45) / step);
    const std::size_t keep =
        std::max<std::size_t>(3, spine.places.size() - std::min(off, spine.places.size()));
    if (keep < spine.places.size()) spine.places.resize(keep), spine.radius.resize(keep);
    if (!at_end) std::ranges::reverse(spine.places), std::ranges::reverse(spine.radius);
}

// The place of another spine next to `at`.
std::pair<int, std::size_t> nearest_place(const std::vector<Piece>& pieces, std::size_t self,
                                          Place at, double most) {
    std::pair<int, std::size_t> best{-1, 0};
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i == self) continue;
        const Line& line = pieces[i].spine.places;
        for (std::size_t k = 0; k < line.size(); ++k) {
            const double far = distance(line[k], at);
            if (far < most) most = far, best = {static_cast<int>(i), k};
        }
    }
    return best;
}

// A blob, such as the dot of an i: one straight column through its middle, upright unless it is
// wide.
std::vector<Spine> straight_spine(const Shape& shape, double step) {
    const Box box = box_of(shape.outline);
    const bool is_upright = box.height() >= 0.8 * box.width();
    const double from = is_upright ? box.top : box.left, to = is_upright ? box.bottom : box.right;
    const double middle = is_upright ? (box.left + box.right) / 2 : (box.top + box.bottom) / 2;
    const int pieces = std::max(3, static_cast<int>((to - from) / step));
    Spine spine;
    for (int i = 0; i <= pieces; ++i) {
        const double at = from + 0.02 + (to - from - 0.04) * i / pieces;
        spine.places.push_back(is_upright ? Place{middle, at} : Place{at, middle});
        spine.radius.push_back(is_upright ? box.width() / 2 : box.height() / 2);
    }
    return {spine};
}

}  // namespace

std::vector<Spine> spines_of(const Shape& shape) {
    constexpr double step = 0.2;
    const Axis axis = axis_of(shape);
    const bool is_blob = std::ranges::all_of(axis.branches, &Axis::Branch::is_gone);
    if (is_blob) return shape.holes.empty() ? straight_spine(shape, step) : std::vector<Spine>{};
    const OutlineIndex outline(shape);
    std::vector<Piece> pieces;
    std::vector<double> node_radius;
    for (Chain& chain : Joiner(axis).chains()) {
        if (chain.places.size() < 2 || length_of(chain.places) < 0.3) continue;
        straighten(chain, axis);
        resample(chain.places, chain.radius, step);
        cut(chain, step, outline, pieces);
    }
    const auto is_crossing = [&](int node) {
        return node >= 0 && axis.nodes[static_cast<std::size_t>(node)].branches.size() >= 3;
    };
    for (Piece& piece : pieces)
        smooth(piece.spine.places, piece.spine.radius, step, piece.spine.is_closed);
    struct Join {
        std::size_t piece;
        bool at_end;
        double other_radius, node_radius;
    };
    std::vector<Join> joins, frees;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        Piece& piece = pieces[i];
        if (piece.spine.is_closed) continue;
        for (const bool at_end : {false, true}) {
            const int node = at_end ? piece.end_node : piece.begin_node;
            const int other = at_end ? piece.end_at : piece.begin_after;
            const Place tip = at_end ? piece.spine.places.back() : piece.spine.places.front();
            Spine::End& end = at_end ? piece.spine.end : piece.spine.begin;
            double around = 0;
            if (other >= 0) {
                const Spine& first = pieces[static_cast<std::size_t>(other)].spine;
                end = {other, at_end ? 0 : first.places.size() - 1};
                around = at_end ? piece.spine.radius.back() : piece.spine.radius.front();
            } else if (is_crossing(node)) {
                around = axis.nodes[static_cast<std::size_t>(node)].radius;
                const auto [spine, place] = nearest_place(pieces, i, tip, 1.5 * around + 0.5);
                // Of spines that only meet end to end, one goes on to the outline: the first.
                const bool is_first =
                    spine > static_cast<int>(i) &&
                    (place < 3 ||
                     place + 3 >= pieces[static_cast<std::size_t>(spine)].spine.places.size());
                if (!is_first) end = {spine, place};
            }
            if (end.spine < 0) {
                frees.push_back({i, at_end, 0, 0});
            } else {
                const double other_radius =
                    pieces[static_cast<std::size_t>(end.spine)].spine.radius[end.place];
                joins.push_back({i, at_end, other_radius, around});
            }
        }
    }
    for (const Join& join : joins)
        draw_in(pieces[join.piece].spine, join.at_end, join.other_radius, join.node_radius, step);
    for (const Join& free : frees) {
        draw_out(pieces[free.piece].spine, free.at_end, outline, step);
    }
    std::vector<Spine> spines;
    for (Piece& piece : pieces) spines.push_back(std::move(piece.spine));
    for (Spine& spine : spines) {  // places moved by what grew in front or was cut
        for (Spine::End* end : {&spine.begin, &spine.end}) {
            if (end->spine < 0) continue;
            const auto other = static_cast<std::size_t>(end->spine);
            const Place tip = end == &spine.begin ? spine.places.front() : spine.places.back();
            double most = 1e9;
            for (std::size_t k = 0; k < spines[other].places.size(); ++k) {
                const double far = distance(spines[other].places[k], tip);
                if (far < most) most = far, end->place = k;
            }
        }
    }
    return spines;
}

}  // namespace lineshaft::stitch
