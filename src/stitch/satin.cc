// Sewing columns. Idea: a stroke is left where it was entered, with satin lying over the underlay
// that led to its far end; side strokes are sewn on the way out, so that the stroke they join
// covers their beginnings. A letter is then one go without a cut.
#include <algorithm>

#include "stitch/column.h"

namespace lineshaft::stitch {
namespace {

constexpr double bean_width = 0.48;      // narrower drawings are lines, sewn there and back
constexpr double half_width_min = 0.42;  // of satin: the thread itself is 0.4 wide
constexpr double edge_inset = 0.4;

class Net {
public:
    Net(Sewer& sewer, const Columns& columns, const Router& router, const Settings& settings)
        : sewer_(sewer),
          columns_(columns.columns),
          router_(router),
          settings_(settings),
          is_done_(columns.columns.size()) {
        double width = 0, whole = 0;
        for (const Column& column : columns_) {
            const double size = length_of(column.middle);
            width += column.width_mean * size, whole += size;
        }
        is_line_ = width < bean_width * whole;
    }

    void sew(Place next) {
        while (true) {
            int best = -1;
            std::size_t best_rib = 0;
            double best_far = 1e18;
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                if (is_done_[i]) continue;
                const Column& column = columns_[i];
                const double longer = 1 / (1 + length_of(column.middle));
                for (const std::size_t rib : entries(column)) {
                    // Rather a stroke that joins nothing: all others can be reached from it.
                    const double joined =
                        column.begin.spine >= 0 || column.end.spine >= 0 ? 1e4 : 0;
                    const double far =
                        distance(column.middle[rib], sewer_.place()) + joined + longer;
                    if (far < best_far) best_far = far, best = static_cast<int>(i), best_rib = rib;
                }
            }
            if (best < 0) return;
            const Column& column = columns_[static_cast<std::size_t>(best)];
            const std::size_t last = column.middle.size() - 1;
            const Place other = column.middle[best_rib == 0 ? last : 0];
            const bool goes_on = !column.is_closed &&
                                 distance(other, next) < distance(column.middle[best_rib], next);
            if (has_begun_)
                travel(column.middle[best_rib]);
            else
                sewer_.go_to(column.middle[best_rib]);
            has_begun_ = true;
            visit(best, best_rib, goes_on);
        }
    }

private:
    static std::vector<std::size_t> entries(const Column& column) {
        const std::size_t last = column.middle.size() - 1;
        if (!column.is_closed) return {0, last};
        std::vector<std::size_t> ribs;
        for (int i = 0; i < 8; ++i) ribs.push_back(last * static_cast<std::size_t>(i) / 8);
        return ribs;
    }

    // A stroke to be sewn from `rib` of the one it touches, entered at its own `own`.
    struct Side {
        std::size_t rib;
        int column;
        std::size_t own;
    };

    std::vector<Side> sides_of(int number) const {
        std::vector<Side> sides;
        const Column& self = columns_[static_cast<std::size_t>(number)];
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (is_done_[i]) continue;
            const Column& other = columns_[i];
            const std::size_t last = other.middle.size() - 1;
            if (other.begin.spine == number)
                sides.push_back({other.begin.place, static_cast<int>(i), 0});
            else if (other.end.spine == number)
                sides.push_back({other.end.place, static_cast<int>(i), last});
        }
        if (self.begin.spine >= 0) sides.push_back({0, self.begin.spine, self.begin.place});
        if (self.end.spine >= 0)
            sides.push_back({self.middle.size() - 1, self.end.spine, self.end.place});
        std::erase_if(sides, [&](const Side& side) {
            return is_done_[static_cast<std::size_t>(side.column)];
        });
        return sides;
    }

    void visit(int number, std::size_t rib, bool goes_on) {
        is_done_[static_cast<std::size_t>(number)] = true;
        if (++depth_ > 200) {  // strokes of one letter; deeper is left to the next go
            is_done_[static_cast<std::size_t>(number)] = false;
            --depth_;
            return;
        }
        const Column& column = columns_[static_cast<std::size_t>(number)];
        const std::size_t last = column.middle.size() - 1;
        auto sides = sides_of(number);
        if (column.is_closed) {
            ring(column, rib, sides);
        } else if (rib <= 3 || rib + 3 >= last) {
            half(column, rib <= 3 ? 0 : last, rib <= 3 ? last : 0, sides, goes_on);
        } else {
            half(column, rib, last, sides, false);
            half(column, rib, 0, sides, false);
        }
        --depth_;
    }

