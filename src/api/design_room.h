#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/desk.h"
#include "io/workers.h"

namespace lineshaft::api {

/// What a customer asked to have sewn, as the body of POST /api/v1/designs says it.
struct DesignWish {
    OrganisationId organisation;
    std::uint64_t id = 0;
    std::string name;
    std::string text, font = "sans", svg, image;  ///< one of text, svg, image (PNG bytes)
    double height_mm = 20, width_mm = 0;
    std::uint32_t rgb = 0x1A3C6E;
    int colours_max = 6;
    bool is_background_removed = true;
    std::string fabric = "twill";
    double hoop_width_mm = 360, hoop_height_mm = 360;
};

/// A wish as a file of that format ("dst" ... "png"), and its facts as JSON. Blocks for as long as
/// it takes. Errors: those of stitch; unsupported (format).
struct SewnFile {
    std::string file;
    std::string facts;
};
Result<SewnFile> sew(const DesignWish& wish, const std::string& format,
                     const std::string& font_folder);

/// Where designs are digitised: threads of its own that stand back behind everything else. Fonts
/// are looked for in `font_folder`, then among Debian's. Owner: the program, after the desk and
/// before it goes; any shard may ask.
class DesignRoom {
public:
    DesignRoom(catalog::Desk& desk, std::string font_folder, std::int64_t run);

    /// Works at the design and writes the outcome into the catalog. Errors: exhausted.
    Result<void> start(DesignWish wish);
    /// Writes a file of a design from its stitches: "dst", "exp", "pes", "jef", "svg" or "png".
    /// Errors: unsupported, corrupt, exhausted.
    io::Task<Result<std::string>> file(std::string format, catalog::Design design,
                                       std::string stitches);
    static bool has_fabric(std::string_view name);
    static std::string fabric_names();  ///< for people
    /// "ROSE.DST": a name any machine takes.
    static std::string file_name(std::string_view design, std::string_view format);
    /// Of this run of the program: a design at work in another one was left behind.
    std::int64_t run() const { return run_; }

private:
    catalog::Desk& desk_;
    std::string font_folder_;
    std::int64_t run_;
    io::Workers workers_;
};

}  // namespace lineshaft::api
