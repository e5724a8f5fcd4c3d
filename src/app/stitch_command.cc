// lineshaft stitch: a pattern and its machine file without a node.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "api/design_room.h"
#include "app/commands.h"
#include "io/files.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t artwork_bytes_max = 16 << 20;

std::string ending(const std::string& path) {
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? std::string() : path.substr(dot + 1);
}

Result<std::uint32_t> colour_of(const std::string& text) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const bool is_long = text.size() == 7 && text.front() == '#';
    if (!is_long || std::from_chars(text.data() + 1, end, value, 16).ptr != end) {
        return fail(Code::invalid, "--colour is like \"#1a3c6e\"");
    }
    return value;
}

void tell(const std::string& path, const std::string& facts) {
    const auto told = boost::json::parse(facts).as_object();
    const auto& bounds = told.at("bounds_mm").as_array();
    const auto side = [&](std::size_t from, std::size_t to) {
        return bounds[to].to_number<double>() - bounds[from].to_number<double>();
    };
    const std::size_t colours = told.at("threads").as_array().size();
    fmt::print("{}: {} stitches, {} colour{}, {:.1f} x {:.1f} mm, {:.1f} min\n", path,
               told.at("stitches").to_number<std::int64_t>(), colours, colours == 1 ? "" : "s",
               side(0, 2), side(1, 3), told.at("minutes").to_number<double>());
    for (const auto& warning : told.at("warnings").as_array())
        fmt::print(stderr, "{}\n", warning.as_object().at("text").as_string().c_str());
}

}  // namespace

Result<void> stitch_command(const StitchWords& words) {
    if (words.artwork.empty())
        return fail(Code::invalid, "stitch: give a text, or the path of a .svg or .png");
    api::DesignWish wish;
    wish.name = words.artwork.substr(words.artwork.rfind('/') + 1);
    if (ending(words.artwork) == "svg") {
        TRY(wish.svg, io::read_file(words.artwork, artwork_bytes_max));
        wish.width_mm = words.width_mm;
    } else if (ending(words.artwork) == "png") {
        TRY(wish.image, io::read_file(words.artwork, artwork_bytes_max));
        wish.width_mm = words.width_mm > 0 ? words.width_mm : 100;
    } else if (!ending(words.artwork).empty() && std::filesystem::is_regular_file(words.artwork)) {
        return fail(Code::unsupported,
                    words.artwork + ": drawings are .svg, pictures .png: save it as one of them");
    } else {
        wish.text = words.artwork;
    }
    wish.font = words.font;
    wish.height_mm = words.height_mm;
    TRY(wish.rgb, colour_of(words.colour));
    if (!api::DesignRoom::has_fabric(words.fabric)) {
        return fail(Code::invalid, "--fabric is one of " + api::DesignRoom::fabric_names());
    }
    wish.fabric = words.fabric;
    wish.hoop_width_mm = wish.hoop_height_mm = words.hoop_mm;
    const auto slash = words.font.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : words.font.substr(0, slash);
    if (slash != std::string::npos) wish.font = words.font.substr(slash + 1);
    TRY(const auto sewn, api::sew(wish, ending(words.out), folder));
    TRY_VOID(io::write_private_file(words.out, sewn.file));
    tell(words.out, sewn.facts);
    return {};
}

}  // namespace lineshaft::app
