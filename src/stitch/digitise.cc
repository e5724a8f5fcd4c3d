// From artwork to stitches: objects, their order, and what each is sewn with.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numbers>

#include "stitch/check.h"
#include "stitch/column.h"
#include "stitch/fill.h"
#include "stitch/stitch.h"

namespace lineshaft::stitch {
namespace {

constexpr Fabric fabric_table[] = {
    {"twill", 0.20, 0.40, 0.25, false}, {"canvas", 0.17, 0.40, 0.25, false},
    {"denim", 0.20, 0.40, 0.25, false}, {"felt", 0.20, 0.40, 0.25, false},
    {"silk", 0.15, 0.42, 0.28, false},  {"leather", 0.10, 0.50, 0.35, false},
    {"cap", 0.25, 0.40, 0.25, true},    {"pique", 0.33, 0.38, 0.25, true},
    {"jersey", 0.38, 0.40, 0.27, true}, {"fleece", 0.40, 0.38, 0.25, true},
    {"terry", 0.40, 0.36, 0.24, true},
};

// One connected thing to sew.
struct Object {
    std::size_t element = 0;
    Shape shape;
    Line line;
    bool is_letter = false;
    Place middle;
};

Place middle_of(const Contour& contour) {
    const Box box = box_of(contour);
    return {(box.left + box.right) / 2, (box.top + box.bottom) / 2};
}

// What lies under something else is not sewn, but for a rim: thread on thread is stiff and thick.
std::vector<std::vector<Shape>> uncovered(const Artwork& artwork) {
    constexpr std::size_t elements_max = 400;
    constexpr double rim = 0.8;
    constexpr double work_max = 50'000'000;  // some seconds; what is left then lies over each other
    double work = 0;
    std::vector<std::vector<Shape>> out(artwork.elements.size());
    std::vector<Shape> above;
    for (std::size_t i = artwork.elements.size(); i-- > 0;) {
        const Element& element = artwork.elements[i];
        out[i] = element.areas;
        if (element.is_letter || artwork.elements.size() > elements_max) continue;
        work += sweep_work(element.areas) + sweep_work(above);
        if (work > work_max) continue;
        if (!above.empty()) out[i] = without(element.areas, above);
        std::vector<Shape> inner = grown(element.areas, -rim);
        above.insert(above.end(), std::make_move_iterator(inner.begin()),
                     std::make_move_iterator(inner.end()));
        if (above.size() > 1) above = united(above);
    }
    return out;
}

// For each element those of other colours that it lies over, by their numbers.
std::vector<std::vector<std::size_t>> lying_under(const Artwork& artwork,
                                                  const std::vector<Box>& boxes) {
    constexpr std::size_t exact_max =
        3'000;  // pairs looked at closely; further ones by their boxes
    std::size_t looked_at = 0;
    std::vector<std::vector<std::size_t>> under(boxes.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const Element& upper = artwork.elements[i];
        for (std::size_t k = 0; k < i; ++k) {
            const Element& lower = artwork.elements[k];
            const Box& a = boxes[k];
            const Box& b = boxes[i];
            const bool is_near =
                a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
            if (!is_near || lower.colour == upper.colour) continue;
            const bool is_exact =
                upper.lines.empty() && lower.lines.empty() && ++looked_at <= exact_max;
            if (is_exact && common(lower.areas, upper.areas).empty()) continue;
            under[i].push_back(k);
        }
    }
    return under;
}

// Elements colour by colour: all that nothing unsewn of another colour must lie under.
std::vector<std::vector<std::size_t>> colour_blocks(const Artwork& artwork) {
    const std::size_t count = artwork.elements.size();
    std::vector<Box> boxes;
    for (const Element& element : artwork.elements) boxes.push_back(box_of(Artwork{"", {element}}));
    std::vector<bool> is_sewn(count);
    constexpr std::size_t elements_max = 1500;  // more keep the order they are painted in
    std::vector<std::vector<std::size_t>> blocks;
    if (count > elements_max) {
        for (std::size_t i = 0; i < count; ++i) blocks.push_back({i});
        return blocks;
    }
    const auto under = lying_under(artwork, boxes);
    const auto is_free = [&](std::size_t i, const std::vector<bool>& sewn) {
        return std::ranges::all_of(under[i], [&](std::size_t k) { return sewn[k]; });
    };
    for (std::size_t left = count; left > 0;) {
        // A colour that can be finished now is never taken up again; of those, the one used most.
        std::vector<std::size_t> best;
        bool is_best_whole = false;
        std::vector<Colour> tried;
        for (std::size_t i = 0; i < count; ++i) {
            const Colour colour = artwork.elements[i].colour;
            if (is_sewn[i] || std::ranges::find(tried, colour) != tried.end()) continue;
            tried.push_back(colour);
            std::vector<std::size_t> block;
            auto sewn = is_sewn;
            bool is_whole = true;
            for (std::size_t k = 0; k < count; ++k) {
                if (sewn[k] || artwork.elements[k].colour != colour) continue;
                if (is_free(k, sewn))
                    block.push_back(k), sewn[k] = true;
                else
                    is_whole = false;
            }
            const bool is_better =
                is_whole != is_best_whole ? is_whole : block.size() > best.size();
            if (is_better && !block.empty()) best = std::move(block), is_best_whole = is_whole;
        }
        for (const std::size_t i : best) is_sewn[i] = true;
        left -= best.size();
        blocks.push_back(std::move(best));
    }
    return blocks;
}

class Digitiser {
public:
    Digitiser(const Artwork& artwork, const Settings& settings)
        : artwork_(artwork), settings_(settings), sewer_(out_.pattern, settings) {}

