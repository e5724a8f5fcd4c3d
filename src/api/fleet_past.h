// Inside api: what history tells of one machine of the fleet.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "dispatch/fleet/fleet.h"

namespace lineshaft::api {

/// Tags that mean the same, the usual one first.
enum class Meaning { latitude, longitude, speed, rpm, load, running, state, fault, hours, fuel };

/// Whose history tells of a machine: ours, or that of those who share it with us.
struct PastOf {
    OrganisationId organisation;
    std::string machine;
};
/// Errors of all that ask for a machine: not_found.
std::unexpected<Error> no_machine(std::string_view id);
PastOf past_in(const dispatch::Fleet& fleet, OrganisationId ours, const std::string& machine);

/// Nothing: it never told that. Errors: those of history.
io::Task<Result<std::optional<history::Series>>> series_named(Call call, PastOf past, Meaning what);
io::Task<Result<std::vector<history::Sample>>> samples_of(Call call, PastOf past, Meaning what,
                                                          Window window, std::size_t count_max);
bool is_good(const history::Sample& sample);
/// ?from= and ?until=. Errors: invalid.
Result<Window> asked_window(const Call& call, std::int64_t usual_us, std::int64_t most_us);

}  // namespace lineshaft::api
