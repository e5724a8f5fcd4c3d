#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "dispatch/jobs/job.h"

namespace lineshaft::dispatch {

/// A command as it reaches a machine. `sequence` counts the commands of one job order from 1.
struct JobCommand {
    JobMethod method = JobMethod::store;
    std::uint64_t job = 0;  ///< its number, > 0; newer job orders have greater ones
    std::uint32_t sequence = 0;
};

struct ReceiverLimits {
    std::size_t open_max = 16;        ///< job orders that are not over
    std::size_t closed_kept = 1'000;  ///< that are over, remembered so that none is begun again
};

/// The machine's half of docs/protocols/embroidery-machine.md: which commands are obeyed. However
/// they are doubled, delayed or reordered, a job order begins at most once, and never again after
/// it was over. Pure; owner: one machine. What it forgets it refuses.
class JobReceiver {
public:
    explicit JobReceiver(ReceiverLimits limits = {}) : limits_(limits) {}

    enum class Verdict : std::uint8_t {
        obeyed,    ///< do it: the state is `state` now
        repeated,  ///< it was obeyed or refused before: give the same answer, do nothing
        late,      ///< older than what was obeyed, or of a job order long over
        refused,   ///< the state does not allow it, or there are too many
    };
    struct Reply {
        Verdict verdict = Verdict::refused;
        std::optional<JobState> state = {};  ///< of the job order now, when known
        std::string why = {};                ///< of a refusal
    };
    Reply command(const JobCommand& command);

    /// The machine itself goes on: begins, is interrupted, ends. False, and nothing changed: it may
    /// not (may_report), or the job order is not known.
    bool moved(std::uint64_t job, JobState to);

    std::optional<JobState> state_of(std::uint64_t job) const;
    /// The allowed job order that was stored first; none while one has begun.
    std::optional<std::uint64_t> next() const;
    std::size_t open() const;

private:
    struct Entry {
        JobState state = JobState::not_allowed_to_start;
        std::uint32_t sequence = 0;
        std::uint64_t stored = 0;  ///< in which order
        bool was_refused = false;  ///< the command of `sequence`
        std::string why = {};
    };
    void close(std::uint64_t job);

    ReceiverLimits limits_;
    std::map<std::uint64_t, Entry> jobs_;
    std::deque<std::uint64_t> closed_;   // oldest first
    std::uint64_t forgotten_up_to_ = 0;  // no job order up to this number is taken any more
    std::uint64_t stored_ = 0;
};

}  // namespace lineshaft::dispatch
