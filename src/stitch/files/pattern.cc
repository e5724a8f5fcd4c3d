#include "stitch/files/pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace lineshaft::stitch {

std::string to_text(Colour colour) {
    return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

Bounds bounds_of(const Pattern& pattern) {
    Bounds bounds;
    bool is_first = true;
    for (const Step& step : pattern.steps) {
        if (step.act != Act::stitch) continue;
        if (is_first) bounds = {step.x, step.y, step.x, step.y};
        is_first = false;
        bounds.left = std::min(bounds.left, step.x), bounds.right = std::max(bounds.right, step.x);
        bounds.top = std::min(bounds.top, step.y), bounds.bottom = std::max(bounds.bottom, step.y);
    }
    return bounds;
}

Counts counts_of(const Pattern& pattern) {
    Counts counts;
    for (const Step& step : pattern.steps) {
        switch (step.act) {
            case Act::stitch: ++counts.stitches; break;
            case Act::jump: ++counts.jumps; break;
            case Act::trim: ++counts.trims; break;
            case Act::colour: ++counts.colours; break;
        }
    }
    return counts;
}

void PatternBuilder::settle() {
    if (!is_moving_) return;
    is_moving_ = false;
    const Step last = out_.steps.empty() ? Step{} : out_.steps.back();
    if (last.x == x_ && last.y == y_) return;
    put(x_, y_, Act::jump);
}

// A cut and a change of thread happen where the last stitch was: the move comes after them.
void PatternBuilder::trim() {
    const Step last = out_.steps.empty() ? Step{} : out_.steps.back();
    const bool is_cut = out_.steps.empty() || last.act == Act::trim || last.act == Act::colour;
    if (is_cut) return;
    out_.steps.push_back({last.x, last.y, Act::trim});
}

void PatternBuilder::colour() {
    const Step last = out_.steps.empty() ? Step{} : out_.steps.back();
    out_.steps.push_back({last.x, last.y, Act::colour});
}

}  // namespace lineshaft::stitch
