#include "api/order_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/render.h"
#include "dispatch/orders/reason.h"
#include "stitch/files/files.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

json::value time_or_null(const std::optional<Instant>& at) {
    return at ? json::value(render_time(*at)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& items) {
    json::array out;
    for (const auto& item : items) out.push_back(text_or_null(item));
    return out;
}

double rounded_to(double value, double per_unit) {
    return std::round(value * per_unit) / per_unit;
}

const JobProgress* progress_of(const ProgressByJob& all, std::uint64_t job) {
    const auto found = all.find(job);
    return found == all.end() ? nullptr : &found->second;
}

// Needle penetrations of the order so far, those of pieces in the hoop included.
double stitches_done(const OrderView& view, const ProgressByJob& progress) {
    double done = static_cast<double>(view.order.good) * view.order.design.stitches;
    for (const auto& job : view.jobs) {
        const auto* now = progress_of(progress, job.number);
        if (now != nullptr && dispatch::has_begun(job.state))
            done += std::min(now->stitch, view.order.design.stitches);
    }
    return std::min(done, static_cast<double>(view.order.quantity) * view.order.design.stitches);
}

json::object design_json(const orders::SewnDesign& design) {
    return {{"id", design.id == 0 ? json::value(nullptr) : json::value(std::to_string(design.id))},
            {"name", design.name},
            {"hash", design.hash},
            {"stitches", design.stitches},
            {"colours", design.colours},
            {"minutes", design.minutes},
            {"width_mm", design.width_mm},
            {"height_mm", design.height_mm},
            {"threads", texts(design.threads)}};
}

// ".DST", as machines of 8.3 names want it; of a machine nobody knows DST.
std::string file_ending(std::string_view dialect_name) {
    const auto* dialect = stitch::dialect_of(dialect_name);
    std::string ending = "." + std::string(stitch::name_of(
                                   dialect == nullptr ? stitch::Format::dst : dialect->format));
    std::ranges::transform(ending, ending.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return ending;
}

// "why" and "reason"; a customer hears nothing of machines and people of the workshop.
void put_reason(json::object& out, std::string_view stored, bool is_viewer) {
    auto reason = orders::reason_of(stored);
    if (!is_viewer && !orders::is_for_customers(reason)) reason = {};
    out["why"] = text_or_null(orders::sentence_of(reason));
    out["reason"] = reason_json(reason);
}

}  // namespace

json::value reason_json(const orders::Reason& reason) {
    if (reason.code.empty() || reason.code == "words") return nullptr;
    json::array parts;
    for (const auto& part : reason.parts) parts.push_back(text(part));
    return json::object{{"code", reason.code}, {"parts", std::move(parts)}};
}

json::value maker_name(const catalog::Snapshot& catalog, OrganisationId id,
                       const std::string& node_name) {
    const auto* organisation = catalog.organisation(id);
    if (organisation == nullptr) return nullptr;
    if (organisation->title) return json::string(*organisation->title);
    if (id != catalog::default_organisation) return json::string(organisation->name);
    return node_name == "lineshaft" ? json::value(nullptr) : json::value(node_name);
}

Result<OrderView> view_of(orders::Book& book, orders::Order order) {
    TRY(auto jobs, book.jobs_of(order.organisation, order.number));
    return OrderView{std::move(order), std::move(jobs), {}};
}

std::string machine_name(const catalog::Snapshot& catalog, OrganisationId organisation,
                         const std::string& machine) {
    const auto* entry = catalog.machine(organisation, machine);
    return entry != nullptr && entry->machine.name ? *entry->machine.name : machine;
}

json::object render(const orders::JobOrder& job, const orders::Order& order,
                    const ProgressByJob& progress, const catalog::Snapshot& catalog,
                    bool is_viewer) {
    const auto* now = progress_of(progress, job.number);
    const bool is_live = now != nullptr && !dispatch::is_over(job.state);
    json::array methods, breaks;
    for (const auto method : dispatch::methods_of(job.state)) {
        const bool is_closed =
            method == dispatch::JobMethod::clear && job.substate == dispatch::JobSubstate::closed;
        if (!is_closed) methods.push_back(text(dispatch::name_of(method)));
    }
    for (const auto count : is_live && !now->breaks.empty() ? now->breaks : job.breaks)
        breaks.push_back(count);
    json::object out{
        {"id", orders::job_text(job.number)},
        {"order", order.code},
        {"order_name", order.design.name},
        {"state", text(dispatch::name_of(job.state))},
        {"substate", text_or_null(dispatch::name_of(job.substate))},
        {"asked", job.asked && *job.asked != dispatch::JobMethod::clear
                      ? json::value(text(dispatch::name_of(*job.asked)))
                      : json::value(nullptr)},
        {"methods", std::move(methods)},
        {"machine_name", job.machine.empty()
                             ? json::value(nullptr)
                             : json::value(machine_name(catalog, job.organisation, job.machine))},
        {"position",
         job.machine.empty() || job.is_given() ? json::value(nullptr) : json::value(job.position)},
        {"pinned", job.is_pinned},
        {"pieces",
         {{"wanted", job.wanted},
          {"good", std::max(job.good, is_live ? now->good : 0)},
          {"rework", job.rework},
          {"scrap", job.scrap}}},
        {"stitch", {{"current", is_live ? now->stitch : 0}, {"total", order.design.stitches}}},
        {"colour", {{"index", is_live ? now->colour : 0}, {"count", order.design.colours}}},
        {"needle", is_live && now->needle != 0 ? json::value(now->needle) : json::value(nullptr)},
        {"rpm", is_live ? json::value(now->rpm) : json::value(nullptr)},
        {"thread_breaks", std::move(breaks)},
        {"stop_reason", is_live ? text_or_null(now->stop_reason) : json::value(nullptr)},
        {"threads", texts(order.design.threads)},
        {"design", {{"name", order.design.name}, {"hash", order.design.hash}}},
        {"due_at", time_or_null(order.due_at)},
        {"planned_start", time_or_null(job.planned_start)},
        {"planned_end", time_or_null(job.planned_end)},
        {"setup_s", rounded_to(job.setup_s, 1)},
        {"began_at", time_or_null(job.began_at)},
        {"ended_at", time_or_null(job.ended_at)},
        {"barcode", orders::barcode_of(job.number)},
        {"file", orders::barcode_of(job.number) + file_ending(job.dialect)},
        {"delivery", job.delivery ? json::value(text(orders::name_of(*job.delivery)))
                                  : json::value(nullptr)},
        {"delivered_at", time_or_null(job.delivered_at)},
        {"replaces",
         job.replaces == 0 ? json::value(nullptr) : json::value(orders::job_text(job.replaces))}};
    put_reason(out, job.why, is_viewer);
    if (is_viewer) out["machine"] = text_or_null(job.machine);
    return out;
}

json::object render(const OrderView& view, const ProgressByJob& progress,
                    const catalog::Snapshot& catalog, bool is_viewer) {
    const orders::Order& order = view.order;
    json::array jobs;
    std::optional<Instant> planned_end;
    for (const auto& job : view.jobs) {
        jobs.push_back(render(job, order, progress, catalog, is_viewer));
        if (!dispatch::is_over(job.state) && job.planned_end)
            planned_end = std::max(planned_end.value_or(*job.planned_end), *job.planned_end);
    }
    const double all = static_cast<double>(order.quantity) * order.design.stitches;
    const double done = stitches_done(view, progress);
    json::object customer{{"name", order.customer}};
    if (is_viewer) customer["contact"] = order.contact;
    json::object out{
        {"id", order.code},
        {"number", order.number},
        {"state", text(orders::name_of(order.state))},
        {"name", order.design.name},
        {"cloth",
         {{"fabric", text_or_null(order.design.fabric)}, {"colour", text_or_null(order.cloth)}}},
        {"customer", std::move(customer)},
        {"quantity", order.quantity},
        {"priority", order.priority},
        {"placed_at", render_time(order.placed_at)},
        {"due_at", time_or_null(order.due_at)},
        {"planned_end", time_or_null(planned_end)},
        {"done_at", time_or_null(order.done_at)},
        {"design", design_json(order.design)},
        {"price", {{"currency", order.currency}, {"total_minor", order.total_minor}}},
        {"pieces", {{"good", order.good}, {"rework", order.rework}, {"scrap", order.scrap}}},
        {"progress",
         {{"stitches_done", static_cast<std::int64_t>(done)},
          {"stitches_total", static_cast<std::int64_t>(all)},
          {"share", all > 0 ? rounded_to(done / all, 10'000) : 0.0}}},
        {"identifier", text_or_null(order.identifier)},
        {"jobs", std::move(jobs)},
        {"picture", fmt::format("/api/v1/orders/{}/files/svg", order.code)},
        {"source", order.link != 0 ? "shop" : "desk"},
        {"history", fmt::format("/api/v1/orders/{}/history", order.code)}};
    put_reason(out, order.why, is_viewer);
    if (is_viewer) out["note"] = order.note;
    return out;
}

json::object render(const orders::PlanFacts& plan) {
    return {{"made_at", plan.made_at.micros == 0 ? json::value(nullptr)
                                                 : json::value(render_time(plan.made_at))},
            {"jobs", plan.jobs},
            {"machines", plan.machines},
            {"late_jobs", plan.late_jobs},
            {"late_s", rounded_to(plan.late_s, 1)},
            {"setup_s", rounded_to(plan.setup_s, 1)},
            {"took_ms", rounded_to(plan.took_ms, 10)},
            {"proven", plan.is_proven}};
}

json::object render(const orders::SewingMachine& machine, const catalog::Snapshot& catalog) {
    json::array threads = texts(machine.threads);
    return {{"machine", machine.machine},
            {"name", machine_name(catalog, machine.organisation, machine.machine)},
            {"enabled", machine.is_enabled},
            {"heads", machine.heads},
            {"needles", machine.needles},
            {"hoop_mm", {machine.hoop_width_mm, machine.hoop_height_mm}},
            {"rpm_max", machine.rpm_max},
            {"dialect", machine.dialect},
            {"delivery", text(orders::name_of(machine.delivery))},
            {"folder", text_or_null(machine.folder)},
            {"threads", std::move(threads)},
            {"source", machine.is_told ? "people" : "machine"}};
}

json::object render(const orders::Prices& prices) {
    return {{"currency", prices.currency},
            {"setup_minor", prices.setup_minor},
            {"thousand_stitches_minor", prices.thousand_stitches_minor},
            {"colour_minor", prices.colour_minor},
            {"piece_min_minor", prices.piece_min_minor},
            {"machine_hour_minor", prices.machine_hour_minor},
            {"thread_km_minor", prices.thread_km_minor}};
}

json::object render_progress(const JobProgress& now, const orders::JobOrder& job,
                             const orders::Order& order, const catalog::Snapshot& catalog) {
    const double all = static_cast<double>(job.wanted) * order.design.stitches;
    const double done = static_cast<double>(now.good) * order.design.stitches + now.stitch;
    return {{"order", order.code},
            {"job", orders::job_text(job.number)},
            {"machine_name", machine_name(catalog, job.organisation, job.machine)},
            {"at", render_time(now.at)},
            {"piece", std::min(now.good + 1, job.wanted)},
            {"wanted", job.wanted},
            {"stitch", now.stitch},
            {"total", now.total},
            {"colour", now.colour},
            {"needle", now.needle},
            {"rpm", now.rpm},
            {"stop_reason", text_or_null(now.stop_reason)},
            {"share", all > 0 ? std::min(1.0, rounded_to(done / all, 10'000)) : 0.0}};
}

// Sixty-four colours that embroidery machines of many makers know by number.
json::array thread_chart() {
    struct Row {
        const char *name, *colour;
    };
    static constexpr Row rows[] = {{"Prussian blue", "#1a0a94"}, {"Blue", "#0f75ff"},
                                   {"Teal green", "#00934c"},    {"Cornflower blue", "#babdfe"},
                                   {"Red", "#ec0000"},           {"Reddish brown", "#e4995a"},
                                   {"Magenta", "#cc48ab"},       {"Light lilac", "#fdc4fa"},
                                   {"Lilac", "#dd84cd"},         {"Mint green", "#6bd38a"},
                                   {"Deep gold", "#e4a945"},     {"Orange", "#ffbd42"},
                                   {"Yellow", "#ffe600"},        {"Lime green", "#6cd900"},
                                   {"Brass", "#c1a941"},         {"Silver", "#b5ad97"},
                                   {"Russet brown", "#ba9c5f"},  {"Cream brown", "#faf59e"},
                                   {"Pewter", "#808080"},        {"Black", "#000000"},
                                   {"Ultramarine", "#001cdf"},   {"Royal purple", "#df00b8"},
                                   {"Dark grey", "#626262"},     {"Dark brown", "#69260d"},
                                   {"Deep rose", "#ff0060"},     {"Light brown", "#bf8200"},
                                   {"Salmon pink", "#f39178"},   {"Vermilion", "#ff6805"},
                                   {"White", "#f0f0f0"},         {"Violet", "#c832cd"},
                                   {"Seacrest", "#b0bf9b"},      {"Sky blue", "#65bfeb"},
                                   {"Pumpkin", "#ffba04"},       {"Cream yellow", "#fff06c"},
                                   {"Khaki", "#feca15"},         {"Clay brown", "#f38101"},
                                   {"Leaf green", "#37a923"},    {"Peacock blue", "#23465f"},
                                   {"Grey", "#a6a695"},          {"Warm grey", "#cebfa6"},
                                   {"Dark olive", "#96aa02"},    {"Linen", "#ffe3c6"},
                                   {"Pink", "#ff99d7"},          {"Deep green", "#007004"},
                                   {"Lavender", "#edccfb"},      {"Wisteria violet", "#c089d8"},
                                   {"Beige", "#e7d9b4"},         {"Carmine", "#e90e86"},
                                   {"Amber red", "#cf6829"},     {"Olive green", "#408615"},
                                   {"Dark fuchsia", "#db1797"},  {"Tangerine", "#ffa704"},
                                   {"Light blue", "#b9ffff"},    {"Emerald green", "#228927"},
                                   {"Purple", "#b612cd"},        {"Moss green", "#00aa00"},
                                   {"Flesh pink", "#fea9dc"},    {"Harvest gold", "#fed510"},
                                   {"Electric blue", "#0097df"}, {"Lemon yellow", "#ffff84"},
                                   {"Fresh green", "#cfe774"},   {"Crimson", "#a01030"},
                                   {"Midnight blue", "#1a3c6e"}, {"Burgundy", "#6e1a2c"}};
    json::array out;
    unsigned number = 0;
    for (const Row& row : rows)
        out.push_back(json::object{
            {"code", fmt::format("{:03}", ++number)}, {"name", row.name}, {"colour", row.colour}});
    return out;
}

Result<orders::SewnDesign> sewn_design(const catalog::Design& design, std::string_view dst) {
    if (design.state != catalog::DesignState::ready)
        return fail(Code::conflict, "the design is not ready to be sewn");
    boost::system::error_code problem;
    const json::value facts = json::parse(design.facts, problem);
    orders::SewnDesign out;
    out.id = design.id;
    out.name = design.name;
    out.hash = to_hex(as_bytes(trust::text_of(trust::sha256(dst))));
    if (problem || !facts.is_object())
        return fail(Code::corrupt, "what is known of the design cannot be read");
    const json::object& all = facts.as_object();
    const auto number = [&](std::string_view name) {
        const auto* found = all.if_contains(json::string_view(name.data(), name.size()));
        return found != nullptr && found->is_number() ? found->to_number<double>() : 0.0;
    };
    out.stitches = static_cast<std::uint32_t>(number("stitches"));
    out.colours = static_cast<std::uint32_t>(number("colour_changes")) + 1;
    if (const auto* fabric = all.if_contains("fabric"); fabric != nullptr && fabric->is_string())
        out.fabric = fabric->as_string();
    out.minutes = number("minutes");
    out.thread_m = number("thread_m");
    if (const auto* bounds = all.if_contains("bounds_mm");
        bounds != nullptr && bounds->is_array() && bounds->as_array().size() == 4) {
        const auto side = [&](std::size_t index) {
            return bounds->as_array()[index].to_number<double>();
        };
        out.width_mm = rounded_to(side(2) - side(0), 10);
        out.height_mm = rounded_to(side(3) - side(1), 10);
    }
    if (const auto* threads = all.if_contains("threads");
        threads != nullptr && threads->is_array()) {
        for (const auto& thread : threads->as_array()) {
            const auto* colour =
                thread.is_object() ? thread.as_object().if_contains("colour") : nullptr;
            if (colour != nullptr && colour->is_string())
                out.threads.emplace_back(colour->as_string());
        }
    }
    return out;
}

std::vector<unsigned> needles_for(const orders::SewnDesign& design,
                                  const orders::SewingMachine& machine) {
    std::vector<unsigned> out;
    for (const std::string& thread : design.threads) {
        const auto found = std::ranges::find(machine.threads, thread);
        out.push_back(found == machine.threads.end()
                          ? 0
                          : static_cast<unsigned>(found - machine.threads.begin()) + 1);
    }
    return out;
}

Result<MachineFile> machine_file(const orders::SewnDesign& design, std::string_view dst,
                                 const orders::SewingMachine& machine, std::uint64_t job) {
    const auto* dialect = stitch::dialect_of(machine.dialect);
    if (dialect == nullptr) dialect = stitch::dialect_of("tajima");
    MachineFile out;
    out.name = orders::barcode_of(job) + file_ending(dialect->name);
    if (dialect->format == stitch::Format::dst) {
        out.bytes = dst;
    } else {
        TRY(auto pattern, stitch::read(stitch::Format::dst, as_bytes(dst)));
        pattern.name = design.name;
        if (design.threads.size() == stitch::counts_of(pattern).colours + 1) {
            for (const std::string& thread : design.threads) {
                std::uint32_t rgb = 0;
                std::from_chars(thread.data() + 1, thread.data() + thread.size(), rgb, 16);
                pattern.threads.push_back(
                    {{static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
                      static_cast<std::uint8_t>(rgb)},
                     thread});
            }
        }
        TRY(out.bytes, stitch::write(dialect->format, pattern, *dialect));
    }
    out.sha256 = to_hex(as_bytes(trust::text_of(trust::sha256(out.bytes))));
    return out;
}

}  // namespace lineshaft::api
