// Pictures: dots to a few colours (median cut, Heckbert 1982), connected areas, their outlines
// along the dots' edges, smoothed. Our own: no tracing library's licence fits.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <map>

#include "stitch/artwork.h"

namespace lineshaft::stitch {
namespace {

struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint8_t> dots;  // RGBA
};

Result<Picture> read_png(Bytes bytes, const ArtLimits& limits) {
    if (bytes.size() > limits.image_bytes_max) {
        return fail(Code::exhausted, fmt::format("a picture of {} bytes; at most {}", bytes.size(),
                                                 limits.image_bytes_max));
    }
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
        return fail(Code::invalid, fmt::format("not a PNG picture: {}", image.message));
    }
    if (image.width > limits.image_side_max || image.height > limits.image_side_max ||
        std::uint64_t(image.width) * image.height > limits.image_pixels_max) {
        const auto [w, h] = std::pair{image.width, image.height};
        png_image_free(&image);
        return fail(Code::exhausted,
                    fmt::format("{} x {} dots; at most {} on a side and {} in all", w, h,
                                limits.image_side_max, limits.image_pixels_max));
    }
    image.format = PNG_FORMAT_RGBA;
    Picture picture{static_cast<int>(image.width), static_cast<int>(image.height), {}};
    picture.dots.resize(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, picture.dots.data(), 0, nullptr) == 0) {
        const std::string why = image.message;
        png_image_free(&image);
        return fail(Code::invalid, "the PNG picture is damaged: " + why);
    }
    return picture;
}

// At most `side` dots wide and high, each the mean of what it replaces.
Picture reduced(Picture in, int side) {
    const int factor = (std::max(in.width, in.height) + side - 1) / side;
    if (factor <= 1) return in;
    Picture out{in.width / factor, in.height / factor, {}};
    if (out.width == 0 || out.height == 0) return in;
    out.dots.resize(4 * static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height));
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            std::array<unsigned, 4> sum{};
            for (int v = 0; v < factor; ++v) {
                for (int u = 0; u < factor; ++u) {
                    const auto* dot = &in.dots[4 * (static_cast<std::size_t>(y * factor + v) *
                                                        static_cast<std::size_t>(in.width) +
                                                    static_cast<std::size_t>(x * factor + u))];
                    for (std::size_t i = 0; i < 4; ++i) sum[i] += dot[i];
                }
            }
            auto* to =
                &out.dots[4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width) +
                               static_cast<std::size_t>(x))];
            for (std::size_t i = 0; i < 4; ++i)
                to[i] = static_cast<std::uint8_t>(sum[i] / static_cast<unsigned>(factor * factor));
        }
    }
    return out;
}

struct Shade {
    std::array<std::uint8_t, 3> rgb{};
    std::size_t count = 0;
};

// The shades that stand for all: boxes of shades, cut at the median of their longest side.
std::vector<Colour> palette_of(std::vector<Shade> shades, int count) {
    std::vector<std::vector<Shade>> boxes;
    boxes.push_back(std::move(shades));
    const auto side = [](const std::vector<Shade>& box) {
        std::pair<int, std::size_t> longest{0, 0};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const auto [low, high] =
                std::ranges::minmax(box, {}, [&](const Shade& shade) { return shade.rgb[axis]; });
            longest = std::max(longest, std::pair{high.rgb[axis] - low.rgb[axis], axis});
        }
        return longest;
    };
    while (static_cast<int>(boxes.size()) < count) {
        std::size_t best = 0;
        double best_weight = 0;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            double dots = 0;
            for (const Shade& shade : boxes[i]) dots += static_cast<double>(shade.count);
            const double weight =
                side(boxes[i]).first < 24 ? 0 : side(boxes[i]).first * std::sqrt(dots);
            if (weight > best_weight) best_weight = weight, best = i;
        }
        if (best_weight == 0) break;
        auto& box = boxes[best];
        const auto axis = side(box).second;
        std::ranges::sort(box, {}, [&](const Shade& shade) { return shade.rgb[axis]; });
        // Cut in the widest gap: flat pictures have few shades, far apart.
        std::size_t cut = 1;
        int widest = -1;
        for (std::size_t i = 1; i < box.size(); ++i) {
            const int gap = box[i].rgb[axis] - box[i - 1].rgb[axis];
            if (gap > widest) widest = gap, cut = i;
        }
        std::vector<Shade> upper(box.begin() + static_cast<std::ptrdiff_t>(cut), box.end());
        box.resize(cut);
        boxes.push_back(std::move(upper));
    }
    std::vector<Colour> palette;
    for (const auto& box : boxes) {  // the commonest of each, not a mixture nobody saw
        const Shade& most = *std::ranges::max_element(box, {}, &Shade::count);
        palette.push_back({most.rgb[0], most.rgb[1], most.rgb[2]});
    }
    return palette;
}

