#include "dispatch/jobs/job.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace lineshaft::dispatch {
namespace {

struct MethodRow {
    JobMethod method;
    JobState from, to;
};

using enum JobState;

// OPC 10031-4, 6.2 and the method descriptions: the whole of it.
constexpr MethodRow method_rows[] = {
    {JobMethod::start, not_allowed_to_start, allowed_to_start},
    {JobMethod::revoke_start, allowed_to_start, not_allowed_to_start},
    {JobMethod::pause, running, interrupted},
    {JobMethod::resume, interrupted, running},
    {JobMethod::update, not_allowed_to_start, not_allowed_to_start},
    {JobMethod::update, allowed_to_start, allowed_to_start},
    {JobMethod::abort, running, aborted},
    {JobMethod::abort, interrupted, aborted},
    {JobMethod::stop, running, ended},
    {JobMethod::stop, interrupted, ended},
    {JobMethod::cancel, not_allowed_to_start, aborted},
    {JobMethod::cancel, allowed_to_start, aborted},
    {JobMethod::clear, ended, ended},
    {JobMethod::clear, aborted, aborted},
};

constexpr std::string_view job_state_names[] = {"NotAllowedToStart", "AllowedToStart", "Running",
                                                "Interrupted",       "Ended",          "Aborted"};
constexpr std::string_view job_substate_names[] = {"",     "Waiting",   "Ready",     "Loaded",
                                                   "Held", "Suspended", "Completed", "Closed"};
constexpr std::string_view job_method_names[] = {"Store", "StoreAndStart", "Start",  "RevokeStart",
                                                 "Pause", "Resume",        "Update", "Abort",
                                                 "Stop",  "Cancel",        "Clear"};

bool is_same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

template <class Word, std::size_t count>
std::optional<Word> word_named(const std::string_view (&names)[count], std::string_view name) {
    for (std::size_t index = 0; index < count; ++index) {
        if (is_same_word(names[index], name)) return static_cast<Word>(index);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(JobState state) {
    return job_state_names[std::to_underlying(state)];
}
std::string_view name_of(JobSubstate substate) {
    return job_substate_names[std::to_underlying(substate)];
}
std::string_view name_of(JobMethod method) {
    return job_method_names[std::to_underlying(method)];
}
std::optional<JobState> job_state_named(std::string_view name) {
    return word_named<JobState>(job_state_names, name);
}
std::optional<JobMethod> job_method_named(std::string_view name) {
    return word_named<JobMethod>(job_method_names, name);
}

Result<JobState> after_method(std::optional<JobState> from, JobMethod method) {
    if (method == JobMethod::store || method == JobMethod::store_and_start) {
        if (from) return fail(Code::conflict, "the job order is stored already");
        return method == JobMethod::store ? not_allowed_to_start : allowed_to_start;
    }
    if (!from) return fail(Code::not_found, "no such job order");
    for (const MethodRow& row : method_rows) {
        if (row.method == method && row.from == *from) return row.to;
    }
    std::string allowed;
    for (const JobMethod other : methods_of(*from)) {
        if (!allowed.empty()) allowed += ", ";
        allowed += name_of(other);
    }
    return fail(Code::conflict, std::string(name_of(method)) + " is not for a job order that is " +
                                    std::string(name_of(*from)) + "; it allows " + allowed);
}

bool may_report(JobState from, JobState to) {
    if (from == to) return true;
    switch (from) {
        case not_allowed_to_start: return to == aborted;
        case allowed_to_start: return to != not_allowed_to_start;
        case running: return to == interrupted || is_over(to);
        case interrupted: return to == running || is_over(to);
        case ended:
        case aborted: return false;
    }
    return false;
}

std::vector<JobMethod> methods_of(JobState state) {
    std::vector<JobMethod> out;
    for (const JobMethod method : all_job_methods) {
        const bool is_there = std::ranges::any_of(method_rows, [&](const MethodRow& row) {
            return row.method == method && row.from == state;
        });
        if (is_there) out.push_back(method);
    }
    return out;
}

}  // namespace lineshaft::dispatch
