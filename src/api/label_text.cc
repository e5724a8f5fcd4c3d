#include "api/label_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "io/files.h"
#include "stitch/artwork.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t label_font_bytes_max = 64 << 20, label_letters_max = 2'048;
constexpr double drawn_capital_mm = 100;  // outlines of that size are smooth at any other
constexpr int rows_per_point = 4;
constexpr double dark_part_min = 0.42;  // of a point; a little less than half keeps thin strokes whole

// Latin letters of the first; what it lacks of the second.
Result<std::vector<std::string>> label_fonts(std::string_view text) {
    std::vector<std::string> out;
    auto latin = io::read_file("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
                               label_font_bytes_max);
    if (latin) out.push_back(std::move(*latin));
    const bool is_latin = std::ranges::all_of(
        text, [](char letter) { return static_cast<unsigned char>(letter) < 0xe0; });
    if (!is_latin || out.empty()) {
        auto others = io::read_file("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
                                    label_font_bytes_max);
        if (others) out.push_back(std::move(*others));
    }
    if (out.empty()) return fail(Code::unavailable, "no font: install fonts-dejavu-core");
    return out;
}

// Where `contour` crosses the height `y`.
void add_crossings(const stitch::Contour& contour, double y, std::vector<double>& out) {
    for (std::size_t at = 0; at < contour.size(); ++at) {
        const auto& a = contour[at];
        const auto& b = contour[(at + 1) % contour.size()];
        if ((a.y <= y) == (b.y <= y)) continue;
        out.push_back(a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y));
    }
}

/// How much of each point of one row is dark.
class PointRow {
public:
    explicit PointRow(unsigned width) : parts_(width, 0.0) {}
    void add(double from, double until, double weight) {
        from = std::clamp(from, 0.0, double(parts_.size()));
        until = std::clamp(until, 0.0, double(parts_.size()));
        for (auto at = static_cast<std::size_t>(from); at < parts_.size() && double(at) < until; ++at)
            parts_[at] += weight * (std::min(until, double(at) + 1) - std::max(from, double(at)));
    }
    void put(std::string& out) const {
        for (const double part : parts_) out += part >= dark_part_min ? '1' : '0';
    }

private:
    std::vector<double> parts_;
};

TextPicture drawn(const stitch::Artwork& art, const stitch::Box& box, double scale) {
    TextPicture out;
    out.width = std::max(1U, static_cast<unsigned>(std::ceil(box.width() * scale)));
    out.height = std::max(1U, static_cast<unsigned>(std::ceil(box.height() * scale)));
    out.capital = static_cast<unsigned>(std::lround(drawn_capital_mm * scale));
    for (unsigned row = 0; row < out.height; ++row) {
        PointRow points(out.width);
        for (int part = 0; part < rows_per_point; ++part) {
            const double y = box.top + (row + (part + 0.5) / rows_per_point) / scale;
            for (const auto& element : art.elements) {
                for (const auto& shape : element.areas) {
                    std::vector<double> crossings;
                    add_crossings(shape.outline, y, crossings);
                    for (const auto& hole : shape.holes) add_crossings(hole, y, crossings);
                    std::ranges::sort(crossings);
                    for (std::size_t at = 0; at + 1 < crossings.size(); at += 2)
                        points.add((crossings[at] - box.left) * scale,
                                   (crossings[at + 1] - box.left) * scale, 1.0 / rows_per_point);
                }
            }
        }
        points.put(out.dark);
    }
    return out;
}

}  // namespace

Result<TextPicture> draw_text(std::string_view text, unsigned width_max, unsigned capital_max,
                              unsigned capital_min) {
    TRY(const auto files, label_fonts(text));
    std::vector<Bytes> fonts;
    for (const auto& file : files) fonts.push_back(as_bytes(file));
    stitch::ArtLimits limits;
    limits.text_letters_max = label_letters_max;
    limits.size_mm_max = drawn_capital_mm * label_letters_max;  // it is scaled down afterwards
    TRY(const auto art,
        stitch::text_artwork(fonts, text, drawn_capital_mm, stitch::Colour{}, limits));
    const auto box = stitch::box_of(art);
    if (box.width() <= 0 || box.height() <= 0) return fail(Code::invalid, "nothing to draw");
    const double scale =
        std::min(double(width_max) / box.width(), double(capital_max) / drawn_capital_mm);
    if (scale * drawn_capital_mm < capital_min)
        return fail(Code::exhausted, "too long to be read at that size");
    return drawn(art, box, scale);
}

}  // namespace lineshaft::api
