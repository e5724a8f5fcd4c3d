#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "twin/plant.h"

namespace lineshaft::twin {

/// Collects what one request says about many machines, by name or by channel, and hands it to the
/// plant: one sack for each shard. For doors whose requests carry batches. What came by name and
/// what came by channel between two store() are not in order with each other: a door that cares
/// stores in between. Owner: the coroutine of one request, one shard.
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

    /// A number, or a truth as 0 or 1: `bits` as in history::Columns.
    void put(const Channel& channel, std::int64_t at, history::Mark mark, std::uint64_t bits) {
        history::Points& points = points_of(channel.owner);
        points.all.push_back({channel.series, at, bits, channel.slot, mark});
    }
    void put_text(const Channel& channel, std::int64_t at, history::Quality quality,
                  std::string_view text) {
        const history::Mark mark(history::Kind::text, quality);
        put(channel, at, mark, points_of(channel.owner).add_text(text));
    }

    /// Samples collected since the last store(), as the caller counts them.
    std::size_t samples = 0;
    /// About how many will be, at most: room is made for them at once. 0: nobody knows.
    std::size_t samples_expected = 0;

    /// Hands over what was collected and resumes once all of it is on disk or refused; then the
    /// intake is empty again. Sending all of it again stores nothing twice.
    io::Task<Told> store();

private:
    struct Gathered;
    struct Kept {
        history::Report report;
        ShardIndex owner;
    };
    history::Points& points_of(ShardIndex owner) {
        if (points_.size() <= owner.number()) points_.resize(owner.number() + 1);
        history::Points& points = points_[owner.number()];
        if (points.all.capacity() == 0) points.all.reserve(samples_expected);
        return points;
    }
    std::vector<Sack> take_sacks();

    Plant& plant_;
    OrganisationId organisation_;
    Source source_;
    std::deque<Kept> reports_;  // stay where they are
    std::unordered_map<std::string_view, Kept*, StringHash, std::equal_to<>> by_machine_;
    Kept* last_ = nullptr;
    std::vector<history::Points> points_;  // by owner
};

}  // namespace lineshaft::twin
