#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "history/answers.h"
#include "history/kernel.h"

// A question while workers work on it: batches of series go out in order, what they found comes back
// in any order and is given in the order of the series, so that the same question has the same sums.
namespace lineshaft::history {

/// Owner: one coroutine on the asking shard; workers hold it until they have answered.
class Asking {
public:
    /// `threads`: of the workers. `are_groups_whole`: no batch ends inside a group.
    Asking(std::shared_ptr<Question> question, std::size_t threads, bool are_groups_whole);

    struct Batch {
        std::size_t number = 0, first = 0, until = 0;
        std::size_t size() const { return until - first; }
    };
    const std::shared_ptr<Question>& question() const { return question_; }
    std::size_t count() const { return question_->asked.series.size(); }
    /// Whether workers could do more now.
    bool has_room() const { return under_way_.size() < ahead_ && next_ < count(); }
    /// The next one, from now on under way.
    Batch begin_batch();
    /// Of the series of a batch, asked of their owners a few hundred at once. False: ask for those
    /// from `heads_until` on first, and put them.
    bool has_heads(const Batch& batch) const { return batch.until <= heads_until_; }
    std::size_t heads_until() const { return heads_until_; }
    void put_heads(std::vector<HeadView> more);
    std::vector<HeadView> take_heads(const Batch& batch);

    void arrived(std::size_t number, Result<Found> found);
    bool is_over() const { return under_way_.empty() && next_ >= count(); }
    /// Of the batch that is to be given next; nothing: not yet.
    std::optional<Result<Found>> take();
    /// Resumes when something has come back; something is under way.
    io::Task<void> arrival();

    /// Series whose heads are asked for at once.
    static constexpr std::size_t heads_at_once = 512;

private:
    struct UnderWay {
        std::optional<Result<Found>> found;
    };
    const std::shared_ptr<Question> question_;
    const std::size_t ahead_;  // batches under way, those that wait to be taken among them
    const std::size_t batch_;
    const bool are_groups_whole_;
    std::size_t next_ = 0;  // the first series that is in no batch
    std::size_t heads_until_ = 0;
    std::deque<HeadView> heads_;  // of those before heads_until_ that no batch took
    std::size_t begun_ = 0;       // batches
    std::deque<UnderWay> under_way_;
    std::function<void()> wake_;
};

}  // namespace lineshaft::history
