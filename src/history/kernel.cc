#include "history/kernel.h"

namespace lineshaft::history {
namespace {

class Work {
public:
    Work(const Question& question, const OnDamage& on_damage)
        : question_(question),
          on_damage_(on_damage),
          sink_(question.grid, question.buckets_max),
          only_(question.asked.only, sink_) {}

    Result<void> one(store::Cursor& cursor, const Months& months, std::size_t series,
                     HeadView heads) {
        Window window = question_.reachable;
        window.from = std::max(window.from, heads.from);
        if (heads.is_gone || window.from >= window.until) return {};
        thread_local ChunkCodec codec;  // its buffers are worth keeping
        Merge merge(cursor, months, heads.may_be_fresh, codec,
                    question_.asked.series[series].id, window, Direction::forward, on_damage_);
        if (question_.is_by_days) merge.prefer_days();
        merge.add(std::move(heads.sealing), sealing_rank);
        merge.add(std::move(heads.head), head_rank);
        sink_.clear();
        Sink& sink = question_.asked.only.is_everything() ? static_cast<Sink&>(sink_) : only_;
        while (merge.step(sink)) {
            if (question_.is_to_stop()) return fail(Code::cancelled, "the question was withdrawn");
        }
        std::vector<Bucket>& group = group_of(series);
        const std::size_t before = group.size();
        if (before == 0) {
            group = sink_.buckets();
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

private:
    std::vector<Bucket>& group_of(std::size_t series) {
        const std::uint32_t group = question_.group_of(series);
        for (auto& [known, buckets] : found_) {  // of 32 series at most
            if (known == group) return buckets;
        }
        return found_.emplace_back(group, std::vector<Bucket>()).second;
    }

    const Question& question_;
    const OnDamage& on_damage_;
    BucketSink sink_;
    OnlySink only_;  // in front of it
    std::vector<Bucket> scratch_;
    Found found_;
    std::size_t buckets_ = 0;
};

}  // namespace

Result<Found> work_on(const Question& question, std::size_t first, std::vector<HeadView> heads,
                      store::Store& store, const OnDamage& on_damage) {
    Work work(question, on_damage);
    const auto cursor = chunk_cursor(store, question.reachable);
    const Months months = months_of(*cursor);
    for (std::size_t index = 0; index < heads.size(); ++index) {
        if (question.is_to_stop()) return fail(Code::cancelled, "the question was withdrawn");
        TRY_VOID(work.one(*cursor, months, first + index, std::move(heads[index])));
    }
    TRY_VOID(cursor->status());
    return work.take();
}

}  // namespace lineshaft::history