    Result<Digitised> work() {
        out_.pattern.name = artwork_.name;
        const auto shapes = uncovered(artwork_);
        for (const auto& block : colour_blocks(artwork_)) {
            std::vector<Object> objects;
            for (const std::size_t i : block) {
                const Element& element = artwork_.elements[i];
                for (const Shape& shape : shapes[i])
                    objects.push_back({i, shape, {}, element.is_letter, middle_of(shape.outline)});
                for (const Line& line : element.lines)
                    objects.push_back({i, {}, line, false, middle_of(line)});
            }
            if (objects.size() > settings_.objects_max) {
                return fail(Code::exhausted,
                            fmt::format("{} separate areas of one colour; at most {}: take fewer "
                                        "colours, or a calmer picture",
                                        objects.size(), settings_.objects_max));
            }
            if (objects.empty()) continue;
            const Colour colour = artwork_.elements[block[0]].colour;
            if (out_.pattern.threads.empty() || out_.pattern.threads.back().colour != colour)
                sewer_.colour({colour, to_text(colour)});
            TRY_VOID(sew_all(std::move(objects)));
        }
        sewer_.end();
        if (counts_of(out_.pattern).stitches == 0) {
            return fail(Code::invalid, "nothing in the artwork is large enough to sew");
        }
        return std::move(out_);
    }

private:
    Result<void> sew_all(std::vector<Object> objects) {
        while (!objects.empty()) {
            const std::size_t best = next_of(objects);
            const Object object = std::move(objects[best]);
            objects.erase(objects.begin() + static_cast<std::ptrdiff_t>(best));
            const Place next = objects.empty() ? object.middle : objects[next_of(objects)].middle;
            sew(object, next);
            if (sewer_.count() > settings_.stitches_max) {
                return fail(
                    Code::exhausted,
                    fmt::format("more than {} stitches: make it smaller, or of fewer colours",
                                settings_.stitches_max));
            }
        }
        return {};
    }

    // Letters in their order, everything else by what is nearest.
    std::size_t next_of(const std::vector<Object>& objects) const {
        std::size_t best = 0;
        double best_far = 1e18;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            if (objects[i].is_letter) return i;
            const double far = distance(objects[i].middle, sewer_.place());
            if (far < best_far) best_far = far, best = i;
        }
        return best;
    }

