#include "api/design_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <span>

#include "base/log.h"
#include "io/files.h"
#include "stitch/stitch.h"

namespace lineshaft::api {
namespace {

namespace json = boost::json;

constexpr std::size_t font_bytes_max = 64 << 20;
constexpr std::string_view dejavu = "/usr/share/fonts/truetype/dejavu/";
constexpr std::string_view noto = "/usr/share/fonts/opentype/noto/";
constexpr std::string_view dancing = "/usr/share/fonts/opentype/dancingscript/";

// The file and, for what it lacks, the next: Latin letters are drawn better by the first.
std::vector<std::string> font_paths(std::string_view font, const std::string& folder) {
    const auto at = [](std::string_view where, std::string_view file) {
        return std::string(where) + std::string(file);
    };
    const std::string chinese_sans = at(noto, "NotoSansCJK-Bold.ttc");
    const std::string chinese_serif = at(noto, "NotoSerifCJK-Bold.ttc");
    if (font == "sans") return {at(dejavu, "DejaVuSans-Bold.ttf"), chinese_sans};
    if (font == "serif") return {at(dejavu, "DejaVuSerif-Bold.ttf"), chinese_serif};
    if (font == "script") return {at(dancing, "DancingScript-Bold.otf"), chinese_serif};
    return {folder + "/" + std::string(font), chinese_sans};
}

// Read once per thread: the Chinese ones have 20 MB.
Result<std::string_view> font_bytes(const std::string& path) {
    constexpr std::size_t kept_max = 6;
    thread_local std::map<std::string, std::string> kept;
    const auto found = kept.find(path);
    if (found != kept.end()) return std::string_view(found->second);
    TRY(auto bytes, io::read_file(path, font_bytes_max));
    if (kept.size() >= kept_max) kept.clear();
    return std::string_view(kept[path] = std::move(bytes));
}

bool is_latin(std::string_view text) {
    return std::ranges::all_of(text, [](char letter) {
        return static_cast<unsigned char>(letter) < 0xE0;  // up to U+07FF
    });
}

stitch::Colour colour_of(std::uint32_t rgb) {
    return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
            static_cast<std::uint8_t>(rgb)};
}

Result<stitch::Artwork> lettering(const DesignWish& wish, const std::string& folder) {
    std::vector<Bytes> fonts;
    std::string missing;
    for (const std::string& path : font_paths(wish.font, folder)) {
        if (!fonts.empty() && is_latin(wish.text)) break;
        const auto bytes = font_bytes(path);
        if (bytes)
            fonts.push_back(as_bytes(*bytes));
        else if (missing.empty())
            missing = path.substr(path.rfind('/') + 1);
        // Another one in place of a file that was asked for by name is not what was asked for.
        if (fonts.empty() && missing == wish.font) break;
    }
    if (fonts.empty()) {
        return fail(Code::invalid,
                    fmt::format("the font {} is not on this node: install it, or put it into the "
                                "folder fonts of its data directory",
                                missing));
    }
    auto art = stitch::text_artwork(fonts, wish.text, wish.height_mm, colour_of(wish.rgb));
    if (!art && !missing.empty()) {
        return std::unexpected(art.error().in(fmt::format("without {}", missing)));
    }
    return art;
}

struct Made {
    stitch::Digitised design;
    std::vector<std::string> left_out;
    std::string fabric{};
};

Result<Made> make(const DesignWish& wish, const std::string& folder) {
    Made made;
    made.fabric = wish.fabric;
    auto art = [&]() -> Result<stitch::Artwork> {
        if (!wish.text.empty()) return lettering(wish, folder);
        if (!wish.svg.empty()) return stitch::svg_artwork(wish.svg, wish.width_mm, made.left_out);
        return stitch::image_artwork(as_bytes(wish.image), wish.width_mm, wish.colours_max,
                                     wish.is_background_removed);
    }();
    if (!art) return std::unexpected(art.error());
    art->name = wish.name;
    stitch::Settings settings;
    if (const auto* fabric = stitch::fabric_of(wish.fabric)) settings.fabric = *fabric;
    settings.hoop_width_mm = wish.hoop_width_mm;
    settings.hoop_height_mm = wish.hoop_height_mm;
    TRY(made.design, stitch::digitise(*art, settings));
    return made;
}

double rounded(double value, double per_unit) {
    return std::round(value * per_unit) / per_unit;
}

std::string facts_of(const Made& made) {
    const stitch::Pattern& pattern = made.design.pattern;
    const auto counts = stitch::counts_of(pattern);
    const auto bounds = stitch::bounds_of(pattern);
    json::array threads, warnings;
    for (const stitch::Thread& thread : pattern.threads)
        threads.push_back(json::object{{"colour", stitch::to_text(thread.colour)}});
    for (const stitch::Warning& warning : made.design.warnings) {
        warnings.push_back(
            json::object{{"code", warning.code},
                         {"text", warning.text},
                         {"at_mm", {rounded(warning.at.x, 10), rounded(warning.at.y, 10)}}});
    }
    for (const std::string& what : made.left_out) {
        warnings.push_back(json::object{{"code", "left_out"},
                                        {"text", "not understood, and left out: " + what},
                                        {"at_mm", nullptr}});
    }
    return json::serialize(json::object{
        {"fabric", made.fabric},
        {"stitches", counts.stitches},
        {"trims", counts.trims},
        {"jumps", counts.jumps},
        {"colour_changes", counts.colours},
        {"threads", std::move(threads)},
        {"bounds_mm",
         {bounds.left / 10.0, bounds.top / 10.0, bounds.right / 10.0, bounds.bottom / 10.0}},
        {"minutes", rounded(made.design.minutes, 10)},
        {"thread_m", rounded(made.design.thread_m, 10)},
        {"warnings", std::move(warnings)}});
}

catalog::DesignOutcome outcome_of(const DesignWish& wish, const std::string& folder) {
    using catalog::DesignState;
    const auto refused = [](const Error& error) {
        const json::object why{{"why", error.context}};
        return catalog::DesignOutcome{DesignState::refused, json::serialize(why), {}};
    };
    auto made = make(wish, folder);
    if (!made) return refused(made.error());
    auto file = stitch::write(stitch::Format::dst, made->design.pattern);
    if (!file) return refused(file.error());
    return {DesignState::ready, facts_of(*made), std::move(*file)};
}

// The stored file knows no colours: they are in the facts.
Result<stitch::Pattern> pattern_of(const catalog::Design& design, std::string_view stitches) {
    TRY(auto pattern, stitch::read(stitch::Format::dst, as_bytes(stitches)));
    pattern.name = design.name;
    boost::system::error_code problem;
    const json::value facts = json::parse(design.facts, problem);
    const auto* threads =
        problem || !facts.is_object() ? nullptr : facts.as_object().if_contains("threads");
    if (threads == nullptr || !threads->is_array()) return pattern;
    for (const json::value& thread : threads->as_array()) {
        const auto* colour =
            thread.is_object() ? thread.as_object().if_contains("colour") : nullptr;
        if (colour == nullptr || !colour->is_string()) continue;
        const std::string text(colour->as_string());
        pattern.threads.push_back(
            {colour_of(static_cast<std::uint32_t>(std::strtoul(text.c_str() + 1, nullptr, 16))),
             text});
    }
    if (pattern.threads.size() != stitch::counts_of(pattern).colours + 1) pattern.threads.clear();
    return pattern;
}

Result<std::string> file_of(const std::string& format, const stitch::Pattern& pattern) {
    if (format == "svg") return stitch::preview_svg(pattern);
    if (format == "png") return stitch::preview_png(pattern, 1200);
    const auto known = stitch::format_of(format);
    if (!known) return fail(Code::unsupported, "files are dst, exp, pes, jef, svg and png");
    return stitch::write(*known, pattern);
}

}  // namespace

