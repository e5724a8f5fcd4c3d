#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lineshaft::stitch {

/// sRGB, eight bits each.
struct Colour {
    std::uint8_t red = 0, green = 0, blue = 0;
    bool operator==(const Colour&) const = default;
};

/// "#1a2b3c".
std::string to_text(Colour colour);

struct Thread {
    Colour colour;
    std::string name;  ///< as its maker calls it; may be empty
    bool operator==(const Thread&) const = default;
};

/// What the machine does on arriving at a step's place. `trim` and `colour` do not move.
enum class Act : std::uint8_t {
    stitch,  ///< the needle goes down here
    jump,    ///< the hoop moves here, needle up
    trim,    ///< both threads are cut
    colour   ///< the next thread of the pattern, or a stop where the machine has one needle
};

/// Places in 0.1 mm from the design's origin, x to the right, y down (DST and EXP count y up).
struct Step {
    std::int32_t x = 0, y = 0;
    Act act = Act::stitch;
    bool operator==(const Step&) const = default;
};

/// A design as a machine sews it. Sewing begins at the origin.
///
/// In normal form jumps in a row are one jump, no jump stays where it is, and trims in a row are
/// one. Readers give the normal form, and writers of every format keep it, except that a machine
/// without a trim command trims on long jumps (see Dialect).
struct Pattern {
    std::string name;
    std::vector<Step> steps;
    std::vector<Thread> threads;  ///< one more than colour steps; empty where the file has none
    bool operator==(const Pattern&) const = default;
};

/// Half-open nowhere: the extreme places themselves, in 0.1 mm.
struct Bounds {
    std::int32_t left = 0, top = 0, right = 0, bottom = 0;
    std::int32_t width() const { return right - left; }
    std::int32_t height() const { return bottom - top; }
    bool operator==(const Bounds&) const = default;
};

struct Counts {
    std::size_t stitches = 0, jumps = 0, trims = 0, colours = 0;  ///< colours: changes
    bool operator==(const Counts&) const = default;
};

/// Of the places where the needle goes down; all zero without any.
Bounds bounds_of(const Pattern& pattern);
Counts counts_of(const Pattern& pattern);

/// Adds steps one behind the other, keeping the normal form.
class PatternBuilder {
public:
    explicit PatternBuilder(Pattern& out) : out_(out) {}
    void stitch(std::int32_t x, std::int32_t y) { settle(), put(x, y, Act::stitch); }
    /// Takes effect with what follows, so that jumps in a row become one.
    void jump(std::int32_t x, std::int32_t y) { x_ = x, y_ = y, is_moving_ = true; }
    void trim();
    void colour();
    /// Where the needle is, jumps included.
    std::int32_t x() const { return x_; }
    std::int32_t y() const { return y_; }
    /// A jump behind the last stitch is dropped.
    void end() { is_moving_ = false; }

private:
    void settle();
    void put(std::int32_t x, std::int32_t y, Act act) {
        x_ = x, y_ = y;
        out_.steps.push_back({x, y, act});
    }
    Pattern& out_;
    std::int32_t x_ = 0, y_ = 0;
    bool is_moving_ = false;
};

}  // namespace lineshaft::stitch