    void go_into(const std::vector<Side>& sides, std::size_t from, std::size_t to) {
        for (const Side& side : sides) {
            const bool is_passed = from <= to ? side.rib >= from && side.rib <= to
                                              : side.rib <= from && side.rib >= to;
            if (!is_passed || is_done_[static_cast<std::size_t>(side.column)]) continue;
            const Place back = sewer_.place();
            const Column& column = columns_[static_cast<std::size_t>(side.column)];
            travel(column.middle[side.own]);
            visit(side.column, side.own, false);
            if (distance(back, sewer_.place()) > 1.0) travel(back);
        }
    }

    // To another place of the shape, inside it where that is not far round.
    void travel(Place to) {
        const Line way = router_.way(sewer_.place(), to);
        if (way.size() > 1 && length_of(way) < 25)
            sewer_.run(way, 2.0);
        else
            sewer_.go_to(to);
    }

    // Out along `rail` from one rib to another, into the side strokes on the way.
    void out(const Line& rail, std::size_t from, std::size_t to, double step,
             std::vector<Side> sides) {
        std::ranges::stable_sort(sides, [&](const Side& a, const Side& b) {
            return from <= to ? a.rib < b.rib : a.rib > b.rib;
        });
        std::size_t here = from;
        for (const Side& side : sides) {
            const bool is_passed = from <= to ? side.rib >= here && side.rib <= to
                                              : side.rib <= here && side.rib >= to;
            if (!is_passed || is_done_[static_cast<std::size_t>(side.column)]) continue;
            sewer_.run(part(rail, here, side.rib), step);
            here = side.rib;
            go_into({side}, here, here);
        }
        sewer_.run(part(rail, here, to), step);
    }

    static Line part(const Line& line, std::size_t from, std::size_t to) {
        Line out;
        for (std::size_t i = from; i != to; from < to ? ++i : --i) out.push_back(line[i]);
        out.push_back(line[to]);
        return out;
    }

    static Line inset(const Column& column, double by, bool is_left) {
        Line line;
        for (std::size_t i = 0; i < column.middle.size(); ++i) {
            const Place edge = is_left ? column.left[i] : column.right[i],
                        other = is_left ? column.right[i] : column.left[i];
            const double width = distance(edge, other);
            line.push_back(width < 2.5 * by ? between(edge, other, 0.4)
                                            : between(edge, other, by / width));
        }
        return line;
    }

    void half(const Column& column, std::size_t from, std::size_t to,
              const std::vector<Side>& sides, bool goes_on) {
        if (is_line_) {
            out(column.middle, from, to, 1.2, sides);
            if (!goes_on) sewer_.run(part(column.middle, to, from), 1.2);
            return;
        }
        const bool is_wide = column.width_mean > 2.2 || settings_.fabric.is_underlay_doubled;
        if (is_wide) {
            const bool is_left = from <= to;
            sewer_.run(shortened(part(inset(column, edge_inset, is_left), from, to)), 2.5);
            sewer_.run(shortened(part(inset(column, edge_inset, !is_left), to, from)), 2.5);
        }
        if (is_wide && column.width_mean > 3.2) {
            for (const Side& side : sides) go_into({side}, std::min(from, to), std::max(from, to));
            zigzag(column, from, to);
        } else {
            out(column.middle, from, to, 2.0, sides);
        }
        if (goes_on) {
            sewer_.run(part(column.middle, to, from), 2.5);
            satin(column, from, to);
        } else {
            satin(column, to, from);
        }
    }

