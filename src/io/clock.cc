#include "io/clock.h"

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
};

}  // namespace

const Clock& Clock::system() {
    static const SystemClock clock;
    return clock;
}

}  // namespace lineshaft::io