struct Indexed {
    int width = 0, height = 0;
    std::vector<int> dots;  // of the palette; -1 nothing
    std::vector<Colour> palette;
    int at(int x, int y) const {
        return x < 0 || y < 0 || x >= width || y >= height
                   ? -1
                   : dots[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                          static_cast<std::size_t>(x)];
    }
};

Indexed indexed(const Picture& picture, int colours) {
    std::map<std::uint32_t, Shade> seen;
    for (std::size_t i = 0; i < picture.dots.size(); i += 4) {
        if (picture.dots[i + 3] < 128) continue;
        // Shades apart by less than an eye sees are one.
        const std::uint32_t key = static_cast<std::uint32_t>(picture.dots[i] >> 3) << 10 |
                                  static_cast<std::uint32_t>(picture.dots[i + 1] >> 3) << 5 |
                                  picture.dots[i + 2] >> 3;
        Shade& shade = seen[key];
        if (shade.count++ == 0)
            shade.rgb = {picture.dots[i], picture.dots[i + 1], picture.dots[i + 2]};
    }
    std::vector<Shade> shades;
    // Blends along edges are rare shades: they do not choose colours.
    const std::size_t rare = picture.dots.size() / 4 / 2000;
    for (const auto& [key, shade] : seen) {
        if (shade.count > rare) shades.push_back(shade);
    }
    if (shades.empty()) {
        for (const auto& [key, shade] : seen) shades.push_back(shade);
    }
    Indexed out{picture.width, picture.height, {}, {}};
    out.dots.assign(picture.dots.size() / 4, -1);
    if (shades.empty()) return out;
    out.palette = palette_of(std::move(shades), colours);
    for (std::size_t i = 0; i < out.dots.size(); ++i) {
        const auto* dot = &picture.dots[4 * i];
        if (dot[3] < 128) continue;
        int best = 0, best_far = 1 << 30;
        for (std::size_t k = 0; k < out.palette.size(); ++k) {
            const int red = dot[0] - out.palette[k].red, green = dot[1] - out.palette[k].green,
                      blue = dot[2] - out.palette[k].blue;
            const int far = 2 * red * red + 4 * green * green + 3 * blue * blue;
            if (far < best_far) best_far = far, best = static_cast<int>(k);
        }
        out.dots[i] = best;
    }
    return out;
}

// Single dots take the colour of most of their neighbours, twice over.
void clean(Indexed& image) {
    for (int round = 0; round < 2; ++round) {
        const Indexed before = image;
        for (int y = 0; y < image.height; ++y) {
            for (int x = 0; x < image.width; ++x) {
                std::array<int, 9> near{};
                std::size_t count = 0;
                for (int v = -1; v <= 1; ++v)
                    for (int u = -1; u <= 1; ++u) near[count++] = before.at(x + u, y + v);
                const int own = near[4];
                const auto mine = std::ranges::count(near, own);
                if (mine > 4) continue;
                for (const int other : near) {
                    if (std::ranges::count(near, other) >= 5 && other != own)
                        image.dots[static_cast<std::size_t>(y) *
                                       static_cast<std::size_t>(image.width) +
                                   static_cast<std::size_t>(x)] = other;
                }
            }
        }
    }
}

