#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "stitch/artwork.h"
#include "stitch/files/files.h"

namespace lineshaft::stitch {

/// How broad a thread lies (weight 40).
inline constexpr double thread_mm = 0.4;

/// What the cloth does to stitches, and so what is done about it. docs/embroidery.md has the table.
struct Fabric {
    std::string_view name;
    double pull_mm;            ///< columns and rows are sewn this much longer on each side
    double spacing_mm;         ///< satin, from one stitch to the next on the same side
    double row_mm;             ///< between rows of a fill
    bool is_underlay_doubled;  ///< pile and stretch need a firmer ground
};
/// nullptr: no such fabric. twill, canvas, denim, felt, silk, leather, cap, pique, jersey, fleece,
/// terry.
const Fabric* fabric_of(std::string_view name);
std::span<const Fabric> fabrics();

struct Settings {
    Fabric fabric = *fabric_of("twill");
    double hoop_width_mm = 360, hoop_height_mm = 360;
    double satin_width_max_mm = 7.0;  ///< wider columns become fills
    double satin_split_mm = 7.0;      ///< longer satin stitches are split
    double stitch_min_mm = 0.4, stitch_max_mm = 12.1;
    double run_mm = 2.5, fill_stitch_mm = 3.0;
    double trim_from_mm = 2.0;  ///< shorter moves leave the thread uncut
    double density_max = 14;    ///< stitches of a square millimetre, mean of 2 x 2 mm
    std::size_t stitches_max = 400'000;
    double sweep_max = 20'000'000;       ///< sweep_work of what is sewn
    std::size_t objects_max = 5'000;              ///< connected areas and lines of one colour block
    double rpm = 800, trim_s = 6, colour_s = 15;  ///< for the minutes
};

/// Something a person should know; `at` is where, in mm.
struct Warning {
    std::string code;  ///< "outside_hoop", "dense", "thin", "small", "left_out"
    std::string text;
    Place at;
};

/// How good the stitches are, without a machine. docs/embroidery.md says how each is measured.
struct Quality {
    double coverage = 0;  ///< share of the artwork under thread
    double rim = 0;  ///< thread beside the artwork, up to 0.45 mm: what the cloth pulls in again
    double outside = 0;      ///< thread further away; both as shares of the artwork's area
    double short_share = 0;  ///< stitches under 0.5 mm
    double density_max = 0;  ///< stitches per mm2 where they are densest, over 2 x 2 mm
    double jump_mm = 0;      ///< all moves without stitches
};

struct Digitised {
    Pattern pattern;  ///< centred on the origin
    Place origin;     ///< the pattern's origin, in the artwork's millimetres
    std::vector<Warning> warnings;
    double minutes = 0;
    double thread_m = 0;
};

/// Stitches for the artwork: colours in an order that respects what lies over what, per object
/// tie-in, underlay, cover and tie-off. Same artwork and settings, same stitches.
/// invalid: nothing to sew, or larger than the hoop (saying by how much). exhausted: too many
/// stitches.
Result<Digitised> digitise(const Artwork& artwork, const Settings& settings);

Quality quality_of(const Artwork& artwork, const Digitised& digitised);

/// Pictures of the stitches: every stitch as a thread of 0.4 mm with light and shade.
std::string preview_svg(const Pattern& pattern);
/// `width` pixels at most 4,000; the height follows. Errors: invalid (no stitch, width out of
/// range).
Result<std::string> preview_png(const Pattern& pattern, int width);

}  // namespace lineshaft::stitch
