#include "stitch/sewer.h"

#include <algorithm>

namespace lineshaft::stitch {
namespace {

constexpr double tie_mm = 0.7;
constexpr int per_mm = 10;

std::int32_t tenth(double mm) {
    return static_cast<std::int32_t>(std::lround(mm * per_mm));
}

}  // namespace

void Sewer::down(Place place) {
    builder_.stitch(tenth(place.x), tenth(place.y));
    before_ = at_;
    at_ = place;
}

void Sewer::colour(const Thread& thread) {
    if (!out_.threads.empty()) {
        end();
        builder_.colour();
    }
    out_.threads.push_back(thread);
}

void Sewer::tie_off() {
    if (!is_sewing_) return;
    const Place back =
        at_ + unit(before_ - at_) * std::min(tie_mm, std::max(0.4, distance(before_, at_)));
    const Place end = at_;
    down(back);
    down(end);
    down(back);
    is_sewing_ = false;
}

void Sewer::end() {
    if (!is_sewing_) return;
    tie_off();
    builder_.trim();
    is_tie_due_ = false;
}

void Sewer::go_to(Place place) {
    const double far = distance(place, at_);
    if (is_sewing_ && far < settings_.stitch_min_mm) return;
    if (is_sewing_ && far < settings_.trim_from_mm) {
        down(place);
        return;
    }
    end();
    builder_.jump(tenth(place.x), tenth(place.y));
    at_ = place;
    before_ = place;
    is_sewing_ = is_tie_due_ = true;
}

void Sewer::stitch(Place place) {
    if (!is_sewing_) go_to(place);
    const double far = distance(place, at_);
    if (is_tie_due_) {
        if (far < 0.05) return;
        is_tie_due_ = false;
        const Place start = at_, ahead = start + unit(place - start) * std::min(tie_mm, far);
        down(start);
        down(ahead);
        down(start);
        if (far > 1.5 * tie_mm) down(ahead);
        down(place);
        return;
    }
    if (far < settings_.stitch_min_mm) return;
    const int pieces = static_cast<int>(std::ceil(far / settings_.stitch_max_mm));
    const Place start = at_;
    for (int i = 1; i <= pieces; ++i) down(between(start, place, static_cast<double>(i) / pieces));
}

void Sewer::run(const Line& line, double step) {
    if (line.empty()) return;
    if (!is_sewing_) go_to(line.front());
    // Bends are kept: a stitch never strays more than a little from the line.
    const Line bends = simplified(line, 0.15);
    stitch(bends.front());
    for (std::size_t i = 1; i < bends.size(); ++i) {
        const double side = distance(bends[i - 1], bends[i]);
        const int pieces = std::max(1, static_cast<int>(std::ceil(side / step - 0.15)));
        for (int k = 1; k <= pieces; ++k) {
            const Place here = between(bends[i - 1], bends[i], static_cast<double>(k) / pieces);
            const bool is_last = i + 1 == bends.size() && k == pieces;
            // Bends close together are one stitch.
            if (is_last || distance(here, at_) >= std::min(0.6 * step, 1.0)) stitch(here);
        }
    }
}

}  // namespace lineshaft::stitch
