// Pictures of stitches: each one a thread of 0.4 mm, lighter where it shines.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "stitch/stitch.h"

namespace lineshaft::stitch {
namespace {

constexpr double margin_mm = 2.0;
constexpr int shades = 5;

// Thread shines across its length: most where it lies across the light, which falls from the left
// above.
double shine(Place way) {
    const Place light = unit({0.6, 0.8});
    return std::abs(cross(unit(way), light));
}

std::uint8_t mixed(std::uint8_t value, double light) {
    const double out = light < 1 ? value * light : value + (255 - value) * (light - 1);
    return static_cast<std::uint8_t>(std::clamp(out, 0.0, 255.0));
}

Colour mixed(Colour colour, double light) {
    return {mixed(colour.red, light), mixed(colour.green, light), mixed(colour.blue, light)};
}

// Calls `put(from, to, thread)` for each stitch, in mm.
template <class Put>
void each_stitch(const Pattern& pattern, const Put& put) {
    std::size_t thread = 0;
    Place at;
    bool is_first = true;  // after a cut the thread begins where it comes up
    for (const Step& step : pattern.steps) {
        const Place here{step.x / 10.0, step.y / 10.0};
        switch (step.act) {
            case Act::stitch:
                if (!is_first) put(at, here, thread);
                is_first = false;
                break;
            case Act::colour:
                ++thread;
                is_first = true;
                break;
            case Act::trim: is_first = true; break;
            case Act::jump: break;
        }
        at = here;
    }
}

Colour thread_colour(const Pattern& pattern, std::size_t thread) {
    return thread < pattern.threads.size() ? pattern.threads[thread].colour : Colour{40, 60, 120};
}

struct Canvas {
    int width = 0, height = 0;
    double scale = 1;                // pixels per mm
    Place origin;                    // of the picture, mm
    std::vector<std::uint8_t> dots;  // RGB

    void blend(int x, int y, Colour colour, double part) {
        auto* dot = &dots[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                               static_cast<std::size_t>(x))];
        const std::array<std::uint8_t, 3> to{colour.red, colour.green, colour.blue};
        for (std::size_t i = 0; i < 3; ++i)
            dot[i] = static_cast<std::uint8_t>(dot[i] + (to[i] - dot[i]) * part);
    }

    // A thread from a to b: round in its section, darker towards its sides and ends.
    void thread(Place from, Place to, Colour colour) {
        const Place a = (from - origin) * scale, b = (to - origin) * scale;
        const double half = thread_mm / 2 * scale * 1.05;
        const Place way = unit(b - a);
        const double size = distance(a, b), sheen = shine(b - a);
        const int left = std::max(0, static_cast<int>(std::min(a.x, b.x) - half)),
                  right = std::min(width - 1, static_cast<int>(std::max(a.x, b.x) + half + 1));
        const int top = std::max(0, static_cast<int>(std::min(a.y, b.y) - half)),
                  bottom = std::min(height - 1, static_cast<int>(std::max(a.y, b.y) + half + 1));
        for (int y = top; y <= bottom; ++y) {
            // Only what lies near the thread in this row.
            int first = left, last = right;
            if (std::abs(way.y) > 0.05) {
                const double middle = a.x + (y + 0.5 - a.y) * way.x / way.y,
                             reach = half / std::abs(way.y) + 1.5 + half;
                first = std::max(first, static_cast<int>(middle - reach)),
                last = std::min(last, static_cast<int>(middle + reach));
            }
            for (int x = first; x <= last; ++x) {
                const Place dot{x + 0.5 - a.x, y + 0.5 - a.y};
                const double along = std::clamp(lineshaft::stitch::dot(dot, way), 0.0, size);
                const double off = length(dot - way * along);
                const double cover = std::clamp(half - off + 0.5, 0.0, 1.0);
                if (cover <= 0) continue;
                const double section = off / half;
                const double end = std::min(
                    {1.0, 0.82 + along / (2.5 * half), 0.82 + (size - along) / (2.5 * half)});
                const double light =
                    (0.72 + 0.42 * sheen * (1 - section * section) + 0.1 * (1 - section)) *
                    std::min(1.0, end);
                blend(x, y, mixed(colour, light), cover);
            }
        }
    }
};

}  // namespace

std::string preview_svg(const Pattern& pattern) {
    const Bounds bounds = bounds_of(pattern);
    const double left = bounds.left / 10.0 - margin_mm, top = bounds.top / 10.0 - margin_mm;
    const double width = bounds.width() / 10.0 + 2 * margin_mm,
                 height = bounds.height() / 10.0 + 2 * margin_mm;
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.1f}mm\" height=\"{:.1f}mm\" "
        "viewBox=\"{:.1f} {:.1f} {:.1f} {:.1f}\" fill=\"none\" stroke-width=\"{}\" "
        "stroke-linecap=\"round\">\n<style>",
        width, height, left, top, width, height, thread_mm);
    auto put = std::back_inserter(out);
    const std::size_t threads = counts_of(pattern).colours + 1;
    for (std::size_t i = 0; i < threads; ++i) {
        for (int shade = 0; shade < shades; ++shade)
            fmt::format_to(put, ".t{}s{}{{stroke:{}}}", i, shade,
                           to_text(mixed(thread_colour(pattern, i), 0.78 + 0.1 * shade)));
    }
    out += "</style>\n";
    each_stitch(pattern, [&](Place a, Place b, std::size_t thread) {
        const int shade = std::min(shades - 1, static_cast<int>(shine(b - a) * shades));
        fmt::format_to(put, "<path class=\"t{}s{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n", thread,
                       shade, a.x, a.y, b.x, b.y);
    });
    out += "</svg>\n";
    return out;
}

Result<std::string> preview_png(const Pattern& pattern, int width) {
    if (width < 16 || width > 4000)
        return fail(Code::invalid, "pictures are 16 to 4000 pixels wide");
    if (counts_of(pattern).stitches == 0) return fail(Code::invalid, "the design has no stitch");
    const Bounds bounds = bounds_of(pattern);
    Canvas canvas;
    const double wide = bounds.width() / 10.0 + 2 * margin_mm,
                 high = bounds.height() / 10.0 + 2 * margin_mm;
    canvas.scale = std::min(width / wide, 8000 / high);
    canvas.width = std::max(1, static_cast<int>(std::round(wide * canvas.scale)));
    canvas.height = std::max(1, static_cast<int>(std::round(high * canvas.scale)));
    canvas.origin = {bounds.left / 10.0 - margin_mm, bounds.top / 10.0 - margin_mm};
    canvas.dots.assign(
        3 * static_cast<std::size_t>(canvas.width) * static_cast<std::size_t>(canvas.height), 246);
    each_stitch(pattern, [&](Place a, Place b, std::size_t thread) {
        canvas.thread(a, b, thread_colour(pattern, thread));
    });

    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(canvas.width);
    image.height = static_cast<png_uint_32>(canvas.height);
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string out(size, '\0');
    if (png_image_write_to_memory(&image, out.data(), &size, 0, canvas.dots.data(), 0, nullptr) ==
        0) {
        return fail(Code::unavailable,
                    fmt::format("the picture cannot be written: {}", image.message));
    }
    out.resize(size);
    return out;
}

}  // namespace lineshaft::stitch
