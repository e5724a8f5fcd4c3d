#pragma once
#include <span>

#include "history/columns.h"

namespace lineshaft::history {

/// The unsealed samples of one series, of any kinds, in any order of arrival; of two at one instant
/// the later to arrive wins. Samples in order are appended; those a little late, as where a machine's
/// data comes over several connections, go to their place; later ones wait in arrival order and are
/// merged once there are many, or when somebody looks. Adding is O(1), late or not, amortised
/// O(log n). Owner: the part of the series' shard.
class Head {
public:
    /// `usual`: how many samples it may have in the end; 0: nobody knows.
    explicit Head(std::size_t usual = 0) : usual_(usual) {}

    /// Adds sample `index` of `from`. True when it took the place of the newest.
    bool add(const Columns& from, std::size_t index);
    /// Adds these in their order; how many took the place of the newest.
    std::size_t add(const Columns& from, std::span<const std::uint32_t> indexes);

    /// Everything ascending, one per instant. Valid until the next add.
    const Columns& settled();
    /// Takes everything out.
    Columns take();

    std::size_t size() const { return sorted_.size() + late_.size(); }
    /// How many late samples took another's place so far; counted when merged.
    std::uint64_t late_replaced() const { return late_replaced_; }

private:
    void settle();
    bool add_near(const Columns& from, std::size_t index);

    std::size_t usual_;
    Columns sorted_;
    Columns late_;
    std::int64_t late_newest_ = INT64_MIN;
    std::uint64_t late_replaced_ = 0;
};

}  // namespace lineshaft::history