// Outlines of one colour along the edges of its dots, the colour on the right of each step.
std::vector<Contour> outlines(const Indexed& image, int colour) {
    const int columns = image.width + 1;
    std::vector<std::uint8_t> open(
        static_cast<std::size_t>(columns) * static_cast<std::size_t>(image.height + 1), 0);
    // Bits: a step from this corner to the right, down, left, up.
    const auto corner = [&](int x, int y) -> std::uint8_t& {
        return open[static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) +
                    static_cast<std::size_t>(x)];
    };
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            if (image.at(x, y) != colour) continue;
            if (image.at(x, y - 1) != colour) corner(x, y) |= 1;
            if (image.at(x + 1, y) != colour) corner(x + 1, y) |= 2;
            if (image.at(x, y + 1) != colour) corner(x + 1, y + 1) |= 4;
            if (image.at(x - 1, y) != colour) corner(x, y + 1) |= 8;
        }
    }
    constexpr int step_x[4] = {1, 0, -1, 0}, step_y[4] = {0, 1, 0, -1};
    std::vector<Contour> out;
    for (int y = 0; y <= image.height; ++y) {
        for (int x = 0; x < columns; ++x) {
            while (corner(x, y) != 0) {
                Contour contour;
                int here_x = x, here_y = y,
                    way = std::countr_zero(static_cast<unsigned>(corner(x, y)));
                do {
                    corner(here_x, here_y) =
                        static_cast<std::uint8_t>(corner(here_x, here_y) & ~(1U << way));
                    contour.push_back({static_cast<double>(here_x), static_cast<double>(here_y)});
                    here_x += step_x[way], here_y += step_y[way];
                    const unsigned ways = corner(here_x, here_y);
                    if (ways == 0) break;
                    for (const int turn :
                         {1, 0, 3}) {  // right first: areas that touch at a corner stay apart
                        const int next = (way + turn) % 4;
                        if (ways >> next & 1U) {
                            way = next;
                            break;
                        }
                    }
                } while (true);
                out.push_back(std::move(contour));
            }
        }
    }
    return out;
}

// Stairs become slopes: middles of the steps, then the few corners that matter.
Contour smoothed(const Contour& stairs, double mm) {
    const std::size_t count = stairs.size();
    Line line;
    for (std::size_t i = 0; i < count; ++i) {
        Place sum;
        for (std::size_t k = 0; k < 4; ++k) sum = sum + stairs[(i + k) % count];
        line.push_back(sum * (0.25 * mm));
    }
    line.push_back(line.front());
    line = simplified(line, std::max(0.05, 0.45 * mm));
    line.pop_back();
    return line;
}

}  // namespace

Result<Artwork> image_artwork(Bytes png, double width_mm, int colours_max,
                              bool is_background_removed, const ArtLimits& limits) {
    if (colours_max < 1 || colours_max > 12) return fail(Code::invalid, "1 to 12 colours");
    if (!(width_mm >= 5 && width_mm <= limits.size_mm_max))
        return fail(Code::invalid,
                    fmt::format("a picture is sewn 5 to {:.0f} mm wide", limits.size_mm_max));
    TRY(Picture picture, read_png(png, limits));
    constexpr int side_max = 1600;  // a thread is 0.4 mm: more dots show nothing
    picture = reduced(std::move(picture), side_max);
    const double mm = width_mm / picture.width;
    Indexed image = indexed(picture, colours_max + (is_background_removed ? 1 : 0));
    clean(image);
    int background = -1;
    if (is_background_removed) {
        std::map<int, int> rim;
        for (int x = 0; x < image.width; ++x)
            ++rim[image.at(x, 0)], ++rim[image.at(x, image.height - 1)];
        for (int y = 0; y < image.height; ++y)
            ++rim[image.at(0, y)], ++rim[image.at(image.width - 1, y)];
        background = std::ranges::max_element(rim, {}, &std::pair<const int, int>::second)->first;
    }
    Artwork art;
    for (std::size_t i = 0; i < image.palette.size(); ++i) {
        if (static_cast<int>(i) == background) continue;
        std::vector<Contour> contours;
        for (const Contour& stairs : outlines(image, static_cast<int>(i))) {
            if (stairs.size() >= 8) contours.push_back(smoothed(stairs, mm));
        }
        Element element{image.palette[i], areas(contours, FillRule::non_zero, 0.4), {}, false};
        if (!element.areas.empty()) art.elements.push_back(std::move(element));
    }
    if (art.elements.empty()) return fail(Code::invalid, "the picture has nothing to sew");
    return art;
}

}  // namespace lineshaft::stitch