    // Underlay keeps clear of the ends, too.
    static Line shortened(const Line& line) {
        const double total = length_of(line);
        if (total < 3 * edge_inset) return line;
        Line out;
        double at = 0;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (i > 0) at += distance(line[i - 1], line[i]);
            if (at >= edge_inset && at <= total - edge_inset) out.push_back(line[i]);
        }
        return out.empty() ? line : out;
    }

    void zigzag(const Column& column, std::size_t from, std::size_t to) {
        const Line left = inset(column, edge_inset + 0.2, true),
                   right = inset(column, edge_inset + 0.2, false);
        const Line way = part(column.middle, from, to);
        double since = 0;
        bool is_left = true;
        for (std::size_t i = 0; i < way.size(); ++i) {
            if (i > 0) since += distance(way[i - 1], way[i]);
            if (since < 1.5 && i + 1 < way.size()) continue;
            since = 0;
            const std::size_t rib = from <= to ? from + i : from - i;
            leap(is_left ? left[rib] : right[rib], 4.0);
            is_left = !is_left;
        }
    }

    void ring(const Column& column, std::size_t rib, std::vector<Side> sides) {
        Column turned = column;
        const auto count = column.middle.size() - 1;  // the last is the first again
        const auto turn = [&](const Line& line) {
            Line out;
            for (std::size_t i = 0; i <= count + 3; ++i) out.push_back(line[(rib + i) % count]);
            return out;
        };
        turned.middle = turn(column.middle), turned.left = turn(column.left),
        turned.right = turn(column.right);
        for (Side& side : sides) side.rib = (side.rib % count + count - rib % count) % count;
        half(turned, 0, turned.middle.size() - 1, sides, false);
    }

    void leap(Place to, double most) {
        const Place from = sewer_.place();
        const double far = distance(from, to);
        const int pieces = static_cast<int>(std::ceil(far / most));
        for (int i = 1; i <= pieces; ++i)
            sewer_.stitch(between(from, to, static_cast<double>(i) / pieces));
    }

    // How far the faster rail gets from rib to rib, summed.
    static std::vector<double> advance(const Column& column, std::size_t from, std::size_t to) {
        std::vector<double> at{0};
        for (std::size_t i = from; i != to;) {
            const std::size_t next = from < to ? i + 1 : i - 1;
            const double left = distance(column.left[i], column.left[next]),
                         right = distance(column.right[i], column.right[next]);
            at.push_back(at.back() + std::max(left, right));
            i = next;
        }
        return at;
    }

    void satin(const Column& column, std::size_t from, std::size_t to) {
        const auto at = advance(column, from, to);
        const double spacing = settings_.fabric.spacing_mm / 2;
        const auto count = static_cast<std::size_t>(std::max(2.0, std::round(at.back() / spacing)));
        const double pull = settings_.fabric.pull_mm;
        std::size_t next = 1;
        Place last_full[2] = {{1e9, 1e9}, {1e9, 1e9}};
        bool was_short[2] = {false, false};
        for (std::size_t i = 0; i <= count; ++i) {
            const double here = at.back() * static_cast<double>(i) / static_cast<double>(count);
            while (next + 1 < at.size() && at[next] < here) ++next;
            const double side = at[next] - at[next - 1];
            const double along = side > 0 ? std::clamp((here - at[next - 1]) / side, 0.0, 1.0) : 0;
            const std::size_t a = from <= to ? from + next - 1 : from - next + 1,
                              b = from <= to ? from + next : from - next;
            Place left = between(column.left[a], column.left[b], along),
                  right = between(column.right[a], column.right[b], along);
            const Place across = unit(right - left);
            const double width = distance(left, right);
            const double more = std::max(pull, half_width_min - width / 2);
            left = left - across * more, right = right + across * more;
            const std::size_t which = i % 2;
            const Place edge = which == 0 ? left : right, other = which == 0 ? right : left;
            // Where a rail turns tightly, every other stitch stops short of it.
            const bool is_tight = distance(edge, last_full[which]) < 0.25;
            if (is_tight && !was_short[which] && width > 1.2) {
                was_short[which] = true;
                put(between(edge, other, std::clamp(0.15 + 0.3 / width, 0.15, 0.35)), i);
            } else {
                was_short[which] = false;
                last_full[which] = edge;
                put(edge, i);
            }
        }
    }

    // One satin stitch; long ones go down on the way, each time elsewhere.
    void put(Place to, std::size_t number) {
        const Place from = sewer_.place();
        const double far = distance(from, to);
        if (far > settings_.satin_split_mm) {
            const int pieces = static_cast<int>(std::ceil(far / settings_.satin_split_mm));
            const double shift = (static_cast<double>(number % 5) - 2) * 0.06;
            for (int i = 1; i < pieces; ++i) sewer_.stitch(between(from, to, (i + shift) / pieces));
        }
        sewer_.stitch(to);
    }

    Sewer& sewer_;
    const std::vector<Column>& columns_;
    const Router& router_;
    const Settings& settings_;
    std::vector<bool> is_done_;
    bool has_begun_ = false;
    bool is_line_ = false;  // one way for all strokes: thin next to broad ones would look torn
    int depth_ = 0;
};

}  // namespace

void sew_columns(Sewer& sewer, const Columns& columns, const Router& router,
                 const Settings& settings, Place next) {
    Net(sewer, columns, router, settings).sew(next);
}

}  // namespace lineshaft::stitch
