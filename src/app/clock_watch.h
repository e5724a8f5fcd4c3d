#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "io/clock_step.h"

namespace lineshaft::app {

/// Says so when the wall clock was set: in the log, to `tell` (an event of the plant), and as a count.
/// Owner: shard 0, which looks about once a second.
class ClockWatch {
public:
    using Tell = std::function<void(Instant now, const std::string& text)>;
    ClockWatch(const io::Clock& clock, Tell tell)
        : clock_(clock), step_(clock), tell_(std::move(tell)) {}

    void look();
    std::uint64_t steps() const { return steps_; }

private:
    const io::Clock& clock_;
    io::ClockStep step_;
    Tell tell_;
    std::uint64_t steps_ = 0;
};

}  // namespace lineshaft::app
