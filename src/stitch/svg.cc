// Drawings: the subset of SVG 1.1 listed in docs/embroidery.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <set>

#include "stitch/artwork.h"
#include "stitch/svg_path.h"

namespace lineshaft::stitch {
namespace {

constexpr double mm_per_px = 25.4 / 96;
constexpr double area_width_min = 0.8;  // narrower strokes are lines

struct Named {
    std::string_view name;
    std::uint32_t rgb;
};
// CSS level 1 and a few that drawing programs write.
constexpr Named named_colours[] = {
    {"black", 0x000000},     {"silver", 0xC0C0C0},    {"gray", 0x808080},
    {"grey", 0x808080},      {"white", 0xFFFFFF},     {"maroon", 0x800000},
    {"red", 0xFF0000},       {"purple", 0x800080},    {"fuchsia", 0xFF00FF},
    {"magenta", 0xFF00FF},   {"green", 0x008000},     {"lime", 0x00FF00},
    {"olive", 0x808000},     {"yellow", 0xFFFF00},    {"navy", 0x000080},
    {"blue", 0x0000FF},      {"teal", 0x008080},      {"aqua", 0x00FFFF},
    {"cyan", 0x00FFFF},      {"orange", 0xFFA500},    {"gold", 0xFFD700},
    {"brown", 0xA52A2A},     {"pink", 0xFFC0CB},      {"crimson", 0xDC143C},
    {"darkgreen", 0x006400}, {"darkblue", 0x00008B},  {"darkred", 0x8B0000},
    {"steelblue", 0x4682B4}, {"tomato", 0xFF6347},    {"turquoise", 0x40E0D0},
    {"violet", 0xEE82EE},    {"indigo", 0x4B0082},    {"beige", 0xF5F5DC},
    {"tan", 0xD2B48C},       {"royalblue", 0x4169E1},
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

Colour colour_of(std::uint32_t rgb) {
    return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
            static_cast<std::uint8_t>(rgb)};
}

std::optional<Colour> colour_of(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('#')) {
        std::uint32_t value = 0;
        const auto [end, error] =
            std::from_chars(text.data() + 1, text.data() + text.size(), value, 16);
        if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
        if (text.size() == 7) return colour_of(value);
        if (text.size() != 4) return std::nullopt;
        return colour_of((value >> 8 & 15) * 0x110000 + (value >> 4 & 15) * 0x1100 +
                         (value & 15) * 0x11);
    }
    if (text.starts_with("rgb")) {
        const auto open = text.find('(');
        if (open == std::string_view::npos) return std::nullopt;
        text.remove_prefix(open + 1);
        std::array<double, 3> parts{};
        for (double& part : parts) {
            if (!take_number(text, part)) return std::nullopt;
            if (text.starts_with('%')) part *= 2.55, text.remove_prefix(1);
        }
        const auto byte = [](double value) {
            return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
        };
        return Colour{byte(parts[0]), byte(parts[1]), byte(parts[2])};
    }
    const auto* found = std::ranges::find(named_colours, text, &Named::name);
    if (found == std::end(named_colours)) return std::nullopt;
    return colour_of(found->rgb);
}

// A length in mm; a bare number is in user units, px.
std::optional<double> millimetres(std::string_view text) {
    double value = 0;
    text = trimmed(text);
    if (!take_number(text, value)) return std::nullopt;
    text = trimmed(text);
    if (text == "mm") return value;
    if (text == "cm") return value * 10;
    if (text == "in") return value * 25.4;
    if (text == "pt") return value * 25.4 / 72;
    if (text == "pc") return value * 25.4 / 6;
    if (text.empty() || text == "px") return value * mm_per_px;
    return std::nullopt;
}

struct Style {
    std::string fill = "black", stroke = "none", fill_rule = "nonzero", cap = "butt";
    double stroke_width = 1;
    bool is_shown = true;
};

using Sheet = std::map<std::string, std::string, std::less<>>;  // class -> declarations

class Drawing {
public:
    Drawing(const ArtLimits& limits, std::vector<std::string>& left_out)
        : limits_(limits), left_out_(left_out) {}

