#include "history/asking.h"

#include <utility>

#include "history/engine.h"
#include "history/errands.h"

namespace lineshaft::history {
namespace {

// A question about so few series is answered where it is asked, if that takes no longer than handing
// it over: about so many samples decoded.
constexpr std::size_t few_series = 4;
constexpr std::size_t cost_here_max = 40'000;
// A piece is made while the one before is being used; small ones keep less in memory.
constexpr std::size_t piece_series_max = 32;

std::vector<HeadView> views_in(Part& part, const std::vector<SeriesId>& series, Window window) {
    std::vector<HeadView> views;
    views.reserve(series.size());
    for (const SeriesId id : series) views.push_back(part.view(id, window, SIZE_MAX, false));
    return views;
}

/// The groups of a piece, from what a batch found.
BucketPieces::Piece piece_of(Found found) {
    BucketPieces::Piece piece;
    if (found.empty()) return piece;
    piece.first_group = found.front().first;
    piece.groups.reserve(found.size());
    for (auto& [group, buckets] : found) piece.groups.push_back(std::move(buckets));
    return piece;
}

}  // namespace

Asking::Asking(std::shared_ptr<Question> question, std::size_t threads, bool are_groups_whole)
    : question_(std::move(question)),
      ahead_(2 * threads),
      batch_(are_groups_whole ? std::min(piece_series_max, question_->batch(threads))
                              : question_->batch(threads)),
      are_groups_whole_(are_groups_whole) {}

Asking::Batch Asking::begin_batch() {
    Batch batch{begun_++, next_, std::min(count(), next_ + batch_)};
    while (are_groups_whole_ && batch.until < count() &&
           question_->group_of(batch.until) == question_->group_of(batch.until - 1))
        ++batch.until;
    next_ = batch.until;
    under_way_.emplace_back();
    return batch;
}

void Asking::put_heads(std::vector<HeadView> more) {
    heads_until_ += more.size();
    for (HeadView& one : more) heads_.push_back(std::move(one));
}

std::vector<HeadView> Asking::take_heads(const Batch& batch) {
    const auto until = heads_.begin() + static_cast<std::ptrdiff_t>(batch.size());
    std::vector<HeadView> taken(std::make_move_iterator(heads_.begin()),
                                std::make_move_iterator(until));
    heads_.erase(heads_.begin(), until);
    return taken;
}

void Asking::arrived(std::size_t number, Result<Found> found) {
    under_way_[number - (begun_ - under_way_.size())].found = std::move(found);
    if (wake_) std::exchange(wake_, nullptr)();
}

std::optional<Result<Found>> Asking::take() {
    if (under_way_.empty() || !under_way_.front().found) return std::nullopt;
    auto found = std::move(under_way_.front().found);
    under_way_.pop_front();
    return found;
}

io::Task<void> Asking::arrival() {
    auto start = [this](io::Answer<bool> answer) {
        auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
        wake_ = [kept] { (*kept)(true); };
    };
    auto woken = co_await io::suspend<bool>(std::move(start));
    (void)woken;
}

// Heads before chunks: what is sealed in between is then met twice, and never missed.
io::Task<std::vector<HeadView>> Engine::heads_of(std::shared_ptr<Question> question,
                                                 std::size_t first, std::size_t until) {
    std::vector<std::vector<SeriesId>> ids(parts_.size());
    std::vector<std::vector<std::size_t>> places(parts_.size());
    const std::size_t count = until - first;
    const bool has_beside = !question->asked.beside.empty();
    for (std::size_t index = 0; index < count; ++index) {
        const Series& series = question->asked.series[first + index];
        const std::size_t part = owner(series.organisation, series.machine).number();
        ids[part].push_back(series.id);
        places[part].push_back(index);
        if (!has_beside) continue;
        ids[part].push_back(question->asked.beside[first + index].id);
        places[part].push_back(count + index);
    }
    std::vector<HeadView> all(has_beside ? 2 * count : count);
    const auto put = [&](std::size_t part, std::vector<HeadView>& views) {
        for (std::size_t index = 0; index < views.size(); ++index)
            all[places[part][index]] = std::move(views[index]);
    };
    const std::size_t home = io::Shard::here().index().number();
    const Window window = question->reachable;
    Errands<std::vector<HeadView>> errands;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        if (index == home || ids[index].empty()) continue;
        Part* part = parts_[index].get();
        errands.send(part->shard(), index, [part, window, series = std::move(ids[index])] {
            return views_in(*part, series, window);
        });
    }
    if (!ids[home].empty()) {
        auto views = views_in(*parts_[home], ids[home], window);
        put(home, views);
    }
    auto others = co_await errands.all();
    for (auto& [part, views] : others) put(part, views);
    for (std::size_t index = 0; has_beside && index < count; ++index)
        all[index].beside = std::make_unique<HeadView>(std::move(all[count + index]));
    all.resize(count);
    co_return all;
}

