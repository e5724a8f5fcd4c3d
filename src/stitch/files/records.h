#pragma once
#include <array>
#include <span>
#include <string>

#include "stitch/files/files.h"

// What the formats share; not for users of the module.
namespace lineshaft::stitch {

/// Collects what a reader finds, within the limits.
class StepReader {
public:
    StepReader(Pattern& out, const FileLimits& limits)
        : builder_(out), out_(out), limits_(limits) {}
    void stitch(int dx, int dy) { builder_.stitch(builder_.x() + dx, builder_.y() + dy); }
    void jump(int dx, int dy) { builder_.jump(builder_.x() + dx, builder_.y() + dy); }
    void jump_to(int x, int y) { builder_.jump(x, y); }
    void trim() { builder_.trim(); }
    void colour() { builder_.colour(), ++colours_; }
    bool has_stitch() const { return !out_.steps.empty(); }
    int x() const { return builder_.x(); }
    int y() const { return builder_.y(); }
    /// Asked after each record. Errors: exhausted.
    Result<void> check() const {
        if (is_inside()) [[likely]]
            return {};
        return why_not();
    }
    void end() { builder_.end(); }

private:
    bool is_inside() const {
        const auto far = limits_.place_max;
        return out_.steps.size() <= limits_.steps_max && colours_ <= limits_.colours_max &&
               x() >= -far && x() <= far && y() >= -far && y() <= far;
    }
    Result<void> why_not() const;
    PatternBuilder builder_;
    Pattern& out_;
    const FileLimits& limits_;
    std::size_t colours_ = 0;
};

/// Cuts a move into pieces of at most `most` per axis, at least `pieces_min`, as even as possible;
/// calls `put(dx, dy, is_last)`.
template <class Put>
void in_pieces(int dx, int dy, int most, int pieces_min, const Put& put) {
    const int longest = std::max(dx < 0 ? -dx : dx, dy < 0 ? -dy : dy);
    const int pieces = std::max(pieces_min, (longest + most - 1) / most);
    int done_x = 0, done_y = 0;
    for (int i = 1; i <= pieces; ++i) {
        const int to_x = static_cast<int>(std::int64_t(dx) * i / pieces);
        const int to_y = static_cast<int>(std::int64_t(dy) * i / pieces);
        put(to_x - done_x, to_y - done_y, i == pieces);
        done_x = to_x, done_y = to_y;
    }
}

struct PaletteThread {
    std::uint32_t rgb;
    const char* name;
};
std::span<const PaletteThread> brother_palette();  ///< 65, the first unknown
std::span<const PaletteThread> janome_palette();   ///< 79, the first a placeholder

Thread palette_thread(std::span<const PaletteThread> palette, std::size_t index);
/// For each thread the nearest entry but the first; equal threads get equal entries and different
/// ones different entries while there are enough.
std::vector<std::uint8_t> nearest(std::span<const PaletteThread> palette,
                                  std::span<const Thread> threads);

Result<Pattern> read_dst(Bytes file, const Dialect& dialect, const FileLimits& limits);
Result<Pattern> read_exp(Bytes file, const Dialect& dialect, const FileLimits& limits);
Result<Pattern> read_pes(Bytes file, const Dialect& dialect, const FileLimits& limits);
Result<Pattern> read_jef(Bytes file, const Dialect& dialect, const FileLimits& limits);
Result<Pattern> read_u01(Bytes file, const Dialect& dialect, const FileLimits& limits);
Result<Pattern> read_vp3(Bytes file, const Dialect& dialect, const FileLimits& limits);

std::string write_dst(const Pattern& pattern, const Dialect& dialect);
std::string write_exp(const Pattern& pattern, const Dialect& dialect);
std::string write_pes(const Pattern& pattern, const Dialect& dialect);
std::string write_jef(const Pattern& pattern, const Dialect& dialect);

}  // namespace lineshaft::stitch
