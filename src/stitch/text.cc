// Lettering: outlines of FreeType fonts, kerned, in lines.
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "stitch/artwork.h"

namespace lineshaft::stitch {
namespace {

struct LibraryEnd {
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct FaceEnd {
    void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using Library = std::unique_ptr<FT_LibraryRec_, LibraryEnd>;
using Face = std::unique_ptr<FT_FaceRec_, FaceEnd>;

constexpr double flat_mm = 0.03;  // curves become lines that stray no further

// Font units to millimetres; a contour at a time.
struct Pen {
    std::vector<Contour> contours;
    double scale = 1;
    Place origin;
    Place at;

    Place place(const FT_Vector* point) const {
        return {origin.x + static_cast<double>(point->x) * scale,
                origin.y - static_cast<double>(point->y) * scale};
    }
    void add(Place to) {
        if (!contours.empty() &&
            (contours.back().empty() || distance(contours.back().back(), to) > 1e-4))
            contours.back().push_back(to);
        at = to;
    }
};

int pieces_of(Place a, Place b, Place c) {
    const double bend = length(a - b * 2 + c);
    return std::clamp(static_cast<int>(std::ceil(std::sqrt(bend / (4 * flat_mm)))), 1, 64);
}

int move_to(const FT_Vector* to, void* user) {
    auto& pen = *static_cast<Pen*>(user);
    pen.contours.emplace_back();
    pen.add(pen.place(to));
    return 0;
}
int line_to(const FT_Vector* to, void* user) {
    auto& pen = *static_cast<Pen*>(user);
    pen.add(pen.place(to));
    return 0;
}
int conic_to(const FT_Vector* control, const FT_Vector* to, void* user) {
    auto& pen = *static_cast<Pen*>(user);
    const Place a = pen.at, b = pen.place(control), c = pen.place(to);
    const int pieces = pieces_of(a, b, c);
    for (int i = 1; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces;
        pen.add(between(between(a, b, t), between(b, c, t), t));
    }
    return 0;
}
int cubic_to(const FT_Vector* first, const FT_Vector* second, const FT_Vector* to, void* user) {
    auto& pen = *static_cast<Pen*>(user);
    const Place a = pen.at, b = pen.place(first), c = pen.place(second), d = pen.place(to);
    const int pieces = std::max(pieces_of(a, b, c), pieces_of(b, c, d)) * 3 / 2 + 1;
    for (int i = 1; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces;
        const Place ab = between(a, b, t), bc = between(b, c, t), cd = between(c, d, t);
        pen.add(between(between(ab, bc, t), between(bc, cd, t), t));
    }
    return 0;
}

/// The letters of well-formed UTF-8.
std::u32string letters_of(std::string_view text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        const int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        char32_t letter = more == 0 ? first : first & (0x3FU >> more);
        for (int k = 1; k <= more; ++k)
            letter = letter << 6 |
                     (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3FU);
        out += letter;
        i += static_cast<std::size_t>(more) + 1;
    }
    return out;
}

struct Font {
    Face face;
    double mm_per_unit = 0;  // so that capitals are as high as asked
};

Result<Font> open_font(FT_Library library, Bytes bytes, double height_mm) {
    FT_Face raw = nullptr;
    const auto* data = reinterpret_cast<const FT_Byte*>(bytes.data());
    if (FT_New_Memory_Face(library, data, static_cast<FT_Long>(bytes.size()), 0, &raw) != 0) {
        return fail(Code::corrupt, "the font cannot be read");
    }
    Font font{Face(raw), 0};
    if (!FT_IS_SCALABLE(raw) || raw->units_per_EM == 0)
        return fail(Code::corrupt, "the font has no outlines");
    double capital = 0.7 * raw->units_per_EM;
    const FT_UInt high = FT_Get_Char_Index(raw, 'H');
    if (high != 0 && FT_Load_Glyph(raw, high, FT_LOAD_NO_SCALE) == 0 &&
        raw->glyph->metrics.height > 0)
        capital = static_cast<double>(raw->glyph->metrics.height);
    font.mm_per_unit = height_mm / capital;
    return font;
}

// One line of text as it is set, from the pen's origin to the right.
struct Setter {
    std::vector<Font>& fonts;
    Pen pen;
    std::vector<Element> elements;
    Colour colour;

