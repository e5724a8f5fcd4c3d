#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "stitch/files/pattern.h"
#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// One thing to sew in one colour: areas, or a thin line along its middle.
struct Element {
    Colour colour;
    std::vector<Shape> areas;
    std::vector<Line> lines;  ///< sewn as running stitch
    bool is_letter = false;   ///< satin columns rather than fills wherever that can be
};

/// What is to be seen, in painting order: later elements lie over earlier ones. Millimetres.
struct Artwork {
    std::string name;
    std::vector<Element> elements;
};

Box box_of(const Artwork& artwork);

struct ArtLimits {
    std::size_t text_letters_max = 200;
    std::size_t svg_bytes_max = 4 << 20;
    std::size_t svg_elements_max = 20'000;   ///< of any kind, after none is skipped
    std::size_t svg_places_max = 1'000'000;  ///< corners of all outlines, curves flattened
    std::size_t svg_depth_max = 64;
    double svg_sweep_max = 5'000'000;  ///< sweep_work of its outlines: half a minute at most
    std::size_t image_bytes_max = 16 << 20;
    std::uint32_t image_side_max = 8'000;  ///< pixels
    std::uint32_t image_pixels_max = 16'000'000;
    double size_mm_max = 2'000;
};

/// Lettering: `fonts` are the bytes of TrueType or OpenType files (or collections, first face),
/// asked in turn for each character. Lines are parted by '\n' and centred. `height_mm` is the
/// height of capital letters, 2..500. No shaping beyond kerning: scripts that join letters come out
/// unjoined. invalid: not UTF-8, empty, a height out of range, no font has a character (naming it).
/// exhausted: too long. corrupt: a font cannot be read.
Result<Artwork> text_artwork(std::span<const Bytes> fonts, std::string_view text, double height_mm,
                             Colour colour, const ArtLimits& limits = {});

/// A drawing. What of SVG 1.1 is understood is listed in docs/embroidery.md; what is not is left
/// out and named in `left_out`. Sizes: width and height in mm, cm, in, pt, px (96 per inch); a
/// `width_mm` above zero scales to that width instead.
/// invalid: not XML, not SVG, nothing to sew. unsupported: entities, document types, references
/// to other files. exhausted: above a limit.
Result<Artwork> svg_artwork(std::string_view svg, double width_mm,
                            std::vector<std::string>& left_out, const ArtLimits& limits = {});

/// A picture (PNG) traced to areas of at most `colours_max` (1..12) colours, `width_mm` wide.
/// Transparent dots are left out, and so is the colour of the edge when `is_background_removed`.
/// invalid: not a PNG, nothing to sew. exhausted: above a limit.
Result<Artwork> image_artwork(Bytes png, double width_mm, int colours_max,
                              bool is_background_removed, const ArtLimits& limits = {});

}  // namespace lineshaft::stitch
