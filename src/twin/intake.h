#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "twin/plant.h"

namespace lineshaft::twin {

/// Collects what one request says about many machines, one report each, and hands them to the
/// plant. For doors whose requests carry batches. Owner: the coroutine of one request, one shard.
class Intake {
public:
    Intake(Plant& plant, OrganisationId organisation, Source source)
        : plant_(plant), organisation_(organisation), source_(source) {}
    Intake(const Intake&) = delete;

    /// Where the samples of that machine go; made when new. Holds until store(). `machine` is a
    /// good machine id.
    std::vector<history::TagSample>& of(std::string_view machine);
    /// Null before of(machine).
    std::vector<history::TagSample>* find(std::string_view machine);
    std::size_t machines() const { return reports_.size(); }
    /// Samples collected since the last store(), as the caller counts them.
    std::size_t samples = 0;

    struct Outcome {
        history::Appended appended;   ///< the sum over all reports that were taken
        std::optional<Error> failed;  ///< the first that was not; others may have been stored
        void add(const Outcome& other);
    };
    /// Hands over what was collected and resumes once every report is on disk or refused; then the
    /// intake is empty again. Sending all of it again stores nothing twice.
    io::Task<Outcome> store();

private:
    struct Gathered;

    Plant& plant_;
    OrganisationId organisation_;
    Source source_;
    std::deque<history::Report> reports_;  // stay where they are
    std::unordered_map<std::string_view, history::Report*, StringHash, std::equal_to<>> by_machine_;
    history::Report* last_ = nullptr;
};

}  // namespace lineshaft::twin
