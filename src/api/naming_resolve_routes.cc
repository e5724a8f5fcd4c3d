// What anyone may ask: resolving with its proof, the page of an identifier, redirects, labels.
#include <fmt/format.h>

#include <algorithm>

#include "api/label_text.h"
#include "api/naming.h"
#include "api/png.h"
#include "api/qr.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/number.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using handle::Value;
using identity::Hop;

constexpr std::string_view here_words = "this node";

/// What came of a name.
struct Found {
    std::string answer, why;
    std::vector<Value> values;
    bool is_local = false, is_computed = false, is_from_cache = false, is_stale = false;
    bool is_proven = false;
    std::vector<Hop> trace;
};

Hop local_hop(const std::string& name, const identity::Lookup& found) {
    Hop out;
    out.server = here_words;
    out.asked = name;
    out.answer = found.answer;
    out.note = found.is_computed ? "by template" : found.referral;
    return out;
}

bool is_suspended(const NamingDesk& desk, std::string_view name) {
    const auto holder = desk.book.holder_of(prefix_of_handle(desk.registry.canonical(name)));
    return holder && *holder && (*holder)->state == identity::PrefixState::suspended;
}

io::Task<Found> ask_others(NamingDesk* desk, std::string name, Found out) {
    auto resolved = co_await desk->resolver->resolve(std::move(name), &out.trace);
    if (!resolved) {
        out.answer = resolved.error().code == Code::invalid ? "invalid" : "unreachable";
        out.why = resolved.error().context;
        co_return out;
    }
    out.is_from_cache = resolved->is_from_cache;
    out.is_stale = resolved->is_stale;
    out.is_proven = resolved->is_proven;
    const bool is_found = resolved->answer == handle::Answer::success;
    out.answer = is_found ? "found" : "not_found";
    out.values = std::move(resolved->values);
    if (!is_found)
        out.why = resolved->message.empty() ? std::string(handle::words_of(resolved->answer))
                                            : resolved->message;
    co_return out;
}

io::Task<Found> find_name(NamingDesk* desk, std::string name) {
    Found out;
    if (const auto good = handle::check_name(name, {}); !good) {
        out.answer = "invalid";
        out.why = good.error().context;
        co_return out;
    }
    auto local = desk->registry.look_up(name);
    if (!local) {
        out.answer = "unreachable";
        out.why = local.error().context;
        co_return out;
    }
    out.trace.push_back(local_hop(name, *local));
    if (local->answer == handle::Answer::success) {
        out.answer = "found";
        out.is_local = true;
        out.is_computed = local->is_computed;
        out.values = std::move(local->values);
        co_return out;
    }
    if (is_suspended(*desk, name)) {
        out.answer = "suspended";
        out.why = "the prefix is suspended";
        co_return out;
    }
    if (local->answer == handle::Answer::handle_not_found) {
        out.answer = "not_found";
        co_return out;
    }
    if (desk->resolver == nullptr) {
        out.answer = "elsewhere";
        out.why = local->referral.empty() ? "that prefix does not live here, and this node asks no others"
                                          : "another node has it; this one does not ask others";
        co_return out;
    }
    auto asked = co_await ask_others(desk, std::move(name), std::move(out));
    co_return asked;
}

std::string_view transport_text(handle::Transport transport) {
    switch (transport) {
        case handle::Transport::udp: return "udp";
        case handle::Transport::tcp: return "tcp";
        case handle::Transport::http: return "http";
        case handle::Transport::https: return "https";
    }
    return "";
}

std::string_view signature_text(identity::Origin origin) {
    switch (origin) {
        case identity::Origin::unsigned_answer: return "unsigned";
        case identity::Origin::signed_answer: return "valid";
        case identity::Origin::refused: return "invalid";
    }
    return "";
}

