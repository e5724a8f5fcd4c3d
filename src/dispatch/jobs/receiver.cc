#include "dispatch/jobs/receiver.h"

#include <algorithm>

namespace lineshaft::dispatch {

JobReceiver::Reply JobReceiver::command(const JobCommand& command) {
    if (command.job == 0 || command.sequence == 0)
        return {Verdict::refused, {}, "no job or sequence"};
    const auto found = jobs_.find(command.job);
    if (found == jobs_.end()) {
        if (command.job <= forgotten_up_to_)
            return {Verdict::late, {}, "that job order is long over"};
        const auto state = after_method(std::nullopt, command.method);
        if (!state) return {Verdict::refused, {}, state.error().context};
        if (open() >= limits_.open_max)
            return {Verdict::refused, {}, "too many job orders are open"};
        jobs_[command.job] = {*state, command.sequence, ++stored_, false, {}};
        return {Verdict::obeyed, *state, {}};
    }
    Entry& entry = found->second;
    if (command.sequence < entry.sequence)
        return {Verdict::late, entry.state, "a later command was obeyed"};
    if (command.sequence == entry.sequence) {
        return {entry.was_refused ? Verdict::refused : Verdict::repeated, entry.state, entry.why};
    }
    entry.sequence = command.sequence;
    const auto state = after_method(entry.state, command.method);
    entry.was_refused = !state;
    entry.why = state ? std::string() : state.error().context;
    if (!state) return {Verdict::refused, entry.state, entry.why};
    const bool was_over = is_over(entry.state);
    entry.state = *state;
    const Reply reply{Verdict::obeyed, *state, {}};
    if (is_over(*state) && !was_over) close(command.job);
    return reply;
}

bool JobReceiver::moved(std::uint64_t job, JobState to) {
    const auto found = jobs_.find(job);
    if (found == jobs_.end() || is_over(found->second.state)) return false;
    if (!may_report(found->second.state, to)) return false;
    found->second.state = to;
    if (is_over(to)) close(job);
    return true;
}

void JobReceiver::close(std::uint64_t job) {
    closed_.push_back(job);
    if (closed_.size() <= limits_.closed_kept) return;
    forgotten_up_to_ = std::max(forgotten_up_to_, closed_.front());
    jobs_.erase(closed_.front());
    closed_.pop_front();
}

std::optional<JobState> JobReceiver::state_of(std::uint64_t job) const {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.state;
}

std::optional<std::uint64_t> JobReceiver::next() const {
    std::optional<std::uint64_t> first;
    std::uint64_t stored = 0;
    for (const auto& [job, entry] : jobs_) {
        if (has_begun(entry.state)) return std::nullopt;
        if (entry.state != JobState::allowed_to_start) continue;
        if (first && entry.stored > stored) continue;
        first = job;
        stored = entry.stored;
    }
    return first;
}

std::size_t JobReceiver::open() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(jobs_, [](const auto& one) { return !is_over(one.second.state); }));
}

}  // namespace lineshaft::dispatch
