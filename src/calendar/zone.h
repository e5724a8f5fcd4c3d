#pragma once
#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::calendar {

/// A time zone's clock. Cheap to copy; may be shared by threads.
class Zone {
public:
    /// Errors: invalid, for what is_time_zone says no to.
    static Result<Zone> find(std::string_view name);
    /// What its clock is ahead of UTC at `at`.
    std::chrono::seconds offset_at(Instant at) const;
    /// `local`: what its clock shows, as if that were UTC. A time the clock skips is the moment of
    /// the skip; of one that comes twice, the first.
    Instant from_local(Instant local) const;

private:
    explicit Zone(const void* zone) : zone_(zone) {}
    const void* zone_;  // date's own, which lives for ever
};

}  // namespace lineshaft::calendar