json::array trace_out(const std::vector<Hop>& trace) {
    json::array out;
    for (const Hop& hop : trace) {
        const bool is_asked = hop.server != here_words && hop.server != "cache";
        out.push_back(json::object{
            {"server", hop.server},
            {"transport", is_asked ? json::value(transport_text(hop.transport)) : json::value(nullptr)},
            {"asked", hop.asked},
            {"answer", hop.answer == handle::Answer::none ? std::string_view("no answer")
                                                          : handle::words_of(hop.answer)},
            {"note", text_or_null(hop.note)},
            {"took_us", hop.took.count() * 1'000},
            {"signature", signature_text(hop.origin)}});
    }
    return out;
}

std::string company_in(const std::vector<Value>& values) {
    for (const Value& value : values) {
        const bool is_public = value.is(handle::permission::public_read);
        if (value.type == "DESC" && is_public && value.data.size() <= 500 && is_utf8(value.data))
            return value.data;
    }
    return {};
}

// Who delegates each prefix above the name, and to whom.
io::Task<json::array> vouchers(NamingDesk* desk, std::string prefix, std::vector<Hop> trace) {
    std::vector<std::string> chain;
    for (std::string_view at = prefix; !at.empty() && chain.size() < 8; at = handle::parent_prefix(at))
        chain.insert(chain.begin(), std::string(at));
    json::array out;
    for (const auto& one : chain) {
        const std::string name = handle::prefix_handle(one);
        json::value by = nullptr, company = nullptr, state = nullptr;
        if (const auto entry = desk->book.prefix(one)) {
            state = name_of(entry->state);
            company = text_or_null(entry->company);
            by = here_words;
        }
        const auto known = desk->registry.values_of(name);
        if (known && *known) {
            by = here_words;
            if (company.is_null()) company = text_or_null(company_in(**known));
        } else if (desk->resolver != nullptr && by.is_null()) {
            std::vector<Hop> way;
            auto resolved = co_await desk->resolver->resolve(name, &way);
            if (resolved && resolved->answer == handle::Answer::success) {
                company = text_or_null(company_in(resolved->values));
                const auto teller = std::ranges::find_if(trace, [&](const Hop& hop) {
                    return hop.note.contains(name) && hop.server != here_words;
                });
                by = teller != trace.end() ? json::value(teller->server)
                     : way.empty()         ? json::value(nullptr)
                                           : json::value(way.back().server);
            }
        }
        out.push_back(json::object{
            {"prefix", one}, {"by", std::move(by)}, {"company", std::move(company)}, {"state", std::move(state)}});
    }
    co_return out;
}

bool is_address(std::string_view text) {
    return (text.starts_with("http://") || text.starts_with("https://")) && text.size() > 8 &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

// The public address of the lowest index.
const Value* address_of(const std::vector<Value>& values) {
    for (const Value& value : values) {
        const bool is_public = value.is(handle::permission::public_read);
        if (value.type == "URL" && is_public && is_address(value.data)) return &value;
    }
    return nullptr;
}

Result<handle::Resolution> wanted_values(const http::Request& request) {
    handle::Resolution out;
    for (const auto& field : request.query) {
        if (field.name == "type" && !field.value.empty()) out.types.push_back(field.value);
        if (field.name != "index" || field.value.empty()) continue;
        const auto index = number_from<std::uint32_t>(field.value);
        if (!index) return fail(Code::invalid, "index= must be a number");
        out.indexes.push_back(*index);
    }
    return out;
}

bool may_ask(const Call& call, NamingDesk& desk) {
    return call.request.peer.is_loopback || call.request.peer.is_node_socket ||
           call.principal->kind != trust::PrincipalKind::nobody ||
           desk.resolutions.allow(call.request.peer.address, io::Shard::here().clock().steady());
}

http::Response too_often() {
    auto out = http::problem(429, "Too many questions", "Ask again in a second.");
    out.set("retry-after", "1");
    return out;
}

io::Task<Answer> resolve(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const auto wanted, wanted_values(call.request));
    if (!may_ask(call, *desk)) co_return too_often();
    const std::string name = call.captured(0);
    auto found = co_await find_name(desk, name);
    const std::string canonical = desk->registry.canonical(name);
    json::array vouched;  // first, while it can still be told who was asked and who is remembered
    if (found.answer != "invalid") {
        auto told = co_await vouchers(desk, prefix_of_handle(canonical), found.trace);
        vouched = std::move(told);
    }
    auto trust = co_await trust_of(desk, name, found.values);
    std::erase_if(found.values, [&](const Value& value) {
        return !handle::asks_for(wanted, value.index, value.type);
    });
    const Value* address = address_of(found.values);
    const auto url = address ? json::value(address->data) : json::value(nullptr);
    Viewer viewer;
    if (found.is_local) {
        CO_TRY(viewer, viewer_of(call, prefix_of_handle(canonical)));
    }
    auto seen = shown_to(viewer, std::move(found.values));
    json::array values;
    for (const Value& value : seen.values) {
        json::object one = value_out(value);
        one["signature"] = name_of(trust.of(value.index));
        values.push_back(std::move(one));
    }
    json::object out{{"handle", found.is_computed || !found.is_local ? name : canonical},
                     {"answer", found.answer},
                     {"why", text_or_null(found.why)},
                     {"at", render_time(io::Shard::here().now())},
                     {"page", page_path(name)},
                     {"values", std::move(values)},
                     {"hidden", seen.hidden},
                     {"computed", found.is_computed},
                     {"from_cache", found.is_from_cache},
                     {"stale", found.is_stale},
                     {"signature", found.is_proven ? "valid" : "unsigned"},
                     {"signatures", signatures_out(trust)},
                     {"url", url}};
    if (found.answer != "invalid") out["vouched"] = std::move(vouched);
    if (call.request.asked("trace").value_or("") == "true") out["trace"] = trace_out(found.trace);
    auto response = reply(out);
    response.set("vary", "accept, authorization, cookie");
    co_return response;
}

bool asks_for_redirect(const http::Request& request) {
    const auto asked = request.asked("redirect");
    return asked && (asked->empty() || *asked == "true" || *asked == "1");
}

io::Task<Answer> redirect(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const auto wanted, wanted_values(call.request));
    if (!may_ask(call, *desk)) co_return too_often();
    auto found = co_await find_name(desk, call.captured(0));
    std::erase_if(found.values, [&](const Value& value) {
        return !handle::asks_for(wanted, value.index, value.type);
    });
    const Value* address = address_of(found.values);
    if (address == nullptr)
        co_return fail(found.answer == "unreachable" ? Code::unavailable : Code::not_found,
                       found.answer == "found" ? "the identifier has no public address (URL)"
                                               : call.captured(0) + ": " + found.answer);
    std::string to = address->data;
    for (const char c : call.request.asked("urlappend").value_or("")) {
        if (static_cast<unsigned char>(c) > ' ' && c != '\x7f') to += c;
    }
    http::Response response;
    response.status = 302;
    response.set("location", std::move(to));
    response.set("vary", "accept");
    co_return response;
}

