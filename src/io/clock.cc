#include "io/clock.h"

#include <sys/timex.h>

#include <utility>

namespace lineshaft::io {
namespace {

class SystemClock final : public Clock {
public:
    Instant now() const override {
        using namespace std::chrono;
        return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
    }
    Steady steady() const override {
        using namespace std::chrono;
        return duration_cast<Steady>(steady_clock::now().time_since_epoch());
    }
    ClockState state() const override {
        timex asked{};  // modes 0: asks, changes nothing
        const int state = ::ntp_adjtime(&asked);
        if (state < 0) return ClockState::unknown;
        return state == TIME_ERROR ? ClockState::unsynchronised : ClockState::synchronised;
    }
};

}  // namespace

std::string_view name_of(ClockState state) {
    switch (state) {
        case ClockState::unknown: return "unknown";
        case ClockState::synchronised: return "synchronised";
        case ClockState::unsynchronised: return "unsynchronised";
    }
    std::unreachable();
}

const Clock& Clock::system() {
    static const SystemClock clock;
    return clock;
}

}  // namespace lineshaft::io
