#include "dispatch/orders/figures.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lineshaft::orders {
namespace {

std::int64_t money(double amount) {
    return static_cast<std::int64_t>(std::llround(amount));
}

}  // namespace

Quote quote_of(const Prices& prices, const SewnDesign& design, std::uint32_t quantity) {
    Quote out;
    const double thousands = std::ceil(design.stitches / 100.0) / 10.0;
    const std::int64_t stitches =
        money(thousands * static_cast<double>(prices.thousand_stitches_minor));
    const std::int64_t colours = prices.colour_minor * static_cast<std::int64_t>(design.colours);
    const std::int64_t least =
        std::max<std::int64_t>(0, prices.piece_min_minor - stitches - colours);
    const double pieces = quantity;
    out.piece_minor = stitches + colours + least;
    out.items.push_back({"setup", 1, prices.setup_minor, prices.setup_minor});
    out.items.push_back(
        {"stitches", std::round(thousands * pieces * 10) / 10, prices.thousand_stitches_minor, stitches * quantity});
    out.items.push_back(
        {"colours", design.colours * pieces, prices.colour_minor, colours * quantity});
    if (least > 0) out.items.push_back({"minimum", pieces, least, least * quantity});
    out.total_minor = prices.setup_minor + out.piece_minor * quantity;
    out.minutes = design.minutes * pieces;
    return out;
}

Cost cost_of(const Prices& prices, const Order& order, const std::vector<JobOrder>& jobs,
             double stops_s) {
    Cost out;
    double sewing_s = 0, setup_s = 0, stitches = 0, scrap = 0;
    for (const JobOrder& job : jobs) {
        double busy = job.sewing_s;
        if (busy <= 0 && job.began_at && job.ended_at)
            busy = static_cast<double>((*job.ended_at - *job.began_at).count()) / 1e6;
        sewing_s += busy;
        setup_s += job.setup_done_s;
        stitches += static_cast<double>(job.stitches);
        scrap += job.scrap;
    }
    scrap += order.scrap;
    const double hour = static_cast<double>(prices.machine_hour_minor) / 3600;
    const double metres =
        order.design.stitches == 0 ? 0 : order.design.thread_m * stitches / order.design.stitches;
    out.items.push_back({"machine_time", sewing_s / 3600, "h", money(sewing_s * hour)});
    out.items.push_back({"setup", setup_s / 3600, "h", money(setup_s * hour)});
    out.items.push_back({"stops", stops_s / 3600, "h", money(stops_s * hour)});
    out.items.push_back({"thread", metres, "m",
                         money(metres * static_cast<double>(prices.thread_km_minor) / 1000)});
    const std::int64_t garment =
        0;  // scrap costs the time and thread above; the cloth is the customer's
    out.items.push_back({"scrap", scrap, "piece", garment});
    for (const CostItem& item : out.items) out.total_minor += item.amount_minor;
    return out;
}

std::optional<double> Oee::ratio(double part, double whole) {
    if (!(whole > 0)) return std::nullopt;
    return part / whole;
}

std::optional<double> Oee::oee() const {
    const auto a = availability(), e = effectiveness(), q = quality();
    if (!a || !e || !q) return std::nullopt;
    return *a * *e * *q;
}

namespace {

double seconds_between(Instant from, Instant until) {
    return static_cast<double>((until - from).count()) / 1e6;
}

// Seconds of `window` that at least one of `parts` covers.
double covered_s(std::vector<Window> parts, Window window) {
    std::ranges::sort(parts, {}, &Window::from);
    double sum = 0;
    Instant done = window.from;
    for (const Window& part : parts) {
        const Instant from = std::max(done, part.from), until = std::min(part.until, window.until);
        if (until <= from) continue;
        sum += seconds_between(from, until);
        done = until;
    }
    return sum;
}

}  // namespace

Oee oee_of(const std::vector<Ran>& jobs, Window window, std::vector<Window> planned,
           double rpm_max) {
    Oee out;
    for (const Ran& job : jobs) planned.push_back({job.began, job.ended});
    out.pbt = covered_s(std::move(planned), window);
    double ideal_s = 0, pieces = 0;
    for (const Ran& job : jobs) {
        const auto from = std::max(job.began, window.from),
                   until = std::min(job.ended, window.until);
        const double whole = seconds_between(job.began, job.ended);
        const double inside = seconds_between(from, until);
        if (inside < 0 || whole < 0) continue;
        const double share = whole > 0 ? inside / whole : 1;
        out.aubt += inside;
        out.adot += std::min(job.stops_s, whole) * share;
        out.asut += std::min(job.setup_s, std::max(0.0, whole - job.stops_s)) * share;
        // A piece counts where its job order ended, so that windows side by side count it once.
        if (job.ended <= window.from || job.ended > window.until) continue;
        out.gq += job.good, out.rq += job.rework, out.sq += job.scrap;
        const double made = static_cast<double>(job.good + job.rework + job.scrap);
        pieces += made;
        ideal_s += made * job.stitches / rpm_max * 60;
    }
    out.pq = out.gq + out.rq + out.sq;
    out.apt = std::max(0.0, out.aubt - out.adot - out.asut);
    out.aupt = out.apt + out.asut;
    out.pru = pieces > 0 ? ideal_s / pieces : 0;
    return out;
}

}  // namespace lineshaft::orders
