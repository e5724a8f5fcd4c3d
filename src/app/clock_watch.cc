#include "app/clock_watch.h"

#include <fmt/format.h>

#include "base/log.h"

namespace lineshaft::app {

void ClockWatch::look() {
    const auto step = step_.take();
    if (step.count() == 0) return;
    ++steps_;
    const double seconds = std::chrono::duration<double>(step).count();
    const std::string text =
        fmt::format("clock stepped: set {} by {:.1f} s", seconds > 0 ? "ahead" : "back",
                    seconds > 0 ? seconds : -seconds);
    log::warn("{}; sessions and silences go on as if it had not been", text);
    if (tell_) tell_(clock_.now(), text);
}

}  // namespace lineshaft::app
