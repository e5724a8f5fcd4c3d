#include "history/kernel.h"

namespace lineshaft::history {
namespace {

class Work {
public:
    Work(const Question& question, ChunkCodec& codec, const OnDamage& on_damage,
         std::size_t cost_max)
        : question_(question),
          codec_(codec),
          on_damage_(on_damage),
          cost_left_(cost_max),
          sink_(question.grid, question.buckets_max),
          only_(question.asked.only, sink_),
          beside_(question.asked.beside_only, [&question] { return question.is_to_stop(); },
                  question.asked.only.is_everything() ? static_cast<Sink&>(sink_) : only_) {}

    /// Where chunks of one series after the other are read.
    struct View {
        std::unique_ptr<store::Cursor> cursor;
        Months months;
        View(store::Store& store, Window window)
            : cursor(chunk_cursor(store, window)), months(months_of(*cursor)) {}
    };

    /// `other`: where the series beside it is read, if the question has such.
    Result<void> one(View& view, View* other, std::size_t series, HeadView heads) {
        std::vector<Bucket>& group = group_of(series);
        Window window = question_.reachable;
        window.from = std::max(window.from, heads.from);
        if (heads.is_gone || window.from >= window.until) return {};
        Merge merge = merge_of(view, question_.asked.series[series].id, window, heads);
        if (question_.is_by_days) merge.prefer_days();
        std::optional<Merge> beside;
        if (other != nullptr) {
            Window there = window;
            there.from = std::max(there.from, heads.beside->from);
            if (heads.beside->is_gone || there.from >= there.until) return {};
            beside.emplace(
                merge_of(*other, question_.asked.beside[series].id, there, *heads.beside));
            beside_.begin(*beside);
        }
        sink_.clear();
        Sink& sink = other != nullptr                        ? static_cast<Sink&>(beside_)
                     : question_.asked.only.is_everything() ? static_cast<Sink&>(sink_)
                                                            : only_;
        while (merge.step(sink)) {
            if (question_.is_to_stop()) return fail(Code::cancelled, "the question was withdrawn");
            const std::size_t cost = merge.take_cost() + (beside ? beside->take_cost() : 0);
            if (cost > cost_left_) {
                is_too_much_ = true;
                return {};
            }
            cost_left_ -= cost;
        }
        // The series beside may have been left half-way, as the last thing before the end.
        if (other != nullptr && question_.is_to_stop())
            return fail(Code::cancelled, "the question was withdrawn");
        const std::size_t before = group.size();
        if (before == 0) {
            std::swap(group, sink_.buckets());
            sink_.buckets().reserve(group.size());  // the next series mostly has as many
        } else if (!sink_.buckets().empty()) {
            join_to(group, sink_.buckets(), scratch_);
        }
        buckets_ += group.size() - before;
        if (buckets_ > question_.buckets_max || sink_.is_overfull()) {
            return fail(Code::exhausted, "more than " + std::to_string(question_.buckets_max) +
                                             " buckets: choose a longer step or fewer series");
        }
        return {};
    }

    Found take() { return std::move(found_); }
    bool is_too_much() const { return is_too_much_; }

private:
    Merge merge_of(View& view, SeriesId series, Window window, HeadView& heads) {
        Merge merge(*view.cursor, view.months, heads.may_be_fresh, codec_, series, window,
                    Direction::forward, on_damage_);
        merge.add(std::move(heads.sealing), sealing_rank);
        merge.add(std::move(heads.head), head_rank);
        return merge;
    }
    std::vector<Bucket>& group_of(std::size_t series) {
        const std::uint32_t group = question_.group_of(series);
        const bool is_new = found_.empty() || group > highest_;  // as most are
        for (auto known = found_.rbegin(); !is_new && known != found_.rend(); ++known) {
            if (known->first == group) return known->second;
        }
        highest_ = found_.empty() ? group : std::max(highest_, group);
        return found_.emplace_back(group, std::vector<Bucket>()).second;
    }

    const Question& question_;
    ChunkCodec& codec_;
    const OnDamage& on_damage_;
    std::size_t cost_left_;
    bool is_too_much_ = false;
    std::uint32_t highest_ = 0;  // group that was found
    BucketSink sink_;
    OnlySink only_;      // in front of it
    BesideSink beside_;  // in front of both
    std::vector<Bucket> scratch_;
    Found found_;
    std::size_t buckets_ = 0;
};

}  // namespace

Result<std::optional<Found>> work_on(const Question& question, std::size_t first,
                                     std::vector<HeadView> heads, store::Store& store,
                                     ChunkCodec& codec, const OnDamage& on_damage,
                                     std::size_t cost_max) {
    Work work(question, codec, on_damage, cost_max);
    Work::View view(store, question.reachable);
    std::optional<Work::View> other;
    if (!question.asked.beside.empty()) other.emplace(store, question.reachable);
    for (std::size_t index = 0; index < heads.size(); ++index) {
        if (question.is_to_stop()) return fail(Code::cancelled, "the question was withdrawn");
        TRY_VOID(work.one(view, other ? &*other : nullptr, first + index, std::move(heads[index])));
        if (work.is_too_much()) return std::optional<Found>();
    }
    TRY_VOID(view.cursor->status());
    if (other) {
        TRY_VOID(other->cursor->status());
    }
    return std::optional<Found>(work.take());
}

}  // namespace lineshaft::history
