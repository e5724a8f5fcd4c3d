// Designs: what customers want sewn, their stitches, and the files machines take.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "api/design_calls.h"
#include "api/design_room.h"
#include "api/render.h"
#include "api/routes.h"
#include "io/pause.h"

namespace lineshaft::api {
namespace {

constexpr std::string_view file_formats[] = {"dst", "exp", "pes", "jef", "svg", "png"};

std::string_view name_of(catalog::DesignState state) {
    switch (state) {
        case catalog::DesignState::working: return "working";
        case catalog::DesignState::ready: return "ready";
        case catalog::DesignState::refused: return "refused";
    }
    return "";
}

bool is_left_behind(const Call& call, const catalog::Design& design) {
    return design.state == catalog::DesignState::working &&
           design.run != call.services->designs->run();
}

json::object design_json(const Call& call, const catalog::Design& design) {
    json::object out{{"id", std::to_string(design.id)},
                     {"name", design.name},
                     {"state", is_left_behind(call, design) ? "refused" : name_of(design.state)},
                     {"created_by", design.created_by},
                     {"created_at", render_time(design.created_at)}};
    boost::system::error_code problem;
    const json::value facts = json::parse(design.facts, problem);
    if (!problem && facts.is_object()) {
        for (const auto& [name, value] : facts.as_object()) out[name] = value;
    }
    if (is_left_behind(call, design)) {
        out["why"] = "the node stopped while it was being digitised: post it again";
    }
    if (design.state == catalog::DesignState::ready) {
        json::object files;
        for (const std::string_view format : file_formats)
            files[format] = fmt::format("/api/v1/designs/{}/files/{}", design.id, format);
        out["files"] = std::move(files);
    }
    return out;
}

Result<double> number_member(const json::object& body, std::string_view name, double usual,
                             double least, double most) {
    TRY(const auto found, optional_number(body, name));
    const double value = found && *found ? **found : usual;
    if (!(value >= least && value <= most)) {
        return fail(Code::invalid, fmt::format("\"{}\" must be {} to {}", name, least, most));
    }
    return value;
}

Result<std::uint32_t> colour_member(const json::object& body, std::uint32_t usual) {
    TRY(const auto found, optional_text(body, "colour"));
    if (!found || !*found) return usual;
    const std::string& text = **found;
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data() + 1, text.data() + text.size(), value, 16);
    const bool is_whole = text.size() == 7 && text.front() == '#' && error == std::errc() &&
                          end == text.data() + text.size();
    if (!is_whole) return fail(Code::invalid, "\"colour\" must be like \"#1a3c6e\"");
    return value;
}

Result<std::string> long_text(const json::value& value, std::string_view name) {
    if (!value.is_string() || value.as_string().empty()) {
        return fail(Code::invalid, fmt::format("\"{}\" must be a text, not an empty one", name));
    }
    return std::string(value.as_string());
}

// RFC 4648, 4; line ends are skipped.
std::optional<std::string> base64_bytes(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int held = 0;
    for (const char letter : text.substr(0, std::min(text.size(), text.find('=')))) {
        if (letter == '\r' || letter == '\n') continue;
        int value = -1;
        if (letter >= 'A' && letter <= 'Z') value = letter - 'A';
        if (letter >= 'a' && letter <= 'z') value = letter - 'a' + 26;
        if (letter >= '0' && letter <= '9') value = letter - '0' + 52;
        if (letter == '+' || letter == '-') value = 62;
        if (letter == '/' || letter == '_') value = 63;
        if (value < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) held -= 8, bytes += static_cast<char>(bits >> held);
    }
    return bytes;
}

Result<std::string> picture_of(const json::value& value) {
    TRY(const std::string text, long_text(value, "image"));
    std::string_view base64 = text;
    if (base64.starts_with("data:"))
        base64.remove_prefix(std::min(base64.size(), base64.find(',') + 1));
    const auto bytes = base64_bytes(base64);
    if (!bytes || bytes->empty())
        return fail(Code::invalid, "\"image\" must be a PNG picture in base64");
    return *bytes;
}

// A font of the node, or a file's name without any path.
Result<std::string> font_member(const json::object& body) {
    TRY(const auto found, optional_text(body, "font"));
    if (!found || !*found) return std::string("sans");
    const std::string& font = **found;
    const bool is_file = font.ends_with(".ttf") || font.ends_with(".otf") || font.ends_with(".ttc");
    const bool is_kind = font == "sans" || font == "serif" || font == "script";
    const bool is_plain = font.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789._-") == font.npos &&
                          font.front() != '.';
    if (is_kind || (is_file && is_plain)) return font;
    return fail(Code::invalid, "\"font\" must be sans, serif, script, or the name of a font file");
}

Result<void> read_artwork(const json::object& art, DesignWish& wish) {
    const json::value* text = art.if_contains("text");
    const json::value* svg = art.if_contains("svg");
    const json::value* image = art.if_contains("image");
    if ((text != nullptr) + (svg != nullptr) + (image != nullptr) != 1) {
        return fail(Code::invalid, "\"artwork\" needs one of \"text\", \"svg\" and \"image\"");
    }
    for (const auto& member : art) {
        static constexpr std::string_view known[] = {"text",     "font",    "height_mm",
                                                     "colour",   "svg",     "image",
                                                     "width_mm", "colours", "background"};
        if (std::ranges::find(known, std::string_view(member.key())) == std::end(known)) {
            return fail(Code::invalid, fmt::format("\"artwork\" has no member \"{}\"",
                                                   std::string_view(member.key())));
        }
    }
    if (text != nullptr) {
        TRY(wish.text, long_text(*text, "text"));
        TRY(wish.font, font_member(art));
        TRY(wish.height_mm, number_member(art, "height_mm", 20, 2, 500));
        TRY(wish.rgb, colour_member(art, wish.rgb));
        return {};
    }
    if (svg != nullptr) {
        TRY(wish.svg, long_text(*svg, "svg"));
        TRY(wish.width_mm, number_member(art, "width_mm", 0, 0, 2'000));
        return {};
    }
    TRY(wish.image, picture_of(*image));
    TRY(wish.width_mm, number_member(art, "width_mm", 100, 5, 2'000));
    TRY(const double colours, number_member(art, "colours", 6, 1, 12));
    wish.colours_max = static_cast<int>(colours);
    TRY(const auto background, optional_flag(art, "background"));
    wish.is_background_removed = !background.value_or(false);
    return {};
}

Result<DesignWish> wish_of(const Call& call) {
    TRY(auto body, body_object(call.request, {"name", "artwork", "fabric", "hoop_mm"}));
    DesignWish wish;
    wish.organisation = call.organisation();
    TRY(wish.name, text_member(body, "name"));
    const json::value* art = body.if_contains("artwork");
    if (art == nullptr || !art->is_object())
        return fail(Code::invalid, "\"artwork\" must be an object");
    TRY_VOID(read_artwork(art->as_object(), wish));
    TRY(const auto fabric, optional_text(body, "fabric"));
    if (fabric && *fabric) wish.fabric = **fabric;
    if (!DesignRoom::has_fabric(wish.fabric)) {
        return fail(Code::invalid, "\"fabric\" must be one of " + DesignRoom::fabric_names());
    }
    if (const json::value* hoop = body.if_contains("hoop_mm")) {
        const json::array* sides = hoop->if_array();
        const bool is_pair = sides != nullptr && sides->size() == 2 && (*sides)[0].is_number() &&
                             (*sides)[1].is_number();
        if (is_pair)
            wish.hoop_width_mm = (*sides)[0].to_number<double>(),
            wish.hoop_height_mm = (*sides)[1].to_number<double>();
        const auto is_hoop = [](double side) { return side >= 20 && side <= 2'000; };
        if (!is_pair || !is_hoop(wish.hoop_width_mm) || !is_hoop(wish.hoop_height_mm)) {
            return fail(Code::invalid,
                        "\"hoop_mm\" must be two numbers of 20 to 2000: width and height");
        }
    }
    return wish;
}

io::Task<Result<catalog::Design>> find(Call& call, std::uint64_t id) {
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) { return catalog.find_design(organisation, id); };
    co_return co_await call.services->desk.run(std::move(work));
}

// What takes at most two seconds is waited for.
io::Task<Result<catalog::Design>> wait_for(Call& call, std::uint64_t id) {
    const auto end = io::Shard::here().clock().steady() + std::chrono::seconds{2};
    io::Pause pause;
    auto step = std::chrono::milliseconds{4};
    while (true) {
        auto design = co_await find(call, id);
        const bool is_over = !design || design->state != catalog::DesignState::working ||
                             io::Shard::here().clock().steady() >= end;
        if (is_over) co_return design;
        (void)co_await pause.wait(step);
        step = std::min(step * 2, std::chrono::milliseconds{64});
    }
}

io::Task<Answer> answer_for(Call call, std::uint64_t id) {
    auto design = co_await wait_for(call, id);
    if (!design) co_return std::unexpected(design.error());
    if (design->state == catalog::DesignState::refused) {
        auto why = design_json(call, *design);
        const auto* text = why.if_contains("why");
        co_return fail(Code::invalid, text && text->is_string() ? std::string(text->as_string())
                                                                : "it cannot be sewn");
    }
    const bool is_ready = design->state == catalog::DesignState::ready;
    co_return reply(design_json(call, *design), is_ready ? 201 : 202);
}

}  // namespace

// The row is made once per Idempotency-Key; who comes again with the key gets the same design.
io::Task<Answer> create_design(Call call) {
    CO_TRY(auto wish, wish_of(call));
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    const catalog::NewDesign wanted{wish.name, call.services->designs->run(), call.principal->name};
    auto is_new = std::make_shared<bool>(false);
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_design(organisation, wanted, now));
        *is_new = true;
        return catalog::Answer{202, json_text(json::object{{"id", std::to_string(made.id)}})};
    };
    auto made = co_await write_once(call, std::move(work));
    if (!made) co_return std::unexpected(made.error());
    boost::system::error_code problem;
    const json::value told = json::parse(made->body, problem);
    const auto* id_text =
        problem || !told.is_object() ? nullptr : told.as_object().if_contains("id");
    if (id_text == nullptr || !id_text->is_string()) co_return std::move(*made);
    CO_TRY(wish.id, row_number(std::string_view(id_text->as_string())));
    auto known = co_await find(call, wish.id);
    if (!known) co_return std::unexpected(known.error());
    const std::uint64_t id = wish.id;
    if (*is_new || is_left_behind(call, *known)) {
        if (!*is_new) {
            const auto run = call.services->designs->run();
            auto again = [=](catalog::Catalog& catalog) {
                return catalog.restart_design(organisation, id, run);
            };
            auto restarted = co_await call.services->desk.run(std::move(again));
            if (!restarted) co_return std::unexpected(restarted.error());
        }
        auto started = call.services->designs->start(std::move(wish));
        if (!started) {
            const std::string why = json_text(json::object{{"why", started.error().context}});
            auto refuse = [=](catalog::Catalog& catalog) {
                return catalog.finish_design(organisation, id,
                                             {catalog::DesignState::refused, why, {}});
            };
            (void)co_await call.services->desk.run(std::move(refuse));
            co_return std::unexpected(started.error());
        }
    }
    co_return co_await answer_for(std::move(call), id);
}

namespace {

io::Task<Answer> list_designs(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    std::optional<std::uint64_t> before;
    if (const auto cursor = call.request.asked("cursor")) {
        auto number = row_number(*cursor);
        if (!number) co_return fail(Code::invalid, "cursor is not one of ours");
        before = *number;
    }
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.designs(organisation, before, limit + 1);
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    const bool is_more = found->size() > limit;
    if (is_more) found->resize(limit);
    json::array items;
    for (const auto& design : *found) items.push_back(design_json(call, design));
    const json::value next =
        is_more ? json::value(std::to_string(found->back().id)) : json::value(nullptr);
    co_return reply(json::object{{"items", std::move(items)}, {"next", next}});
}

}  // namespace

io::Task<Answer> one_design(Call call) {
    CO_TRY(const auto id, row_number(call.captured(0)));
    auto design = co_await find(call, id);
    if (!design) co_return std::unexpected(design.error());
    co_return reply(design_json(call, *design));
}

namespace {

io::Task<Answer> remove_design(Call call) {
    CO_TRY(const auto id, row_number(call.captured(0)));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) { return catalog.remove_design(organisation, id); };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

}  // namespace

std::string_view media_type_of(std::string_view format) {
    if (format == "svg") return "image/svg+xml";
    if (format == "png") return "image/png";
    return "application/octet-stream";
}

io::Task<Answer> design_file(Call call) {
    CO_TRY(const auto id, row_number(call.captured(0)));
    const std::string format = call.captured(1);
    if (std::ranges::find(file_formats, format) == std::end(file_formats)) {
        co_return fail(Code::not_found, "files are dst, exp, pes, jef, svg and png");
    }
    auto design = co_await find(call, id);
    if (!design) co_return std::unexpected(design.error());
    if (design->state != catalog::DesignState::ready) {
        const bool is_working =
            design->state == catalog::DesignState::working && !is_left_behind(call, *design);
        co_return fail(Code::conflict,
                       is_working ? "the design is still being digitised; ask again"
                                  : "the design could not be digitised, so it has no files");
    }
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.design_stitches(organisation, id);
    };
    auto stitches = co_await call.services->desk.run(std::move(work));
    if (!stitches) co_return std::unexpected(stitches.error());
    const std::string name = DesignRoom::file_name(design->name, format);
    auto file =
        co_await call.services->designs->file(format, std::move(*design), std::move(*stitches));
    if (!file) co_return std::unexpected(file.error());
    http::Response response;
    response.set("content-type", std::string(media_type_of(format)));
    const bool is_picture = format == "svg" || format == "png";
    response.set("content-disposition",
                 fmt::format("{}; filename=\"{}\"", is_picture ? "inline" : "attachment", name));
    response.body = std::move(*file);
    co_return response;
}

void add_design_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/designs", &list_designs);
    serve(router, services, "POST", "/api/v1/designs", &create_design);
    serve(router, services, "GET", "/api/v1/designs/{id}", &one_design);
    serve(router, services, "DELETE", "/api/v1/designs/{id}", &remove_design);
    serve(router, services, "GET", "/api/v1/designs/{id}/files/{format}", &design_file);
}

}  // namespace lineshaft::api
