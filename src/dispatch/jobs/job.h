// Job orders as OPC 10031-4 v2.00 knows them: states, substates, methods, and the only transitions
// there are.
//
// Pure. What a person may ask (methods) and what a machine may report (its own transitions) are two
// tables.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::dispatch {

enum class JobState : std::uint8_t {
    not_allowed_to_start = 0,
    allowed_to_start = 1,
    running = 2,
    interrupted = 3,
    ended = 4,
    aborted = 5,
};
inline constexpr JobState all_job_states[] = {JobState::not_allowed_to_start,
                                              JobState::allowed_to_start,
                                              JobState::running,
                                              JobState::interrupted,
                                              JobState::ended,
                                              JobState::aborted};

/// waiting, ready, loaded of the two before the start; held, suspended of interrupted; completed
/// and closed of ended (closed also of aborted).
enum class JobSubstate : std::uint8_t {
    none,
    waiting,
    ready,
    loaded,
    held,
    suspended,
    completed,
    closed
};

enum class JobMethod : std::uint8_t {
    store,
    store_and_start,
    start,
    revoke_start,
    pause,
    resume,
    update,
    abort,
    stop,
    cancel,
    clear,
};
inline constexpr JobMethod all_job_methods[] = {
    JobMethod::store, JobMethod::store_and_start, JobMethod::start,  JobMethod::revoke_start,
    JobMethod::pause, JobMethod::resume,          JobMethod::update, JobMethod::abort,
    JobMethod::stop,  JobMethod::cancel,          JobMethod::clear};

std::string_view name_of(JobState state);        ///< "NotAllowedToStart"
std::string_view name_of(JobSubstate substate);  ///< "Waiting"; empty for none
std::string_view name_of(JobMethod method);      ///< "StoreAndStart"
/// Names as the specification spells them, upper and lower case the same.
std::optional<JobState> job_state_named(std::string_view name);
std::optional<JobMethod> job_method_named(std::string_view name);

/// What a method makes of a job order; `from` empty: nobody knows it yet. `clear` keeps the state.
/// Errors: conflict, saying which methods the state allows; of an unknown job not_found.
Result<JobState> after_method(std::optional<JobState> from, JobMethod method);

/// What a machine may report next: AllowedToStart->Running, Running->Interrupted, Ended, Aborted,
/// Interrupted->Running, Ended, Aborted, not begun->Aborted, and staying. A report may have missed
/// what lay between, so AllowedToStart->Interrupted and ->Ended are taken too.
bool may_report(JobState from, JobState to);

/// Methods of a state, in the order of the enumeration.
std::vector<JobMethod> methods_of(JobState state);

inline bool is_over(JobState state) {
    return state == JobState::ended || state == JobState::aborted;
}
inline bool has_begun(JobState state) {
    return state == JobState::running || state == JobState::interrupted;
}

}  // namespace lineshaft::dispatch
