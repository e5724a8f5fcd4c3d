// Clipper's part of geometry.h.
#include <algorithm>
#include <polyclipping/clipper.hpp>

#include "stitch/geometry.h"

namespace lineshaft::stitch {
namespace {

namespace cl = ClipperLib;
constexpr double grid = 1000;  // per mm

cl::Path path_of(const Contour& contour) {
    cl::Path path;
    path.reserve(contour.size());
    for (const Place& place : contour)
        path.emplace_back(std::llround(place.x * grid), std::llround(place.y * grid));
    return path;
}

Contour contour_of(const cl::Path& path) {
    Contour contour;
    contour.reserve(path.size());
    for (const cl::IntPoint& point : path)
        contour.push_back(
            {static_cast<double>(point.X) / grid, static_cast<double>(point.Y) / grid});
    return contour;
}

cl::Paths paths_of(const std::vector<Shape>& shapes) {
    cl::Paths paths;
    for (const Shape& shape : shapes) {
        paths.push_back(path_of(shape.outline));
        for (const Contour& hole : shape.holes) paths.push_back(path_of(hole));
    }
    return paths;
}

std::vector<Shape> shapes_of(const cl::PolyTree& tree, double area_min) {
    std::vector<Shape> shapes;
    for (const cl::PolyNode* node = tree.GetFirst(); node != nullptr; node = node->GetNext()) {
        if (node->IsHole() || node->Contour.size() < 3) continue;
        Shape shape{contour_of(node->Contour), {}};
        if (area_of(shape.outline) < 0) std::ranges::reverse(shape.outline);
        if (area_of(shape.outline) < area_min) continue;
        for (const cl::PolyNode* hole : node->Childs) {
            Contour contour = contour_of(hole->Contour);
            if (area_of(contour) > 0) std::ranges::reverse(contour);
            if (contour.size() >= 3 && -area_of(contour) >= area_min)
                shape.holes.push_back(std::move(contour));
        }
        shapes.push_back(std::move(shape));
    }
    return shapes;
}

std::vector<Shape> clipped(cl::ClipType type, const cl::Paths& subjects, const cl::Paths& others,
                           cl::PolyFillType rule, double area_min) {
    cl::Clipper clipper;
    clipper.StrictlySimple(true);
    clipper.AddPaths(subjects, cl::ptSubject, true);
    clipper.AddPaths(others, cl::ptClip, true);
    cl::PolyTree tree;
    clipper.Execute(type, tree, rule, cl::pftNonZero);
    return shapes_of(tree, area_min);
}

std::vector<Shape> offset(const cl::Paths& paths, cl::EndType end, double by) {
    cl::ClipperOffset worker(2.0, 20);  // arcs to 20 um
    worker.AddPaths(paths, cl::jtRound, end);
    cl::PolyTree tree;
    worker.Execute(tree, by * grid);
    return shapes_of(tree, 0.005);
}

}  // namespace

std::vector<Shape> areas(const std::vector<Contour>& contours, FillRule rule, double area_min) {
    cl::Paths paths;
    for (const Contour& contour : contours) paths.push_back(path_of(contour));
    cl::CleanPolygons(paths, 5);
    return clipped(cl::ctUnion, paths, {},
                   rule == FillRule::even_odd ? cl::pftEvenOdd : cl::pftNonZero, area_min);
}

std::vector<Shape> united(const std::vector<Shape>& shapes) {
    return clipped(cl::ctUnion, paths_of(shapes), {}, cl::pftNonZero, 0.005);
}

std::vector<Shape> without(const std::vector<Shape>& shapes, const std::vector<Shape>& taken) {
    return clipped(cl::ctDifference, paths_of(shapes), paths_of(taken), cl::pftNonZero, 0.005);
}

std::vector<Shape> common(const std::vector<Shape>& a, const std::vector<Shape>& b) {
    return clipped(cl::ctIntersection, paths_of(a), paths_of(b), cl::pftNonZero, 0.005);
}

std::vector<Shape> grown(const std::vector<Shape>& shapes, double by) {
    return offset(paths_of(shapes), cl::etClosedPolygon, by);
}

std::vector<Shape> stroked(const std::vector<Line>& lines, bool is_closed, double half_width,
                           bool is_round) {
    cl::Paths paths;
    for (const Line& line : lines) paths.push_back(path_of(line));
    return offset(paths,
                  is_closed  ? cl::etClosedLine
                  : is_round ? cl::etOpenRound
                             : cl::etOpenButt,
                  half_width);
}

}  // namespace lineshaft::stitch
