#pragma once
#include "stitch/geometry.h"
#include "stitch/stitch.h"

namespace lineshaft::stitch {

/// The needle: takes places in millimetres and makes a pattern of them. Ties threads in and off,
/// cuts where a move is long, splits stitches that are too long, leaves out those too short.
class Sewer {
public:
    Sewer(Pattern& out, const Settings& settings) : builder_(out), out_(out), settings_(settings) {}

    /// The next stitches are of this thread.
    void colour(const Thread& thread);
    /// The next stitch is here; near by the thread is not cut.
    void go_to(Place place);
    void stitch(Place place);
    /// Stitches along a line, about `step` mm each; its first place is where the needle is or goes.
    void run(const Line& line, double step);
    /// Ties off and cuts.
    void end();

    /// Where the needle is; before the first stitch of all, the origin.
    Place place() const { return at_; }
    bool is_sewing() const { return is_sewing_; }
    std::size_t count() const { return out_.steps.size(); }

private:
    void down(Place place);
    void tie_off();
    PatternBuilder builder_;
    Pattern& out_;
    const Settings& settings_;
    Place at_, before_;
    bool is_sewing_ = false;   ///< the thread is tied in here
    bool is_tie_due_ = false;  ///< tied in with the next stitch, whose direction it takes
};

}  // namespace lineshaft::stitch