    Result<Artwork> read(const pugi::xml_node& root, double width_mm) {
        TRY(const Transform view, view_of(root, width_mm));
        collect_styles(root, 0);
        TRY_VOID(walk_children(root, view, Style{}, 0));
        for (const std::string& what : missing_) left_out_.push_back(what);
        return std::move(art_);
    }

private:
    static Result<Transform> view_of(const pugi::xml_node& root, double width_mm) {
        const auto width = millimetres(root.attribute("width").value()),
                   height = millimetres(root.attribute("height").value());
        std::array<double, 4> box{};
        std::string_view text = root.attribute("viewBox").value();
        std::size_t count = 0;
        while (count < 4 && take_number(text, box[count])) ++count;
        if (count < 4 || box[2] <= 0 || box[3] <= 0) {
            box = {0, 0, width.value_or(0) / mm_per_px, height.value_or(0) / mm_per_px};
        }
        double scale = mm_per_px;
        if (width && box[2] > 0) scale = *width / box[2];
        if (width && height && box[2] > 0 && box[3] > 0)
            scale = std::min(*width / box[2], *height / box[3]);
        if (width_mm > 0) {
            if (box[2] <= 0)
                return fail(
                    Code::invalid,
                    "the drawing has neither viewBox nor width, so it cannot be scaled to one");
            scale = width_mm / box[2];
        }
        if (!(scale > 1e-6 && scale < 1e6))
            return fail(Code::invalid, "the drawing's size makes no sense");
        return Transform{scale, 0, 0, scale, -box[0] * scale, -box[1] * scale};
    }

    // Only selectors that are one class: what drawing programs export.
    void collect_styles(const pugi::xml_node& node, std::size_t depth) {
        for (const pugi::xml_node& child : node.children()) {
            const std::string_view name = local(child);
            if (name == "style") {
                add_sheet(child.text().get());
            } else if (name == "defs" || (name == "g" && depth < 8)) {
                collect_styles(child, depth + 1);
            }
        }
    }

    void add_sheet(std::string_view css) {
        for (int guard = 0; guard < 2000; ++guard) {
            const auto open = css.find('{'),
                       shut = css.find('}', open == std::string_view::npos ? 0 : open);
            if (open == std::string_view::npos || shut == std::string_view::npos) return;
            std::string_view selectors = css.substr(0, open);
            const std::string_view body = css.substr(open + 1, shut - open - 1);
            while (!selectors.empty()) {
                const auto comma = selectors.find(',');
                const std::string_view one = trimmed(selectors.substr(0, comma));
                selectors.remove_prefix(comma == std::string_view::npos ? selectors.size()
                                                                        : comma + 1);
                if (one.starts_with('.') && one.find_first_of(" >:[") == std::string_view::npos)
                    sheet_[std::string(one.substr(1))].append(body).append(";");
                else
                    missing_.insert("style rule " + std::string(one.substr(0, 40)));
            }
            css.remove_prefix(shut + 1);
        }
    }

