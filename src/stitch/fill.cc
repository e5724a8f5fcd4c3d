#include "stitch/fill.h"

#include <algorithm>
#include <limits>
#include <numbers>

#include "stitch/rows.h"

namespace lineshaft::stitch {
namespace {

constexpr double span_min = 0.35;  // shorter rows are left out

Place turned(Place place, double cosine, double sine) {
    return {place.x * cosine - place.y * sine, place.x * sine + place.y * cosine};
}

Shape turned(const Shape& shape, double angle) {
    const double cosine = std::cos(angle), sine = std::sin(angle);
    Shape out = shape;
    const auto turn = [&](Contour& contour) {
        for (Place& place : contour) place = turned(place, cosine, sine);
    };
    turn(out.outline);
    for (Contour& hole : out.holes) turn(hole);
    return out;
}

struct Row {
    long number = 0;  // y / row height, the same for every shape
    Span span;
};
struct Section {
    std::vector<Row> rows;
    std::vector<std::size_t> beside;  // sections above and below that it touches
};

bool is_touching(const Span& a, const Span& b) {
    return a.from < b.to && b.from < a.to;
}

// Rows one under the other, as long as each has one neighbour above and is its only one below.
std::vector<Section> sections_of(const Shape& shape, double row_mm) {
    const Box box = box_of(shape.outline);
    RowScan scan(shape);
    std::vector<Section> sections;
    std::vector<std::pair<Span, std::size_t>> above, here;
    for (auto number = static_cast<long>(std::ceil(box.top / row_mm + 0.02));
         static_cast<double>(number) * row_mm < box.bottom - 0.02 * row_mm; ++number) {
        here.clear();
        const auto& spans = scan.at(static_cast<double>(number) * row_mm);
        for (const Span& span : spans) {
            if (span.to - span.from < span_min) continue;
            std::size_t touching = 0, section = 0;
            const Span* only = nullptr;
            for (const auto& [other, number_above] : above) {
                if (is_touching(other, span)) ++touching, section = number_above, only = &other;
            }
            const bool is_alone =
                touching == 1 && std::ranges::count_if(spans, [&](const Span& other) {
                                     return is_touching(*only, other) &&
                                            other.to - other.from >= span_min;
                                 }) == 1;
            if (!is_alone) {
                section = sections.size();
                sections.emplace_back();
                for (const auto& [other, number_above] : above) {
                    if (!is_touching(other, span)) continue;
                    sections[section].beside.push_back(number_above);
                    sections[number_above].beside.push_back(section);
                }
            }
            sections[section].rows.push_back({number, span});
            here.emplace_back(span, section);
        }
        std::swap(above, here);
    }
    return sections;
}

class Filler {
public:
    Filler(Sewer& sewer, const FillStyle& style, Router& router)
        : sewer_(sewer),
          style_(style),
          router_(router),
          cosine_(std::cos(style.angle)),
          sine_(std::sin(style.angle)) {}