    void sew(const Object& object, Place next) {
        if (!object.line.empty()) {
            sewer_.go_to(object.line.front());
            sewer_.run(object.line, settings_.run_mm);
            Line back = object.line;
            std::ranges::reverse(back);
            sewer_.run(back, settings_.run_mm);
            return;
        }
        const auto columns = columns_of(object.shape, settings_, object.is_letter);
        if (columns) {
            Router router(object.shape);
            for (const Shape& rest : columns->rest) sew_patch(rest, router);
            sew_columns(sewer_, *columns, router, settings_, next);
            return;
        }
        sew_area(object.shape);
    }

    void sew_patch(const Shape& shape, Router& router) {
        const FillStyle style{std::numbers::pi / 4, 0.4, settings_.fill_stitch_mm, 4, 0.0, false};
        start_near(shape);
        sew_fill(sewer_, shape, style, router);
    }

    void sew_area(const Shape& shape) {
        Router router(shape);
        const double angle = best_angle(shape);
        start_near(shape);
        FillStyle under{angle + std::numbers::pi / 2,
                        3 * settings_.fabric.row_mm,
                        settings_.fill_stitch_mm,
                        4,
                        0,
                        false};
        if (settings_.fabric.is_underlay_doubled) under.row_mm = 2 * settings_.fabric.row_mm;
        for (const Shape& inner : grown({shape}, -0.5)) {
            if (area_of(inner) > 1.5) sew_fill(sewer_, inner, under, router);
        }
        const FillStyle cover{angle, settings_.fabric.row_mm, settings_.fill_stitch_mm, 4,
                              settings_.fabric.pull_mm};
        sew_fill(sewer_, shape, cover, router);
    }

    // Where on the outline it is nearest; a cut when that is far.
    void start_near(const Shape& shape) {
        Place best = shape.outline[0];
        for (const Place& place : shape.outline) {
            if (distance(place, sewer_.place()) < distance(best, sewer_.place())) best = place;
        }
        sewer_.go_to(best);
    }

    const Artwork& artwork_;
    const Settings& settings_;
    Digitised out_;
    Sewer sewer_;
};

void centre(Digitised& out) {
    Pattern& pattern = out.pattern;
    const Bounds bounds = bounds_of(pattern);
    const std::int32_t x = (bounds.left + bounds.right) / 2, y = (bounds.top + bounds.bottom) / 2;
    for (Step& step : pattern.steps) step.x -= x, step.y -= y;
    out.origin = {x / 10.0, y / 10.0};
}

}  // namespace

std::span<const Fabric> fabrics() {
    return fabric_table;
}

const Fabric* fabric_of(std::string_view name) {
    const auto* found = std::ranges::find(fabric_table, name, &Fabric::name);
    return found == std::end(fabric_table) ? nullptr : found;
}

Result<Digitised> digitise(const Artwork& artwork, const Settings& settings) {
    const Box box = box_of(artwork);
    if (box.width() > settings.hoop_width_mm || box.height() > settings.hoop_height_mm) {
        return fail(
            Code::invalid,
            fmt::format("the design is {:.1f} x {:.1f} mm and the hoop {:.1f} x {:.1f} mm: "
                        "{:.1f} mm too wide, {:.1f} mm too high",
                        box.width(), box.height(), settings.hoop_width_mm, settings.hoop_height_mm,
                        std::max(0.0, box.width() - settings.hoop_width_mm),
                        std::max(0.0, box.height() - settings.hoop_height_mm)));
    }
    double work = 0;
    for (const Element& element : artwork.elements) work += sweep_work(element.areas);
    if (work > settings.sweep_max) {
        return fail(Code::exhausted,
                    "the design has too many small areas side by side: simplify it, or let it have "
                    "fewer colours");
    }
    Digitiser digitiser(artwork, settings);
    TRY(Digitised out, digitiser.work());
    centre(out);
    check(artwork, settings, out);
    return out;
}

}  // namespace lineshaft::stitch
