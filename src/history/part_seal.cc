// How a part gets rid of its heads: snapshot, encode and ingest on a worker, trim the inbox. A read
// at any moment sees the samples once: in the head, in the snapshot, or in chunks; after a kill at
// any moment the inbox still has what is not in chunks, and what is in both is read as one.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "history/part.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t usual_head_max = 1'000;  // what a series that falls silent may hold for nothing

}  // namespace

io::Task<Result<void>> submitted(store::Store& store, store::Batch batch) {
    auto start = [&store, batch = std::move(batch)](io::Answer<Result<void>> answer) mutable {
        store.submit(std::move(batch), [answer = std::move(answer)](Result<void> outcome) mutable {
            answer(std::move(outcome));
        });
    };
    auto outcome = co_await io::suspend<Result<void>>(std::move(start));
    co_return outcome;
}

void Part::take_snapshot() {
    CHECK(snapshot_ == nullptr && waiting_series_.empty());
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->heads.reserve(with_head_.size());
    for (SeriesEntry* entry : with_head_) {
        snapshot->heads.push_back({entry->id, entry->head->take()});
        stats_.samples_replaced += entry->head->late_replaced();
        const std::size_t size = snapshot->heads.back().samples.size();
        snapshot->samples += size;
        entry->usual_head = static_cast<std::uint32_t>(std::min(size, usual_head_max));
        entry->head.reset();
    }
    std::sort(snapshot->heads.begin(), snapshot->heads.end(),
              [](const auto& a, const auto& b) { return a.series < b.series; });
    snapshot->until_ticket = ticket_folded_;
    snapshot->inbox_bytes = std::exchange(head_bytes_, 0);
    with_head_.clear();
    snapshot_ = std::move(snapshot);
}

io::Task<Result<void>> Part::seal_once(bool trim) {
    if (snapshot_ == nullptr) {
        fold_waiting();
        if (with_head_.empty()) {
            // All that the records hold was erased meanwhile.
            untrimmed_bytes_ += std::exchange(head_bytes_, 0);
            untrimmed_until_ = std::max(untrimmed_until_, ticket_folded_);
            if (!trim || untrimmed_bytes_ == 0) co_return Result<void>{};
            auto trimmed = co_await trim_inbox();
            co_return trimmed;
        }
        take_snapshot();
    }
    const auto snapshot = snapshot_;
    // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
    auto work = [snapshot, store = &store_, most = limits_.chunk_samples_max] {
        return seal_snapshot(*store, *snapshot, most);
    };
    auto sealed = co_await sealers_.run(std::move(work));
    if (!sealed) {
        ++stats_.seals_failed;
        co_return std::unexpected(sealed.error().in("seal"));
    }
    stats_.chunks_sealed += *sealed;
    snapshot_.reset();
    note_fresh(*snapshot);
    untrimmed_bytes_ += snapshot->inbox_bytes;
    untrimmed_until_ = std::max(untrimmed_until_, snapshot->until_ticket);
    if (!trim) co_return Result<void>{};
    auto trimmed = co_await trim_inbox();
    co_return trimmed;
}

io::Task<Result<void>> Part::trim_inbox() {
    const auto shard = shard_.index().number();
    const std::size_t bytes = untrimmed_bytes_;
    store::Batch batch;
    batch.remove_range(store::Family::history_inbox, inbox_key(shard, 0),
                       inbox_key(shard, untrimmed_until_ + 1));
    auto trimmed = co_await submitted(store_, std::move(batch));
    if (!trimmed) co_return std::unexpected(trimmed.error().in("trim the inbox"));
    untrimmed_bytes_ -= bytes;
    inbox_bytes_ -= bytes;
    co_return Result<void>{};
}

io::Task<void> Part::seal_ended() {
    while (is_sealing_) {
        co_await io::suspend<bool>([this](io::Answer<bool> answer) {
            auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
            waiting_for_seal_.push_back([kept] { (*kept)(true); });
        });
    }
}

io::Task<Result<void>> Part::seal(bool trim) {
    co_await seal_ended();
    is_sealing_ = true;
    const bool was_left_over = snapshot_ != nullptr;
    auto outcome = co_await seal_once(trim);
    if (outcome && was_left_over) {
        auto second = co_await seal_once(trim);
        outcome = std::move(second);
    }
    is_sealing_ = false;
    for (auto& wake : std::exchange(waiting_for_seal_, {})) wake();
    if (!is_closing_ && is_accepting_) {
        timer_.disarm();
        if (!outcome) {
            arm(limits_.seal_retry);
        } else if (has_unsealed()) {
            arm(limits_.seal_age_max);
        }
    }
    co_return outcome;
}

io::Task<void> Part::seal_in_background(Part* part) {
    auto outcome = co_await part->seal(true);
    part->is_seal_started_ = false;
    if (!outcome) log::warn("history: {}: will be tried again", outcome.error().context);
}

void Part::start_seal() {
    if (is_seal_started_ || is_closing_ || !is_accepting_) return;
    is_seal_started_ = true;
    nursery_.spawn(seal_in_background(this));
}

void Part::arm(io::Steady after) {
    shard_.wheel().arm(timer_, after, [this] { start_seal(); });
}

io::Task<void> Part::close() {
    is_closing_ = true;
    timer_.disarm();
    settle_timer_.disarm();
    co_await nursery_.close();
}

}  // namespace lineshaft::history