    // What is reached through a section is sewn before it (a walk through the tree of sections,
    // each sewn when it is left for good), the nearest first.
    void sew(const std::vector<Section>& sections) {
        std::vector<bool> is_known(sections.size());
        std::vector<std::size_t> path;
        const auto nearest = [&](const auto& candidates) {
            std::size_t best = sections.size();
            double best_far = std::numeric_limits<double>::max();
            for (const std::size_t i : candidates) {
                if (is_known[i]) continue;
                const double far = nearest_corner(sections[i]).second;
                if (far < best_far) best_far = far, best = i;
            }
            return best;
        };
        std::vector<std::size_t> by_size(sections.size());
        for (std::size_t i = 0; i < by_size.size(); ++i) by_size[i] = i;
        std::ranges::stable_sort(by_size, std::greater{},
                                 [&](std::size_t i) { return sections[i].rows.size(); });
        for (const std::size_t root : by_size) {
            if (is_known[root]) continue;
            is_known[root] = true;
            path.push_back(root);
            while (!path.empty()) {
                const std::size_t next = nearest(sections[path.back()].beside);
                if (next < sections.size()) {
                    is_known[next] = true;
                    path.push_back(next);
                } else {
                    const Section& section = sections[path.back()];
                    path.pop_back();
                    sew_section(section, path.empty()
                                             ? nearest_corner(section).first
                                             : corner_towards(section, sections[path.back()]));
                }
            }
        }
    }

private:
    // Corners: 1 = from the last row, 2 = from the right.
    Place start_of(const Section& section, int corner) const {
        const Row& row = corner & 1 ? section.rows.back() : section.rows.front();
        return {corner & 2 ? row.span.to : row.span.from,
                static_cast<double>(row.number) * style_.row_mm};
    }
    std::pair<int, double> nearest_corner(const Section& section) const {
        const Place here = turned(sewer_.place(), cosine_, -sine_);
        std::pair<int, double> best{0, std::numeric_limits<double>::max()};
        for (int corner = 0; corner < 4; ++corner) {
            const double far = distance(start_of(section, corner), here);
            if (far < best.second) best = {corner, far};
        }
        return best;
    }
    // So that it ends where the section lies that is sewn later.
    int corner_towards(const Section& section, const Section& later) const {
        const bool is_later_above = later.rows.back().number < section.rows.front().number;
        const int row = is_later_above ? 1 : 0;
        const Place here = turned(sewer_.place(), cosine_, -sine_);
        const bool is_right_nearer =
            distance(start_of(section, row | 2), here) < distance(start_of(section, row), here);
        return is_right_nearer ? row | 2 : row;
    }
    Place back(double x, long number) const {
        return turned({x, static_cast<double>(number) * style_.row_mm}, cosine_, sine_);
    }

    void sew_section(const Section& section, int corner) {
        bool is_leftwards = (corner & 2) != 0;
        const Place turned_start = start_of(section, corner);
        const Place start = turned(turned_start, cosine_, sine_);
        if (sewer_.is_sewing()) {
            const Line way = router_.way(sewer_.place(), start);
            if (way.size() > 1)
                sewer_.run(way, 2.5);
            else
                sewer_.go_to(start);
        }
        const auto& rows = section.rows;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            sew_row(rows[corner & 1 ? rows.size() - 1 - i : i], is_leftwards);
            is_leftwards = !is_leftwards;
        }
    }

    void sew_row(const Row& row, bool is_leftwards) {
        const double from = row.span.from - style_.pull_mm, to = row.span.to + style_.pull_mm;
        const double shift =
            style_.stitch_mm *
            static_cast<double>(((row.number % style_.stagger) + style_.stagger) % style_.stagger) /
            style_.stagger;
        const double first = is_leftwards ? to : from, last = is_leftwards ? from : to;
        const double clear = std::min(0.35 * style_.stitch_mm, 1.0);
        sewer_.stitch(back(first, row.number));
        // Down at fixed places of the cloth, whatever the row's ends, so that rows never line up.
        const auto begin = static_cast<long>(std::ceil((from + clear - shift) / style_.stitch_mm));
        const auto end = static_cast<long>(std::floor((to - clear - shift) / style_.stitch_mm));
        for (long k = begin; k <= end; ++k) {
            const long index = is_leftwards ? end - (k - begin) : k;
            sewer_.stitch(back(static_cast<double>(index) * style_.stitch_mm + shift, row.number));
        }
        sewer_.stitch(back(last, row.number));
        if (style_.is_seen)
            router_.cover(back(row.span.from, row.number), back(row.span.to, row.number));
    }

    Sewer& sewer_;
    const FillStyle& style_;
    Router& router_;
    double cosine_, sine_;
};

}  // namespace

double best_angle(const Shape& shape) {
    const double coarse = std::max(0.5, std::sqrt(area_of(shape)) / 40);
    double best = 0;
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const int eighth : {2, 6, 0, 4, 1, 3, 5, 7}) {
        const double angle = eighth * std::numbers::pi / 8;
        const std::size_t count = sections_of(turned(shape, -angle), coarse).size();
        const std::size_t weight = 2 * count + (eighth == 2 ? 0 : 1);
        if (weight < fewest) fewest = weight, best = angle;
    }
    return best;
}

void sew_fill(Sewer& sewer, const Shape& shape, const FillStyle& style, Router& router) {
    Filler(sewer, style, router).sew(sections_of(turned(shape, -style.angle), style.row_mm));
}

}  // namespace lineshaft::stitch