io::Task<Answer> page(Call call) {
    if (asks_for_redirect(call.request)) {
        auto moved = co_await redirect(std::move(call));
        co_return moved;
    }
    const auto accept = call.request.header("accept");
    if (accept.contains("application/json") && !accept.contains("text/html")) {
        auto told = co_await resolve(std::move(call));
        co_return told;
    }
    auto handler = console_handler();
    auto shown = co_await handler(std::move(call.request));
    co_return shown;
}

// --- Labels.

std::string page_url(const Call& call, const NamingDesk& desk, std::string_view name) {
    if (!desk.public_url.empty()) return desk.public_url + page_path(name);
    const std::string_view host = call.request.header("host");
    return fmt::format("{}://{}{}", call.is_secure ? "https" : "http",
                       host.empty() ? std::string_view("localhost") : host, page_path(name));
}

std::string xml_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

constexpr std::size_t quiet_zone = 4;  // ISO/IEC 18004

std::string label_svg(const QrModules& code, std::string_view name, bool has_text) {
    const std::size_t width = code.width + 2 * quiet_zone;
    const std::size_t height = width + (has_text ? 6 : 0);
    std::string path;
    for (std::size_t row = 0; row < code.width; ++row) {
        for (std::size_t column = 0; column < code.width;) {
            std::size_t run = 0;
            while (column + run < code.width && code.dark[row * code.width + column + run] == '1') ++run;
            if (run > 0)
                path += fmt::format("M{} {}h{}v1h-{}z", column + quiet_zone, row + quiet_zone, run, run);
            column += run + 1;
        }
    }
    std::string out = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{2}" height="{3}">)"
        R"(<rect width="{0}" height="{1}" fill="#fff"/><path d="{4}" fill="#000" shape-rendering="crispEdges"/>)",
        width, height, width * 8, height * 8, path);
    if (has_text) {
        // Longer names in smaller letters, so that they fit the label.
        const double letter = std::min(3.6, double(width - 4) / (0.62 * double(std::max<std::size_t>(name.size(), 1))));
        out += fmt::format(
            R"(<text x="{}" y="{}" font-family="DejaVu Sans Mono, monospace" font-size="{:.2f}" text-anchor="middle">{}</text>)",
            double(width) / 2, width + 2, letter, xml_text(name));
    }
    return out + "</svg>\n";
}