Result<SewnFile> sew(const DesignWish& wish, const std::string& format,
                     const std::string& font_folder) {
    TRY(const Made made, make(wish, font_folder));
    TRY(auto file, file_of(format, made.design.pattern));
    return SewnFile{std::move(file), facts_of(made)};
}

DesignRoom::DesignRoom(catalog::Desk& desk, std::string font_folder, std::int64_t run)
    : desk_(desk),
      font_folder_(std::move(font_folder)),
      run_(run),
      workers_("designs", io::Workers::Limits{.threads = 2, .queued_max = 16, .nice = 5}) {}

bool DesignRoom::has_fabric(std::string_view name) {
    return stitch::fabric_of(name) != nullptr;
}

std::string DesignRoom::fabric_names() {
    std::string all;
    for (const stitch::Fabric& fabric : stitch::fabrics())
        all.append(all.empty() ? "" : ", ").append(fabric.name);
    return all;
}

std::string DesignRoom::file_name(std::string_view design, std::string_view format) {
    stitch::Dialect dialect = *stitch::dialect_of("tajima");
    const auto known = stitch::format_of(format);
    if (known) dialect.format = *known;
    std::string name = stitch::file_name(dialect, design);
    if (!known) name.replace(name.rfind('.') + 1, 3, format);
    return name;
}

Result<void> DesignRoom::start(DesignWish wish) {
    auto work = [this, wish = std::move(wish)] {
        auto outcome = outcome_of(wish, font_folder_);
        auto keep = [outcome = std::move(outcome), organisation = wish.organisation,
                     id = wish.id](catalog::Catalog& catalog) {
            auto kept = catalog.finish_design(organisation, id, outcome);
            if (!kept) log::warn("design {} is lost: {}", id, kept.error().context);
        };
        if (!desk_.post(std::move(keep)))
            log::warn("design {} is lost: the catalog is busy", wish.id);
    };
    if (!workers_.try_post(std::move(work))) {
        return fail(Code::exhausted, "too many designs are waiting to be digitised; try again");
    }
    return {};
}

io::Task<Result<std::string>> DesignRoom::file(std::string format, catalog::Design design,
                                               std::string stitches) {
    auto work = [format = std::move(format), design = std::move(design),
                 stitches = std::move(stitches)]() -> Result<std::string> {
        TRY(const auto pattern, pattern_of(design, stitches));
        return file_of(format, pattern);
    };
    co_return co_await workers_.run(std::move(work));
}

}  // namespace lineshaft::api