// False: too many questions at once.
bool Engine::post_batch(const std::shared_ptr<Asking>& asking, const Asking::Batch& batch) {
    auto work = [this, asking, batch, question = asking->question(),
                 heads = asking->take_heads(batch), shard = &io::Shard::here()]() mutable {
        thread_local ChunkCodec codec;  // its buffers are worth keeping
        auto found =
            work_on(*question, batch.first, std::move(heads), store_, codec,
                    [this](std::string_view key, const Error& why) { note_damage(key, why); });
        Result<Found> answer = found ? Result<Found>(std::move(**found))
                                     : Result<Found>(std::unexpected(std::move(found).error()));
        batches_.add(-1);
        shard->post([asking = std::move(asking), number = batch.number,
                     answer = std::move(answer)]() mutable {
            asking->arrived(number, std::move(answer));
        });
    };
    batches_.add();
    const bool is_posted = readers_.try_post(std::move(work));
    if (!is_posted) batches_.add(-1);
    return is_posted;
}

// What the next series in order have; nothing: all was given.
io::Task<Result<std::optional<Found>>> Engine::next_found(std::shared_ptr<Asking> asking) {
    while (!asking->is_over()) {
        while (asking->has_room()) {
            const Asking::Batch batch = asking->begin_batch();
            if (!asking->has_heads(batch)) {
                const std::size_t from = asking->heads_until();
                const std::size_t until = std::min(
                    asking->count(), std::max(batch.until, from + Asking::heads_at_once));
                auto heads = co_await heads_of(asking->question(), from, until);
                asking->put_heads(std::move(heads));
            }
            if (!post_batch(asking, batch))
                co_return fail(Code::exhausted, "too many questions at once, try again");
        }
        if (auto found = asking->take()) {
            if (!*found) co_return std::unexpected(std::move(*found).error());
            co_return std::optional<Found>(std::move(**found));
        }
        co_await asking->arrival();
    }
    co_return std::optional<Found>();
}

// Of few series and little data, on this shard. Nothing: it is too much for that.
io::Task<Result<std::optional<Found>>> Engine::found_here(std::shared_ptr<Question> question) {
    const std::size_t count = question->asked.series.size();
    if (count > few_series) co_return std::optional<Found>();
    auto heads = co_await heads_of(question, 0, count);
    auto found = work_on(*question, 0, std::move(heads), store_,
                         codecs_[io::Shard::here().index().number()],
                         [this](std::string_view key, const Error& why) { note_damage(key, why); },
                         cost_here_max);
    co_return found;
}

/// Between two calls workers go on with what is under way, and no further.
class Pieces final : public BucketPieces {
public:
    Pieces(Engine& engine, std::shared_ptr<Asking> asking)
        : engine_(engine), asking_(std::move(asking)) {}
    ~Pieces() override { asking_->question()->ended.request_stop(); }

    io::Task<Result<Piece>> next(std::chrono::milliseconds time_max) override {
        const auto question = asking_->question();
        if (question->reachable.from >= question->reachable.until) co_return Piece();
        io::Wheel::Timer deadline;
        bool is_late = false;
        if (time_max.count() > 0) {
            io::Shard::here().wheel().arm(deadline, time_max, [&is_late, question] {
                is_late = true;
                question->ended.request_stop();
            });
        }
        auto found = co_await engine_.next_found(asking_);
        deadline.disarm();
        if (is_late) co_return fail(Code::timeout, "the question took too long: ask for less");
        if (!found) co_return std::unexpected(std::move(found).error());
        if (!*found) co_return Piece();
        co_return piece_of(std::move(**found));
    }

private:
    Engine& engine_;
    const std::shared_ptr<Asking> asking_;
};

Result<std::unique_ptr<BucketPieces>> Engine::pieces(Aggregate asked) {
    for (std::size_t index = 0; index < asked.group.size(); ++index) {
        const std::uint32_t before = index == 0 ? 0 : asked.group[index - 1];
        if (asked.group[index] != before && (index == 0 || asked.group[index] != before + 1))
            return fail(Code::invalid, "groups of pieces must ascend and leave no number out");
    }
    TRY(auto question, question_of(std::move(asked)));
    auto asking =
        std::make_shared<Asking>(std::move(question), reader_threads(parts_.size()), true);
    return std::make_unique<Pieces>(*this, std::move(asking));
}

}  // namespace lineshaft::history