    Result<void> put(char32_t letter, std::optional<std::pair<std::size_t, FT_UInt>>& before) {
        for (std::size_t i = 0; i < fonts.size(); ++i) {
            FT_FaceRec_* face = fonts[i].face.get();
            const FT_UInt glyph = FT_Get_Char_Index(face, letter);
            if (glyph == 0) continue;
            const double scale = fonts[i].mm_per_unit;
            FT_Vector kern{0, 0};
            if (before && before->first == i)
                FT_Get_Kerning(face, before->second, glyph, FT_KERNING_UNSCALED, &kern);
            pen.origin.x += static_cast<double>(kern.x) * scale;
            if (FT_Load_Glyph(face, glyph, FT_LOAD_NO_SCALE) != 0 ||
                face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) {
                return fail(Code::corrupt, "a letter of the font cannot be read");
            }
            pen.scale = scale;
            pen.contours.clear();
            constexpr FT_Outline_Funcs funcs{move_to, line_to, conic_to, cubic_to, 0, 0};
            if (FT_Outline_Decompose(&face->glyph->outline, &funcs, &pen) != 0) {
                return fail(Code::corrupt, "a letter of the font cannot be read");
            }
            Element element{colour, areas(pen.contours, FillRule::non_zero, 0.02), {}, true};
            if (!element.areas.empty()) elements.push_back(std::move(element));
            pen.origin.x += static_cast<double>(face->glyph->metrics.horiAdvance) * scale;
            before = {i, glyph};
            return {};
        }
        return fail(Code::invalid, fmt::format("no font has the character U+{:04X}",
                                               static_cast<std::uint32_t>(letter)));
    }
};

void move_by(Element& element, Place by) {
    const auto shift = [&](Contour& contour) {
        for (Place& place : contour) place = place + by;
    };
    for (Shape& shape : element.areas) {
        shift(shape.outline);
        for (Contour& hole : shape.holes) shift(hole);
    }
}

}  // namespace

Box box_of(const Artwork& artwork) {
    Contour all;
    for (const Element& element : artwork.elements) {
        for (const Shape& shape : element.areas) {
            const Box box = box_of(shape.outline);
            all.push_back({box.left, box.top});
            all.push_back({box.right, box.bottom});
        }
        for (const Line& line : element.lines) {
            const Box box = box_of(line);
            all.push_back({box.left, box.top});
            all.push_back({box.right, box.bottom});
        }
    }
    return box_of(all);
}

Result<Artwork> text_artwork(std::span<const Bytes> font_files, std::string_view text,
                             double height_mm, Colour colour, const ArtLimits& limits) {
    if (!is_utf8(text)) return fail(Code::invalid, "the text is not UTF-8");
    if (!(height_mm >= 2 && height_mm <= 500))
        return fail(Code::invalid, "letters are 2 to 500 mm high");
    const std::u32string letters = letters_of(text);
    if (letters.size() > limits.text_letters_max) {
        return fail(Code::exhausted,
                    fmt::format("{} letters; at most {}", letters.size(), limits.text_letters_max));
    }
    FT_Library raw = nullptr;
    if (FT_Init_FreeType(&raw) != 0) return fail(Code::unavailable, "FreeType does not start");
    const Library library(raw);
    std::vector<Font> fonts;
    for (const Bytes bytes : font_files) {
        TRY(Font font, open_font(library.get(), bytes, height_mm));
        fonts.push_back(std::move(font));
    }
    Artwork art;
    art.name = std::string(text.substr(0, text.find('\n')));
    Setter setter{fonts, {}, {}, colour};
    std::vector<std::pair<std::size_t, double>> lines;  // first element, width
    std::size_t line_begin = 0;
    std::optional<std::pair<std::size_t, FT_UInt>> before;
    const auto end_line = [&] {
        lines.emplace_back(line_begin, setter.pen.origin.x);
        line_begin = setter.elements.size();
        setter.pen.origin = {0, setter.pen.origin.y + 1.6 * height_mm};
        before.reset();
    };
    for (const char32_t letter : letters) {
        if (letter == '\n') {
            end_line();
        } else if (letter >= 0x20) {
            TRY_VOID(setter.put(letter, before));
        }
        if (setter.pen.origin.x > limits.size_mm_max) {
            return fail(Code::invalid,
                        fmt::format("the line is longer than {:.0f} mm", limits.size_mm_max));
        }
    }
    end_line();
    if (setter.elements.empty()) return fail(Code::invalid, "the text has nothing to sew");
    double widest = 0;
    for (const auto& line : lines) widest = std::max(widest, line.second);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t end = i + 1 < lines.size() ? lines[i + 1].first : setter.elements.size();
        for (std::size_t k = lines[i].first; k < end; ++k)
            move_by(setter.elements[k], {(widest - lines[i].second) / 2, 0});
    }
    art.elements = std::move(setter.elements);
    return art;
}

}  // namespace lineshaft::stitch