constexpr unsigned text_modules = 6;  // room below the code, as in label_svg

// How a square of `size` points is divided: points of one module, and where the code begins.
struct LabelPlan {
    unsigned width, scale, edge, left, top;
};
LabelPlan plan_label(const QrModules& code, unsigned size, bool has_text) {
    LabelPlan out{};
    out.width = static_cast<unsigned>(code.width + 2 * quiet_zone);
    const unsigned height = out.width + (has_text ? text_modules : 0);
    out.scale = std::max(1U, size / height);
    out.edge = std::max(size, height);
    out.left = (out.edge - out.scale * out.width) / 2;
    out.top = (out.edge - out.scale * height) / 2;
    return out;
}

// With the name below, where it can be read; else the code alone. Blocks.
std::string label_png(const QrModules& code, std::string_view name, unsigned size, bool has_text) {
    LabelPlan plan = plan_label(code, size, has_text);
    TextPicture text;
    if (has_text) {
        auto drawn = draw_text(name, plan.scale * (plan.width - 4), plan.scale * 13 / 5);
        if (drawn) {
            text = std::move(*drawn);
        } else {
            plan = plan_label(code, size, false);
        }
    }
    const unsigned text_left = (plan.edge - std::min(plan.edge, text.width)) / 2;
    const unsigned text_top = plan.top + plan.scale * plan.width;
    return black_and_white_png(plan.edge, [&](unsigned row, unsigned column) {
        const bool is_text = row >= text_top && row - text_top < text.height &&
                             column >= text_left && column - text_left < text.width;
        if (is_text) return text.at(row - text_top, column - text_left);
        if (row < plan.top || column < plan.left) return false;
        const std::size_t y = (row - plan.top) / plan.scale, x = (column - plan.left) / plan.scale;
        if (y < quiet_zone || x < quiet_zone) return false;
        const std::size_t at_row = y - quiet_zone, at_column = x - quiet_zone;
        return at_row < code.width && at_column < code.width &&
               code.dark[at_row * code.width + at_column] == '1';
    });
}

io::Task<Answer> label(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    if (!may_ask(call, *desk)) co_return too_often();
    const auto format = call.request.asked("format").value_or("svg");
    if (format != "svg" && format != "png") co_return fail(Code::invalid, "format= must be svg or png");
    unsigned size = 512;
    if (const auto asked = call.request.asked("size")) {
        size = number_from<unsigned>(*asked).value_or(0);
        if (size < 64 || size > 2'048)
            co_return fail(Code::invalid, "size= must be 64 to 2048");
    }
    if (const auto good = handle::check_name(call.captured(0), {}); !good)
        co_return std::unexpected(good.error());
    const std::string name = desk->registry.canonical(call.captured(0));
    const auto code = qr_modules(page_url(call, *desk, name));
    if (code.width == 0) co_return fail(Code::invalid, "the name is too long for a QR code");
    const bool has_text = call.request.asked("text").value_or("") != "false";
    http::Response response;
    if (format == "png") {
        auto work = [code, name, size, has_text]() -> Result<std::string> {
            return label_png(code, name, size, has_text);
        };
        auto png = co_await desk->labels.run(std::move(work));
        if (!png) co_return std::unexpected(png.error());
        response.body = std::move(*png);
        response.set("content-type", "image/png");
    } else {
        response.body = label_svg(code, name, has_text);
        response.set("content-type", "image/svg+xml");
    }
    response.set("cache-control", "public, max-age=3600");
    co_return response;
}

}  // namespace

void add_resolve_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/naming/resolve/{handle...}", &resolve);
    serve(router, services, "GET", "/api/v1/naming/label/{handle...}", &label);
    serve(router, services, "GET", "/h/{handle...}", &page);
}

}  // namespace lineshaft::api
