#include "history/kernel.h"

#include <algorithm>

namespace lineshaft::history {
namespace {

constexpr std::size_t batch_max = 32;  // series: their heads are in memory at once

std::size_t batch_of(std::size_t series, std::size_t threads) {
    return std::clamp<std::size_t>(series / (4 * threads), 1, batch_max);
}

std::size_t groups_of(const Aggregate& asked) {
    if (asked.group.empty()) return asked.series.size();
    return *std::ranges::max_element(asked.group) + std::size_t{1};
}

class Work {
public:
    Work(Question& question, Question::Share& share, const OnDamage& on_damage)
        : question_(question),
          share_(share),
          on_damage_(on_damage),
          sink_(question.grid, question.limits.aggregate_buckets_max) {
        share_.groups.resize(question.groups);
    }

    Result<void> one(store::Cursor& cursor, std::size_t series, HeadView heads) {
        if (heads.is_gone) return {};
        thread_local ChunkCodec codec;  // its buffers are worth keeping
        Merge merge(cursor, codec, question_.asked.series[series].id, question_.reachable,
                    Direction::forward, on_damage_);
        merge.add(std::move(heads.sealing), sealing_rank);
        merge.add(std::move(heads.head), head_rank);
        sink_.clear();
        while (merge.step(sink_)) {
            if (question_.is_to_stop()) return fail(Code::cancelled, "the question was withdrawn");
        }
        const std::size_t found = sink_.buckets().size();
        auto& group = share_.groups[question_.group_of(series)];
        const std::size_t before = group.size();
        if (before == 0) {
            group = sink_.buckets();
        } else if (found > 0) {
            join_to(group, sink_.buckets(), scratch_);
        }
        const std::size_t more = group.size() - before;
        if (question_.buckets.fetch_add(more) + more > question_.limits.aggregate_buckets_max ||
            sink_.is_overfull()) {
            return fail(Code::exhausted,
                        "more than " + std::to_string(question_.limits.aggregate_buckets_max) +
                            " buckets: choose a longer step or fewer series");
        }
        return {};
    }

private:
    Question& question_;
    Question::Share& share_;
    const OnDamage& on_damage_;
    BucketSink sink_;
    std::vector<Bucket> scratch_;
};

Result<void> work(Question& question, Question::Share& share, store::Store& store,
                  const HeadsOf& heads_of, const OnDamage& on_damage) {
    Work work(question, share, on_damage);
    const std::size_t count = question.asked.series.size();
    for (;;) {
        const std::size_t first = question.next.fetch_add(question.batch);
        if (first >= count) return {};
        const std::size_t until = std::min(count, first + question.batch);
        // Heads before the cursor: what is sealed in between is met twice, never missed.
        auto heads = heads_of(first, until);
        const auto cursor = chunk_cursor(store, question.reachable);
        for (std::size_t series = first; series < until; ++series) {
            TRY_VOID(work.one(*cursor, series, std::move(heads[series - first])));
        }
        TRY_VOID(cursor->status());
    }
}

}  // namespace

Question::Question(Aggregate question, Grid places, Window window, Limits most,
                   std::size_t threads)
    : asked(std::move(question)),
      grid(std::move(places)),
      reachable(window),
      limits(most),
      batch(batch_of(asked.series.size(), threads)),
      groups(groups_of(asked)),
      running(threads),
      shares(threads) {}

Result<std::vector<std::vector<Bucket>>> Question::answer() {
    for (const Share& share : shares) {
        const bool is_withdrawn = !share.outcome && share.outcome.error().code == Code::cancelled;
        if (!share.outcome && !is_withdrawn) return std::unexpected(share.outcome.error());
    }
    for (const Share& share : shares) {
        if (!share.outcome) return std::unexpected(share.outcome.error());
    }
    auto all = std::move(shares[0].groups);
    std::vector<Bucket> scratch;
    for (std::size_t index = 1; index < shares.size(); ++index) {
        for (std::size_t group = 0; group < groups; ++group) {
            auto& more = shares[index].groups[group];
            if (all[group].empty()) {
                all[group] = std::move(more);
            } else if (!more.empty()) {
                join_to(all[group], more, scratch);
            }
        }
    }
    return all;
}

void work_on(Question& question, std::size_t share, store::Store& store, const HeadsOf& heads_of,
             const OnDamage& on_damage) {
    Question::Share& mine = question.shares[share];
    mine.outcome = work(question, mine, store, heads_of, on_damage);
    if (!mine.outcome) question.is_over = true;
}

}  // namespace lineshaft::history