    static std::string_view local(const pugi::xml_node& node) {
        const std::string_view name = node.name();
        const auto colon = name.find(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }

    static void declare(Style& style, std::string_view name, std::string_view value) {
        if (value == "inherit") return;
        if (name == "fill") style.fill = value;
        if (name == "stroke") style.stroke = value;
        if (name == "fill-rule") style.fill_rule = value;
        if (name == "stroke-linecap") style.cap = value;
        if (name == "stroke-width")
            style.stroke_width = millimetres(value).value_or(mm_per_px) / mm_per_px;
        if (name == "display" && value == "none") style.is_shown = false;
        if (name == "visibility") style.is_shown = value == "visible";
        double number = 1;
        if (name == "opacity" && take_number(value, number) && number <= 0) style.is_shown = false;
        if (name == "fill-opacity" && take_number(value, number) && number <= 0)
            style.fill = "none";
        if (name == "stroke-opacity" && take_number(value, number) && number <= 0)
            style.stroke = "none";
    }

    static void declare_all(Style& style, std::string_view text) {
        while (!text.empty()) {
            const auto end = text.find(';');
            const std::string_view one = text.substr(0, end);
            const auto colon = one.find(':');
            if (colon != std::string_view::npos)
                declare(style, trimmed(one.substr(0, colon)), trimmed(one.substr(colon + 1)));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }

    Style style_of(const pugi::xml_node& node, Style style) const {
        for (const pugi::xml_attribute& attribute : node.attributes())
            declare(style, attribute.name(), trimmed(attribute.value()));
        std::string_view classes = node.attribute("class").value();
        while (!(classes = trimmed(classes)).empty()) {
            const auto end = std::min(classes.size(), classes.find_first_of(" \t\n"));
            const auto found = sheet_.find(classes.substr(0, end));
            if (found != sheet_.end()) declare_all(style, found->second);
            classes.remove_prefix(end);
        }
        declare_all(style, node.attribute("style").value());
        return style;
    }

    Result<void> walk_children(const pugi::xml_node& node, const Transform& outer,
                               const Style& style, std::size_t depth) {
        if (depth > limits_.svg_depth_max) {
            return fail(Code::exhausted,
                        fmt::format("groups more than {} deep", limits_.svg_depth_max));
        }
        for (const pugi::xml_node& child : node.children()) {
            if (child.type() != pugi::node_element) continue;
            if (++elements_ > limits_.svg_elements_max) {
                return fail(Code::exhausted,
                            fmt::format("more than {} elements", limits_.svg_elements_max));
            }
            TRY_VOID(walk(child, outer, style, depth));
        }
        return {};
    }

    Result<void> walk(const pugi::xml_node& node, const Transform& outer, const Style& above,
                      std::size_t depth) {
        for (const char* name : {"href", "xlink:href"}) {
            const std::string_view link = node.attribute(name).value();
            const bool is_inside = link.empty() || link.starts_with('#') || local(node) == "a";
            if (!is_inside)
                return fail(
                    Code::unsupported,
                    fmt::format("<{}> refers to something outside the drawing", node.name()));
        }
        const std::string_view name = local(node);
        static constexpr std::string_view silent[] = {"defs",  "title",     "desc",    "metadata",
                                                      "style", "namedview", "clipPath"};
        if (std::ranges::find(silent, name) != std::end(silent)) return {};
        const Style style = style_of(node, above);
        if (!style.is_shown) return {};
        auto own = parse_transform(node.attribute("transform").value());
        if (!own) return std::unexpected(own.error().in(fmt::format("<{}>", node.name())));
        const Transform to_mm = outer.of(*own);
        if (node.attribute("clip-path") || node.attribute("mask"))
            missing_.insert("clipping and masks");
        if (name == "g" || name == "svg" || name == "a" || name == "switch")
            return walk_children(node, to_mm, style, depth + 1);
        PathPen pen(to_mm, limits_.svg_places_max - std::min(places_, limits_.svg_places_max));
        if (!draw(node, name, pen)) {
            if (pen.is_full())
                return fail(Code::exhausted, fmt::format("outlines of more than {} corners",
                                                         limits_.svg_places_max));
            missing_.insert(fmt::format("<{}>", std::string(name.substr(0, 40))));
        }
        return put(pen.take(), style, to_mm.scale());
    }

    static double number(const pugi::xml_node& node, const char* name) {
        return millimetres(node.attribute(name).value()).value_or(0) / mm_per_px;
    }

    bool draw(const pugi::xml_node& node, std::string_view name, PathPen& pen) {
        if (name == "path") return draw_path(pen, node.attribute("d").value());
        if (name == "rect") {
            const double x = number(node, "x"), y = number(node, "y"), w = number(node, "width"),
                         h = number(node, "height");
            double rx = number(node, "rx"), ry = number(node, "ry");
            if (rx == 0) rx = ry;
            if (ry == 0) ry = rx;
            rx = std::min(rx, w / 2), ry = std::min(ry, h / 2);
            if (w <= 0 || h <= 0) return true;
            pen.move_to({x + rx, y});
            pen.line_to({x + w - rx, y});
            if (rx > 0) pen.arc_to(rx, ry, 0, false, true, {x + w, y + ry});
            pen.line_to({x + w, y + h - ry});
            if (rx > 0) pen.arc_to(rx, ry, 0, false, true, {x + w - rx, y + h});
            pen.line_to({x + rx, y + h});
            if (rx > 0) pen.arc_to(rx, ry, 0, false, true, {x, y + h - ry});
            pen.line_to({x, y + ry});
            if (rx > 0) pen.arc_to(rx, ry, 0, false, true, {x + rx, y});
            pen.close();
            return true;
        }
        if (name == "circle" || name == "ellipse") {
            const double cx = number(node, "cx"), cy = number(node, "cy");
            const double rx = number(node, name == "circle" ? "r" : "rx"),
                         ry = number(node, name == "circle" ? "r" : "ry");
            if (rx <= 0 || ry <= 0) return true;
            pen.move_to({cx + rx, cy});
            pen.arc_to(rx, ry, 0, false, true, {cx - rx, cy});
            pen.arc_to(rx, ry, 0, false, true, {cx + rx, cy});
            pen.close();
            return true;
        }
        if (name == "line") {
            pen.move_to({number(node, "x1"), number(node, "y1")});
            pen.line_to({number(node, "x2"), number(node, "y2")});
            return true;
        }
        if (name == "polyline" || name == "polygon") {
            std::string_view text = node.attribute("points").value();
            Place place;
            for (bool is_first = true; take_number(text, place.x) && take_number(text, place.y);
                 is_first = false) {
                if (is_first)
                    pen.move_to(place);
                else
                    pen.line_to(place);
                if (pen.is_full()) return false;
            }
            if (name == "polygon") pen.close();
            return true;
        }
        return false;
    }

    Result<void> put(std::vector<SubPath> paths, const Style& style, double scale) {
        std::vector<Contour> contours;
        for (const SubPath& path : paths) {
            places_ += path.places.size();
            if (path.places.size() > 2) contours.push_back(path.places);
        }
        TRY_VOID(weigh(contours));
        if (style.fill != "none" && style.fill != "transparent" && !contours.empty()) {
            auto colour = colour_of(std::string_view(style.fill));
            if (!colour) missing_.insert("fill " + style.fill.substr(0, 40) + ", sewn grey");
            add({colour.value_or(Colour{128, 128, 128}),
                 areas(contours,
                       style.fill_rule == "evenodd" ? FillRule::even_odd : FillRule::non_zero,
                       0.05),
                 {},
                 false});
        }
        const double width = style.stroke_width * scale;
        if (style.stroke == "none" || style.stroke == "transparent" || width <= 0.01) return {};
        auto colour = colour_of(std::string_view(style.stroke));
        if (!colour) missing_.insert("stroke " + style.stroke.substr(0, 40) + ", sewn grey");
        Element element{colour.value_or(Colour{128, 128, 128}), {}, {}, false};
        for (SubPath& path : paths) {
            if (path.places.size() < 2) continue;
            if (width >= area_width_min) {
                TRY_VOID(weigh({path.places}));
                auto band = stroked({path.places}, path.is_closed, width / 2, style.cap == "round");
                element.areas.insert(element.areas.end(), band.begin(), band.end());
            } else {
                if (path.is_closed) path.places.push_back(path.places.front());
                element.lines.push_back(std::move(path.places));
            }
        }
        if (element.areas.size() > 1) element.areas = united(element.areas);
        add(std::move(element));
        return {};
    }

    // Outlines that would take minutes to part from each other are refused before anyone begins.
    Result<void> weigh(const std::vector<Contour>& contours) {
        work_ += sweep_work(contours);
        if (work_ <= limits_.svg_sweep_max) return {};
        return fail(Code::exhausted,
                    "the drawing is too tangled to be sewn: too many of its outlines lie across "
                    "each other. "
                    "Simplify its paths, or use a picture of it");
    }

    // Neighbours of one colour are one element, so that nothing is sewn twice.
    void add(Element element) {
        if (element.areas.empty() && element.lines.empty()) return;
        if (art_.elements.empty() || art_.elements.back().colour != element.colour) {
            art_.elements.push_back(std::move(element));
            return;
        }
        Element& last = art_.elements.back();
        last.areas.insert(last.areas.end(), element.areas.begin(), element.areas.end());
        last.lines.insert(last.lines.end(), element.lines.begin(), element.lines.end());
    }

    const ArtLimits& limits_;
    std::vector<std::string>& left_out_;
    std::set<std::string> missing_;
    Artwork art_;
    Sheet sheet_;
    std::size_t elements_ = 0, places_ = 0;
    double work_ = 0;
};

}  // namespace

Result<Artwork> svg_artwork(std::string_view svg, double width_mm,
                            std::vector<std::string>& left_out, const ArtLimits& limits) {
    if (svg.size() > limits.svg_bytes_max) {
        return fail(Code::exhausted, fmt::format("a drawing of {} bytes; at most {}", svg.size(),
                                                 limits.svg_bytes_max));
    }
    // A document type as drawing programs write it declares nothing; one with declarations is
    // refused.
    const auto type = svg.find("<!DOCTYPE");
    const bool declares = type != std::string_view::npos &&
                          svg.substr(type, svg.find('>', type) - type).contains('[');
    if (declares || svg.contains("<!ENTITY"))
        return fail(Code::unsupported, "the drawing declares entities of its own");
    pugi::xml_document document;
    const auto parsed = document.load_buffer(svg.data(), svg.size());
    if (!parsed)
        return fail(Code::invalid,
                    fmt::format("not XML: {} at byte {}", parsed.description(), parsed.offset));
    pugi::xml_node root = document.document_element();
    const std::string_view name = root.name();
    if (name != "svg" && !name.ends_with(":svg"))
        return fail(Code::invalid, fmt::format("not a drawing: <{}>", name.substr(0, 40)));
    TRY(Artwork art, Drawing(limits, left_out).read(root, width_mm));
    for (Element& element : art.elements) {
        if (element.areas.size() > 1) element.areas = united(element.areas);
    }
    if (art.elements.empty()) return fail(Code::invalid, "the drawing has nothing to sew");
    const Box box = box_of(art);
    if (box.width() > limits.size_mm_max || box.height() > limits.size_mm_max) {
        return fail(Code::invalid, fmt::format("the drawing is {:.0f} x {:.0f} mm; at most {:.0f}",
                                               box.width(), box.height(), limits.size_mm_max));
    }
    return art;
}

}  // namespace lineshaft::stitch
